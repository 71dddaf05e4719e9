"""The proof of a plan as ``bench challenge --json`` leaves it, read for a safety report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bench.errors import FileFormatError

__all__ = ["ChallengeProof", "read_challenge"]


class _Row(msgspec.Struct, frozen=True):
    fault: str
    severity: str | None
    outcome: str
    requirements: tuple[str, ...]
    verdict: str

    @property
    def tone(self) -> str:
        """CSS class of the outcome."""
        return {"caught": "pass", "below_limit": "plain"}.get(self.outcome, "fail")


class _Healthy(msgspec.Struct, frozen=True):
    n: int
    fail: int
    error: int
    inconclusive: int


class ChallengeProof(msgspec.Struct, frozen=True):
    """Which fitted faults the plan caught, and how often it accused a healthy unit."""

    plan: str
    profile: str
    rows: tuple[_Row, ...]
    healthy: _Healthy
    bounds: Mapping[str, float | None]

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of faults by outcome."""
        return Counter(row.outcome for row in self.rows)

    @property
    def open_rows(self) -> tuple[_Row, ...]:
        """The faults that were not caught although their effect is beyond a limit."""
        return tuple(row for row in self.rows if row.outcome not in {"caught", "below_limit"})


def read_challenge(path: Path) -> ChallengeProof:
    """Read what ``bench challenge --json`` printed; raises FileFormatError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ChallengeProof)
    except (OSError, msgspec.MsgspecError) as error:
        raise FileFormatError(
            f"--challenge {path}: expected what `bench challenge PLAN --json` prints, found: {error}"
        ) from error
