"""The safety report: several units and runs on one page, for whoever signs the risk file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.decision import FAILED, Verdict
from bench.errors import UsageError
from bench.record.schema import RunRecord, WaveformRecord
from reports.challenge_proof import ChallengeProof
from reports.choice import FigureRequest, choose_figures
from reports.completeness.contents import SIGNATURE_FIELDS, SIGNATURE_ROLES
from reports.evidence import LoadWaveform, draw_all
from reports.page import css_string, environment, raw_anchor
from reports.safety_rows import (
    REACTION_REQUIREMENTS,
    Control,
    controls,
    overall,
    reactions,
    single_faults,
)
from reports.verdicts import sign_of, worst_of
from reports.wording import EXCLUSIONS, HAZARDS, SIMULATED_NOTICE

__all__ = ["render_safety"]

_ANY: Final = 10_000
"""More figures than any run offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _RawRecord:
    anchor: str
    run_id: str
    record: WaveformRecord


def render_safety(
    runs: Sequence[RunRecord],
    load_waveform: LoadWaveform,
    *,
    challenge: ChallengeProof | None = None,
) -> str:
    """Return the report of ``runs`` as one HTML document: no script, inline drawings.

    ``load_waveform`` finds a record of any of the runs. Raises UsageError where the runs are not of one
    profile and one kind of bench.
    """
    _require_alike(runs, challenge)
    table = controls(runs)
    requests = _figures(runs)
    return (
        environment()
        .get_template("safety.html.j2")
        .render(
            runs=runs,
            first=runs[0],
            verdict=sign_of(overall(runs)),
            statement=_statement(runs),
            simulated=runs[0].simulated,
            severities=[
                (severity, meaning, [control for control in table if control.severity == severity])
                for severity, meaning in HAZARDS.items()
            ],
            protections={
                name.partition(".")[2].replace("_", " "): text
                for name, text in runs[0].declared.items()
                if name.startswith(("protection.", "timers."))
            },
            reactions=reactions(runs),
            single_faults=list(single_faults(runs)),
            figures=draw_all(requests, load_waveform),
            records=list(_raw_records(runs, requests)),
            untested=_untested(table),
            challenge=challenge,
            exclusions=EXCLUSIONS,
            signature_roles=SIGNATURE_ROLES,
            signature_fields=SIGNATURE_FIELDS,
            sign_of=sign_of,
            notice=SIMULATED_NOTICE,
            css_string=css_string,
        )
    )


def _require_alike(runs: Sequence[RunRecord], challenge: ChallengeProof | None) -> None:
    if not runs:
        raise UsageError("--safety: expected at least one run")
    for what, found in (
        ("profile", {run.profile for run in runs}),
        ("kind of bench", {"simulated" if run.simulated else "real" for run in runs}),
    ):
        if len(found) > 1:
            raise UsageError(
                f"--safety: expected runs of one {what}, found {', '.join(sorted(found))}; "
                "make a report for each"
            )
    of_a_file = challenge is not None and challenge.profile.endswith(".toml")
    if challenge is not None and not of_a_file and challenge.profile != runs[0].profile:
        raise UsageError(
            f"--challenge: it proves a plan on profile {challenge.profile}, the runs are of "
            f"{runs[0].profile}; run the challenge with --profile {runs[0].profile}"
        )


def _statement(runs: Sequence[RunRecord]) -> str:
    units = len({run.device.serial for run in runs})
    verdict = overall(runs)
    item = "simulated unit" if runs[0].simulated else "unit"
    named = f"{units} {item}s" if units > 1 else item
    if verdict is Verdict.ERROR:
        return f"The bench was at fault in a run of the {named}: nothing is said of the units as a whole."
    if verdict is Verdict.FAIL:
        return f"Of the {named}, not met: {'; '.join(_failed(runs))}."
    if verdict is Verdict.INCOMPLETE:
        return f"At least one required requirement was not decided on the {named}."
    return (
        f"The {named} met every requirement that was tested; what was not tested is listed below."
    )


def _failed(runs: Sequence[RunRecord]) -> Iterator[str]:
    for run in runs:
        ids = [row.id for row in run.requirements if row.verdict in FAILED]
        if ids:
            yield f"{', '.join(ids)} by unit {run.device.serial}"


def _figures(runs: Sequence[RunRecord]) -> list[FigureRequest]:
    """Return the figure of each reaction on the unit whose reaction was the worst."""
    offers = [
        request
        for run in runs
        for request in choose_figures(run, cap=_ANY)
        if request.requirement in REACTION_REQUIREMENTS and request.view != "worst"
    ]
    chosen: list[FigureRequest] = []
    for name in sorted({request.requirement for request in offers}):
        of_name = [request for request in offers if request.requirement == name]
        worst = worst_of([request.row for request in of_name])
        chosen.append(next(request for request in of_name if request.row is worst))
    return chosen


def _raw_records(
    runs: Sequence[RunRecord], requests: Sequence[FigureRequest]
) -> Iterator[_RawRecord]:
    """Yield the drawn records, each once, with the run whose folder holds it."""
    run_of = {w.sha256: run.run_id for run in runs for c in run.captures for w in c.waveforms}
    drawn = {channel.sha256: channel for request in requests for channel in request.channels}
    for name, record in drawn.items():
        yield _RawRecord(anchor=raw_anchor(name), run_id=run_of[name], record=record)


def _untested(table: Sequence[Control]) -> list[Control]:
    """Return the controls of hazards that some unit was not tested for, each once."""
    open_verdicts = {Verdict.NOT_TESTED.value, Verdict.INCONCLUSIVE.value, Verdict.ERROR.value}
    found = {
        control.requirement.id: control
        for control in table
        if any(sign.word in open_verdicts for sign, _ in control.verdicts)
    }
    return list(found.values())
