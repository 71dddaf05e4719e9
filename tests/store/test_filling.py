"""Runs come into a store once and whole; what it cannot take waits in its folder."""

from __future__ import annotations

import json
import threading
import traceback

import pytest

from bench.record import Journal
from bench.record.run_folder import OPEN_MARK, STORE_MARK
from bench.record.verification import verify_run
from bench.store import (
    fill_from,
    forward_pending,
    history_rows,
    parameter_statistics,
    read_address,
)
from bench.store.database import StoreUnavailable
from tests.store.runs import expected_rows, stored_rows, write_run

HOSTILE = "'; DROP TABLE runs; --\"<script>alert(1)</script>\x1b[31m\nÅ\0€ ../../x"


def test_a_run_is_stored_once_and_whole(tmp_path, address):
    folders = [write_run(tmp_path / "runs", f"r{n}", rows=900 * n) for n in (0, 1)]

    first = forward_pending(tmp_path / "runs", address)
    again = forward_pending(tmp_path / "runs", address)
    by_hand = fill_from(tmp_path / "runs", address)

    assert (tuple(folders), (), ()) == (first.stored, first.known, first.problems)
    assert ((), ()) == (again.stored, again.known)  # nothing is marked any more
    assert ((), tuple(folders)) == (by_hand.stored, by_hand.known)
    assert expected_rows(folders) == stored_rows(history_rows(address))


def test_two_runs_of_one_id_are_two_runs(tmp_path, address):
    """Two stations may start the same second with the same serial number."""
    for station in ("a", "b"):
        write_run(tmp_path / station, "r1", rows=1)
        forward_pending(tmp_path / station, address)

    assert 2 == len(history_rows(address))


def test_a_run_under_way_waits_until_it_ended(tmp_path, address):
    folder = write_run(tmp_path, "r1")
    (folder / OPEN_MARK).touch()

    assert () == forward_pending(tmp_path, address).stored
    (folder / OPEN_MARK).unlink()
    assert (folder,) == forward_pending(tmp_path, address).stored


def test_the_mark_is_no_change_of_the_run(tmp_path):
    from bench.record.seal import files_beside

    folder = write_run(tmp_path, "r1")

    assert STORE_MARK not in files_beside(folder)
    assert not [line for line in verify_run(folder).findings if STORE_MARK in line]


def test_a_damaged_run_stays_where_it_is_and_the_others_go_on(tmp_path, address):
    bad, good = write_run(tmp_path, "r1"), write_run(tmp_path, "r2")
    journal = bad / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"value":1.0', b'"value":2.0', 1))

    filled = forward_pending(tmp_path, address)

    assert (good,) == filled.stored
    assert "r1" in filled.problems[0] and "the chain is broken" in filled.problems[0]
    assert (bad / STORE_MARK).exists()


def test_hostile_texts_are_texts(tmp_path, address):
    write_run(tmp_path, "r1", serial=HOSTILE, firmware=HOSTILE, rows=2)
    write_run(tmp_path, "r2", serial="S2", rows=1)

    assert () == forward_pending(tmp_path, address).problems

    found = history_rows(address, serial=HOSTILE.replace("\0", "\N{REPLACEMENT CHARACTER}"))
    assert 2 == len(found)
    assert () == parameter_statistics(address, HOSTILE.replace("\0", ""))
    assert 3 == len(history_rows(address))


def test_two_stations_fill_one_empty_store_at_once(tmp_path, address):
    parents = [tmp_path / name for name in "abcd"]
    folders = [write_run(parent, f"{parent.name}{n}") for parent in parents for n in range(5)]
    found = {}

    def fill(parent):
        found[parent] = forward_pending(parent, address)

    threads = [threading.Thread(target=fill, args=(parent,)) for parent in parents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [()] * 4 == [filled.problems for filled in found.values()]
    assert expected_rows(folders) == stored_rows(history_rows(address))


def test_statistics_leave_out_what_may_not_be_used(tmp_path, address):
    write_run(tmp_path, "r1", values=[1.0], rows=1)
    write_run(tmp_path, "r2", values=[4.0], rows=1)
    write_run(tmp_path, "r3", values=[100.0], rows=1, simulated=False)
    write_run(tmp_path, "r4", values=[None], rows=1)
    faulty = write_run(tmp_path, "r5", values=[1e6], rows=1)
    from bench.record.events import Kind, Problem

    text = (faulty / "journal.jsonl").read_text().splitlines(keepends=True)
    (faulty / "journal.jsonl").write_text("".join(text[:-2]))  # before its end and seal
    with Journal(faulty / "journal.jsonl") as journal:
        journal.append(Kind.PROBLEM, Problem(where="reference", text="drifted", decides_run=True))

    forward_pending(tmp_path, address)
    real, simulated = parameter_statistics(address, "OUT-001/x/0")

    assert (1, 100.0, 0.0) == (real.count, real.mean, real.standard_deviation)
    assert (2, 2.5, 1.0, 4.0) == (
        simulated.count, simulated.mean, simulated.lowest, simulated.highest,
    )  # fmt: skip
    assert simulated.standard_deviation == pytest.approx(2.1213203435596424, rel=1e-15)


def test_a_store_that_is_away_is_named_without_its_password(tmp_path):
    folder = write_run(tmp_path, "r1")
    address = read_address("postgresql://bench:s3cret@127.0.0.1:1/bench")

    filled = forward_pending(tmp_path, address)

    assert (1, 1) == (len(filled.problems), filled.waiting)
    assert "postgresql://bench@127.0.0.1:1/bench" in filled.problems[0]
    assert "s3cret" not in filled.problems[0] + repr(address) + json.dumps(str(filled))
    assert (folder / STORE_MARK).exists()
    with pytest.raises(StoreUnavailable) as caught:
        history_rows(address)
    assert "s3cret" not in "".join(traceback.format_exception_only(caught.value))
    assert caught.value.__suppress_context__  # what --debug prints
