"""Templates, anchors and escapes that every page of the bench shares."""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path

import jinja2
from markupsafe import Markup

from reports.units import shown_unit

__all__ = ["anchor", "css_string", "environment", "raw_anchor"]

_TEMPLATES = Path(__file__).parent / "templates"


@functools.cache
def environment() -> jinja2.Environment:
    """Return the template environment: everything escaped, an unknown name is an error."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["bare"] = _without_percent
    found.filters["units"] = shown_unit
    found.filters["breakable"] = _breakable
    return found


def _without_percent(text: str) -> str:
    """Return a percentage as it stands in a column whose head names the unit."""
    return text.removesuffix("%").rstrip()


def _breakable(name: str) -> Markup:
    """Return an id whose line may end after each slash."""
    return Markup("/<wbr>").join(name.split("/"))


def css_string(text: str) -> Markup:
    """Return ``text`` as a quoted CSS string in which nothing can end the string or the style."""
    safe = "".join(
        character if re.fullmatch(r"[A-Za-z0-9 .,:_-]", character) else f"\\{ord(character):06X} "
        for character in text
    )
    return Markup('"{}"').format(safe)


def anchor(prefix: str, name: str) -> str:
    """Return an HTML id for ``name``; names that differ never share one."""
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", name)
    if slug == name and name:
        return f"{prefix}-{slug}"
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{prefix}-{slug[:40]}-{digest}"


def raw_anchor(sha256: str) -> str:
    """Return the HTML id of a stored record; twelve digits tell a run's records apart."""
    return anchor("raw", sha256[:12])
