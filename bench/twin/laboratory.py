"""The laboratory: one world, five instruments, each behind every transport that it is served by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bench.twin.description import InstrumentNames
from bench.twin.dialects import DMMS, GENERATORS, SCOPES, SUPPLIES, SWITCHES, named
from bench.twin.hislip_server import HislipServer
from bench.twin.instrument_faults import INSTRUMENT_FAULTS
from bench.twin.interface import World
from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scpi import ScpiInstrument
from bench.twin.scpi_stream import ScpiTerminal, StreamServer
from bench.twin.servers import LOOPBACK, ClockServer, DeviceLinkServer, listen
from bench.twin.vxi11 import Vxi11Server

__all__ = ["TRANSPORTS", "Address", "Laboratory"]

TRANSPORTS = ("hislip", "socket", "vxi11", "serial")
"""How an instrument can be reached; the serial line is there where it is asked for."""

ELECTRODE_CHANNEL = 3
"""Source: docs/laboratory.md."""

Address = str | int | dict[str, str] | dict[str, dict[str, str]]


class Laboratory:
    """Instruments on a world, before and while they are served.

    ``bench_faults`` that are not an instrument's are left to the world. ``transports``
    (``role=transport``) says by which an instrument's address is given, HiSLIP otherwise.
    ``electrode_probe`` divides the electrode voltage once more, where the fixture is for high ones.
    """

    def __init__(
        self,
        world: World,
        *,
        seed: int,
        bench_faults: Sequence[str] = (),
        instruments: InstrumentNames | None = None,
        transports: Sequence[str] = (),
        electrode_probe: float = 1.0,
    ) -> None:
        """Build each instrument in the dialect that is named; raises ValueError for no such name."""
        names = instruments or InstrumentNames()
        self.seed = seed
        self.time = LaboratoryTime(world)
        serials = [f"SIM-{seed}-{number}" for number in range(1, 6)]
        scope, dmm = named(SCOPES, names.scope, "scope"), named(DMMS, names.dmm, "dmm")
        switch = named(SWITCHES, names.switch, "switch")
        supply = named(SUPPLIES, names.supply, "supply")
        generator = named(GENERATORS, names.generator, "generator")
        self.scope = scope.at(self.time, seed=seed, serial=serials[0])
        self.scope.inputs[ELECTRODE_CHANNEL].attenuation = electrode_probe
        self.dmm = dmm.at(self.time, seed=seed, serial=serials[1])
        self.switch = switch.at(self.time, seed=seed, serial=serials[2])
        self.supply = supply.at(self.time, seed=seed, serial=serials[3])
        self.generator = generator.at(self.time, seed=seed, serial=serials[4])
        self._serials: dict[str, str] = {
            role: serial if "{serial}" in dialect.identity else ""
            for role, dialect, serial in zip(
                ("scope", "dmm", "switch", "supply", "generator"),
                (scope, dmm, switch, supply, generator),
                serials,
                strict=True,
            )
        }
        """What ``*IDN?`` should say: before any fault is fitted."""
        self._instruments: dict[str, ScpiInstrument] = {
            "scope": self.scope,
            "dmm": self.dmm,
            "switch": self.switch,
            "supply": self.supply,
            "generator": self.generator,
        }
        for fault in bench_faults:
            role, _, misbehaviour = fault.partition(":")
            if fault in INSTRUMENT_FAULTS:
                INSTRUMENT_FAULTS[fault]().fit(self)
            elif role in self._instruments:
                self._instruments[role].misbehave(misbehaviour)
        self._transports = dict(self._transport(choice) for choice in transports)
        self._servers: list[asyncio.Server] = []
        self._terminals: list[ScpiTerminal] = []

    async def start(self) -> dict[str, Address]:
        """Open the sockets; return the address of each role, and all of them as ``resources``."""
        clock = ClockServer(self.time)  # first of those that hear of an advance
        resources = {
            role: await self._serve_instrument(role, instrument)
            for role, instrument in self._instruments.items()
        }
        addresses: dict[str, Address] = {
            role: known[self._transport_of(role)] for role, known in resources.items()
        }
        addresses["device"] = (
            f"tcp://{LOOPBACK}:{await self._serve(DeviceLinkServer(self.time).connect)}"
        )
        addresses["clock"] = f"{LOOPBACK}:{await self._serve(clock.connect)}"
        addresses["resources"] = resources
        addresses["serials"] = self._serials
        return addresses

    async def close(self) -> None:
        """Close the sockets."""
        for server in (*self._servers, *self._terminals):
            server.close()
        self._servers.clear()
        self._terminals.clear()

    async def _serve_instrument(self, role: str, instrument: ScpiInstrument) -> dict[str, str]:
        """Serve one instrument by every transport; return its VISA resources."""
        socket_port = await self._serve(StreamServer(instrument).connect)
        found = {"socket": f"TCPIP::{LOOPBACK}::{socket_port}::SOCKET"}
        if not _is_board(instrument):
            hislip_port = await self._serve(HislipServer(instrument).connect)
            vxi11 = Vxi11Server(instrument)
            vxi11.port = await self._serve(vxi11.connect)
            found["hislip"] = f"TCPIP::{LOOPBACK}::hislip0,{hislip_port}::INSTR"
            found["vxi11"] = f"TCPIP::{LOOPBACK},{vxi11.port}::inst0::INSTR"
        if self._transport_of(role) == "serial":
            instrument.put_on_serial_line()
            terminal = ScpiTerminal(instrument)
            self._terminals.append(terminal)
            found["serial"] = f"ASRL{terminal.path}::INSTR"
        return found

    def _transport_of(self, role: str) -> str:
        usual = "serial" if _is_board(self._instruments[role]) else TRANSPORTS[0]
        return self._transports.get(role, usual)

    async def _serve(self, factory: Callable[[], asyncio.Protocol]) -> int:
        server, port = await listen(factory)
        self._servers.append(server)
        return port

    def _transport(self, choice: str) -> tuple[str, str]:
        role, _, transport = choice.partition("=")
        if role not in self._instruments or transport not in TRANSPORTS:
            raise ValueError(
                f"transports: expected one of {', '.join(self._instruments)} = one of "
                f"{', '.join(TRANSPORTS)}, found {choice!r}"
            )
        if _is_board(self._instruments[role]) and transport not in {"serial", "socket"}:
            raise ValueError(
                f"transports: a relay board is reached by serial or socket, found {choice!r}"
            )
        return role, transport


def _is_board(instrument: ScpiInstrument) -> bool:
    """Return whether an instrument speaks no SCPI, which only streams carry."""
    return instrument.message_end != b"\n"
