"""What must not clear a latched trip: everything but the command that is meant for it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from bench.clock import Clock
from bench.device.link import DeviceStatus
from bench.errors import DeviceRefused, NotOffered
from bench.station.fixture import Fixture
from bench.station.treatment import Treatment

__all__ = ["Latch"]

SETTLE_S: Final = 0.6
"""Sensing four times a second, confirmed once."""


class Latch:
    """Pokes at a device that has tripped."""

    def __init__(self, *, treatment: Treatment, fixture: Fixture, clock: Clock) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._clock = clock
        self._profile = treatment.profile

    def poked(self) -> Iterator[tuple[str, DeviceStatus]]:
        """Yield each thing that was done to the device, and its status a moment later."""
        link = self._treatment.link
        pokes: list[tuple[str, Callable[[], None]]] = [
            ("STOP", link.stop),
            ("PAUSE", link.pause),
            ("RESUME", link.resume),
            ("LEVEL", lambda: link.set_level(self._profile.levels[0].number)),
            ("electrode lifted and put back", self._lift_and_touch),
        ]
        if self._profile.protection.charge_inhibit:
            pokes.append(("charger plugged and removed", self._charge))
        for name, poke in pokes:
            with contextlib.suppress(DeviceRefused, NotOffered):
                poke()
            self._clock.sleep(SETTLE_S)
            yield name, link.status()

    def _lift_and_touch(self) -> None:
        self._fixture.open("contact")
        self._clock.sleep(SETTLE_S)
        self._fixture.close("contact")

    def _charge(self) -> None:
        self._fixture.prepare_charger()
        self._fixture.plug_charger()
        self._clock.sleep(SETTLE_S)
        self._fixture.unplug_charger()
