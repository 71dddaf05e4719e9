"""Oscilloscopes."""

from instruments.scopes.keysight_infiniivision import KeysightInfiniiVision

__all__ = ["KeysightInfiniiVision"]
