"""Oscilloscopes."""

from instruments.scopes.keysight_infiniivision import KeysightInfiniiVision
from instruments.scopes.rigol_dho import RigolDho
from instruments.scopes.rigol_ds1000z import RigolDs1000z
from instruments.scopes.rigol_mso5000 import RigolMso5000
from instruments.scopes.rohde_schwarz_rtb import RohdeSchwarzRtb
from instruments.scopes.siglent_sds import SiglentSds
from instruments.scopes.siglent_sds_legacy import SiglentSdsLegacy
from instruments.scopes.tektronix_mso import TektronixMso
from instruments.scopes.tektronix_tbs import TektronixTbs

__all__ = [
    "DRIVERS",
    "KeysightInfiniiVision",
    "RigolDho",
    "RigolDs1000z",
    "RigolMso5000",
    "RohdeSchwarzRtb",
    "SiglentSds",
    "SiglentSdsLegacy",
    "TektronixMso",
    "TektronixTbs",
]

DRIVERS = (
    KeysightInfiniiVision,
    RigolDs1000z,
    RigolDho,
    RigolMso5000,
    SiglentSds,
    SiglentSdsLegacy,
    TektronixMso,
    TektronixTbs,
    RohdeSchwarzRtb,
)
"""Tried in this order against what ``*IDN?`` answers."""
