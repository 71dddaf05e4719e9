"""What a run knows of its measuring device, and what that means for whatever is read through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import Final

from bench.decision import FAILED
from bench.errors import FixtureError
from bench.judge import Limit, Verdict, judge
from bench.record.schema import SelfTestStep
from bench.station.measured import Measured

__all__ = ["NetworkPoint", "NetworkProof", "hertz", "judged", "not_checked"]

_UNIT: Final = "%"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPoint:
    """The network's deviation at one frequency, a number of unit 1."""

    frequency_hz: float
    deviation: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkProof:
    """What this run knows of its measuring device."""

    points: tuple[NetworkPoint, ...] = ()
    problem: str = ""
    """Why the network cannot be used; empty where nothing is known against it."""
    not_verified: str = ""
    """Why it was not verified, where it was not."""

    @property
    def note(self) -> str:
        """What is to be said beside whatever was read through the network."""
        return f"measuring device not verified: {self.not_verified}" if self.not_verified else ""

    def must_be_usable(self) -> None:
        """Raise FixtureError where the network is known to be wrong."""
        if self.problem:
            raise FixtureError(f"measuring device: {self.problem} (LKG-008)")


def not_checked(why: str) -> NetworkProof:
    """Return the proof of a network that nobody has looked at."""
    return NetworkProof(not_verified=why)


def judged(
    points: tuple[NetworkPoint, ...],
    limits: Sequence[Limit],
    *,
    record: Callable[[SelfTestStep], None],
) -> NetworkProof:
    """Return what the points prove under ``limits``, each a step of the self-test."""
    outside: list[str] = []
    undecided: list[str] = []
    for point, limit in product(points, limits):
        value = 100.0 * (point.deviation.value or 0.0)
        expanded = 100.0 * (point.deviation.expanded_uncertainty or 0.0)
        verdict = judge(
            value,
            expanded_uncertainty=expanded,
            coverage_factor=point.deviation.coverage_factor or 2.0,
            limit=limit,
        ).verdict
        text = (
            f"{value:+.2f} ± {expanded:.2f} {_UNIT} from its model at {hertz(point.frequency_hz)}"
        )
        low, high = -inf if limit.low is None else limit.low, limit.high
        wrong = verdict in FAILED and not low <= value <= (inf if high is None else high)
        decided = verdict is Verdict.PASS or wrong
        record(
            SelfTestStep(
                name=f"measuring device at {hertz(point.frequency_hz)}", passed=not wrong,
                value=value, unit=_UNIT, low=limit.low, high=limit.high,
                detail=f"{'' if decided else 'not decided, '}U = {expanded:.2f} {_UNIT}",
            )
        )  # fmt: skip
        if wrong:
            outside.append(text)
        elif not decided:
            undecided.append(text)
    problem = "; ".join(outside)
    return NetworkProof(
        points=points, problem=problem, not_verified="; ".join([*outside, *undecided])
    )


def hertz(hz: float) -> str:
    """Return a frequency as it is spoken of."""
    return f"{hz / 1e6:g} MHz" if hz >= 1e6 else f"{hz / 1e3:g} kHz" if hz >= 1e3 else f"{hz:g} Hz"
