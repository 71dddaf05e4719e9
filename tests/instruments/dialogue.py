"""A transport that plays a written dialogue: exactly these messages, in this order."""

from __future__ import annotations

from collections.abc import Sequence

from bench.clock import Clock
from instruments.roles import Identity
from instruments.session import Session

NO_ERROR = '+0,"No error"'


class Dialogue:
    """Answers what it expects and fails the test on anything else."""

    def __init__(self, *exchanges: tuple[str, str | bytes | Exception]) -> None:
        self._expected = list(exchanges)
        self._reply: str | bytes | Exception = ""
        self.timeouts_s: list[float] = []
        self.cleared = 0
        self.closed = False

    def write(self, message: bytes, *, timeout_s: float) -> None:
        assert self._expected, f"nothing more was expected, found {message!r}"
        expected, self._reply = self._expected.pop(0)
        assert message.decode("ascii") == expected + "\n"
        self.timeouts_s.append(timeout_s)

    def read_text(self, *, timeout_s: float) -> bytes:
        return self._answer() + b"\n"

    def read_block(self, *, timeout_s: float, count: int | None = None) -> bytes:
        return self._answer()

    def clear(self, *, limit_s: float) -> bool:
        self.cleared += 1
        return True

    def close(self) -> None:
        self.closed = True

    def require_finished(self) -> None:
        assert self._expected == []

    def _answer(self) -> bytes:
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply.encode("ascii") if isinstance(self._reply, str) else self._reply


class HandClock:
    """A simulated clock that only moves when it is told to; remembers every wait."""

    simulated = True

    def __init__(self, step_ns: int = 0) -> None:
        self.time_ns = 0
        self.step_ns = step_ns
        self.sleeps_s: list[float] = []

    def now_ns(self) -> int:
        self.time_ns += self.step_ns
        return self.time_ns

    def sleep(self, duration_s: float) -> None:
        self.sleeps_s.append(duration_s)
        self.time_ns += round(duration_s * 1e9)

    def synchronise(self) -> int:
        return self.time_ns

    def wait_until(self, condition, *, timeout_s, poll_s=0.01) -> bool:
        deadline_ns = self.time_ns + round(timeout_s * 1e9)
        while not condition():
            if self.time_ns >= deadline_ns:
                return False
            self.sleep(poll_s)
        return True


def session(dialogue: Dialogue, *, clock: Clock | None = None) -> Session:
    return Session(dialogue, role="role", resource_name="FAKE::INSTR", timeout_s=5.0, clock=clock)


def identity(model: str, *, manufacturer: str = "Keysight Technologies") -> Identity:
    return Identity(manufacturer=manufacturer, model=model, serial="MY00000001", firmware="A.01.02")


def block(payload: bytes) -> bytes:
    """IEEE 488.2 definite-length block as InfiniiVision scopes send it."""
    return b"#8%08d" % len(payload) + payload + b"\n"


def closed(*answers: str) -> str:
    """The response of a message that the error query closes."""
    return ";".join((*answers, NO_ERROR))


Exchanges = Sequence[tuple[str, str | bytes | Exception]]
