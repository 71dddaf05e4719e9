"""The challenge as a page: fault by severity, what caught each, and what the counts support."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jinja2

from bench.challenge.matrix import ChallengeRow, Healthy, load_faults

__all__ = ["challenge_page"]

SEVERITIES: Final = ("low", "middle", "high")
WORDS: Final = {
    "caught": "caught",
    "missed": "MISSED",
    "wrong_reason": "WRONG REASON",
    "below_limit": "below limit",
}
_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultLine:
    """One line of the matrix."""

    id: str
    title: str
    hazard: str
    expected: Sequence[str]
    cells: Sequence[ChallengeRow | None]
    """By severity; one cell alone for a fault without severities."""


def challenge_page(
    *,
    plan: str,
    profiles: Sequence[str],
    rows: Sequence[ChallengeRow],
    healthy: Healthy,
    healthy_rows: Sequence[ChallengeRow] = (),
    bounds: Mapping[str, float | None],
) -> str:
    """Return the page as HTML: static, self-contained, readable without JavaScript."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    return environment.get_template("page.html.j2").render(
        plan=plan,
        profiles=profiles,
        usual=Counter(row.profile for row in rows).most_common(1)[0][0] if rows else "",
        lines=_lines(rows),
        severities=SEVERITIES,
        words=WORDS,
        count=Counter(row.outcome for row in rows),
        total=len(rows),
        open_rows=[row for row in rows if row.outcome in ("missed", "wrong_reason")],
        healthy=healthy,
        units=_by_profile(healthy_rows),
        alarms=[row for row in healthy_rows if row.verdict != "PASS"],
        bounds=bounds,
    )


def _by_profile(rows: Sequence[ChallengeRow]) -> list[tuple[str, int, str]]:
    """Return profile, number of units, and how often the plan said what of them."""
    said: dict[str, Counter[str]] = {}
    for row in rows:
        said.setdefault(row.profile, Counter())[row.verdict.partition(":")[0]] += 1
    return [
        (name, found.total(), ", ".join(f"{number} {word}" for word, number in found.most_common()))
        for name, found in sorted(said.items())
    ]


def _lines(rows: Sequence[ChallengeRow]) -> list[FaultLine]:
    table = load_faults()
    by_fault: dict[str, dict[str, ChallengeRow]] = {}
    for row in rows:
        by_fault.setdefault(row.fault, {})[row.severity or "high"] = row
    lines: list[FaultLine] = []
    for fault, found in by_fault.items():
        entry = table.get(fault)
        lines.append(
            FaultLine(
                id=fault,
                title=entry.title if entry else "a fault of the bench or of a file",
                hazard=entry.hazard if entry else "",
                expected=entry.requirements if entry else (),
                cells=[found.get(severity) for severity in SEVERITIES],
            )
        )
    return lines
