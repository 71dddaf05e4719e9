"""Supplies."""

from instruments.supplies.keysight_e36xx import KeysightE36xx

__all__ = ["DRIVERS", "KeysightE36xx"]

DRIVERS = (KeysightE36xx,)
"""Tried in this order against what ``*IDN?`` answers."""
