"""The catalogue: all rows and their plans."""

from __future__ import annotations

import pytest

from bench.decision import Rule
from bench.errors import ConfigurationError, UsageError
from bench.profile import load_profile
from bench.requirements import GROUPS, load_catalogue

ROWS = {"OUT": 34, "FLT": 33, "LKG": 8, "REC": 14, "IND": 3}
APPLICABLE = {
    *(f"OUT-{n:03d}" for n in (1, 4, 5, 6, 7, 8, 9, 18, 19, 20, 21, 25, 31)),
    *(f"FLT-{n:03d}" for n in (1, 4, 5, 8, 9, 16, 17, 22, 23, 33)),
    "LKG-007",
    "REC-006",
}


@pytest.fixture(scope="module")
def catalogue():
    return load_catalogue()


def test_every_row_is_there_once(catalogue):
    assert 92 == len(catalogue)
    for prefix, count in ROWS.items():
        expected = [f"{prefix}-{n:03d}" for n in range(1, count + 1)]
        assert expected == sorted(row.id for row in catalogue if row.id.startswith(prefix))


def test_every_row_says_who_demands_it_and_how_sure_that_is(catalogue):
    for row in catalogue:
        assert row.title
        assert row.source
        assert row.clause
        assert row.mark.startswith(("V", "R", "P", "D"))
        assert row.limit_text
        assert row.method
        assert row.group in GROUPS
        assert row.plans
        assert "catalogue" == row.origin


@pytest.mark.parametrize(
    ("plan", "included", "excluded"),
    [
        ("release", "OUT-009", None),
        ("safety", "FLT-005", "OUT-001"),
        ("production", "OUT-001", "FLT-005"),
    ],
)
def test_plans_are_selections(catalogue, plan, included, excluded):
    ids = {row.id for row in catalogue.of_plan(plan)}
    assert included in ids
    assert excluded not in ids


def test_safety_is_guarded_accuracy_is_not_binary_attributes_have_no_rule(catalogue):
    assert Rule.GUARDED_U is catalogue.rule_of("FLT-001")
    assert Rule.GUARDED_U is catalogue.rule_of("OUT-004")
    assert Rule.ILAC_NONBINARY is catalogue.rule_of("OUT-001")
    assert catalogue.rule_of("REC-006") is None
    assert "none (attribute)" == catalogue["FLT-016"].rule_text


def test_the_numbers_beside_a_safety_attribute_are_guarded(catalogue):
    profile = load_profile("ref-alt-400")
    (delay,) = catalogue.limits("FLT-033", "start_delay", profile)
    (count,) = catalogue.limits("OUT-031", "defective_pulses", profile)
    assert Rule.GUARDED_U is delay.rule
    assert Rule.SIMPLE is count.rule


def test_a_stations_rules_go_by_row_then_group_then_rule():
    rules = {
        "OUT-001": Rule.SIMPLE,
        "output": Rule.GUARDED_95,
        "guarded_u": Rule.IEC_GUIDE_115,
    }
    ruled = load_catalogue(rules=rules)
    assert Rule.SIMPLE is ruled.rule_of("OUT-001")
    assert Rule.GUARDED_95 is ruled.rule_of("OUT-004")
    assert Rule.IEC_GUIDE_115 is ruled.rule_of("FLT-001")
    limit = ruled.limits("OUT-001", "amplitude", load_profile("ref-alt-400"))[0]
    assert Rule.SIMPLE is limit.rule


def test_a_rule_for_nothing_names_the_nearest():
    with pytest.raises(ConfigurationError, match=r"rules.outputs: .*did you mean 'output'\?"):
        load_catalogue(rules={"outputs": Rule.SIMPLE})


def test_an_unknown_requirement_names_the_nearest(catalogue):
    with pytest.raises(UsageError, match=r"'OUT-0001' is not in the catalogue; did you mean"):
        catalogue["OUT-0001"]
    assert "OUT-001" in catalogue
    assert "OUT-999" not in catalogue


@pytest.mark.parametrize(
    ("requirement", "profile", "reason"),
    [
        ("OUT-020", "ref-galv-390", "monophasic"),
        ("OUT-021", "ref-mono-mod", "symmetry"),
        ("OUT-029", "ref-alt-400", "boost"),
        ("OUT-023", "ref-mens-400", "trains"),
    ],
)
def test_what_a_device_does_not_declare_is_not_applicable(catalogue, requirement, profile, reason):
    assert reason in catalogue.not_applicable(requirement, load_profile(profile))


def test_what_a_device_declares_is_applicable(catalogue):
    for requirement in APPLICABLE:
        assert catalogue.not_applicable(requirement, load_profile("ref-alt-400")) is None
    assert catalogue.not_applicable("OUT-020", load_profile("ref-biph-v3")) is None


def test_scopes_choose_levels_and_loads(catalogue):
    profile = load_profile("ref-alt-400")
    release, production = (catalogue["OUT-005"].scope(plan) for plan in ("release", "production"))
    assert (1, 2, 3, 4, 5) == release.levels_of(profile)
    assert (500.0, 2000.0, 10_000.0) == release.loads_of(profile)
    assert (1, 2, 3, 4, 5) == production.levels_of(profile)
    assert (500.0,) == production.loads_of(profile)
    assert (1, 3, 5) == catalogue["OUT-030"].scope("production").levels_of(profile)
    assert (5,) == catalogue["OUT-001"].scope("production").levels_of(profile)
    assert catalogue["OUT-010"].production_scope is None
    assert catalogue["OUT-001"].production_scope is not None


def test_every_row_of_the_production_plan_says_what_is_cut(catalogue):
    missing = {row.id for row in catalogue.of_plan("production") if row.production_scope is None}
    assert set() == missing
