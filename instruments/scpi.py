"""What SCPI instruments share: declared settings, changes closed by an error query, identity."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NoReturn

from bench.errors import (
    InstrumentError,
    InstrumentTimeout,
    NotConnected,
    ScpiError,
    SettingOutOfRange,
)
from instruments.roles import Identity
from instruments.session import Session

__all__ = ["Assignment", "OneCommandAMessage", "ScpiInstrument", "Setting", "parse_identity"]

_ERROR_REPLY = re.compile(r'\s*([+-]?\d+)\s*,\s*"?(.*?)"?\s*\Z', re.DOTALL)
_LAST_ERROR = re.compile(r'(?:\A|;)\s*([+-]?\d+)\s*,\s*"([^"]*)"\s*\Z')
_MOST_ERRORS = 64
"""More than any error queue of these families holds: an endless queue is itself an error."""
_RESET_TIMEOUT_S = 20.0
_IDENTITY_FIELDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One setting with its value, ready to be sent."""

    header: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of an instrument, declared once: command, query, unit and legal range.

    ``command`` holds ``{value}`` and, where the setting has an index, ``{n}``.
    """

    command: str
    doc: str
    query: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def to(self, value: float | str, *, n: int = 0) -> Assignment:
        """Return the assignment of ``value``; raises SettingOutOfRange and sends nothing."""
        if isinstance(value, str):
            self._require_choice(value)
            text = value
        else:
            self._require_range(float(value))
            text = f"{float(value):.9G}"
        return Assignment(header=self.header(n=n), text=self.command.format(value=text, n=n))

    def header(self, *, n: int = 0) -> str:
        """Return what names the setting whatever its value."""
        return self.command.format(value="", n=n)

    def ask(self, *, n: int = 0) -> str:
        """Return the query of the setting."""
        return self.query.format(n=n)

    def _require_choice(self, value: str) -> None:
        if self.choices and value not in self.choices:
            raise SettingOutOfRange(
                f"{self.doc}: {value} is not one of {', '.join(self.choices)}; nothing was sent"
            )

    def _require_range(self, value: float) -> None:
        low = float("-inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        if not low <= value <= high:
            raise SettingOutOfRange(
                f"{self.doc}: {value:g} {self.unit} is outside {low:g} to {high:g} {self.unit}; "
                "nothing was sent"
            )


class ScpiInstrument:
    """Identity, error queue and the sending of settings, for every driver of the family.

    Settings that were sent are remembered and not sent again; whatever may have changed them behind
    the driver's back (reset, error, time-out) empties that memory.
    """

    MODELS: ClassVar[tuple[str, ...]] = ()
    """Patterns of ``manufacturer,model`` (see :func:`instruments.known_models`)."""
    MANUAL: ClassVar[str] = ""
    """The manual that the driver was written from: title, number, what was verified."""
    ERROR_QUERY: ClassVar[str] = ":SYST:ERR?"

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the instrument behind an open session."""
        self.role = session.role
        self.resource_name = session.resource_name
        self._session = session
        self._identity = identity
        self._written: dict[str, str] = {}

    @property
    def identity(self) -> Identity:
        """Identity as read when the session was opened."""
        return self._identity

    def reset(self) -> None:
        """Bring the instrument to its power-on settings and clear its status."""
        self._written.clear()
        self._send_reset()

    def drain_errors(self) -> tuple[tuple[int, str], ...]:
        """Read the error queue until it is empty; return what was in it, oldest first."""
        found: list[tuple[int, str]] = []
        while len(found) < _MOST_ERRORS:
            code, text = self._parse_error(self._session.query(self.ERROR_QUERY))
            if code == 0:
                return tuple(found)
            found.append((code, text))
        raise InstrumentError(
            self._session.describe(
                f"the error queue did not end after {_MOST_ERRORS} entries, the last being "
                f"{found[-1][0]}, {found[-1][1]}; switch the instrument off and on"
            )
        )

    def close(self) -> None:
        """Close the session; idempotent, never raises."""
        self._session.close()

    def _send_reset(self) -> None:
        self._session.query("*RST;*CLS;*OPC?", timeout_s=_RESET_TIMEOUT_S)

    def _apply(self, *assignments: Assignment, then: Sequence[str] = ()) -> list[str]:
        """Send what differs from what was sent last, then queries, closed by the error query.

        Returns the answers to ``then``. Without a change and without a query nothing is sent.
        """
        changed = [item for item in assignments if self._written.get(item.header) != item.text]
        if not changed and not then:
            return []
        answers = self._run(*(item.text for item in changed), *then, answers=len(then))
        self._written.update((item.header, item.text) for item in changed)
        return answers

    def _is_written(self, *assignments: Assignment) -> bool:
        return all(self._written.get(item.header) == item.text for item in assignments)

    def _run(self, *commands: str, answers: int, timeout_s: float | None = None) -> list[str]:
        """Send commands and queries as one message and close it with the error query.

        ``answers`` is how many of ``commands`` answer. Raises ScpiError for what the instrument
        reports, also where it answers nothing at all because it did not understand the message.
        """
        message = ";".join((*commands, self.ERROR_QUERY))
        try:
            reply = self._session.query(message, timeout_s=timeout_s)
        except InstrumentTimeout:
            self._written.clear()
            self._explain_silence(message)
            raise
        return self._split(message, reply, answers)

    def _split(self, message: str, reply: str, answers: int) -> list[str]:
        """Return the answers in front of the error report, which must be "no error".

        The report is looked for at the end and first: a query that failed has no answer, and an
        error's text may hold semicolons.
        """
        error = _LAST_ERROR.search(reply)
        if error is None:
            self._reject(message, f"expected an error report at its end, found {reply!r}")
        if int(error[1]) != 0:
            self._refuse(message, int(error[1]), error[2])
        fields = reply[: error.start()].split(";") if error.start() else []
        if len(fields) != answers:
            self._reject(message, f"expected {answers} answers, found {len(fields)}: {reply!r}")
        return fields

    def _explain_silence(self, message: str) -> None:
        """Raise ScpiError where the silence was an error that the queue can name."""
        with contextlib.suppress(InstrumentTimeout, NotConnected):  # the time-out itself is raised
            errors = self.drain_errors()
            if errors:
                self._refuse(message, *errors[0])

    def _refuse(self, message: str, code: int, text: str) -> NoReturn:
        self._written.clear()
        self.drain_errors()
        raise ScpiError(
            self._session.describe(
                f"it reports {code}, {text} for {message}; check the model and its options"
            ),
            code=code,
            text=text,
            command=message,
        )

    def _reject(self, message: str, reason: str) -> NoReturn:
        self._written.clear()
        self._session.clear()
        raise InstrumentError(
            self._session.describe(f"the answer to {message} is not usable: {reason}")
        )

    def _parse_error(self, reply: str) -> tuple[int, str]:
        match = _ERROR_REPLY.match(reply)
        if match is None:
            self._reject(self.ERROR_QUERY, f"expected code and text, found {reply!r}")
        return int(match[1]), match[2]


class OneCommandAMessage(ScpiInstrument):
    """For families of which nobody says that they take several commands in one message.

    What :meth:`_run` promises stays the same: every change ends in the error query.
    """

    def _send_reset(self) -> None:
        self._session.write("*RST")
        self._session.write("*CLS")
        self._session.query("*OPC?", timeout_s=_RESET_TIMEOUT_S)

    def _run(self, *commands: str, answers: int, timeout_s: float | None = None) -> list[str]:
        replies: list[str] = []
        for command in commands:
            if not _is_query(command):
                self._session.write(command)
                continue
            try:
                replies.append(self._session.query(command, timeout_s=timeout_s))
            except InstrumentTimeout:
                self._written.clear()
                self._explain_silence(command)
                raise
        message = ";".join(commands)
        code, text = self._parse_error(self._session.query(self.ERROR_QUERY))
        if code != 0:
            self._refuse(message, code, text)
        if len(replies) != answers:
            self._reject(message, f"expected {answers} answers, found {len(replies)}")
        return replies


def _is_query(command: str) -> bool:
    return command.split(" ", 1)[0].endswith("?")


def parse_identity(reply: str) -> Identity:
    """Return the four fields of ``*IDN?``; raises ValueError."""
    fields = [field.strip() for field in reply.split(",", _IDENTITY_FIELDS - 1)]
    if len(fields) != _IDENTITY_FIELDS or not all(fields[:2]):
        raise ValueError(f"expected manufacturer,model,serial,firmware, found {reply!r}")
    return Identity(manufacturer=fields[0], model=fields[1], serial=fields[2], firmware=fields[3])
