"""Dialogues: everything that goes over one session's line, written down and played back.

A file of JSON lines. The first says what it is; each other is one event: ``to`` and ``from`` hold the
bytes as text where they are printable ASCII and line ends, ``to64`` and ``from64`` in base64 otherwise;
``block`` marks a response that was read as a block; ``timeout``, ``lost`` and ``refused`` are what came
instead of a response, ``clear`` says whether clearing the line succeeded. ``at`` is seconds since the
session was opened.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final, TypeVar, cast

from bench.errors import FileFormatError
from instruments.transport import Transport

__all__ = ["SCHEMA", "RecordedTransport", "ReplayedTransport", "read_dialogue"]

SCHEMA: Final = 1
_FAILURES: Final[Mapping[str, type[Exception]]] = {
    "timeout": TimeoutError, "lost": ConnectionError, "refused": ValueError,
}  # fmt: skip

Event = Mapping[str, object]
_Reply = TypeVar("_Reply")


class RecordedTransport:
    """A transport that writes down what goes over it; it changes no byte and no time-out."""

    def __init__(self, transport: Transport, path: Path, *, role: str, resource_name: str) -> None:
        """Append to ``path``. Of the resource name its kind is kept, not the address."""
        self._transport = transport
        self._file: IO[str] = path.open("a", encoding="ascii")
        self._started_s = time.monotonic()
        kind = f"{resource_name.split(':', 1)[0]}…{resource_name.rsplit(':', 1)[-1]}"
        self._note({"dialogue": SCHEMA, "role": role, "resource": kind})

    def write(self, message: bytes, *, timeout_s: float) -> None:
        """Send and note one program message."""
        self._note(_payload("to", message))
        self._guarded(lambda: self._transport.write(message, timeout_s=timeout_s))

    def read_text(self, *, timeout_s: float) -> bytes:
        """Return and note one response."""
        reply = self._guarded(lambda: self._transport.read_text(timeout_s=timeout_s))
        self._note(_payload("from", reply))
        return reply

    def read_block(self, *, timeout_s: float, count: int | None = None) -> bytes | bytearray:
        """Return and note one block."""
        reply = self._guarded(lambda: self._transport.read_block(timeout_s=timeout_s, count=count))
        self._note({**_payload("from", bytes(reply)), "block": True})
        return reply

    def clear(self, *, limit_s: float) -> bool:
        """Clear the line and note whether that succeeded."""
        cleared = self._transport.clear(limit_s=limit_s)
        self._note({"clear": cleared})
        return cleared

    def close(self) -> None:
        """Close the line and the file."""
        self._transport.close()
        self._file.close()

    def _guarded(self, exchange: Callable[[], _Reply]) -> _Reply:
        try:
            return exchange()
        except (TimeoutError, ConnectionError, ValueError) as error:
            self._note({_name_of(error): str(error)})
            raise

    def _note(self, event: Event) -> None:
        if self._file.closed:
            return
        at_s = round(time.monotonic() - self._started_s, 6)
        self._file.write(json.dumps({"at": at_s, **event}, ensure_ascii=True) + "\n")
        self._file.flush()


class ReplayedTransport:
    """Plays a dialogue back: every message must be the recorded one, byte for byte."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._events = list(enumerate(read_dialogue(path), start=1))[1:]
        self._line = 1

    def write(self, message: bytes, *, timeout_s: float) -> None:
        """Take the next message; raises ValueError where another was recorded."""
        del timeout_s
        event = self._next(f"the message {message!r}", "to", "to64")
        if _bytes(event, "to") != message:
            raise ValueError(f"{self._where}: expected {_bytes(event, 'to')!r}, found {message!r}")
        if self._events and set(self._events[0][1]) & set(_FAILURES):
            self._fail_as_recorded()

    def read_text(self, *, timeout_s: float) -> bytes:
        """Return the recorded response."""
        del timeout_s
        return self._reply()

    def read_block(self, *, timeout_s: float, count: int | None = None) -> bytes | bytearray:
        """Return the recorded response."""
        del timeout_s, count
        return self._reply()

    def clear(self, *, limit_s: float) -> bool:
        """Return what came of clearing; False where the recorded session did not clear here."""
        del limit_s
        if not self._events or "clear" not in self._events[0][1]:
            return False
        return bool(self._events.pop(0)[1]["clear"])

    def close(self) -> None:
        """There is nothing to close."""

    @property
    def remaining(self) -> tuple[Event, ...]:
        """What was recorded and has not been played."""
        return tuple(event for _, event in self._events)

    def messages(self) -> Iterator[tuple[str, bool, bool]]:
        """Yield the recorded messages still to come: text, whether it answers, whether in a block."""
        events = self.remaining
        for k, event in enumerate(events):
            if "to" in event or "to64" in event:
                after = events[k + 1] if k + 1 < len(events) else {}
                answers = bool({"from", "from64", *_FAILURES} & set(after))
                yield _bytes(event, "to").decode("ascii").rstrip("\n"), answers, "block" in after

    def _reply(self) -> bytes:
        if self._events and set(self._events[0][1]) & set(_FAILURES):
            self._fail_as_recorded()
        return _bytes(self._next("a response", "from", "from64"), "from")

    def _fail_as_recorded(self) -> None:
        event = self._events.pop(0)[1]
        name = next(name for name in _FAILURES if name in event)
        raise _FAILURES[name](str(event[name]))

    def _next(self, asked: str, *names: str) -> Event:
        if not self._events:
            raise ValueError(f"{self._path}: the dialogue is over, found {asked}")
        self._line, event = self._events.pop(0)
        if not set(names) & set(event):
            raise ValueError(f"{self._where}: expected {sorted(event)}, found {asked}")
        return event

    @property
    def _where(self) -> str:
        return f"{self._path}:{self._line}"


def read_dialogue(path: Path) -> list[Event]:
    """Return the lines of a dialogue, the head first; raises FileFormatError."""
    events: list[Event] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            loaded: object = json.loads(line)
        except json.JSONDecodeError as error:
            raise FileFormatError(f"{path}:{number}: not JSON: {error}") from error
        if not isinstance(loaded, dict):
            raise FileFormatError(f"{path}:{number}: expected an object")
        events.append(cast("Event", loaded))
    if not events or events[0].get("dialogue") != SCHEMA:
        raise FileFormatError(f"{path}:1: expected a dialogue of schema {SCHEMA}")
    return events


def _name_of(error: Exception) -> str:
    return next(name for name, kind in _FAILURES.items() if isinstance(error, kind))


def _payload(name: str, data: bytes) -> dict[str, object]:
    text = data.decode("latin-1")
    if data.isascii() and text.replace("\r", "").replace("\n", "").isprintable():
        return {name: text}
    return {f"{name}64": base64.b64encode(data).decode("ascii")}


def _bytes(event: Event, name: str) -> bytes:
    if name in event:
        return str(event[name]).encode("ascii")
    return base64.b64decode(str(event[f"{name}64"]))
