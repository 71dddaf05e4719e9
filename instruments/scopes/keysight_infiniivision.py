"""Keysight (Agilent) InfiniiVision 2000, 3000 and 4000 X-Series oscilloscopes.

Manual: *InfiniiVision 3000 X-Series (3000T X-Series) Oscilloscopes Programmer's Guide*. Verified on
its pages: status registers and ``:TER?``, ``:OPER:COND?``, waveform values 0, 1 and 255, the
preamble and its formulae, peak-detect pairs. From public drivers: channel, timebase, trigger.
Unverified (recalled): the list of legal points, the ranges below, that ``:TRIG:FORC`` sets TER.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| channel         | ``:CHAN1:PROB  :COUP  :IMP  :BWL  :SCAL  :OFFS  :DISP``                    |
| timebase        | ``:TIM:MODE MAIN  :TIM:REF CENT  :TIM:RANG  :TIM:POS``  ``:ACQ:TYPE``      |
| trigger         | ``:TRIG:MODE EDGE  :TRIG:SWE NORM  :TRIG:EDGE:SOUR  :SLOP  :COUP  :LEV``   |
| single shot     | ``:TER?  :AER?  :SING  :STOP  :TRIG:FORC``  ``:OPER:COND?`` bits 3 and 5   |
| record          | ``:WAV:SOUR  :FORM BYTE  :UNS 1  :POIN:MODE RAW  :POIN  :PRE?  :DATA?``    |
| segments        | ``:ACQ:MODE SEGM  :ACQ:SEGM:COUN  :IND``  ``:WAV:SEGM:COUN?  :TTAG?``      |
| errors          | ``:SYST:ERR?``                                                             |

Volts are ``(code - yreference) * yincrement + yorigin``; the codes are unsigned and are returned
less 128, so code -127 is "clipped low", 127 "clipped high" and -128 a hole in the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.errors import InstrumentError, InstrumentTimeout, SettingOutOfRange
from bench.waveform import Waveform
from instruments.roles import (
    AcquisitionState,
    Coupling,
    Identity,
    ScopeCapabilities,
    Segment,
    Slope,
)
from instruments.scopes.infiniivision_record import (
    CLIPPED_HIGH,
    CLIPPED_LOW,
    HOLE,
    UNSIGNED_MIDDLE,
    Preamble,
    legal_points,
    signed,
)
from instruments.scpi import Assignment, ScpiInstrument, Setting
from instruments.session import Session, parse_numbers

__all__ = ["KeysightInfiniiVision"]

_SCALE = Setting(
    command=":CHAN{n}:SCAL {value}",
    query=":CHAN{n}:SCAL?",
    unit="V/div",
    low=1e-3,
    high=5e3,
    doc="vertical scale (1 mV/div to 5 V/div, times the probe's factor)",
)
_OFFSET = Setting(
    command=":CHAN{n}:OFFS {value}", unit="V", low=-5e4, high=5e4, doc="voltage at mid-screen"
)
_PROBE = Setting(
    command=":CHAN{n}:PROB {value}", unit="", low=1e-3, high=1e4, doc="probe attenuation factor"
)
_COUPLING = Setting(command=":CHAN{n}:COUP {value}", choices=("AC", "DC"), doc="input coupling")
_IMPEDANCE = Setting(command=":CHAN{n}:IMP {value}", choices=("ONEM",), doc="input impedance")
_BANDWIDTH_LIMIT = Setting(command=":CHAN{n}:BWL {value}", doc="bandwidth limit of about 20 MHz")
_DISPLAY = Setting(command=":CHAN{n}:DISP {value}", doc="channel switched on")
_TIMEBASE_MODE = Setting(command=":TIM:MODE {value}", choices=("MAIN",), doc="timebase mode")
_TIMEBASE_REFERENCE = Setting(
    command=":TIM:REF {value}", choices=("CENT",), doc="where on the screen the position counts"
)
_TIMEBASE_RANGE = Setting(
    command=":TIM:RANG {value}",
    query=":TIM:RANG?",
    unit="s",
    low=20e-9,
    high=500.0,
    doc="duration of the record (ten divisions)",
)
_TIMEBASE_POSITION = Setting(
    command=":TIM:POS {value}", unit="s", low=-500.0, high=500.0, doc="trigger to mid-screen"
)
_ACQUISITION_TYPE = Setting(
    command=":ACQ:TYPE {value}", choices=("NORM", "PEAK"), doc="sample or peak detect"
)
_ACQUISITION_MODE = Setting(
    command=":ACQ:MODE {value}", choices=("RTIM", "SEGM"), doc="one record or segments"
)
_SEGMENTS = Setting(
    command=":ACQ:SEGM:COUN {value}",
    query=":ACQ:SEGM:COUN?",
    unit="segments",
    low=2,
    high=25,
    doc="segments of the memory (2 to 25 on every model that has them)",
)
_TRIGGER_MODE = Setting(command=":TRIG:MODE {value}", choices=("EDGE",), doc="trigger mode")
_TRIGGER_SWEEP = Setting(
    command=":TRIG:SWE {value}", choices=("NORM",), doc="never triggers by itself"
)
_TRIGGER_COUPLING = Setting(
    command=":TRIG:EDGE:COUP {value}", choices=("DC",), doc="trigger coupling"
)
_TRIGGER_SOURCE = Setting(command=":TRIG:EDGE:SOUR {value}", doc="trigger source")
_TRIGGER_SLOPE = Setting(
    command=":TRIG:EDGE:SLOP {value}", choices=("POS", "NEG", "EITH"), doc="trigger slope"
)
_TRIGGER_LEVEL = Setting(
    command=":TRIG:EDGE:LEV {value},CHAN{n}", unit="V", low=-3e5, high=3e5, doc="trigger level"
)
_WAVEFORM_SOURCE = Setting(command=":WAV:SOUR {value}", doc="channel to transfer")
_WAVEFORM_FORMAT = Setting(command=":WAV:FORM {value}", choices=("BYTE",), doc="8 bit a sample")
_WAVEFORM_UNSIGNED = Setting(command=":WAV:UNS {value}", low=1, high=1, doc="unsigned codes")
_POINTS_MODE = Setting(
    command=":WAV:POIN:MODE {value}", choices=("RAW",), doc="the acquired record, not the screen's"
)
_POINTS = Setting(command=":WAV:POIN {value}", unit="samples", low=100, high=8e6, doc="points")

_SLOPES: Mapping[Slope, str] = {"rising": "POS", "falling": "NEG", "either": "EITH"}
_RUNNING_BIT = 1 << 3
_PREAMBLE_ATTEMPTS = 3
"""A DSO-X 2022A was seen to answer ``:WAV:PRE?`` with ``+0`` now and then (public driver note)."""
_ARMING_TIME_S = 2.0
_FIRST_POLL_S = 1e-3
_LONGEST_POLL_S = 50e-3
_TRANSFER_S_PER_SAMPLE = 2e-6
"""Slowest transfer that is waited for: half a megabyte a second."""


class KeysightInfiniiVision(ScpiInstrument):
    """A two- or four-channel InfiniiVision used for single shots."""

    MODELS: ClassVar[tuple[str, ...]] = (
        r"(KEYSIGHT|AGILENT) TECHNOLOGIES,(DSO|MSO)-?X ?[234]\d\d[24][AGT]",
    )
    MANUAL: ClassVar[str] = "InfiniiVision 3000 X-Series Oscilloscopes Programmer's Guide"

    CAPABILITIES: ClassVar[ScopeCapabilities] = ScopeCapabilities(
        bits=8,
        codes_per_division=32.0,
        error_report="queue",
        peak_detect=True,
        most_points=50_000,  # a 2000 X-Series scope with both channels of a pair on
        most_points_alone=100_000,
        most_segments=25,
    )

    vertical_divisions = 8

    @property
    def capabilities(self) -> ScopeCapabilities:
        """What the family has."""
        return self.CAPABILITIES

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the scope behind an open session."""
        super().__init__(session, identity)
        self.channel_count = int(identity.model.rstrip("AGT")[-1])
        self._scales_v: dict[int, float] = {}
        self._before_trigger_s = 0.0
        self._actual_s = 0.0
        self._acquisitions = 0
        self._armed = False
        self._triggered = False
        self._complete = False
        self._preambles: dict[tuple[int, int], Preamble] = {}
        self._segments = 1

    def reset(self) -> None:
        """Bring the scope to its power-on settings; a record is lost."""
        self._forget_record()
        self._segments = 1
        super().reset()

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
        probe = _PROBE.to(probe_attenuation, n=channel)
        if not self._is_written(probe):  # the scope rescales range and offset with the factor
            self._forget_channel(channel)
        settings = (
            probe,
            _IMPEDANCE.to("ONEM", n=channel),
            _COUPLING.to(coupling, n=channel),
            _BANDWIDTH_LIMIT.to(bandwidth_limit, n=channel),
            _SCALE.to(volts_per_division, n=channel),
            _OFFSET.to(offset_v, n=channel),
            _DISPLAY.to(enabled, n=channel),
        )
        if channel not in self._scales_v or not self._is_written(*settings):
            self._written.pop(_TRIGGER_LEVEL.header(n=channel), None)  # legal only within 6 div
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

        A scope that rounds the duration up keeps the time before the trigger. The memory is always
        used whole: ``points`` decides nothing here. Returns the seconds from the trigger to the end.
        """
        del points
        if not 0 <= before_trigger_s <= duration_s:
            raise SettingOutOfRange(
                self._session.describe(
                    f"{before_trigger_s:g} s before the trigger do not lie inside a record of "
                    f"{duration_s:g} s"
                )
            )
        settings = (
            _TIMEBASE_MODE.to("MAIN"),
            _TIMEBASE_REFERENCE.to("CENT"),
            _TIMEBASE_RANGE.to(duration_s),
            _TIMEBASE_POSITION.to(duration_s / 2 - before_trigger_s),
            _ACQUISITION_TYPE.to("PEAK" if peak_detect else "NORM"),
        )
        if not self._is_written(*settings):
            (range_reply,) = self._apply(*settings, then=(_TIMEBASE_RANGE.ask(),))
            self._actual_s = self._adopt_range(duration_s, before_trigger_s, range_reply)
        self._before_trigger_s = before_trigger_s
        return self._actual_s - before_trigger_s

    def configure_edge_trigger(self, *, channel: int, level_v: float, slope: Slope) -> None:
        """Trigger on an edge only; never by itself."""
        self._require_channel(channel)
        self._apply(
            _TRIGGER_MODE.to("EDGE"),
            _TRIGGER_SWEEP.to("NORM"),
            _TRIGGER_COUPLING.to("DC"),
            _TRIGGER_SOURCE.to(f"CHAN{channel}"),
            _TRIGGER_SLOPE.to(_SLOPES[slope]),
            _TRIGGER_LEVEL.to(level_v, n=channel),
        )

    def arm_single(self) -> None:
        """Discard the last record and wait for one trigger; returns once the scope is armed.

        The trigger and arm event registers are emptied first, by reading them, so that neither
        speaks of an earlier acquisition. Raises InstrumentTimeout where the scope does not arm.
        """
        if self._segments > 1:
            self._apply(_ACQUISITION_MODE.to("RTIM"))
            self._segments = 1
        self._arm()

    def arm_segments(self, count: int) -> None:
        """Wait for ``count`` triggers, each of which fills a segment of the memory.

        Raises SettingOutOfRange beyond two to ``most_segments``, and ScpiError where the scope has
        no segmented memory (an option on some models).
        """
        wanted = _SEGMENTS.to(count)
        self._segments = count
        (found,) = self._apply(_ACQUISITION_MODE.to("SEGM"), wanted, then=(_SEGMENTS.ask(),))
        if self._number(found, "the number of segments") != count:
            self._written.clear()
            raise InstrumentError(
                self._session.describe(f"{count} segments were asked for, it reports {found}")
            )
        self._arm()

    def _arm(self) -> None:
        self._forget_record()
        self._acquisitions += 1
        *_, armed = self._run(":STOP", ":TER?", ":AER?", ":SING", ":AER?", answers=3)
        self._await_armed(already=self._flag(armed))
        self._armed = True

    def force_trigger(self) -> None:
        """Make the armed scope take its record now."""
        self._run(":TRIG:FORC", answers=0)
        self._triggered = self._armed

    def stop(self) -> None:
        """Stop acquiring; a record that is not complete is lost."""
        self.acquisition_state()
        self._run(":STOP", answers=0)
        self._armed = False

    def acquisition_state(self) -> AcquisitionState:
        """Return where the acquisition stands; never blocks.

        Stopped without a trigger event since it was armed is ``stopped``, never ``complete``, and so
        is a scope that has filled some of its segments only.
        """
        if self._complete:
            return "complete"
        if not self._armed:
            return "stopped"
        condition, event = self._run(":OPER:COND?", ":TER?", answers=2)
        self._triggered = self._triggered or self._flag(event)
        if int(self._number(condition, "the operation register")) & _RUNNING_BIT:
            return "triggered" if self._triggered else "armed"
        self._complete = self._triggered and self._has_all_segments()
        self._armed = False
        return "complete" if self._complete else "stopped"

    def fetch(self, channels: Sequence[int], *, points: int) -> Mapping[int, Waveform]:
        """Transfer the record just completed: at most ``points`` samples a channel, in volts.

        With peak detect the samples are minimum and maximum by turns. Raises InstrumentError where
        no record newer than the last ``arm_single`` exists, or where the record has holes.
        """
        state = self.acquisition_state()
        if state != "complete":
            raise InstrumentError(
                self._session.describe(
                    f"there is no record to fetch, the acquisition is {state}; arm the scope and "
                    "wait for `complete`"
                )
            )
        return {channel: self._fetch_channel(channel, points) for channel in channels}

    def fetch_segments(self, channels: Sequence[int], *, points: int) -> Sequence[Segment]:
        """Transfer every segment: at most ``points`` samples a channel, in volts.

        Raises InstrumentError where the segments are not those that :meth:`arm_segments` asked for.
        """
        state = self.acquisition_state()
        found = self._ask_count() if state == "complete" else 0
        if found != self._segments:
            raise InstrumentError(
                self._session.describe(
                    f"expected {self._segments} segments, found {found}, the acquisition is {state}; "
                    "arm the scope and wait for `complete`"
                )
            )
        return tuple(self._segment(index, channels, points) for index in range(1, found + 1))

    def _has_all_segments(self) -> bool:
        return self._segments == 1 or self._ask_count() == self._segments

    def _ask_count(self) -> int:
        (reply,) = self._run(":WAV:SEGM:COUN?", answers=1)
        return int(self._number(reply, "the number of segments"))

    def _segment(self, index: int, channels: Sequence[int], points: int) -> Segment:
        (tag,) = self._run(f":ACQ:SEGM:IND {index}", ":WAV:SEGM:TTAG?", answers=1)
        return Segment(
            time_s=self._number(tag, "the segment's time"),
            waveforms={channel: self._fetch_channel(channel, points) for channel in channels},
        )

    def _fetch_channel(self, channel: int, points: int) -> Waveform:
        self._require_channel(channel)
        preamble = self._select_record(channel, legal_points(points))
        codes = self._session.query_block(
            ":WAV:DATA?",
            count=preamble.points,
            timeout_s=self._session.timeout_s + preamble.points * _TRANSFER_S_PER_SAMPLE,
        )
        if codes.min() == HOLE:
            self._raise_hole(channel, codes)
        gain = preamble.y_increment_v
        return Waveform(
            codes=signed(codes),
            gain=gain,
            offset=(UNSIGNED_MIDDLE - preamble.y_reference) * gain + preamble.y_origin_v,
            t0_s=preamble.x_origin_s - preamble.x_reference * preamble.x_increment_s,
            sample_interval_s=preamble.x_increment_s,
            channel=f"CH{channel}",
            instrument=f"{self._identity.model} {self._identity.serial}",
            acquisition_id=f"{self._identity.serial}-{self._acquisitions:06d}",
            code_low=CLIPPED_LOW,
            code_high=CLIPPED_HIGH,
        )

    def _select_record(self, channel: int, points: int) -> Preamble:
        """Select what is transferred and return its scaling, read once an acquisition."""
        settings = (
            _WAVEFORM_SOURCE.to(f"CHAN{channel}"),
            _WAVEFORM_FORMAT.to("BYTE"),
            _WAVEFORM_UNSIGNED.to(1),
            _POINTS_MODE.to("RAW"),
            _POINTS.to(points),
        )
        known = self._preambles.get((channel, points))
        if known is not None:
            self._apply(*settings)
            return known
        preamble = self._read_preamble(*settings)
        self._preambles[channel, points] = preamble
        return preamble

    def _read_preamble(self, *settings: Assignment) -> Preamble:
        reason = ""
        for _ in range(_PREAMBLE_ATTEMPTS):
            (reply,) = self._apply(*settings, then=(":WAV:PRE?",))
            try:
                return Preamble.parse(reply)
            except ValueError as error:
                reason = f"{error} ({reply})"
        raise InstrumentError(
            self._session.describe(
                f"its preamble cannot scale a record: {reason}; check that the channel is on"
            )
        )

    def _await_armed(self, *, already: bool) -> None:
        """Poll the arm event register: it is set once the time before the trigger has been taken."""
        if already:
            return
        clock, poll_s = self._session.clock, _FIRST_POLL_S
        limit_s = self._before_trigger_s + _ARMING_TIME_S
        deadline_ns = clock.now_ns() + round(limit_s * 1e9)
        clock.sleep(self._before_trigger_s)
        while not self._flag(self._session.query(":AER?")):
            if clock.now_ns() > deadline_ns:
                raise InstrumentTimeout(
                    self._session.describe(f"it did not arm within {limit_s:g} s of :SING")
                )
            clock.sleep(poll_s)
            poll_s = min(2 * poll_s, _LONGEST_POLL_S)

    def _adopt_range(self, duration_s: float, before_trigger_s: float, reply: str) -> float:
        """Keep the time before the trigger where the scope took a longer duration; return which."""
        actual_s = self._number(reply, "the timebase range")
        if actual_s < duration_s * (1 - 1e-6):
            self._written.clear()
            raise InstrumentError(
                self._session.describe(
                    f"a record of {duration_s:g} s was asked for, it reports {actual_s:g} s"
                )
            )
        if actual_s > duration_s * (1 + 1e-6):
            self._run(_TIMEBASE_POSITION.to(actual_s / 2 - before_trigger_s).text, answers=0)
            return actual_s
        return duration_s

    def _forget_record(self) -> None:
        self._armed = self._triggered = self._complete = False
        self._preambles.clear()

    def _forget_channel(self, channel: int) -> None:
        prefix = f":CHAN{channel}:"
        for header in [header for header in self._written if header.startswith(prefix)]:
            del self._written[header]

    def _require_channel(self, channel: int) -> None:
        if not 1 <= channel <= self.channel_count:
            raise SettingOutOfRange(
                self._session.describe(
                    f"channel {channel} does not exist, the {self._identity.model} has "
                    f"{self.channel_count}"
                )
            )

    def _raise_hole(self, channel: int, codes: NDArray[np.uint8]) -> None:
        holes = int(np.count_nonzero(codes == HOLE))
        raise InstrumentError(
            self._session.describe(
                f"{holes} of {codes.size} samples of channel {channel} were never acquired; "
                "take the record again"
            )
        )

    def _flag(self, reply: str) -> bool:
        return self._number(reply, "an event register") != 0

    def _number(self, reply: str, what: str) -> float:
        try:
            return float(parse_numbers(reply, count=1)[0])
        except ValueError as error:
            raise InstrumentError(
                self._session.describe(f"{what} cannot be read: {error}")
            ) from error
