"""Many runs read as one history: yields, what fails, one parameter, one unit, a gauge study."""

from __future__ import annotations

import json
import shutil

import msgspec
import pytest

from bench.cli.main import main
from bench.history import (
    drifts,
    failures,
    load_reference,
    load_rows,
    measured,
    repeatability,
    yields,
)
from bench.record import Journal
from bench.record.events import Kind
from bench.record.schema import SelfTestStep
from tests.compare.summaries import write_side

NAME = "OUT-001/amplitude/level=3"


def change(folder, **values):
    path = folder / "summary.json"
    run = json.loads(path.read_text())
    for key, value in values.items():
        run[key] = value
    path.write_bytes(msgspec.json.encode(run))
    return run


@pytest.fixture
def runs(tmp_path):
    """Ten units; one fails first and passes on retest, one fails, one run is the bench's fault."""
    folder = write_side(
        tmp_path / "runs", units=10, seed=1, firmware="1", nominals=(20.0, 50.0, 90.0, 100.0)
    )
    write_side(
        tmp_path / "again", units=1, seed=2, firmware="1", nominals=(20.0, 50.0, 90.0, 100.0)
    )
    (tmp_path / "again" / "1-0").rename(folder / "retest")
    change(folder / "retest", run_id="retest", started_at="2026-11-25T10:00:00.000+00:00")
    for unit in (0, 1):
        run = change(folder / f"1-{unit}", verdict="FAIL")
        run["measurements"][3]["verdict"] = "FAIL"
        change(folder / f"1-{unit}", measurements=run["measurements"])
    change(folder / "1-2", verdict="ERROR")
    return folder


def test_first_pass_and_final_yield_differ_by_the_retest(runs):
    found = yields(load_rows(runs))

    assert (9, 7, 8, 1) == (found.units, found.first_pass, found.final, found.undecided_runs)


def test_failures_are_counted_by_unit(runs):
    pareto = failures(load_rows(runs))

    assert [(NAME, 2, 1.0)] == list(pareto.itertuples(index=False, name=None))


def test_rows_are_in_order_of_time(runs):
    assert "retest" == measured(load_rows(runs), NAME)["run_id"].tolist()[-1]


def said(capsys, *words):
    assert main(["history", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_the_overview_says_yield_and_what_fails(runs, capsys):
    text = said(capsys, runs)

    assert "11 runs of 10 units on bench 1" in text
    assert "first pass 77.8 %, final 88.9 % of 9 units" in text
    assert f"fails: {NAME}: 2 units" in text
    assert "least capable: " in text


def test_one_parameter_has_capability_and_control_limits(runs, capsys):
    text = said(capsys, runs, "--parameter", NAME)

    assert "Ppk without the bench's repeatability" in text
    assert "control limits" in text
    assert "n 10" in text


def test_what_the_bench_adds_comes_from_units_measured_again(runs):
    rows = measured(load_rows(runs), NAME)
    pair = rows[rows["serial"] == "S0000"]["value"].to_numpy()

    assert repeatability(rows) == pytest.approx(pair.std(ddof=1))
    assert repeatability(rows[rows["run_id"] != "retest"]) is None


def test_without_a_second_run_nothing_is_taken_out(tmp_path, capsys):
    side = write_side(
        tmp_path / "runs", units=5, seed=1, firmware="1", nominals=(1.0, 2.0, 3.0, 4.0)
    )

    assert "what the bench adds is not known" in said(capsys, side, "--parameter", NAME)


def test_a_run_whose_bench_was_at_fault_adds_no_value_and_no_failure(runs):
    change(runs / "1-0", verdict="ERROR")
    rows = load_rows(runs)

    assert "1-0" not in measured(rows, NAME)["run_id"].tolist()
    assert [(NAME, 1, 1.0)] == list(failures(rows).itertuples(index=False, name=None))


def test_one_unit_shows_its_runs(runs, capsys):
    text = said(capsys, runs, "--unit", "S0000")

    assert text.index("FAIL") < text.index("PASS")
    assert f"fails: {NAME}" in text


def test_a_gauge_study_needs_every_unit_on_every_station(runs, tmp_path, capsys):
    assert main(["history", str(runs), "--parameter", NAME, "--gauge"]) == 4
    assert "every unit on every station" in capsys.readouterr().err
    folder = tmp_path / "study"
    for station in ("one", "two"):
        for trial in range(3):
            side = write_side(
                tmp_path / f"{station}{trial}", units=5, seed=len(station) + trial, firmware="1",
                station=station, nominals=(20.0, 50.0, 90.0, 100.0),
            )  # fmt: skip
            for unit in sorted(side.iterdir()):
                change(unit, run_id=f"{station}-{trial}-{unit.name}")
                folder.mkdir(exist_ok=True)
                unit.rename(folder / f"{station}-{trial}-{unit.name}")

    text = said(capsys, folder, "--parameter", NAME, "--gauge")

    assert "average and range: repeatability" in text
    assert "analysis of variance" in text
    assert "%GRR" in text


def test_the_rows_go_to_csv(runs, tmp_path, capsys):
    said(capsys, runs, "--csv", tmp_path / "rows.csv")

    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 1 + 11 * 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--unit", "nobody"], "no run has it; known: S0000"),
        (["--parameter", "OUT"], "--parameter OUT: no run has it"),
        (["--gauge"], "give --parameter"),
    ],
)
def test_what_is_not_there_is_named(runs, capsys, words, message):
    assert main(["history", str(runs), *words]) == 4
    assert message in capsys.readouterr().err


@pytest.fixture
def golden(runs):
    """Return the runs, and twelve of a golden unit that creeps; each run has a self-test."""
    write_side(
        runs, units=12, seed=9, firmware="g", nominals=(20.0, 50.0, 90.0, 100.0), serials_from=0
    )
    for shift in range(12):
        folder = runs / f"g-{shift}"
        run = change(
            folder, golden=True, device={"serial": "GOLD", "firmware": "1"}, verdict="FAIL",
            started_at=f"2026-11-{10 + shift}T06:00:00.000+00:00",
        )  # fmt: skip
        run["measurements"][3].update(value=100.0 + 0.3 * shift, verdict="FAIL")
        change(folder, measurements=run["measurements"])
        journal(
            folder,
            shunt=100.0 + 0.001 * shift + 0.0001 * (shift % 3),
            zero=(0.2, 0.5, 0.1)[shift % 3],
        )
    return runs


def journal(folder, *, shunt, zero):
    with Journal(folder / "journal.jsonl") as lines:
        for name, value, unit in (("shunt", shunt, "Ω"), ("zero", zero, "µV")):
            step = SelfTestStep(name=name, passed=True, value=value, unit=unit, low=None, high=None)
            lines.append(Kind.SELF_TEST, step)
        lines.append(Kind.SELF_TEST, SelfTestStep(name="error queue", passed=True))


def test_a_golden_unit_counts_in_no_yield_and_no_pareto(golden):
    rows = load_rows(golden)

    assert (9, 7, 8) == (yields(rows).units, yields(rows).first_pass, yields(rows).final)
    assert [(NAME, 2, 1.0)] == list(failures(rows).itertuples(index=False, name=None))


def test_a_golden_unit_that_moves_is_said(golden, capsys):
    text = said(capsys, golden)

    assert "11 runs of 10 units and 12 of golden units on bench 1" in text
    assert "golden unit GOLD on bench 1: " in text
    assert f"moved: {NAME}: " in text


@pytest.mark.parametrize(
    ("shifts", "sentence", "charts"),
    [(2, "Too few runs to say anything", 0), (6, "measurements break a rule of Nelson", 1)],
)
def test_the_page_draws_a_golden_unit_or_says_that_its_runs_are_too_few(
    golden, tmp_path, shifts, sentence, charts
):
    for shift in range(shifts, 12):
        shutil.rmtree(golden / f"g-{shift}")
    assert main(["history", str(golden), "--html", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text("utf-8")
    section = page.partition("<h2>4 Golden unit")[2].partition("<h2>5")[0]

    assert sentence in section
    assert section.count("<figure>") >= charts
    assert bool(section.count("<figure>")) is bool(charts)


def test_drift_of_the_own_reference_is_found_and_scatter_is_not(golden, capsys):
    found = {drift.name: drift for drift in drifts(load_reference(golden))}

    assert found["shunt"].slope == pytest.approx(0.001, rel=0.05)
    assert found["shunt"].slope_p < 1e-6
    assert found["zero"].slope_p > 0.01
    assert "own reference: 1 of 2 quantities of the self-test drift" in said(capsys, golden)


def test_a_type_one_study_asks_for_one_unit_and_knows_its_bias(golden, capsys):
    assert main(["history", str(golden), "--parameter", NAME, "--type-one", "100"]) == 4
    assert "expected readings of one serial" in capsys.readouterr().err

    text = said(capsys, golden, "--parameter", NAME, "--unit", "GOLD", "--type-one", "100")

    assert "type-1 study, 12 readings of GOLD against 100 µA: bias +1.65 µA" in text


def test_the_page_holds_what_the_text_says(golden, tmp_path, capsys):
    page = tmp_path / "history.html"
    said(capsys, golden, "--html", page)
    text = page.read_text("utf-8")

    assert "<script" not in text
    assert "77.8\xa0% (7 of 9)" in text
    assert text.count('<tr class="p">') >= 4
    assert text.count('<tr class="d">') == 2
    assert text.count("<figure") >= 5


def test_a_page_that_cannot_be_written_is_named(runs, tmp_path, capsys):
    assert main(["history", str(runs), "--html", str(tmp_path / "no" / "h.html")]) == 4
    assert "--html" in capsys.readouterr().err


def test_a_run_that_measured_nothing_is_counted(runs, capsys):
    change(runs / "1-2", measurements=[])

    assert yields(load_rows(runs)).undecided_runs == 1
    assert "11 runs of 10 units" in said(capsys, runs)
