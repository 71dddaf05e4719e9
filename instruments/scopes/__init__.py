"""Oscilloscopes."""

from instruments.scopes.keysight_infiniivision import KeysightInfiniiVision
from instruments.scopes.rigol_ds1000z import RigolDs1000z
from instruments.scopes.siglent_sds import SiglentSds

__all__ = ["DRIVERS", "KeysightInfiniiVision", "RigolDs1000z", "SiglentSds"]

DRIVERS = (KeysightInfiniiVision, RigolDs1000z, SiglentSds)
"""Tried in this order against what ``*IDN?`` answers."""
