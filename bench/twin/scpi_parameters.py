"""Parameters of a SCPI command: numbers with units, booleans, mnemonics, strings, channel lists.

Rules: IEEE 488.2-1992 chapter 7 and SCPI-1999 volume 1, chapters 6 to 8.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

__all__ = ["Arguments", "ScpiError", "long_form", "matches_mnemonic", "short_form", "split_outside"]

ERROR_TEXTS = {
    0: "No error",
    -100: "Command error",
    -101: "Invalid character",
    -102: "Syntax error",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -114: "Header suffix out of range",
    -120: "Numeric data error",
    -131: "Invalid suffix",
    -138: "Suffix not allowed",
    -141: "Invalid character data",
    -151: "Invalid string data",
    -161: "Invalid block data",
    -171: "Invalid expression",
    -200: "Execution error",
    -211: "Trigger ignored",
    -213: "Init ignored",
    -214: "Trigger deadlock",
    -221: "Settings conflict",
    -222: "Data out of range",
    -224: "Illegal parameter value",
    -230: "Data corrupt or stale",
    -241: "Hardware missing",
    -300: "Device-specific error",
    -350: "Queue overflow",
    -363: "Input buffer overrun",
    -365: "Time out error",
    -410: "Query INTERRUPTED",
    -420: "Query UNTERMINATED",
}
"""SCPI-1999 volume 2, chapter 21.8."""

_MULTIPLIERS = {
    "": 1.0, "T": 1e12, "G": 1e9, "MA": 1e6, "K": 1e3, "M": 1e-3, "U": 1e-6, "N": 1e-9, "P": 1e-12,
}  # fmt: skip
"""IEEE 488.2 table 7-2. ``M`` is milli, except in MHZ and MOHM where it is mega."""

_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:\s*[eE]\s*[+-]?\d+)?)\s*([A-Za-z%]*)$")
_MEGA_UNITS = ("HZ", "OHM")


class ScpiError(Exception):
    """One entry for the error queue: a standard code and, where it helps, what was wrong."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.code = code
        text = ERROR_TEXTS.get(code, "Device-specific error")
        self.text = f"{text}; {detail}".replace('"', "'") if detail else text
        super().__init__(f'{code},"{self.text}"')


def short_form(mnemonic: str) -> str:
    """Return the upper-case part of a mnemonic written as in manuals (``VOLTage`` -> ``VOLT``)."""
    return "".join(char for char in mnemonic if not char.islower())


def long_form(mnemonic: str) -> str:
    """Return the mnemonic in full, upper case."""
    return mnemonic.upper()


def matches_mnemonic(text: str, mnemonic: str) -> bool:
    """Return whether ``text`` is the short or the long form, in any case."""
    return text.upper() in (short_form(mnemonic), long_form(mnemonic))


def split_outside(text: str, separator: str) -> list[str]:
    """Split at ``separator`` where it is in neither quotes, parentheses nor a definite block."""
    parts: list[str] = []
    start = position = depth = 0
    quote = ""
    while position < len(text):
        char = text[position]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "#" and text[position + 1 : position + 2].isdigit():
            position = _end_of_block(text, position) - 1
        elif char == separator and depth <= 0:
            parts.append(text[start:position])
            start = position + 1
        else:
            depth += (char == "(") - (char == ")")
        position += 1
    parts.append(text[start:])
    return parts


def _end_of_block(text: str, start: int) -> int:
    digits = int(text[start + 1])
    length = text[start + 2 : start + 2 + digits]
    if not digits or not length.isdigit():
        return len(text)
    return start + 2 + digits + int(length)


class Arguments:
    """The parameters of one command, taken from left to right."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = [token.strip() for token in tokens]
        self._next = 0

    @property
    def remaining(self) -> int:
        """How many parameters have not been taken."""
        return len(self._tokens) - self._next

    def finish(self) -> None:
        """Raise -108 where parameters are left over."""
        if self.remaining:
            raise ScpiError(-108, self._tokens[self._next][:30])

    def peek(self) -> str:
        """Return the next parameter without taking it, empty at the end."""
        return self._tokens[self._next] if self.remaining else ""

    def word(self) -> str:
        """Take the next parameter as it is written."""
        if not self.remaining or not self._tokens[self._next]:
            raise ScpiError(-109)
        self._next += 1
        return self._tokens[self._next - 1]

    def number(
        self, unit: str = "", *, low: float, high: float, default: float | None = None
    ) -> float:
        """Take a number in ``unit`` within ``low`` and ``high``, or MIN, MAX or DEF."""
        token = self.word()
        named = {"MINimum": low, "MAXimum": high, "DEFault": default}
        for mnemonic, value in named.items():
            if matches_mnemonic(token, mnemonic) and value is not None:
                return value
        value = parse_number(token, unit)
        if not low * (1 - 1e-12) <= value <= high * (1 + 1e-12) and not low <= value <= high:
            raise ScpiError(-222, f"{token} outside {low:g} to {high:g}")
        return value

    def integer(self, *, low: int, high: int, default: int | None = None) -> int:
        """Take a whole number within ``low`` and ``high``, rounded as IEEE 488.2 rounds NRf."""
        return math.floor(self.number(low=low, high=high, default=default) + 0.5)

    def boolean(self) -> bool:
        """Take ON, OFF or a number, which is true where it does not round to zero."""
        token = self.word()
        if token.upper() in ("ON", "OFF"):
            return token.upper() == "ON"
        if token[:1].isalpha():
            raise ScpiError(-224, token)
        return round(parse_number(token, "")) != 0

    def choice(self, options: Sequence[str]) -> str:
        """Take one of the mnemonics and return its short form."""
        token = self.word()
        for mnemonic in options:
            if matches_mnemonic(token, mnemonic):
                return short_form(mnemonic)
        raise ScpiError(-224 if token[:1].isalpha() else -104, token)

    def string(self) -> str:
        """Take a quoted string and return what it holds."""
        token = self.word()
        if len(token) < 2 or token[0] not in "\"'" or token[-1] != token[0]:
            raise ScpiError(-151, token[:30])
        return token[1:-1].replace(token[0] * 2, token[0])

    def channel_list(self, legal: Sequence[int]) -> tuple[int, ...]:
        """Take ``(@101,103:105)``; a channel outside ``legal`` is -222."""
        token = self.word()
        match = re.fullmatch(r"\(\s*@([\d\s,:]*)\)", token)
        if match is None:
            raise ScpiError(-104 if not token.startswith("(") else -171, token[:30])
        channels = [channel for part in match[1].split(",") for channel in _expand(part)]
        for channel in channels:
            if channel not in legal:
                raise ScpiError(-222, f"channel {channel} does not exist")
        return tuple(channels)


def _expand(part: str) -> range:
    ends = [end.strip() for end in part.split(":")]
    if len(ends) > 2 or not all(end.isdigit() and len(end) < 6 for end in ends):
        raise ScpiError(-171, part[:30])
    first, last = int(ends[0]), int(ends[-1])
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)


def parse_number(token: str, unit: str) -> float:
    """Return the value of a decimal number with an optional multiplier and ``unit``."""
    match = _NUMBER.match(token)
    if match is None:
        known = token[:1].isalpha() or token[:1] in "\"'("
        raise ScpiError(-104 if known else -120, token[:30])
    value = float(match[1].replace(" ", ""))
    suffix = match[2].upper()
    if not suffix:
        return value
    if not unit:
        raise ScpiError(-138, token[:30])
    return value * _multiplier(suffix, unit.upper())


def _multiplier(suffix: str, unit: str) -> float:
    prefix = suffix[: len(suffix) - len(unit)] if suffix.endswith(unit) else suffix
    if prefix == "M" and unit in _MEGA_UNITS:
        return 1e6
    if prefix not in _MULTIPLIERS or (prefix == "" and suffix != unit):
        raise ScpiError(-131, suffix[:30])
    return _MULTIPLIERS[prefix]
