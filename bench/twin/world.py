"""The simulated world: one device in the fixture, and time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.twin.crossing import CrossingFinder
from bench.twin.description import UnitDescription
from bench.twin.faults import check_bench_faults, fit_faults
from bench.twin.fixture import CONTACT_SENSED, LEAD_LOOP, CheckSource, Fixture
from bench.twin.history import integrals_between, table_of
from bench.twin.interface import Direction, Node, SegmentTable
from bench.twin.network import ROWS
from bench.twin.part import Part, close_parts
from bench.twin.supplies import Supplies
from bench.twin.sync import SyncLine
from bench.twin.unit import Unit
from bench.twin.virtual_time import NS_PER_S, Timeline

__all__ = ["SimulatedWorld"]

_ROW_OF_METER = {
    115: ROWS.index("shunt"),
    116: ROWS.index("electrode"),
    118: ROWS.index("measuring"),
}
_BATTERY_METER = 119
_SYNC_LINK = 117
_TEST_CURRENT_A = 100e-6
"""What the meter's ohms function drives through its input."""
_OPEN_OHM = 1e9


class SimulatedWorld(Part):
    """Satisfies :class:`bench.twin.interface.World`."""

    def __init__(self, description: UnitDescription) -> None:
        """Build the unit that is described and fit its faults; raises ValueError."""
        check_bench_faults(description.bench_faults)
        self._timeline = Timeline()
        self._sync = SyncLine(self._timeline)
        self.fixture = Fixture(
            self._timeline,
            seed=description.seed,
            bench_faults=description.bench_faults,
            built_for=description.fixture,
            skin=description.skin,
            rewired=self._rewired,
        )
        self.fixture.moved = self._moved
        self.unit = Unit(self._timeline, description, self.fixture.wiring(source_on=False))
        self._searched: tuple[Node, int, CrossingFinder] | None = None
        """Where the last search for a crossing ended without one."""
        self._supplies = Supplies(self.fixture, self.unit)
        self.fixture.blocking_uf = lambda: self.unit.output.blocking_uf
        self.unit.machine.analogue.tones = lambda: (*self.unit.tones(), *self.fixture.tones())
        self.unit.lead.changed = self._lead_changed
        self._machine = self.unit.machine
        close_parts(self)
        fit_faults(self.unit, description.faults)
        self.unit.ready()

    @classmethod
    def from_description(
        cls, description: UnitDescription | Mapping[str, Any] | str
    ) -> SimulatedWorld:
        """Build a world from a unit description: typed, as an object or as JSON text."""
        if isinstance(description, UnitDescription):
            return cls(description)
        raw = json.loads(description) if isinstance(description, str) else description
        return cls(UnitDescription.read(raw))

    @property
    def now_ns(self) -> int:
        """Virtual time."""
        return self._timeline.now_ns

    @property
    def on_output(self) -> Callable[[bool], None]:
        """Called with True when the device enables its output and with False when it ends it."""
        return self.unit.firmware.on_output

    @on_output.setter
    def on_output(self, listener: Callable[[bool], None]) -> None:
        self.unit.firmware.on_output = listener

    def advance_to(self, time_ns: int) -> None:
        """Let everything happen up to ``time_ns``."""
        timeline = self._timeline
        time_ns = max(time_ns, timeline.now_ns)
        while True:
            self._machine.run_to(time_ns)
            if timeline.next_ns() == timeline.now_ns:
                timeline.keep_next()
            elif timeline.now_ns >= time_ns:
                return

    def schedule(self, time_ns: int, action: Callable[[], None]) -> None:
        """Call ``action`` when virtual time reaches ``time_ns``."""
        self._timeline.schedule(time_ns, action)

    def keep_trace(self, since_ns: int | None) -> None:
        """Remember the nodes from ``since_ns`` on; None forgets."""
        self._machine.keep_trace(since_ns)
        self._sync.forget_before(self.now_ns if since_ns is None else since_ns)

    def trace(self, node: Node, start_ns: int, stop_ns: int) -> SegmentTable:
        """Return a node between two remembered instants."""
        if not start_ns < stop_ns <= self.now_ns:
            raise ValueError(
                f"trace from {start_ns} to {stop_ns} ns: expected start < stop <= now, "
                f"now is {self.now_ns} ns"
            )
        if node == "sync":
            return self._sync.table(start_ns, stop_ns)
        return self._table(ROWS.index(node), start_ns, stop_ns)

    def advance_to_crossing(
        self, node: Node, level_v: float, direction: Direction, hysteresis_v: float, limit_ns: int
    ) -> int | None:
        """Advance to the next crossing of a level, or to the limit."""
        finder = CrossingFinder(level_v=level_v, direction=direction, hysteresis_v=hysteresis_v)
        if self._searched is not None and self._searched[:2] == (node, self.now_ns):
            finder.follow(self._searched[2])
        if node == "sync":
            found_ns = self._sync_crossing(finder, limit_ns)
        else:
            found_ns = self._analogue_crossing(ROWS.index(node), finder, limit_ns)
        self._searched = (node, self.now_ns, finder) if found_ns is None else None
        return found_ns

    def mean_voltage(self, start_ns: int, stop_ns: int) -> float | None:
        """Return the mean volts at the multimeter between two remembered instants."""
        means_v = self.mean_voltages(np.array([start_ns, stop_ns], dtype=np.int64))
        return None if means_v is None else float(means_v[0])

    def mean_voltages(self, edges_ns: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """Return the mean volts at the multimeter between neighbouring remembered instants."""
        if self.fixture.closed(_BATTERY_METER):
            return np.full(len(edges_ns) - 1, self._supplies.battery_v())
        for channel, row in _ROW_OF_METER.items():
            if self.fixture.closed(channel):
                table = self._table(row, int(edges_ns[0]), int(edges_ns[-1]))
                return integrals_between(table, edges_ns) / (np.diff(edges_ns) / NS_PER_S)
        return None

    def resistance(self) -> float:
        """Return the ohms that the meter finds at its input; other sources add to its volts."""
        if self.fixture.closed(LEAD_LOOP):
            return self.fixture.values.lead_loop_ohm
        for channel, node in ((115, "S"), (116, "E"), (118, "M")):
            if self.fixture.closed(channel):
                volts = self._machine.value(_ROW_OF_METER[channel])
                ohm = self._node_ohm(node) + volts / _TEST_CURRENT_A
                return ohm if abs(ohm) < _OPEN_OHM else float("inf")
        if self.fixture.closed(_BATTERY_METER) and self._supplies.battery_v():
            return self._supplies.battery_v() / _TEST_CURRENT_A
        return float("inf")

    def command_relay(self, channel: int, *, closed: bool) -> int:
        """Drive a relay's coil; return when its contact has settled."""
        return self.fixture.command(channel, closed=closed)

    def relay_commanded(self, channel: int) -> bool:
        """Return what the switch unit believes."""
        return self.fixture.commanded(channel)

    def set_supply(
        self, output: int, *, voltage_v: float, current_limit_a: float, on: bool
    ) -> None:
        """Set a supply output."""
        self._supplies.set(output, voltage_v=voltage_v, current_limit_a=current_limit_a, on=on)
        self._rewire()

    def set_generator(self, *, hz: float, peak_v: float, output_ohm: float) -> None:
        """Set the sinusoidal check source; without volts its output relay is open."""
        self.fixture.check_source = (
            CheckSource(hz=hz, peak_v=peak_v, output_ohm=output_ohm) if peak_v else None
        )
        self._rewire()

    def supply_reading(self, output: int) -> tuple[float, float]:
        """Return an output's volts and amperes."""
        return self._supplies.reading(output)

    def device_receive(self, data: bytes) -> None:
        """Bytes arrive at the device's link now."""
        if self.fixture.closed(_SYNC_LINK) and data:
            busy_s = len(data) * self.unit.link.byte_s
            # A nanosecond later, so that whoever waits for the edge sees the line low before it.
            self.schedule(self.now_ns + 1, lambda: self._sync.trigger(busy_s))
        self.unit.port.receive(data)

    def device_transmit(self) -> bytes:
        """Take the bytes that the device has sent so far."""
        return self.unit.port.transmit()

    def device_transmits_ns(self) -> int | None:
        """Return when bytes that are on their way will have been sent, None for none."""
        return self.unit.port.next_ns()

    def _table(self, row: int, start_ns: int, stop_ns: int) -> SegmentTable:
        log, going_on = self._machine.remembered(stop_ns)
        starts, which, distinct = log.pieces(start_ns, stop_ns, going_on=going_on)
        if not starts.size or starts[0] > start_ns:
            raise ValueError(
                f"nothing is remembered at {start_ns} ns: call keep_trace before that instant"
            )
        return table_of(starts, which, distinct, row=row, start_ns=start_ns, stop_ns=stop_ns)

    def _sync_crossing(self, finder: CrossingFinder, limit_ns: int) -> int | None:
        timeline = self._timeline
        finder.look(self._sync.volts())
        while (event_ns := timeline.next_ns()) is not None and event_ns <= limit_ns:
            self.advance_to(event_ns)
            if finder.look(self._sync.volts()):
                return self.now_ns
        self.advance_to(limit_ns)
        return None

    def _analogue_crossing(self, row: int, finder: CrossingFinder, limit_ns: int) -> int | None:
        while True:
            self.advance_to(self.now_ns)
            event_ns = self._timeline.next_ns()
            horizon_ns = limit_ns if event_ns is None else min(limit_ns, event_ns)
            self._skip_cycles(finder, horizon_ns)
            piece = self._machine.piece()
            stop_ns = horizon_ns if piece.stop_ns is None else min(horizon_ns, piece.stop_ns)
            at_ns = finder.within(piece.solution.terms(row), piece.start_ns, self.now_ns, stop_ns)
            if at_ns is not None:
                self.advance_to(at_ns)
                return at_ns
            self.advance_to(stop_ns)
            if self.now_ns >= limit_ns:
                return None

    def _skip_cycles(self, finder: CrossingFinder, horizon_ns: int) -> None:
        """Pass over whole cycles once one has been searched without a crossing."""
        cycle_ns = self._machine.cycle_ns()
        if finder.searched_cycle(cycle_ns, self.now_ns):
            assert cycle_ns is not None
            cycles = (horizon_ns - self.now_ns) // cycle_ns
            if cycles > 0:
                self.advance_to(self.now_ns + cycles * cycle_ns)

    def _node_ohm(self, node: str) -> float:
        """Return the direct-current resistance from a node to G, supplies and device included."""
        wiring = self.fixture.wiring(source_on=self._supplies.source_on)
        names = sorted(
            {"P", "N", "E", "S", "M"} | {n for r in wiring.resistors for n in (r.a, r.b)}
        )
        index = {name: k for k, name in enumerate(name for name in names if name != "G")}
        matrix = np.eye(len(index)) * 1e-12
        parts = [(r.a, r.b, r.ohm) for r in wiring.resistors]
        parts.append(("P", "N", self.unit.output.bleed_ohm))
        for a, b, ohm in parts:
            for one, other in ((a, b), (b, a)):
                if one in index:
                    matrix[index[one], index[one]] += 1.0 / ohm
                    if other in index:
                        matrix[index[one], index[other]] -= 1.0 / ohm
        current = np.zeros(len(index))
        current[index[node]] = 1.0
        return float(np.linalg.solve(matrix, current)[index[node]])

    def _moved(self, channel: int) -> None:
        if channel in CONTACT_SENSED:
            self._sync.trigger()

    def _lead_changed(self, is_open: bool) -> None:
        self.fixture.lead_open = is_open or self.fixture.values.lead_open
        self._rewire()

    def _rewired(self, channel: int) -> None:
        if channel in (113, 114):
            self._supplies.apply()
        self._rewire()

    def _rewire(self) -> None:
        source_v = self._supplies.source_v
        wiring = self.fixture.wiring(source_on=self._supplies.source_on)
        self.unit.stage.load_ohm = self.fixture.load_ohm()
        self.unit.stage.load_nf = self.fixture.load_nf()
        self._machine.analogue.set_wiring(wiring, self.fixture.source_currents(source_v))
