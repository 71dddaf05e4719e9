"""The output specification sheet of a run, filled from its measurements.

Form: FDA, Guidance Document for Powered Muscle Stimulator 510(k)s (1999), Attachment II, whose sections 1
(tracings), 2 (unit) and 3 (output) are taken in their order. What this bench cannot know stands as a blank to
fill in; what was not measured says so. The tolerance in brackets is the declared one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bench.record.schema import CaptureRecord, MeasurementRecord, RunRecord, WaveformRecord
from reports.numbers import plain, print_measurement, value_with_uncertainty, with_unit
from reports.units import scale_between, shown_unit
from reports.verdicts import Sign, sign_of, worst_of

__all__ = ["OutputSheet", "SheetLine", "Tracing", "output_sheet", "sample_calculation"]

TRACING_REQUIREMENT: Final = "OUT-026"
_BLANK: Final = "to be filled in by the manufacturer"
_REFERENCE_LOAD_OHM: Final = 500.0
_AT_EACH_LOAD: Final = (
    ("Maximum output voltage", "OUT-002", "voltage"),
    ("Maximum output current", "OUT-001", "amplitude"),
)
_OUTPUT: Final = (
    ("Pulse width", "OUT-006", "pulse_duration"),
    ("Phase duration", "OUT-006", "pulse_duration"),
    ("Frequency", "OUT-007", "repetition_rate"),
    ("Symmetry of phases: sum of both plateaus", "OUT-021", "symmetry"),
    ("Symmetry of phases: ratio of durations", "OUT-021", "duration_symmetry"),
    ("Direct current component", "OUT-008", "dc"),
    ("Net charge per pulse", "OUT-019", "net_charge_per_pulse"),
    ("Net charge per polarity cycle", "OUT-020", "net_charge_per_cycle"),
    ("Maximum phase charge", "OUT-018", "phase_charge"),
    ("Root mean square current", "OUT-012", "rms_current"),
    ("Maximum average current", "OUT-022", "average_current"),
    ("Maximum current density, r.m.s.", "OUT-016", "rms_current_density"),
    ("Maximum power density, averaged over 1 s", "OUT-017", "power_density"),
    ("Pulse energy", "OUT-013", "pulse_energy"),
    ("Open-circuit voltage", "OUT-014", "open_circuit_voltage"),
    ("Pulses per burst", "OUT-023", "pulses_per_train"),
    ("Burst duration", "OUT-023", "train_duration"),
    ("Duty", "OUT-023", "duty"),
)
"""(parameter of the form, requirement, quantity), at the highest setting into 500 ohm."""
_UNIT: Final = (
    ("Leakage with output off, d.c., normal condition", "LKG-001"),
    ("Leakage with output off, a.c., normal condition", "LKG-002"),
    ("Leakage d.c., single fault", "LKG-003"),
    ("Leakage a.c., single fault", "LKG-004"),
    ("Automatic overload trip", "FLT-004"),
    ("Automatic no-load trip", "FLT-001"),
    ("Automatic shut-off", "FLT-008"),
    ("Patient override (stop)", "FLT-017"),
    ("Indicators", "IND-002"),
    ("Timer range", "IND-003"),
)
_DECLARED: Final = (
    ("Regulated current or voltage", "output.regulation"),
    ("Waveform", "waveform.kind"),
    ("Symmetrical phases", "waveform.symmetric"),
    ("Selections of current", "output.levels"),
    ("Highest voltage of the source", "output.compliance"),
    ("Smallest conductive electrode area", "output.electrode_area"),
    ("Nominal battery voltage", "protection.battery_nominal"),
    ("Output inhibited while charging", "protection.charge_inhibit"),
    ("Session timer", "timers.session"),
)
_NOT_KNOWN: Final = (
    "Power source and line isolation", "Channels, synchronous or alternating", "Beat frequency",
    "ON time and OFF time of a cycle of work and rest", "Software control and level of concern", "Standards claimed", "Weight", "Dimensions",
    "Housing materials and construction",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """One blank of the form, filled."""

    parameter: str
    condition: str
    declared: str
    """Nominal with its tolerance; the limit where there is one only."""
    measured: str
    deviation: str
    """From the declared nominal, in per cent; empty without one."""
    sign: Sign | None
    requirement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """One of the four tracings per mode."""

    mode: str
    title: str
    capture: CaptureRecord
    waveform: WaveformRecord
    whole_train: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSheet:
    """The sheet of one unit in one mode."""

    unit: Sequence[tuple[str, str]]
    protections: Sequence[SheetLine]
    output: Sequence[SheetLine]
    levels: Sequence[SheetLine]
    calculation: Sequence[str]
    tracings: Sequence[Tracing]

    @property
    def empty(self) -> bool:
        """Whether the run measured nothing of the output, as a safety or production plan may."""
        return not any(line.measured for line in self.output)


def output_sheet(record: RunRecord) -> OutputSheet:
    """Return the sheet of ``record``; a line without a measurement says so in its place."""
    return OutputSheet(
        unit=[
            *((name, record.declared.get(key, "not declared")) for name, key in _DECLARED),
            *((name, _BLANK) for name in _NOT_KNOWN),
        ],
        protections=[_protection(record, name, requirement) for name, requirement in _UNIT],
        output=[
            *_loads(record),
            *(_output_line(record, *blank) for blank in _OUTPUT),
            *_bursts_per_second(record),
        ],
        levels=list(_levels(record)),
        calculation=sample_calculation(record),
        tracings=list(_tracings(record)),
    )


def _rows(record: RunRecord, requirement: str, quantity: str = "") -> list[MeasurementRecord]:
    """Return the last attempts of a requirement's rows with a value, on the basis that is declared first."""
    found = [
        row
        for row in record.measurements
        if requirement in row.requirements and quantity in ("", row.quantity)
    ]
    declared = [row for row in found if row.basis == "declared"]
    return declared or found


def _highest(rows: Sequence[MeasurementRecord]) -> list[MeasurementRecord]:
    """Return the rows of the highest setting; rows without a level stand for it."""
    levels = [float(row.conditions.get("level", 0)) for row in rows]
    top = max(levels, default=0.0)
    return [row for row, level in zip(rows, levels, strict=True) if level == top]


def _loads(record: RunRecord) -> Iterator[SheetLine]:
    for name, requirement, quantity in _AT_EACH_LOAD:
        rows = _highest(_rows(record, requirement, quantity))
        for load in sorted({float(row.conditions.get("load_ohm", 0)) for row in rows}):
            at_load = [row for row in rows if row.conditions.get("load_ohm", 0) == load]
            largest = max(at_load, key=lambda row: abs(row.value or 0.0))
            yield _line(name, largest, requirement)
        if not rows:
            yield _missing(name, requirement)


def _output_line(record: RunRecord, name: str, requirement: str, quantity: str) -> SheetLine:
    worst = worst_of(_highest(_rows(record, requirement, quantity)))
    return _missing(name, requirement) if worst is None else _line(name, worst, requirement)


def _bursts_per_second(record: RunRecord) -> Iterator[SheetLine]:
    """Yield the rate of trains of alternating polarity, which follow each other without a pause: one over their duration."""
    if record.declared.get("waveform.kind") != "alternating":
        return
    worst = worst_of(_highest(_rows(record, "OUT-023", "train_duration")))
    seconds = None if worst is None else scale_between(worst.unit, "s")
    if worst is None or not worst.value or seconds is None:
        return
    duration_s, spread = worst.value * seconds, (worst.expanded_uncertainty or 0.0) * seconds
    rate = replace(
        worst, value=1 / duration_s, expanded_uncertainty=spread / duration_s**2 or None,
        unit="1/s", low=None, high=None, acceptance_low=None, acceptance_high=None,
    )  # fmt: skip
    yield _line("Bursts per second", rate, "OUT-023")


def _levels(record: RunRecord) -> Iterator[SheetLine]:
    rows = [
        row
        for row in _rows(record, "OUT-005", "amplitude")
        if row.conditions.get("load_ohm") == _REFERENCE_LOAD_OHM
    ]
    for level in sorted({float(row.conditions.get("level", 0)) for row in rows}):
        at_level = [row for row in rows if row.conditions.get("level", 0) == level]
        largest = max(at_level, key=lambda row: abs(row.value or 0.0))
        yield _line(f"Current at level {level:g}", largest, "OUT-005")


def _protection(record: RunRecord, name: str, requirement: str) -> SheetLine:
    rows = _rows(record, requirement)
    worst = worst_of([row for row in rows if row.value is not None] or rows)
    return _missing(name, requirement) if worst is None else _line(name, worst, requirement)


def _line(name: str, row: MeasurementRecord, requirement: str) -> SheetLine:
    nominal = _nominal(row)
    printed = print_measurement(row)
    deviation = ""
    if nominal and row.value is not None:
        share = round(100 * (row.value / nominal - 1), 1) or 0.0
        deviation = with_unit(f"{share:+.1f}".replace("-", "\N{MINUS SIGN}"), "%")
    load = row.conditions.get("load_ohm")
    return SheetLine(
        parameter=name,
        condition=with_unit(plain(float(load)), "Ω") if isinstance(load, int | float) else "",
        declared=_declared_text(row, nominal)
        if nominal
        else printed.limits.replace("no limit", ""),
        measured=printed.measured if row.value is not None else row.reason or row.verdict.lower(),
        deviation=deviation,
        sign=sign_of(row.verdict),
        requirement=requirement,
    )


def _missing(name: str, requirement: str) -> SheetLine:
    return SheetLine(
        parameter=name, condition="", declared="", measured="", deviation="", sign=None,
        requirement=requirement,
    )  # fmt: skip


def _nominal(row: MeasurementRecord) -> float | None:
    """Return the middle of two limits on one side of zero: the declared nominal."""
    if row.low is None or row.high is None or row.low * row.high <= 0:
        return None
    return (row.low + row.high) / 2


def _declared_text(row: MeasurementRecord, nominal: float) -> str:
    share = 100 * abs((row.high or 0.0) - nominal) / abs(nominal)
    return f"{with_unit(plain(nominal), shown_unit(row.unit))} (± {share:.3g} %)"


def sample_calculation(record: RunRecord) -> list[str]:
    """Return how current density and power density follow from measured values, number by number."""
    area_cm2 = _number(record.declared.get("output.electrode_area", ""))
    rms = _value(record, "OUT-012", "rms_current", "mA")
    density = _value(record, "OUT-016", "rms_current_density", "mA/cm2")
    power = _value(record, "OUT-017", "power_density", "W/cm2")
    lines: list[str] = []
    if area_cm2 and rms is not None:
        lines.append(
            f"Current density = I(r.m.s.) / A = {rms:.4g} mA / {area_cm2:g} cm² = "
            f"{rms / area_cm2:.4g} mA/cm² (row OUT-016: {_said(density, 'mA/cm²')})"
        )
        watts = (rms * 1e-3) ** 2 * _REFERENCE_LOAD_OHM
        lines.append(
            f"Power density = I(r.m.s.)² · R / A = ({rms:.4g} mA)² · 500 Ω / {area_cm2:g} cm² = "
            f"{watts / area_cm2:.3g} W/cm² (row OUT-017, mean of v²/R over 1 s: {_said(power, 'W/cm²')}; "
            "the form asks for less than 0.25 W/cm²)"
        )
    amplitude = _value(record, "OUT-001", "amplitude", "uA")
    duration = _value(record, "OUT-006", "pulse_duration", "ms")
    charge = _value(record, "OUT-018", "phase_charge", "uC")
    if amplitude is not None and duration is not None:
        lines.append(
            f"Phase charge = I · t = {amplitude:.4g} µA · {duration:.4g} ms = "
            f"{amplitude * duration / 1000:.4g} µC for a rectangle (row OUT-018, the integral: "
            f"{_said(charge, 'µC')})"
        )
    return lines


def _said(value: float | None, unit: str) -> str:
    return (
        "not measured"
        if value is None
        else value_with_uncertainty(float(f"{value:.4g}"), None, unit)
    )


def _value(record: RunRecord, requirement: str, quantity: str, unit: str) -> float | None:
    """Return the largest magnitude into 500 ohm at the highest setting, in ``unit``."""
    rows = [
        row
        for row in _highest(_rows(record, requirement, quantity))
        if row.value is not None and row.conditions.get("load_ohm") == _REFERENCE_LOAD_OHM
    ]
    values = [
        abs(row.value) * factor
        for row in rows
        if row.value is not None and (factor := scale_between(row.unit, unit)) is not None
    ]
    return max(values, default=None)


def _number(text: str) -> float | None:
    word = text.partition(" ")[0]
    try:
        return float(word)
    except ValueError:
        return None


def _tracings(record: RunRecord) -> Iterator[Tracing]:
    """Yield a single pulse at each load and a train into 500 ohm, for each mode."""
    captures = {w.sha256: (capture, w) for capture in record.captures for w in capture.waveforms}
    modes = {
        str(row.conditions.get("mode", "standard")): row
        for row in record.measurements
        if TRACING_REQUIREMENT in row.requirements
    }
    for mode, row in modes.items():
        found = _currents(captures[name] for name in row.waveforms if name in captures)
        for load in sorted(found):
            capture, waveform = found[load]
            title = f"single pulse, {load:g} Ω"
            yield Tracing(
                mode=mode, title=title, capture=capture, waveform=waveform, whole_train=False
            )
        if _REFERENCE_LOAD_OHM in found:
            capture, waveform = found[_REFERENCE_LOAD_OHM]
            yield Tracing(
                mode=mode, title="pulse train, 500 Ω", capture=capture, waveform=waveform,
                whole_train=True,
            )  # fmt: skip


def _currents(
    found: Iterable[tuple[CaptureRecord, WaveformRecord]],
) -> dict[float, tuple[CaptureRecord, WaveformRecord]]:
    """Return the records of current by load; a record of a reaction to a fault is no tracing."""
    by_load: dict[float, tuple[CaptureRecord, WaveformRecord]] = {}
    for capture, waveform in found:
        load = capture.conditions.get("load_ohm")
        if waveform.label == "current" and isinstance(load, int | float):
            by_load.setdefault(float(load), (capture, waveform))
    return by_load
