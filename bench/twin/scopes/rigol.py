"""The simulated Rigol scopes: DS1104Z here, the 12-bit families in ``rigol_dho``.

Dialect: MSO1000Z/DS1000Z Series Programming Guide, PGA19108-1110. Model, where it is ours: with
``:ACQ:MDEP AUTO`` the record fills the screen with the largest legal depth that the fastest sample
rate allows; ``:TRIG:STAT?`` says TD while the record fills and never after. Record mode as the guides of the
DS1000Z and of the DHO800/DHO900 say; how many frames there are room for is the memory over the depth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scope import Oscilloscope
from bench.twin.scope_acquisition import State
from bench.twin.scope_body import ScopeBody
from bench.twin.scope_settings import CHANNELS, next_step
from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["RigolDs1000z", "RigolScope"]

_SCREEN_POINTS = 1200
_SLOPES = {"POS": "POS", "NEG": "NEG", "RFAL": "EITH"}
_MODES = {"NORM": 0, "MAX": 1, "RAW": 2}
_SIZES = {"BYTE": 1, "WORD": 2}


class RigolScope(Oscilloscope):
    """What the Rigol families share."""

    QUIRKS: ClassVar[Mapping[str, str]] = {
        "no-x-increment": "the preamble's x increment is 0",
        "y-reference-305": "the preamble's y reference lies outside the codes",
        "stalls-mid-page": "no answer to :WAV:DATA? beyond the first window, and none after",
        "depth-stays-auto": ":ACQ:MDEP? answers AUTO whatever was set",
        "screen-for-memory": ":WAV:DATA? sends the screen although RAW was asked for",
        "stale-scale": "the preamble is that of another vertical scale",
        "page-for-depth": "the preamble counts the samples of a page and not of the record",
        "forgets-format": "mode and format of a transfer last for one block",
    }
    FASTEST_HZ: ClassVar[float] = 1e9
    DEPTHS: ClassVar[Mapping[int, tuple[int, ...]]]
    """Legal memory depths by the number of channels that share the memory."""
    WINDOW_BYTES: ClassVar[int] = 250_000
    CODES_PER_DIVISION: ClassVar[Mapping[str, float]] = {"BYTE": 25.0}
    """By format, of the codes that are sent."""
    REFERENCES: ClassVar[Mapping[str, int]] = {"BYTE": 127}
    RECORD: ClassVar[tuple[str, str, str] | None] = None
    """Headers of the record mode: recording, replay, number of frames; None where it is not simulated."""

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(timeline=timeline, seed=seed, identity=identity)
        self.depth: int | None = None
        self.vernier: dict[int, bool] = dict.fromkeys(CHANNELS, False)
        self.source, self.mode, self.data_format = 1, "NORM", "BYTE"
        self.start, self.stop = 1, _SCREEN_POINTS
        self.slope, self.trigger_sweep = "POS", "AUTO"
        self._add_channels()
        self._add_time_base()
        self._add_trigger()
        self._add_run_control()
        self._add_waveform()
        self.recording, self.frames, self.frame_interval_s, self.prompt = False, 1000, 1e-7, True
        if self.RECORD is not None:
            self._add_record_mode(*self.RECORD)

    # -- what the family is

    def reset(self) -> None:
        """Return to the default set-up."""
        self.depth = None
        self.recording, self.frames = False, 1000
        self.source, self.mode, self.data_format = 1, "NORM", "BYTE"
        self.start, self.stop = 1, _SCREEN_POINTS
        super().reset()

    def number_text(self, value: float) -> str:
        """Return a number with six decimals, no sign before a positive one."""
        return f"{value + 0.0:.6e}"

    def error_text(self, error: ScpiError) -> str:
        """Return an error without a sign before zero."""
        return f'{error.code},"{error.text}"'

    def operation_pending(self) -> bool:
        """An acquisition is not an overlapped operation: ``*OPC?`` answers at once."""
        return False

    def legal_depths(self) -> tuple[int, ...]:
        """Return the depths with the channels now on; three share as four do."""
        shown = max(1, len(self.settings.shown()))
        return self.DEPTHS[next(n for n in sorted(self.DEPTHS) if n >= shown)]

    def sampling(self, *, single: bool) -> tuple[float, int]:
        """Return sample rate and record length: the depth over the screen, or the fastest rate."""
        del single
        shown = max(1, len(self.settings.shown()))
        fastest_hz = self.FASTEST_HZ / next(n for n in sorted(self.DEPTHS) if n >= shown)
        screen_s = self.settings.time_base.range_s
        legal = self.legal_depths()
        fitting = [points for points in legal if points / screen_s <= fastest_hz] or [legal[0]]
        depth = self.depth if self.depth in legal else fitting[-1]
        return min(fastest_hz, depth / screen_s), depth

    def span(self) -> tuple[float, float]:
        """Return the memory's start and duration about the middle of the screen."""
        rate_hz, depth = self.sampling(single=True)
        duration_s = depth / rate_hz
        return self.settings.time_base.position_s - duration_s / 2, duration_s

    # -- commands

    def _add_channels(self) -> None:
        add, settings = self.add_number, self.settings

        def at(suffixes: tuple[int, ...]) -> object:
            return settings.channels[suffixes[0]]

        def reach(suffixes: tuple[int, ...]) -> tuple[float, float]:
            large = settings.channels[suffixes[0]].scale_bnc_v >= 0.5
            limit = (100.0 if large else 2.0) * settings.channels[suffixes[0]].probe
            return -limit, limit

        channel = "CHANnel<1:4>"
        self.tree.add(f"{channel}:SCALe", command=self._set_scale, query=self._scale)
        add(f"{channel}:OFFSet", "raised_v", at=at, unit="V", default=0.0, limits=reach)
        add(f"{channel}:PROBe", "probe", at=at, default=10.0, limits=lambda _: (0.01, 1000.0))
        self.add_choice(f"{channel}:COUPling", "coupling", ("AC", "DC"), at=at)
        self.add_choice(f"{channel}:UNITs", "units", ("VOLTage",), at=at)
        self.add_boolean(f"{channel}:DISPlay", "displayed", at=at)
        self.add_boolean(f"{channel}:INVert", "inverted", at=at)
        self.tree.add(
            f"{channel}:BWLimit",
            command=self._set_bandwidth,
            query=lambda call: (
                "20M" if settings.channels[call.suffixes[0]].bandwidth_limited else "OFF"
            ),
        )
        self.tree.add(
            f"{channel}:VERNier",
            command=lambda call: self.vernier.update({call.suffixes[0]: call.arguments.boolean()}),
            query=lambda call: str(int(self.vernier[call.suffixes[0]])),
        )

    def _set_scale(self, call: Call) -> None:
        """Set the scale; without the vernier to the next 1-2-5 step."""
        number = call.suffixes[0]
        settings = self.settings.channels[number]
        low, high = (value * settings.probe for value in self.BODY.scale_v)
        wanted = call.arguments.number("V", low=low, high=high, default=low * 100)
        settings.scale_v = wanted if self.vernier[number] else next_step(wanted)

    def _scale(self, call: Call) -> str:
        return self.number_text(self.settings.channels[call.suffixes[0]].scale_v)

    def _set_bandwidth(self, call: Call) -> None:
        limited = call.arguments.choice(("20M", "OFF")) != "OFF"
        self.settings.channels[call.suffixes[0]].bandwidth_limited = limited

    def _add_time_base(self) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self.settings.time_base

        self.tree.add(
            "TIMebase[:MAIN]:SCALe",
            command=self._set_time_scale,
            query=lambda _call: self.number_text(self.settings.time_base.scale_s),
        )
        self.add_number(
            "TIMebase[:MAIN]:OFFSet", "position_s", at=at, unit="S", default=0.0,
            limits=lambda _: (-1000.0, 5000.0),
        )  # fmt: skip
        self.add_choice("TIMebase:MODE", "mode", ("MAIN",), at=at)

    def _set_time_scale(self, call: Call) -> None:
        wanted = call.arguments.number("S", low=5e-9, high=50.0, default=1e-6)
        self.settings.time_base.scale_s = next_step(wanted)

    def _add_trigger(self) -> None:
        def edge(_suffixes: tuple[int, ...]) -> object:
            return self.settings.edge

        def own(_suffixes: tuple[int, ...]) -> object:
            return self

        sources = tuple(f"CHANnel{number}" for number in CHANNELS)
        self.add_choice("TRIGger:MODE", "mode", ("EDGE",), at=edge)
        self.add_choice("TRIGger:COUPling", "coupling", ("DC", "AC", "LFReject"), at=edge)
        self.add_choice("TRIGger:SWEep", "trigger_sweep", ("AUTO", "NORMal", "SINGle"), at=own)
        self.add_choice("TRIGger:EDGE:SOURce", "source", sources, at=edge)
        self.tree.add(
            "TRIGger:EDGE:SLOPe",
            command=self._set_slope,
            query=lambda _call: self.slope,
        )
        self.tree.add(
            "TRIGger:EDGE:LEVel",
            command=self._set_level,
            query=lambda _call: self.number_text(
                self.settings.levels_v[self.settings.edge.channel or 1]
            ),
        )
        self.add_answer("TRIGger:STATus", self._status)
        self.add_answer("TRIGger:POSition", self._trigger_position)

    def _set_slope(self, call: Call) -> None:
        self.slope = call.arguments.choice(("POSitive", "NEGative", "RFALl"))
        self.settings.edge.slope = _SLOPES[self.slope]

    def _set_level(self, call: Call) -> None:
        number = self.settings.edge.channel or 1
        channel = self.settings.channels[number]
        reach_v = 5 * channel.scale_v
        self.settings.levels_v[number] = call.arguments.number(
            "V", low=channel.offset_v - reach_v, high=channel.offset_v + reach_v, default=0.0
        )

    def _status(self) -> str:
        states = {State.PREFILL: "RUN", State.WAITING: "WAIT", State.FILLING: "TD"}
        if self.acquisition.state in states:
            return states[self.acquisition.state]
        return "AUTO" if self.acquisition.running else "STOP"

    def _trigger_position(self) -> str:
        """Return the sample of the trigger, -2 where there was none."""
        record = self.acquisition.record
        if record is None:
            return "-2"
        interval_s = record.plan.range_s / record.plan.points
        return str(round(-record.plan.start_s / interval_s))

    def _add_run_control(self) -> None:
        self.add_action("RUN", self._run)
        self.add_action("STOP", self.acquisition.stop)
        self.add_action("SINGle", lambda: self.arm_as("SING", single=True))
        self.add_action("TFORce", self.acquisition.force)
        self.add_action("CLEar", self._forget_record)
        self.tree.add(
            "ACQuire:MDEPth",
            command=self._set_depth,
            query=lambda _call: self._depth_text(),
        )
        self.add_answer("ACQuire:SRATe", lambda: self.number_text(self.sampling(single=True)[0]))

        def at(_suffixes: tuple[int, ...]) -> object:
            return self.settings.acquire

        self.add_choice("ACQuire:TYPE", "kind", ("NORMal", "PEAK"), at=at)

    def arm_as(self, sweep: str, *, single: bool) -> None:
        """Start acquiring; a single shot and a normal sweep never trigger by themselves."""
        self.settings.edge.sweep = "AUTO" if sweep == "AUTO" else "NORM"
        self.arm(single=single)

    def _run(self) -> None:
        self.arm_as(self.trigger_sweep, single=self.trigger_sweep == "SING")

    def _set_depth(self, call: Call) -> None:
        """Take a depth while running; a stopped scope keeps what it has, without an error."""
        if call.arguments.peek().upper() == "AUTO":
            call.arguments.word()
            depth = None
        else:
            depth = call.arguments.integer(low=1, high=1_000_000_000)
            if depth not in self.legal_depths():
                raise ScpiError(-222, f"{depth} with {len(self.settings.shown())} channels")
        if self.acquisition.running:
            self.depth = depth
            self.acquisition.stop()
            self.arm(single=False)

    def _depth_text(self) -> str:
        return "AUTO" if self.depth is None or self.has("depth-stays-auto") else str(self.depth)

    def _forget_record(self) -> None:
        self.acquisition.record = None

    # -- record mode

    def _add_record_mode(self, record: str, replay: str, frames: str) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self

        self.add_boolean(f"{record}:ENABle", "recording", at=at)
        self.add_boolean(f"{record}:PROMpt", "prompt", at=at)
        self.add_number(
            f"{record}:FINTerval", "frame_interval_s", at=at, unit="S", default=1e-7,
            limits=lambda _: (1e-8, 10.0),
        )  # fmt: skip
        self.tree.add(
            f"{record}:{frames}", command=self._set_frames, query=lambda _call: str(self.frames)
        )
        self.add_answer(f"{record}:FMAX", lambda: str(self._most_frames()))
        self.tree.add(
            f"{record}:OPERate",
            command=self._record,
            query=lambda _call: "RUN" if self._is_recording() else "STOP",
        )
        self.add_answer(
            f"{replay}:FMAX",
            lambda: "0" if self._is_recording() else str(len(self.acquisition.segments)),
        )
        self.tree.add(
            f"{replay}:FCURrent", command=self._show_frame, query=lambda _call: self._frame()
        )

    def _most_frames(self) -> int:
        legal = self.legal_depths()
        return legal[-1] // self.sampling(single=True)[1]

    def _set_frames(self, call: Call) -> None:
        self.frames = call.arguments.integer(low=1, high=max(1, self._most_frames()))

    def _is_recording(self) -> bool:
        return self.recording and self.acquisition.running

    def _record(self, call: Call) -> None:
        """Record so many triggers; an automatic sweep fills the frames by itself."""
        if call.arguments.choice(("RUN", "STOP")) == "STOP":
            self.acquisition.stop()
            return
        if not self.recording:
            raise ScpiError(-221, "the record mode is off")
        self.settings.edge.sweep = "AUTO" if self.trigger_sweep == "AUTO" else "NORM"
        self.arm(single=True, segments=self.frames)

    def _show_frame(self, call: Call) -> None:
        number = call.arguments.integer(low=1, high=1_000_000)
        if self._is_recording() or number > len(self.acquisition.segments):
            raise ScpiError(-222, f"{len(self.acquisition.segments)} frames were recorded")
        self.acquisition.record = self.acquisition.segments[number - 1]

    def _frame(self) -> str:
        record, found = self.acquisition.record, self.acquisition.segments
        return str(next((k for k, one in enumerate(found, start=1) if one is record), 0))

    # -- record

    def _add_waveform(self) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self

        self.tree.add(
            "WAVeform:SOURce",
            command=self._set_source,
            query=lambda _call: f"CHAN{self.source}",
        )
        self.add_choice("WAVeform:MODE", "mode", ("NORMal", "MAXimum", "RAW"), at=at)
        self.add_choice("WAVeform:FORMat", "data_format", tuple(self.REFERENCES), at=at)
        for name, attribute in (("STARt", "start"), ("STOP", "stop")):
            self._add_bound(f"WAVeform:{name}", attribute)
        answers = (
            "FORMat", "TYPE", "POINts", "COUNt", "XINCrement", "XORigin", "XREFerence",
            "YINCrement", "YORigin", "YREFerence",
        )  # fmt: skip
        for index, name in enumerate(answers[2:], start=2):
            self._add_field(f"WAVeform:{name}", index)
        self.add_answer("WAVeform:PREamble", lambda: ",".join(self._fields()))
        self.add_answer("WAVeform:DATA", self._data)

    def _add_field(self, pattern: str, index: int) -> None:
        self.add_answer(pattern, lambda: self._fields()[index])

    def _add_bound(self, pattern: str, attribute: str) -> None:
        def command(call: Call) -> None:
            setattr(self, attribute, call.arguments.integer(low=1, high=1_000_000_000))

        self.tree.add(pattern, command=command, query=lambda _call: str(getattr(self, attribute)))

    def _set_source(self, call: Call) -> None:
        options = tuple(f"CHANnel{number}" for number in CHANNELS)
        self.source = int(call.arguments.choice(options)[-1])

    def _is_raw(self) -> bool:
        return self.mode == "RAW" or (self.mode == "MAX" and not self.acquisition.running)

    def _step(self) -> int:
        """Return of how many samples of the memory one is sent."""
        points = self.record_of(self.source).plan.points
        return 1 if self._is_raw() else max(1, points // _SCREEN_POINTS)

    def _fields(self) -> list[str]:
        """Return the ten fields; the points are the screen's whatever the memory holds."""
        plan = self.record_of(self.source).plan
        factor = 2.0 if self.has("stale-scale") else 1.0
        increment_v = (
            factor * plan.channels[self.source].scale_v / self.CODES_PER_DIVISION[self.data_format]
        )
        origin = -plan.channels[self.source].offset_v / increment_v
        return [
            str(_SIZES[self.data_format] - 1), str(_MODES[self.mode]), self._points_text(), "1",
            self.number_text(
                0.0 if self.has("no-x-increment") else plan.range_s / plan.points * self._step()
            ),
            self.number_text(plan.start_s), "0", self.number_text(increment_v),
            str(round(origin)),
            "305" if self.has("y-reference-305") else str(self.REFERENCES[self.data_format]),
        ]  # fmt: skip

    def _points_text(self) -> str:
        page = self.WINDOW_BYTES // _SIZES[self.data_format]
        return str(page if self.has("page-for-depth") else _SCREEN_POINTS)

    def _data(self) -> bytes | None:
        if self.has("stalls-mid-page") and self.start > 1:
            return None
        if self._is_raw() and self.acquisition.running:
            raise ScpiError(-221, "memory is read while stopped")
        codes = self._sent_codes()[:: self._step()]
        if not self._is_raw() or self.has("screen-for-memory"):
            codes = codes[:_SCREEN_POINTS]
        first, last = self.start - 1, min(self.stop, codes.size)
        data = np.ascontiguousarray(codes[first:last])
        if data.nbytes > self.WINDOW_BYTES:
            raise ScpiError(-222, f"{data.nbytes} bytes at once")
        if self.has("forgets-format"):
            self.mode, self.data_format = "NORM", "BYTE"
        return self.cut(b"#9%09d" % data.nbytes + data.tobytes())

    def _sent_codes(self) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """Return the memory as this family numbers codes: mid-screen is one below the middle."""
        codes = self.codes(self.source)
        return np.where(codes == self.BODY.highest_code, codes, codes - 1).astype(np.uint8)


class RigolDs1000z(RigolScope):
    """A DS1104Z: four channels, eight bits, 24 Mpts."""

    RECORD: ClassVar[tuple[str, str, str] | None] = (
        "FUNCtion:WRECord", "FUNCtion:WREPlay", "FEND",
    )  # fmt: skip
    BODY: ClassVar[ScopeBody] = ScopeBody(
        time_divisions=12,
        codes_per_division=25.0,
        noise_lsb=0.45,
        noise_floor_v=200e-6,
        gain_common=0.016,
        gain_range=0.008,
        scale_v=(1e-3, 10.0),
    )
    DEPTHS: ClassVar[Mapping[int, tuple[int, ...]]] = {
        1: (12_000, 120_000, 1_200_000, 12_000_000, 24_000_000),
        2: (6_000, 60_000, 600_000, 6_000_000, 12_000_000),
        4: (3_000, 30_000, 300_000, 3_000_000, 6_000_000),
    }
