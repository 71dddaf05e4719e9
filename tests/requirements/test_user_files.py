"""A user's requirement file: adds and changes rows, and says so wherever they appear."""

from __future__ import annotations

import pytest

from bench.errors import ConfigurationError
from bench.profile import load_profile
from bench.requirements import load_catalogue

NEW_ROW = """\
[OUT-101]
because = "customer's own acceptance criterion 7"
title = "Ripple of the plateau"
group = "output"
source = "CUSTOMER"
clause = "AC-7"
mark = "P"
limit = "1 % of the level"
method = "r.m.s. of the plateau"
rule = "simple"
plans = ["release"]

[[OUT-101.limits]]
quantity = "ripple"
unit = "uA"
basis = "declared"
mark = "P"
relative_to = "current"
within = "±1 %"
side = "high"
"""

TIGHTER = """\
[FLT-017]
because = "risk file RF-12 asks for a faster stop"

[[FLT-017.limits]]
quantity = "shutdown"
unit = "ms"
basis = "declared"
mark = "P"
high = ["50 ms", "stop"]
"""


@pytest.fixture
def load(tmp_path):
    def from_text(text):
        path = tmp_path / "ours.toml"
        path.write_text(text, encoding="utf-8")
        return load_catalogue(path)

    return from_text


def test_a_new_row_joins_the_catalogue_and_names_its_file(load):
    catalogue = load(NEW_ROW)
    row = catalogue["OUT-101"]
    assert 93 == len(catalogue)
    assert "ours.toml: customer's own acceptance criterion 7" in row.origin
    (limit,) = catalogue.limits("OUT-101", "ripple", load_profile("ref-alt-400"))
    assert (None, pytest.approx(4.0)) == (limit.low, limit.high)
    assert "≤ 4 µA (±1 % of 400 µA)" == limit.text


def test_a_changed_row_keeps_what_it_does_not_say(load):
    catalogue, shipped = load(TIGHTER), load_catalogue()
    row = catalogue["FLT-017"]
    assert shipped["FLT-017"].title == row.title
    assert shipped["FLT-017"].plans == row.plans
    assert "risk file RF-12" in row.origin
    (limit,) = catalogue.limits("FLT-017", "shutdown", load_profile("ref-alt-400"))
    assert 50.0 == limit.high


def test_a_user_file_changes_the_hash_and_nothing_shipped(load):
    before = load_catalogue().sha256
    assert before != load(TIGHTER).sha256
    assert before == load_catalogue().sha256
    assert "catalogue" == load_catalogue()["FLT-017"].origin


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('because = "customer\'s own acceptance criterion 7"\n', "", "key 'because' is missing"),
        ("[OUT-101]\n", "[RIPPLE]\n", "expected an id such as [OUT-001], found [RIPPLE]"),
        ('title = "Ripple', 'titel = "Ripple', "did you write 'titel' for it?"),
        ('rule = "simple"', 'rule = "simpel"', "found 'simpel'; did you mean 'simple'?"),
        ('["release"]', '["relase"]', "expected some of release, safety, production"),
        ('unit = "uA"', 'unit = "uX"', "OUT-101.limits.0.unit: unknown unit 'uX'"),
        ('within = "±1 %"', 'within = "±1 mV"', "OUT-101.limits.0.within: expected a current"),
        ('within = "±1 %"\n', "", "expected one of `tolerance`, `within`, or bounds"),
        (
            'relative_to = "current"\n',
            "",
            "expected `nominal` or `relative_to` beside a percentage",
        ),
        ('side = "high"', 'side = "hihg"', "did you mean 'high'?"),
        ('quantity = "ripple"', 'quantity = "ripple"\nwhem = ["trains"]', "did you mean 'when'?"),
    ],
)
def test_a_bad_row_says_where_expected_and_found(load, old, new, expected):
    assert old in NEW_ROW
    with pytest.raises(ConfigurationError) as caught:
        load(NEW_ROW.replace(old, new))
    assert expected in str(caught.value)
    assert "ours.toml:" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_nominal_that_no_profile_gives_is_named_with_its_file(load):
    catalogue = load(NEW_ROW.replace('relative_to = "current"', 'relative_to = "curent"'))
    with pytest.raises(ConfigurationError, match=r"OUT-101 \(.*ours.toml: .*no nominal 'curent'"):
        catalogue.limits("OUT-101", "ripple", load_profile("ref-alt-400"))
