"""A driver on a simulated instrument without sockets: exact, in virtual time, fast."""

from __future__ import annotations

from collections.abc import Callable

from bench.twin.description import InstrumentNames
from bench.twin.laboratory import Laboratory
from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scpi import ScpiInstrument
from instruments.catalogue import DRIVERS, Driver
from instruments.scpi import parse_identity
from instruments.session import Session
from tests.instruments.dialogue import HandClock
from tests.twin.fake_world import FakeWorld


class LaboratoryClock(HandClock):
    """The laboratory's own time."""

    def __init__(self, timeline: LaboratoryTime) -> None:
        super().__init__()
        self._timeline = timeline

    def now_ns(self) -> int:
        return self._timeline.now_ns

    def sleep(self, duration_s: float) -> None:
        self._timeline.advance_by(max(0, round(duration_s * 1e9)))

    def wait_until(self, condition, *, timeout_s, poll_s=0.01) -> bool:
        deadline_ns = self.now_ns() + round(timeout_s * 1e9)
        while not condition():
            if self.now_ns() >= deadline_ns:
                return False
            self.sleep(poll_s)
        return True


class Loopback:
    """A transport whose other end is a simulated instrument; ``altered`` spoils replies."""

    def __init__(self, instrument: ScpiInstrument) -> None:
        self.instrument = instrument
        self.altered: Callable[[bytes, bytes], bytes] = lambda _message, reply: reply
        self.sent: list[bytes] = []
        self._reply: bytes | None = None

    def write(self, message: bytes, *, timeout_s: float) -> None:
        self.sent.append(message.strip())
        reply = self.instrument.execute(message)
        self._reply = None if reply is None else self.altered(message.strip(), reply)

    def read_text(self, *, timeout_s: float) -> bytes:
        return self._take() + b"\n"

    def read_block(self, *, timeout_s: float, count: int | None = None) -> bytes:
        return self._take()

    def clear(self, *, limit_s: float) -> bool:
        self._reply = None
        return True

    def close(self) -> None:
        self._reply = None

    def _take(self) -> bytes:
        if self._reply is None:
            raise TimeoutError("no reply")
        reply, self._reply = self._reply, None
        return reply


class OnLoopback:
    """A driver on one simulated scope, with its laboratory."""

    def __init__(self, family: str, *, world: FakeWorld | None = None, seed: int = 3) -> None:
        self.world = world or FakeWorld()
        self.laboratory = Laboratory(
            self.world, seed=seed, instruments=InstrumentNames(scope=family)
        )
        self.simulated = self.laboratory.scope
        self.line = Loopback(self.simulated)
        self.clock = LaboratoryClock(self.laboratory.time)
        session = Session(
            self.line, role="scope", resource_name="LOOPBACK", timeout_s=5.0, clock=self.clock
        )
        identity = parse_identity(self.simulated.identity)
        self.driver = driver_for(f"{identity.manufacturer},{identity.model}")(session, identity)


def driver_for(name: str) -> type[Driver]:
    """Return the driver that the catalogue chooses for ``manufacturer,model``."""
    import re

    return next(
        driver
        for driver in DRIVERS
        if any(re.fullmatch(pattern, name, re.IGNORECASE) for pattern in driver.MODELS)
    )
