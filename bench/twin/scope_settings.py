"""What the user of any simulated scope sets: channels, time base, trigger, acquisition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.twin.scope_body import ScopeBody
from bench.twin.scope_frontend import ChannelSettings

__all__ = ["CHANNELS", "ScopeSettings", "next_step"]

CHANNELS = (1, 2, 3, 4)
_STEPS = (1.0, 2.0, 5.0, 10.0)
_REFERENCE_POSITIONS = {"LEFT": 0.1, "CENT": 0.5, "RIGH": 0.9}


@dataclass(slots=True)
class TimeBase:
    """``:TIMebase``: range, trigger position, reference position."""

    range_s: float = 1e-3
    position_s: float = 0.0
    reference: str = "CENT"
    mode: str = "MAIN"
    divisions: int = 10

    @property
    def scale_s(self) -> float:
        """Seconds per division."""
        return self.range_s / self.divisions

    @scale_s.setter
    def scale_s(self, value: float) -> None:
        self.range_s = value * self.divisions

    @property
    def start_s(self) -> float:
        """Start of the record relative to the trigger."""
        return self.position_s - _REFERENCE_POSITIONS[self.reference] * self.range_s


@dataclass(slots=True)
class EdgeTrigger:
    """``:TRIGger``, edge mode."""

    mode: str = "EDGE"
    sweep: str = "AUTO"
    source: str = "CHAN1"
    slope: str = "POS"
    coupling: str = "DC"
    reject: str = "OFF"
    high_frequency_reject: bool = False
    noise_reject: bool = False
    holdoff_s: float = 40e-9

    @property
    def channel(self) -> int | None:
        """Number of the source's channel, None for the external input."""
        return int(self.source[-1]) if self.source.startswith("CHAN") else None


@dataclass(slots=True)
class Acquire:
    """``:ACQuire``."""

    kind: str = "NORM"
    mode: str = "RTIM"
    segments: float = 10
    count: float = 8
    complete: float = 100


@dataclass(slots=True)
class ScopeSettings:
    """Everything that decides a record; as built, it is the set-up after ``*RST``."""

    body: ScopeBody = field(default_factory=ScopeBody)
    channels: dict[int, ChannelSettings] = field(init=False)
    levels_v: dict[int, float] = field(init=False)
    time_base: TimeBase = field(init=False)
    edge: EdgeTrigger = field(init=False)
    acquire: Acquire = field(init=False)

    def __post_init__(self) -> None:
        self.restore_defaults()

    def restore_defaults(self) -> None:
        """Bring every setting to its default."""
        self.channels = {
            number: ChannelSettings(body=self.body, displayed=number == 1) for number in CHANNELS
        }
        self.levels_v = dict.fromkeys(CHANNELS, 0.0)
        self.time_base = TimeBase(divisions=self.body.time_divisions)
        self.edge, self.acquire = EdgeTrigger(), Acquire()

    def shown(self) -> list[int]:
        """Return the channels that are switched on."""
        return [number for number, channel in self.channels.items() if channel.displayed]


def next_step(value: float, *, steps: Sequence[float] = _STEPS) -> float:
    """Return the smallest of ``steps`` times a power of ten that is not below ``value``."""
    decade = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return float(f"{next(s for s in steps if s * decade >= value * (1 - 1e-6)) * decade:.6g}")
