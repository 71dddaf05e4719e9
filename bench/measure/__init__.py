"""Pulse metrology: codes in, frozen results out. Pure; knows no instrument, device or limit."""

from bench.measure.edges import all_edges, first_edge
from bench.measure.levels import Excursion, Shutdown, excursions, shutdown, worst_mean
from bench.measure.pulses import PulseTable, RecordAnalysis, analyse
from bench.measure.states import StateLevel

__all__ = [
    "Excursion",
    "PulseTable",
    "RecordAnalysis",
    "Shutdown",
    "StateLevel",
    "all_edges",
    "analyse",
    "excursions",
    "first_edge",
    "shutdown",
    "worst_mean",
]
