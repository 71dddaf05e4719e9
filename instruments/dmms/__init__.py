"""Multimeters."""

from instruments.dmms.keysight_344xx import Keysight344xx

__all__ = ["Keysight344xx"]
