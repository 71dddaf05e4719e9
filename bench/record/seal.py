"""The seal of a run: what lies beside the journal, by hash, as a line of the journal.

The journal is chained and waveforms are named by their hash; reports, exports and logs are neither.
Once they are written their hashes enter the journal. A file that is made again later is sealed
again, with the hash of what it replaces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from bench.record.events import Kind, Sealed
from bench.record.journal import Journal, JournalLine, read_journal
from bench.record.reserve import RESERVE_NAME
from bench.record.run_folder import JOURNAL_NAME, OPEN_MARK, STORE_MARK, WAVEFORM_FOLDER

__all__ = ["SealedFile", "file_sha256", "files_beside", "first_seal_of", "seal_run", "sealed_files"]

_A_LINK: Final = "a link"
"""Stands for the hash of a symbolic link, which is not followed: no run makes one."""
_NOT_SEALED: Final = frozenset({JOURNAL_NAME, OPEN_MARK, STORE_MARK, RESERVE_NAME})


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """A file as its latest seal describes it."""

    sha256: str
    at: str
    replaces: str = ""


def files_beside(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file but the journal and the waveforms, by relative path."""
    paths = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {
        name: _A_LINK if path.is_symlink() else file_sha256(path)
        for name, path in sorted(named.items())
        if name not in _NOT_SEALED and not name.startswith(f"{WAVEFORM_FOLDER}/")
    }


def sealed_files(lines: Iterable[JournalLine]) -> dict[str, SealedFile]:
    """Return the files that are sealed, each by its latest seal; empty for a run never sealed."""
    files: dict[str, SealedFile] = {}
    for line in lines:
        if line.kind == Kind.SEALED:
            sealed = msgspec.convert(line.data, Sealed)
            for name in sealed.replaces:
                files.pop(name, None)
            for name, digest in sealed.files.items():
                replaced = sealed.replaces.get(name, "")
                files[name] = SealedFile(sha256=digest, at=line.at, replaces=replaced)
    return files


def first_seal_of(name: str, lines: Iterable[JournalLine]) -> SealedFile | None:
    """Return a file as it was first issued, None where it was not yet."""
    for line in lines:
        if line.kind == Kind.SEALED:
            digest = msgspec.convert(line.data, Sealed).files.get(name)
            if digest is not None:
                return SealedFile(sha256=digest, at=line.at)
    return None


def seal_run(folder: Path, *, reason: str) -> bool:
    """Seal what is new or differs; return whether there was anything.

    Raises JournalBusy while the run is still being written, FileFormatError for a broken chain.
    """
    path = folder / JOURNAL_NAME
    known = sealed_files(read_journal(path))
    found = files_beside(folder)
    changed = _changed(found, known)
    gone = {name: file.sha256 for name, file in known.items() if name not in found}
    if not changed and not gone and known:
        return False
    replaced = {name: known[name].sha256 for name in changed if name in known}
    with Journal(path) as journal:
        journal.append(
            Kind.SEALED, Sealed(reason=reason, files=changed, replaces={**replaced, **gone})
        )
    return True


def _changed(found: Mapping[str, str], known: Mapping[str, SealedFile]) -> dict[str, str]:
    return {
        name: digest
        for name, digest in found.items()
        if name not in known or known[name].sha256 != digest
    }


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
