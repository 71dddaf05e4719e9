"""The instruments that the simulated laboratory can have, by name, one list for each role.

A name is what ``bench twin --scope NAME`` (``--dmm``, ``--switch``, ``--supply``, ``--generator``) takes. Adding a
family is adding its class and one row here, and its name in
``bench/station/simulated_instruments.py``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from bench.twin.dmm import Multimeter
from bench.twin.dmm_ranges import KEYSIGHT_34465A, MeterModel
from bench.twin.dmms.keithley import (
    KEITHLEY_2000,
    KEITHLEY_DMM6500,
    Keithley2000,
    KeithleyDmm6500,
)
from bench.twin.dmms.keysight import (
    FLUKE_8846A,
    KEYSIGHT_34401A,
    KEYSIGHT_34461A,
    RIGOL_DM3068,
    Fluke884xA,
    Keysight34401A,
    RigolDm3068,
)
from bench.twin.dmms.rigol_siglent import (
    RIGOL_DM858,
    SIGLENT_SDM3045X,
    SIGLENT_SDM3055,
    SIGLENT_SDM3065X,
    RigolDm858,
    SiglentSdm,
)
from bench.twin.generator import FunctionGenerator, Keysight33511B, SiglentSdg1032X
from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.relay_board import NumatoBoard
from bench.twin.scope import Oscilloscope
from bench.twin.scopes.keysight_3000x import KeysightScope
from bench.twin.scopes.rigol import RigolDs1000z
from bench.twin.scopes.rigol_dho import RigolDho800, RigolMso5000
from bench.twin.scopes.rohde_schwarz import RohdeSchwarzRtb2004
from bench.twin.scopes.siglent_legacy import SiglentSds1104xe
from bench.twin.scopes.siglent_sds import SiglentSdsHd
from bench.twin.scopes.tektronix import TektronixMso44, TektronixTbs1104
from bench.twin.scpi import ScpiInstrument
from bench.twin.supply import PowerSupply
from bench.twin.supply_others import RigolDp832A, SiglentSpd3303X
from bench.twin.switch import SwitchUnit
from bench.twin.switch_keithley import Keithley2700

__all__ = ["DMMS", "GENERATORS", "SCOPES", "SUPPLIES", "SWITCHES", "Dialect", "Place", "named"]


Kind = TypeVar("Kind", bound=ScpiInstrument)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What every simulated instrument is built on."""

    timeline: LaboratoryTime
    seed: int
    identity: str
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect(Generic[Kind]):
    """One family: how it is built and what it answers to ``*IDN?``."""

    build: Callable[[Place], Kind]
    identity: str
    """With ``{serial}`` where the serial number stands."""

    def at(self, timeline: LaboratoryTime, *, seed: int, serial: str) -> Kind:
        """Build the instrument."""
        identity = self.identity.format(serial=serial)
        return self.build(Place(timeline=timeline, seed=seed, identity=identity, serial=serial))


def named(dialects: Mapping[str, Dialect[Kind]], name: str, role: str) -> Dialect[Kind]:
    """Return the family of a name; raises ValueError naming those that there are."""
    if name in dialects:
        return dialects[name]
    near = difflib.get_close_matches(name, dialects, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"instruments.{role}: expected one of {', '.join(sorted(dialects))}, found {name!r}{hint}"
    )


def _switch(kind: type[SwitchUnit]) -> Callable[[Place], SwitchUnit]:
    return lambda place: kind(timeline=place.timeline, identity=place.identity, serial=place.serial)


def _scope(kind: type[Oscilloscope]) -> Callable[[Place], Oscilloscope]:
    return lambda place: kind(timeline=place.timeline, seed=place.seed, identity=place.identity)


def _generator(kind: type[FunctionGenerator]) -> Callable[[Place], FunctionGenerator]:
    return lambda place: kind(timeline=place.timeline, seed=place.seed, identity=place.identity)


def _dmm(kind: type[Multimeter], model: MeterModel) -> Callable[[Place], Multimeter]:
    return lambda place: kind(
        timeline=place.timeline, seed=place.seed, identity=place.identity, model=model
    )


def _supply(kind: type[PowerSupply]) -> Callable[[Place], PowerSupply]:
    return lambda place: kind(timeline=place.timeline, seed=place.seed, identity=place.identity)


SCOPES: Mapping[str, Dialect[Oscilloscope]] = {
    "keysight-3000x": Dialect(
        build=_scope(KeysightScope),
        identity="KEYSIGHT TECHNOLOGIES,DSO-X 3024A,{serial},02.43-SIMULATED",
    ),
    "rigol-ds1000z": Dialect(
        build=_scope(RigolDs1000z),
        identity="RIGOL TECHNOLOGIES,DS1104Z,{serial},00.04.04.SP4-SIMULATED",
    ),
    "rigol-dho800": Dialect(
        build=_scope(RigolDho800),
        identity="RIGOL TECHNOLOGIES,DHO804,{serial},00.01.02-SIMULATED",
    ),
    "rigol-mso5000": Dialect(
        build=_scope(RigolMso5000),
        identity="RIGOL TECHNOLOGIES,MSO5104,{serial},00.01.03-SIMULATED",
    ),
    "rohde-schwarz-rtb2000": Dialect(
        build=_scope(RohdeSchwarzRtb2004),
        identity="Rohde&Schwarz,RTB2004,{serial},02.400-SIMULATED",
    ),
    "siglent-sds1000xe": Dialect(
        build=_scope(SiglentSds1104xe),
        identity="Siglent Technologies,SDS1104X-E,{serial},8.2.6.1.37R9-SIMULATED",
    ),
    "siglent-sds800xhd": Dialect(
        build=_scope(SiglentSdsHd),
        identity="Siglent Technologies,SDS824X HD,{serial},3.8.12.1.1.3.6-SIMULATED",
    ),
    "tektronix-mso4": Dialect(
        build=_scope(TektronixMso44),
        identity="TEKTRONIX,MSO44,{serial},CF:91.1CT FV:1.28.4-SIMULATED",
    ),
    "tektronix-tbs1000": Dialect(
        build=_scope(TektronixTbs1104),
        identity="TEKTRONIX,TBS 1104,{serial},CF:91.1CT FV:v4.06-SIMULATED",
    ),
}
DMMS: Mapping[str, Dialect[Multimeter]] = {
    "keysight-34465a": Dialect(
        build=_dmm(Multimeter, KEYSIGHT_34465A),
        identity="Keysight Technologies,34465A,{serial},A.03.02-SIMULATED",
    ),
    "keysight-34461a": Dialect(
        build=_dmm(Multimeter, KEYSIGHT_34461A),
        identity="Keysight Technologies,34461A,{serial},A.03.02-SIMULATED",
    ),
    "keysight-34401a": Dialect(
        build=_dmm(Keysight34401A, KEYSIGHT_34401A),
        identity="HEWLETT-PACKARD,34401A,{serial},11-5-2-SIMULATED",
    ),
    "fluke-8846a": Dialect(
        build=_dmm(Fluke884xA, FLUKE_8846A), identity="FLUKE,8846A,{serial},01.00-SIMULATED"
    ),
    "keithley-2000": Dialect(
        build=_dmm(Keithley2000, KEITHLEY_2000),
        identity="KEITHLEY INSTRUMENTS INC.,MODEL 2000,{serial},A19-SIMULATED",
    ),
    "keithley-dmm6500": Dialect(
        build=_dmm(KeithleyDmm6500, KEITHLEY_DMM6500),
        identity="KEITHLEY INSTRUMENTS,MODEL DMM6500,{serial},1.7.12-SIMULATED",
    ),
    "rigol-dm3068": Dialect(
        build=_dmm(RigolDm3068, RIGOL_DM3068),
        identity="Rigol Technologies,DM3068,{serial},01.01-SIMULATED",
    ),
    "rigol-dm858": Dialect(
        build=_dmm(RigolDm858, RIGOL_DM858),
        identity="RIGOL TECHNOLOGIES,DM858,{serial},00.01.02-SIMULATED",
    ),
    "siglent-sdm3045x": Dialect(
        build=_dmm(SiglentSdm, SIGLENT_SDM3045X),
        identity="Siglent Technologies,SDM3045X,{serial},5.01-SIMULATED",
    ),
    "siglent-sdm3055": Dialect(
        build=_dmm(SiglentSdm, SIGLENT_SDM3055),
        identity="Siglent Technologies,SDM3055,{serial},1.01-SIMULATED",
    ),
    "siglent-sdm3065x": Dialect(
        build=_dmm(SiglentSdm, SIGLENT_SDM3065X),
        identity="Siglent Technologies,SDM3065X,{serial},3.01-SIMULATED",
    ),
}
SWITCHES: Mapping[str, Dialect[SwitchUnit]] = {
    "keysight-daq970a": Dialect(
        build=_switch(SwitchUnit),
        identity="Keysight Technologies,DAQ970A,{serial},A.02.02-SIMULATED",
    ),
    "numato-32": Dialect(build=_switch(NumatoBoard), identity="Numato,NUMATO-32,{serial},0000000A"),
    "keithley-2700": Dialect(
        build=_switch(Keithley2700),
        identity="KEITHLEY INSTRUMENTS INC.,MODEL 2700,{serial},B09-SIMULATED",
    ),
}
SUPPLIES: Mapping[str, Dialect[PowerSupply]] = {
    "keysight-e36312a": Dialect(
        build=_supply(PowerSupply),
        identity="Keysight Technologies,E36312A,{serial},2.1.4-SIMULATED",
    ),
    "rigol-dp832a": Dialect(
        build=_supply(RigolDp832A),
        identity="RIGOL TECHNOLOGIES,DP832A,{serial},00.01.16-SIMULATED",
    ),
    "siglent-spd3303x": Dialect(
        build=_supply(SiglentSpd3303X),
        identity="Siglent Technologies,SPD3303X,{serial},1.01.01-SIMULATED",
    ),
}
GENERATORS: Mapping[str, Dialect[FunctionGenerator]] = {
    "keysight-33511b": Dialect(
        build=_generator(Keysight33511B),
        identity="Keysight Technologies,33511B,{serial},5.03-SIMULATED",
    ),
    "siglent-sdg1032x": Dialect(
        build=_generator(SiglentSdg1032X),
        identity="Siglent Technologies,SDG1032X,{serial},1.01.01.33R1B5-SIMULATED",
    ),
}
