"""Oscilloscopes."""

from instruments.scopes.keysight_infiniivision import KeysightInfiniiVision

__all__ = ["DRIVERS", "KeysightInfiniiVision"]

DRIVERS = (KeysightInfiniiVision,)
"""Tried in this order against what ``*IDN?`` answers."""
