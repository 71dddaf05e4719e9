"""Oscilloscopes."""

from instruments.scopes.keysight_infiniivision import KeysightInfiniiVision
from instruments.scopes.rigol_ds1000z import RigolDs1000z

__all__ = ["DRIVERS", "KeysightInfiniiVision", "RigolDs1000z"]

DRIVERS = (KeysightInfiniiVision, RigolDs1000z)
"""Tried in this order against what ``*IDN?`` answers."""
