"""Coverage of the expanded uncertainty: the true value of the twin against value ± U."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.coverage import LOW_PCT, measure

CERTAIN = 1.5
"""Of U: beyond it an error is a mistake and no chance (one case in three hundred for k = 2)."""


def test_a_few_dozen_true_values_lie_within_their_uncertainty():
    table = measure(profiles=["ref-alt-400"], seeds=[2], levels=2, loads=2, stops=1)
    assert table.count() >= 48
    for name, row in table.rows.items():
        assert row.errors_of_u, name
        assert float(np.abs(row.errors_of_u).max()) <= CERTAIN, (name, row.examples)


@pytest.mark.long
def test_true_values_lie_inside_the_uncertainty_as_often_as_it_says():
    table = measure(seeds=range(1, 13), sessions=30)
    print(table.text())
    assert table.count() >= 2000
    for name, row in table.rows.items():
        assert row.inside_pct >= LOW_PCT, (name, row.examples)
