"""Pulse metrology: codes in, frozen results out. Pure; knows no instrument, device or limit."""

from bench.measure.pulses import PulseTable, RecordAnalysis, analyse
from bench.measure.states import StateLevel

__all__ = ["PulseTable", "RecordAnalysis", "StateLevel", "analyse"]
