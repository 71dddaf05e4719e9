"""Supplies."""

from instruments.supplies.keysight_e36xx import KeysightE36xx
from instruments.supplies.rigol_dp800 import RigolDp800
from instruments.supplies.siglent_spd import SiglentSpd

__all__ = ["DRIVERS", "KeysightE36xx", "RigolDp800", "SiglentSpd"]

DRIVERS = (KeysightE36xx, RigolDp800, SiglentSpd)
"""Tried in this order against what ``*IDN?`` answers."""
