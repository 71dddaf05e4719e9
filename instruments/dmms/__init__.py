"""Multimeters."""

from instruments.dmms.fluke_884xa import Fluke884xA
from instruments.dmms.keithley_2000 import Keithley2000
from instruments.dmms.keithley_dmm6500 import KeithleyDmm6500
from instruments.dmms.keysight_344xx import Keysight344xx
from instruments.dmms.keysight_34401a import Keysight34401A
from instruments.dmms.rigol_dm858 import RigolDm858
from instruments.dmms.rigol_dm3068 import RigolDm3068
from instruments.dmms.siglent_sdm import SiglentSdm

__all__ = [
    "DRIVERS",
    "Fluke884xA",
    "Keithley2000",
    "KeithleyDmm6500",
    "Keysight344xx",
    "Keysight34401A",
    "RigolDm858",
    "RigolDm3068",
    "SiglentSdm",
]

DRIVERS = (
    Keysight344xx,
    Keysight34401A,
    Keithley2000,
    KeithleyDmm6500,
    RigolDm3068,
    RigolDm858,
    SiglentSdm,
    Fluke884xA,
)
"""Tried in this order against what ``*IDN?`` answers."""
