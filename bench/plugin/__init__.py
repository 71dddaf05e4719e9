"""pytest plugin of the bench; plans take their types from here."""

from bench.plugin.check import Check
from bench.station.bench import Bench

__all__ = ["Bench", "Check"]
