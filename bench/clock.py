"""Time for drivers, plans and fixtures: the wall clock on hardware, the twin's on the twin.

Nothing above this module touches :mod:`time` for waiting: a plan that waits through a
:class:`Clock` runs a twenty-minute timer in milliseconds on the simulated bench.
"""

from __future__ import annotations

import mmap
import os
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from bench.errors import NotConnected

__all__ = ["Clock", "TwinClock", "WallClock"]

_NS_PER_S = 1_000_000_000
_REPLY_TIMEOUT_S = 60.0
"""Wall time that the twin may take to compute one advance."""
_LONGEST_ADVANCE_NS = 20 * _NS_PER_S
_TOKEN_BYTES, _PAGE_BYTES = 16, 24
"""The virtual clock's page: a token that names it, then the time in nanoseconds."""


class Clock(Protocol):
    """The only way in which the bench waits."""

    simulated: bool

    def now_ns(self) -> int:
        """Return the time in integer nanoseconds; only differences have a meaning."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Let ``duration_s`` pass; returns at once for zero or less."""
        ...

    def synchronise(self) -> int:
        """Let the simulated bench serve what it was sent; return the time, as ``now_ns``."""
        ...

    def wait_until(
        self, condition: Callable[[], bool], *, timeout_s: float, poll_s: float = 0.01
    ) -> bool:
        """Poll ``condition`` every ``poll_s``; return whether it became true within the time."""
        ...


class _Waiting(ABC):
    """``wait_until`` in terms of ``now_ns`` and ``sleep``."""

    @abstractmethod
    def now_ns(self) -> int: ...

    @abstractmethod
    def sleep(self, duration_s: float) -> None: ...

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

    def synchronise(self) -> int:
        """Return the time: instruments are not waited for by the wall clock."""
        return self.now_ns()


class TwinClock(_Waiting):
    """The virtual clock of the simulated laboratory, asked over its own socket.

    Line protocol: ``NOW?`` and ``ADV <ns>`` are both answered with the virtual time in integer
    nanoseconds. An advance is answered when everything that happens in it has happened. ``PAGE?``
    names a page of shared memory (:mod:`bench.twin.clock_page`) that shows the time after every
    advance, whoever made it and before that one has its answer; where it is out of reach (another
    machine, another system) the time is asked for.
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
        self._reader = self._socket.makefile("rb")
        self._broken = False
        self._page = _open_page(self._ask("PAGE?"))

    def now_ns(self) -> int:
        """Return the virtual time in nanoseconds since the twin started."""
        if self._page is None:
            return self.synchronise()
        return self._page[-1]

    def synchronise(self) -> int:
        """Wait until the twin has served what it was sent before; return the time."""
        return int(self._ask("NOW?"))

    def sleep(self, duration_s: float) -> None:
        """Advance virtual time by ``duration_s``, in pieces that are answered soon.

        A unit whose every pulse is another is worked through pulse by pulse.
        """
        left_ns = round(duration_s * _NS_PER_S)
        while left_ns > 0:
            piece_ns = min(left_ns, _LONGEST_ADVANCE_NS)
            self._ask(f"ADV {piece_ns}")
            left_ns -= piece_ns

    def close(self) -> None:
        """Close the connection; idempotent."""
        self._reader.close()
        self._socket.close()

    def _ask(self, command: str) -> str:
        """Ask one question; a question that was cut off (Ctrl-C) costs the connection, not order."""
        if self._broken:
            self.close()
            self._connect()
        self._broken = True
        try:
            self._socket.sendall(command.encode("ascii") + b"\n")
            reply = self._reader.readline()
        except (OSError, ValueError) as error:
            raise NotConnected(
                f"clock of the simulated bench at {self.address}: {error}"
            ) from error
        if not reply:
            raise NotConnected(
                f"clock of the simulated bench at {self.address}: the twin closed the line"
            )
        self._broken = False
        return reply.decode("ascii").strip()


def _open_page(address: str) -> memoryview | None:
    """Return a clock's page as 64-bit words, None where the address leads to none or to another."""
    path, _, token = address.partition(" ")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        page = mmap.mmap(descriptor, _PAGE_BYTES, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)
    return memoryview(page).cast("q") if page[:_TOKEN_BYTES].hex() == token else None
