"""One item that a complete record must have, and what was found of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

__all__ = ["Finding", "State", "all_of", "noted", "present"]

_NAMED = 3
"""Offenders that a finding names; the others are counted."""


class State(StrEnum):
    """How an item stands. No verdict: that is the judge's."""

    THERE = "there"
    MISSING = "missing"
    OPEN = "open"
    """Cannot be known yet, such as a signature before anybody signed."""
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One item of a record."""

    item: str
    state: State
    found: str


def present(item: str, text: str, *, remedy: str = "") -> Finding:
    """Return a finding on a text that must not be empty; ``remedy`` says where to give it."""
    if text.strip():
        return Finding(item=item, state=State.THERE, found=text)
    hint = f"; give it as {remedy}" if remedy else ""
    return Finding(item=item, state=State.MISSING, found=f"not given{hint}")


def noted(item: str, text: str, *, remedy: str = "") -> Finding:
    """Return as :func:`present`, without the text: it differs between two runs of equal results."""
    found = present(item, text, remedy=remedy)
    return replace(found, found="in the record") if found.state is State.THERE else found


def all_of(item: str, wrong: Sequence[str], *, total: int, what: str) -> Finding:
    """Return a finding on ``total`` things of which those in ``wrong`` lack something."""
    if not wrong:
        return Finding(item=item, state=State.THERE, found=f"{total} of {total} {what}")
    named = ", ".join(wrong[:_NAMED]) + (" and others" if len(wrong) > _NAMED else "")
    return Finding(
        item=item,
        state=State.MISSING,
        found=f"{total - len(wrong)} of {total} {what}; not: {named}",
    )
