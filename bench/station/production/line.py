"""All that is done to a unit of a series, in its order: at rest, running, and what ends the output."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from bench.station.production.at_rest import AtRest
from bench.station.production.chain import Chain, Step
from bench.station.production.ends import Ends
from bench.station.production.running import OutputKey, Running
from bench.station.production.short_session import ShortSession
from bench.station.production.supply import SupplyFall
from bench.station.steady_output import SteadyOutput

if TYPE_CHECKING:
    from bench.station.bench import Bench

__all__ = ["ProductionLine"]


SETTLE_S: Final = 0.05
"""Behind a start. What settles longer shows: every amplitude is measured later, or told to settle."""


class ProductionLine:
    """The steps of a production run."""

    def __init__(self, bench: Bench) -> None:
        bench.treatment.settle_s = SETTLE_S
        chain = Chain(recover=lambda: bench.rest(power_cycle=True))
        self.at_rest = AtRest(bench, chain)
        self.running = Running(bench, chain)
        self.session = ShortSession(bench, chain)
        self.ends = Ends(bench, chain)
        self.supply = SupplyFall(bench, chain)

    @cached_property
    def outputs(self) -> Mapping[OutputKey, Step[SteadyOutput]]:
        """The steady records that tests of several plans share."""
        return self.running.outputs
