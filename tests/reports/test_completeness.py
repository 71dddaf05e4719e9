"""A complete record has nothing missing; each lack is found, alone, by its own item."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.record import store_waveform
from reports import render_compliance, render_run, report_problems
from reports.completeness import CHECKS, State, coverage_of, findings, integrity_items, orphans
from reports.completeness.contents import SIGNATURE_ROLES
from reports.page_check import page_problems
from tests.reports.synthetic import WAVEFORMS, captures, load_waveform, row, run, sha

STARTED = "2026-11-23T10:00:00+00:00"
TEST = "test_plans/output/test_amplitude.py::test_amplitude"


def complete(**changes):
    """Return a real run in which nothing is missing."""
    record = run()
    demands = tuple(
        replace(demand, method="as described", hazards=("S3",), kind="limit", reason="said why")
        for demand in record.requirements
    )
    rows = tuple(
        replace(found, test=TEST, at_utc="2026-11-23T10:00:05+00:00", unit=found.unit or "1")
        for found in record.measurements
        if found.value is None or found.expanded_uncertainty is not None
    )
    stated = {
        "intended_use": "t", "risk": "t", "tests": "t", "issues": "t", "conclusion": "t",
        "made_by": "t", "approval": "A. Name, 2026-11-01",
    }  # fmt: skip
    whole = replace(
        record,
        simulated=False,
        started_at=STARTED,
        requirements=demands,
        measurements=rows,
        tests=tuple(replace(test, reason="said why") for test in record.tests),
        equipment=tuple(replace(item, calibration_due="2027-04-30") for item in record.equipment),
        planned={TEST: tuple(demand.id for demand in demands)},
        laboratory={"name": "L", "address": "A", "place": "P", "customer": "C", "received": "R"},
        environment={"temperature": "23 °C", "humidity": "40 %", "supply": "3.7 V"},
        software=dict.fromkeys(("plan sha256", "requirements sha256", "profile sha256"), "ab"),
        assurance=stated,
        journal_lines=9,
        journal_sha256="cd" * 32,
    )
    return replace(whole, **changes)


def missing(record):
    return {
        (requirement, finding.item)
        for requirement, finding in findings(record)
        if finding.state is State.MISSING
    }


def test_nothing_is_missing_from_a_complete_record():
    assert set() == missing(complete())


def test_only_what_nobody_can_know_yet_is_open():
    states = {
        (requirement, finding.item)
        for requirement, finding in findings(complete())
        if finding.state is State.OPEN
    }
    assert {("REC-001", "o person authorising"), ("REC-009", "signatures")} == states


def _without_rule(record):
    first = record.measurements[0]
    demands = [
        replace(r, rule="") if r.id in first.requirements else r for r in record.requirements
    ]
    return {"measurements": (replace(first, rule=""),), "requirements": tuple(demands)}


LACKS = [
    ("REC-001", "b laboratory and address", lambda _: {"laboratory": {"place": "P", "customer": "C", "received": "R"}}),
    ("REC-001", "f method", lambda r: {"requirements": (replace(r.requirements[0], method=""),)}),
    ("REC-002", "decision rule", _without_rule),
    ("REC-002", "specification", lambda r: {"measurements": (replace(r.measurements[0], low=None, high=None),), "requirements": tuple(replace(q, limit_text="") for q in r.requirements)}),
    ("REC-003", "U and k", lambda r: {"measurements": (replace(r.measurements[0], expanded_uncertainty=None),)}),
    ("REC-003", "U and k", lambda r: {"measurements": (replace(r.measurements[0], coverage_factor=None),)}),
    ("REC-004", "software version of the item", lambda r: {"device": replace(r.device, firmware="")}),
    ("REC-004", "tester", lambda _: {"operator": ""}),
    ("REC-004", "result and anomalies", lambda r: {"tests": (replace(r.tests[0], outcome="failed", reason=""),)}),
    ("REC-005", "requirement to test", lambda r: {"planned": {TEST: tuple(q.id for q in r.requirements[1:])}}),
    ("REC-005", "test to requirement", lambda r: {"planned": {**r.planned, "stray": ("OUT-999",)}}),
    ("REC-005", "result to requirement", lambda r: {"measurements": (replace(r.measurements[0], requirements=("OUT-999",)),)}),
    ("REC-007", "scope", lambda r: {"equipment": (replace(r.equipment[0], calibration_due="2026-11-22"),)}),
    ("REC-007", "scope", lambda r: {"equipment": (replace(r.equipment[0], serial=""),)}),
    ("REC-009", "bound to the record", lambda _: {"journal_sha256": ""}),
    ("REC-010", "requirements sha256", lambda r: {"software": {**r.software, "requirements sha256": ""}}),
    ("REC-010", "dated before the run", lambda r: {"started_at": "2026-11-23T10:00:06+00:00"}),
    ("REC-010", "planned before the run", lambda r: {"measurements": (replace(r.measurements[0], test="later"),)}),
    ("REC-011", "attempts", lambda r: {"measurements": (replace(r.measurements[0], attempt=2),)}),
    ("REC-012", "tested", lambda r: {"requirements": tuple(replace(q, verdict="NOT APPLICABLE", reason="") for q in r.requirements)}),
    ("REC-013", "approval", lambda r: {"assurance": {**r.assurance, "approval": ""}}),
    ("REC-013", "self-test of the session", lambda r: {"self_test": (replace(r.self_test[0], passed=False),)}),
    ("REC-014", "humidity", lambda _: {"environment": {"temperature": "23 °C", "supply": "3.7 V"}}),
    ("REC-014", "settings", lambda r: {"measurements": (replace(r.measurements[0], conditions={}, waveforms=()),)}),
]  # fmt: skip


@pytest.mark.parametrize(("requirement", "item", "change"), LACKS)
def test_each_lack_is_found_by_its_item(requirement, item, change):
    whole = complete()
    assert (requirement, item) in missing(replace(whole, **change(whole)))


def test_a_risk_control_without_a_hazard_is_an_orphan():
    whole = complete()
    demands = [replace(q, hazards=()) if q.group == "fault" else q for q in whole.requirements]
    assert orphans(replace(whole, requirements=tuple(demands))).controls


def test_an_inconclusive_row_may_lack_its_uncertainty_where_it_says_why():
    whole = complete()
    first = replace(whole.measurements[0], expanded_uncertainty=None, verdict="INCONCLUSIVE")
    assert ("REC-003", "U and k") not in missing(
        replace(whole, measurements=(replace(first, reason="no table for this range"),))
    )
    assert ("REC-003", "U and k") in missing(
        replace(whole, measurements=(replace(first, reason=""),))
    )


def test_a_count_has_no_uncertainty():
    whole = complete()
    first = replace(whole.measurements[0], expanded_uncertainty=None, exact=True)
    assert set() == missing(replace(whole, measurements=(first,)))


def test_a_simulated_bench_needs_no_approval_and_no_calibration():
    whole = complete()
    record = replace(
        whole,
        simulated=True,
        assurance={**whole.assurance, "approval": ""},
        equipment=tuple(replace(item, calibration_due="") for item in whole.equipment),
    )
    assert set() == missing(record)


def test_findings_of_equal_results_are_equal():
    one, other = complete(), complete(run_id="other", journal_sha256="ef" * 32, operator="B. Else")
    assert findings(one) == findings(other)


def test_the_four_lists_leave_no_requirement_out():
    lists = coverage_of(complete())
    ids = {demand.id for demand in complete().requirements}
    assert ids == {*lists.applicable, *lists.not_applicable}
    assert set(lists.applicable) == {*lists.tested, *lists.untested}
    assert set(lists.failed) <= set(lists.tested)


def test_a_stored_waveform_that_was_changed_or_removed_is_found(tmp_path):
    name = store_waveform(tmp_path, WAVEFORMS[sha("current")])
    channel = replace(captures()[0].waveforms[0], sha256=name)
    record = complete(captures=(replace(captures()[0], waveforms=(channel,)),))
    assert {State.THERE} == {item.state for item in integrity_items(tmp_path, record)}
    (tmp_path / f"{name}.npz").write_bytes(b"altered")
    assert [State.THERE, State.MISSING] == [i.state for i in integrity_items(tmp_path, record)]
    (tmp_path / f"{name}.npz").unlink()
    assert State.MISSING is integrity_items(tmp_path, record)[1].state


def test_every_record_requirement_but_identity_and_integrity_has_its_check():
    assert {f"REC-{n:03d}" for n in range(1, 15)} - {"REC-006", "REC-008"} == set(CHECKS)


def test_the_page_of_a_complete_record_lacks_nothing():
    record = complete()
    assert [] == page_problems(render_compliance(record, load_waveform), record)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("End of report", "the page lacks the end mark"),
        ('<tr class="m">', "measurements"),
        ("counter(page)", "page x of y"),
        ('id="trace"', "section trace"),
        (f'row">{next(iter(SIGNATURE_ROLES))}<', "signature form, tested by"),
    ],
)
def test_a_part_torn_out_of_the_page_is_missed(part, said):
    record = complete()
    page = render_compliance(record, load_waveform)
    assert part in page
    assert any(said in line for line in page_problems(page.replace(part, "", 1), record))


def test_what_is_missing_stands_in_the_report_and_is_told(tmp_path):
    (tmp_path / "waveforms").mkdir()
    record = complete(operator="", measurements=(row(test=TEST),), captures=())
    text = render_run(tmp_path, record).read_text(encoding="utf-8")
    assert "Missing:" in text
    assert any(line.startswith("REC-004 tester") for line in report_problems(tmp_path, record))
