"""The command tree of a SCPI instrument: patterns as manuals print them, looked up by header.

A pattern is ``CHANnel<1:4>:BWLimit[:STATe]``: upper case is the short form, ``<lo:hi>`` a numeric
suffix (1 where the program leaves it out), brackets hold optional nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.twin.scpi_parameters import Arguments, ScpiError, long_form, short_form

__all__ = ["Call", "CommandTree", "Handler", "Node", "Path"]

Reply = str | bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a handler is given: numeric suffixes from left to right, and the parameters."""

    suffixes: tuple[int, ...]
    arguments: Arguments


Handler = Callable[[Call], Reply]


@dataclass(slots=True)
class Node:
    """One mnemonic of the tree."""

    children: dict[str, Node] = field(default_factory=dict[str, "Node"])
    suffix_range: tuple[int, int] | None = None
    command: Handler | None = None
    query: Handler | None = None


Path = tuple[Node, tuple[int, ...]]
"""A place in the tree and the suffixes on the way to it."""

_PART = re.compile(r"(\[?):?([A-Za-z0-9_]+)(?:<(\d+):(\d+)>)?(\]?)")
_TYPED = re.compile(r"([A-Za-z][A-Za-z_]*?)(\d*)$")


class CommandTree:
    """All headers that an instrument knows."""

    def __init__(self) -> None:
        self.root = Node()

    def add(
        self, pattern: str, *, command: Handler | None = None, query: Handler | None = None
    ) -> None:
        """Make ``pattern`` known; either handler may be added later under the same pattern."""
        for node in self._expand(_parse_pattern(pattern)):
            node.command = command or node.command
            node.query = query or node.query

    def find(self, header: str, path: Path) -> tuple[Node, tuple[int, ...], Path]:
        """Return the node of a typed header, its suffixes, and the path for what follows it.

        Raises -113 and -114. A leading colon starts at the root, else at ``path``.
        """
        parts = header.split(":")
        node, suffixes = path
        if parts[0] == "":
            node, suffixes, parts = self.root, (), parts[1:]
        parent: Path = (node, suffixes)
        for part in parts:
            parent = (node, suffixes)
            node, suffixes = _step(node, suffixes, part)
        return node, suffixes, parent

    def _expand(self, parts: list[tuple[str, tuple[int, int] | None, bool]]) -> list[Node]:
        places = [self.root]
        for mnemonic, suffix_range, optional in parts:
            deeper = [_child(place, mnemonic, suffix_range) for place in places]
            places = [*places, *deeper] if optional else deeper
        return places


def _parse_pattern(pattern: str) -> list[tuple[str, tuple[int, int] | None, bool]]:
    if pattern.startswith("*"):
        return [(pattern, None, False)]
    parts: list[tuple[str, tuple[int, int] | None, bool]] = []
    for match in _PART.finditer(pattern):
        bracket, mnemonic, low, high, _ = match.groups()
        parts.append((mnemonic, (int(low), int(high)) if low else None, bracket == "["))
    return parts


def _child(parent: Node, mnemonic: str, suffix_range: tuple[int, int] | None) -> Node:
    node = parent.children.get(long_form(mnemonic))
    if node is None:
        node = Node(suffix_range=suffix_range)
        parent.children[long_form(mnemonic)] = node
        parent.children[short_form(mnemonic)] = node
    return node


def _step(node: Node, suffixes: tuple[int, ...], part: str) -> tuple[Node, tuple[int, ...]]:
    name = part.upper()
    child = node.children.get(name)
    digits = ""
    if child is None:
        match = _TYPED.match(name)
        if match is None:
            raise ScpiError(-113, part[:40])
        child, digits = node.children.get(match[1]), match[2]
    if child is None or (digits and child.suffix_range is None):
        raise ScpiError(-113, part[:40])
    if child.suffix_range is None:
        return child, suffixes
    suffix = int(digits or "1")
    if not child.suffix_range[0] <= suffix <= child.suffix_range[1]:
        raise ScpiError(-114, part[:40])
    return child, (*suffixes, suffix)
