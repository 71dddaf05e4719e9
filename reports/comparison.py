"""The page of ``bench compare``: the answer, why, each measurement, and the records of A and B overlaid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from bench.compare import Comparison, Outcome, RowComparison, Side
from bench.decision import Verdict
from bench.errors import BenchError
from bench.waveform import Waveform
from reports.numbers import margin_text, plain, value_with_uncertainty, with_unit
from reports.overlay import aligned, why_not_overlaid
from reports.page import css_string, environment
from reports.plot import Overlay, Trace, figure
from reports.units import shown_unit
from reports.verdicts import Sign, sign_of
from reports.wording import SIMULATED_NOTICE

__all__ = ["LoadRecord", "render_comparison"]

LoadRecord = Callable[[Side, str, str], Waveform]
"""Returns a stored waveform of a side by serial number and SHA-256; raises BenchError or OSError."""

_FIGURES: Final = 6
_LIKE: Final = {
    Outcome.REGRESSION: Verdict.FAIL,
    Outcome.CANNOT_TELL: Verdict.INCOMPLETE,
    Outcome.NONE_SHOWN: Verdict.PASS,
    Outcome.EQUAL: Verdict.PASS,
    Outcome.BETTER: Verdict.PASS,
}
"""Which verdict lends an outcome its shape and tone."""
_ORDER: Final = (
    Outcome.REGRESSION,
    Outcome.CANNOT_TELL,
    Outcome.BETTER,
    Outcome.EQUAL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _RowView:
    row: RowComparison
    sign: Sign
    mean_a: str
    mean_b: str
    difference: str
    margin_change: str
    p_effect: str
    p_equivalence: str


def render_comparison(comparison: Comparison, load: LoadRecord) -> str:
    """Return the page as one HTML document: no script, inline drawings.

    A record that ``load`` cannot return becomes a visible note where its figure would stand.
    """
    rows = sorted(
        comparison.rows, key=lambda row: (_ORDER.index(row.outcome), row.margin_change_pct)
    )
    worse = [row for row in rows if row.outcome is Outcome.REGRESSION]
    return (
        environment()
        .get_template("compare.html.j2")
        .render(
            c=comparison,
            sign=_sign(comparison.outcome),
            rows=[_view(row) for row in rows],
            counts=[
                (_sign(outcome), sum(row.outcome is outcome for row in rows)) for outcome in _ORDER
            ],
            figures=_figures(comparison, worse, load),
            simulated=comparison.a.simulated,
            notice=SIMULATED_NOTICE,
            css_string=css_string,
            value_text=_value,
        )
    )


def _sign(outcome: Outcome) -> Sign:
    return replace(sign_of(_LIKE[outcome].value), word=outcome.value)


def _view(row: RowComparison) -> _RowView:
    return _RowView(
        row=row,
        sign=_sign(row.outcome),
        mean_a=_mean(row.mean_a, row),
        mean_b=_mean(row.mean_b, row),
        difference=value_with_uncertainty(row.difference, row.expanded_uncertainty, row.unit),
        margin_change=margin_text(row.margin_change_pct),
        p_effect=_probability(row.p_effect),
        p_equivalence=_probability(row.p_equivalence),
    )


def _mean(mean: float, row: RowComparison) -> str:
    """Return a mean with the decimals that the uncertainty of the difference supports."""
    number = value_with_uncertainty(mean, row.expanded_uncertainty, "").partition(" ±")[0]
    return with_unit(number, shown_unit(row.unit))


def _value(value: float, unit: str) -> str:
    return with_unit(plain(float(f"{value:.4g}")), shown_unit(unit))


def _probability(p: float) -> str:
    return "< 0.0001" if p < 1e-4 else f"{p:.4f}"


def _figures(comparison: Comparison, worse: Sequence[RowComparison], load: LoadRecord) -> list[str]:
    """Draw the record of one unit that is on both sides, for the worst measurements."""
    both = sorted(comparison.a.runs.keys() & comparison.b.runs.keys())
    drawn: list[str] = []
    for row in worse:
        records = _records(comparison, row.id, both)
        if records is not None and len(drawn) < _FIGURES:
            drawn.append(_figure(comparison, row, records, load))
    return drawn


def _records(comparison: Comparison, name: str, both: Sequence[str]) -> tuple[str, str, str] | None:
    """Return serial number and the two waveforms of a measurement, None where there are none."""
    for serial in both:
        of_a, of_b = (
            next((row.waveforms for row in side.runs[serial].measurements if row.id == name), ())
            for side in (comparison.a, comparison.b)
        )
        if of_a and of_b:
            return serial, of_a[0], of_b[0]
    return None


def _figure(
    comparison: Comparison, row: RowComparison, records: tuple[str, str, str], load: LoadRecord
) -> str:
    serial, of_a, of_b = records
    title = f"{row.id}, unit {serial}"
    try:
        pair = load(comparison.a, serial, of_a), load(comparison.b, serial, of_b)
        names = f"A {comparison.a.firmware}", f"B {comparison.b.firmware}"
        reason = why_not_overlaid(*pair)
        if reason:
            traces = [Trace(waveform=w, label=n) for w, n in zip(pair, names, strict=True)]
            text = f"{title}. One above the other: {reason}."
            return figure(traces, title=title, caption=escape(text))
        over, window = aligned(*pair)
        trace = Trace(
            waveform=pair[0], label="value",
            over=Overlay(waveform=over, label=names[1], under=names[0]),
        )  # fmt: skip
        text = f"{title}. B laid over A, aligned where the drawn pulse starts; envelopes of all samples."
        return figure([trace], title=title, caption=escape(text), window_s=window)
    except (BenchError, OSError, ValueError) as error:
        return f'<p class="missing">{escape(title)}: {escape(str(error))}</p>'
