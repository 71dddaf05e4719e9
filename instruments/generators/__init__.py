"""Waveform generators."""

from instruments.generators.keysight_33500b import Keysight33500B
from instruments.generators.siglent_sdg import SiglentSdg

__all__ = ["DRIVERS", "Keysight33500B", "SiglentSdg"]

DRIVERS = (Keysight33500B, SiglentSdg)
"""Tried in this order against what ``*IDN?`` answers."""
