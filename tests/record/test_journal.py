"""The journal keeps every finished line, and shows every change."""

from __future__ import annotations

import json

import pytest

from bench.errors import FileFormatError
from bench.record.journal import Journal, JournalBusy, RecordFailed, read_journal


def test_lines_come_back_in_order(tmp_path):
    path = tmp_path / "journal.jsonl"

    with Journal(path) as journal:
        journal.append("a", {"x": 1})
        journal.append("b", {"µ": "é"})

    assert [("a", {"x": 1}), ("b", {"µ": "é"})] == [(li.kind, li.data) for li in read_journal(path)]


def test_a_second_writer_is_refused_while_the_first_lives(tmp_path):
    path = tmp_path / "journal.jsonl"

    with Journal(path), pytest.raises(JournalBusy, match="another process"):
        Journal(path)


def test_a_torn_last_line_is_left_out_and_the_chain_goes_on(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append("a", 1)
        journal.append("b", 2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])

    assert ["a"] == [line.kind for line in read_journal(path)]
    with Journal(path) as journal:
        journal.append("c", 3)
    assert ["a", "c"] == [line.kind for line in read_journal(path)]


@pytest.mark.parametrize("change", ["edit", "drop", "swap"])
def test_every_change_breaks_the_chain(tmp_path, change):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        for number in range(4):
            journal.append("m", {"value": number})
    lines = path.read_bytes().splitlines(keepends=True)
    if change == "edit":
        lines[1] = lines[1].replace(b'"value":1', b'"value":9')
    elif change == "drop":
        del lines[1]
    else:
        lines[1], lines[2] = lines[2], lines[1]
    path.write_bytes(b"".join(lines))

    with pytest.raises(FileFormatError, match=r"journal.jsonl:2: the chain is broken"):
        list(read_journal(path))


def test_a_line_is_plain_json(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append("m", {"value": float("nan")})

    assert json.loads(path.read_text())["data"] == {"value": None}


def test_a_line_that_is_not_utf8_is_a_broken_file(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append("started", {"text": "abc"})
    path.write_bytes(path.read_bytes().replace(b"abc", b"a\xeec"))

    with pytest.raises(FileFormatError, match="not a journal line"):
        list(read_journal(path))
    with pytest.raises(FileFormatError, match="nothing was added"):
        Journal(path)


def test_lines_that_may_wait_are_on_the_disk_with_the_next_that_may_not(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fdatasync", lambda _descriptor: synced.append(path.stat().st_size))
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append("budget", {"a": 1}, durable=False)
        assert synced == []
        journal.append("measurement", {"a": 2})
    assert synced == [path.stat().st_size]
    assert [line.data["a"] for line in read_journal(path)] == [1, 2]


def test_what_never_reached_the_disk_is_taken_back_whole(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append("measurement", {"a": 1})
        with monkeypatch.context() as patch:
            patch.setattr("os.fdatasync", full)
            journal.append("budget", {"a": 2}, durable=False)
            with pytest.raises(RecordFailed):
                journal.append("measurement", {"a": 3})
        journal.append("measurement", {"a": 4})
    assert [line.data["a"] for line in read_journal(path)] == [1, 4]
