"""Strict reading of TOML: every key is asked for, every problem names file, line and key."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from bench.errors import ConfigurationError
from bench.quantity import QuantityError, Stated, Tolerance, in_unit, stated, tolerance

__all__ = ["REQUIRED", "Source", "Table", "read_toml"]

T = TypeVar("T")


class _Required:
    """A key without a default."""


REQUIRED: Final = _Required()

_HEADER: Final = re.compile(r"\s*\[(\[?)\s*(.+?)\s*\]?\]\s*(?:#.*)?")
_KEY: Final = re.compile(r"\s*((?:[A-Za-z0-9_.\s-]|\"[^\"]*\"|'[^']*')+?)\s*=")
_PART: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)")
_SYNTAX_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)")
_NAMES: Final[Mapping[type, str]] = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    date: "a date",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file that is being read, and the error that its problems raise."""

    name: str
    path: Path | None
    text: str
    sha256: str
    error: type[ConfigurationError] = ConfigurationError

    def line_of(self, *keys: str | int) -> int | None:
        """Return the line of a key, or of the nearest table above it; None where unknown."""
        lines = _key_lines(self.text)
        for length in range(len(keys), 0, -1):
            line = lines.get(tuple(keys[:length]))
            if line is not None:
                return line
        return None

    def problem(self, message: str, *keys: str | int) -> ConfigurationError:
        """Return the error for a problem at a key: ``file:line: message``."""
        line = self.line_of(*keys)
        where = self.name if line is None else f"{self.name}:{line}"
        return self.error(f"{where}: {message}")


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(a or b or c for a, b, c in _PART.findall(dotted))


def _key_lines(text: str) -> dict[tuple[str | int, ...], int]:
    """Return where each table header and key stands; an array's tables carry their index."""
    lines: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.fullmatch(line)
        if header is not None:
            table = _indexed(_parts(header[2]), counts, is_array=bool(header[1]))
            lines.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key is not None:
            lines.setdefault((*table, *_parts(key[1])), number)
    return lines


def _indexed(
    parts: tuple[str, ...], counts: dict[tuple[str, ...], int], *, is_array: bool
) -> tuple[str | int, ...]:
    """Return a header's path with the index of every array of tables on the way."""
    if is_array:
        counts[parts] = counts.get(parts, -1) + 1
    path: list[str | int] = []
    for length in range(1, len(parts) + 1):
        path.append(parts[length - 1])
        if parts[:length] in counts:
            path.append(counts[parts[:length]])
    return tuple(path)


def read_toml(
    path: Path, *, kind: str, error: type[ConfigurationError] = ConfigurationError
) -> Table:
    """Read a TOML file; ``kind`` is what it is called in messages (``station file``).

    Raises ``error`` where the file is missing, unreadable, not UTF-8 or not TOML.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except OSError as cause:
        reason = cause.strerror or type(cause).__name__
        raise error(f"{path}: {kind} cannot be read ({reason}); give the path of a file") from cause
    except UnicodeDecodeError as cause:
        raise error(
            f"{path}: {kind} is not UTF-8 text (byte {cause.start}); save as UTF-8"
        ) from cause
    source = Source(
        name=str(path),
        path=path,
        text=text,
        sha256=hashlib.sha256(data).hexdigest(),
        error=error,
    )
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        raise _syntax_problem(source, str(cause), kind) from cause
    return Table(source=source, data=content)


def _syntax_problem(source: Source, message: str, kind: str) -> ConfigurationError:
    line = _SYNTAX_LINE.search(message)
    where = f"{source.name}:{line[1]}" if line else source.name
    return source.error(f"{where}: {kind} is not TOML: {message}")


@dataclass(slots=True, kw_only=True)
class Table:
    """One table of a file. Whoever reads it asks for each key, then calls :meth:`finish`."""

    source: Source
    data: Mapping[str, Any]
    keys: tuple[str | int, ...] = ()
    _asked: list[str] = field(default_factory=list[str])

    def __contains__(self, key: str) -> bool:
        self._ask(key)
        return key in self.data

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of a table whose names are free; they all count as asked for."""
        for key in self.data:
            self._ask(key)
        return tuple(self.data)

    def problem(self, message: str, key: str | None = None) -> ConfigurationError:
        """Return the error for a problem at one of this table's keys, or at the table."""
        return self.source.problem(message, *self.keys, *([] if key is None else [key]))

    def dotted(self, key: str | None = None) -> str:
        """Return the full name of a key as messages give it."""
        return ".".join(str(part) for part in (*self.keys, *([] if key is None else [key])))

    def finish(self) -> None:
        """Raise for the first key that nobody asked for."""
        for key in self.data:
            if key not in self._asked:
                raise self.problem(self._unknown(key), key)

    def _unknown(self, key: str) -> str:
        table = f" in [{self.dotted()}]" if self.keys else ""
        near = difflib.get_close_matches(key, self._asked, n=1, cutoff=0.5)
        if near:
            return f"unknown key {key!r}{table}; did you mean {near[0]!r}?"
        known = ", ".join(dict.fromkeys(self._asked)) or "none"
        return f"unknown key {key!r}{table}; known keys: {known}"

    def _ask(self, key: str) -> None:
        if key not in self._asked:
            self._asked.append(key)

    def _get(self, key: str, kind: type, default: object) -> Any:
        self._ask(key)
        if key not in self.data:
            if isinstance(default, _Required):
                raise self._missing(key, kind)
            return default
        value = self.data[key]
        if not _is(value, kind):
            raise self.problem(
                f"{self.dotted(key)}: expected {_NAMES[kind]}, found {_shown(value)}", key
            )
        return value

    def _missing(self, key: str, kind: type) -> ConfigurationError:
        table = f" in [{self.dotted()}]" if self.keys else ""
        near = difflib.get_close_matches(key, [k for k in self.data if k not in self._asked], n=1)
        hint = f"; did you write {near[0]!r} for it?" if near else f"; add it as {_NAMES[kind]}"
        at = near[0] if near else None
        return self.problem(f"key {key!r} is missing{table}{hint}", at)

    def text(self, key: str, default: str | _Required = REQUIRED) -> str:
        """Return a text."""
        return cast("str", self._get(key, str, default))

    def choice(self, key: str, choices: Sequence[str], default: str | _Required = REQUIRED) -> str:
        """Return a text that is one of ``choices``."""
        value = self.text(key, default)
        if value not in choices:
            near = difflib.get_close_matches(value, choices, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            expected = ", ".join(repr(choice) for choice in choices)
            raise self.problem(
                f"{self.dotted(key)}: expected one of {expected}, found {value!r}{hint}", key
            )
        return value

    def flag(self, key: str, *, default: bool | _Required = REQUIRED) -> bool:
        """Return true or false."""
        return cast("bool", self._get(key, bool, default))

    def integer(
        self, key: str, default: int | _Required = REQUIRED, *, minimum: int | None = None
    ) -> int:
        """Return a whole number of at least ``minimum``."""
        value = cast("int", self._get(key, int, default))
        if minimum is not None and value < minimum:
            raise self.problem(
                f"{self.dotted(key)}: expected at least {minimum}, found {value}", key
            )
        return value

    def day(self, key: str, default: date | _Required | None = REQUIRED) -> date | None:
        """Return a date written as TOML writes one, ``2027-06-30``."""
        return cast("date | None", self._get(key, date, default))

    def texts(self, key: str, default: Sequence[str] | _Required = REQUIRED) -> tuple[str, ...]:
        """Return a list of texts."""
        values = cast("Sequence[object]", self._get(key, list, default))
        for value in values:
            if not isinstance(value, str):
                raise self.problem(
                    f"{self.dotted(key)}: expected texts in quotes, found {_shown(value)}", key
                )
        return tuple(cast("Sequence[str]", values))

    def quantity(
        self,
        key: str,
        unit: str,
        default: float | _Required | None = REQUIRED,
        *,
        minimum: float | None = None,
        above: float | None = None,
    ) -> float:
        """Return a quantity in ``unit``; ``minimum`` is allowed, ``above`` is not.

        A default of None is returned as it is where the key is absent (see :meth:`optional`).
        """
        value = self._parsed(key, default, lambda text: in_unit(text, unit))
        if minimum is not None and value < minimum:
            raise self.problem(
                f"{self.dotted(key)}: expected at least {minimum:g} {unit}, "
                f"found {self.data[key]!r}",
                key,
            )
        if above is not None and value <= above:
            raise self.problem(
                f"{self.dotted(key)}: expected more than {above:g} {unit}, "
                f"found {self.data[key]!r}",
                key,
            )
        return value

    def optional(self, key: str, unit: str) -> float | None:
        """Return a quantity in ``unit``, or None where the key is absent."""
        return self.quantity(key, unit) if key in self else None

    def quantities(self, key: str, unit: str) -> tuple[float, ...]:
        """Return a list of quantities in ``unit``."""
        return tuple(self.parse(key, text, unit) for text in self.texts(key))

    def parse(self, key: str, text: str, unit: str) -> float:
        """Return a quantity that stands inside the text of a key."""
        return self._convert(key, text, lambda text: in_unit(text, unit))

    def stated(self, key: str, unit: str) -> Stated:
        """Return a value with its half-width, ``100.0 ohm ± 0.1 %``."""
        return self._parsed(key, REQUIRED, lambda text: stated(text, unit))

    def tolerance(
        self, key: str, unit: str, default: Tolerance | _Required = REQUIRED
    ) -> Tolerance:
        """Return a tolerance with its floor in ``unit``."""
        return self._parsed(key, default, lambda text: tolerance(text, unit))

    def _parsed(self, key: str, default: object, parse: Callable[[str], T]) -> T:
        self._ask(key)
        if key not in self.data and not isinstance(default, _Required):
            return cast("T", default)
        if _is(self.data.get(key), float):
            raise self.problem(
                f"{self.dotted(key)}: expected a quantity with its unit in quotes, "
                f"found the bare number {self.data[key]!r}",
                key,
            )
        return self._convert(key, self.text(key), parse)

    def _convert(self, key: str, text: str, parse: Callable[[str], T]) -> T:
        try:
            return parse(text)
        except QuantityError as cause:
            raise self.problem(f"{self.dotted(key)}: {cause}", key) from cause

    def table(self, key: str, *, optional: bool = False) -> Table:
        """Return a table; an optional one that is absent is empty."""
        default: object = {} if optional else REQUIRED
        data = cast("dict[str, Any]", self._get(key, dict, default))
        return Table(source=self.source, data=data, keys=(*self.keys, key))

    def tables(self, key: str, *, optional: bool = False) -> tuple[Table, ...]:
        """Return an array of tables."""
        default: object = [] if optional else REQUIRED
        entries = cast("list[object]", self._get(key, list, default))
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict):
                raise self.source.problem(
                    f"{self.dotted(key)}: expected tables, found {_shown(entry)}",
                    *self.keys,
                    key,
                    index,
                )
        return tuple(
            Table(source=self.source, data=cast("dict[str, Any]", entry), keys=(*self.keys, key, k))
            for k, entry in enumerate(entries)
        )


def _is(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is date:
        return isinstance(value, date) and not isinstance(value, datetime)
    return isinstance(value, kind)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    return repr(value) if isinstance(value, str) else str(value)
