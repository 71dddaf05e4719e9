"""Oscilloscopes."""

from instruments.scopes.keysight_infiniivision import KeysightInfiniiVision
from instruments.scopes.rigol_ds1000z import RigolDs1000z
from instruments.scopes.siglent_sds import SiglentSds
from instruments.scopes.tektronix_mso import TektronixMso
from instruments.scopes.tektronix_tbs import TektronixTbs

__all__ = [
    "DRIVERS",
    "KeysightInfiniiVision",
    "RigolDs1000z",
    "SiglentSds",
    "TektronixMso",
    "TektronixTbs",
]

DRIVERS = (KeysightInfiniiVision, RigolDs1000z, SiglentSds, TektronixMso, TektronixTbs)
"""Tried in this order against what ``*IDN?`` answers."""
