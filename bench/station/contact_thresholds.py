"""The resistances at which the device sees contact and no longer sees it.

The electrode hangs on the steps of the dry contact, whose conductances add; each step is measured
with the meter, device isolated, before it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bench.clock import Clock
from bench.device.link import DELIVERING
from bench.errors import DeviceMisbehaved, NotOffered
from bench.judge import evaluate, rectangular
from bench.station.fixture import DRY_LOADS_OHM, Fixture
from bench.station.measured import Measured
from bench.station.treatment import Treatment
from instruments.roles import Multimeter

__all__ = ["ContactThresholds", "LowestContact", "ThresholdSearch", "contact_threshold"]

RANGE_OHM: Final = 1e6
WIDE_RANGE_OHM: Final = 20e6
"""Holds the 10 MΩ of the electrode channel; some meters end at 50 MΩ."""
APERTURE_S: Final = 0.02
SENSE_S: Final = 0.8
"""Three of the sense pulses of a device that looks four times a second, and their debounce."""
HOLD_S: Final = 2.0
POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class LowestContact:
    """The smallest resistance that the steps give, and whether the device takes it for a contact."""

    ohm: float
    contact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdSearch:
    """Neighbouring resistances of which one side is contact and the other is not."""

    contact_ohm: float | None
    open_ohm: float | None
    changes: int
    """Changes of state while the resistance stood still behind the threshold."""


class ContactThresholds:
    """Steps the resistance at the electrode of a started device."""

    def __init__(
        self, *, treatment: Treatment, fixture: Fixture, dmm: Multimeter, clock: Clock, level: int
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._dmm = dmm
        self._clock = clock
        self._level = level
        self._siemens: dict[str, float] = {}
        self._channel_siemens = 0.0
        """The electrode channel's own input, which lies across every step."""

    def search(self) -> tuple[ThresholdSearch, ThresholdSearch]:
        """Lower the resistance until the device starts, raise it until it stops."""
        steps = self._steps()
        self._treatment.make_idle()
        self._fixture.open("contact")
        self._fixture.close("device")
        self._switch(steps[0])
        self._clock.sleep(SENSE_S)
        self._treatment.begin(level=self._level)
        on = self._lower(steps)
        off = self._raise(steps)
        self._fixture.open(*DRY_LOADS_OHM)
        return on, off

    def lowest(self) -> LowestContact:
        """Put an idle device on all the steps together, once it has noticed that it has no contact.

        Raises DeviceMisbehaved where it sees a contact through none.
        """
        self._require_steps()
        self._fixture.isolate_device()
        self._fixture.open("load_open")
        self._fixture.close(*DRY_LOADS_OHM, "dmm_electrode")
        ohm = 1.0 / self._reading(RANGE_OHM)
        self._fixture.open("dmm_electrode")
        if not self._sees(contact=False):
            raise DeviceMisbehaved(f"the device sees a contact {SENSE_S:g} s after it was isolated")
        self._fixture.close("device")
        contact = self._sees(contact=True)
        self._fixture.open("device", *DRY_LOADS_OHM)
        return LowestContact(ohm=ohm, contact=contact)

    def _sees(self, *, contact: bool) -> bool:
        """Wait until an idle device reports a contact, or none; return whether it does."""
        return self._clock.wait_until(
            lambda: self._treatment.link.status().contact is contact,
            timeout_s=SENSE_S,
            poll_s=POLL_S,
        )

    def _lower(self, steps: list[tuple[str, ...]]) -> ThresholdSearch:
        open_ohm: float | None = None
        for step in steps:
            self._switch(step, making=False)
            self._clock.sleep(SENSE_S)
            if self._live():
                changes = self._changes()
                return ThresholdSearch(
                    contact_ohm=self._ohm(step), open_ohm=open_ohm, changes=changes
                )
            open_ohm = self._ohm(step)
        return ThresholdSearch(contact_ohm=None, open_ohm=open_ohm, changes=0)

    def _raise(self, steps: list[tuple[str, ...]]) -> ThresholdSearch:
        contact_ohm: float | None = None
        for step in reversed(steps):
            self._switch(step, making=True)
            self._clock.sleep(SENSE_S)
            if not self._live():
                changes = self._changes()
                return ThresholdSearch(
                    contact_ohm=contact_ohm, open_ohm=self._ohm(step), changes=changes
                )
            contact_ohm = self._ohm(step)
        return ThresholdSearch(contact_ohm=contact_ohm, open_ohm=None, changes=0)

    def _changes(self) -> int:
        """Count how often the device changes its mind while nothing changes."""
        live, changes = self._live(), 0
        for _ in range(round(HOLD_S / SENSE_S)):
            self._clock.sleep(SENSE_S)
            now = self._live()
            changes += now != live
            live = now
        return changes

    def _live(self) -> bool:
        return self._treatment.link.status().state in DELIVERING

    def _steps(self) -> list[tuple[str, ...]]:
        """Return the combinations from the largest resistance to the smallest, and measure them."""
        first, *weights = DRY_LOADS_OHM
        self._require_steps()
        self._fixture.isolate_device()
        self._fixture.open("load_open")
        self._fixture.close("dmm_electrode")
        self._channel_siemens = self._reading(WIDE_RANGE_OHM)
        for name, nominal_ohm in DRY_LOADS_OHM.items():
            self._fixture.close(name)
            range_ohm = RANGE_OHM if nominal_ohm < RANGE_OHM else WIDE_RANGE_OHM
            self._siemens[name] = self._reading(range_ohm) - self._channel_siemens
            self._fixture.open(name)
        self._fixture.open("dmm_electrode")
        combinations = [
            (first, *(name for bit, name in enumerate(weights) if number >> bit & 1))
            for number in range(2 ** len(weights))
        ]
        return sorted(combinations, key=self._ohm, reverse=True)

    def _require_steps(self) -> None:
        if not all(self._fixture.has(name) for name in DRY_LOADS_OHM):
            raise NotOffered("the fixture has no dry contact in steps (relays dry_1 to dry_6)")

    def _switch(self, step: tuple[str, ...], *, making: bool = False) -> None:
        """Close what is missing and open what is too much; ``making``: never without a path."""
        surplus = [name for name in DRY_LOADS_OHM if name not in step]
        if making:
            self._fixture.close(*step)
            self._fixture.open(*surplus)
        else:
            self._fixture.open(*surplus)
            self._fixture.close(*step)

    def _ohm(self, step: tuple[str, ...]) -> float:
        return 1.0 / (self._channel_siemens + sum(self._siemens[name] for name in step))

    def _reading(self, range_ohm: float) -> float:
        self._dmm.configure_resistance(range_ohm=range_ohm, aperture_s=APERTURE_S, four_wire=False)
        return 1.0 / float(self._dmm.read(1)[0])


def contact_threshold(found: ThresholdSearch, *, starts: bool) -> Measured:
    """Return the threshold between the two neighbouring resistances, in Ω."""
    if found.contact_ohm is None or found.open_ohm is None:
        seen = found.contact_ohm or found.open_ohm or 0.0
        what = "does not start" if starts else "does not stop"
        return Measured(value=None, unit="ohm", reason=f"the device {what} up to {seen:.3g} Ω")
    middle_ohm = 0.5 * (found.contact_ohm + found.open_ohm)
    half_ohm = 0.5 * abs(found.open_ohm - found.contact_ohm)
    budget = evaluate(
        "contact threshold",
        "ohm",
        [
            rectangular(
                "step", half_ohm, value=middle_ohm, source="neighbouring steps of the dry contact"
            ),
            rectangular(
                "steps as measured", 0.01 * middle_ohm,
                source="multimeter, two-wire, each relay alone",
            ),
        ],
        lambda step, measured: step + measured,
    )  # fmt: skip
    return Measured(value=middle_ohm, unit="ohm", budget=budget)
