"""Simulated 34461A and 34401A, and the Fluke 8846A and Rigol DM3068 that speak as a 34401A.

What the three have of their own: a 34401A on a serial line and a Fluke on any line obey nothing but
``SYST:REM`` and queries of identity and errors while they are in local mode; a Fluke is slow after
``*RST``; a DM3068 starts in another command set, in which the settings of a 34401A do not exist.
"""

from __future__ import annotations

from bench.twin.dmm import Multimeter
from bench.twin.dmm_ranges import MeterModel, functions_with
from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["FLUKE_8846A", "KEYSIGHT_34401A", "KEYSIGHT_34461A", "RIGOL_DM3068", "Fluke884xA",
           "Keysight34401A", "RigolDm3068"]  # fmt: skip

_STEPS = (0.02, 0.2, 1.0, 10.0, 100.0)
_TRIGGER_JITTER_S = 2e-3
"""Proposed: a reading starts up to so much later than at once."""

KEYSIGHT_34461A = MeterModel(
    functions=functions_with(volts_ppm=(40.0, 33.0)),
    nplc_steps=_STEPS,
    start_jitter_s=_TRIGGER_JITTER_S,
)
KEYSIGHT_34401A = MeterModel(
    functions=functions_with(volts_ppm=(40.0, 33.0)),
    nplc_steps=_STEPS,
    start_jitter_s=_TRIGGER_JITTER_S,
)
FLUKE_8846A = MeterModel(
    functions=functions_with(volts_ppm=(37.0, 30.0)),
    nplc_steps=_STEPS,
    start_jitter_s=_TRIGGER_JITTER_S,
)
RIGOL_DM3068 = MeterModel(
    functions=functions_with(
        volts=(0.2, 2.0, 20.0, 200.0, 1000.0),
        ohms=(200.0, 2e3, 2e4, 2e5, 1e6, 1e7, 1e8),
        volts_ppm=(35.0, 6.0),
        ohms_ppm=(120.0, 10.0),
    ),
    nplc_steps=_STEPS,
    largest_count=500,
    start_jitter_s=_TRIGGER_JITTER_S,
)
_NOT_ALLOWED_IN_LOCAL = 550


class Keysight34401A(Multimeter):
    """The commands of a 34401A: one auto-zero and one input impedance for all functions."""

    def __init__(
        self, *, timeline: LaboratoryTime, seed: int, identity: str, model: MeterModel
    ) -> None:
        self._is_remote = True
        super().__init__(timeline=timeline, seed=seed, identity=identity, model=model)

    def add_own_commands(self) -> None:
        """Declare what has no function in its header, and remote mode."""
        self.add_zero_at("[SENSe]:ZERO:AUTO", "VOLT", "RES")
        self.add_impedance("INPut:IMPedance:AUTO")
        self.add_action("SYSTem:REMote", self._go_remote)
        self.add_action("SYSTem:LOCal", self.go_local)

    def add_zero(self, name: str, root: str) -> None:
        """Declare nothing: auto-zero has no function here."""

    def put_on_serial_line(self) -> None:
        """Start in local mode."""
        self.go_local()

    def go_local(self) -> None:
        """Obey nothing until told to go remote."""
        self._is_remote = False

    def require_obeyed(self, header: str) -> None:
        """Raise ScpiError for a command in local mode, ``SYST:REM`` and queries apart."""
        if self._is_remote or header.partition(" ")[0].endswith("?"):
            return
        if not header.upper().lstrip(":").startswith(("SYST:REM", "SYSTEM:REM", "*CLS")):
            raise ScpiError(_NOT_ALLOWED_IN_LOCAL, header[:40])

    def _go_remote(self) -> None:
        self._is_remote = True


class Fluke884xA(Keysight34401A):
    """An 8845A or 8846A: in local mode on every line, and slow after a reset."""

    reset_time_s = 6.0
    """Longer than the five seconds that a message usually may take."""

    def __init__(
        self, *, timeline: LaboratoryTime, seed: int, identity: str, model: MeterModel
    ) -> None:
        super().__init__(timeline=timeline, seed=seed, identity=identity, model=model)
        self.go_local()

    def reset(self) -> None:
        """Take a while."""
        super().reset()
        self.meter.let_pass(self.reset_time_s)


class RigolDm3068(Keysight34401A):
    """A DM3068: what it takes depends on the command set that was chosen."""

    error_format = '{code:d},"{text}"'

    def __init__(
        self, *, timeline: LaboratoryTime, seed: int, identity: str, model: MeterModel
    ) -> None:
        super().__init__(timeline=timeline, seed=seed, identity=identity, model=model)
        self._command_set = "RIGOL"

    def add_own_commands(self) -> None:
        """Declare the choice of the command set."""
        super().add_own_commands()
        self.tree.add("CMDSET", command=self._choose, query=lambda _call: self._command_set)

    def reset(self) -> None:
        """Return to its own command set too."""
        super().reset()
        self._command_set = "RIGOL"

    def require_obeyed(self, header: str) -> None:
        """Refuse the headers of a 34401A in another command set."""
        common = header.startswith("*") or header.upper().lstrip(":").startswith(("CMDS", "SYST"))
        if self._command_set != "AGILENT" and not common:
            raise ScpiError(-113, header[:40])

    def _choose(self, call: Call) -> None:
        self._command_set = call.arguments.choice(("RIGOL", "AGILENT", "FLUKE"))
