"""Item by item: what a test house's report holds, looked for in the page of a real run and of a simulated one."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bench.record.schema import SignatureRecord
from reports import render_compliance
from reports.completeness import findings
from reports.wording import EXCLUSIONS, HAZARDS
from tests.reports.synthetic import load_waveform, run
from tests.reports.test_completeness import complete
from tests.reports.test_compliance import page_of

ITEMS = {
    "a title": "Compliance test report",
    "b laboratory": "Name L",
    "b address": "Address A",
    "c place": "Place of the tests P",
    "d end mark": "End of report 20261123T100000Z-SIM0001-release",
    "e customer": "Customer C",
    "f method": "Method: as described.",
    "g item": "Serial number SIM0001",
    "g condition": "Condition 3.7 V",
    "h receipt": "Item received R",
    "i dates of the tests": "Started 2026-11-23T10:00:00+00:00",
    "j date of issue": "Date of issue 2026-11-23T10:00:21Z",
    "k sampling": "Sampling none: one item was tested",
    "l items": "The results relate only to the items tested.",
    "l copies": "This report may be copied in full only.",
    "m results with units": "399.2 ± 1.3 µA",
    "n deviations": "No deviation from the plan is recorded.",
    "o authorisation": "Approved by authorises the issue of this report",
    "p external providers": "External providers none: all results are of this bench",
    "7.8.6 rule": "ilac_nonbinary PASS inside the limit by at least w = U",
    "7.8.6 risk": "Risk of a false PASS",
    "7.8.6 to which results": "A verdict applies to the row in which it stands, under the rule named there",
    "7.8.6 which specification": "Specification plan release: 10 requirements",
    "form codes": "F fail (outside the limit under the rule stated)",
    "uncertainty": "Budget of amplitude, level 5, 500 Ω for OUT-001",
    "calibration": "Calibration due",
    "every attempt": "No measurement was repeated. All results of the run are in this report.",
    "requirement to test": "Requirement to test",
    "test to requirement": "Test to requirement",
    "mark": "clause figure unverified: check against your copy",
    "temperature": "temperature 23 °C",
    "humidity": "humidity 40 %",
    "supply": "supply 3.7 V",
    "residual risk": "Hazard to risk control to test to result",
    "safe state": "How the bench was left",
    "FDA 1999 sheet": "Annex A: output specification sheet",
    "FDA summary": "Annex B: bench-test summary",
    "FDA criteria": "Acceptance criteria were fixed before the run",
    "FDA sample": "Sample: one unit, serial SIM0001, firmware 1.4.2",
}
"""ISO/IEC 17025:2017, 7.8.2.1 a to p and 7.8.6; IEC report forms; FDA's guidances of 1999 and 2019."""


@pytest.fixture(scope="module")
def words():
    return page_of(complete()).words()


@pytest.mark.parametrize("item", ITEMS)
def test_the_report_holds(words, item):
    assert ITEMS[item] in words


@pytest.mark.parametrize("field", [field for field, _ in EXCLUSIONS])
def test_an_exclusion_is_stated(words, field):
    assert field in words


@pytest.mark.parametrize("severity", HAZARDS)
def test_a_hazard_leads_to_its_results_or_says_that_nothing_names_it(words, severity):
    trace = words[words.index("Hazard to risk control to test to result") :]
    assert f"{severity}, {HAZARDS[severity]}" in trace


def test_every_item_of_the_standard_is_checked_by_the_machine():
    checked = {item.item[0] for name, item in findings(complete()) if name == "REC-001"}
    assert set("abcdefghijklmnop") == checked


def test_who_signed_stands_on_the_cover():
    signed = SignatureRecord(
        role="head of test", meaning="approved", name="N. Ame", at="2026-11-24T09:00:00Z", key="ab12", problem="",
    )  # fmt: skip
    words = page_of(complete(signatures=(signed,))).words()
    assert "head of test approved N. Ame 2026-11-24T09:00:00Z electronic, Ed25519" in words


EFFICACY = re.compile(
    r"\b(effective|efficac\w+|lifts?|firms?|tones?|rejuvenat\w+|wrinkles?|therap(y|eutic)|cures?|improves)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("verdict", ["PASS", "FAIL", "INCOMPLETE", "ERROR"])
@pytest.mark.parametrize("simulated", [True, False])
def test_no_sentence_claims_that_a_device_works_on_a_face(simulated, verdict):
    text = page_of(replace(complete(), simulated=simulated, verdict=verdict)).words()
    assert [] == EFFICACY.findall(text)
    assert "no result here says anything about benefit to a user" in text


def test_each_printed_sheet_of_a_simulated_run_is_marked_and_a_real_ones_is_not():
    marked = '@top-center { content: "SIMULATED BENCH'
    assert marked in render_compliance(run(), load_waveform)
    assert marked not in render_compliance(complete(), load_waveform)
