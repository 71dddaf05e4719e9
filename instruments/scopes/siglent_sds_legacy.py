"""Siglent SDS1000X-E, SDS1000X and SDS2000X-E oscilloscopes: the command set after LeCroy's.

Manual: *Digital Oscilloscope Series Programming Guide*, PG01-E02. From public drivers (libsigrok,
instro, scopehal): commands, ``DAT2`` and its two line feeds, 25 codes a division, fourteen
horizontal divisions, ``INR?`` whose reading clears it, ``SAST?``. Unverified (recalled): the ranges
below, that a scale between the steps is taken, the trace's text in front of a block with headers
off, ``CMR?`` and ``EXR?`` as the only error report. The sequence mode is not driven: no text of the
maker and no two drivers were found that switch it on or set the number of its segments.

| purpose         | command                                                                   |
|-----------------|---------------------------------------------------------------------------|
| answers         | ``CHDR OFF``                                                              |
| channel         | ``C1:TRA  C1:ATTN  C1:CPL  BWL C1  C1:VDIV  C1:OFST``                     |
| timebase        | ``TDIV  TRDL``  ``ACQW``                                                  |
| trigger         | ``TRSE EDGE,SR,C1,HT,OFF  C1:TRCP  C1:TRSL  C1:TRLV``                     |
| memory          | ``MSIZ  SANU? C1  SARA?``                                                 |
| single shot     | ``TRMD SINGLE  ARM  STOP  FRTR  SAST?  INR?``                             |
| record          | ``WFSU SP,1,NP,n,FP,k  C1:WF? DAT2``                                      |
| errors          | ``CMR?  EXR?``, registers that reading clears; there is no queue          |

The offset counts upwards. Codes are signed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.errors import InstrumentError
from bench.waveform import Waveform
from instruments.roles import Coupling, Identity, ScopeCapabilities, Slope
from instruments.scopes.siglent import SiglentScope
from instruments.scopes.single_shot import next_step, thinning
from instruments.scpi import Assignment, Setting
from instruments.session import Session

__all__ = ["SiglentSdsLegacy", "quantity"]

_HEADERS = Setting(command="CHDR {value}", choices=("OFF",), doc="headers in answers")
_TRACE = Setting(command="C{n}:TRA {value}", choices=("ON", "OFF"), doc="channel switched on")
_PROBE = Setting(command="C{n}:ATTN {value}", low=0.1, high=10_000, doc="probe attenuation factor")
_COUPLING = Setting(
    command="C{n}:CPL {value}", choices=("D1M", "A1M"), doc="input coupling at 1 MOhm"
)
_BANDWIDTH_LIMIT = Setting(
    command="BWL C{n},{value}", choices=("ON", "OFF"), doc="bandwidth limit of 20 MHz"
)
_SCALE = Setting(
    command="C{n}:VDIV {value}",
    query="C{n}:VDIV?",
    unit="V/div",
    low=5e-4,
    high=1e5,
    doc="vertical scale (0.5 mV/div to 10 V/div, times the probe's factor)",
)
_OFFSET = Setting(
    command="C{n}:OFST {value}", unit="V", low=-1e5, high=1e5, doc="shift upwards on the screen"
)
_TIMEBASE_SCALE = Setting(
    command="TDIV {value}",
    query="TDIV?",
    unit="s/div",
    low=1e-9,
    high=100.0,
    doc="seconds per division, 1-2-5 steps",
)
_TIMEBASE_DELAY = Setting(
    command="TRDL {value}", unit="s", low=-1000.0, high=1000.0, doc="trigger to mid-screen"
)
_ACQUISITION = Setting(
    command="ACQW {value}", choices=("SAMPLING", "PEAK_DETECT"), doc="sample or peak detect"
)
_TRIGGER = Setting(command="TRSE EDGE,SR,{value},HT,OFF", doc="trigger source")
_TRIGGER_COUPLING = Setting(command="C{n}:TRCP {value}", choices=("DC",), doc="trigger coupling")
_TRIGGER_SLOPE = Setting(
    command="C{n}:TRSL {value}", choices=("POS", "NEG", "WINDOW"), doc="trigger slope"
)
_TRIGGER_LEVEL = Setting(
    command="C{n}:TRLV {value}", unit="V", low=-1e5, high=1e5, doc="trigger level"
)
_SLOPES: Mapping[Slope, str] = {"rising": "POS", "falling": "NEG", "either": "WINDOW"}
_HORIZONTAL_DIVISIONS = 14
_CODES_PER_DIVISION = 25.0
_PAGE_POINTS = 1_000_000
_SAME_LENGTH = 0.01
_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([kKMG]?)[A-Za-z/]*\s*\Z")
_PREFIXES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}


class SiglentSdsLegacy(SiglentScope):
    """A Siglent scope of the older command set used for single shots."""

    MODELS: ClassVar[tuple[str, ...]] = (r"SIGLENT( TECHNOLOGIES)?,SDS[12]\d{2}[24]X(-E|-U|\+)?",)
    MANUAL: ClassVar[str] = "Digital Oscilloscope Series Programming Guide, PG01-E02"
    STATUS: ClassVar[str] = "SAST?"
    STATES: ClassVar[tuple[str, ...]] = (
        "Stop", "Ready", "Trig'd", "Armed", "Arm", "Auto", "Roll",
    )  # fmt: skip
    STOP: ClassVar[str] = "STOP"
    START: ClassVar[tuple[str, str]] = ("TRMD SINGLE", "ARM")
    FORCE: ClassVar[str] = "FRTR"
    MEMORY: ClassVar[str] = "MSIZ"
    DEPTHS: ClassVar[Mapping[int, str]] = {
        7_000: "7K", 70_000: "70K", 700_000: "700K", 7_000_000: "7M",
    }  # fmt: skip
    CAPABILITIES: ClassVar[ScopeCapabilities] = ScopeCapabilities(
        bits=8,
        codes_per_division=_CODES_PER_DIVISION,
        error_report="event status",
        peak_detect=True,
        most_points=7_000_000,
        most_points_alone=14_000_000,
    )

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the scope behind an open session."""
        super().__init__(session, identity)
        self._delay_s = 0.0

    def drain_errors(self) -> tuple[tuple[int, str], ...]:
        """Read the registers of command and execution errors; a queue is never asked for."""
        found = ((name, self._register(f"{name}?")) for name in ("CMR", "EXR"))
        return tuple((code, f"code {code} of {name}?") for name, code in found if code)

    def configure_channel(
        self,
        channel: int,
        *,
        volts_per_division: float,
        offset_v: float = 0.0,
        coupling: Coupling = "DC",
        probe_attenuation: float = 1.0,
        bandwidth_limit: bool = False,
        enabled: bool = True,
    ) -> float:
        """Set up a channel and return the volts per division that the scope then reports."""
        self._require_channel(channel)
        settings = self._without_headers(
            _TRACE.to("ON" if enabled else "OFF", n=channel),
            _PROBE.to(probe_attenuation, n=channel),
            _COUPLING.to("D1M" if coupling == "DC" else "A1M", n=channel),
            _BANDWIDTH_LIMIT.to("ON" if bandwidth_limit else "OFF", n=channel),
            _SCALE.to(volts_per_division, n=channel),
            _OFFSET.to(-offset_v, n=channel),
        )
        if channel not in self._scales_v or not self._is_written(*settings):
            self._forget(f"C{channel}:", f"BWL C{channel}")
            (scale,) = self._apply(*settings, then=(_SCALE.ask(n=channel),))
            self._scales_v[channel] = self._quantity(scale, "the vertical scale")
        return self._scales_v[channel]

    def configure_timebase(
        self,
        *,
        duration_s: float,
        before_trigger_s: float = 0.0,
        peak_detect: bool = False,
        points: int | None = None,
    ) -> float:
        """Choose the record's duration and how much of it lies before the trigger.

        The screen is the next 1-2-5 step that holds the duration; only the duration is transferred.
        ``points`` chooses the memory depth when the scope is armed, the smallest without it. Returns
        the seconds from the trigger to the end of the screen.
        """
        self._remember_record(duration_s, before_trigger_s, points or 0)
        scale_s = next_step(duration_s / _HORIZONTAL_DIVISIONS)
        screen_s = scale_s * _HORIZONTAL_DIVISIONS
        delay_s = screen_s / 2 - before_trigger_s
        settings = self._without_headers(
            _TIMEBASE_SCALE.to(scale_s),
            _TIMEBASE_DELAY.to(delay_s),
            _ACQUISITION.to("PEAK_DETECT" if peak_detect else "SAMPLING"),
        )
        if not self._is_written(*settings):
            (found,) = self._apply(*settings, then=(_TIMEBASE_SCALE.ask(),))
            self._require_same(self._quantity(found, "the timebase"), scale_s, "the timebase")
        self._screen_s, self._delay_s = screen_s, delay_s
        return screen_s - before_trigger_s

    def configure_edge_trigger(self, *, channel: int, level_v: float, slope: Slope) -> None:
        """Trigger on an edge only; a single shot never triggers by itself."""
        self._require_channel(channel)
        self._apply(
            *self._without_headers(
                _TRIGGER.to(f"C{channel}"),
                _TRIGGER_COUPLING.to("DC", n=channel),
                _TRIGGER_SLOPE.to(_SLOPES[slope], n=channel),
                _TRIGGER_LEVEL.to(level_v, n=channel),
            )
        )

    # -- single shot

    def _event_register(self) -> int:
        return self._register("INR?")

    def _is_depth(self, found: str, points: int) -> bool:
        """Return whether it is that deep, or deeper: with one of a pair on, the scope doubles it."""
        return self._quantity(found, "the memory depth") >= points

    # -- record

    def _transferred(self, channel: int, points: int) -> Waveform:
        length, interval_s = self._record(channel)
        t0_s = self._delay_s - length * interval_s / 2
        first, count = self._wanted_part(start_s=t0_s, interval_s=interval_s, length=length)
        step = thinning(count, points)
        scale_v, offset_v = (
            self._quantity(self._ask(query), query)
            for query in (f"C{channel}:VDIV?", f"C{channel}:OFST?")
        )
        self._require_same(
            scale_v, self._scales_v.get(channel, scale_v), "the record's range", within=_SAME_LENGTH
        )
        return self._waveform(
            channel,
            codes=self._samples(channel, first, count)[::step],
            gain=scale_v / _CODES_PER_DIVISION,
            offset=-offset_v,
            t0_s=t0_s + first * interval_s,
            sample_interval_s=interval_s * step,
        )

    def _record(self, channel: int) -> tuple[int, float]:
        """Return length and sample interval; they must fill the screen that was set."""
        length = round(self._quantity(self._ask(f"SANU? C{channel}"), "the record length"))
        rate_hz = self._quantity(self._ask("SARA?"), "the sample rate")
        if length < 1 or rate_hz <= 0:
            raise self._unusable("the record", f"{length}, {rate_hz:g}", "no samples or no rate")
        self._require_same(
            length / rate_hz, self._screen_s, "the record's duration", within=_SAME_LENGTH
        )
        return length, 1 / rate_hz

    def _samples(self, channel: int, first: int, count: int) -> NDArray[np.int8]:
        """Return samples page by page; the last page's setting is not left behind."""
        parts: list[NDArray[np.uint8]] = []
        for start in range(first, first + count, _PAGE_POINTS):
            taken = min(_PAGE_POINTS, first + count - start)
            self._run(f"WFSU SP,1,NP,{taken},FP,{start}", answers=0)
            parts.append(
                self._session.query_block(
                    f"C{channel}:WF? DAT2",
                    count=taken,
                    prefixes=("DAT2,",),
                    timeout_s=self._block_timeout_s(taken),
                )
            )
        return np.concatenate(parts).view(np.int8)

    # -- answers

    def _without_headers(self, *assignments: Assignment) -> tuple[Assignment, ...]:
        """Return settings with the one in front that every answer depends on."""
        return (_HEADERS.to("OFF"), *assignments)

    def _register(self, query: str) -> int:
        """Return an event register, which answers with a header whatever ``CHDR`` says."""
        return int(self._quantity(self._ask(query).split(" ")[-1], query))

    def _quantity(self, reply: str, what: str) -> float:
        try:
            return quantity(reply)
        except ValueError as error:
            raise InstrumentError(
                self._session.describe(f"{what} cannot be read: {error}")
            ) from error

    def _report(self, message: str) -> None:
        for name in ("CMR", "EXR"):
            if code := self._register(f"{name}?"):
                self._refuse(message, code, f"{name}? code")


def quantity(reply: str) -> float:
    """Return a number with the multiplier that this family writes (``500MSa/s``, ``1.40E+07``, ``7M``).

    Raises ValueError.
    """
    match = _QUANTITY.match(reply)
    if match is None:
        raise ValueError(f"expected a number, found {reply[:40]!r}")
    value = float(match[1]) * _PREFIXES[match[2]]
    if not math.isfinite(value):
        raise ValueError(f"expected a number, found {reply[:40]!r}")
    return value
