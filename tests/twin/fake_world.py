"""A world whose voltages are known in closed form: a square wave behind one pole."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bench.twin.interface import Direction, Node, SegmentTable

_NEVER_NS = 1 << 62


class FakeWorld:
    """+``high_v`` and ``low_v`` in turn, each for half a period; edges of time constant ``tau_s``.

    The electrode carries ten times the shunt's voltage, the sync line 3.3 V while the shunt is
    high. The device answers every line with ``OK <line>`` after ``reply_ns``.
    """

    def __init__(
        self,
        *,
        high_v: float = 0.02,
        low_v: float = 0.0,
        period_ns: int = 10_000_000,
        tau_s: float = 8e-6,
        noise_v: float = 0.0,
        reply_ns: int = 3_000_000,
    ) -> None:
        self.high_v, self.low_v, self.period_ns, self.tau_s = high_v, low_v, period_ns, tau_s
        self.noise_v, self.reply_ns = noise_v, reply_ns
        self.kept_since_ns: int | None = None
        self.meter_open = False
        self.ohms = 100.0
        self.relays: dict[int, bool] = {}
        self.supplies: dict[int, list[tuple[int, float, bool]]] = {}
        self.generator: list[tuple[float, float, float]] = []
        self.load_ohm = 1000.0
        self.received = b""
        self.outgoing = b""
        self._now_ns = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()

    @property
    def now_ns(self) -> int:
        return self._now_ns

    def advance_to(self, time_ns: int) -> None:
        while self._heap and self._heap[0][0] <= time_ns:
            at_ns, _, action = heapq.heappop(self._heap)
            self._now_ns = max(self._now_ns, at_ns)
            action()
        self._now_ns = max(self._now_ns, time_ns)

    def schedule(self, time_ns: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (time_ns, next(self._order), action))

    def keep_trace(self, since_ns: int | None) -> None:
        self.kept_since_ns = since_ns

    def trace(self, node: Node, start_ns: int, stop_ns: int) -> SegmentTable:
        assert self.kept_since_ns is not None
        assert self.kept_since_ns <= start_ns < stop_ns <= self._now_ns
        return self.table(node, start_ns, stop_ns)

    def table(self, node: Node, start_ns: int, stop_ns: int) -> SegmentTable:
        half_ns = self.period_ns // 2
        edges = np.arange(start_ns // half_ns, -(-stop_ns // half_ns), dtype=np.int64)
        high = edges % 2 == 0
        swing_v = self.high_v - self.low_v
        weights = np.where(high, -swing_v, swing_v) * self._scale(node)
        starts = np.maximum(edges * half_ns, start_ns)
        weights = weights * np.exp(-(starts - edges * half_ns) * 1e-9 / self.tau_s)
        return SegmentTable(
            start_ns=starts,
            stop_ns=stop_ns,
            level_v=np.where(high, self.high_v, self.low_v) * self._scale(node),
            weights_v=weights[:, None],
            rates_per_s=np.full((len(edges), 1), -1 / self.tau_s),
            noise_v=np.full(len(edges), self.noise_v),
        )

    def volts(self, node: Node, time_ns: float) -> float:
        half_ns = self.period_ns // 2
        edge = int(time_ns // half_ns)
        level_v = self.high_v if edge % 2 == 0 else self.low_v
        swing_v = self.high_v - self.low_v
        left = (-swing_v if edge % 2 == 0 else swing_v) * np.exp(
            -(time_ns - edge * half_ns) * 1e-9 / self.tau_s
        )
        return float((level_v + left) * self._scale(node))

    def advance_to_crossing(
        self, node: Node, level_v: float, direction: Direction, hysteresis_v: float, limit_ns: int
    ) -> int | None:
        half_ns, scale = self.period_ns // 2, self._scale(node)
        low_v, high_v = sorted((self.low_v * scale, self.high_v * scale))
        if not low_v + hysteresis_v < level_v < high_v - hysteresis_v:
            self.advance_to(limit_ns)
            return None
        share = (level_v - low_v) / (high_v - low_v)
        for edge in itertools.count(self._now_ns // half_ns):
            rising = (edge % 2 == 0) == (self.high_v > self.low_v)
            passed = share if rising else 1 - share
            at_ns = edge * half_ns + round(-self.tau_s * np.log(1 - passed) * 1e9)
            if at_ns > limit_ns:
                break
            wanted = direction == "either" or (direction == "rising") == rising
            if wanted and at_ns > self._now_ns:
                self.advance_to(at_ns)
                return at_ns
        self.advance_to(limit_ns)
        return None

    def mean_voltage(self, start_ns: int, stop_ns: int) -> float | None:
        if self.meter_open:
            return None
        table = self.trace("shunt", start_ns, stop_ns)
        lengths_s = np.diff(table.start_ns, append=stop_ns) * 1e-9
        charge = table.level_v * lengths_s
        charge += np.sum(
            table.weights_v / table.rates_per_s * np.expm1(table.rates_per_s * lengths_s[:, None]),
            axis=1,
        )
        return float(charge.sum() / ((stop_ns - start_ns) * 1e-9))

    def mean_voltages(self, edges_ns: NDArray[np.int64]) -> NDArray[np.float64] | None:
        if self.meter_open:
            return None
        return np.array(
            [self.mean_voltage(int(a), int(b)) for a, b in itertools.pairwise(edges_ns)]
        )

    def resistance(self) -> float:
        return self.ohms

    def command_relay(self, channel: int, *, closed: bool) -> int:
        self.relays[channel] = closed
        return self._now_ns + 18_000_000

    def relay_commanded(self, channel: int) -> bool:
        return self.relays.get(channel, False)

    def set_supply(
        self, output: int, *, voltage_v: float, current_limit_a: float, on: bool
    ) -> None:
        self.supplies.setdefault(output, []).append((self._now_ns, voltage_v, on))

    def set_generator(self, *, hz: float, peak_v: float, output_ohm: float) -> None:
        self.generator.append((hz, peak_v, output_ohm))

    def supply_reading(self, output: int) -> tuple[float, float]:
        voltage_v = self.supplies.get(output, [(0, 0.0, False)])[-1][1]
        return voltage_v, voltage_v / self.load_ohm

    def device_receive(self, data: bytes) -> None:
        self.received += data
        *lines, self.received = self.received.split(b"\n")
        for line in lines:
            self.schedule(self._now_ns + self.reply_ns, lambda line=line: self._say(line))

    def device_transmit(self) -> bytes:
        said, self.outgoing = self.outgoing, b""
        return said

    def _say(self, line: bytes) -> None:
        if line == b"EVENT":
            self.outgoing += b"EVT 1 STATE\n"
        self.outgoing += b"OK " + line + b"\n"

    def _scale(self, node: Node) -> float:
        if node == "sync":
            return 3.3 / self.high_v
        return 10.0 if node == "electrode" else 1.0
