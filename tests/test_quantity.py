"""Quantities as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.quantity import (
    QuantityError,
    Tolerance,
    convert,
    dimension_of,
    in_unit,
    stated,
    tolerance,
    written,
)

PREFIXES = {"p": -12, "n": -9, "u": -6, "µ": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}
BASES = ["A", "V", "ohm", "Ω", "s", "Hz", "C", "F", "J", "W"]


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("80 uA", "uA", 80.0),
        ("80 µA", "uA", 80.0),
        ("80 μA", "uA", 80.0),
        ("80 uA", "A", 80e-6),
        ("6 ms", "s", 0.006),
        ("6ms", "us", 6000.0),
        ("20 min", "s", 1200.0),
        ("0.5 h", "min", 30.0),
        ("500 ohm", "ohm", 500.0),
        ("500 Ω", "ohm", 500.0),
        ("10 kohm", "ohm", 10_000.0),
        ("2.4 uC", "nC", 2400.0),
        ("10 %", "1", 0.1),
        ("0.1", "1", 0.1),
        ("100 ppm", "%", 0.01),
        ("1 mV/uA", "V/A", 1000.0),
        ("0.1 mV/uA", "V/A", 100.0),
        ("0.25 W/cm2", "W/cm2", 0.25),
        ("2 mA/cm²", "mA/cm2", 2.0),
        ("0.1 uC/s", "uC/s", 0.1),
        ("43 °C", "degC", 43.0),
        ("−2 uA", "uA", -2.0),
        ("3.84e-05 W/cm2", "W/cm2", 3.84e-05),
    ],
)
def test_a_written_quantity_is_read_in_the_wanted_unit(text, unit, expected):
    assert expected == in_unit(text, unit)


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("80 mV", "uA", "a current such as '80 uA', found '80 mV', a voltage"),
        ("80", "uA", "without a unit"),
        ("80 uAA", "uA", "unknown unit 'uAA'"),
        ("eighty uA", "uA", "found 'eighty uA'"),
        ("", "s", "expected a time"),
        ("80 uA 5", "uA", "found '80 uA 5'"),
        ("1e999 s", "s", "too large"),
        ("1e99999999999999999999 s", "s", "found"),
    ],
)
def test_what_is_no_such_quantity_says_expected_and_found(text, unit, said):
    with pytest.raises(QuantityError) as caught:
        in_unit(text, unit)
    assert said in str(caught.value)


@given(
    number=st.decimals(min_value=-1000000, max_value=1000000, places=6),
    prefix=st.sampled_from(list(PREFIXES)),
    base=st.sampled_from(BASES),
)
def test_a_quantity_scales_by_its_prefix(number, prefix, base):
    symbol = "ohm" if base == "Ω" else base
    expected = float(number.scaleb(PREFIXES[prefix]))
    assert expected == in_unit(f"{number:f} {prefix}{base}", symbol)


@given(
    value=st.floats(min_value=-1e6, max_value=1e6, allow_nan=False),
    source=st.sampled_from(["nC", "uC", "mC", "C"]),
    target=st.sampled_from(["nC", "uC", "mC", "C"]),
)
def test_conversion_there_and_back_is_the_same_number(value, source, target):
    there = convert(value, source=source, target=target)
    back = convert(there, source=target, target=source)
    assert math.isclose(value, back, rel_tol=1e-15, abs_tol=1e-300)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_in_words(text):
    try:
        assert math.isfinite(in_unit(text, "uA"))
    except QuantityError as error:
        assert "expected" in str(error) or "unknown unit" in str(error)


@given(
    number=st.floats(min_value=0.001, max_value=1e6),
    percent=st.floats(min_value=0.001, max_value=50),
)
def test_a_stated_value_keeps_its_half_width(number, percent):
    found = stated(f"{number!r} ohm ± {percent!r} %", "ohm")
    assert number == found.value
    assert math.isclose(found.half_width, number * percent / 100, rel_tol=1e-12)


def test_a_stated_value_takes_percent_or_its_own_unit_or_nothing():
    assert 0.1 == stated("100.0 ohm ± 0.1 %", "ohm").half_width
    assert 0.2 == stated("100.0 ohm +/- 200 mohm", "ohm").half_width
    assert 0.0 == stated("100.0 ohm", "ohm").half_width


@pytest.mark.parametrize("text", ["100 ohm ± ", "100 ohm ± 1 % ± 2 %", "100 ohm ± -1 %"])
def test_a_half_stated_value_is_refused(text):
    with pytest.raises(QuantityError):
        stated(text, "ohm")


def test_a_tolerance_is_the_wider_of_its_two_parts():
    found = tolerance("±10 %, at least 2 uA", "uA")
    assert Tolerance(relative=0.1, floor=2.0, unit="uA") == found
    assert 40.0 == found.half_width(400.0)
    assert 2.0 == found.half_width(10.0)
    assert 40.0 == found.half_width(-400.0)
    assert 5.0 == found.half_width(10.0, floor=5.0)


def test_a_tolerance_prints_as_it_is_written():
    for text in ("±10 %, at least 2 µA", "±2 %", "±2 µA"):
        assert text == str(tolerance(text, "uA"))


@pytest.mark.parametrize("text", ["±2 uA, at least 1 uA", "wide", "±-5 %", "±5 %, at least 2 V"])
def test_what_is_no_tolerance_is_refused(text):
    with pytest.raises(QuantityError):
        tolerance(text, "uA")


def test_numbers_print_with_their_symbols():
    assert "400 µA" == written(400.0, "uA")
    assert "0.95" == written(0.95, "1")
    assert "10000 Ω" == written(10_000.0, "ohm")


def test_units_of_two_dimensions_do_not_convert():
    with pytest.raises(QuantityError, match="uA is a current, s is a time"):
        convert(1.0, source="uA", target="s")
    assert "charge rate" == dimension_of("uC/s")
