"""Tektronix 4, 5 and 6 Series MSO oscilloscopes (and 2 Series where it takes the same commands).

Manual: *4/5/6 Series MSO Programmer Manual*, 077-1305. From public drivers (scopehal, instro,
QCoDeS): channel, horizontal, trigger, curve and its formula, which a recorded ISF file confirmed.
FastFrame: the maker's descriptions in tm_devices 3.7.0 (state, count, ``MAXFR``, selected frame, its
``FRAMESTAR`` and ``FRAMESTOP``, time stamps, ``NUMFRAMESACQ``; none of them on a 2 Series), and a
public driver that takes a FastFrame for done with the acquisition stopped and all frames counted.
Unverified (recalled): the ranges below, ``HOR:MODE MAN`` on a 2 Series, the six vertical digits of
``YMU``, that ``ACQ:NUMAC?`` starts from 0 with each ``ACQ:STATE 1`` and counts a FastFrame, that
``XZE`` is that of the selected frame (else a frame's trigger is known within a sample).

| purpose         | command                                                                   |
|-----------------|---------------------------------------------------------------------------|
| answers         | ``HEAD 0``                                                                |
| channel         | ``DIS:GLO:CH1:STATE  CH1:PROBEF:EXTA  :COUP  :BAN  :SCA  :OFFS  :POS``    |
| timebase        | ``HOR:MODE MAN  HOR:MODE:SAMPLER  :RECO  HOR:DEL:MODE 0  HOR:POS``        |
| trigger         | ``TRIG:A:TYP EDGE  TRIG:A:EDGE:SOU  :COUP  :SLO  TRIG:A:LEV:CH1  :MOD``   |
| single shot     | ``ACQ:MOD  :STOPA SEQ  :STATE  :NUMAC?  TRIG:STATE?  TRIG FORC``          |
| segments        | ``HOR:FAST:STATE  :COUN  :MAXFR?  :SUMF:STATE  :SELECTED  :TIMES:ALL?``   |
|                 | ``ACQ:NUMFRAMESACQ?  DAT:FRAMESTAR  :FRAMESTOP``                          |
| record          | ``DAT:SOU  :ENC SRI  :WID 2  :STAR  :STOP  WFMO:…?  CURV?``               |
| errors          | ``*ESR?`` then ``ALLE?``                                                  |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from bench.errors import InstrumentError, SettingOutOfRange
from instruments.roles import Coupling, Identity, ScopeCapabilities, Slope
from instruments.scopes.segmented import MOST_SEGMENTS, SegmentedShotScope
from instruments.scopes.tektronix import TektronixScope
from instruments.scopes.tektronix_timestamps import frame_times
from instruments.scpi import Setting
from instruments.session import Session

__all__ = ["TektronixMso"]

_DISPLAY = Setting(command="DIS:GLO:CH{n}:STATE {value}", low=0, high=1, doc="channel switched on")
_PROBE = Setting(
    command="CH{n}:PROBEF:EXTA {value}", low=1e-10, high=1e10, doc="external attenuation"
)
_COUPLING = Setting(command="CH{n}:COUP {value}", choices=("AC", "DC"), doc="input coupling")
_BANDWIDTH = Setting(command="CH{n}:BAN {value}", choices=("20E6", "FUL"), doc="bandwidth")
_SCALE = Setting(
    command="CH{n}:SCA {value}",
    query="CH{n}:SCA?",
    unit="V/div",
    low=5e-4,
    high=1e4,
    doc="vertical scale (0.5 mV/div to 10 V/div, times the probe's factor)",
)
_OFFSET = Setting(
    command="CH{n}:OFFS {value}", unit="V", low=-1e5, high=1e5, doc="voltage at mid-screen"
)
_POSITION = Setting(command="CH{n}:POS {value}", unit="div", low=-5, high=5, doc="position")
_HORIZONTAL_MODE = Setting(command="HOR:MODE {value}", choices=("MAN",), doc="horizontal mode")
_SAMPLE_RATE = Setting(
    command="HOR:MODE:SAMPLER {value}",
    query="HOR:MODE:SAMPLER?",
    unit="Hz",
    low=1e-1,
    high=50e9,
    doc="sample rate",
)
_RECORD_LENGTH = Setting(
    command="HOR:MODE:RECO {value}",
    query="HOR:MODE:RECO?",
    unit="samples",
    low=100,
    high=62.5e6,
    doc="record length",
)
_FAST_FRAME = Setting(
    command="HOR:FAST:STATE {value}", low=0, high=1, doc="memory divided into frames"
)
_SUMMARY_FRAME = Setting(
    command="HOR:FAST:SUMF:STATE {value}", low=0, high=0, doc="no summary behind the frames"
)
_FRAMES = Setting(
    command="HOR:FAST:COUN {value}", query="HOR:FAST:COUN?", unit="frames", low=1, doc="frames"
)
_DELAY_MODE = Setting(command="HOR:DEL:MODE {value}", low=0, high=0, doc="delay mode off")
_TRIGGER_POSITION = Setting(
    command="HOR:POS {value}", unit="%", low=0, high=100, doc="trigger's place in the record"
)
_ACQUISITION_MODE = Setting(
    command="ACQ:MOD {value}", choices=("SAM", "PEAK"), doc="sample or peak detect"
)
_TRIGGER_TYPE = Setting(command="TRIG:A:TYP {value}", choices=("EDGE",), doc="trigger type")
_TRIGGER_SOURCE = Setting(command="TRIG:A:EDGE:SOU {value}", doc="trigger source")
_TRIGGER_COUPLING = Setting(
    command="TRIG:A:EDGE:COUP {value}", choices=("DC",), doc="trigger coupling"
)
_TRIGGER_SLOPE = Setting(
    command="TRIG:A:EDGE:SLO {value}", choices=("RIS", "FALL", "EIT"), doc="trigger slope"
)
_TRIGGER_LEVEL = Setting(
    command="TRIG:A:LEV:CH{n} {value}", unit="V", low=-1e5, high=1e5, doc="trigger level"
)
_TRIGGER_MODE = Setting(
    command="TRIG:A:MOD {value}", choices=("NORM",), doc="never triggers by itself"
)
_SLOPES: Mapping[Slope, str] = {"rising": "RIS", "falling": "FALL", "either": "EIT"}
_DEFAULT_POINTS = 10_000
_WITHOUT_FAST_FRAME = "MSO2"
_RATE_SHARE = 0.5
"""Least share of the sample rate that was asked for; the scope takes the nearest that it has."""


class TektronixMso(SegmentedShotScope, TektronixScope):
    """A 4, 5 or 6 Series MSO used for single shots."""

    MODELS: ClassVar[tuple[str, ...]] = (r"TEKTRONIX,(MSO|LPD)[2456][24568]B?(LP)?",)
    MANUAL: ClassVar[str] = "4/5/6 Series MSO Programmer Manual, 077-1305"
    CAPABILITIES: ClassVar[ScopeCapabilities] = ScopeCapabilities(
        bits=12,
        codes_per_division=6400.0,
        error_report="event status",
        peak_detect=True,
        most_points=10_000_000,
        most_points_alone=10_000_000,
        most_segments=MOST_SEGMENTS,
    )
    PREAMBLE: ClassVar[str] = "WFMO"
    WIDTH: ClassVar[int] = 2
    vertical_divisions = 10

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the scope behind an open session."""
        super().__init__(session, identity)
        self._length = 0
        self._length_setting = _RECORD_LENGTH.to(_DEFAULT_POINTS)

    @property
    def capabilities(self) -> ScopeCapabilities:
        """What the model has: no FastFrame on a 2 Series."""
        if self._identity.model.upper().startswith(_WITHOUT_FAST_FRAME):
            return replace(self.CAPABILITIES, most_segments=0)
        return self.CAPABILITIES

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
            _DISPLAY.to(enabled, n=channel),
            _PROBE.to(probe_attenuation, n=channel),
            _COUPLING.to(coupling, n=channel),
            _BANDWIDTH.to("20E6" if bandwidth_limit else "FUL", n=channel),
            _SCALE.to(volts_per_division, n=channel),
            _POSITION.to(0, n=channel),
            _OFFSET.to(offset_v, n=channel),
        )
        if channel not in self._scales_v or not self._is_written(*settings):
            self._forget(f"CH{channel}:", _TRIGGER_LEVEL.header(n=channel))
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

        The sample rate is that of ``points`` over the duration, or the nearest that the scope has;
        the record is then as long as the duration. Returns the seconds from the trigger to its end.
        """
        self._remember_record(duration_s, before_trigger_s, points or _DEFAULT_POINTS)
        wanted_hz = self._points / duration_s
        settings = self._without_headers(
            _HORIZONTAL_MODE.to("MAN"),
            _SAMPLE_RATE.to(wanted_hz),
            _DELAY_MODE.to(0),
            _TRIGGER_POSITION.to(before_trigger_s / duration_s * 100),
            _ACQUISITION_MODE.to("PEAK" if peak_detect else "SAM"),
        )
        if self._is_written(*settings) and self._is_written(self._length_setting):
            return duration_s - before_trigger_s
        (found,) = self._apply(*settings, then=(_SAMPLE_RATE.ask(),))
        rate_hz = self._number(found, "the sample rate")
        if rate_hz < wanted_hz * _RATE_SHARE:
            self._written.clear()
            raise InstrumentError(
                self._session.describe(
                    f"a sample rate of {wanted_hz:g} Hz was asked for, it reports {rate_hz:g} Hz"
                )
            )
        self._length_setting = _RECORD_LENGTH.to(round(rate_hz * duration_s))
        (length,) = self._apply(self._length_setting, then=(_RECORD_LENGTH.ask(),))
        self._length = round(self._number(length, "the record length"))
        self._require_same(self._length, rate_hz * duration_s, "the record length", within=0.01)
        return duration_s - before_trigger_s

    def configure_edge_trigger(self, *, channel: int, level_v: float, slope: Slope) -> None:
        """Trigger on an edge only; never by itself."""
        self._require_channel(channel)
        self._apply(
            *self._without_headers(
                _TRIGGER_TYPE.to("EDGE"),
                _TRIGGER_SOURCE.to(f"CH{channel}"),
                _TRIGGER_COUPLING.to("DC"),
                _TRIGGER_SLOPE.to(_SLOPES[slope]),
                _TRIGGER_LEVEL.to(level_v, n=channel),
                _TRIGGER_MODE.to("NORM"),
            )
        )

    # -- segments

    def _divide_memory(self, count: int) -> None:
        """Switch FastFrame on; how many frames there is room for depends on the record length."""
        settings = self._without_headers(_FAST_FRAME.to(1), _SUMMARY_FRAME.to(0))
        (most,) = self._apply(*settings, then=("HOR:FAST:MAXFR?",))
        if count > self._number(most, "the most frames"):
            raise SettingOutOfRange(
                self._session.describe(
                    f"its memory holds {most} frames of {self._length} samples, not {count}"
                )
            )
        queries = (_FRAMES.ask(), _RECORD_LENGTH.ask())
        found, length = self._apply(_FRAMES.to(count), then=queries)
        self._require_same(self._number(found, "the frames"), count, "the number of frames")
        self._require_same(
            self._number(length, "the record length"), self._length, "the record length of a frame"
        )

    def _unite_memory(self) -> None:
        self._apply(*self._without_headers(_FAST_FRAME.to(0)))

    def _has_acquired(self) -> bool:
        """Return whether it has stopped with all that was asked for, not with some of the frames."""
        if not super()._has_acquired():
            return False
        return self._segments == 1 or self._filled_segments() == self._segments

    def _filled_segments(self) -> int:
        return int(self._ask_number("ACQ:NUMFRAMESACQ?"))

    def _trigger_times(self, count: int) -> Sequence[float]:
        reply = self._ask("HOR:FAST:TIMES:ALL?")
        try:
            return frame_times(reply, count)
        except ValueError as error:
            raise InstrumentError(
                self._session.describe(f"the times of its frames cannot be read: {error}")
            ) from error

    def _select_segment(self, number: int) -> None:
        self._run(
            f"HOR:FAST:SELECTED {number}", f"DAT:FRAMESTAR {number}", f"DAT:FRAMESTOP {number}",
            answers=0,
        )  # fmt: skip

    def _channels_of(self, model: str) -> int:
        return int(model.upper().removeprefix("MSO").removeprefix("LPD")[1])

    def _record_length(self) -> int:
        return self._length

    def _rails(self) -> tuple[int, int]:
        return -32768, 32752
