"""Tektronix TBS1000, TDS1000, TDS2000 and TPS2000 oscilloscopes: records of 2500 samples.

Manual: *TDS200, TDS1000/2000, TDS1000B/2000B, TDS2000C and TPS2000 Programmer Manual*, 071-1075.
Verified on quotations of its pages: the fields of ``WFMPre`` and the formula, that a vertical unit
of zero means "unknown". From public drivers (QCoDeS): channel, time base, curve. Unverified
(recalled): the ranges below, the time base's steps, ``ACQ:NUMAC?``. The TBS1000C and TBS2000 have
another set of commands and are not driven by this file.

| purpose         | command                                                                   |
|-----------------|---------------------------------------------------------------------------|
| answers         | ``HEAD 0``                                                                |
| channel         | ``SEL:CH1  CH1:PRO  :COUP  :BAN  :SCA  :POS``                             |
| timebase        | ``HOR:MAI:SCA  HOR:MAI:POS``                                              |
| trigger         | ``TRIG:MAI:TYP EDGE  :EDGE:SOU  :COUP  :SLO  TRIG:MAI:LEV  :MOD NORM``    |
| single shot     | ``ACQ:MOD  :STOPA SEQ  :STATE  :NUMAC?  TRIG:STATE?  TRIG FORC``          |
| record          | ``DAT:SOU  :ENC RIB  :WID 1  :STAR  :STOP  WFMP:…?  CURV?``               |
| errors          | ``*ESR?`` then ``ALLE?``                                                  |

There is no trigger on either edge. A record that needs more than 2500 samples is not for this scope.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from instruments.roles import Coupling, ScopeCapabilities, Slope
from instruments.scopes.single_shot import next_step
from instruments.scopes.tektronix import TektronixScope
from instruments.scpi import Setting

__all__ = ["TektronixTbs"]

_SELECT = Setting(command="SEL:CH{n} {value}", low=0, high=1, doc="channel switched on")
_PROBE = Setting(command="CH{n}:PRO {value}", low=1, high=1000, doc="probe attenuation factor")
_COUPLING = Setting(command="CH{n}:COUP {value}", choices=("AC", "DC"), doc="input coupling")
_BANDWIDTH = Setting(
    command="CH{n}:BAN {value}", choices=("ON", "OFF"), doc="bandwidth limit of 20 MHz"
)
_SCALE = Setting(
    command="CH{n}:SCA {value}",
    query="CH{n}:SCA?",
    unit="V/div",
    low=2e-3,
    high=5e3,
    doc="vertical scale (2 mV/div to 5 V/div, times the probe's factor)",
)
_POSITION = Setting(
    command="CH{n}:POS {value}", unit="div", low=-1000, high=1000, doc="shift upwards on the screen"
)
_TIMEBASE_SCALE = Setting(
    command="HOR:MAI:SCA {value}",
    query="HOR:MAI:SCA?",
    unit="s/div",
    low=2.5e-9,
    high=50.0,
    doc="seconds per division, 1-2.5-5 steps",
)
_TIMEBASE_POSITION = Setting(
    command="HOR:MAI:POS {value}", unit="s", low=-50.0, high=500.0, doc="trigger to mid-screen"
)
_ACQUISITION_MODE = Setting(
    command="ACQ:MOD {value}", choices=("SAM", "PEAK"), doc="sample or peak detect"
)
_TRIGGER_TYPE = Setting(command="TRIG:MAI:TYP {value}", choices=("EDGE",), doc="trigger type")
_TRIGGER_SOURCE = Setting(command="TRIG:MAI:EDGE:SOU {value}", doc="trigger source")
_TRIGGER_COUPLING = Setting(
    command="TRIG:MAI:EDGE:COUP {value}", choices=("DC",), doc="trigger coupling"
)
_TRIGGER_SLOPE = Setting(
    command="TRIG:MAI:EDGE:SLO {value}", choices=("RIS", "FALL"), doc="trigger slope"
)
_TRIGGER_LEVEL = Setting(
    command="TRIG:MAI:LEV {value}", unit="V", low=-1e5, high=1e5, doc="trigger level"
)
_TRIGGER_MODE = Setting(
    command="TRIG:MAI:MOD {value}", choices=("NORM",), doc="never triggers by itself"
)
_SLOPES: Mapping[Slope, str] = {"rising": "RIS", "falling": "FALL", "either": "EITHER"}
_RECORD_POINTS = 2500
_HORIZONTAL_DIVISIONS = 10
_STEPS = (1.0, 2.5, 5.0, 10.0)


class TektronixTbs(TektronixScope):
    """A TBS1000 or TDS scope used for single shots."""

    MODELS: ClassVar[tuple[str, ...]] = (
        r"TEKTRONIX,TBS ?1\d{2}[24](B|B-EDU|EDU)?",
        r"TEKTRONIX,(TDS|TPS) ?[12]0\d[24][BC]?",
    )
    MANUAL: ClassVar[str] = "TDS200, TDS1000/2000, TPS2000 Programmer Manual, 071-1075"
    CAPABILITIES: ClassVar[ScopeCapabilities] = ScopeCapabilities(
        bits=8,
        codes_per_division=25.0,
        error_report="event status",
        peak_detect=True,
        most_points=_RECORD_POINTS,
        most_points_alone=_RECORD_POINTS,
    )
    PREAMBLE: ClassVar[str] = "WFMP"
    WIDTH: ClassVar[int] = 1

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
            _SELECT.to(enabled, n=channel),
            _PROBE.to(probe_attenuation, n=channel),
            _COUPLING.to(coupling, n=channel),
            _BANDWIDTH.to("ON" if bandwidth_limit else "OFF", n=channel),
            _SCALE.to(volts_per_division, n=channel),
            _POSITION.to(-offset_v / volts_per_division, n=channel),
        )
        if channel not in self._scales_v or not self._is_written(*settings):
            self._forget(f"CH{channel}:", _TRIGGER_LEVEL.header())
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

        The screen is the next 1-2.5-5 step that holds the duration; a record has 2500 samples over
        the screen whatever ``points`` says. Returns the seconds from the trigger to the screen's end.
        """
        self._remember_record(duration_s, before_trigger_s, points or 0)
        scale_s = next_step(duration_s / _HORIZONTAL_DIVISIONS, steps=_STEPS)
        screen_s = scale_s * _HORIZONTAL_DIVISIONS
        settings = self._without_headers(
            _TIMEBASE_SCALE.to(scale_s),
            _TIMEBASE_POSITION.to(screen_s / 2 - before_trigger_s),
            _ACQUISITION_MODE.to("PEAK" if peak_detect else "SAM"),
        )
        if not self._is_written(*settings):
            (found,) = self._apply(*settings, then=(_TIMEBASE_SCALE.ask(),))
            self._require_same(self._number(found, "the timebase"), scale_s, "the timebase")
        return screen_s - before_trigger_s

    def configure_edge_trigger(self, *, channel: int, level_v: float, slope: Slope) -> None:
        """Trigger on an edge only; never by itself. Raises SettingOutOfRange for either edge."""
        self._require_channel(channel)
        self._apply(
            *self._without_headers(
                _TRIGGER_TYPE.to("EDGE"),
                _TRIGGER_SOURCE.to(f"CH{channel}"),
                _TRIGGER_COUPLING.to("DC"),
                _TRIGGER_SLOPE.to(_SLOPES[slope]),
                _TRIGGER_LEVEL.to(level_v),
                _TRIGGER_MODE.to("NORM"),
            )
        )

    def _channels_of(self, model: str) -> int:
        return int(next(c for c in reversed(model.upper().partition("-")[0]) if c.isdigit()))

    def _record_length(self) -> int:
        return _RECORD_POINTS

    def _rails(self) -> tuple[int, int]:
        return -127, 127
