"""The simulated Tektronix scopes: MSO44 (5 Series commands) and TBS1104.

Dialects: 4/5/6 Series MSO Programmer Manual (077-1305); TDS200/1000/2000 Programmer Manual
(071-1075). Answers have headers until ``HEAD 0``; events are shown by ``ALLE?`` once ``*ESR?`` has
been read; the window of ``DATa:STARt`` and ``STOP`` stays what it was when the record length changes.
Model, where it is ours: FastFrame divides 31.25 MS by the record length.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import numpy as np

from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scope import Oscilloscope
from bench.twin.scope_acquisition import Record, State
from bench.twin.scope_body import ScopeBody
from bench.twin.scope_frontend import CENTRE_CODE, ChannelSettings
from bench.twin.scope_settings import CHANNELS, next_step
from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["TektronixMso44", "TektronixScope", "TektronixTbs1104"]

_ADC_STEPS = 16
_SLOPES = {"RIS": "POS", "FALL": "NEG", "EIT": "EITH"}
_MSO_RATES = (1.25, 3.125, 6.25, 12.5)
_MSO_FASTEST_HZ = 6.25e9
_MSO_MEMORY = 31_250_000
_MANY_FRAMES = 1_000_000
_POWER_UP = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)
"""Of the scope's own clock when laboratory time begins; a day and a month end within a second."""
_TBS_POINTS = 2500
_TBS_STEPS = (1.0, 2.5, 5.0, 10.0)


class TektronixScope(Oscilloscope):
    """What both families share."""

    QUIRKS: ClassVar[Mapping[str, str]] = {
        "headers-stay": "answers have headers although HEAD 0 was sent",
        "stale-window": "DAT:STOP stays what it was: the record is cut",
        "unknown-scale": "the vertical unit is 0: unknown",
    }

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(timeline=timeline, seed=seed, identity=identity)
        self.headers = True
        self.source, self.width = 1, 1
        self.start, self.stop = 1, 1000
        self.stop_after = "RUNST"
        self.acquired = 0
        self._events: list[ScpiError] = []
        self.add_boolean("HEADer", "headers", at=lambda _suffixes: self)
        self.add_boolean("VERBose", "headers", at=lambda _suffixes: self)
        self.add_answer("ALLEv", self._all_events)
        self.add_answer("*ESR", self._event_status_register)
        self._add_acquisition()
        self._add_curve()
        self.add_set_up()

    @abstractmethod
    def add_set_up(self) -> None:
        """Declare channels, time base and trigger."""

    def number_text(self, value: float) -> str:
        """Return a number with six decimals, no sign before a positive one."""
        return f"{value:.6E}"

    def execute(self, message: bytes) -> bytes | None:
        """Put the header before the answer of a single query while headers are on."""
        asked = message.strip()
        headers = (
            (self.headers or self.has("headers-stay"))
            and asked.endswith(b"?")
            and not asked.startswith(b"*")
        )
        reply = super().execute(message)
        if reply is None or not headers or b";" in asked:
            return reply
        return b":" + asked.rstrip(b"?").lstrip(b":").upper() + b" " + reply

    # -- events

    def _event_status_register(self) -> str:
        while (error := self.next_error()).code:
            self._events.append(error)
        return self._read_event_status().removeprefix("+")

    def _all_events(self) -> str:
        if not self._events:
            return '0,"No events to report - queue empty"'
        events, self._events = self._events, []
        return ",".join(f'{-error.code},"{error.text}"' for error in events)

    # -- acquisition

    def _add_acquisition(self) -> None:
        self.tree.add("ACQuire:MODe", command=self._set_mode, query=lambda _call: self._mode())
        self.add_choice(
            "ACQuire:STOPAfter", "stop_after", ("RUNSTop", "SEQuence"), at=lambda _suffixes: self
        )
        self.tree.add(
            "ACQuire:STATE",
            command=self._set_state,
            query=lambda _call: str(int(self.acquisition.running)),
        )
        self.add_answer("ACQuire:NUMACq", self._acquisitions)
        self.add_answer("TRIGger:STATE", self._trigger_state)
        self.tree.add("TRIGger", command=self._force)

    def _mode(self) -> str:
        return "PEAKDETECT" if self.settings.acquire.kind == "PEAK" else "SAMPLE"

    def _set_mode(self, call: Call) -> None:
        mode = call.arguments.choice(("SAMple", "PEAKdetect"))
        self.settings.acquire.kind = "PEAK" if mode == "PEAK" else "NORM"

    def _set_state(self, call: Call) -> None:
        word = call.arguments.word().upper()
        if word not in ("1", "ON", "RUN"):
            self.acquisition.stop()
            return
        record = self.acquisition.record
        self.acquired = 0 if record is None else record.number
        if self.stop_after == "RUNST":
            self.arm(single=False)
        else:
            self.arm(single=True, segments=self.frames_wanted())

    def frames_wanted(self) -> int:
        """Return how many records a single sequence takes."""
        return 1

    def sent_records(self) -> list[Record]:
        """Return the records that ``CURVe?`` transfers, one behind the other."""
        return [self.record_of(self.source)]

    def _acquisitions(self) -> str:
        record = self.acquisition.record
        return str(0 if record is None else max(0, record.number - self.acquired))

    def _trigger_state(self) -> str:
        states = {State.PREFILL: "ARMED", State.WAITING: "READY", State.FILLING: "TRIGGER"}
        return states.get(self.acquisition.state, "SAVE")

    def _force(self, call: Call) -> None:
        call.arguments.choice(("FORCe",))
        self.acquisition.force()

    # -- trigger

    def set_trigger_source(self, call: Call) -> None:
        """Take ``CH<n>``."""
        number = call.arguments.choice(tuple(f"CH{n}" for n in CHANNELS))[-1]
        self.settings.edge.source = f"CHAN{number}"

    def add_trigger(self, name: str, slopes: tuple[str, ...]) -> None:
        """Declare the edge trigger under ``name``."""

        def edge(_suffixes: tuple[int, ...]) -> object:
            return self.settings.edge

        def set_slope(call: Call) -> None:
            self.settings.edge.slope = _SLOPES[call.arguments.choice(slopes)]

        def set_mode(call: Call) -> None:
            self.settings.edge.sweep = call.arguments.choice(("AUTO", "NORMal"))

        self.add_choice(f"{name}:TYPe", "mode", ("EDGE",), at=edge)
        self.add_choice(f"{name}:EDGE:COUPling", "coupling", ("DC", "AC"), at=edge)
        self.tree.add(f"{name}:EDGE:SOUrce", command=self.set_trigger_source)
        self.tree.add(f"{name}:EDGE:SLOpe", command=set_slope)
        self.tree.add(f"{name}:MODe", command=set_mode)

    def channel_at(self, suffixes: tuple[int, ...]) -> ChannelSettings:
        """Return the settings of a channel."""
        return self.settings.channels[suffixes[0]]

    def scales(self, suffixes: tuple[int, ...]) -> tuple[float, float]:
        """Return the smallest and the largest scale of a channel with its probe."""
        low, high = self.BODY.scale_v
        return low * self.channel_at(suffixes).probe, high * self.channel_at(suffixes).probe

    # -- curve

    def _add_curve(self) -> None:
        self.tree.add("DATa:SOUrce", command=self._set_source)
        self.tree.add("DATa:ENCdg", command=self._set_encoding)
        self.tree.add("DATa:WIDth", command=self._set_width)
        for name, attribute in (("STARt", "start"), ("STOP", "stop")):
            self._add_bound(f"DATa:{name}", attribute)
        for prefix in ("WFMOutpre", "WFMPre"):
            for index, name in enumerate(
                ("NR_Pt", "BYT_Nr", "XINcr", "XZEro", "PT_Off", "YMUlt", "YOFf", "YZEro")
            ):
                self._add_field(f"{prefix}:{name}", index)
        self.add_answer("CURVe", self._curve)

    def _add_bound(self, pattern: str, attribute: str) -> None:
        def command(call: Call) -> None:
            setattr(self, attribute, call.arguments.integer(low=1, high=1_000_000_000))

        self.tree.add(pattern, command=command, query=lambda _call: str(getattr(self, attribute)))

    def _add_field(self, pattern: str, index: int) -> None:
        self.add_answer(pattern, lambda: self._fields()[index])

    def _set_source(self, call: Call) -> None:
        self.source = int(call.arguments.choice(tuple(f"CH{n}" for n in CHANNELS))[-1])

    def _set_encoding(self, call: Call) -> None:
        call.arguments.choice(("RIBinary", "SRIbinary"))

    def _set_width(self, call: Call) -> None:
        self.width = call.arguments.integer(low=1, high=2)

    def _bounds(self) -> tuple[int, int]:
        points = self.record_of(self.source).plan.points
        return self.start - 1, min(1000 if self.has("stale-window") else self.stop, points)

    def _fields(self) -> list[str]:
        plan = self.record_of(self.source).plan
        channel = plan.channels[self.source]
        first, last = self._bounds()
        interval_s = plan.range_s / plan.points
        finer = 1 if self.width == 1 else 256
        return [
            str(last - first), str(self.width), self.number_text(interval_s),
            f"{plan.start_s + first * interval_s:.12E}", "0",
            "0.0" if self.has("unknown-scale") else self.number_text(channel.code_v / finer),
            "0.0",
            self.number_text(channel.offset_v),
        ]  # fmt: skip

    def _curve(self) -> bytes:
        if self.acquisition.running:
            raise ScpiError(-221, "the record is not complete")
        data = b"".join(self._window(record) for record in self.sent_records())
        count = str(len(data))
        return self.cut(f"#{len(count)}{count}".encode() + data)

    def _window(self, record: Record) -> bytes:
        first, last = self._bounds()
        if self.width == 1:
            whole = self.codes(self.source, record=record)[first:last]
            return (whole.astype(np.int16) - CENTRE_CODE).astype(np.int8).tobytes()
        whole = self.codes(self.source, steps=_ADC_STEPS, record=record)[first:last]
        return np.rint((whole - CENTRE_CODE) * 256).astype("<i2").tobytes()


class TektronixMso44(TektronixScope):
    """A 4 Series MSO with four inputs: twelve bits, ten divisions."""

    BODY: ClassVar[ScopeBody] = ScopeBody(
        vertical_divisions=10,
        codes_per_division=25.0,
        steps=_ADC_STEPS,
        lowest_code=0,
        highest_code=256 - 1 / _ADC_STEPS,
        noise_lsb=0.10,
        noise_floor_v=80e-6,
        nonlinearity_lsb=0.05,
        gain_common=0.004,
        gain_range=0.004,
        offset_divisions=0.06,
        offset_v=0.7e-3,
        offset_relative=0.002,
        scale_v=(5e-4, 10.0),
    )

    def add_set_up(self) -> None:
        """Declare channels, time base and trigger."""
        self.rate_hz, self.length, self.position_percent = 1.25e6, 10_000, 50.0
        self.bandwidth = "FUL"
        self.fast_frame, self.frames, self.summary = False, 10, False
        self.first_frame, self.last_frame, self.selected = 1, _MANY_FRAMES, 1
        add, at = self.add_number, self.channel_at
        self.add_boolean("DISplay:GLObal:CH<1:4>:STATE", "displayed", at=at)
        add("CH<1:4>:SCAle", "scale_v", at=at, unit="V", default=1.0, limits=self.scales)
        add(
            "CH<1:4>:OFFSet", "offset_v", at=at, unit="V", default=0.0, limits=lambda _: (-1e4, 1e4)
        )
        self.tree.add("CH<1:4>:POSition", command=self._set_position)
        add("CH<1:4>:PROBEFunc:EXTAtten", "probe", at=at, default=1.0, limits=lambda _: (1e-6, 1e6))
        self.add_choice("CH<1:4>:COUPling", "coupling", ("DC", "AC"), at=at)
        self.tree.add("CH<1:4>:BANdwidth", command=self._set_bandwidth)
        self.add_trigger("TRIGger:A", ("RISe", "FALL", "EITher"))
        self.tree.add("TRIGger:A:LEVel:CH<1:4>", command=self._set_level)
        self._add_horizontal()
        self._add_fast_frame()

    def _add_fast_frame(self) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self

        name = "HORizontal:FASTframe"
        self.add_boolean(f"{name}:STATE", "fast_frame", at=at)
        self.add_boolean(f"{name}:SUMFrame:STATE", "summary", at=at)
        for pattern, attribute in (
            (f"{name}:COUNt", "frames"), (f"{name}:SELECTED", "selected"),
            ("DATa:FRAMESTARt", "first_frame"), ("DATa:FRAMESTOP", "last_frame"),
        ):  # fmt: skip
            self._add_bound(pattern, attribute)
        self.add_answer(f"{name}:MAXFRames", lambda: str(_MSO_MEMORY // self.length))
        self.add_answer(f"{name}:TIMEStamp:ALL", self._time_stamps)
        self.add_answer("ACQuire:NUMFRAMESACQuired", lambda: str(len(self._acquired_frames())))

    def reset(self) -> None:
        """Return to the default set-up: one record."""
        self.fast_frame, self.frames, self.summary = False, 10, False
        self.first_frame, self.last_frame, self.selected = 1, _MANY_FRAMES, 1
        super().reset()

    def frames_wanted(self) -> int:
        """Return the frames of a single sequence, at most what the memory holds."""
        return min(self.frames, _MSO_MEMORY // self.length) if self.fast_frame else 1

    def _acquired_frames(self) -> list[Record]:
        return self.acquisition.segments if self.fast_frame else []

    def sent_records(self) -> list[Record]:
        """Return the frames from DATa:FRAMESTARt to FRAMESTOP, one at least."""
        last = super().sent_records()
        found = self._acquired_frames()
        if not found:
            return last
        first = min(self.first_frame, len(found))
        return found[first - 1 : max(first, self.last_frame)]

    def _time_stamps(self) -> str:
        return ", ".join(
            f"{number}:{_stamp(record.trigger_ns)}"
            for number, record in enumerate(self._acquired_frames(), start=1)
        )

    def _add_horizontal(self) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self

        self.tree.add("HORizontal:MODE", command=self._set_horizontal_mode)
        self.tree.add(
            "HORizontal:MODE:SAMPLERate",
            command=self._set_rate,
            query=lambda _call: self.number_text(self.rate_hz),
        )
        self.tree.add(
            "HORizontal:MODE:RECOrdlength",
            command=self._set_length,
            query=lambda _call: str(self.length),
        )
        self.tree.add("HORizontal:DELay:MODe", command=self._set_delay_mode)
        self.add_number(
            "HORizontal:POSition", "position_percent", at=at, default=50.0,
            limits=lambda _: (0.0, 100.0),
        )  # fmt: skip

    def _set_horizontal_mode(self, call: Call) -> None:
        call.arguments.choice(("AUTO", "MANual"))

    def _set_delay_mode(self, call: Call) -> None:
        if call.arguments.boolean():
            raise ScpiError(-221, "delay mode is not simulated")

    def _set_position(self, call: Call) -> None:
        if call.arguments.number(low=-5, high=5) != 0:
            raise ScpiError(-221, "a position other than 0 is not simulated")

    def _set_bandwidth(self, call: Call) -> None:
        word = call.arguments.word().upper()
        self.channel_at(call.suffixes).bandwidth_limited = not word.startswith("FUL")

    def _set_rate(self, call: Call) -> None:
        """Take the nearest rate that the scope has and that is not slower."""
        wanted = call.arguments.number(low=0.1, high=50e9)
        self.rate_hz = min(_MSO_FASTEST_HZ, next_step(wanted, steps=_MSO_RATES))

    def _set_length(self, call: Call) -> None:
        self.length = call.arguments.integer(low=100, high=_MSO_MEMORY)

    def _set_level(self, call: Call) -> None:
        self.settings.levels_v[call.suffixes[0]] = call.arguments.number("V", low=-1e4, high=1e4)

    def sampling(self, *, single: bool) -> tuple[float, int]:
        """Return sample rate and record length as set."""
        del single
        return self.rate_hz, self.length

    def span(self) -> tuple[float, float]:
        """Return the record about the trigger's place in it."""
        duration_s = self.length / self.rate_hz
        return -duration_s * self.position_percent / 100, duration_s


def _stamp(at_ns: int) -> str:
    """Return DD.MM.YYYY.HH:MM:SS with twelve digits of a second."""
    seconds, rest_ns = divmod(at_ns, 1_000_000_000)
    at = _POWER_UP + timedelta(seconds=seconds)
    return f"{at:%d.%m.%Y.%H:%M:%S}.{rest_ns * 1000:012d}"


class TektronixTbs1104(TektronixScope):
    """A TBS1104: eight bits, 2500 samples over ten divisions."""

    BODY: ClassVar[ScopeBody] = ScopeBody(
        codes_per_division=25.0,
        noise_lsb=0.4,
        noise_floor_v=250e-6,
        gain_common=0.016,
        gain_range=0.008,
        scale_v=(2e-3, 5.0),
    )

    def add_set_up(self) -> None:
        """Declare channels, time base and trigger."""
        add, at = self.add_number, self.channel_at
        self.add_boolean("SELect:CH<1:4>", "displayed", at=at)
        add("CH<1:4>:SCAle", "scale_v", at=at, unit="V", default=1.0, limits=self.scales)
        self.tree.add("CH<1:4>:POSition", command=self._set_position)
        add("CH<1:4>:PRObe", "probe", at=at, default=10.0, limits=lambda _: (1.0, 1000.0))
        self.add_choice("CH<1:4>:COUPling", "coupling", ("DC", "AC"), at=at)
        self.add_boolean("CH<1:4>:BANdwidth", "bandwidth_limited", at=at)
        self.add_trigger("TRIGger:MAIn", ("RISe", "FALL"))
        self.tree.add("TRIGger:MAIn:LEVel", command=self._set_level)
        self.tree.add(
            "HORizontal:MAIn:SCAle",
            command=self._set_time_scale,
            query=lambda _call: self.number_text(self.settings.time_base.scale_s),
        )
        add(
            "HORizontal:MAIn:POSition", "position_s", at=lambda _s: self.settings.time_base,
            unit="S", default=0.0, limits=lambda _: (-50.0, 500.0),
        )  # fmt: skip

    def _set_position(self, call: Call) -> None:
        channel = self.channel_at(call.suffixes)
        channel.offset_v = -call.arguments.number(low=-1000, high=1000) * channel.scale_v

    def _set_time_scale(self, call: Call) -> None:
        wanted = call.arguments.number("S", low=2.5e-9, high=50.0)
        self.settings.time_base.scale_s = next_step(wanted, steps=_TBS_STEPS)

    def _set_level(self, call: Call) -> None:
        number = self.settings.edge.channel or 1
        self.settings.levels_v[number] = call.arguments.number("V", low=-1e4, high=1e4)

    def sampling(self, *, single: bool) -> tuple[float, int]:
        """Return 2500 samples over the screen."""
        del single
        return _TBS_POINTS / self.settings.time_base.range_s, _TBS_POINTS
