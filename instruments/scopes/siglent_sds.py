"""Siglent SDS oscilloscopes of the present command set (SDS800X HD, 1000X HD, 2000X Plus and up).

Manual: *SDS Series Digital Oscilloscope Programming Guide*, EN11. From public drivers (scopehal,
pymeasure) and measurements on an SDS824X HD by the author of scpi-instrument-control: commands,
WAVEDESC, pages of ``:WAV:MAXP?`` samples, two line feeds behind the data, ``:ACQ:MDEP`` as a cap,
the trigger source that is silently set to LINE. Unverified (recalled): the ranges below, that a
scale between the steps is taken, the legal depths.

Sequence mode: see :mod:`instruments.scopes.siglent_sequence`.

| purpose         | command                                                                   |
|-----------------|---------------------------------------------------------------------------|
| channel         | ``:CHAN1:PROB VAL,x  :COUP  :BWL  :SCAL  :OFFS  :SWIT``                   |
| timebase        | ``:TIM:SCAL  :TIM:DEL``  ``:ACQ:TYPE``                                    |
| trigger         | ``:TRIG:TYPE EDGE  :TRIG:EDGE:SOUR  :SLOP  :LEV``                         |
| memory          | ``:ACQ:MDEP  :ACQ:POIN?  :ACQ:SRAT?``                                     |
| single shot     | ``:TRIG:MODE SING  :TRIG:RUN  :TRIG:STOP  FTRIG  :TRIG:STAT?  INR?``      |
| segments        | ``:ACQ:SEQUENCE  :ACQ:SEQUENCE:COUNT  :WAV:SEQUENCE k,1``                  |
| record          | ``:WAV:SOUR  :WIDT  :INT 1  :MAXP?  :PRE?  :STAR  :POIN  :DATA?``         |
| errors          | none: there is no error queue, what matters is read back                  |

The offset counts upwards. Codes are signed; those of the HD models are sent as 16 bits, twelve of
them in use, those of the others as eight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from bench.errors import InstrumentError
from bench.waveform import Codes, Waveform
from instruments.roles import Coupling, Identity, ScopeCapabilities, Slope
from instruments.scopes.segmented import MOST_SEGMENTS
from instruments.scopes.siglent_sequence import SiglentSequence
from instruments.scopes.siglent_wavedesc import WAVEDESC_BYTES, Wavedesc
from instruments.scopes.single_shot import next_step, thinning
from instruments.scpi import Setting
from instruments.session import Session

__all__ = ["SiglentSds"]

_SCALE = Setting(
    command=":CHAN{n}:SCAL {value}",
    query=":CHAN{n}:SCAL?",
    unit="V/div",
    low=5e-4,
    high=1e4,
    doc="vertical scale (0.5 mV/div to 10 V/div, times the probe's factor)",
)
_OFFSET = Setting(
    command=":CHAN{n}:OFFS {value}", unit="V", low=-1e5, high=1e5, doc="shift upwards on the screen"
)
_PROBE = Setting(
    command=":CHAN{n}:PROB VAL,{value}", low=1e-6, high=1e6, doc="probe attenuation factor"
)
_COUPLING = Setting(command=":CHAN{n}:COUP {value}", choices=("AC", "DC"), doc="input coupling")
_BANDWIDTH_LIMIT = Setting(
    command=":CHAN{n}:BWL {value}", choices=("20M", "FULL"), doc="bandwidth limit"
)
_SWITCH = Setting(command=":CHAN{n}:SWIT {value}", choices=("ON", "OFF"), doc="channel switched on")
_TIMEBASE_SCALE = Setting(
    command=":TIM:SCAL {value}",
    query=":TIM:SCAL?",
    unit="s/div",
    low=1e-9,
    high=1000.0,
    doc="seconds per division, 1-2-5 steps",
)
_TIMEBASE_DELAY = Setting(
    command=":TIM:DEL {value}", unit="s", low=-5000.0, high=5000.0, doc="trigger to mid-screen"
)
_ACQUISITION_TYPE = Setting(
    command=":ACQ:TYPE {value}", choices=("NORM", "PEAK"), doc="sample or peak detect"
)
_TRIGGER_TYPE = Setting(command=":TRIG:TYPE {value}", choices=("EDGE",), doc="trigger type")
_TRIGGER_SOURCE = Setting(
    command=":TRIG:EDGE:SOUR {value}", query=":TRIG:EDGE:SOUR?", doc="trigger source"
)
_TRIGGER_SLOPE = Setting(
    command=":TRIG:EDGE:SLOP {value}", choices=("RIS", "FALL", "ALT"), doc="trigger slope"
)
_TRIGGER_LEVEL = Setting(
    command=":TRIG:EDGE:LEV {value}", unit="V", low=-1e5, high=1e5, doc="trigger level"
)
_SLOPES: Mapping[Slope, str] = {"rising": "RIS", "falling": "FALL", "either": "ALT"}
_HORIZONTAL_DIVISIONS = 10
_SAME_SCALE = 0.01
_HIGH_DEFINITION = ScopeCapabilities(
    bits=12,
    codes_per_division=7680.0,
    error_report="none",
    peak_detect=True,
    most_points=10_000_000,
    most_points_alone=10_000_000,
    most_segments=MOST_SEGMENTS,
)
_EIGHT_BITS = ScopeCapabilities(
    bits=8,
    codes_per_division=30.0,
    error_report="none",
    peak_detect=True,
    most_points=10_000_000,
    most_points_alone=10_000_000,
    most_segments=MOST_SEGMENTS,
)
_LEAST_PAGE = 1000
"""Samples; a scope that says less at once has not understood the question."""
_WORD_TOP = 32752
"""Highest of 16 bits of which twelve are in use."""


class SiglentSds(SiglentSequence):
    """A Siglent scope of the EN11 command set used for single shots."""

    MODELS: ClassVar[tuple[str, ...]] = (
        r"SIGLENT( TECHNOLOGIES)?,SDS8\d[24]X HD",
        r"SIGLENT( TECHNOLOGIES)?,SDS[1235679]\d{2}[248]X( PLUS| HD)",
        r"SIGLENT( TECHNOLOGIES)?,SDS[567]\d{2}[248][XA](-E)?",
    )
    MANUAL: ClassVar[str] = "SDS Series Digital Oscilloscope Programming Guide, EN11"
    STATUS: ClassVar[str] = ":TRIG:STAT?"
    STATES: ClassVar[tuple[str, ...]] = (
        "Arm", "Ready", "Auto", "Trig'd", "Stop", "Roll", "FStop",
    )  # fmt: skip
    STOP: ClassVar[str] = ":TRIG:STOP"
    START: ClassVar[tuple[str, str]] = (":TRIG:MODE SING", ":TRIG:RUN")
    FORCE: ClassVar[str] = "FTRIG"
    MEMORY: ClassVar[str] = ":ACQ:MDEP"
    DEPTHS: ClassVar[Mapping[int, str]] = {
        10_000: "10k", 100_000: "100k", 1_000_000: "1M", 10_000_000: "10M",
    }  # fmt: skip

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the scope behind an open session."""
        super().__init__(session, identity)
        self._words = identity.model.upper().endswith("HD")

    @property
    def capabilities(self) -> ScopeCapabilities:
        """What the model has."""
        return _HIGH_DEFINITION if self._words else _EIGHT_BITS

    def drain_errors(self) -> tuple[tuple[int, str], ...]:
        """Return nothing: the family has no error queue, and asking for one would hang."""
        return ()

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
            _SWITCH.to("ON" if enabled else "OFF", n=channel),
            _PROBE.to(probe_attenuation, n=channel),
            _COUPLING.to(coupling, n=channel),
            _BANDWIDTH_LIMIT.to("20M" if bandwidth_limit else "FULL", n=channel),
            _SCALE.to(volts_per_division, n=channel),
            _OFFSET.to(-offset_v, n=channel),
        )
        if channel not in self._scales_v or not self._is_written(*settings):
            self._forget(f":CHAN{channel}:", _TRIGGER_LEVEL.header(), _TRIGGER_SOURCE.header())
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

        The screen is the next 1-2-5 step that holds the duration; only the duration is transferred.
        ``points`` chooses the cap of the memory when the scope is armed, the smallest without it.
        Returns the seconds from the trigger to the end of the screen.
        """
        self._remember_record(duration_s, before_trigger_s, points or 0)
        scale_s = next_step(duration_s / _HORIZONTAL_DIVISIONS)
        self._screen_s = screen_s = scale_s * _HORIZONTAL_DIVISIONS
        settings = (
            _TIMEBASE_SCALE.to(scale_s),
            _TIMEBASE_DELAY.to(screen_s / 2 - before_trigger_s),
            _ACQUISITION_TYPE.to("PEAK" if peak_detect else "NORM"),
        )
        if not self._is_written(*settings):
            (found,) = self._apply(*settings, then=(_TIMEBASE_SCALE.ask(),))
            self._require_same(self._number(found, "the timebase"), scale_s, "the timebase")
        return screen_s - before_trigger_s

    def configure_edge_trigger(self, *, channel: int, level_v: float, slope: Slope) -> None:
        """Trigger on an edge only; raises InstrumentError where the scope takes another source."""
        self._require_channel(channel)
        source, self._trigger_channel = f"C{channel}", channel
        settings = (
            _TRIGGER_TYPE.to("EDGE"),
            _TRIGGER_SOURCE.to(source),
            _TRIGGER_SLOPE.to(_SLOPES[slope]),
            _TRIGGER_LEVEL.to(level_v),
        )
        if self._is_written(*settings):
            return
        (found,) = self._apply(*settings, then=(_TRIGGER_SOURCE.ask(),))
        if found.strip() != source:
            self._written.clear()
            raise InstrumentError(
                self._session.describe(
                    f"the trigger source should be {source}, it reports {found.strip()[:20]}: "
                    "switch the channel on before triggering on it"
                )
            )

    # -- single shot

    def _event_register(self) -> int:
        """Read the register, whose answer has a header (``INR 8193``) although the others have none."""
        reply = self._ask("INR?").removeprefix("INR").strip()
        return int(self._number(reply, "the event register"))

    def _is_depth(self, found: str, points: int) -> bool:
        return found.upper() == self.DEPTHS[points].upper()

    # -- record

    def _transferred(self, channel: int, points: int) -> Waveform:
        scale = self._wavedesc(channel)
        t0_s = scale.delay_s - scale.points * scale.interval_s / 2
        first, count = self._wanted_part(
            start_s=t0_s, interval_s=scale.interval_s, length=scale.points
        )
        step = thinning(count, points)
        gain = scale.volts_per_division * scale.probe / self.capabilities.codes_per_division
        return self._waveform(
            channel,
            codes=self._samples(channel, first, count)[::step],
            gain=gain,
            offset=-scale.offset_v * scale.probe,
            t0_s=t0_s + first * scale.interval_s,
            sample_interval_s=scale.interval_s * step,
            rails=(-32768, _WORD_TOP) if self._words else (-128, 127),
        )

    def _wavedesc(self, channel: int) -> Wavedesc:
        block = self._preamble(channel)
        try:
            scale = Wavedesc.parse(block[:WAVEDESC_BYTES] if self._segments > 1 else block)
        except ValueError as error:
            raise self._unusable("its preamble", repr(block[:16]), str(error)) from error
        self._require_believable(scale, channel)
        return scale

    def _preamble(self, channel: int) -> bytes:
        """Return WAVEDESC of a channel; of the selected frame with its stamp in sequence mode."""
        width = "WORD" if self._words else "BYTE"
        frame = [f":WAV:SEQUENCE {self._selected},1"] if self._segments > 1 else []
        self._run(f":WAV:SOUR C{channel}", f":WAV:WIDT {width}", ":WAV:INT 1", *frame, answers=0)
        size = WAVEDESC_BYTES if self._segments == 1 else None
        prefixes = self._prefixes(channel)
        return self._session.query_block(":WAV:PRE?", count=size, prefixes=prefixes).tobytes()

    def _prefixes(self, channel: int) -> tuple[str, ...]:
        """Return what a block has in front of it in sequence mode."""
        return (f"C{channel}:WF ",) if self._segments > 1 else ()

    def _require_believable(self, scale: Wavedesc, channel: int) -> None:
        """Raise InstrumentError for a preamble of another range or another resolution."""
        expected = self.capabilities.codes_per_division
        set_v = self._scales_v.get(channel, scale.volts_per_division * scale.probe)
        self._require_same(
            scale.codes_per_division, expected, "codes a division", within=_SAME_SCALE
        )
        self._require_same(
            scale.volts_per_division * scale.probe, set_v, "the record's range", within=_SAME_SCALE
        )

    def _samples(self, channel: int, first: int, count: int) -> Codes:
        """Return samples page by page, each of as many as the scope gives at once."""
        page = int(self._ask_number(":WAV:MAXP?"))
        if page < _LEAST_PAGE:
            raise InstrumentError(self._session.describe(f"it gives {page} samples at once"))
        size = 2 if self._words else 1
        parts: list[np.ndarray[tuple[int], np.dtype[np.uint8]]] = []
        for start in range(first, first + count, page):
            taken = min(page, first + count - start)
            self._run(f":WAV:STAR {start}", f":WAV:POIN {taken}", answers=0)
            parts.append(
                self._session.query_block(
                    ":WAV:DATA?",
                    count=taken * size,
                    prefixes=self._prefixes(channel),
                    timeout_s=self._block_timeout_s(taken * size),
                )
            )
        whole = np.concatenate(parts)
        return whole.view("<i2") if self._words else whole.view(np.int8)

    def _report(self, message: str) -> None:
        """Close an exchange: there is no error to ask for, but the order is certain afterwards."""
        del message
        self._session.query("*OPC?")
