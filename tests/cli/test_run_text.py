"""The last lines of a run, as a person reads them in the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli.run_text import run_text
from bench.plugin.progress import measurement_text
from tests.reports.synthetic import row, run


@pytest.mark.parametrize(
    ("margin_pct", "said"),
    [(63.4, "63 %"), (100.0, "100 %"), (2.37, "2.4 %"), (-0.0057, "-0.0057 %"), (0.0, "0 %")],
)
def test_a_small_margin_keeps_its_digits(margin_pct, said):
    assert f"margin {said}" in measurement_text(row(margin_pct=margin_pct))


def test_the_smallest_margin_is_of_something_measured():
    count = row(id="c", quantity="traces", margin_pct=0.0, expanded_uncertainty=None)
    measured = row(id="m", quantity="amplitude", margin_pct=12.0)
    text = run_text(run(verdict="PASS", measurements=(count, measured)), Path("runs"))
    assert "smallest margin: OUT-001 amplitude" in text
