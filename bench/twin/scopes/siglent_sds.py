"""The simulated Siglent SDS824X HD: four channels, twelve bits.

Dialect: SDS Series Programming Guide EN11, with what an SDS824X HD was measured to do: no error
queue and no answer to ``:SYST:ERR?``, the preamble with one line feed and the data with two, the
gain as for 16 bits whatever the width, ``INR?`` with a header, a trigger source on a channel that is
off silently becoming LINE; in sequence mode blocks have ``C1:WF`` in front and the preamble ends
with the frame's stamp. Model, where it is ours: the memory cap is divided by the channels that are
on, and so are the segments that fit; a number that is too large becomes the largest.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import numpy as np

from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scope import Oscilloscope
from bench.twin.scope_acquisition import Record, State
from bench.twin.scope_body import ScopeBody
from bench.twin.scope_frontend import CENTRE_CODE, CODES
from bench.twin.scope_settings import CHANNELS, next_step
from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["SiglentSdsHd"]

_FASTEST_HZ = 2e9
_DEPTHS = {"10K": 10_000, "100K": 100_000, "1M": 1_000_000, "10M": 10_000_000, "50M": 50_000_000}
_MEMORY = 50_000_000
_POWER_UP = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
_POWER_UP_NS = 59_000_000_000
"""Of the scope's own clock when laboratory time begins, and how much of the minute has passed."""
_PAGE_POINTS = 5_000_000
_ADC_STEPS = 16
_SLOPES = {"RIS": "POS", "FALL": "NEG", "ALT": "EITH"}
_WAVEDESC_BYTES = 346
_NEW_SIGNAL = 0x0001
_READY = 0x2000
_WORD_GAIN = 7680.0


class SiglentSdsHd(Oscilloscope):
    """An SDS800X HD scope."""

    BODY: ClassVar[ScopeBody] = ScopeBody(
        codes_per_division=30.0,
        steps=_ADC_STEPS,
        lowest_code=0,
        highest_code=256 - 1 / _ADC_STEPS,
        noise_lsb=0.10,
        noise_floor_v=70e-6,
        nonlinearity_lsb=0.05,
        gain_common=0.002,
        gain_range=0.002,
        offset_divisions=0.04,
        offset_v=0.7e-3,
        offset_relative=0.003,
        scale_v=(5e-4, 10.0),
    )

    QUIRKS: ClassVar[Mapping[str, str]] = {
        "samples-not-bytes": "the block's header counts samples although they are words",
        "codes-25": "the preamble gives 25 codes a division, the record has 30",
        "no-wavedesc": "the preamble is all zeros",
        "stale-scale": "the preamble is that of another vertical scale",
        "sequence-stays-ready": "a full sequence stays at Ready, without a record until TRIG:STOP",
        "stamp-stands-still": "the frames' stamps are not those of their triggers",
        "stamp-runs": "the frames' stamps are those of reading them",
    }

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(timeline=timeline, seed=seed, identity=identity)
        self.cap, self.trigger_mode = "10M", "AUTO"
        self.source, self.width = 1, "BYTE"
        self.start, self.points, self.interval = 0, 0, 1
        self.sequence, self.segments, self.frame = False, 2, 1
        self.stopped_by_hand = True
        self.new_signal = False
        self._seen_record = 0
        self._add_channels()
        self._add_time_base()
        self._add_trigger()
        self._add_waveform()
        self.tree.add("SYSTem:ERRor", query=lambda _call: None)  # it stays silent

    def reset(self) -> None:
        """Return to the default set-up."""
        self.cap, self.trigger_mode, self.width = "10M", "AUTO", "BYTE"
        self.start, self.points, self.interval = 0, 0, 1
        self.sequence, self.segments, self.frame = False, 2, 1
        super().reset()

    def number_text(self, value: float) -> str:
        """Return a number with three digits, as the family answers settings."""
        return f"{value:.2E}"

    def operation_pending(self) -> bool:
        """``*OPC?`` answers at once."""
        return False

    def sampling(self, *, single: bool) -> tuple[float, int]:
        """Return sample rate and record length: the screen, within the cap and the fastest rate."""
        del single
        share = max(1, len(self.settings.shown()))
        screen_s = self.settings.time_base.range_s
        most = min(_DEPTHS[self.cap], _MEMORY // share)
        rate_hz = min(_FASTEST_HZ / share, next_step(most / screen_s * 1.001))
        while rate_hz * screen_s > most * (1 + 1e-9):
            rate_hz = next_step(rate_hz / 2.6)
        return rate_hz, max(10, round(rate_hz * screen_s))

    # -- set-up

    def _add_channels(self) -> None:
        settings = self.settings

        def at(suffixes: tuple[int, ...]) -> object:
            return settings.channels[suffixes[0]]

        def scales(suffixes: tuple[int, ...]) -> tuple[float, float]:
            low, high = self.BODY.scale_v
            probe = settings.channels[suffixes[0]].probe
            return low * probe, high * probe

        name = "CHANnel<1:4>"
        self.add_number(f"{name}:SCALe", "scale_v", at=at, unit="V", default=1.0, limits=scales)
        self.add_number(
            f"{name}:OFFSet", "raised_v", at=at, unit="V", default=0.0, limits=lambda _: (-1e4, 1e4)
        )
        self.add_choice(f"{name}:COUPling", "coupling", ("DC", "AC"), at=at)
        self.tree.add(
            f"{name}:SWITch",
            command=lambda call: self._switch(call.suffixes[0], on=call.arguments.boolean()),
            query=lambda call: "ON" if settings.channels[call.suffixes[0]].displayed else "OFF",
        )
        self.tree.add(
            f"{name}:BWLimit",
            command=self._limit_bandwidth,
            query=lambda call: (
                "20M" if settings.channels[call.suffixes[0]].bandwidth_limited else "FULL"
            ),
        )
        self.tree.add(
            f"{name}:PROBe",
            command=self._set_probe,
            query=lambda call: self.number_text(settings.channels[call.suffixes[0]].probe),
        )

    def _switch(self, number: int, *, on: bool) -> None:
        self.settings.channels[number].displayed = on

    def _limit_bandwidth(self, call: Call) -> None:
        limited = call.arguments.choice(("20M", "FULL")) == "20M"
        self.settings.channels[call.suffixes[0]].bandwidth_limited = limited

    def _set_probe(self, call: Call) -> None:
        if call.arguments.peek().upper() in ("VAL", "VALUE"):
            call.arguments.word()
        self.settings.channels[call.suffixes[0]].probe = call.arguments.number(low=1e-6, high=1e6)

    def _add_time_base(self) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self.settings.time_base

        def acquire(_suffixes: tuple[int, ...]) -> object:
            return self.settings.acquire

        self.tree.add(
            "TIMebase:SCALe",
            command=self._set_time_scale,
            query=lambda _call: self.number_text(self.settings.time_base.scale_s),
        )
        self.add_number(
            "TIMebase:DELay", "position_s", at=at, unit="S", default=0.0,
            limits=lambda _: (-5000.0, 5000.0),
        )  # fmt: skip
        self.add_choice("ACQuire:TYPE", "kind", ("NORMal", "PEAK"), at=acquire)
        self.tree.add(
            "ACQuire:MDEPth", command=self._set_cap, query=lambda _call: self.cap.replace("K", "k")
        )
        self.tree.add(
            "ACQuire:SEQuence",
            command=self._set_sequence,
            query=lambda _call: "ON" if self.sequence else "OFF",
        )
        self.tree.add(
            "ACQuire:SEQuence:COUNt",
            command=self._set_segments,
            query=lambda _call: str(self.segments),
        )
        self.add_answer("ACQuire:POINts", lambda: f"{self.sampling(single=True)[1]:.2E}")
        self.add_answer("ACQuire:SRATe", lambda: f"{self.sampling(single=True)[0]:.2E}")

    def _set_time_scale(self, call: Call) -> None:
        wanted = call.arguments.number("S", low=1e-9, high=1000.0)
        self.settings.time_base.scale_s = next_step(wanted)

    def _set_cap(self, call: Call) -> None:
        cap = call.arguments.word().upper()
        if cap in _DEPTHS:  # anything else is ignored without a word
            self.cap = cap

    def _set_sequence(self, call: Call) -> None:
        self.sequence = call.arguments.boolean()

    def _set_segments(self, call: Call) -> None:
        """Take at most what the memory holds; more is cut without a word."""
        fitting = _MEMORY // max(1, len(self.settings.shown())) // self.sampling(single=True)[1]
        self.segments = min(call.arguments.integer(low=1, high=1_000_000), fitting)

    # -- trigger

    def _add_trigger(self) -> None:
        self.tree.add(
            "TRIGger:TYPE",
            command=lambda call: self._only(call, "EDGE"),
            query=lambda _call: "EDGE",
        )
        self.tree.add(
            "TRIGger:EDGE:SOURce",
            command=self._set_trigger_source,
            query=lambda _call: self.settings.edge.source.replace("CHAN", "C"),
        )
        self.tree.add(
            "TRIGger:EDGE:SLOPe",
            command=self._set_slope,
            query=lambda _call: {v: k for k, v in _SLOPES.items()}[self.settings.edge.slope],
        )
        self.tree.add(
            "TRIGger:EDGE:LEVel",
            command=self._set_level,
            query=lambda _call: self.number_text(
                self.settings.levels_v[self.settings.edge.channel or 1]
            ),
        )
        self.tree.add("TRIGger:MODE", command=self._set_mode, query=lambda _call: self.trigger_mode)
        self.add_action("TRIGger:RUN", self._run)
        self.add_action("TRIGger:STOP", self._stop)
        self.add_action("FTRIG", self.acquisition.force)
        self.add_answer("TRIGger:STATus", self._status)
        self.add_answer("INR", self._event_register)

    def _only(self, call: Call, word: str) -> None:
        call.arguments.choice((word,))

    def _set_trigger_source(self, call: Call) -> None:
        """Take a channel that is on; anything else becomes LINE without a word."""
        word = call.arguments.word().upper()
        number = int(word[1:]) if word in {f"C{n}" for n in CHANNELS} else None
        shown = number is not None and self.settings.channels[number].displayed
        self.settings.edge.source = f"CHAN{number}" if shown else "LINE"

    def _set_slope(self, call: Call) -> None:
        self.settings.edge.slope = _SLOPES[
            call.arguments.choice(("RISing", "FALLing", "ALTernate"))
        ]

    def _set_level(self, call: Call) -> None:
        number = self.settings.edge.channel or 1
        self.settings.levels_v[number] = call.arguments.number("V", low=-1e4, high=1e4)

    def _set_mode(self, call: Call) -> None:
        self.trigger_mode = call.arguments.choice(("SINGle", "NORMal", "AUTO"))

    def _run(self) -> None:
        self.settings.edge.sweep = "AUTO" if self.trigger_mode == "AUTO" else "NORM"
        single = self.trigger_mode == "SING"
        self.stopped_by_hand = False
        self.arm(single=single, segments=self.segments if single and self.sequence else 1)

    def _stop(self) -> None:
        self.stopped_by_hand = True
        self.acquisition.stop()

    def _is_hidden(self) -> bool:
        """Return whether a full sequence rests at Ready, where none of its frames can be read."""
        asleep = self.has("sequence-stays-ready") and self.sequence and not self.stopped_by_hand
        return asleep and not self.acquisition.running

    def _status(self) -> str:
        states = {State.PREFILL: "Arm", State.WAITING: "Ready", State.FILLING: "Trig'd"}
        if self.acquisition.state in states:
            return states[self.acquisition.state]
        if self._is_hidden():
            return "Ready"
        return "Auto" if self.acquisition.running else "Stop"

    def _event_register(self) -> str:
        """Return the events since the last reading, with a header as ``CHDR`` would have it."""
        record = self.acquisition.record
        number = 0 if record is None else record.number
        event = _NEW_SIGNAL if number > self._seen_record else 0
        self._seen_record = max(number, self._seen_record)
        return f"INR {_READY | event}"

    # -- record

    def _add_waveform(self) -> None:
        self.tree.add(
            "WAVeform:SOURce",
            command=self._set_source,
            query=lambda _call: f"C{self.source}",
        )
        self.tree.add("WAVeform:WIDTh", command=self._set_width, query=lambda _call: self.width)
        for name, attribute, low in (
            ("STARt", "start", 0), ("POINt", "points", 0), ("INTerval", "interval", 1),
        ):  # fmt: skip
            self._add_whole(f"WAVeform:{name}", attribute, low)
        self.add_answer("WAVeform:MAXPoint", lambda: f"{_PAGE_POINTS:.2E}")
        self.tree.add(
            "WAVeform:SEQuence",
            command=self._select_frame,
            query=lambda _call: f"{self.frame},1",
        )
        self.add_answer("WAVeform:PREamble", self._preamble)
        self.add_answer("WAVeform:DATA", self._data)

    def _add_whole(self, pattern: str, attribute: str, low: int) -> None:
        def command(call: Call) -> None:
            setattr(self, attribute, call.arguments.integer(low=low, high=1_000_000_000))

        self.tree.add(pattern, command=command, query=lambda _call: str(getattr(self, attribute)))

    def _set_source(self, call: Call) -> None:
        self.source = int(call.arguments.choice(tuple(f"C{number}" for number in CHANNELS))[-1])

    def _set_width(self, call: Call) -> None:
        self.width = call.arguments.choice(("BYTE", "WORD"))

    def _select_frame(self, call: Call) -> None:
        self.frame = call.arguments.integer(low=0, high=1_000_000)
        start = call.arguments.integer(low=0, high=1_000_000)
        if self.frame == 0 or start != 1:
            raise ScpiError(-221, "frames are read one by one, as <frame>,1")

    def _chosen(self) -> Record:
        """Return the selected frame of a sequence, or the record."""
        last = self.record_of(self.source)
        if not self.sequence:
            return last
        found = self.acquisition.segments
        return found[min(self.frame, len(found)) - 1] if found else last

    def _in_front(self) -> bytes:
        return b"C%d:WF " % self.source if self.sequence else b""

    def _stamp(self, record: Record) -> bytes:
        at_ns = record.trigger_ns
        if self.has("stamp-stands-still"):
            at_ns = 0
        elif self.has("stamp-runs"):
            at_ns = self.timeline.now_ns
        minutes, rest_ns = divmod(at_ns + _POWER_UP_NS, 60_000_000_000)
        at = _POWER_UP + timedelta(minutes=minutes)
        return struct.pack("<d4Bh2x", rest_ns * 1e-9, at.minute, at.hour, at.day, at.month, at.year)

    def _preamble(self) -> bytes:
        """Return WAVEDESC, and a frame's stamp behind it."""
        if self._is_hidden():
            block = bytes(_WAVEDESC_BYTES)
        else:
            record = self._chosen()
            block = self._descriptor(record) + (self._stamp(record) if self.sequence else b"")
        return self._in_front() + b"#9%09d" % len(block) + block

    def _descriptor(self, record: Record) -> bytes:
        """Return 346 bytes; gain and offset are those of the connector, the gain is for 16 bits."""
        if self.has("no-wavedesc"):
            return bytes(_WAVEDESC_BYTES)
        plan = record.plan
        channel = plan.channels[self.source]
        words = self.width == "WORD"
        block = bytearray(_WAVEDESC_BYTES)
        block[:8] = b"WAVEDESC"
        struct.pack_into("<hh", block, 32, int(words), 0)
        struct.pack_into("<i", block, 36, _WAVEDESC_BYTES)
        struct.pack_into("<i", block, 60, plan.points * (2 if words else 1))
        struct.pack_into("<i", block, 116, plan.points)
        struct.pack_into("<ii", block, 132, self.start, self.interval)
        factor = 2.0 if self.has("stale-scale") else 1.0
        struct.pack_into(
            "<3f", block, 156, factor * channel.scale_bnc_v, -channel.offset_bnc_v, self._gain()
        )
        struct.pack_into("<h", block, 172, 16)
        struct.pack_into("<f", block, 176, plan.range_s / plan.points)
        struct.pack_into("<d", block, 180, plan.start_s + plan.range_s / 2)
        struct.pack_into("<f", block, 328, channel.probe)
        if self.sequence:
            struct.pack_into("<ii", block, 144, 1, len(self.acquisition.segments))
            struct.pack_into("<h", block, 174, self.frame)
        return bytes(block)

    def _gain(self) -> float:
        return _WORD_GAIN * 25 / 30 if self.has("codes-25") else _WORD_GAIN

    def _data(self) -> bytes:
        """Return one page; the newline that every response has is the second one."""
        if self.acquisition.running:
            raise ScpiError(-221, "memory is read while stopped")
        codes = self.codes(self.source, steps=_ADC_STEPS, record=self._chosen())
        last = codes.size if not self.points else self.start + self.points
        page = codes[self.start : last][:: self.interval][:_PAGE_POINTS]
        words = np.rint((page - CENTRE_CODE) * CODES).astype("<i2")
        data = words.tobytes() if self.width == "WORD" else (words >> 8).astype(np.int8).tobytes()
        counted = len(page) if self.has("samples-not-bytes") else len(data)
        header = str(counted)
        return self._in_front() + self.cut(f"#{len(header)}{header}".encode() + data) + b"\n"
