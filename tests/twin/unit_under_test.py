"""A unit in the fixture, driven as the instruments would drive it, without their sockets."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.twin.interface import Node
from bench.twin.world import SimulatedWorld

NS = 1_000_000_000
UA_PER_SHUNT_V = 1e4


def description(**changes: Any) -> dict[str, Any]:
    """Return the description of a ref-alt-400 unit; nested keys are given as ``a__b``."""
    unit: dict[str, Any] = {
        "schema": 1,
        "model": "REF-ALT-400",
        "serial": "SN-1",
        "hardware": "A",
        "firmware": "1.0.0",
        "build": "test",
        "udi": "",
        "seed": 1,
        "unlock_key": "MCB-TEST",
        "waveform": {
            "kind": "alternating",
            "pulse_duration_s": 6e-3,
            "repetition_rate_hz": 80.0,
            "inter_phase_gap_s": 0.0,
            "pulses_per_train": 10,
            "train_gap_s": 0.0,
            "envelope": None,
        },
        "output": {
            "regulation": "current",
            "levels_ua": [80, 160, 240, 320, 400],
            "source_ohm": None,
            "compliance_v": 20.0,
        },
        "firmware_settings": {
            "session_s": 1200.0,
            "ramp_s": 1.0,
            "stop_ramp_s": 0.0,
            "resume_window_s": 10.0,
            "contact_on_ohm": 60e3,
            "contact_off_ohm": 120e3,
            "contact_debounce_s": 0.02,
            "overcurrent_ua": 600.0,
            "dc_threshold_ua": 50.0,
            "dc_window_s": 0.5,
            "watchdog_s": 0.5,
            "link_timeout_s": None,
            "battery_low_v": 3.45,
            "battery_cutoff_v": 3.2,
            "over_temperature_c": 43.0,
            "charge_inhibit": True,
            "modes": ["standard"],
        },
        "faults": [],
        "bench_faults": [],
    }
    for key, value in changes.items():
        target = unit
        *path, last = key.split("__")
        for part in path:
            target = target[part]
        target[last] = value
    return unit


class UnitUnderTest:
    """A world with a unit in it."""

    def __init__(self, *faults: str, **changes: Any) -> None:
        entries = [dict(zip(("spec", "severity"), f.split("="), strict=True)) for f in faults]
        entries += changes.pop("faults", [])
        self.world = SimulatedWorld.from_description(description(faults=entries, **changes))
        self.unit = self.world.unit

    @property
    def now_ns(self) -> int:
        return self.world.now_ns

    def wait(self, seconds: float) -> None:
        self.world.advance_to(self.world.now_ns + round(seconds * NS))

    def close(self, *channels: int) -> None:
        self._relays(channels, closed=True)

    def open(self, *channels: int) -> None:
        self._relays(channels, closed=False)

    def supply(self, output: int, volts: float, *, on: bool = True) -> None:
        self.world.set_supply(output, voltage_v=volts, current_limit_a=1.0, on=on)

    def ask(self, line: str) -> str:
        self.world.device_receive(line.encode("ascii") + b"\n")
        self.wait(0.003)
        return self.world.device_transmit().decode("ascii").strip()

    def values(self, query: str) -> dict[str, str]:
        reply = self.ask(query)
        assert reply.startswith("OK"), reply
        return dict(part.split("=", 1) for part in reply.split()[1:])

    @property
    def state(self) -> str:
        return self.values("STAT?")["state"]

    def unlock(self) -> None:
        nonce = self.values("NONCE?")["nonce"]
        answer = hmac.new(b"MCB-TEST", nonce.encode(), hashlib.sha256).hexdigest()[:8]
        assert self.ask(f"UNLOCK {answer}") == "OK"

    def power_up(self, load: int = 102, *, contact: bool = True) -> UnitUnderTest:
        self.supply(1, 3.7)
        self.close(114)
        self.wait(0.6)
        self.close(load, *((107,) if contact else ()), 108)
        self.wait(0.4)
        return self

    def run(self, level: int = 5, *, load: int = 102, session_s: int = 1200) -> UnitUnderTest:
        """Power up, start and wait until the level is reached."""
        self.power_up(load)
        assert self.ask(f"LEVEL {level}") == "OK"
        assert self.ask(f"START {session_s}") == "OK"
        self.wait(1.5)
        return self

    def record(self, seconds: float) -> int:
        """Remember the nodes for a while; return when that began."""
        start_ns = self.now_ns
        self.world.keep_trace(start_ns)
        self.wait(seconds)
        return start_ns

    def samples(
        self, node: Node, start_ns: int, stop_ns: int, step_s: float
    ) -> NDArray[np.float64]:
        """Return volts at equal steps."""
        table = self.world.trace(node, start_ns, stop_ns)
        times = np.arange(start_ns, stop_ns, round(step_s * NS))
        piece = np.searchsorted(table.start_ns, times, side="right") - 1
        elapsed = (times - table.start_ns[piece]) / NS
        decays = np.exp(table.rates_per_s[piece] * elapsed[:, None])
        return table.level_v[piece] + np.sum(table.weights_v[piece] * decays, axis=1)

    def currents_ua(self, seconds: float, step_s: float = 50e-6) -> NDArray[np.float64]:
        """Record, and return the shunt's current."""
        start_ns = self.record(seconds)
        return self.samples("shunt", start_ns, self.now_ns, step_s) * UA_PER_SHUNT_V

    def mean_ua(self, seconds: float) -> float:
        """Return the exact mean current as the multimeter on the shunt would."""
        start_ns = self.record(seconds)
        table = self.world.trace("shunt", start_ns, self.now_ns)
        from bench.twin.history import integrals_between

        edges_ns = np.array([table.start_ns[0], table.stop_ns])
        return float(integrals_between(table, edges_ns)[0]) / seconds * UA_PER_SHUNT_V

    def _relays(self, channels: tuple[int, ...], *, closed: bool) -> None:
        settled = [self.world.command_relay(channel, closed=closed) for channel in channels]
        self.world.advance_to(max(settled, default=self.now_ns))
