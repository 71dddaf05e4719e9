"""Pulse metrology: codes in, frozen results out. Pure; knows no instrument, device or limit."""

from bench.measure.bilevel import bilevel_states
from bench.measure.cycles import CycleSpan, whole_cycle_mean, whole_cycle_rms, whole_cycles
from bench.measure.edges import all_edges, first_edge
from bench.measure.envelopes import (
    Envelope,
    RateSegment,
    envelope,
    envelope_deviation,
    rate_segments,
)
from bench.measure.levels import Excursion, Shutdown, excursions, shutdown, worst_mean
from bench.measure.modulation import (
    FittedModulation,
    Modulation,
    SeenModulation,
    fit_modulation,
    seen_modulation,
)
from bench.measure.pulses import PulseTable, RecordAnalysis, analyse
from bench.measure.ramps import Ramp, ramp
from bench.measure.rates import (
    GridDefects,
    RepetitionRate,
    grid_defects,
    instant_noise_s,
    repetition_rate,
)
from bench.measure.shape import Template, pause_noise, plateau_noise, shape_deviation
from bench.measure.sine import (
    Distortion,
    SineFit,
    distortion,
    fit_sine,
    fit_sine_at,
    thd_of_harmonics,
)
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
    "Distortion",
    "Envelope",
    "Excursion",
    "FittedModulation",
    "GridDefects",
    "Modulation",
    "PolarityCycles",
    "PulsePairs",
    "PulseTable",
    "Ramp",
    "RateSegment",
    "RecordAnalysis",
    "RepetitionRate",
    "SeenModulation",
    "Shutdown",
    "SineFit",
    "Spread",
    "StateLevel",
    "Template",
    "Train",
    "all_edges",
    "analyse",
    "bilevel_states",
    "bursts",
    "distortion",
    "envelope",
    "envelope_deviation",
    "excursions",
    "first_edge",
    "fit_modulation",
    "fit_sine",
    "fit_sine_at",
    "grid_defects",
    "instant_noise_s",
    "natural_pair_gap",
    "pair_phases",
    "pause_noise",
    "plateau_noise",
    "polarity_cycles",
    "ramp",
    "rate_segments",
    "repetition_rate",
    "seen_modulation",
    "shape_deviation",
    "shutdown",
    "summarise_channel",
    "thd_of_harmonics",
    "trains",
    "whole_cycle_mean",
    "whole_cycle_rms",
    "whole_cycles",
    "worst_mean",
]
