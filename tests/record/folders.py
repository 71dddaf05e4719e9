"""Small run folders, written as a run writes them."""

from __future__ import annotations

from bench.record import Journal, create_run_folder
from bench.record.events import Finished, Kind, Started
from bench.record.schema import (
    DeviceRecord,
    MeasurementRecord,
    RequirementRecord,
    SafeStateRecord,
    TestOutcome,
)

DEVICE = DeviceRecord(model="M", serial="S1", firmware="1.0", udi="")


def requirement(identifier, *, verdict="NOT TESTED"):
    return RequirementRecord(
        id=identifier, title=identifier, clause="", source="", mark="P", verdict=verdict,
        worst_margin_pct=None, reason="no test of this run measures it",
    )  # fmt: skip


def measurement(identifier, verdict="PASS", margin=50.0, reason=""):
    return MeasurementRecord(
        id=f"{identifier}/x", requirements=(identifier,), quantity="x", basis="declared", value=1.0,
        unit="µA", expanded_uncertainty=0.1, coverage_factor=2.0, low=0.0, high=2.0,
        rule="guarded_u", verdict=verdict, margin_pct=margin, p_conform=1.0, conditions={"level": 1},
        waveforms=(), attempt=1, reason=reason,
    )  # fmt: skip


def outcome(node, identifier):
    return TestOutcome(
        node_id=node, outcome="passed", duration_s=0.1, reason="", requirements=(identifier,)
    )


def write(folder, *lines, planned=None, requirements=None):
    create_run_folder(folder)
    started = Started(
        run_id="r", plan="release", simulated=True, device=DEVICE, profile="p", profile_title="P",
        station="s", seed=1, requirements=requirements or (requirement("OUT-001"),),
        software={}, declared={}, assumptions=(), environment={}, operator="", started_at="2026-11-24T10:00:00.000+00:00",
        planned=planned if planned is not None else {"test_a": ("OUT-001",)},
    )  # fmt: skip
    with Journal(folder / "journal.jsonl") as journal:
        journal.append(Kind.STARTED, started)
        for kind, data in lines:
            journal.append(kind, data)
    return folder


SAFE = (Kind.SAFE_STATE, SafeStateRecord(confirmed=True, steps=()))
OVER = (Kind.FINISHED, Finished(outcome="completed", finished_at="2026-11-24T10:01:00.000+00:00"))
DONE = (Kind.TEST, outcome("test_a", "OUT-001"))
