"""A real change is found, none is invented, and what cannot be known is said."""

from __future__ import annotations

import json

import msgspec
import pytest

from bench.cli.main import main
from bench.compare import Outcome, compare, load_side
from bench.errors import FileFormatError, UsageError
from tests.compare.summaries import NOMINALS, write_side


def sides(folder, *, units=20, **b):
    first = write_side(folder / "a", units=units, seed=1, firmware="1.0.0")
    second = write_side(folder / "b", **{"units": units, "seed": 2, "firmware": "1.1.0", **b})
    return load_side(first), load_side(second)


def test_one_percent_of_gain_is_found_in_two_hundred_units(tmp_path):
    comparison = compare(*sides(tmp_path, units=200, gain=1.01))

    assert comparison.outcome is Outcome.REGRESSION
    assert {row.outcome for row in comparison.rows} == {Outcome.REGRESSION}
    first = comparison.rows[0]
    assert first.difference == pytest.approx(0.01 * NOMINALS[0], abs=first.expanded_uncertainty)


def test_one_percent_of_gain_is_found_between_other_units_too(tmp_path):
    comparison = compare(*sides(tmp_path, units=200, gain=1.01, serials_from=1000))

    assert comparison.outcome is Outcome.REGRESSION
    assert {row.method for row in comparison.rows} == {"two samples"}


def test_equal_releases_are_rarely_called_a_regression(tmp_path):
    outcomes = []
    for pair in range(50):
        folder = tmp_path / str(pair)
        first = write_side(
            folder / "a", units=12, seed=2 * pair, firmware="1", nominals=NOMINALS[:12]
        )
        second = write_side(
            folder / "b", units=12, seed=2 * pair + 1, firmware="2", nominals=NOMINALS[:12]
        )
        outcomes.append(compare(load_side(first), load_side(second), smallest_pct=0.0).outcome)

    assert outcomes.count(Outcome.REGRESSION) <= 0.05 * len(outcomes)


def test_equal_releases_are_called_equal_where_that_can_be_known(tmp_path):
    assert compare(*sides(tmp_path)).outcome is Outcome.NONE_SHOWN


def test_one_uncertain_run_each_cannot_tell(tmp_path):
    comparison = compare(*sides(tmp_path, units=1, noise=0.02))

    assert comparison.outcome is Outcome.CANNOT_TELL
    assert "more units" in comparison.reason


def test_a_change_for_the_better_is_no_regression(tmp_path):
    first = write_side(tmp_path / "a", units=20, seed=1, firmware="1", gain=1.05)
    second = write_side(tmp_path / "b", units=20, seed=2, firmware="2")

    comparison = compare(load_side(first), load_side(second))

    assert {row.outcome for row in comparison.rows} == {Outcome.BETTER}
    assert comparison.outcome is Outcome.NONE_SHOWN


def test_another_bench_brings_its_whole_uncertainty(tmp_path):
    same = compare(*sides(tmp_path / "1"))
    other = compare(*sides(tmp_path / "2", station="bench 2"))

    assert not other.same_bench
    assert other.rows[0].expanded_uncertainty > 2 * same.rows[0].expanded_uncertainty


def altered(folder, change):
    path = next(iter(sorted(folder.iterdir()))) / "summary.json"
    run = json.loads(path.read_text())
    change(run)
    path.write_bytes(msgspec.json.encode(run))


def test_a_unit_that_fails_now_and_did_not_is_a_regression(tmp_path):
    sides(tmp_path)
    altered(tmp_path / "b", lambda run: run["measurements"][3].update(verdict="FAIL"))

    comparison = compare(load_side(tmp_path / "a"), load_side(tmp_path / "b"))

    assert comparison.outcome is Outcome.REGRESSION
    assert [(f.id, f.on_a) for f in comparison.new_failures] == [
        ("OUT-001/amplitude/level=3", "PASS")
    ]


def test_a_unit_that_failed_before_is_no_new_failure(tmp_path):
    sides(tmp_path)
    for side in ("a", "b"):
        altered(tmp_path / side, lambda run: run["measurements"][3].update(verdict="FAIL"))

    assert not compare(load_side(tmp_path / "a"), load_side(tmp_path / "b")).new_failures


def test_a_measurement_that_is_missing_now_cannot_be_told(tmp_path):
    sides(tmp_path, units=2)
    for run in (tmp_path / "b").iterdir():
        path = run / "summary.json"
        text = json.loads(path.read_text())
        text["measurements"] = text["measurements"][1:]
        path.write_text(json.dumps(text))

    comparison = compare(load_side(tmp_path / "a"), load_side(tmp_path / "b"))

    assert ("OUT-001/amplitude/level=0",) == comparison.gone
    assert comparison.outcome is Outcome.CANNOT_TELL


def test_the_latest_run_of_a_unit_counts(tmp_path):
    side = write_side(tmp_path / "a", units=2, seed=1, firmware="1")
    altered(side, lambda run: run["device"].update(serial="S0001"))
    altered(side, lambda run: run.update(started_at="2026-11-25T10:00:00.000+00:00"))

    found = load_side(side)

    assert (1, 1) == (len(found.runs), found.earlier_runs)
    assert found.runs["S0001"].run_id == "1-0"


def test_a_run_whose_bench_was_at_fault_says_nothing_of_the_device(tmp_path):
    sides(tmp_path)
    altered(tmp_path / "b", lambda run: run["measurements"][3].update(verdict="FAIL"))
    altered(tmp_path / "b", lambda run: run.update(verdict="ERROR"))

    comparison = compare(load_side(tmp_path / "a"), load_side(tmp_path / "b"))

    assert comparison.outcome is Outcome.NONE_SHOWN
    assert (19, 1) == (len(comparison.b.runs), comparison.b.bench_errors)


def test_a_side_without_a_usable_run_is_refused(tmp_path):
    side = write_side(tmp_path / "a", units=1, seed=1, firmware="1")
    altered(side, lambda run: run.update(verdict="ERROR"))

    with pytest.raises(UsageError, match="at fault in all of 1 runs"):
        load_side(side)


def test_simulated_and_real_runs_are_never_mixed(tmp_path):
    side = write_side(tmp_path / "a", units=2, seed=1, firmware="1")
    altered(side, lambda run: run.update(simulated=True))

    with pytest.raises(UsageError, match="one kind of bench, found real, simulated"):
        load_side(side)


def test_units_that_are_on_one_side_only_do_not_move_the_margin_of_pairs(tmp_path):
    first = write_side(tmp_path / "a", units=10, seed=1, firmware="1")
    write_side(tmp_path / "b", units=10, seed=2, firmware="2", gain=1.01)
    second = write_side(tmp_path / "b", units=10, seed=3, firmware="2", serials_from=50)
    worse = write_side(tmp_path / "a", units=40, seed=4, firmware="1", gain=1.06, serials_from=90)

    comparison = compare(load_side(first), load_side(second))

    assert first == worse
    assert {row.outcome for row in comparison.rows} == {Outcome.REGRESSION}
    assert {(row.units_a, row.units_b) for row in comparison.rows} == {(10, 10)}


def test_sides_that_are_not_alike_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"profile is p in .* and q in"):
        compare(*sides(tmp_path, units=1, profile="q"))


def test_two_firmwares_in_one_side_are_refused(tmp_path):
    side = write_side(tmp_path / "a", units=1, seed=1, firmware="1")
    write_side(tmp_path / "a", units=1, seed=1, firmware="2", serials_from=5)

    with pytest.raises(UsageError, match="one firmware, found 1, 2"):
        load_side(side)


def test_what_is_no_run_is_named(tmp_path):
    with pytest.raises(UsageError, match="found no summary"):
        load_side(tmp_path)
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(FileFormatError, match="not the summary of a run"):
        load_side(tmp_path)


@pytest.mark.parametrize(("gain", "code"), [(1.0, 0), (1.01, 1)])
def test_the_command_leaves_page_and_json_and_answers_by_its_exit_code(
    tmp_path, capsys, gain, code
):
    sides(tmp_path, gain=gain)
    out = tmp_path / "out"

    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(out)]) == code

    answer = json.loads((out / "comparison.json").read_text())
    page = (out / "comparison.html").read_text()
    assert answer["outcome"] in capsys.readouterr().out
    assert answer["outcome"] in page
    assert page.count('<tr><th scope="row">OUT-001') == len(answer["rows"]) == len(NOMINALS)
    assert "<script" not in page


def test_the_command_prints_one_json_document(tmp_path, capsys):
    sides(tmp_path, units=1)
    out = tmp_path / "out"

    main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(out), "--json"])

    assert json.loads((out / "comparison.json").read_text()) == json.loads(capsys.readouterr().out)


def test_margins_the_wrong_way_round_are_refused(tmp_path, capsys):
    sides(tmp_path, units=1)

    code = main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--margin", "0.5"])

    assert code == 4
    assert "smallest 1 %, margin 0.5 %" in capsys.readouterr().err
