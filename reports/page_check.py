"""Does a finished page hold what it must? Looked for in its text, as its reader would."""

from __future__ import annotations

from html import escape

from bench.record.schema import RunRecord
from reports.completeness.contents import SIGNATURE_FIELDS, SIGNATURE_ROLES
from reports.page import anchor, css_string
from reports.wording import EXCLUSIONS, SIMULATED_NOTICE, report_title

__all__ = ["page_problems"]

_SECTIONS = (
    "summary", "clauses", "rules", "equipment", "details", "trace", "run", "records", "complete",
    "sheet", "bench-tests",
)  # fmt: skip
RELATES = "The results relate only to the items tested."


def page_problems(page: str, record: RunRecord) -> list[str]:
    """Return what ``page``, the compliance report of ``record``, lacks; one line each."""
    wanted = {
        "its title": f"<h1>{report_title(record)}</h1>",
        "the run on every printed page": css_string(record.run_id),
        "page x of y": "counter(page)",
        "the words that it relates only to the items tested": RELATES,
        "the end mark": f"End of report {escape(record.run_id)}",
        "the head of the journal": record.journal_sha256,
        **{f"section {name}": f'id="{name}"' for name in _SECTIONS},
        **{f"exclusion {field}": escape(field) for field, _ in EXCLUSIONS},
        **{f"signature form, {name.lower()}": f'row">{name}</th>' for name in SIGNATURE_ROLES},
        **{f"signature form, {name.lower()}": f'col">{name}</th>' for name in SIGNATURE_FIELDS},
        **{row.id: f'id="{anchor("req", row.id)}"' for row in record.requirements},
        **({"SIMULATED on every page": SIMULATED_NOTICE} if record.simulated else {}),
    }
    lacking = [f"the page lacks {what}" for what, text in wanted.items() if text not in page]
    rows, printed = _expected_rows(record), page.count('<tr class="m">')
    if rows != printed:
        lacking.append(f"the page holds {printed} of {rows} measurements")
    return lacking


def _expected_rows(record: RunRecord) -> int:
    """Return the rows in the requirements' tables: one for each requirement of a measurement."""
    known = {row.id for row in record.requirements}
    return sum(len(known & set(row.requirements)) for row in record.measurements)
