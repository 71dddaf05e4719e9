"""Time for drivers, plans and fixtures: the wall clock on hardware, the twin's on the twin.

Nothing above this module touches :mod:`time` for waiting: a plan that waits through a
:class:`Clock` runs a twenty-minute timer in milliseconds on the simulated bench.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from typing import NoReturn, Protocol

from bench.errors import NotConnected

__all__ = ["Clock", "TwinClock", "WallClock"]

_NS_PER_S = 1_000_000_000
_REPLY_TIMEOUT_S = 60.0
"""Wall time that the twin may take to compute one advance."""
_CHUNK_BYTES = 1 << 16


class Clock(Protocol):
    """The only way in which the bench waits."""

    simulated: bool

    def now_ns(self) -> int:
        """Return the time in integer nanoseconds; only differences have a meaning."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Let ``duration_s`` pass; returns at once for zero or less."""
        ...

    def synchronise(self) -> None:
        """Let the simulated bench serve what it was sent; nothing to do on hardware."""
        ...

    def wait_until(
        self, condition: Callable[[], bool], *, timeout_s: float, poll_s: float = 0.01
    ) -> bool:
        """Poll ``condition`` every ``poll_s``; return whether it became true within the time."""
        ...


class _Waiting:
    """``wait_until`` in terms of ``now_ns`` and ``sleep``."""

    def now_ns(self) -> int:
        raise NotImplementedError

    def sleep(self, duration_s: float) -> None:
        raise NotImplementedError

    def wait_until(
        self, condition: Callable[[], bool], *, timeout_s: float, poll_s: float = 0.01
    ) -> bool:
        deadline_ns = self.now_ns() + round(timeout_s * _NS_PER_S)
        while not condition():
            remaining_ns = deadline_ns - self.now_ns()
            if remaining_ns <= 0:
                return False
            self.sleep(min(poll_s, remaining_ns / _NS_PER_S))
        return True


class WallClock(_Waiting):
    """The clock of a bench made of hardware."""

    simulated = False

    def now_ns(self) -> int:
        """Return the monotonic time in nanoseconds."""
        return time.monotonic_ns()

    def sleep(self, duration_s: float) -> None:
        """Sleep for ``duration_s``."""
        if duration_s > 0:
            time.sleep(duration_s)

    def synchronise(self) -> None:
        """Do nothing: instruments are not waited for by the wall clock."""


class TwinClock(_Waiting):
    """The virtual clock of the simulated laboratory, followed over a socket of its own.

    Line protocol: ``NOW?`` and ``ADV <ns>`` are both answered with the virtual time in integer
    nanoseconds, an advance when everything that happens in it has happened. After ``FOLLOW``, which
    is answered in the same way, every advance is told by a line ``T <ns>``, whoever made it and
    before the answer to the command that took the time: who has an instrument's answer has its time
    as well, without a question.
    """

    simulated = True

    def __init__(self, address: str) -> None:
        """Connect to ``host:port``; raises NotConnected."""
        self.address = address
        self._connect()

    def _connect(self) -> None:
        host, _, port = self.address.rpartition(":")
        try:
            self._socket = socket.create_connection((host, int(port)), timeout=_REPLY_TIMEOUT_S)
        except (OSError, ValueError) as error:
            raise NotConnected(
                f"clock of the simulated bench: nothing answers at {self.address} ({error}); "
                "start it with `bench twin` or remove `clock` from the station file"
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._arrival = select.poll()
        self._arrival.register(self._socket, select.POLLIN)
        self._unfinished = b""
        self._latest_ns = 0
        self._answered = self._following = self._broken = False

    def now_ns(self) -> int:
        """Return the virtual time in nanoseconds since the twin started."""
        if self._broken or not self._following:
            self._ask("FOLLOW")
            self._following = True
        elif self._receive() == _CHUNK_BYTES:
            self._ask("NOW?")  # so far behind that the twin may have stopped telling
        return self._latest_ns

    def sleep(self, duration_s: float) -> None:
        """Advance virtual time by ``duration_s``."""
        if duration_s > 0:
            self._ask(f"ADV {round(duration_s * _NS_PER_S)}")

    def synchronise(self) -> None:
        """Wait for an answer: the twin serves one thing after another."""
        self._ask("NOW?")

    def close(self) -> None:
        """Close the connection; idempotent."""
        self._socket.close()

    def _ask(self, command: str) -> None:
        """Wait for an answer; a question that was cut off (Ctrl-C) costs the connection."""
        if self._broken:
            self.close()
            self._connect()
        self._broken, self._answered = True, False
        try:
            self._socket.sendall(command.encode("ascii") + b"\n")
        except OSError as error:
            self._lose(str(error))
        while not self._answered:
            if not self._receive() and not self._arrival.poll(_REPLY_TIMEOUT_S * 1e3):
                self._lose(f"no answer within {_REPLY_TIMEOUT_S:g} s")
        self._broken = False

    def _receive(self) -> int:
        """Take what has come without waiting for more; return its bytes."""
        try:
            data = self._socket.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._lose(str(error))
        if not data:
            self._lose("the twin closed the line")
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        for line in lines:
            told, _, time_ns = line.rpartition(b" ")
            self._latest_ns = int(time_ns)
            self._answered = self._answered or told != b"T"
        return len(data)

    def _lose(self, reason: str) -> NoReturn:
        self._broken = True
        raise NotConnected(f"clock of the simulated bench at {self.address}: {reason}")
