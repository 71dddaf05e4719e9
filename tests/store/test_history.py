"""``bench history`` says the same of a store as of the folders that it was filled from."""

from __future__ import annotations

import pandas as pd

from bench.cli.main import main
from bench.history import load_rows, load_stored_rows
from bench.record import load_run, summary_bytes
from tests.store.runs import write_run


def write_runs(parent, count=4):
    for number in range(count):
        folder = write_run(parent, f"r{number}", serial=f"S{number % 2}", rows=3)
        (folder / "summary.json").write_bytes(summary_bytes(load_run(folder)))
    return parent


def test_a_store_and_its_folders_give_the_same_frame(tmp_path, address, capsys):
    runs = write_runs(tmp_path / "runs")
    url = address.url.replace("+psycopg", "")

    assert 0 == main(["history", str(runs), "--store", url])
    stored = capsys.readouterr()
    assert 0 == main(["history", str(runs)])

    assert capsys.readouterr().out == stored.out
    assert "4 runs stored" in stored.err and "s3cret" not in stored.err
    pd.testing.assert_frame_equal(load_rows(runs), load_stored_rows(address))


def test_one_unit_and_one_parameter(tmp_path, address, capsys):
    runs = write_runs(tmp_path / "runs")
    url = address.url.replace("+psycopg", "")
    main(["history", str(runs), "--store", url])

    assert 0 == main(["history", "--store", url, "--unit", "S1"])
    assert "2 runs of 1 units" in capsys.readouterr().out
    assert 0 == main(["history", "--store", url, "--parameter", "OUT-001/x/2"])
    assert "n 4" in capsys.readouterr().out
    assert 4 == main(["history", "--store", url, "--unit", "nobody"])
    assert "no measurement of --unit nobody" in capsys.readouterr().err


def test_the_default_store_is_that_of_the_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_runs(tmp_path / "elsewhere")
    monkeypatch.setenv("BENCH_STORE_URL", f"sqlite:///{tmp_path / 'x.sqlite'}")

    assert 0 == main(["history", "elsewhere", "--store", "default"])
    assert (tmp_path / "x.sqlite").is_file()
    monkeypatch.setenv("BENCH_STORE_URL", "none")
    assert 4 == main(["history", "--store", "default"])
    assert "says that there is none" in capsys.readouterr().err
