"""What a safety report shows of several units: hazards, fault reactions and single faults, the worst of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.decision import FAILED, Verdict
from bench.record.schema import MeasurementRecord, RequirementRecord, RunRecord
from reports.conditions import conditions_text
from reports.numbers import margin_text, print_measurement
from reports.verdicts import Sign, sign_of, worst_of
from reports.wording import HAZARDS, clause_text

__all__ = [
    "REACTION_REQUIREMENTS",
    "Cell",
    "Control",
    "Reaction",
    "controls",
    "overall",
    "reactions",
    "single_faults",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One fault, and where its reaction is measured: (requirement, quantity, words of its conditions)."""

    fault: str
    time: tuple[str, str] | None = None
    peak: tuple[str, str] | None = None
    charge: tuple[str, str] | None = None
    latch: tuple[str, str, str] | None = None


_LATCHED: Final = "state after the trip"
_FAULTS: Final = (
    _Asked(
        fault="Overcurrent", time=("FLT-004", "shutdown"), peak=("FLT-005", "fault_peak"),
        charge=("FLT-005", "fault_charge"), latch=("FLT-016", _LATCHED, ""),
    ),
    _Asked(
        fault="Overcurrent, hardware layer alone", time=("FLT-022", "shutdown"),
        latch=("FLT-016", _LATCHED, "OC_HW"),
    ),
    _Asked(
        fault="Overcurrent, firmware layer alone", time=("FLT-023", "shutdown"),
        latch=("FLT-016", _LATCHED, "OC_FW"),
    ),
    _Asked(fault="Direct current, polarity stuck", time=("FLT-006", "shutdown")),
    _Asked(fault="Firmware hung", time=("FLT-012", "shutdown")),
    _Asked(fault="Session timer frozen", time=("FLT-013", "session")),
    _Asked(
        fault="Overheated", time=("FLT-015", "cut_off_temperature"),
        latch=("FLT-015", "fault reported", ""),
    ),
    _Asked(fault="Contact lost", time=("FLT-001", "shutdown")),
    _Asked(
        fault="Stopped by the user", time=("FLT-017", "shutdown"),
        charge=("FLT-028", "residual_charge"),
    ),
    _Asked(fault="Charger connected", time=("FLT-009", "shutdown")),
    _Asked(fault="Link lost", time=("FLT-026", "link_loss")),
    _Asked(fault="Session over", time=("FLT-008", "session")),
    _Asked(fault="Electrodes short-circuited", peak=("FLT-007", "short_circuit_current")),
    _Asked(fault="Contact closed while running", charge=("FLT-025", "excursion_charge")),
    _Asked(
        fault="Supply interrupted", peak=("FLT-010", "residual_current"),
        latch=("FLT-010", "state after the interruption", ""),
    ),
)  # fmt: skip
REACTION_REQUIREMENTS: Final = frozenset(
    asked[0]
    for fault in _FAULTS
    for asked in (fault.time, fault.peak, fault.charge)
    if asked is not None
)
_SINGLE_FAULT: Final = (
    "FLT-004", "FLT-005", "FLT-006", "FLT-012", "FLT-013", "FLT-015", "FLT-016", "FLT-022", "FLT-023",
    "FLT-024", "LKG-003", "LKG-004",
)  # fmt: skip
"""Requirements whose tests put one fault into the unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The worst result of all units for one quantity; ``sign`` None where there is none."""

    text: str
    limits: str = ""
    margin: str = ""
    unit: str = ""
    """Serial number of the unit that gave it."""
    sign: Sign | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """One fault and how the units reacted."""

    fault: str
    requirements: Sequence[str]
    cells: Sequence[Cell]
    """Time, peak, charge, latch."""
    sign: Sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One requirement that controls a hazard, over all units."""

    severity: str
    meaning: str
    requirement: RequirementRecord
    clause: str
    verdicts: Sequence[tuple[Sign, Sequence[str]]]
    """Each verdict with the serial numbers that have it, the worst first."""
    worst: Cell


def overall(runs: Sequence[RunRecord]) -> Verdict:
    """Return the verdict of all runs together, by the rule of a run."""
    found = {run.verdict for run in runs}
    if Verdict.ERROR in found or not all(run.safe_state.confirmed for run in runs):
        return Verdict.ERROR
    for verdict in (Verdict.FAIL, Verdict.INCOMPLETE):
        if verdict in found:
            return verdict
    return Verdict.PASS if found == {Verdict.PASS} else Verdict.INCOMPLETE


def reactions(runs: Sequence[RunRecord]) -> list[Reaction]:
    """Return the reaction to each fault; one that no run tested says so."""
    return [_reaction(asked, runs) for asked in _FAULTS]


def _reaction(asked: _Asked, runs: Sequence[RunRecord]) -> Reaction:
    quantities = (asked.time, asked.peak, asked.charge)
    pairs = [None if pair is None else _worst(runs, *pair) for pair in quantities]
    pairs.append(None if asked.latch is None else _worst(runs, *asked.latch))
    measured = [pair for pair in pairs if pair is not None]
    worst = worst_of([row for _, row in measured])
    named = [asked.time, asked.peak, asked.charge, asked.latch]
    return Reaction(
        fault=asked.fault,
        requirements=tuple(dict.fromkeys(pair[0] for pair in named if pair is not None)),
        cells=[
            _cell(pair, many=len(runs) > 1, asked=name is not None)
            for pair, name in zip(pairs, named, strict=True)
        ],
        sign=sign_of(Verdict.NOT_TESTED if worst is None else worst.verdict),
    )


def _worst(
    runs: Sequence[RunRecord], requirement: str, quantity: str, cause: str = ""
) -> tuple[RunRecord, MeasurementRecord] | None:
    """Return the worst row of a quantity over all runs, with its run."""
    found = [
        (run, row)
        for run in runs
        for row in run.measurements
        if requirement in row.requirements
        and row.quantity == quantity
        and cause in ("", row.conditions.get("cause"))
    ]
    worst = worst_of([row for _, row in found])
    return next(((run, row) for run, row in found if row is worst), None)


def _cell(pair: tuple[RunRecord, MeasurementRecord] | None, *, many: bool, asked: bool) -> Cell:
    if pair is None:
        return Cell(text="not tested" if asked else "")
    run, row = pair
    printed = print_measurement(row)
    return Cell(
        text=printed.measured if row.value is not None else row.reason or "as demanded",
        limits="" if row.value is None else printed.limits,
        margin="" if row.margin_pct is None else margin_text(row.margin_pct),
        unit=run.device.serial if many else "",
        sign=sign_of(row.verdict),
    )


def controls(runs: Sequence[RunRecord]) -> list[Control]:
    """Return every requirement that controls a hazard, by severity, the gravest first."""
    table = _by_requirement(runs)
    return [
        _control(severity, meaning, requirement, table[requirement.id], runs)
        for severity, meaning in HAZARDS.items()
        for requirement in _requirements(runs)
        if severity in requirement.hazards
    ]


def _requirements(runs: Sequence[RunRecord]) -> list[RequirementRecord]:
    """Return each requirement of the runs once."""
    return list({row.id: row for run in runs for row in run.requirements}.values())


def _by_requirement(runs: Sequence[RunRecord]) -> dict[str, dict[str, list[str]]]:
    """Return, by requirement and verdict, the serial numbers that have it."""
    table: dict[str, dict[str, list[str]]] = {}
    for run in runs:
        for row in run.requirements:
            serials = table.setdefault(row.id, {}).setdefault(row.verdict, [])
            if run.device.serial not in serials:
                serials.append(run.device.serial)
    return table


def _control(
    severity: str,
    meaning: str,
    requirement: RequirementRecord,
    verdicts: Mapping[str, list[str]],
    runs: Sequence[RunRecord],
) -> Control:
    rows = [
        (run, row)
        for run in runs
        for row in run.measurements
        if requirement.id in row.requirements and row.margin_pct is not None
    ]
    worst = worst_of([row for _, row in rows])
    pair = next(((run, row) for run, row in rows if row is worst), None)
    signs = sorted(verdicts, key=lambda verdict: (verdict not in FAILED, verdict == Verdict.PASS))
    return Control(
        severity=severity,
        meaning=meaning,
        requirement=requirement,
        clause=clause_text(requirement.clause),
        verdicts=[(sign_of(verdict), verdicts[verdict]) for verdict in signs],
        worst=Cell(text="") if pair is None else _cell(pair, many=len(runs) > 1, asked=True),
    )


def single_faults(runs: Sequence[RunRecord]) -> Iterator[tuple[str, str, RunRecord, Cell]]:
    """Yield (requirement, what and when, run, result) of each row that was taken with a fault injected."""
    for name in _SINGLE_FAULT:
        for run in runs:
            for row in run.measurements:
                if name in row.requirements:
                    said = conditions_text(row.conditions)
                    what = f"{row.quantity}, {said}" if said else row.quantity
                    yield name, what, run, _cell((run, row), many=False, asked=True)
