"""A session with one instrument: exchanges that end, errors that say who, a log of every byte.

Every failure carries the role and the resource. After a time-out the line is cleared; where that
does not succeed the session is broken and says so, so that a late reply is never taken for the
answer to another question.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.clock import Clock, WallClock
from bench.errors import InstrumentError, InstrumentTimeout, NotConnected
from instruments.blocks import parse_block, shortened
from instruments.dialogue import RecordedTransport
from instruments.greeting import TelnetPort
from instruments.transport import Transport, open_transport

__all__ = ["DEFAULT_TIMEOUT_S", "Session", "open_session", "parse_block", "parse_numbers"]

DEFAULT_TIMEOUT_S = 5.0
"""Longest answer of an instrument that has nothing long to do."""
_CLEAR_LIMIT_S = 2.0
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
_LONGEST_NUMBER = 40
"""Characters of a double with seventeen digits, sign, point, exponent, and room to spare."""

_logger = logging.getLogger(__name__)
_Reply = TypeVar("_Reply")


class Session:
    """Exchanges with one instrument, one at a time."""

    def __init__(
        self,
        transport: Transport,
        *,
        role: str,
        resource_name: str,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        clock: Clock | None = None,
    ) -> None:
        """Use an open transport; ``clock`` defaults to the wall clock."""
        self.role = role
        self.resource_name = resource_name
        self.timeout_s = timeout_s
        self.clock: Clock = WallClock() if clock is None else clock
        self._transport = transport
        self._lock = threading.RLock()
        self._broken = ""
        self._interrupted = False

    def write(self, command: str) -> None:
        """Send a program message that has no response."""
        self._exchange(command, lambda: b"", self.timeout_s)

    def query(self, command: str, *, timeout_s: float | None = None) -> str:
        """Send a program message and return its response without the terminator.

        ``timeout_s`` is for an operation that is declared to be long (a reading of many seconds);
        raises InstrumentTimeout, NotConnected, InstrumentError (not ASCII).
        """
        limit_s = self.timeout_s if timeout_s is None else timeout_s
        reply = self._exchange(
            command, lambda: self._transport.read_text(timeout_s=limit_s), limit_s
        )
        try:
            return reply.decode("ascii").rstrip("\r\n")
        except UnicodeDecodeError:
            self._fail_parsing(command, f"expected ASCII, found {shortened(reply)}")

    def query_number(self, command: str) -> float:
        """Return the one number that a query answers; raises InstrumentError for anything else."""
        return float(self.query_numbers(command, count=1)[0])

    def query_numbers(self, command: str, *, count: int | None = None) -> NDArray[np.float64]:
        """Return the comma-separated numbers of a response, shape (count,)."""
        reply = self.query(command)
        try:
            return parse_numbers(reply, count=count)
        except ValueError as error:
            self._fail_parsing(command, str(error))

    def query_block(
        self,
        command: str,
        *,
        count: int | None = None,
        prefixes: Sequence[str] = (),
        timeout_s: float | None = None,
    ) -> NDArray[np.uint8]:
        """Return the bytes of a block, shape (count,), a read-only view.

        ``prefixes`` are texts that the family may send in front of it. An indefinite block is
        taken where its end shows: on a stream only with ``count``. Raises InstrumentError where the
        block is short, long or not of ``count`` bytes.
        """
        limit_s = self.timeout_s if timeout_s is None else timeout_s
        reply = self._exchange(
            command, lambda: self._transport.read_block(timeout_s=limit_s, count=count), limit_s
        )
        try:
            return parse_block(reply, count=count, prefixes=prefixes)
        except ValueError as error:
            self.clear()
            self._fail_parsing(command, str(error))

    def exchange_lines(self, message: bytes, *, lines: int) -> tuple[str, ...]:
        """Send bytes as they are and return so many lines of answer: for what speaks no SCPI."""

        def read() -> tuple[bytes, ...]:
            return tuple(self._transport.read_text(timeout_s=self.timeout_s) for _ in range(lines))

        label = message.decode("ascii", "backslashreplace").rstrip()
        found = self._exchange(label, read, self.timeout_s, message=message)
        return tuple(line.decode("ascii", "replace") for line in found)

    def clear(self) -> None:
        """Clear the line within two seconds; a line that cannot be cleared is broken."""
        with self._lock:
            if not self._broken and not self._transport.clear(limit_s=_CLEAR_LIMIT_S):
                self._broken = "it could not be cleared after a failed exchange"

    def close(self) -> None:
        """Close the line; idempotent, never raises."""
        self._broken = self._broken or "it was closed"
        self._transport.close()

    def describe(self, message: str) -> str:
        """Return ``message`` with the role and the resource in front."""
        return f"{self.role} ({self.resource_name}): {message}"

    def _exchange(
        self,
        command: str,
        read: Callable[[], _Reply],
        limit_s: float,
        *,
        message: bytes | None = None,
    ) -> _Reply:
        sent = command.encode("ascii") + b"\n" if message is None else message
        with self._lock:
            self._require_usable()
            started_s, started_ns = time.perf_counter(), self._virtual_ns()
            try:
                self._transport.write(sent, timeout_s=limit_s)
                reply = read()
            except TimeoutError as error:
                self.clear()
                raise self._timeout(command, limit_s) from error
            except OSError as error:
                self._lose(str(error), error)
            except TelnetPort as error:
                self._broken = "a telnet port answers there"
                self._transport.close()
                raise InstrumentError(self.describe(str(error))) from error
            except ValueError as error:
                self.clear()
                self._fail_parsing(command, str(error))
            except BaseException:
                self._interrupted = True  # Ctrl-C: the answer is still to come
                raise
            self._log(command, reply, time.perf_counter() - started_s)
            self._check_virtual_time(command, started_ns, limit_s)
            return reply

    def _require_usable(self) -> None:
        if self._interrupted:
            self._interrupted = False
            self.clear()
        if self._broken:
            raise NotConnected(
                self.describe(f"the session is no longer usable, {self._broken}; open it again")
            )

    def _virtual_ns(self) -> int:
        return self.clock.now_ns() if self.clock.simulated else 0

    def _check_virtual_time(self, command: str, started_ns: int, limit_s: float) -> None:
        """Time out in virtual time too: the simulated bench answers at once what takes seconds."""
        if not self.clock.simulated:
            return
        elapsed_s = (self.clock.now_ns() - started_ns) * 1e-9
        if elapsed_s > limit_s:
            raise self._timeout(command, limit_s)

    def _timeout(self, command: str, limit_s: float) -> InstrumentTimeout:
        return InstrumentTimeout(
            self.describe(
                f"no complete answer to {shortened(command)} within {limit_s:g} s; "
                "check that it is switched on and not in a menu, then run `bench doctor`"
            )
        )

    def _lose(self, reason: str, error: OSError) -> NoReturn:
        self._broken = f"the connection was lost ({reason})"
        self._transport.close()
        raise NotConnected(
            self.describe(
                f"the connection was lost ({reason}); check cable and power, then open it again"
            )
        ) from error

    def _fail_parsing(self, command: str, reason: str) -> NoReturn:
        raise InstrumentError(
            self.describe(
                f"the answer to {shortened(command)} is not usable: {reason}; "
                "switch the instrument off and on and try again"
            )
        )

    def _log(self, command: str, reply: object, duration_s: float) -> None:
        if _logger.isEnabledFor(logging.DEBUG):
            _logger.debug(
                "%s < %s > %s (%.2f ms)",
                self.role,
                shortened(command),
                shortened(reply),
                duration_s * 1e3,
            )


def open_session(
    resource_name: str,
    *,
    role: str,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    clock: Clock | None = None,
    dialogue: Path | None = None,
) -> Session:
    """Open a VISA resource (``TCPIP::…::hislip0::INSTR``, ``…::5025::SOCKET``, ``USB…``, ``GPIB…``).

    ``dialogue`` is a file to which every byte is written (see :mod:`instruments.dialogue`).
    Raises NotConnected where nothing answers, InstrumentTimeout where something stays silent and
    InstrumentError where the name is not a resource name.
    """
    where = f"{role} ({resource_name})"
    try:
        transport: Transport = open_transport(resource_name, open_timeout_s=timeout_s)
    except TimeoutError as error:
        raise InstrumentTimeout(
            f"{where}: no answer to the connection within {timeout_s:g} s; "
            "check that it is switched on"
        ) from error
    except OSError as error:
        raise NotConnected(
            f"{where}: cannot be reached ({error}); check cable, power and the "
            "address in the station file"
        ) from error
    except ValueError as error:
        raise InstrumentError(
            f"{where}: not a usable VISA resource ({error}); expected e.g. "
            "TCPIP::192.168.0.10::hislip0::INSTR"
        ) from error
    if dialogue is not None:
        transport = RecordedTransport(transport, dialogue, role=role, resource_name=resource_name)
    return Session(
        transport, role=role, resource_name=resource_name, timeout_s=timeout_s, clock=clock
    )


def parse_numbers(reply: str, *, count: int | None = None) -> NDArray[np.float64]:
    """Return the comma-separated numbers of ``reply``; raises ValueError (also on a wrong count)."""
    fields = [field.strip() for field in reply.split(",")]
    for field in fields:
        if len(field) > _LONGEST_NUMBER or not _NUMBER.match(field):
            raise ValueError(f"expected a number, found {shortened(field)}")
    if count is not None and len(fields) != count:
        raise ValueError(f"expected {count} numbers, found {len(fields)}")
    values = np.array([float(field) for field in fields], dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"expected a number that a double holds, found {shortened(reply)}")
    return values
