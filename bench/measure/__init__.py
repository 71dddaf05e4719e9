"""Pulse metrology: codes in, frozen results out. Pure; knows no instrument, device or limit."""

from bench.measure.cycles import CycleSpan, whole_cycle_mean, whole_cycle_rms, whole_cycles
from bench.measure.edges import all_edges, first_edge
from bench.measure.levels import Excursion, Shutdown, excursions, shutdown, worst_mean
from bench.measure.pulses import PulseTable, RecordAnalysis, analyse
from bench.measure.ramps import Ramp, ramp
from bench.measure.rates import GridDefects, RepetitionRate, grid_defects, repetition_rate
from bench.measure.states import StateLevel
from bench.measure.summary import ChannelSummary, Spread, summarise_channel
from bench.measure.trains import (
    PolarityCycles,
    PulsePairs,
    Train,
    bursts,
    natural_pair_gap,
    pair_phases,
    polarity_cycles,
    trains,
)

__all__ = [
    "ChannelSummary",
    "CycleSpan",
    "Excursion",
    "GridDefects",
    "PolarityCycles",
    "PulsePairs",
    "PulseTable",
    "Ramp",
    "RecordAnalysis",
    "RepetitionRate",
    "Shutdown",
    "Spread",
    "StateLevel",
    "Train",
    "all_edges",
    "analyse",
    "bursts",
    "excursions",
    "first_edge",
    "grid_defects",
    "natural_pair_gap",
    "pair_phases",
    "polarity_cycles",
    "ramp",
    "repetition_rate",
    "shutdown",
    "summarise_channel",
    "trains",
    "whole_cycle_mean",
    "whole_cycle_rms",
    "whole_cycles",
    "worst_mean",
]
