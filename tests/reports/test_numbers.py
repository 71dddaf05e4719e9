"""Rounding and wording of numbers."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.record.schema import SelfTestStep
from reports.conditions import common_conditions, conditions_text, own_conditions
from reports.numbers import (
    limits_text,
    margin_text,
    plain,
    print_measurement,
    probability_text,
    step_limits_text,
    step_value_text,
    uncertainty_decimals,
    value_with_uncertainty,
)
from reports.units import engineering, scale_between, shown_unit
from tests.reports.synthetic import row

NB = "\N{NO-BREAK SPACE}"


def measured(**changes):
    return print_measurement(row(**changes)).measured.replace(NB, " ")


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [
        (399.2471, 1.2843, "399.2 ± 1.3 µA"),
        (399.2471, 0.0996, "399.25 ± 0.10 µA"),
        (399.2471, 0.00123, "399.2471 ± 0.0012 µA"),
        (1234.5, 123.0, "1230 ± 120 µA"),
        (-0.004, 0.01, "0.004 ± 0.010 µA".replace("0.004", "−0.004", 1)),
        (-0.0004, 0.1, "0.00 ± 0.10 µA"),
        (5.0, None, "5 µA"),
        (5.0, 0.0, "5 µA"),
    ],
)
def test_uncertainty_has_two_digits_and_the_value_its_decimals(value, spread, text):
    found = measured(value=value, expanded_uncertainty=spread, low=None, high=700.0)
    assert found == text


def test_seconds_print_in_a_readable_unit_with_their_limits():
    printed = print_measurement(
        row(value=0.0082, expanded_uncertainty=1.3e-5, unit="s", low=None, high=0.02)
    )
    assert printed.measured == f"8.200 ± 0.013{NB}ms"
    assert printed.limits == f"≤{NB}20{NB}ms"


@pytest.mark.parametrize("value", [440.04, 439.96])
def test_rounding_never_moves_a_value_across_its_limit(value):
    text = measured(value=value, expanded_uncertainty=12.0)
    shown = float(text.split(" ")[0])
    assert (shown > 440) == (value > 440)
    assert shown != 440


@pytest.mark.parametrize(
    ("value", "text", "acceptance"),
    [
        (400.0, "400.0 ± 3.1 µA", "363.2 to 436.8 µA"),
        (363.1, "363.1 ± 3.1 µA", "363.2 to 436.8 µA"),
        (363.13, "363.13 ± 3.10 µA", "363.13 to 436.87 µA"),
        (436.9, "436.9 ± 3.1 µA", "363.2 to 436.8 µA"),
        (436.873, "436.87 ± 3.10 µA", "363.13 to 436.87 µA"),
    ],
)
def test_acceptance_has_the_digits_of_the_uncertainty_and_never_looks_wider(
    value, text, acceptance
):
    changes = {"expanded_uncertainty": 3.1, "low": 360.0, "high": 440.0}
    changes |= {"acceptance_low": 363.127, "acceptance_high": 436.873}
    printed = print_measurement(row(value=value, **changes))

    assert printed.measured.replace(NB, " ") == text
    assert printed.acceptance.replace(NB, " ") == acceptance


def numbers(text):
    return [float(word.replace("−", "-")) for word in re.findall(r"[−-]?\d+(?:\.\d+)?", text)]


@given(
    st.floats(-500, 500),
    st.floats(1e-3, 150),
    st.floats(-400, 0),
    st.floats(1, 400),
    st.floats(0.5, 2),
)
def test_what_is_printed_decides_as_the_numbers_do(value, spread, low, width, guard):
    ends = low + guard * min(spread, width / 5), low + width - guard * min(spread, width / 5)
    printed = print_measurement(
        row(
            value=value, expanded_uncertainty=spread, low=low, high=low + width,
            acceptance_low=ends[0], acceptance_high=ends[1],
        )
    )  # fmt: skip
    shown = numbers(printed.value)[0]
    from_, to = numbers(printed.acceptance)

    assert (ends[0] <= value <= ends[1]) == (from_ <= shown <= to)
    assert from_ >= ends[0] - 1e-6
    assert to <= ends[1] + 1e-6
    assert from_ < to


def test_a_null_value_says_so():
    assert measured(value=None) == "no value"
    assert print_measurement(row(low=None, high=None)).limits == "no limit"


def test_a_fact_has_neither_value_nor_limits():
    printed = print_measurement(row(value=None, low=None, high=None))
    assert (printed.measured, printed.limits) == ("–", "–")


def test_a_value_that_is_not_finite_is_named():
    assert measured(value=math.inf) == "not finite ± 1.3 µA"


@given(st.floats(min_value=1e-6, max_value=1e6))
def test_two_significant_digits_whatever_the_size(spread):
    decimals = uncertainty_decimals(spread)
    shown = round(round(spread, decimals) * 10.0**decimals)
    assert 10 <= shown <= 99


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (None, 10.0, "≤ 10 µA"),
        (360.0, None, "≥ 360 µA"),
        (-1.0, 1.0, "−1 to 1 µA"),
        (0.0, 0.0, "= 0 µA"),
        (None, None, "no limit"),
    ],
)
def test_limits_in_words(low, high, text):
    assert limits_text(low, high, "uA").replace(NB, " ") == text


@pytest.mark.parametrize(
    ("margin", "text"),
    [(None, "–"), (98.14, "98.1 %"), (-28.24, "−28.2 %"), (-0.04, "−0.040 %"), (0.0, "0.0 %")],
)
def test_margins_keep_their_sign(margin, text):
    assert margin_text(margin).replace(NB, " ") == text


@pytest.mark.parametrize(
    ("probability", "text"),
    [(None, "–"), (1.0, "> 99.99 %"), (0.9413, "94.13 %"), (0.0, "< 0.01 %")],
)
def test_no_probability_is_certain(probability, text):
    assert probability_text(probability).replace(NB, " ") == text


def test_plain_numbers():
    assert plain(-0.0) == "0"
    assert plain(10000.0) == "10000"
    assert plain(31_000_000.0) == "31000000"
    assert plain(-1.5) == "−1.5"
    assert plain(math.nan) == "not finite"


def test_a_budget_prints_like_its_measurement():
    assert value_with_uncertainty(399.2471, 1.2843, "uA") == f"399.2 ± 1.3{NB}µA"
    assert value_with_uncertainty(2.0, None, "1") == "2"


def test_steps_of_the_self_test():
    step = SelfTestStep(name="zero", passed=True, value=2.1e-7, unit="A", high=2e-6)
    assert step_value_text(step).replace(NB, " ") == "0.21 µA"
    assert step_limits_text(step).replace(NB, " ") == "≤ 2 µA"
    bare = SelfTestStep(name="queues", passed=True)
    assert (step_value_text(bare), step_limits_text(bare)) == ("–", "–")


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("uA", "µA"),
        ("ohm", "Ω"),
        ("degC", "°C"),
        ("mA/cm2", "mA/cm²"),
        ("1", ""),
        ("pulses", "pulses"),
    ],
)
def test_units_as_printed(unit, shown):
    assert shown_unit(unit) == shown


def test_units_convert_only_within_a_kind():
    assert scale_between("uA", "A") == 1e-6
    assert scale_between("s", "ms") == 1e3
    assert scale_between("uA", "V") is None
    assert scale_between("%", "A") is None
    assert scale_between("%", "%") == 1.0


def test_long_times_stay_seconds():
    assert engineering(1200.0, "s") == (1.0, "s")
    assert engineering(1200.0, "s", always=True) == (1.0, "s")
    assert engineering(0.006, "s") == (1e3, "ms")
    assert engineering(0.0, "s") == (1.0, "s")
    assert engineering(0.00001, "min") == (1.0, "min")


def test_conditions_in_words():
    conditions = {"mode": "face", "level": 5, "load_ohm": 500.0, "locked": False}
    assert conditions_text(conditions).replace(NB, " ") == (
        "mode face, level 5, load 500 Ω, locked no"
    )


def test_frequencies_take_a_prefix_and_loads_stay_as_standards_write_them():
    conditions = {"frequency_hz": 1e6, "rate_hz": 250.0, "load_ohm": 10_000.0}
    assert (
        conditions_text(conditions).replace(NB, " ") == "frequency 1 MHz, rate 250 Hz, load 10000 Ω"
    )


def test_common_conditions_are_said_once():
    rows = [{"mode": "face", "level": 1}, {"mode": "face", "level": 2}]
    common = common_conditions(rows)
    assert common == {"mode": "face"}
    assert own_conditions(rows[1], common) == {"level": 2}
    assert common_conditions([]) == {}
