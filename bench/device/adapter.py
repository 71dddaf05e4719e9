"""How a device is reached: MDL/1 by default, or an adapter that the user brings along."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from bench.clock import Clock
from bench.device.line_protocol import LineProtocolLink
from bench.device.link import DeviceLink
from bench.device.stream import open_stream
from bench.device.template import TemplateLink, load_template
from bench.errors import ConfigurationError, LinkTimeout

__all__ = ["AdapterFactory", "load_adapter", "open_link"]

_REQUIRED = tuple(
    name
    for name in vars(DeviceLink)
    if not name.startswith("_") and callable(vars(DeviceLink)[name])
)


class AdapterFactory(Protocol):
    """What an adapter is: a class, or a function, that opens a link."""

    def __call__(self, url: str, *, clock: Clock, unlock_key: str) -> DeviceLink:
        """Open the device at ``url``, which means whatever the adapter wants it to mean."""
        ...


def open_link(url: str, *, clock: Clock, unlock_key: str, adapter: str | None = None) -> DeviceLink:
    """Open the link to the device and learn its capabilities, where it answers already.

    ``adapter``: None or empty for MDL/1, ``package.module:Name``, ``path/file.py:Name``, or the
    path of a ``.toml`` template. Raises ConfigurationError and DeviceLinkError; a device that stays
    silent (it may be switched off) is no error yet.
    """
    if not adapter:
        link: DeviceLink = LineProtocolLink(open_stream(url), clock=clock, unlock_key=unlock_key)
    elif adapter.endswith(".toml"):
        link = TemplateLink(open_stream(url), template=load_template(Path(adapter)), clock=clock)
    else:
        link = _complete(load_adapter(adapter)(url, clock=clock, unlock_key=unlock_key), adapter)
    with contextlib.suppress(LinkTimeout):
        link.identify()
    return link


def load_adapter(adapter: str) -> AdapterFactory:
    """Return the adapter that ``adapter`` names; raises ConfigurationError."""
    place, colon, name = adapter.rpartition(":")
    if not colon or not name.isidentifier():
        raise ConfigurationError(
            f"adapter {adapter}: expected package.module:Name, path/file.py:Name or a .toml file"
        )
    module = _load_file(Path(place)) if place.endswith(".py") else _import(place, adapter)
    factory = getattr(module, name, None)
    if not callable(factory):
        raise ConfigurationError(f"adapter {adapter}: {place} has no class or function {name}")
    return cast("AdapterFactory", factory)


def _load_file(path: Path) -> ModuleType:
    """Import a file under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"_bench_adapter_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigurationError(f"adapter {path}: no such file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigurationError(
            f"adapter {path}: cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    return module


def _import(place: str, adapter: str) -> ModuleType:
    try:
        return importlib.import_module(place)
    except ImportError as error:
        raise ConfigurationError(f"adapter {adapter}: cannot be imported: {error}") from error


def _complete(link: DeviceLink, adapter: str) -> DeviceLink:
    """Return the link where it has all that a DeviceLink has; raise ConfigurationError if not."""
    missing = [name for name in _REQUIRED if not callable(getattr(link, name, None))]
    if not isinstance(getattr(link, "capabilities", None), frozenset):
        missing.append("capabilities (a frozenset)")
    if missing:
        raise ConfigurationError(
            f"adapter {adapter}: it lacks {', '.join(missing)}; docs/device-link.md lists what a "
            "link has, and an adapter raises NotOffered for what its device cannot do"
        )
    return link
