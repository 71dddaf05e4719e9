"""Multimeters."""

from instruments.dmms.keysight_344xx import Keysight344xx

__all__ = ["DRIVERS", "Keysight344xx"]

DRIVERS = (Keysight344xx,)
"""Tried in this order against what ``*IDN?`` answers."""
