"""The simulated Siglent SDS1104X-E: four channels, eight bits, the command set after LeCroy's.

Dialect: Digital Oscilloscope Series Programming Guide (PG01-E02). Answers have headers until ``CHDR
OFF``, event registers always; there is no error queue and no answer to ``SYST:ERR?``; a block is
followed by two line feeds. Model, where it is ours: the record fills the screen with the memory depth
or with the fastest sample rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scope import Oscilloscope
from bench.twin.scope_acquisition import State
from bench.twin.scope_body import ScopeBody
from bench.twin.scope_frontend import CENTRE_CODE, ChannelSettings
from bench.twin.scope_settings import CHANNELS, next_step
from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["SiglentSds1104xe"]

_FASTEST_HZ = 5e8
_DEPTHS = {"7K": 7_000, "70K": 70_000, "700K": 700_000, "7M": 7_000_000}
_SLOPES = {"POS": "POS", "NEG": "NEG", "WINDOW": "EITH"}
_NEW_SIGNAL, _READY = 0x0001, 0x2000
_NAMES = tuple(f"C{number}" for number in CHANNELS)


class SiglentSds1104xe(Oscilloscope):
    """An SDS1000X-E scope."""

    BODY: ClassVar[ScopeBody] = ScopeBody(
        time_divisions=14,
        codes_per_division=25.0,
        lowest_code=0,
        noise_lsb=0.4,
        noise_floor_v=180e-6,
        gain_common=0.016,
        gain_range=0.008,
        scale_v=(5e-4, 10.0),
    )

    QUIRKS: ClassVar[Mapping[str, str]] = {
        "headers-stay": "answers have headers although CHDR OFF was sent",
        "half-record": "SANU? says half of the record that was taken",
    }

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(timeline=timeline, seed=seed, identity=identity)
        self.headers, self.depth, self.trigger_mode = True, "7M", "AUTO"
        self.sparsing, self.points, self.first = 0, 0, 0
        self._seen_record = 0
        self._add_channels()
        self._add_time_base()
        self._add_trigger()
        self._add_waveform()
        self.tree.add("SYSTem:ERRor", query=lambda _call: None)  # it stays silent

    def reset(self) -> None:
        """Return to the default set-up."""
        self.headers, self.depth, self.trigger_mode = True, "7M", "AUTO"
        self.sparsing, self.points, self.first = 0, 0, 0
        super().reset()

    def number_text(self, value: float) -> str:
        """Return a number with three digits, as the family answers."""
        return f"{value:.2E}"

    def execute(self, message: bytes) -> bytes | None:
        """Put the header before the answer of a single query while headers are on."""
        asked = message.strip()
        reply = super().execute(message)
        headers = self.headers or self.has("headers-stay")
        if reply is None or not headers or not asked.endswith(b"?") or asked.startswith(b"*"):
            return reply
        return asked.rstrip(b"?") + b" " + reply

    def operation_pending(self) -> bool:
        """``*OPC?`` answers at once."""
        return False

    def sampling(self, *, single: bool) -> tuple[float, int]:
        """Return sample rate and record length."""
        del single
        screen_s = self.settings.time_base.range_s
        rate_hz = min(_FASTEST_HZ, _DEPTHS[self.depth] / screen_s)
        return rate_hz, max(14, round(rate_hz * screen_s))

    # -- set-up

    def _at(self, suffixes: tuple[int, ...]) -> ChannelSettings:
        return self.settings.channels[suffixes[0]]

    def _add_channels(self) -> None:
        add, at = self.add_number, self._at

        def scales(suffixes: tuple[int, ...]) -> tuple[float, float]:
            low, high = self.BODY.scale_v
            return low * at(suffixes).probe, high * at(suffixes).probe

        add("C<1:4>:VDIV", "scale_v", at=at, unit="V", default=1.0, limits=scales)
        add("C<1:4>:OFST", "raised_v", at=at, unit="V", default=0.0, limits=lambda _: (-1e4, 1e4))
        add("C<1:4>:ATTN", "probe", at=at, default=1.0, limits=lambda _: (0.1, 1e4))
        self.add_boolean("C<1:4>:TRA", "displayed", at=at)
        self.tree.add("C<1:4>:CPL", command=self._set_coupling)
        self.tree.add("BWL", command=self._set_bandwidth)
        self.add_boolean("CHDR", "headers", at=lambda _suffixes: self)
        self.add_answer("CMR", lambda: self._error_register("CMR", -200, -99))
        self.add_answer("EXR", lambda: self._error_register("EXR", -999, -200))

    def _set_coupling(self, call: Call) -> None:
        coupling = call.arguments.choice(("D1M", "A1M"))
        self._at(call.suffixes).coupling = "DC" if coupling == "D1M" else "AC"

    def _set_bandwidth(self, call: Call) -> None:
        number = int(call.arguments.choice(_NAMES)[-1])
        self.settings.channels[number].bandwidth_limited = call.arguments.boolean()

    def _error_register(self, name: str, low: int, high: int) -> str:
        """Return the last error of a class, which reading clears."""
        found = 0
        kept: list[ScpiError] = []
        while (error := self.next_error()).code:
            if low < error.code <= high:
                found = -error.code % 100 or 1
            else:
                kept.append(error)
        for error in kept:
            self.push_error(error)
        return f"{name} {found}"

    def _add_time_base(self) -> None:
        base = self.settings
        self.tree.add(
            "TDIV",
            command=self._set_time_scale,
            query=lambda _call: self.number_text(base.time_base.scale_s),
        )
        self.add_number(
            "TRDL", "position_s", at=lambda _suffixes: base.time_base, unit="S", default=0.0,
            limits=lambda _: (-1000.0, 1000.0),
        )  # fmt: skip
        self.tree.add("ACQW", command=self._set_acquisition)
        self.tree.add("MSIZ", command=self._set_depth, query=lambda _call: self.depth)
        self.tree.add("SANU", query=self._record_length)
        self.add_answer("SARA", lambda: f"{self.sampling(single=True)[0]:.8E}")

    def _set_time_scale(self, call: Call) -> None:
        self.settings.time_base.scale_s = next_step(
            call.arguments.number("S", low=1e-9, high=100.0)
        )

    def _set_acquisition(self, call: Call) -> None:
        word = call.arguments.choice(("SAMPLING", "PEAK_DETECT"))
        self.settings.acquire.kind = "PEAK" if word == "PEAK_DETECT" else "NORM"

    def _set_depth(self, call: Call) -> None:
        depth = call.arguments.word().upper()
        if depth in _DEPTHS:  # anything else is ignored without a word
            self.depth = depth

    def _record_length(self, call: Call) -> str:
        call.arguments.choice(_NAMES)
        share = 0.5 if self.has("half-record") else 1.0
        return f"{share * self.sampling(single=True)[1]:.8E}"

    # -- trigger

    def _add_trigger(self) -> None:
        self.tree.add("TRSE", command=self._select)
        self.tree.add("C<1:4>:TRCP", command=self._set_trigger_coupling)
        self.tree.add("C<1:4>:TRSL", command=self._set_slope)
        self.tree.add("C<1:4>:TRLV", command=self._set_level)
        self.tree.add("TRMD", command=self._set_mode, query=lambda _call: self.trigger_mode)
        self.add_action("ARM", lambda: self._run(single=True))
        self.add_action("STOP", self.acquisition.stop)
        self.add_action("FRTR", self.acquisition.force)
        self.add_answer("SAST", self._status)
        self.add_answer("INR", self._event_register)

    def _select(self, call: Call) -> None:
        call.arguments.choice(("EDGE",))
        while call.arguments.remaining:
            key, value = call.arguments.word().upper(), call.arguments.word().upper()
            if key == "SR" and value in _NAMES:
                self.settings.edge.source = f"CHAN{value[-1]}"

    def _set_trigger_coupling(self, call: Call) -> None:
        self.settings.edge.coupling = call.arguments.choice(("DC", "AC"))

    def _set_slope(self, call: Call) -> None:
        self.settings.edge.slope = _SLOPES[call.arguments.choice(tuple(_SLOPES))]

    def _set_level(self, call: Call) -> None:
        self.settings.levels_v[call.suffixes[0]] = call.arguments.number("V", low=-1e4, high=1e4)

    def _set_mode(self, call: Call) -> None:
        self.trigger_mode = call.arguments.choice(("SINGLE", "NORM", "AUTO", "STOP"))
        if self.trigger_mode == "STOP":
            self.acquisition.stop()
        else:
            self._run(single=self.trigger_mode == "SINGLE")

    def _run(self, *, single: bool) -> None:
        self.settings.edge.sweep = "AUTO" if self.trigger_mode == "AUTO" else "NORM"
        self.arm(single=single)

    def _status(self) -> str:
        states = {State.PREFILL: "Armed", State.WAITING: "Ready", State.FILLING: "Trig'd"}
        if self.acquisition.state in states:
            return states[self.acquisition.state]
        return "Auto" if self.acquisition.running else "Stop"

    def _event_register(self) -> str:
        """Return the events since the last reading, with a header whatever ``CHDR`` says."""
        record = self.acquisition.record
        number = 0 if record is None else record.number
        event = _NEW_SIGNAL if number > self._seen_record else 0
        self._seen_record = max(number, self._seen_record)
        return f"INR {_READY | event}"

    # -- record

    def _add_waveform(self) -> None:
        self.tree.add("WFSU", command=self._set_up_transfer)
        self.tree.add("C<1:4>:WF", query=self._data)

    def _set_up_transfer(self, call: Call) -> None:
        names = {"SP": "sparsing", "NP": "points", "FP": "first"}
        while call.arguments.remaining:
            key = call.arguments.choice(tuple(names))
            setattr(self, names[key], call.arguments.integer(low=0, high=100_000_000))

    def _data(self, call: Call) -> bytes:
        """Return one page; the newline that every response has is the second one."""
        call.arguments.choice(("DAT2",))
        if self.acquisition.running:
            raise ScpiError(-221, "memory is read while stopped")
        codes = self.codes(call.suffixes[0])
        last = codes.size if not self.points else self.first + self.points
        page = codes[self.first : last][:: max(1, self.sparsing)]
        data = (page.astype(np.int16) - CENTRE_CODE).astype(np.int8).tobytes()
        return self.cut(b"DAT2,#9%09d" % len(data) + data) + b"\n"
