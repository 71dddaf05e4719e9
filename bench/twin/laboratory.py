"""The laboratory: one world, four instruments, six sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bench.twin.dmm import Multimeter
from bench.twin.hislip_server import HislipServer
from bench.twin.instrument_faults import INSTRUMENT_FAULTS
from bench.twin.interface import World
from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scope import Oscilloscope
from bench.twin.scpi import ScpiInstrument
from bench.twin.servers import LOOPBACK, ClockServer, DeviceLinkServer, listen
from bench.twin.supply import PowerSupply
from bench.twin.switch import SwitchUnit

__all__ = ["Laboratory"]


class Laboratory:
    """Instruments on a world, before and while they are served.

    ``bench_faults`` that are not an instrument's are left to the world.
    """

    def __init__(self, world: World, *, seed: int, bench_faults: Sequence[str] = ()) -> None:
        self.seed = seed
        self.time = LaboratoryTime(world)
        serials = [f"SIM-{seed}-{number}" for number in range(1, 5)]
        self.scope = Oscilloscope(
            timeline=self.time,
            seed=seed,
            identity=f"KEYSIGHT TECHNOLOGIES,DSO-X 3024A,{serials[0]},02.43-SIMULATED",
        )
        self.dmm = Multimeter(
            timeline=self.time,
            seed=seed,
            identity=f"Keysight Technologies,34465A,{serials[1]},A.03.02-SIMULATED",
        )
        self.switch = SwitchUnit(
            timeline=self.time,
            identity=f"Keysight Technologies,DAQ970A,{serials[2]},A.02.02-SIMULATED",
            serial=serials[2],
        )
        self.supply = PowerSupply(
            timeline=self.time,
            seed=seed,
            identity=f"Keysight Technologies,E36312A,{serials[3]},2.1.4-SIMULATED",
        )
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
