"""Rigol oscilloscopes: what a DS1000Z, a DHO800 and an MSO5000 share.

Manual: *MSO1000Z/DS1000Z Series Digital Oscilloscope Programming Guide*, PGA19108-1110, December
2015. Verified on quotations of its pages: preamble and formula, memory depths and their dependence
on the channels, twelve horizontal divisions, ``:TRIG:STAT?``. From public drivers (libsigrok,
scopehal): windows of 250,000 samples, RAW only while stopped, TD is not sticky, the depth is taken
only while running, a single shot may stop without a trigger. Unverified (recalled): the ranges
below, the answers of ``:TRIG:POS?`` and that ``:CLE`` takes it back, the vernier.

| purpose         | command                                                                   |
|-----------------|---------------------------------------------------------------------------|
| channel         | ``:CHAN1:PROB  :COUP  :BWL  :VERN 1  :SCAL  :OFFS  :DISP``                |
| timebase        | ``:TIM:MODE MAIN  :TIM:MAIN:SCAL  :TIM:MAIN:OFFS``  ``:ACQ:TYPE``         |
| trigger         | ``:TRIG:MODE EDGE  :TRIG:COUP DC  :TRIG:EDGE:SOUR  :SLOP  :LEV``          |
| memory          | ``:RUN  :ACQ:MDEP  :ACQ:SRAT?``                                           |
| single shot     | ``:CLE  :SING  :STOP  :TFOR  :TRIG:STAT?  :TRIG:POS?``                    |
| record          | ``:WAV:SOUR  :MODE RAW  :FORM BYTE  :PRE?  :STAR  :STOP  :DATA?``         |
| errors          | ``:SYST:ERR?``                                                            |

The offset counts upwards: the voltage at mid-screen is minus ``:CHAN1:OFFS``. Codes are unsigned and
are returned less 128; a code of 0 or 255 may be clipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.errors import InstrumentError
from bench.waveform import Codes, Waveform
from instruments.roles import AcquisitionState, Coupling, Identity, Slope
from instruments.scopes.rigol_record import RigolPreamble
from instruments.scopes.single_shot import SingleShotScope, next_step, thinning
from instruments.scpi import Setting
from instruments.session import Session

__all__ = ["RigolScope"]

_SCALE = Setting(
    command=":CHAN{n}:SCAL {value}",
    query=":CHAN{n}:SCAL?",
    unit="V/div",
    low=1e-3,
    high=1e4,
    doc="vertical scale (1 mV/div to 10 V/div, times the probe's factor)",
)
_OFFSET = Setting(
    command=":CHAN{n}:OFFS {value}", unit="V", low=-1e5, high=1e5, doc="shift upwards on the screen"
)
_PROBE = Setting(
    command=":CHAN{n}:PROB {value}", unit="", low=0.01, high=1000.0, doc="probe attenuation factor"
)
_COUPLING = Setting(command=":CHAN{n}:COUP {value}", choices=("AC", "DC"), doc="input coupling")
_BANDWIDTH_LIMIT = Setting(
    command=":CHAN{n}:BWL {value}", choices=("20M", "OFF"), doc="bandwidth limit"
)
_VERNIER = Setting(
    command=":CHAN{n}:VERN {value}", low=0, high=1, doc="scales between the 1-2-5 steps"
)
_DISPLAY = Setting(command=":CHAN{n}:DISP {value}", low=0, high=1, doc="channel switched on")
_TIMEBASE_MODE = Setting(command=":TIM:MODE {value}", choices=("MAIN",), doc="timebase mode")
_TIMEBASE_SCALE = Setting(
    command=":TIM:MAIN:SCAL {value}",
    query=":TIM:MAIN:SCAL?",
    unit="s/div",
    low=5e-9,
    high=50.0,
    doc="seconds per division, 1-2-5 steps",
)
_TIMEBASE_OFFSET = Setting(
    command=":TIM:MAIN:OFFS {value}",
    unit="s",
    low=-1000.0,
    high=5000.0,
    doc="trigger to mid-screen",
)
_ACQUISITION_TYPE = Setting(
    command=":ACQ:TYPE {value}", choices=("NORM", "PEAK"), doc="sample or peak detect"
)
_TRIGGER_MODE = Setting(command=":TRIG:MODE {value}", choices=("EDGE",), doc="trigger mode")
_TRIGGER_COUPLING = Setting(command=":TRIG:COUP {value}", choices=("DC",), doc="trigger coupling")
_TRIGGER_SOURCE = Setting(command=":TRIG:EDGE:SOUR {value}", doc="trigger source")
_TRIGGER_SLOPE = Setting(
    command=":TRIG:EDGE:SLOP {value}", choices=("POS", "NEG", "RFAL"), doc="trigger slope"
)
_TRIGGER_LEVEL = Setting(
    command=":TRIG:EDGE:LEV {value}", unit="V", low=-1e5, high=1e5, doc="trigger level"
)
_SLOPES: Mapping[Slope, str] = {"rising": "POS", "falling": "NEG", "either": "RFAL"}
_STATES = ("TD", "WAIT", "RUN", "AUTO", "STOP")
_NEVER_TRIGGERED = -2
"""Answer of ``:TRIG:POS?`` where there has been no trigger."""
_RATE_MISMATCH = 0.01


class RigolScope(SingleShotScope):
    """What the Rigol families share; a family says what its memory and its samples are."""

    HORIZONTAL_DIVISIONS: ClassVar[int]
    MEMORY_POINTS: ClassVar[Mapping[int, tuple[int, ...]]]
    """Legal depths by the number of channels that share the memory; three channels are four."""
    WINDOW_POINTS: ClassVar[int] = 250_000
    """Most samples of one ``:WAV:DATA?``."""
    FORMAT: ClassVar[str] = "BYTE"
    MODES: ClassVar[tuple[str, ...]] = ("RAW",)
    """Modes that are sent one after the other before a record is read."""
    HIGHEST_CODE: ClassVar[int] = 127

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the scope behind an open session."""
        super().__init__(session, identity)
        self._enabled: set[int] | None = None
        self._depth_points = 0
        self._rate_hz = 0.0

    def reset(self) -> None:
        """Bring the scope to its power-on settings; a record is lost."""
        self._enabled = None
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
        settings = (
            _DISPLAY.to(enabled, n=channel),
            _PROBE.to(probe_attenuation, n=channel),
            _COUPLING.to(coupling, n=channel),
            _BANDWIDTH_LIMIT.to("20M" if bandwidth_limit else "OFF", n=channel),
            _VERNIER.to(1, n=channel),
            _SCALE.to(volts_per_division, n=channel),
            _OFFSET.to(-offset_v, n=channel),
        )
        if channel not in self._scales_v or not self._is_written(*settings):
            self._forget(f":CHAN{channel}:", _TRIGGER_LEVEL.header())
            (scale,) = self._apply(*settings, then=(_SCALE.ask(n=channel),))
            self._scales_v[channel] = self._number(scale, "the vertical scale")
            self._enabled = None
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
        ``points`` chooses the memory depth when the scope is armed, the smallest without it. Returns the
        seconds from the trigger to the end of the screen.
        """
        self._remember_record(duration_s, before_trigger_s, points or 0)
        scale_s = next_step(duration_s / self.HORIZONTAL_DIVISIONS)
        screen_s = scale_s * self.HORIZONTAL_DIVISIONS
        settings = (
            _TIMEBASE_MODE.to("MAIN"),
            _TIMEBASE_SCALE.to(scale_s),
            _TIMEBASE_OFFSET.to(screen_s / 2 - before_trigger_s),
            _ACQUISITION_TYPE.to("PEAK" if peak_detect else "NORM"),
        )
        if not self._is_written(*settings):
            (found,) = self._apply(*settings, then=(_TIMEBASE_SCALE.ask(),))
            self._require_same(self._number(found, "the timebase"), scale_s, "the timebase")
            self._depth_points = 0
        return screen_s - before_trigger_s

    def configure_edge_trigger(self, *, channel: int, level_v: float, slope: Slope) -> None:
        """Trigger on an edge only; a single shot never triggers by itself."""
        self._require_channel(channel)
        self._apply(
            _TRIGGER_MODE.to("EDGE"),
            _TRIGGER_COUPLING.to("DC"),
            _TRIGGER_SOURCE.to(f"CHAN{channel}"),
            _TRIGGER_SLOPE.to(_SLOPES[slope]),
            _TRIGGER_LEVEL.to(level_v),
        )

    # -- single shot

    def _channels_of(self, model: str) -> int:
        name = model.partition("Z")[0].partition("-")[0]
        return int(next(digit for digit in reversed(name) if digit.isdigit()))

    def _arm(self) -> None:
        self._choose_memory()
        self._run(":CLE", ":SING", answers=0)

    def _is_armed(self) -> bool:
        """Return whether it waits, or has triggered already: a short record may be over by now."""
        status = self._status()
        return status in ("WAIT", "TD") or (status == "STOP" and self._has_triggered())

    def _poll(self) -> AcquisitionState:
        """Take STOP for done only where the scope knows where its trigger lies.

        TD is seen only while the record fills, so its absence says nothing.
        """
        status = self._status()
        if status != "STOP":
            return "triggered" if status == "TD" or self._state == "triggered" else "armed"
        return "complete" if self._has_triggered() else "stopped"

    def _has_triggered(self) -> bool:
        """Return whether there is a trigger in memory; ``:CLE`` before arming took the last one."""
        return self._ask_number(":TRIG:POS?") > _NEVER_TRIGGERED

    def _force(self) -> None:
        self._run(":TFOR", answers=0)

    def _halt(self) -> None:
        self._run(":STOP", answers=0)

    def _status(self) -> str:
        return self._one_of(_STATES, self._ask(":TRIG:STAT?"), "a trigger status")

    def _choose_memory(self) -> None:
        """Set the depth, which is taken only while running and depends on the channels that are on."""
        wanted = self._wanted_points()
        legal = self._legal_depths()
        depth = next((points for points in legal if points >= wanted), legal[-1])
        if depth == self._depth_points:
            return
        self._depth_points = 0
        found, rate = self._run(":RUN", f":ACQ:MDEP {depth}", ":ACQ:MDEP?", ":ACQ:SRAT?", answers=2)
        self._require_same(self._number(found, "the memory depth"), depth, "the memory depth")
        self._depth_points = depth
        self._rate_hz = self._number(rate, "the sample rate")

    def _wanted_points(self) -> int:
        scale_s = next_step(self._duration_s / self.HORIZONTAL_DIVISIONS) if self._duration_s else 0
        share = self.HORIZONTAL_DIVISIONS * scale_s / self._duration_s if scale_s else 1.0
        return round(self._points * share)

    def _legal_depths(self) -> tuple[int, ...]:
        if self._enabled is None:
            shown = {
                n for n in range(1, self.channel_count + 1)
                if self._ask_number(f":CHAN{n}:DISP?") != 0
            }  # fmt: skip
            self._enabled, self._depth_points = shown, 0
        sharing = next(n for n in sorted(self.MEMORY_POINTS) if n >= max(1, len(self._enabled)))
        return self.MEMORY_POINTS[sharing]

    # -- record

    def _transferred(self, channel: int, points: int) -> Waveform:
        preamble = self._preamble(channel)
        first, count = self._window(preamble)
        step = thinning(count, points)
        codes = self._samples(first, count)[::step]
        middle = self._middle_code()
        return self._waveform(
            channel,
            codes=self._signed(codes),
            gain=preamble.y_increment_v,
            offset=(middle - preamble.y_origin - preamble.y_reference) * preamble.y_increment_v,
            t0_s=preamble.x_origin_s + first * preamble.x_increment_s,
            sample_interval_s=preamble.x_increment_s * step,
            rails=(-middle, self.HIGHEST_CODE),
        )

    def _preamble(self, channel: int) -> RigolPreamble:
        """Read the scaling; the format is sent before every record, as an MSO5000 needs it."""
        (reply,) = self._run(
            f":WAV:SOUR CHAN{channel}",
            *(f":WAV:MODE {mode}" for mode in self.MODES),
            f":WAV:FORM {self.FORMAT}",
            ":WAV:PRE?",
            answers=1,
        )
        try:
            preamble = RigolPreamble.parse(
                reply,
                sample_format=int(self.FORMAT == "WORD"),
                codes=2 * self._middle_code(),
            )
        except ValueError as error:
            raise self._unusable("its preamble", reply, str(error)) from error
        if abs(preamble.x_increment_s * self._rate_hz - 1.0) > _RATE_MISMATCH:
            reason = f"the sample rate is {self._rate_hz:g} Hz"
            raise self._unusable("its preamble", reply, reason)
        return preamble

    def _window(self, preamble: RigolPreamble) -> tuple[int, int]:
        """Return the first sample of the wanted duration and how many there are."""
        first = round((-self._before_trigger_s - preamble.x_origin_s) / preamble.x_increment_s)
        count = round(self._duration_s / preamble.x_increment_s)
        slack = 2 + round(1e-6 * self._depth_points)
        if first < -slack or first + count > self._depth_points + slack:
            raise InstrumentError(
                self._session.describe(
                    f"the record starts at {preamble.x_origin_s:g} s and has {self._depth_points} "
                    f"samples: {self._duration_s:g} s from {-self._before_trigger_s:g} s are not in it"
                )
            )
        first = max(0, first)
        return first, min(count, self._depth_points - first)

    def _samples(self, first: int, count: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """Return samples window by window; each window says itself how long it is."""
        size = 2 if self.FORMAT == "WORD" else 1
        most = self.WINDOW_POINTS // size
        parts: list[NDArray[np.uint8]] = []
        for start in range(first, first + count, most):
            taken = min(most, first + count - start)
            self._run(f":WAV:STAR {start + 1}", f":WAV:STOP {start + taken}", answers=0)
            parts.append(
                self._session.query_block(
                    ":WAV:DATA?", count=taken * size, timeout_s=self._block_timeout_s(taken * size)
                )
            )
        whole = np.concatenate(parts)
        return whole.view("<u2") if size == 2 else whole

    def _middle_code(self) -> int:
        return 32768 if self.FORMAT == "WORD" else 128

    def _signed(self, codes: NDArray[np.uint8] | NDArray[np.uint16]) -> Codes:
        """Return unsigned codes less their middle, in one pass and no wider."""
        if codes.dtype == np.uint8:
            return np.bitwise_xor(codes, np.uint8(128)).view(np.int8)
        return np.bitwise_xor(codes, np.uint16(32768)).view(np.int16)

    def _report(self, message: str) -> None:
        code, text = self._parse_error(self._ask(":SYST:ERR?"))
        if code != 0:
            self._refuse(message, code, text)
