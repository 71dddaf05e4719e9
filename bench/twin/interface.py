"""What the simulated instruments see of the simulated analogue world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Direction", "Node", "SegmentTable", "Tone", "World"]

Node = Literal["shunt", "electrode", "sync"]
"""``shunt``: volts from S to G; ``electrode``: volts from E to G; ``sync``: the sync line's volts."""

Direction = Literal["rising", "falling", "either"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """A sinusoid upon the pieces: Re(amplitude * exp(2πj hz t)), t being virtual time in seconds."""

    hz: float
    amplitude_v: NDArray[np.complex128]
    """Shape (pieces,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentTable:
    """An exact voltage as consecutive pieces: v(t) = level + sum_k weight_k * exp(rate_k * (t - start)).

    Arrays have one row a piece; ``weights`` and ``rates_per_s`` have shape (pieces, modes), unused
    modes being zero. Pieces are contiguous: each ends where the next starts, the last at ``stop_ns``.
    ``noise_v`` is the r.m.s. of the device's own noise in the piece (white, added by whoever samples).
    """

    start_ns: NDArray[np.int64]
    stop_ns: int
    level_v: NDArray[np.float64]
    weights_v: NDArray[np.float64]
    rates_per_s: NDArray[np.float64]
    noise_v: NDArray[np.float64]
    tones: tuple[Tone, ...] = ()


class World(Protocol):
    """The device, the fixture and time. One thread, no sockets."""

    @property
    def now_ns(self) -> int:
        """Virtual time."""
        ...

    def advance_to(self, time_ns: int) -> None:
        """Let everything happen up to ``time_ns``."""
        ...

    def schedule(self, time_ns: int, action: Callable[[], None]) -> None:
        """Call ``action`` when virtual time reaches ``time_ns`` (during some advance)."""
        ...

    def keep_trace(self, since_ns: int | None) -> None:
        """Remember all nodes' pieces from ``since_ns`` on (None: stop remembering, allow skipping)."""
        ...

    def trace(self, node: Node, start_ns: int, stop_ns: int) -> SegmentTable:
        """Return the remembered pieces of a node between two instants that have passed."""
        ...

    def advance_to_crossing(
        self, node: Node, level_v: float, direction: Direction, hysteresis_v: float, limit_ns: int
    ) -> int | None:
        """Advance to the next crossing of ``level_v`` and return its instant; now is there.

        None where ``limit_ns`` came first. A crossing was beyond the hysteresis before, on the
        other side.
        """
        ...

    def mean_voltage(self, start_ns: int, stop_ns: int) -> float | None:
        """Mean volts at the multimeter's input between two remembered instants.

        An exact integral; None where the input is open.
        """
        ...

    def mean_voltages(self, edges_ns: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """Mean volts between neighbouring edges, shape (edges - 1,); None where it is open."""
        ...

    def resistance(self) -> float:
        """Ohms that a four-wire meter finds at its input now (infinite where open)."""
        ...

    def command_relay(self, channel: int, *, closed: bool) -> int:
        """Drive a relay's coil; return the virtual time at which its contact has settled."""
        ...

    def relay_commanded(self, channel: int) -> bool:
        """Return what the switch unit believes."""
        ...

    def set_supply(
        self, output: int, *, voltage_v: float, current_limit_a: float, on: bool
    ) -> None:
        """Set a supply output's actual terminal source."""
        ...

    def set_generator(self, *, hz: float, peak_v: float, output_ohm: float) -> None:
        """Set the check source's sinusoid, zero to peak without a load; no volts: it is off."""
        ...

    def supply_reading(self, output: int) -> tuple[float, float]:
        """Return the output's actual terminal volts and amperes."""
        ...

    def device_receive(self, data: bytes) -> None:
        """Bytes arrive at the device's link now."""
        ...

    def device_transmit(self) -> bytes:
        """Take the bytes that the device has sent so far (replies and events)."""
        ...
