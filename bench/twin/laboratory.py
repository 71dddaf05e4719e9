"""The laboratory: one world, four instruments, six sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bench.twin.description import InstrumentNames
from bench.twin.dialects import DMMS, SCOPES, SUPPLIES, SWITCHES, named
from bench.twin.hislip_server import HislipServer
from bench.twin.instrument_faults import INSTRUMENT_FAULTS
from bench.twin.interface import World
from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scpi import ScpiInstrument
from bench.twin.servers import LOOPBACK, ClockServer, DeviceLinkServer, listen

__all__ = ["Laboratory"]


class Laboratory:
    """Instruments on a world, before and while they are served.

    ``bench_faults`` that are not an instrument's are left to the world.
    """

    def __init__(
        self,
        world: World,
        *,
        seed: int,
        bench_faults: Sequence[str] = (),
        instruments: InstrumentNames | None = None,
    ) -> None:
        """Build each instrument in the dialect that is named; raises ValueError for no such name."""
        names = instruments or InstrumentNames()
        self.seed = seed
        self.time = LaboratoryTime(world)
        serials = [f"SIM-{seed}-{number}" for number in range(1, 5)]
        scope, dmm = named(SCOPES, names.scope, "scope"), named(DMMS, names.dmm, "dmm")
        switch = named(SWITCHES, names.switch, "switch")
        supply = named(SUPPLIES, names.supply, "supply")
        self.scope = scope.at(self.time, seed=seed, serial=serials[0])
        self.dmm = dmm.at(self.time, seed=seed, serial=serials[1])
        self.switch = switch.at(self.time, seed=seed, serial=serials[2])
        self.supply = supply.at(self.time, seed=seed, serial=serials[3])
        for fault in bench_faults:
            if fault in INSTRUMENT_FAULTS:
                INSTRUMENT_FAULTS[fault]().fit(self)
        self._servers: list[asyncio.Server] = []

    async def start(self) -> dict[str, str | int]:
        """Open the sockets; return their addresses by role."""
        clock = ClockServer(self.time)  # first of those that hear of an advance
        instruments: dict[str, ScpiInstrument] = {
            "scope": self.scope,
            "dmm": self.dmm,
            "switch": self.switch,
            "supply": self.supply,
        }
        addresses: dict[str, str | int] = {}
        for role, instrument in instruments.items():
            port = await self._serve(HislipServer(instrument).connect)
            addresses[role] = f"TCPIP::{LOOPBACK}::hislip0,{port}::INSTR"
        addresses["device"] = (
            f"tcp://{LOOPBACK}:{await self._serve(DeviceLinkServer(self.time).connect)}"
        )
        addresses["clock"] = f"{LOOPBACK}:{await self._serve(clock.connect)}"
        return addresses

    async def close(self) -> None:
        """Close the sockets."""
        for server in self._servers:
            server.close()
        self._servers.clear()

    async def _serve(self, factory: Callable[[], asyncio.Protocol]) -> int:
        server, port = await listen(factory)
        self._servers.append(server)
        return port
