"""The instruments that the simulated laboratory can have, by name, one list for each role.

A name is what ``bench twin --scope NAME`` (``--dmm``, ``--switch``, ``--supply``) takes. Adding a
family is adding its class and one row here, and its name in
``bench/station/simulated_instruments.py``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from bench.twin.dmm import Multimeter
from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scope import Oscilloscope
from bench.twin.scopes.keysight_3000x import KeysightScope
from bench.twin.scopes.rigol import RigolDs1000z
from bench.twin.scopes.siglent_sds import SiglentSdsHd
from bench.twin.scpi import ScpiInstrument
from bench.twin.supply import PowerSupply
from bench.twin.switch import SwitchUnit

__all__ = ["DMMS", "SCOPES", "SUPPLIES", "SWITCHES", "Dialect", "Place", "named"]


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


def _switch(place: Place) -> SwitchUnit:
    return SwitchUnit(timeline=place.timeline, identity=place.identity, serial=place.serial)


def _scope(kind: type[Oscilloscope]) -> Callable[[Place], Oscilloscope]:
    return lambda place: kind(timeline=place.timeline, seed=place.seed, identity=place.identity)


def _dmm(kind: type[Multimeter]) -> Callable[[Place], Multimeter]:
    return lambda place: kind(timeline=place.timeline, seed=place.seed, identity=place.identity)


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
    "siglent-sds800xhd": Dialect(
        build=_scope(SiglentSdsHd),
        identity="Siglent Technologies,SDS824X HD,{serial},3.8.12.1.1.3.6-SIMULATED",
    ),
}
DMMS: Mapping[str, Dialect[Multimeter]] = {
    "keysight-34465a": Dialect(
        build=_dmm(Multimeter),
        identity="Keysight Technologies,34465A,{serial},A.03.02-SIMULATED",
    ),
}
SWITCHES: Mapping[str, Dialect[SwitchUnit]] = {
    "keysight-daq970a": Dialect(
        build=_switch,
        identity="Keysight Technologies,DAQ970A,{serial},A.02.02-SIMULATED",
    ),
}
SUPPLIES: Mapping[str, Dialect[PowerSupply]] = {
    "keysight-e36312a": Dialect(
        build=_supply(PowerSupply),
        identity="Keysight Technologies,E36312A,{serial},2.1.4-SIMULATED",
    ),
}
