"""What the user of the simulated scope sets, and the record that it means."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from bench.twin.scope_frontend import ChannelSettings
from bench.twin.scope_record import Transfer

__all__ = ["CHANNELS", "MEMORY_POINTS", "NORMAL_POINTS", "ScopeSettings"]

CHANNELS = (1, 2, 3, 4)
_PAIRS = ((1, 2), (3, 4))
MEMORY_POINTS = 4_000_000
NORMAL_POINTS = 62_500
"""Most points of the measurement record (``POINts:MODE NORMal``)."""
_FASTEST_HZ = 4e9
_TIME_DIVISIONS = 10
_REFERENCE_POSITIONS = {"LEFT": 0.1, "CENT": 0.5, "RIGH": 0.9}


@dataclass(slots=True)
class TimeBase:
    """``:TIMebase``: range, trigger position, reference position."""

    range_s: float = 1e-3
    position_s: float = 0.0
    reference: str = "CENT"
    mode: str = "MAIN"

    @property
    def scale_s(self) -> float:
        """Seconds per division."""
        return self.range_s / _TIME_DIVISIONS

    @scale_s.setter
    def scale_s(self, value: float) -> None:
        self.range_s = value * _TIME_DIVISIONS

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
    count: float = 8
    complete: float = 100


@dataclass(slots=True)
class WaveformSettings:
    """``:WAVeform``: what is transferred and how."""

    source: str = "CHAN1"
    data_format: str = "BYTE"
    byte_order: str = "MSBF"
    unsigned: bool = True
    points_mode: str = "NORM"
    points: int = 1000

    @property
    def channel(self) -> int:
        """Number of the source's channel."""
        return int(self.source[-1])

    def transfer(self) -> Transfer:
        """Return how a record is wanted."""
        most = NORMAL_POINTS if self.points_mode == "NORM" else MEMORY_POINTS
        return Transfer(
            data_format=self.data_format,
            least_byte_first=self.byte_order == "LSBF",
            unsigned=self.unsigned,
            points=min(self.points, most),
        )


def _channels() -> dict[int, ChannelSettings]:
    return {number: ChannelSettings(displayed=number == 1) for number in CHANNELS}


def _levels() -> dict[int, float]:
    return dict.fromkeys(CHANNELS, 0.0)


@dataclass(slots=True)
class ScopeSettings:
    """Everything that ``*RST`` brings back; as built, it is the default set-up."""

    channels: dict[int, ChannelSettings] = field(default_factory=_channels)
    levels_v: dict[int, float] = field(default_factory=_levels)
    time_base: TimeBase = field(default_factory=TimeBase)
    edge: EdgeTrigger = field(default_factory=EdgeTrigger)
    acquire: Acquire = field(default_factory=Acquire)
    waveform: WaveformSettings = field(default_factory=WaveformSettings)

    def restore_defaults(self) -> None:
        """Bring every setting to its default."""
        new = ScopeSettings()
        self.channels, self.levels_v = new.channels, new.levels_v
        self.time_base, self.edge = new.time_base, new.edge
        self.acquire, self.waveform = new.acquire, new.waveform

    def memory(self, *, single: bool) -> tuple[float, float]:
        """Return points of memory and the fastest sample rate with the channels now on."""
        sharing = any(all(self.channels[n].displayed for n in pair) for pair in _PAIRS)
        share = 2 if sharing else 1
        return MEMORY_POINTS / share / (1 if single else 2), _FASTEST_HZ / share

    def sampling(self, *, single: bool) -> tuple[float, int]:
        """Return sample rate and record length."""
        memory, fastest_hz = self.memory(single=single)
        wanted_hz = min(fastest_hz, memory / self.time_base.range_s)
        decade = 10.0 ** math.floor(math.log10(wanted_hz) + 1e-9)
        rate_hz = next(m * decade for m in (5, 2, 1) if m * decade <= wanted_hz * (1 + 1e-9))
        rate_hz = fastest_hz if wanted_hz >= fastest_hz else rate_hz
        return rate_hz, max(1, round(rate_hz * self.time_base.range_s))
