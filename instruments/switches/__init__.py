"""Relay units."""

from instruments.switches.keithley_2700 import Keithley2700
from instruments.switches.keysight_daq970 import KeysightDaq970
from instruments.switches.lcus import Lcus
from instruments.switches.numato import Numato

__all__ = ["BOARDS", "DRIVERS", "Keithley2700", "KeysightDaq970", "Lcus", "Numato"]

BOARDS = (Numato, Lcus)
"""Relay boards that answer no ``*IDN?``: the station file must name their model."""
DRIVERS = (KeysightDaq970, Keithley2700, *BOARDS)
"""Tried in this order against what ``*IDN?`` answers."""
