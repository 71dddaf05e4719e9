"""Relay units."""

from instruments.switches.keysight_daq970 import KeysightDaq970

__all__ = ["DRIVERS", "KeysightDaq970"]

DRIVERS = (KeysightDaq970,)
"""Tried in this order against what ``*IDN?`` answers."""
