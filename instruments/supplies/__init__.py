"""Supplies."""

from instruments.supplies.keysight_e36xx import KeysightE36xx

__all__ = ["KeysightE36xx"]
