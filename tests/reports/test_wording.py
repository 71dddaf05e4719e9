"""The overall statement claims no more than was measured with calibrated instruments."""

from dataclasses import replace

import pytest

from reports.wording import statement
from tests.reports.synthetic import run


def overdue_scope(**changes):
    record = run(simulated=False, **changes)
    scope, *rest = record.equipment
    late = replace(scope, calibrated=False, calibration_status="overdue since 2020-09-30")
    return replace(record, equipment=(late, *rest))


def test_calibrated_instruments_can_say_that_the_item_complies():
    assert "complies" in statement(run(simulated=False, verdict="PASS"))


@pytest.mark.parametrize("verdict", ["PASS", "FAIL", "INCOMPLETE", "ERROR"])
def test_with_an_overdue_instrument_nothing_complies(verdict):
    text = statement(overdue_scope(verdict=verdict))
    assert "compl" not in text
    assert "No statement of conformity" in text
    assert "overdue since 2020-09-30" in text


def test_what_was_not_met_is_named_all_the_same():
    assert "Not met by these values" in statement(overdue_scope(verdict="FAIL"))
