"""Currents that nobody intends, through the measuring device of IEC 60601-1, Fig. 12.

The network lies across the electrodes alone: contact and loads are open. What the multimeter reads
across its capacitor, over 1 kΩ, is the frequency-weighted current. Source: docs/laboratory.md.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.clock import Clock
from bench.device.link import DeviceState
from bench.errors import DeviceMisbehaved, NotOffered, ReadingOverload
from bench.judge import (
    Input,
    MultimeterAccuracy,
    ScopeRange,
    evaluate,
    level_budget,
    normal,
    rectangular,
)
from bench.measure import analyse
from bench.profile import Profile
from bench.station.acquisition import Acquirer, Capture, Shot
from bench.station.direct_current import Shunt
from bench.station.electrode import electrode_range
from bench.station.fixture import Fixture
from bench.station.measured import Measured
from bench.station.network_proof import NetworkPoint, NetworkProof
from bench.station.reactions import Reactions
from bench.station.scales import Label
from bench.station.treatment import Treatment
from instruments.roles import Multimeter

__all__ = [
    "LEAKAGE_PATHS",
    "QUIET_STATES",
    "TRIPPED_STATES",
    "MeasuringDevice",
    "QuietStates",
    "Residual",
    "ResidualReadings",
    "leakage_current",
    "residual_ac",
    "residual_dc",
    "residual_rms",
]

QUIET_STATES: Final = ("idle", "paused", "charging", "off")
"""States that deliver nothing."""
TRIPPED_STATES: Final = ("OC_HW", "OC_FW")
"""States after a protection has tripped, by the protection that was alive."""

LEAKAGE_PATHS: Final = ("applied_part", "housing")
"""Relays that join a part of the device to the measuring device. Source: docs/laboratory.md."""

NETWORK_OHM: Final = 1000.0
NETWORK_RELATIVE: Final = 0.01
"""Half-width of the network's resistance. Source: IEC 60601-1 Fig. 12 as LKG-008 proves it."""
RANGE_V: Final = 0.1
"""100 µA over 1 kΩ is the range's full scale."""
WIDE_RANGE_V: Final = 10.0
HIGHER_RANGE_V: Final = 1.0
DC_APERTURE_S: Final = 1.0
READINGS: Final = 3
UNWEIGHTED_S: Final = 0.2
UNWEIGHTED_POINTS: Final = 100_000
UNWEIGHTED_FULL_SCALE_V: Final = 25.0
"""±10 V is the limit of 10 mA over 1 kΩ."""
LOAD_OHM: Final = 2000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualReadings:
    """How many readings are taken, and how long one of direct volts lasts."""

    aperture_s: float
    direct: int
    alternating: int


THOROUGH: Final = ResidualReadings(aperture_s=DC_APERTURE_S, direct=READINGS, alternating=READINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """What the multimeter read across the measuring device, in V."""

    dc_v: tuple[float, ...]
    ac_v: tuple[float, ...]
    range_v: float
    accuracy: MultimeterAccuracy
    note: str = ""
    """What is to be said beside it of the network."""


class QuietStates:
    """Brings the device into each state that should deliver nothing, on its load."""

    def __init__(
        self,
        *,
        treatment: Treatment,
        fixture: Fixture,
        reactions: Reactions,
        clock: Clock,
        profile: Profile,
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._reactions = reactions
        self._clock = clock
        self._profile = profile

    def enter(self, state: str, *, load_ohm: float = LOAD_OHM) -> None:
        """Enter one of QUIET_STATES or TRIPPED_STATES; raises DeviceMisbehaved and NotOffered."""
        timers = self._profile.timers
        if state == "paused":
            self._treatment.run(level=self._profile.highest_level, load_ohm=load_ohm)
            self._treatment.link.pause()
            self._clock.sleep(timers.stop_s)
            return
        if state in TRIPPED_STATES:
            self._trip(state)
            return
        self._treatment.make_idle()
        self._treatment.connect(load_ohm)
        if state == "charging":
            self.plug_charger()
        elif state == "off":
            self._treatment.link.power_off()
            self._clock.sleep(timers.stop_s)

    def plug_charger(self) -> None:
        """Plug the charger into a device in whatever state it is."""
        self._fixture.prepare_charger()
        self._fixture.plug_charger()
        self._clock.sleep(self._profile.timers.charge_s)

    def leave(self, state: str) -> None:
        """Undo what entering did; the device is idle afterwards."""
        if state == "charging":
            self._fixture.unplug_charger()
        elif state == "off":
            self._treatment.link.power_on()
        elif state in TRIPPED_STATES:
            self._treatment.restart()

    def _trip(self, state: str) -> None:
        layers = "hardware" if state == "OC_HW" else "firmware"
        self._reactions.overcurrent(
            layers=layers, load_ohm=self._profile.loads_ohm[0], phase_s=0.0,
            limit_s=self._profile.protection.overcurrent_firmware_s, stop_after=False,
        )  # fmt: skip
        status = self._treatment.link.status()
        if status.state is not DeviceState.FAULT:
            raise DeviceMisbehaved(
                f"no trip to measure after: the device reports {status.state.value} after an "
                f"injected overcurrent with its {layers} protection alone"
            )


class MeasuringDevice:
    """The network across the electrodes, its multimeter, and the unweighted voltage."""

    def __init__(
        self,
        *,
        fixture: Fixture,
        dmm: Multimeter,
        accuracy: MultimeterAccuracy,
        acquirer: Acquirer,
        clock: Clock,
        network: NetworkProof,
    ) -> None:
        self._fixture = fixture
        self._dmm = dmm
        self._accuracy = accuracy
        self._acquirer = acquirer
        self._clock = clock
        self.network = network

    def proven(self) -> tuple[NetworkPoint, ...]:
        """Return how far the network was from its model before the device had power.

        Raises NotOffered where it was not checked, FixtureError where there is nothing to measure.
        """
        if not self.network.points:
            self.network.must_be_usable()
            raise NotOffered(self.network.not_verified)
        return self.network.points

    def read(self, how: ResidualReadings = THOROUGH) -> Residual:
        """Put the network on the electrodes, read d.c. and a.c. volts, and take it off again."""
        self._connect()
        residual = self._readings(how)
        self._disconnect()
        return residual

    def _readings(self, how: ResidualReadings) -> Residual:
        """Read both in the lowest range that holds them: too much current is an answer."""
        for range_v in (RANGE_V, HIGHER_RANGE_V):
            with contextlib.suppress(ReadingOverload):
                return self._readings_in(range_v, how)
        return self._readings_in(WIDE_RANGE_V, how)

    def _readings_in(self, range_v: float, how: ResidualReadings) -> Residual:
        self._dmm.configure_dc_voltage(range_v=range_v, aperture_s=how.aperture_s)
        dc_v = self._dmm.read(how.direct)
        ac_v: Sequence[float] = ()
        if how.alternating:
            self._dmm.configure_ac_voltage(range_v=range_v)
            ac_v = self._dmm.read(how.alternating).tolist()
        return Residual(
            dc_v=tuple(map(float, dc_v)),
            ac_v=tuple(map(float, ac_v)),
            range_v=range_v,
            accuracy=self._accuracy,
            note=self.network.note,
        )

    def leakage(self, path: str, how: ResidualReadings = THOROUGH) -> Residual:
        """Read what flows from a part of the device through the network to earth.

        ``path`` is the relay that joins the part to the network: the applied part (both
        electrodes together) or a foil around the housing. Raises NotOffered where the fixture
        lacks it.
        """
        if not self._fixture.has(path):
            raise NotOffered(f"the station has no relay {path!r}: leakage to earth is not measured")
        self.network.must_be_usable()
        self._fixture.isolate_device()
        self._fixture.close(path, "measuring_device", "dmm_measuring_device")
        residual = self._readings(how)
        self._fixture.open("dmm_measuring_device", "measuring_device", path)
        return residual

    def ripple(self, shunt: Shunt, *, readings: int = READINGS) -> Measured:
        """Return the r.m.s. alternating current through the load, in A, by the shunt."""
        self._fixture.close("dmm_shunt")
        self._dmm.configure_ac_voltage(range_v=RANGE_V)
        volts = self._dmm.read(readings)
        self._fixture.open("dmm_shunt")
        mean_v = float(np.mean(volts))
        spread_v = float(np.std(volts, ddof=1)) / readings**0.5
        inputs = [
            normal(
                "repeatability", spread_v, degrees_of_freedom=readings - 1,
                source=f"{readings} readings",
            ),
            _alternating_meter(mean_v, RANGE_V, self._accuracy),
        ]  # fmt: skip
        budget = evaluate(
            "alternating current in the off state", "A", inputs,
            lambda spread, error: (mean_v + spread + error) / shunt.ohm,
        )  # fmt: skip
        return Measured(value=mean_v / shunt.ohm, unit="A", budget=budget)

    def unweighted(self, *, state: str) -> Capture:
        """Record the voltage across the network, with nothing weighted."""
        self._connect()
        shot = Shot(
            title=f"unweighted residual voltage, {state}",
            full_scale={Label.ELECTRODE: UNWEIGHTED_FULL_SCALE_V},
            duration_s=UNWEIGHTED_S,
            points=UNWEIGHTED_POINTS,
        )
        capture = self._acquirer.take(shot, conditions={"state": state})
        self._disconnect()
        return capture

    def _connect(self) -> None:
        self.network.must_be_usable()
        self._fixture.close("device", "measuring_device", "dmm_measuring_device")
        self._fixture.open("contact")

    def _disconnect(self) -> None:
        self._fixture.open("dmm_measuring_device", "measuring_device")


def residual_dc(residual: Residual) -> Measured:
    """Return the magnitude of the direct current through the network, in A."""
    accuracy = residual.accuracy
    limit_v = accuracy.voltage_limit_v(float(np.mean(residual.dc_v)), range_v=residual.range_v)
    meter = rectangular("multimeter", limit_v, source=accuracy.reference)
    return _over_network("residual direct current", residual.dc_v, meter, note=residual.note)


def residual_ac(residual: Residual) -> Measured:
    """Return the weighted r.m.s. alternating current through the network, in A."""
    meter = _alternating_meter(float(np.mean(residual.ac_v)), residual.range_v, residual.accuracy)
    return _over_network("residual alternating current", residual.ac_v, meter, note=residual.note)


def leakage_current(residual: Residual) -> Measured:
    """Return the r.m.s. leakage current, direct and alternating together, in A."""
    direct, alternating = residual_dc(residual), residual_ac(residual)
    if direct.budget is None or alternating.budget is None:
        raise ValueError("a residual current without budget")
    dc_a, ac_a = direct.value or 0.0, alternating.value or 0.0
    total_a = math.hypot(dc_a, ac_a)
    inputs = [
        normal("direct part", direct.budget.standard_uncertainty, source="its own budget"),
        normal(
            "alternating part", alternating.budget.standard_uncertainty, source="its own budget"
        ),
    ]
    share = (dc_a / total_a, ac_a / total_a) if total_a else (1.0, 1.0)
    budget = evaluate(
        "leakage current", "A", inputs, lambda dc, ac: total_a + share[0] * dc + share[1] * ac
    )
    return Measured(value=total_a, unit="A", budget=budget, reason=residual.note)


def _alternating_meter(mean_v: float, range_v: float, accuracy: MultimeterAccuracy) -> Input:
    limit_v = accuracy.ac_voltage_limit_v(mean_v, range_v=range_v)
    return rectangular("multimeter", limit_v, source="a.c. volts of such a meter [R]")


def residual_rms(capture: Capture, *, note: str = "") -> Measured:
    """Return the unweighted r.m.s. current through 1 kΩ, in A; the channel's noise is in it.

    ``note`` is what is to be said beside it of the network.
    """
    evidence = capture.sha256(Label.ELECTRODE)
    if capture.clipped(Label.ELECTRODE):
        return Measured(
            value=None, unit="A", waveforms=evidence,
            reason=f"more than {UNWEIGHTED_FULL_SCALE_V / 2:g} V across the measuring device",
        )  # fmt: skip
    found = analyse(capture.waveforms[Label.ELECTRODE])
    on: ScopeRange = electrode_range(capture, found.noise_rms)
    level = level_budget(found.rms, on=on, samples=found.sample_count)
    return Measured(
        value=found.rms / NETWORK_OHM,
        unit="A",
        budget=level.scaled(1.0 / NETWORK_OHM, unit="A").named("unweighted residual current"),
        waveforms=evidence,
        reason=note,
    )


def _over_network(name: str, readings_v: Sequence[float], meter: Input, *, note: str) -> Measured:
    mean_v = float(np.mean(readings_v))
    spread_v = float(np.std(readings_v, ddof=1)) / len(readings_v) ** 0.5
    inputs = [
        normal(
            "repeatability", spread_v, degrees_of_freedom=len(readings_v) - 1,
            source=f"{len(readings_v)} readings",
        ),
        meter,
        rectangular(
            "network", NETWORK_RELATIVE * NETWORK_OHM, value=NETWORK_OHM,
            source="IEC 60601-1 Fig. 12, 1 %",
        ),
    ]  # fmt: skip
    budget = evaluate(name, "A", inputs, lambda spread, error, ohm: (mean_v + spread + error) / ohm)
    return Measured(value=abs(mean_v) / NETWORK_OHM, unit="A", budget=budget, reason=note)
