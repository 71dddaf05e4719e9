"""Rohde & Schwarz RTB2000, RTM3000 and RTA4000 oscilloscopes.

Manual: *R&S RTB2000 Digital Oscilloscope User Manual*, 1333.1611.02, chapter on remote control. From
public drivers (scopehal): channel, trigger, ``CHAN1:DATA`` and its scaling, ``ACQ:STAT?`` with COMP
only for a completed single acquisition, errors, that a record is refused until ``SING`` has been
acknowledged with ``*OPC?``. The maker's own example has ``*OPC?`` wait for the end of the acquisition,
hence it is asked only once that is there. Segments (option K15): *R&S RTM2000 User Manual* 10, 18.4.7 to
18.4.9 (``AVA?``, ``HIST:CURR`` from 1 for the oldest, ``TSR:ALL?`` in seconds before the newest, oldest
first), and public drivers of an RTB2004, an RTM2032 and an RTA4004 that use these; the segments that an
RTB2000 holds at each record length (32 at 10 MS) as pymeasure quotes its manual. Unverified (recalled): the ranges below, the legal
record lengths, ``TIM:ACQT``, ``TRIG:FORC``, bit 3 of the operation register (waiting for trigger),
that a byte spans the screen (32 codes a division).

| purpose         | command                                                                   |
|-----------------|---------------------------------------------------------------------------|
| channel         | ``CHAN1:STAT  PROB1:SET:ATT:MAN  CHAN1:COUP  :BAND  :SCAL  :POS  :OFFS``  |
| timebase        | ``TIM:REF 50  TIM:SCAL  TIM:ACQT?  TIM:POS``  ``CHAN1:TYPE``              |
| trigger         | ``TRIG:A:TYPE EDGE  :SOUR  :EDGE:COUP  :EDGE:SLOP  :LEV1  :MODE``         |
| memory          | ``ACQ:POIN:AUT OFF  ACQ:POIN``                                            |
| single shot     | ``SING  STOP  ACQ:STAT?  *OPC?  STAT:OPER:COND?  TRIG:FORC``              |
| segments        | ``ACQ:SEGM:STAT  :NSIN:COUN  :AVA?``  ``CHAN1:HIST:CURR  :TSR:ALL?``      |
| record          | ``FORM UINT,8  CHAN1:DATA:POIN MAX  :DATA:HEAD?  :YINC?  :YOR?  :DATA?``  |
| errors          | ``SYST:ERR?``                                                             |
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.errors import InstrumentError
from bench.waveform import Waveform
from instruments.roles import AcquisitionState, Coupling, ScopeCapabilities, Slope
from instruments.scopes.segmented import MOST_SEGMENTS, SegmentedShotScope
from instruments.scopes.single_shot import next_step, thinning
from instruments.scpi import Setting
from instruments.session import parse_numbers

__all__ = ["RohdeSchwarzRtb"]

_STATE = Setting(command="CHAN{n}:STAT {value}", choices=("ON", "OFF"), doc="channel switched on")
_PROBE = Setting(
    command="PROB{n}:SET:ATT:MAN {value}", low=0.001, high=10_000, doc="probe attenuation factor"
)
_COUPLING = Setting(
    command="CHAN{n}:COUP {value}", choices=("ACL", "DCL"), doc="input coupling at 1 MOhm"
)
_BANDWIDTH = Setting(command="CHAN{n}:BAND {value}", choices=("B20", "FULL"), doc="bandwidth")
_SCALE = Setting(
    command="CHAN{n}:SCAL {value}",
    query="CHAN{n}:SCAL?",
    unit="V/div",
    low=5e-4,
    high=1e5,
    doc="vertical scale (0.5 mV/div to 10 V/div, times the probe's factor)",
)
_POSITION = Setting(command="CHAN{n}:POS {value}", unit="div", low=-5, high=5, doc="position")
_OFFSET = Setting(
    command="CHAN{n}:OFFS {value}", unit="V", low=-1e5, high=1e5, doc="voltage at mid-screen"
)
_REFERENCE = Setting(command="TIM:REF {value}", unit="%", low=50, high=50, doc="reference point")
_TIMEBASE_SCALE = Setting(
    command="TIM:SCAL {value}",
    query="TIM:ACQT?",
    unit="s/div",
    low=1e-9,
    high=50.0,
    doc="seconds per division, 1-2-5 steps",
)
_TIMEBASE_POSITION = Setting(
    command="TIM:POS {value}", unit="s", low=-500.0, high=500.0, doc="trigger to mid-screen"
)
_TRIGGER_TYPE = Setting(command="TRIG:A:TYPE {value}", choices=("EDGE",), doc="trigger type")
_TRIGGER_MODE = Setting(
    command="TRIG:A:MODE {value}", choices=("NORM",), doc="never triggers by itself"
)
_TRIGGER_SOURCE = Setting(command="TRIG:A:SOUR {value}", doc="trigger source")
_TRIGGER_COUPLING = Setting(
    command="TRIG:A:EDGE:COUP {value}", choices=("DC",), doc="trigger coupling"
)
_TRIGGER_SLOPE = Setting(
    command="TRIG:A:EDGE:SLOP {value}", choices=("POS", "NEG", "EITH"), doc="trigger slope"
)
_TRIGGER_LEVEL = Setting(
    command="TRIG:A:LEV{n} {value}", unit="V", low=-1e5, high=1e5, doc="trigger level"
)
_AUTOMATIC_LENGTH = Setting(
    command="ACQ:POIN:AUT {value}", choices=("OFF",), doc="automatic record length"
)
_SEGMENTED = Setting(
    command="ACQ:SEGM:STAT {value}", choices=("ON", "OFF"), doc="fast segmentation"
)
_COUNT = Setting(
    command="ACQ:NSIN:COUN {value}",
    query="ACQ:NSIN:COUN?",
    unit="records",
    low=1,
    doc="records of a single acquisition",
)
_FORMAT = Setting(command="FORM {value}", choices=("UINT,8",), doc="format of the data")
_DECIMATION = Setting(
    command="CHAN{n}:TYPE {value}", choices=("SAMP", "PDET"), doc="sample or peak detect"
)
_RANGE = Setting(
    command="CHAN{n}:DATA:POIN {value}", choices=("MAX",), doc="the whole record, not the screen"
)
_SLOPES: Mapping[Slope, str] = {"rising": "POS", "falling": "NEG", "either": "EITH"}
_LENGTHS = (
    10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000,
)  # fmt: skip
_LENGTH = Setting(
    command="ACQ:POIN {value}",
    unit="samples",
    low=_LENGTHS[0],
    high=_LENGTHS[-1],
    doc="record length",
)
_STATES = ("RUN", "STOP", "COMP", "BRE")
_WAITING_BIT = 1 << 3
_HORIZONTAL_DIVISIONS = 12
_MIDDLE = 128
_FILLED_S = 0.2
"""After the time before the trigger: how long arming itself may take."""
_HEADER_FIELDS = 4
_NEWEST_S = 1e-12
"""The newest segment is so near to no time before itself: it answers -0.000000000000E+00."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """``CHAN1:DATA:HEAD?`` and the vertical scaling of one record."""

    start_s: float
    interval_s: float
    points: int
    increment_v: float
    origin_v: float

    @classmethod
    def parse(cls, head: str, increment: str, origin: str) -> _Header:
        """Read the replies; raises ValueError for anything that cannot scale a record."""
        start_s, stop_s, points, values = (
            float(x) for x in parse_numbers(head, count=_HEADER_FIELDS)
        )
        increment_v = float(parse_numbers(increment, count=1)[0])
        origin_v = float(parse_numbers(origin, count=1)[0])
        if points <= 1 or not stop_s > start_s or values != 1:
            raise ValueError(f"{points:g} points from {start_s:g} to {stop_s:g} s")
        if not (increment_v > 0 and math.isfinite(origin_v)):
            raise ValueError(f"y increment {increment_v:g}, y origin {origin_v:g}")
        return cls(
            start_s=start_s,
            interval_s=(stop_s - start_s) / (points - 1),
            points=int(points),
            increment_v=increment_v,
            origin_v=origin_v,
        )


class RohdeSchwarzRtb(SegmentedShotScope):
    """An RTB, RTM or RTA scope used for single shots."""

    MODELS: ClassVar[tuple[str, ...]] = (r"ROHDE ?& ?SCHWARZ,RT(B2|M3|A4)0\d[24]",)
    MANUAL: ClassVar[str] = "R&S RTB2000 User Manual, 1333.1611.02"
    CAPABILITIES: ClassVar[ScopeCapabilities] = ScopeCapabilities(
        bits=8,
        codes_per_division=32.0,
        error_report="queue",
        peak_detect=True,
        most_points=10_000_000,
        most_points_alone=20_000_000,
        most_segments=MOST_SEGMENTS,
    )

    _filled_ns = 0
    _trigger_channel = 1

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
        settings = (
            _STATE.to("ON" if enabled else "OFF", n=channel),
            _PROBE.to(probe_attenuation, n=channel),
            _COUPLING.to("DCL" if coupling == "DC" else "ACL", n=channel),
            _BANDWIDTH.to("B20" if bandwidth_limit else "FULL", n=channel),
            _SCALE.to(volts_per_division, n=channel),
            _POSITION.to(0, n=channel),
            _OFFSET.to(offset_v, n=channel),
        )
        if channel not in self._scales_v or not self._is_written(*settings):
            self._forget(f"CHAN{channel}:", f"PROB{channel}:", _TRIGGER_LEVEL.header(n=channel))
            (scale,) = self._apply(*settings, then=(_SCALE.ask(n=channel),))
            self._scales_v[channel] = self._number(scale, "the vertical scale")
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

        The acquisition is the next 1-2-5 step that holds the duration; only the duration is
        returned. Returns the seconds from the trigger to the end of the acquisition.
        """
        self._remember_record(duration_s, before_trigger_s, points or 0)
        scale_s = next_step(duration_s / _HORIZONTAL_DIVISIONS)
        screen_s = scale_s * _HORIZONTAL_DIVISIONS
        wanted = self._points * screen_s / duration_s
        length = next((n for n in _LENGTHS if n >= wanted), _LENGTHS[-1])
        decimation = "PDET" if peak_detect else "SAMP"
        settings = (
            _REFERENCE.to(50),
            _TIMEBASE_SCALE.to(scale_s),
            _TIMEBASE_POSITION.to(screen_s / 2 - before_trigger_s),
            _AUTOMATIC_LENGTH.to("OFF"),
            _LENGTH.to(length),
            *(_DECIMATION.to(decimation, n=n) for n in range(1, self.channel_count + 1)),
        )
        if not self._is_written(*settings):
            (found,) = self._apply(*settings, then=(_TIMEBASE_SCALE.ask(),))
            self._require_same(
                self._number(found, "the acquisition time"), screen_s, "the acquisition time"
            )
        return screen_s - before_trigger_s

    def configure_edge_trigger(self, *, channel: int, level_v: float, slope: Slope) -> None:
        """Trigger on an edge only; never by itself."""
        self._require_channel(channel)
        self._trigger_channel = channel
        self._apply(
            _TRIGGER_TYPE.to("EDGE"),
            _TRIGGER_MODE.to("NORM"),
            _TRIGGER_SOURCE.to(f"CH{channel}"),
            _TRIGGER_COUPLING.to("DC"),
            _TRIGGER_SLOPE.to(_SLOPES[slope]),
            _TRIGGER_LEVEL.to(level_v, n=channel),
        )

    # -- single shot

    def _channels_of(self, model: str) -> int:
        return int(model[-1])

    def _arm(self) -> None:
        self._run("STOP", "SING", answers=0)
        self._filled_ns = self._session.clock.now_ns() + round(
            (self._before_trigger_s + _FILLED_S) * 1e9
        )

    def _is_armed(self) -> bool:
        """Return whether it waits, fills its record already, or is done.

        Nothing tells the time before the trigger from the time after it; once the first must be
        over, a scope that runs and does not wait has triggered.
        """
        if int(self._ask_number("STAT:OPER:COND?")) & _WAITING_BIT:
            return True
        state = self._acquisition()
        filled = self._session.clock.now_ns() > self._filled_ns
        return state == "COMP" or (state == "RUN" and filled)

    def _poll(self) -> AcquisitionState:
        """Take COMP for done; a scope that was stopped without a record says STOP."""
        state = self._acquisition()
        if state == "RUN":
            waiting = int(self._ask_number("STAT:OPER:COND?")) & _WAITING_BIT
            return "armed" if waiting else "triggered"
        if state != "COMP" or self._lacks_segments():
            return "stopped"
        self._ask("*OPC?")
        return "complete"

    def _acquisition(self) -> str:
        return self._one_of(_STATES, self._ask("ACQ:STAT?").upper(), "an acquisition state")

    def _force(self) -> None:
        self._run("TRIG:FORC", answers=0)

    def _halt(self) -> None:
        self._run("STOP", answers=0)

    # -- segments

    def _divide_memory(self, count: int) -> None:
        """Switch fast segmentation on; a scope without option K15 refuses it."""
        (found,) = self._apply(_SEGMENTED.to("ON"), _COUNT.to(count), then=(_COUNT.ask(),))
        self._require_same(self._number(found, "the segments"), count, "the number of segments")

    def _unite_memory(self) -> None:
        self._apply(_SEGMENTED.to("OFF"), _COUNT.to(1))

    def _filled_segments(self) -> int:
        return int(self._ask_number("ACQ:AVA?"))

    def _lacks_segments(self) -> bool:
        return self._segments > 1 and self._filled_segments() != self._segments

    def _trigger_times(self, count: int) -> Sequence[float]:
        reply = self._ask(f"CHAN{self._trigger_channel}:HIST:TSR:ALL?")
        try:
            return _after_oldest(reply, count)
        except ValueError as error:
            raise InstrumentError(
                self._session.describe(f"the times of its segments cannot be read: {error}")
            ) from error

    def _segment(self, number: int, channels: Sequence[int], points: int) -> Mapping[int, Waveform]:
        for channel in channels:
            self._select(channel, number)
        return {channel: self._transferred(channel, points) for channel in channels}

    def _select(self, channel: int, number: int) -> None:
        """Show a segment, counted from 1; it is read back counted so, or from 0 backwards."""
        history = f"CHAN{channel}:HIST:CURR"
        (shown,) = self._run(f"{history} {number}", f"{history}?", answers=1)
        if self._number(shown, "the segment shown") not in (number, number - self._segments):
            raise InstrumentError(
                self._session.describe(
                    f"segment {number} of channel {channel} was selected, it shows {shown}"
                )
            )

    # -- record

    def _transferred(self, channel: int, points: int) -> Waveform:
        header = self._header(channel)
        first, count = self._wanted_part(
            start_s=header.start_s, interval_s=header.interval_s, length=header.points
        )
        step = thinning(count, points)
        codes = self._session.query_block(
            f"CHAN{channel}:DATA?",
            count=header.points,
            timeout_s=self._block_timeout_s(header.points),
        )[first : first + count : step]
        return self._waveform(
            channel,
            codes=np.bitwise_xor(codes, np.uint8(_MIDDLE)).view(np.int8),
            gain=header.increment_v,
            offset=header.origin_v + _MIDDLE * header.increment_v,
            t0_s=header.start_s + first * header.interval_s,
            sample_interval_s=header.interval_s * step,
        )

    def _header(self, channel: int) -> _Header:
        replies = self._apply(
            _FORMAT.to("UINT,8"),
            _RANGE.to("MAX", n=channel),
            then=tuple(f"CHAN{channel}:DATA:{name}?" for name in ("HEAD", "YINC", "YOR")),
        )
        try:
            return _Header.parse(*replies)
        except ValueError as error:
            raise self._unusable("its header", "; ".join(replies), str(error)) from error

    def _report(self, message: str) -> None:
        code, text = self._parse_error(self._ask("SYST:ERR?"))
        if code != 0:
            self._refuse(message, code, text)


def _after_oldest(reply: str, count: int) -> list[float]:
    """Return seconds after the oldest segment from seconds before the newest, oldest first."""
    times_s = [float(time_s) for time_s in parse_numbers(reply, count=count)]
    if abs(times_s[-1]) > _NEWEST_S:
        raise ValueError(f"the newest is {times_s[-1]:g} s before itself")
    return [time_s - times_s[0] for time_s in times_s]
