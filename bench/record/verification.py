"""Is a run's folder what its journal says? Offline, from the folder alone.

What is looked at: the chain of the journal, each waveform against its name, each file against its
seal, report and summary against the record, signatures. Nothing is repaired.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from bench.errors import FileFormatError
from bench.record.events import Kind
from bench.record.journal import JournalLine, read_journal
from bench.record.run_folder import (
    JOURNAL_NAME,
    OPEN_MARK,
    WAVEFORM_FOLDER,
    load_run,
    summary_bytes,
    waveforms_of,
)
from bench.record.schema import RunRecord
from bench.record.seal import files_beside, sealed_files
from bench.record.signature import Signature, fingerprint, read_signature
from bench.record.summaries import SUMMARY_NAME, decode_summary, read_summary

__all__ = ["Verification", "verify_run"]

_REPORT = "report.html"
_OF_THE_RECORD = frozenset({Kind.SEALED, Kind.SIGNED})
"""The only lines that may follow the first seal."""
_NOT_AS_WRITTEN = (FileFormatError, msgspec.MsgspecError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was looked at, and what is wrong with it."""

    run_id: str
    lines: int
    waveforms: int
    files: int
    signatures: tuple[Signature, ...]
    findings: tuple[str, ...]
    """One line each; empty where nothing was altered."""
    notes: tuple[str, ...] = ()
    """What is in order and must be known: files that a signature does not cover."""


def verify_run(folder: Path, *, trusted: Sequence[bytes] = ()) -> Verification:
    """Check a run folder; ``trusted`` are raw public keys, of which every signature must be one.

    Raises FileFormatError only where there is no journal to read at all.
    """
    path = folder / JOURNAL_NAME
    lines, broken = _read_chain(path)
    run_id = _run_id(lines)
    if broken:
        return Verification(
            run_id=run_id, lines=len(lines), waveforms=0, files=0, signatures=(), findings=(broken,)
        )
    try:
        return _verify_contents(folder, lines, run_id=run_id, trusted=trusted)
    except _NOT_AS_WRITTEN as error:  # chained as ours, and no run of ours wrote it
        finding = f"{folder}: it holds what no run writes: {error}"
        return Verification(
            run_id=run_id,
            lines=len(lines),
            waveforms=0,
            files=0,
            signatures=(),
            findings=(finding,),
        )


def _verify_contents(
    folder: Path, lines: Sequence[JournalLine], *, run_id: str, trusted: Sequence[bytes]
) -> Verification:
    """Check everything behind an unbroken chain; raises what decoding strange contents raises."""
    findings = _end_findings(folder / JOURNAL_NAME, lines)
    known = {digest for line in lines for digest in waveforms_of(line)}
    findings += _waveform_findings(folder / WAVEFORM_FOLDER, known)
    findings += _file_findings(folder, lines)
    if not findings:
        findings += _report_findings(folder)
    signed = [
        (line, read_signature(line, run_id=run_id)) for line in lines if line.kind == Kind.SIGNED
    ]
    signatures = tuple(signature for _, signature in signed)
    findings += _signature_findings(signatures, trusted)
    return Verification(
        run_id=run_id,
        lines=len(lines),
        waveforms=len(known),
        files=len(sealed_files(lines)),
        signatures=signatures,
        findings=tuple(findings),
        notes=tuple(_uncovered(signed, lines)),
    )


def _read_chain(path: Path) -> tuple[list[JournalLine], str]:
    """Return the lines up to where the chain breaks, and how it breaks."""
    breaks: list[str] = []
    lines = list(_up_to_the_break(path, breaks))
    if breaks:
        return lines, breaks[0]
    if not lines or lines[0].kind != Kind.STARTED:
        return lines, f"{path}: it does not begin with a `started` line"
    return lines, ""


def _up_to_the_break(path: Path, breaks: list[str]) -> Iterator[JournalLine]:
    """Yield the lines that can be read, and add why no more can be; raises where there is no file."""
    try:
        yield from read_journal(path)
    except FileFormatError as error:
        if not path.is_file():
            raise
        breaks.append(str(error))


def _run_id(lines: Sequence[JournalLine]) -> str:
    first: object = lines[0].data if lines else None
    return (
        str(cast("dict[str, object]", first).get("run_id", "")) if isinstance(first, dict) else ""
    )


def _end_findings(path: Path, lines: Sequence[JournalLine]) -> list[str]:
    findings: list[str] = []
    if not path.read_bytes().endswith(b"\n"):
        findings.append(f"{path}: its last line is torn: the writer died in it, or it was cut")
    if not any(line.kind == Kind.FINISHED for line in lines):
        findings.append(f"{path}: the run has no end: it is under way, or it died")
    sealed = next((line.seq for line in lines if line.kind == Kind.SEALED), len(lines))
    findings += [
        f"{path}:{line.seq + 1}: a line of the run ({line.kind}) behind its seal"
        for line in lines[sealed:]
        if line.kind not in _OF_THE_RECORD
    ]
    return findings


def _waveform_findings(folder: Path, known: set[str]) -> list[str]:
    findings: list[str] = []
    present = {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}
    for digest in sorted(known):
        path = present.pop(f"{digest}.npz", None)
        if path is None:
            findings.append(f"{folder / digest}.npz: it is in the journal and not in the folder")
        elif path.is_symlink() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            findings.append(f"{path}: it was changed: its bytes are not those of its name")
    findings += [f"{path}: no line of the journal names it" for path in present.values()]
    return findings


def _file_findings(folder: Path, lines: Sequence[JournalLine]) -> list[str]:
    sealed, found = sealed_files(lines), files_beside(folder)
    if not sealed:
        return [f"{folder}: the run was never sealed; its reports are not protected"]
    findings = [
        f"{folder / name}: it was changed after {file.at}, when it was sealed"
        for name, file in sealed.items()
        if name in found and found[name] != file.sha256
    ]
    findings += [
        f"{folder / name}: it was sealed and is gone" for name in sealed if name not in found
    ]
    findings += [f"{folder / name}: it was never sealed" for name in found if name not in sealed]
    if (folder / OPEN_MARK).exists():
        findings.append(f"{folder / OPEN_MARK}: the run was not closed")
    return findings


def _report_findings(folder: Path) -> list[str]:
    """Compare what people and machines read with the record; files that are intact can still lie."""
    record = load_run(folder)
    findings: list[str] = []
    summary, report = folder / SUMMARY_NAME, folder / _REPORT
    if not summary.is_file() or read_summary(folder) != decode_summary(summary_bytes(record)):
        findings.append(f"{summary}: it does not say what the record says")
    if not report.is_file() or not _made_from(report, record):
        findings.append(f"{report}: it was not made from this record")
    return findings


def _made_from(report: Path, record: RunRecord) -> bool:
    text = report.read_text(encoding="utf-8")
    return record.run_id in text and record.journal_sha256 in text


def _signature_findings(signatures: Sequence[Signature], trusted: Sequence[bytes]) -> list[str]:
    keys = {fingerprint(key) for key in trusted}
    findings: list[str] = []
    for signature in signatures:
        who = f"signature of {signature.statement.name} ({signature.statement.at})"
        if signature.problem:
            findings.append(f"{who}: {signature.problem}")
        elif keys and signature.key not in keys:
            findings.append(f"{who}: its key {signature.key} is none of those given")
    return findings


def _uncovered(
    signed: Sequence[tuple[JournalLine, Signature]], lines: Sequence[JournalLine]
) -> Iterator[str]:
    """Name the files that were made, or made again, after a signature."""
    for line, signature in signed:
        before, now = sealed_files(lines[: line.seq]), sealed_files(lines)
        for name, file in now.items():
            if name not in before or before[name].sha256 != file.sha256:
                yield (
                    f"{name} was made at {file.at}, after the signature of "
                    f"{signature.statement.name}, which does not cover it"
                )
