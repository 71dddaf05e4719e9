"""The electrode voltage: into a load, and with the contact open. The ÷10 channel is not transferred.

Its uncertainty is that of the scope's data sheet and of the divider; the self-test has compared it
with a voltage that the multimeter knew. Source: docs/laboratory.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from bench.judge import Budget, ScopeRange, amplitude_budget, level_budget
from bench.measure import worst_mean
from bench.station.acquisition import Acquirer, Capture, Shot
from bench.station.measured import Measured
from bench.station.ranges import FILL
from bench.station.reactions import Reaction
from bench.station.scales import Label
from bench.station.steady_output import Polarity, SteadyOutput
from bench.station.treatment import Treatment

__all__ = ["ElectrodeVoltage", "electrode_range", "load_voltage", "open_circuit_voltage"]

DIVIDER_RELATIVE: Final = 0.01
"""Half-width of the ÷10 divider's ratio. Source: docs/laboratory.md, self-test tolerance."""
OPEN_AVERAGING_S: Final = 100e-6
"""An open-circuit voltage is a mean over this long, or over a pulse that is shorter still."""
SAMPLES_PER_PULSE: Final = 200
CYCLES: Final = 2.2
MOST_POINTS: Final = 200_000


class ElectrodeVoltage:
    """Records the electrode voltage of a running device."""

    def __init__(self, *, treatment: Treatment, acquirer: Acquirer) -> None:
        self._treatment = treatment
        self._acquirer = acquirer

    def into(self, output: SteadyOutput) -> SteadyOutput:
        """Run the device at an output's level and load again and record the voltage there."""
        profile, level, load_ohm = output.profile, output.level, output.load_ohm
        self._treatment.run(level=level, load_ohm=load_ohm)
        expected_v = profile.current_ua(level, load_ohm) * 1e-6 * load_ohm
        duration_s = CYCLES * profile.waveform.repeat_s
        samples = SAMPLES_PER_PULSE * duration_s / profile.waveform.pulse_duration_s
        shot = Shot(
            title=f"electrode voltage, level {level}, {load_ohm:g} Ω",
            full_scale={Label.ELECTRODE: float(f"{2 * expected_v / FILL:.3g}")},
            duration_s=duration_s,
            points=min(round(samples), MOST_POINTS),
        )
        capture = self._acquirer.take(shot, conditions={"level": level, "load_ohm": load_ohm})
        self._treatment.must_run()
        self._treatment.stop()
        return replace(output, capture=capture, label=Label.ELECTRODE)


def load_voltage(output: SteadyOutput, polarity: Polarity) -> Measured:
    """Return the median plateau voltage of one polarity over the record's zero state, in V.

    ``output`` is a record of :class:`ElectrodeVoltage`.
    """
    if output.capture.clipped(output.label):
        return Measured(
            value=None, unit="V", undecidable=True, waveforms=output.evidence,
            reason="the record of the electrode voltage is clipped",
        )  # fmt: skip
    pulses = output.crest_of(polarity)
    if len(pulses) == 0:
        sign = "positive" if polarity > 0 else "negative"
        return Measured(
            value=None, unit="V", waveforms=output.evidence,
            reason=f"no {sign} pulses of the electrode voltage into {output.load_ohm:g} Ω",
        )  # fmt: skip
    value = abs(float(np.median(pulses.top)))
    interval_s = output.capture.waveforms[output.label].sample_interval_s
    budget = amplitude_budget(
        value,
        on=electrode_range(output.capture, output.analysis.noise_rms),
        plateau_samples=round(float(np.median(pulses.duration_s)) / interval_s),
        zero_samples=output.analysis.sample_count // 2,
    )
    return Measured(
        value=value, unit="V", budget=_in_volts(budget, "electrode voltage"),
        waveforms=output.evidence,
    )  # fmt: skip


def open_circuit_voltage(reaction: Reaction) -> Measured:
    """Return the largest electrode voltage after the contact was opened, in V.

    ``reaction`` is a contact loss of a running device, recorded on the electrode channel.
    """
    capture = reaction.capture
    evidence = capture.sha256(Label.ELECTRODE, Label.SYNC)
    if capture.clipped(Label.ELECTRODE):
        highest_v = capture.full_scale(Label.ELECTRODE) / 2
        return Measured(
            value=None, unit="V", undecidable=True, waveforms=evidence,
            reason=f"the open-circuit voltage is beyond the range of ±{highest_v:.3g} V",
        )  # fmt: skip
    waveform = capture.waveforms[Label.ELECTRODE]
    after = waveform.between(reaction.cause_s, waveform.t0_s + waveform.duration_s)
    value = worst_mean(after, averaging_s=OPEN_AVERAGING_S)
    budget = level_budget(
        value,
        on=electrode_range(capture, 0.5 * abs(waveform.gain)),
        samples=max(1, round(OPEN_AVERAGING_S / waveform.sample_interval_s)),
    )
    return Measured(
        value=value, unit="V", budget=_in_volts(budget, "open-circuit voltage"),
        waveforms=evidence, marks=reaction.marks,
    )  # fmt: skip


def electrode_range(capture: Capture, noise_rms_v: float) -> ScopeRange:
    """Return the channel as a voltmeter: volts stand where the budget says amperes."""
    full_scale_v = capture.full_scale(Label.ELECTRODE)
    return ScopeRange(
        accuracy=capture.scales[Label.ELECTRODE].accuracy,
        full_scale_a=full_scale_v,
        amperes_per_volt=full_scale_v / (8 * capture.volts_per_division[Label.ELECTRODE]),
        noise_rms_a=noise_rms_v,
        shunt_relative=DIVIDER_RELATIVE / 3**0.5,
        shunt_source="÷10 divider ±1 %, docs/laboratory.md",
    )


def _in_volts(budget: Budget, measurand: str) -> Budget:
    lines = tuple(
        replace(line, name="divider") if line.name == "shunt" else line for line in budget.lines
    )
    return replace(budget.scaled(1.0, unit="V").named(measurand), lines=lines)
