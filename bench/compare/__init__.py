"""Firmware against firmware: what changed between two sets of runs, and whether that can be told."""

from bench.compare.comparison import Comparison, Outcome, RowComparison, compare
from bench.compare.sides import Side, load_side

__all__ = ["Comparison", "Outcome", "RowComparison", "Side", "compare", "load_side"]
