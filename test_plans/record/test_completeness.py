"""The record holds what a reader of its report may ask for, as far as it is known by now.

The same is looked at again, to the end of the record, each time that a report is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from bench.judge import Verdict
from bench.plugin import Check
from bench.record.run_folder import WAVEFORM_FOLDER
from bench.record.schema import RunRecord
from reports.completeness import CHECKS, Finding, State, integrity_items

pytestmark = pytest.mark.closing


@pytest.mark.requirement("REC-001")
def test_report_has_every_item(record_so_far: RunRecord, check: Check) -> None:
    _state("REC-001", CHECKS["REC-001"](record_so_far), check)


@pytest.mark.requirement("REC-002")
def test_every_statement_names_specification_and_rule(
    record_so_far: RunRecord, check: Check
) -> None:
    _state("REC-002", CHECKS["REC-002"](record_so_far), check)


@pytest.mark.requirement("REC-003")
def test_uncertainty_stands_beside_every_value(record_so_far: RunRecord, check: Check) -> None:
    _state("REC-003", CHECKS["REC-003"](record_so_far), check)


@pytest.mark.requirement("REC-004")
def test_software_test_record_is_complete(record_so_far: RunRecord, check: Check) -> None:
    _state("REC-004", CHECKS["REC-004"](record_so_far), check)


@pytest.mark.requirement("REC-005")
def test_no_orphan_in_either_direction(record_so_far: RunRecord, check: Check) -> None:
    _state("REC-005", CHECKS["REC-005"](record_so_far), check)


@pytest.mark.requirement("REC-007")
def test_instruments_are_known_and_in_calibration(record_so_far: RunRecord, check: Check) -> None:
    _state("REC-007", CHECKS["REC-007"](record_so_far), check)


@pytest.mark.requirement("REC-008")
def test_record_is_intact(record_so_far: RunRecord, run_folder: Path, check: Check) -> None:
    _state("REC-008", integrity_items(run_folder / WAVEFORM_FOLDER, record_so_far), check)


@pytest.mark.requirement("REC-009")
def test_there_is_a_form_to_sign(record_so_far: RunRecord, check: Check) -> None:
    _state("REC-009", CHECKS["REC-009"](record_so_far), check)


@pytest.mark.requirement("REC-010")
def test_criteria_were_fixed_before_the_run(record_so_far: RunRecord, check: Check) -> None:
    _state("REC-010", CHECKS["REC-010"](record_so_far), check)


@pytest.mark.requirement("REC-011")
def test_every_attempt_is_kept(record_so_far: RunRecord, check: Check) -> None:
    _state("REC-011", CHECKS["REC-011"](record_so_far), check)


@pytest.mark.requirement("REC-012")
def test_coverage_is_stated(record_so_far: RunRecord, check: Check) -> None:
    _state("REC-012", CHECKS["REC-012"](record_so_far), check)


@pytest.mark.requirement("REC-013")
def test_bench_is_fit_for_its_use(record_so_far: RunRecord, check: Check) -> None:
    _state("REC-013", CHECKS["REC-013"](record_so_far), check)


@pytest.mark.requirement("REC-014")
def test_every_result_names_its_conditions(record_so_far: RunRecord, check: Check) -> None:
    _state("REC-014", CHECKS["REC-014"](record_so_far), check)


def _state(requirement: str, findings: Iterable[Finding], check: Check) -> None:
    for finding in findings:
        match finding.state:
            case State.OPEN:
                check.recorded(requirement, finding.item, found=f"open: {finding.found}")
            case State.NOT_NEEDED:
                check.undecided(
                    requirement, finding.item, verdict=Verdict.NOT_APPLICABLE, reason=finding.found
                )
            case _:
                check.fact(
                    requirement, finding.item, holds=finding.state is State.THERE, found=finding.found
                )  # fmt: skip
