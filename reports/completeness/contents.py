"""What a test report, a software test record, a signature and an assurance record must name."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from bench.record.schema import RunRecord
from reports.completeness.finding import Finding, State, all_of, noted, present
from reports.wording import EXCLUSIONS, report_title

__all__ = [
    "SIGNATURE_FIELDS",
    "SIGNATURE_ROLES",
    "assurance_items",
    "authorisation_items",
    "software_test_items",
    "test_report_items",
]

SIGNATURE_ROLES: Final = MappingProxyType(
    {
        "Tested by": "performed the tests; the record is complete",
        "Reviewed by": "reviewed record, deviations and conclusion",
        "Approved by": "authorises the issue of this report",
    }
)
"""Who signs, and what the signature means."""
SIGNATURE_FIELDS: Final = ("Role", "Meaning", "Printed name", "Date and time", "Signature")
"""Columns of the signature form. Source: 21 CFR 11.50 (name, date and time, meaning)."""
_STATION: Final = "the station file"


def test_report_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return the items a to p of ISO/IEC 17025:2017, 7.8.2.1."""
    device, said = record.device, record.laboratory
    unitless = [
        row.id
        for row in record.measurements
        if row.value is not None and not row.unit and not row.exact
    ]
    identity = f"{device.model}, serial {device.serial}" if device.model and device.serial else ""
    methods = [row.id for row in record.requirements if not row.method]
    return (
        present("a title", report_title(record)),
        present(
            "b laboratory and address",
            ", ".join(filter(None, (said.get("name", ""), said.get("address", ""))))
            if said.get("name") and said.get("address")
            else "",
            remedy=f"laboratory and address under [station] of {_STATION}",
        ),
        present("c place of the tests", said.get("place", ""), remedy=f"place under [environment] of {_STATION}"),
        noted("d identification on every page", record.run_id),
        present("e customer", said.get("customer", ""), remedy=f"customer under [environment] of {_STATION}"),
        all_of("f method", methods, total=len(record.requirements), what="requirements name their method"),
        present("g item and its condition", identity, remedy="--serial and --profile"),
        present("h receipt of the item", said.get("received", ""), remedy=f"received under [environment] of {_STATION}"),
        noted("i dates of the tests", record.started_at),
        _issued(record),
        present("k sampling", "no sampling: the one item named under g"),
        present("l relates only to the items tested", "printed on the cover"),
        all_of("m results with units", unitless, total=len(record.measurements), what="results have their unit"),
        present("n deviations and exclusions", f"{len(record.deviations)} deviations, {len(EXCLUSIONS)} exclusions listed"),
        _authorised(record),
        present("p external providers", "none: all results are of this bench"),
    )  # fmt: skip


def _issued(record: RunRecord) -> Finding:
    """Return the date of issue: the end of the run, open while it is under way."""
    if record.finished_at:
        return noted("j date of issue", record.finished_at)
    return Finding(item="j date of issue", state=State.OPEN, found="dated by the end of the run")


def _authorised(record: RunRecord) -> Finding:
    """Return who authorises: open until a person signs what the run has left."""
    approved = [s for s in record.signatures if s.meaning == "approved" and not s.problem]
    if approved:
        found = f"{approved[-1].name}, {approved[-1].role}"
        return Finding(item="o person authorising", state=State.THERE, found=found)
    found = f"not signed; form for {', '.join(SIGNATURE_ROLES).lower()}"
    return Finding(item="o person authorising", state=State.OPEN, found=found)


def software_test_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return the seven items of IEC 62304, 5.7.5 and 9.8."""
    nameless = [row.id for row in record.measurements if not row.test]
    mute = [
        test.node_id
        for test in record.tests
        if test.outcome != "passed" and not test.reason
    ]  # fmt: skip
    hashes = [record.software.get(name, "") for name in ("profile sha256", "requirements sha256")]
    tools = [f"{item.manufacturer} {item.model}".strip() for item in record.equipment]
    return (
        all_of("test", nameless, total=len(record.measurements), what="results name their test"),
        all_of("result and anomalies", mute, total=len(record.tests), what="tests have a result, and a reason where not passed"),
        present("software version of the item", record.device.firmware, remedy="--firmware"),
        present("configuration", f"hardware {record.device.hardware or 'not said'}, profile and requirements by hash" if all(hashes) else ""),
        present("tools", ", ".join(tools), remedy=f"[instruments] of {_STATION}"),
        noted("date", record.started_at),
        noted("tester", record.operator, remedy="--operator"),
    )  # fmt: skip


def authorisation_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return the signature block: the form with its fields, what it binds to, and its state.

    A run is signed after it has ended: signatures are in a report that is rendered after them.
    """
    fields = ", ".join(SIGNATURE_FIELDS).lower()
    return (
        *(present(f"form: {role.lower()}", f"to fill: {fields}") for role in SIGNATURE_ROLES),
        noted("bound to the record", record.journal_sha256),
        _signatures(record),
    )


def _signatures(record: RunRecord) -> Finding:
    """Return who signed; a signature that is not good is worse than none."""
    wrong = [s for s in record.signatures if s.problem]
    if wrong:
        found = f"that of {wrong[0].name} is not valid: {wrong[0].problem}"
        return Finding(item="signatures", state=State.MISSING, found=found)
    if record.signatures:
        found = "; ".join(f"{s.meaning} by {s.name}, {s.role}" for s in record.signatures)
        return Finding(item="signatures", state=State.THERE, found=found)
    found = "none: a run can be signed after it has ended, not before"
    return Finding(item="signatures", state=State.OPEN, found=found)


_ASSURANCE: Final = {
    "intended_use": "intended use",
    "risk": "risk",
    "tests": "tests",
    "issues": "issues",
    "conclusion": "conclusion",
    "made_by": "who and when",
}


def assurance_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return the seven items of the bench's own assurance record, with this session's self-test."""
    steps = record.self_test
    failed = [step.name for step in steps if not step.passed]
    session = all_of("self-test of the session", failed, total=len(steps), what="steps in order")
    if not steps:
        session = present(session.item, "")
    return (
        *(present(item, record.assurance.get(key, "")) for key, item in _ASSURANCE.items()),
        _approval(record),
        session,
    )


def _approval(record: RunRecord) -> Finding:
    said = record.assurance.get("approval", "")
    if record.simulated:
        return Finding(item="approval", state=State.NOT_NEEDED, found=said or "simulated")
    return present("approval", said, remedy=f"bench_approval (name, date) under [environment] of {_STATION}")  # fmt: skip
