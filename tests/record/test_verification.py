"""A record that was altered is noticed, whatever byte it was; one that was not is not suspected."""

from __future__ import annotations

import json
import random
import shutil
import subprocess

import numpy as np
import pytest

from bench.cli.main import main
from bench.errors import FileFormatError, UsageError
from bench.record import create_run_folder, load_run, read_journal, store_waveform
from bench.record.closing import HeldMark, close_died_runs, close_run
from bench.record.events import Kind, Signed
from bench.record.journal import Journal
from bench.record.schema import CaptureRecord, WaveformRecord
from bench.record.seal import seal_run, sealed_files
from bench.record.signature import (
    load_private_key,
    load_public_key,
    new_key,
    sign_run,
    signatures_of,
)
from bench.record.verification import verify_run
from bench.waveform import Waveform
from reports import write_reports
from tests.record.folders import DONE, OVER, SAFE, measurement, write

CHANGES = 1000


def waveform():
    return Waveform(
        codes=np.arange(-32, 32, dtype=np.int8), gain=1e-3, offset=0.0, t0_s=0.0,
        sample_interval_s=1e-5, channel="1", instrument="scope",
    )  # fmt: skip


def captured(folder):
    digest = store_waveform(folder, waveform())
    stored = WaveformRecord(
        sha256=digest, label="current", channel="1", unit="V", record_length=64,
        sample_interval_s=1e-5, instrument="scope", full_scale=1.0,
    )  # fmt: skip
    return CaptureRecord(
        acquisition_id="a1",
        title="t",
        conditions={},
        waveforms=(stored,),
        taken_at="2026-11-24T10:00:30.000+00:00",
    )


def render(folder):
    write_reports(folder, load_run(folder))


@pytest.fixture
def closed(tmp_path):
    """A finished run with a waveform, its reports, sealed."""
    folder = write(tmp_path / "run", (Kind.MEASUREMENT, measurement("OUT-001")))
    with Journal(folder / "journal.jsonl") as journal:
        journal.append(Kind.CAPTURE, captured(folder / "waveforms"))
        for kind, data in (DONE, SAFE, OVER):
            journal.append(kind, data)
    render(folder)
    close_run(folder)
    return folder


@pytest.fixture
def key_path(tmp_path):
    path = tmp_path / "key"
    new_key(path, passphrase="secret")
    return path


def sign(folder, key_path, name="A"):
    key = load_private_key(key_path, passphrase="secret")
    return sign_run(folder, key, name=name, role="engineer", meaning="approved")


def test_what_nobody_touched_is_intact(closed, key_path):
    sign(closed, key_path)

    verified = verify_run(closed, trusted=[load_public_key(key_path.with_name("key.pub"))])

    assert () == verified.findings
    assert (1, 2, 1) == (verified.waveforms, verified.files, len(verified.signatures))


def changes_noticed(folder, count):
    """Change one byte somewhere, verify, put it back; return how many were noticed."""
    chooser = random.Random(20261124)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = [path.stat().st_size for path in files]
    noticed = 0
    for _ in range(count):
        path = chooser.choices(files, weights=sizes)[0]
        kept = path.read_bytes()
        at = chooser.randrange(len(kept))
        path.write_bytes(kept[:at] + bytes([kept[at] ^ chooser.randrange(1, 256)]) + kept[at + 1 :])
        noticed += bool(verify_run(folder).findings)
        path.write_bytes(kept)
    assert () == verify_run(folder).findings
    return noticed


def test_a_carriage_return_in_a_line_hides_nothing_behind_it(closed, key_path):
    sign(closed, key_path)
    path = closed / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"statement"', b'"statem\rnt"'))

    assert verify_run(closed).findings
    with pytest.raises(FileFormatError, match="not a journal line"):
        Journal(path)


def test_a_thousand_changed_bytes_of_a_signed_run_are_noticed(closed, key_path):
    sign(closed, key_path)

    assert changes_noticed(closed, CHANGES) == CHANGES


def test_every_byte_of_the_journal_is_covered(closed):
    path = closed / "journal.jsonl"
    kept = path.read_bytes()
    for at in range(0, len(kept), 41):
        path.write_bytes(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :])
        assert verify_run(closed).findings, at


@pytest.mark.parametrize(
    ("alter", "found"),
    [
        (lambda f: next((f / "waveforms").iterdir()).unlink(), "not in the folder"),
        (lambda f: (f / "waveforms" / "more.npz").touch(), "no line of the journal names it"),
        (lambda f: (f / "report.html").unlink(), "was sealed and is gone"),
        (lambda f: (f / "note.txt").touch(), "was never sealed"),
        (lambda f: (f / "report.html").write_text("PASS"), "was changed after"),
    ],
)
def test_a_file_that_went_came_or_changed_is_named(closed, alter, found):
    alter(closed)

    assert [found in finding for finding in verify_run(closed).findings] == [True]


def test_the_last_lines_cannot_be_cut_off_unseen_from_a_sealed_run(closed):
    path = closed / "journal.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))

    assert "never sealed" in verify_run(closed).findings[0]


def test_a_summary_that_says_something_else_than_the_record_is_found_though_sealed(closed):
    summary = closed / "summary.json"
    summary.write_text(summary.read_text().replace('"verdict": "PASS"', '"verdict": "FAIL"'))
    seal_run(closed, reason="somebody")

    assert "does not say what the record says" in verify_run(closed).findings[0]


def test_a_file_made_again_refers_to_what_it_replaces(closed):
    before = sealed_files(read_journal(closed / "journal.jsonl"))["report.html"]
    (closed / "report.html").write_text((closed / "report.html").read_text() + "<!-- again -->")
    seal_run(closed, reason="rendered again")

    after = sealed_files(read_journal(closed / "journal.jsonl"))["report.html"]

    assert after.replaces == before.sha256 != after.sha256
    assert () == verify_run(closed).findings


def test_sealing_twice_adds_nothing(closed):
    assert not seal_run(closed, reason="again")


def test_a_signature_of_another_run_is_not_taken(closed, tmp_path, key_path):
    other = tmp_path / "other"
    shutil.copytree(closed, other)
    sign(other, key_path)
    line = list(read_journal(other / "journal.jsonl"))[-1]
    with Journal(closed / "journal.jsonl") as journal:
        journal.append(Kind.DEVIATION, "in between")
        journal.append(Kind.SIGNED, Signed(**line.data))

    assert any("another state of the record" in found for found in verify_run(closed).findings)


def test_a_measurement_added_behind_the_seal_is_found_though_everything_is_made_again(
    closed, key_path
):
    sign(closed, key_path)
    with Journal(closed / "journal.jsonl") as journal:
        journal.append(Kind.MEASUREMENT, measurement("OUT-001"))
    render(closed)
    seal_run(closed, reason="somebody")

    assert "(measurement) behind its seal" in verify_run(closed).findings[0]


def test_a_report_made_after_a_signature_is_said_not_to_be_covered_by_it(closed, key_path):
    sign(closed, key_path, name="First")
    (closed / "report.html").write_text((closed / "report.html").read_text() + "<!-- again -->")
    seal_run(closed, reason="rendered again")
    sign(closed, key_path, name="Second")

    verified = verify_run(closed)

    assert () == verified.findings
    assert ["report.html" in note and "First" in note for note in verified.notes] == [True]


@pytest.mark.parametrize(
    ("kind", "data"),
    [(Kind.CAPTURE, {"waveforms": 3}), (Kind.SIGNED, {"statement": "{}"}), (Kind.SEALED, [])],
)
def test_a_chained_line_that_no_run_writes_is_a_finding_and_no_crash(closed, kind, data):
    with Journal(closed / "journal.jsonl") as journal:
        journal.append(kind, data)

    assert len(verify_run(closed).findings) >= 1


def test_a_link_is_not_followed(closed, tmp_path):
    report, elsewhere = closed / "report.html", tmp_path / "elsewhere.html"
    report.rename(elsewhere)
    report.symlink_to(elsewhere)

    assert "was changed after" in verify_run(closed).findings[0]
    elsewhere.unlink()
    assert "was changed after" in verify_run(closed).findings[0]


def test_a_forged_statement_is_found(closed, key_path):
    sign(closed, key_path)
    line = list(read_journal(closed / "journal.jsonl"))[-1]
    forged = Signed(
        **{**line.data, "statement": line.data["statement"].replace("engineer", "head")}
    )
    path = closed / "journal.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with Journal(path) as journal:
        journal.append(Kind.SIGNED, forged)

    assert "not that of its key" in verify_run(closed).findings[0]
    assert "not that of its key" in signatures_of(closed)[0].problem


@pytest.mark.parametrize(("touched", "code"), [(False, 0), (True, 1)])
def test_the_command_prints_one_json_document(closed, key_path, capsys, touched, code):
    sign(closed, key_path)
    if touched:
        (closed / "report.html").write_text("PASS")

    assert main(["verify", str(closed), "--json"]) == code

    (found,) = json.loads(capsys.readouterr().out)["runs"]
    assert (not touched, 1) == (found["intact"], found["waveforms"])
    assert [("A", "engineer", "approved")] == [
        (said["name"], said["role"], said["meaning"]) for said in found["signatures"]
    ]


def test_a_key_that_is_not_trusted_is_named(closed, key_path, tmp_path):
    sign(closed, key_path)
    new_key(tmp_path / "other", passphrase="")

    findings = verify_run(closed, trusted=[load_public_key(tmp_path / "other.pub")]).findings

    assert "none of those given" in findings[0]


def test_a_key_is_never_written_over_and_readable_by_its_owner_only(key_path):
    assert key_path.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="never written over"):
        new_key(key_path, passphrase="")


def test_a_wrong_passphrase_is_one_line(key_path):
    with pytest.raises(FileFormatError, match="BENCH_KEY_PASSPHRASE"):
        load_private_key(key_path, passphrase="wrong")


def test_a_run_without_an_end_cannot_be_signed(tmp_path, key_path):
    folder = write(tmp_path / "run", (Kind.MEASUREMENT, measurement("OUT-001")))

    with pytest.raises(FileFormatError, match="only a finished run"):
        sign(folder, key_path)


def test_the_next_start_closes_a_run_that_died(tmp_path):
    folder = write(tmp_path / "run", (Kind.MEASUREMENT, measurement("OUT-001")))

    assert [folder] == close_died_runs(tmp_path, render=render)
    assert () == verify_run(folder).findings
    assert ("ERROR", 1) == (load_run(folder).verdict, len(load_run(folder).measurements))
    assert [] == close_died_runs(tmp_path, render=render)


def test_a_run_that_is_still_making_its_reports_is_left_alone(tmp_path):
    """Its journal has its end and no lock any more; only the mark says that somebody is at work."""
    folder = write(tmp_path / "run", DONE, SAFE, OVER)

    with HeldMark(folder):
        assert [] == close_died_runs(tmp_path, render=render)
    assert len(list(read_journal(folder / "journal.jsonl"))) == 4


def test_who_inherits_the_mark_holds_it_after_the_runner(tmp_path):
    folder = write(tmp_path / "run", DONE)
    with HeldMark(folder) as mark:
        guardian = subprocess.Popen(["sleep", "30"], pass_fds=[mark.descriptor])

    assert [] == close_died_runs(tmp_path, render=render)
    guardian.kill()
    guardian.wait()
    assert [folder] == close_died_runs(tmp_path, render=render)


def test_a_folder_in_which_nothing_was_written_is_left_alone(tmp_path):
    create_run_folder(tmp_path / "run")

    assert [] == close_died_runs(tmp_path, render=render)
