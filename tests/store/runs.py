"""Run folders for a store, and what a store must then hold."""

from __future__ import annotations

from dataclasses import replace

from bench.record import Journal, create_run_folder, load_run
from bench.record.closing import close_run
from bench.record.events import Finished, Kind, Started
from bench.record.schema import DeviceRecord, SafeStateRecord
from bench.store import mark_pending
from tests.record.folders import measurement, outcome, requirement


def write_run(parent, name, *, serial="S1", rows=5, simulated=True, firmware="1.0", values=None):
    """A whole run, closed and marked to be stored."""
    folder = create_run_folder(parent / name)
    mark_pending(folder)
    started = Started(
        run_id=name, plan="release", simulated=simulated, profile="p", profile_title="P",
        device=DeviceRecord(model="M", serial=serial, firmware=firmware, udi=""),
        station="s", seed=1, requirements=(requirement("OUT-001"),),
        software={}, declared={}, assumptions=(), environment={}, operator="",
        started_at=f"2026-11-24T10:00:00.{len(list(parent.iterdir())):03d}+00:00",
        planned={"test_a": ("OUT-001",)},
    )  # fmt: skip
    with Journal(folder / "journal.jsonl") as journal:
        journal.append(Kind.STARTED, started)
        for number in range(rows):
            value = 1.0 + number / 1000 if values is None else values[number]
            row = replace(measurement("OUT-001"), id=f"OUT-001/x/{number}", value=value)
            journal.append(Kind.MEASUREMENT, row)
        journal.append(Kind.TEST, outcome("test_a", "OUT-001"))
        journal.append(Kind.SAFE_STATE, SafeStateRecord(confirmed=True, steps=()))
        journal.append(
            Kind.FINISHED,
            Finished(outcome="completed", finished_at="2026-11-24T10:01:00.000+00:00"),
        )
    (folder / "summary.json").write_text("{}")
    close_run(folder)
    return folder


def expected_rows(folders):
    """Every measurement of the folders' journals: run, measurement, value; sorted."""
    return sorted(
        (record.run_id, row.id, row.value)
        for record in map(load_run, folders)
        for row in record.measurements
    )


def stored_rows(rows):
    """The same of what :func:`bench.store.history_rows` returned."""
    return sorted((row[0], row[9], row[10]) for row in rows)
