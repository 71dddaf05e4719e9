"""Is the record as it was written? The chain of the journal, and the files that it names."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bench.record.schema import RunRecord
from reports.completeness.finding import Finding, all_of, noted

__all__ = ["integrity_items"]


def integrity_items(folder: Path, record: RunRecord) -> tuple[Finding, ...]:
    """Return the state of the chain and of every stored waveform, read and hashed again.

    ``record`` was read with its chain verified: a broken one cannot be read at all.
    """
    names = [waveform.sha256 for capture in record.captures for waveform in capture.waveforms]
    stored = list(dict.fromkeys(names))
    changed = [name[:12] for name in stored if not _as_named(folder / f"{name}.npz", name)]
    return (
        noted("journal read to its end, chain intact", record.journal_sha256),
        all_of("waveforms", changed, total=len(stored), what="files hash to their names"),
    )


def _as_named(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
