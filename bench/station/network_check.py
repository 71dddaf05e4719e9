"""The check of the measuring device: its transfer impedance over frequency, against its model.

It is a check of the bench, made while the device has no supply and is proved off the node. Both
resistances are read in ohms; then the check source drives the network, and one scope channel sees
first the voltage across its input, then that across its capacitor: the meter's two relays, closed
together, lead the channel there while the network's own relay is open. At 1 MHz one is a thousandth
of the other. Each range that is used is therefore transferred from the meter's a.c. volts, at the
amplitude that was just seen in it: what the ranges and the converter do falls out of the ratio.
Source: docs/decisions/0015-the-measuring-device-is-measured-as-a-ratio.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from bench.errors import FixtureError, NotOffered, ReadingOverload
from bench.judge import (
    NETWORK_R1_OHM,
    NETWORK_R2_OHM,
    Limit,
    MultimeterAccuracy,
    Tone,
    Transfer,
    impedance_budget,
    model_ohm,
)
from bench.measure import fit_sine_at
from bench.record.schema import SelfTestStep
from bench.station.acquisition import Acquirer, Shot
from bench.station.fixture import CHECK_SOURCE, LEAKAGE_RELAYS, Fixture
from bench.station.measured import Measured
from bench.station.network_proof import NetworkPoint, NetworkProof, hertz, judged, not_checked
from bench.station.scales import Label
from bench.station.self_test import OPEN_ABOVE_OHM, OPEN_RANGE_OHM, meter_range_ohm, read_ohm
from instruments.roles import Multimeter, WaveformGenerator

__all__ = ["FREQUENCIES_HZ", "NetworkCheck"]

FREQUENCIES_HZ: Final = (10.0, 100.0, 1e3, 1e4, 1e5, 1e6)
"""One in each decade of the figure. Source: IEC 60601-1 Fig. 12."""
TRANSFER_HZ: Final = 100.0
"""Where every meter reads a.c. volts best."""
SOURCE_PEAK_V: Final = 10.0
SERIES_OHM: Final = 100.0
"""From the generator to the network. Source: docs/laboratory.md."""
FILL: Final = 0.5
"""Share of half the screen that a tone of the expected size fills: one twice as large still fits."""
SMALLEST_V_PER_DIVISION: Final = 2e-3
"""At the connector; every family has it."""
NOISE_V: Final = 0.3e-3
"""R.m.s. at the connector on the smallest ranges, whatever the signal. Proposed."""
NOISE_SHARE: Final = 0.003
"""What the noise may leave of an amplitude."""
FEWEST_POINTS: Final = 2_000
MOST_POINTS: Final = 200_000
SAMPLES_PER_CYCLE: Final = 40
FEWEST_CYCLES: Final = 5
ONE_RANGE: Final = 0.5
"""From this share of the input's voltage on, the other is seen in the same range."""
LEAST_DRIVE: Final = 0.5
"""Of the expected voltage at the input: with less, something is not connected."""
MOST_RESIDUAL: Final = 0.3
"""Of an amplitude: what may be left of a record beside its sinusoid."""
READINGS: Final = 3
MOST_DISAGREEMENT: Final = 0.1
"""Beyond it a resistor is not the network's, or meter and scope are not on one node."""
_METER_RANGES_V: Final = (0.1, 1.0, 10.0)


class NetworkCheck:
    """Measures the network; the device must have no supply."""

    def __init__(
        self,
        *,
        fixture: Fixture,
        dmm: Multimeter,
        accuracy: MultimeterAccuracy,
        acquirer: Acquirer,
        generator: WaveformGenerator,
        record: Callable[[SelfTestStep], None],
    ) -> None:
        self._fixture = fixture
        self._dmm = dmm
        self._accuracy = accuracy
        self._acquirer = acquirer
        self._generator = generator
        self._record = record

    def prove(self, limits: Sequence[Limit]) -> NetworkProof:
        """Measure and judge; what is wrong with the network is in the proof and raises nothing."""
        try:
            points = self._measure()
        except NotOffered as reason:
            return not_checked(str(reason))
        except (FixtureError, ReadingOverload) as error:
            self._record(SelfTestStep(name="measuring device", passed=False, detail=str(error)))
            return NetworkProof(problem=str(error), not_verified=str(error))
        return judged(points, limits, record=self._record)

    def _measure(self) -> tuple[NetworkPoint, ...]:
        highest_hz = self._generator.capabilities.highest_hz
        if highest_hz < FREQUENCIES_HZ[-1]:
            raise NotOffered(
                f"the check source gives {hertz(highest_hz)} at most, "
                f"{hertz(FREQUENCIES_HZ[-1])} are due"
            )
        self._prove_alone()
        r2_ohm = self._ohms("measuring_device", expected_ohm=NETWORK_R2_OHM)
        both_ohm = self._ohms("dmm_measuring_device", expected_ohm=NETWORK_R1_OHM + NETWORK_R2_OHM)
        try:
            self._set(TRANSFER_HZ, self._peak_v)
            self._fixture.close(CHECK_SOURCE, "measuring_device", "dmm_electrode")
            self._generator.switch_output(on=True)
            inputs = {hz: self._input(hz) for hz in FREQUENCIES_HZ}
            self._set(TRANSFER_HZ, self._peak_v)
            input_range = self._transfer(inputs[TRANSFER_HZ][0])
            self._fixture.open("measuring_device")
            self._fixture.close("dmm_measuring_device")
            return tuple(
                self._point(hz, inputs[hz], input_range, r1_ohm=both_ohm - r2_ohm, r2_ohm=r2_ohm)
                for hz in FREQUENCIES_HZ
            )
        finally:
            self._source_off()

    def _source_off(self) -> None:
        try:
            self._generator.switch_output(on=False)
        finally:  # an instrument that fails leaves no relay closed
            self._fixture.open(
                CHECK_SOURCE, "measuring_device", "dmm_measuring_device", "dmm_electrode"
            )

    def _prove_alone(self) -> None:
        """With the device's relays open nothing may be left on the node that the source will drive."""
        self._fixture.isolate_device()
        self._fixture.open(*LEAKAGE_RELAYS, "measuring_device")
        self._fixture.close("dmm_electrode")
        ohm = read_ohm(self._dmm, OPEN_RANGE_OHM)
        if ohm < OPEN_ABOVE_OHM:
            raise FixtureError(
                f"{ohm:.4g} Ω across the electrode node with everything open, expected at least "
                f"{OPEN_ABOVE_OHM:g} Ω: the check source is not switched on; look for a relay that "
                "sticks"
            )

    def _ohms(self, relay: str, *, expected_ohm: float) -> float:
        """Read ohms through the network's input relay, or through that of its capacitor."""
        self._fixture.close("dmm_electrode", relay)
        try:
            ohm = read_ohm(self._dmm, meter_range_ohm(expected_ohm))
        finally:
            self._fixture.open(relay)
        if not math.isclose(ohm, expected_ohm, rel_tol=MOST_DISAGREEMENT):
            found = "an open circuit" if math.isinf(ohm) else f"{ohm:.5g} Ω"
            raise FixtureError(
                f"{found} through relay {relay!r}, expected {expected_ohm:g} Ω: a resistor of the "
                "network is wrong or open, or the relay does not close"
            )
        return ohm

    @property
    def _peak_v(self) -> float:
        return min(SOURCE_PEAK_V, self._generator.capabilities.highest_peak_v)

    @property
    def _input_v(self) -> float:
        """What the source gives across the network's input, which is 1 kΩ or a tenth less."""
        series_ohm = SERIES_OHM + self._generator.capabilities.output_ohm
        return self._peak_v * NETWORK_R2_OHM / (NETWORK_R2_OHM + series_ohm)

    def _set(self, frequency_hz: float, peak_v: float) -> None:
        self._generator.configure_sine(frequency_hz=frequency_hz, peak_v=peak_v)

    def _input(self, hz: float) -> tuple[Tone, str]:
        """See the voltage across the input, in a record as long as that of the capacitor will be."""
        self._set(hz, self._peak_v)
        tone, sha256 = self._seen("input", hz, self._full_scale_v(self._input_v), self._points(hz))
        if tone.amplitude_v < LEAST_DRIVE * self._input_v:
            raise FixtureError(
                f"{tone.amplitude_v:.3g} V at its input at {hertz(hz)}, expected about "
                f"{self._input_v:.3g} V: look at the generator's cable, the {SERIES_OHM:g} Ω resistor "
                f"and relay {CHECK_SOURCE!r}"
            )
        return tone, sha256

    def _point(
        self,
        hz: float,
        at_input: tuple[Tone, str],
        input_range: Transfer,
        *,
        r1_ohm: float,
        r2_ohm: float,
    ) -> NetworkPoint:
        """See the voltage across the capacitor, and transfer its range where it is another one."""
        share = self._share(hz)
        one_range = share >= ONE_RANGE
        full_scale_v = self._full_scale_v(self._input_v * (1.0 if one_range else share))
        self._set(hz, self._peak_v)
        output, sha256 = self._seen("capacitor", hz, full_scale_v, self._points(hz))
        transfers = None
        if not one_range:
            self._set(TRANSFER_HZ, self._peak_v * output.amplitude_v / self._input_v)
            again, _ = self._seen("capacitor", TRANSFER_HZ, full_scale_v, self._points(hz))
            transfers = (self._transfer(again), input_range)
        budget = impedance_budget(
            frequency_hz=hz, output=output, source=at_input[0], transfers=transfers, r1_ohm=r1_ohm,
            r2_ohm=r2_ohm, meter=self._accuracy, scope=self._acquirer.scales.accuracy,
        )  # fmt: skip
        return NetworkPoint(
            frequency_hz=hz,
            deviation=Measured(
                value=budget.value, unit="1", budget=budget, waveforms=(sha256, at_input[1])
            ),
        )

    def _transfer(self, tone: Tone) -> Transfer:
        """Read by the meter what the channel has just seen."""
        rms_v = tone.amplitude_v / math.sqrt(2.0)
        range_v = next((one for one in _METER_RANGES_V if rms_v <= one), _METER_RANGES_V[-1])
        self._dmm.configure_ac_voltage(range_v=range_v)
        readings = tuple(map(float, self._dmm.read(READINGS)))
        if not math.isclose(math.fsum(readings) / READINGS, rms_v, rel_tol=MOST_DISAGREEMENT):
            raise FixtureError(
                f"the multimeter reads {readings[0]:.4g} V a.c. where the scope sees {rms_v:.4g} V: "
                "check the ÷10 divider, and that both are on the same node"
            )
        return Transfer(tone=tone, readings_v=readings, range_v=range_v)

    def _seen(self, node: str, hz: float, full_scale_v: float, points: int) -> tuple[Tone, str]:
        """Record the channel and fit the tone; also the name of the stored record."""
        cycles = max(FEWEST_CYCLES, points // SAMPLES_PER_CYCLE if hz > TRANSFER_HZ else 0)
        shot = Shot(
            title=f"measuring device, {node} at {hertz(hz)}",
            full_scale={Label.ELECTRODE: full_scale_v},
            duration_s=cycles / hz,
            points=points,
        )
        capture = self._acquirer.take(shot, conditions={"node": node, "frequency_hz": hz})
        if capture.clipped(Label.ELECTRODE):
            raise FixtureError(
                f"its {node} clips ±{full_scale_v / 2:.3g} V at {hertz(hz)}: a part of the network has "
                "another value, or a range does not follow"
            )
        waveform = capture.waveforms[Label.ELECTRODE]
        fit = fit_sine_at(waveform, hz)
        if fit.residual_rms > max(MOST_RESIDUAL * fit.amplitude, 3 * self._volts(NOISE_V)):
            raise FixtureError(
                f"no sinusoid of {hertz(hz)} at its {node}: {fit.residual_rms:.3g} V r.m.s. beside an "
                f"amplitude of {fit.amplitude:.3g} V"
            )
        tone = Tone(
            amplitude_v=fit.amplitude,
            noise_v=fit.residual_rms * math.sqrt(2.0 / fit.samples),
            samples=fit.samples,
            lsb_v=abs(waveform.gain),
        )
        return tone, capture.hashes[Label.ELECTRODE]

    def _share(self, hz: float) -> float:
        """Return what the model leaves of the input's voltage across the capacitor, roughly."""
        return model_ohm(hz) / NETWORK_R2_OHM

    def _points(self, hz: float) -> int:
        """Return how many samples leave little enough of the noise in the smaller voltage."""
        smallest_v = self._share(hz) * self._input_v
        wanted = 2.0 * (self._volts(NOISE_V) / (NOISE_SHARE * smallest_v)) ** 2
        return round(min(max(wanted, FEWEST_POINTS), MOST_POINTS))

    def _full_scale_v(self, amplitude_v: float) -> float:
        divisions = self._acquirer.scales.accuracy.divisions
        smallest_v = self._volts(divisions * SMALLEST_V_PER_DIVISION)
        return float(f"{max(2.0 * amplitude_v / FILL, smallest_v):.3g}")

    def _volts(self, at_connector_v: float) -> float:
        """Return volts at the node for volts at the channel's connector."""
        return at_connector_v / self._acquirer.scales.view(Label.ELECTRODE).sensitivity
