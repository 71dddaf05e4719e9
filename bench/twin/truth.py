"""The truth port: what really flowed, written down beside what the instruments were shown.

For the coverage tool alone (``benchmarks/coverage.py``), which compares it with what the bench
measured. It is switched on by an option of this process's own command line; no socket, no station
file, no environment variable and no verb of ``bench`` reaches it, so a plan cannot.

A line is written for every stretch of a node that an instrument looked at, with the exact pieces of
the network's solution: v(t) = level + sum of weight * exp(rate * (t - start)).
"""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench.twin.interface import Node, SegmentTable

if TYPE_CHECKING:
    from bench.twin.world import SimulatedWorld

__all__ = ["WitnessedWorld"]


class WitnessedWorld:
    """A world like the one it wraps, that writes down each look at it."""

    def __init__(self, world: SimulatedWorld, log: IO[str]) -> None:
        self._world = world
        self._log = log

    def trace(self, node: Node, start_ns: int, stop_ns: int) -> SegmentTable:
        """Return a node between two remembered instants, and write it down."""
        table = self._world.trace(node, start_ns, stop_ns)
        self._note("record", node, start_ns, table)
        return table

    def mean_voltage(self, start_ns: int, stop_ns: int) -> float | None:
        """Return the mean volts at the multimeter, and write down the shunt meanwhile."""
        mean_v = self._world.mean_voltage(start_ns, stop_ns)
        table = self._world.trace("shunt", start_ns, stop_ns)
        self._note("aperture", "shunt", start_ns, table, mean_v=mean_v)
        return mean_v

    def mean_voltages(self, edges_ns: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """Return the mean volts between neighbouring edges, and write down the shunt meanwhile."""
        start_ns, stop_ns = int(edges_ns[0]), int(edges_ns[-1])
        self._note("slices", "shunt", start_ns, self._world.trace("shunt", start_ns, stop_ns))
        return self._world.mean_voltages(edges_ns)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def _note(
        self, what: str, node: Node, start_ns: int, table: SegmentTable, **more: float | None
    ) -> None:
        values = self._world.fixture.values
        line = {
            "what": what,
            "node": node,
            "start_ns": start_ns,
            "stop_ns": table.stop_ns,
            "shunt_ohm": values.shunt_ohm,
            **more,
            "piece_start_ns": table.start_ns.tolist(),
            "level_v": table.level_v.tolist(),
            "weights_v": table.weights_v.tolist(),
            "rates_per_s": table.rates_per_s.tolist(),
        }
        self._log.write(json.dumps(line) + "\n")
        self._log.flush()
