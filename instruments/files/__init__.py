"""Readers of recorded waveforms: a file becomes the same ``Waveform`` that a scope gives."""

from instruments.files.npz import dump, load
from instruments.files.reading import read_waveforms

__all__ = ["dump", "load", "read_waveforms"]
