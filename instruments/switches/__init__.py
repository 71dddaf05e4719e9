"""Relay units."""

from instruments.switches.keysight_daq970 import KeysightDaq970

__all__ = ["KeysightDaq970"]
