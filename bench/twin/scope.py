"""The simulated oscilloscope: Keysight DSO-X 3024A, four channels, eight bits.

Dialect: InfiniiVision 3000 X-Series Programmer's Guide (75037-97025).

Model, where it is ours: 4 Mpts of memory, shared by a pair of channels (1 and 2, 3 and 4), so
2 Mpts where both of a pair are on; half of it while running continuously. The sample rate is the
fastest of the 1-2-5 steps that fits the range into the memory, at most 4 GSa/s (2 GSa/s where a
pair shares). ``:RUN`` takes one record and rests until the next command reaches the scope. Below
``:WAVeform:POINts`` the record is thinned to one sample a bucket (a pair, minimum first, in peak
detect). A trigger is the crossing of the level by the noiseless signal, with a level error of at
most 0.1 division and 0.3 divisions of hysteresis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from bench.twin.interface import Direction
from bench.twin.scope_acquisition import Acquisition, Plan, Record, State
from bench.twin.scope_frontend import AnalogueInput, ChannelSettings, fixture_inputs
from bench.twin.scope_record import Preamble, Transfer, block, preamble, transfer
from bench.twin.scpi import ScpiInstrument, Target, scientific
from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call
from bench.twin.laboratory_time import Condition, LaboratoryTime

__all__ = ["Oscilloscope"]

CHANNELS = (1, 2, 3, 4)
_PAIRS = ((1, 2), (3, 4))
_MEMORY_POINTS = 4_000_000
_FASTEST_HZ = 4e9
_TIME_DIVISIONS = 10
_MOST_POINTS = 8_000_000
"""Largest value of ``WAVeform:POINts``."""
_NORMAL_POINTS = 62_500
"""Most points of the measurement record (``POINts:MODE NORMal``)."""
_LEVEL_ERROR_DIVISIONS = 0.1
_HYSTERESIS_DIVISIONS = 0.3
_TIME_BASE_PPM = 20.0
"""Source: data sheet of the 3000 X-Series, ±(1.6 ppm + ageing) at best, ±25 ppm over life."""
_AUTO_TRIGGER_NS = 40_000_000
_LONGEST_WAIT_NS = 60_000_000_000
"""``*OPC?``, ``*WAI`` and ``:DIGitize`` wait this long for a trigger before they give up."""
_WAIT_STEP_NS = 10_000_000
_RUNNING_BIT, _WAITING_BIT = 0x08, 0x20
_NO_VALUE = 9.9e37
_REFERENCE_POSITIONS = {"LEFT": 0.1, "CENT": 0.5, "RIGH": 0.9}
_DIRECTIONS: dict[str, Direction] = {
    "POS": "rising", "NEG": "falling", "EITH": "either", "ALT": "either",
}  # fmt: skip
_OPPOSITE: dict[Direction, Direction] = {
    "rising": "falling", "falling": "rising", "either": "either",
}  # fmt: skip


@dataclass(slots=True)
class _TimeBase:
    range_s: float = 1e-3
    position_s: float = 0.0
    reference: str = "CENT"
    mode: str = "MAIN"

    @property
    def scale_s(self) -> float:
        return self.range_s / _TIME_DIVISIONS

    @scale_s.setter
    def scale_s(self, value: float) -> None:
        self.range_s = value * _TIME_DIVISIONS

    @property
    def start_s(self) -> float:
        """Start of the record relative to the trigger."""
        return self.position_s - _REFERENCE_POSITIONS[self.reference] * self.range_s


@dataclass(slots=True)
class _Trigger:
    mode: str = "EDGE"
    sweep: str = "AUTO"
    source: str = "CHAN1"
    slope: str = "POS"
    coupling: str = "DC"
    reject: str = "OFF"
    high_frequency_reject: bool = False
    noise_reject: bool = False
    holdoff_s: float = 40e-9


@dataclass(slots=True)
class _Acquire:
    kind: str = "NORM"
    mode: str = "RTIM"
    count: float = 8
    complete: float = 100


@dataclass(slots=True)
class _WaveformSettings:
    source: str = "CHAN1"
    data_format: str = "BYTE"
    byte_order: str = "MSBF"
    unsigned: bool = True
    points_mode: str = "NORM"
    points: int = 1000


class Oscilloscope(ScpiInstrument):
    """The scope of the laboratory."""

    error_queue_length = 30

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(identity, timeline)
        self.acquisition = Acquisition(timeline)
        self.inputs = {
            number: AnalogueInput(number=number, seed=seed, wiring=wiring)
            for number, wiring in fixture_inputs(seed).items()
        }
        draws = np.random.default_rng([seed, 0x5C]).uniform(-1, 1, 5)
        self.time_base_error = float(draws[4]) * _TIME_BASE_PPM * 1e-6
        self._level_errors = dict(zip(CHANNELS, draws[:4].tolist(), strict=True))
        self.short_block_bytes = 0
        """A bench fault: so many bytes are missing at the end of a waveform block."""
        self._sent: tuple[tuple[object, ...], bytes] | None = None
        self.channels: dict[int, ChannelSettings] = {}
        self.levels_v: dict[int, float] = {}
        self._set_defaults()
        self._add_channel_commands()
        self._add_timing_commands()
        self._add_trigger_commands()
        self._add_acquisition_commands()
        self._add_waveform_commands()
        self._add_measurements()

    # -- behaviour

    def reset(self) -> None:
        """Return to the default set-up, which runs with automatic sweep."""
        self.acquisition.stop()
        self.acquisition.record = None
        self._set_defaults()
        self.acquisition.arm(self._plan(single=False), single=False)

    def before_message(self) -> None:
        """Start the next record of a continuous run; drop trace that nobody needs."""
        acquisition = self.acquisition
        if acquisition.running and not acquisition.pending:
            acquisition.arm(self._plan(single=False), single=False)
        acquisition.trim()

    def operation_pending(self) -> bool:
        """A single acquisition is an overlapped operation."""
        return self.acquisition.single and self.acquisition.pending

    def wait_for_operation(self) -> None:
        """Wait for the record; -365 after a minute without a trigger, the scope stays armed."""
        limit_ns = self.timeline.now_ns + _LONGEST_WAIT_NS
        while self.operation_pending():
            now_ns = self.timeline.now_ns
            due_ns = self.acquisition.due_ns()
            if self.acquisition.state is State.FILLING and due_ns is not None:
                self.timeline.advance_to(max(due_ns, now_ns))
            elif now_ns < limit_ns:
                self.timeline.advance_to(min(limit_ns, due_ns or now_ns + _WAIT_STEP_NS))
            else:
                raise ScpiError(-365, "no trigger within 60 s")

    def operation_condition(self) -> int:
        """Bit 3: running; bit 5: armed and waiting for the trigger."""
        running = _RUNNING_BIT if self.acquisition.running else 0
        return running | (_WAITING_BIT if self.acquisition.state is State.WAITING else 0)

    def trigger(self) -> None:
        """``*TRG`` forces the trigger."""
        self.acquisition.force()

    def clear_device(self) -> None:
        """A device clear leaves the acquisition alone."""
        super().clear_device()

    # -- planning

    def _set_defaults(self) -> None:
        self.channels.update({n: ChannelSettings(displayed=n == 1) for n in CHANNELS})
        self.levels_v.update(dict.fromkeys(CHANNELS, 0.0))
        self.time_base, self.edge = _TimeBase(), _Trigger()
        self.acquire, self.waveform = _Acquire(), _WaveformSettings()

    def _memory(self, *, single: bool) -> tuple[float, float]:
        """Return points of memory and the fastest sample rate with the channels now on."""
        sharing = any(all(self.channels[n].displayed for n in pair) for pair in _PAIRS)
        share = 2 if sharing else 1
        return _MEMORY_POINTS / share / (1 if single else 2), _FASTEST_HZ / share

    def _sampling(self, *, single: bool) -> tuple[float, int]:
        """Return sample rate and record length."""
        memory, fastest_hz = self._memory(single=single)
        wanted_hz = min(fastest_hz, memory / self.time_base.range_s)
        decade = 10.0 ** math.floor(math.log10(wanted_hz) + 1e-9)
        rate_hz = next(m * decade for m in (5, 2, 1) if m * decade <= wanted_hz * (1 + 1e-9))
        rate_hz = fastest_hz if wanted_hz >= fastest_hz else rate_hz
        return rate_hz, max(1, round(rate_hz * self.time_base.range_s))

    def _plan(self, *, single: bool) -> Plan:
        condition, delay_s = self._condition()
        return Plan(
            start_s=self.time_base.start_s,
            range_s=self.time_base.range_s,
            points=self._sampling(single=single)[1],
            conversions_per_s=self._memory(single=single)[1],
            kind=self.acquire.kind,
            averages=int(self.acquire.count),
            channels={n: replace(s) for n, s in self.channels.items() if s.displayed},
            trigger=condition,
            trigger_delay_s=delay_s,
            auto_after_ns=_AUTO_TRIGGER_NS if self.edge.sweep == "AUTO" else None,
        )

    def _condition(self) -> tuple[Condition | None, float]:
        """Return the crossing on the node that the trigger level means, and the input's delay."""
        if not self.edge.source.startswith("CHAN"):
            return None, 0.0
        number = int(self.edge.source[-1])
        settings, source = self.channels[number], self.inputs[number]
        gain = source.gain(settings)
        error_v = _LEVEL_ERROR_DIVISIONS * settings.scale_v * self._level_errors[number]
        level_v = (self.levels_v[number] + error_v - source.offset(settings)) / gain
        direction = _DIRECTIONS[self.edge.slope]
        hysteresis = _HYSTERESIS_DIVISIONS * (2 if self.edge.noise_reject else 1)
        condition = Condition(
            node=source.wiring.node,
            level_v=level_v,
            direction=direction if gain > 0 else _OPPOSITE[direction],
            hysteresis_v=hysteresis * settings.scale_v / abs(gain),
        )
        return condition, source.delay_s()

    # -- commands: channels

    def _channel(self, suffixes: tuple[int, ...]) -> ChannelSettings:
        return self.channels[suffixes[0]]

    def _add_channel_commands(self) -> None:
        at: Target = self._channel
        root = "CHANnel<1:4>:"
        self.add_number(
            root + "SCALe", "scale_v", at=at, unit="V", default=5.0, limits=self._scale_limits
        )
        self.add_number(
            root + "RANGe", "range_v", at=at, unit="V", default=40.0, limits=self._range_limits
        )
        self.add_number(
            root + "OFFSet", "offset_v", at=at, unit="V", default=0.0, limits=self._offset_limits
        )
        self.add_number(
            root + "PROBe", "probe", at=at, default=1.0, limits=lambda suffixes: (0.001, 10_000.0)
        )
        self.add_choice(root + "COUPling", "coupling", ("DC", "AC"), at=at)
        self.add_choice(root + "UNITs", "units", ("VOLT", "AMPere"), at=at)
        self.add_boolean(root + "BWLimit", "bandwidth_limited", at=at)
        self.add_boolean(root + "DISPlay", "displayed", at=at)
        self.add_boolean(root + "INVert", "inverted", at=at)
        self.tree.add(
            root + "IMPedance",
            command=self._set_impedance,
            query=lambda call: self._channel(call.suffixes).impedance,
        )
        self.tree.add(
            root + "LABel",
            command=self._set_label,
            query=lambda call: f'"{self._channel(call.suffixes).label}"',
        )

    def _scale_limits(self, suffixes: tuple[int, ...]) -> tuple[float, float]:
        probe = self._channel(suffixes).probe
        return 1e-3 * probe, 5.0 * probe

    def _range_limits(self, suffixes: tuple[int, ...]) -> tuple[float, float]:
        low, high = self._scale_limits(suffixes)
        return 8 * low, 8 * high

    def _offset_limits(self, suffixes: tuple[int, ...]) -> tuple[float, float]:
        settings = self._channel(suffixes)
        reach_v = (2.0 if settings.scale_bnc_v <= 0.2 else 50.0) * settings.probe
        return -reach_v, reach_v

    def _set_impedance(self, call: Call) -> None:
        if call.arguments.choice(("ONEMeg", "FIFTy")) == "FIFT":
            raise ScpiError(-241, "the fixture is wired for 1 MOhm")

    def _set_label(self, call: Call) -> None:
        self._channel(call.suffixes).label = call.arguments.string()[:32]

    # -- commands: time base and trigger

    def _add_timing_commands(self) -> None:
        def at(suffixes: tuple[int, ...]) -> object:
            return self.time_base

        self.add_number(
            "TIMebase[:MAIN]:RANGe", "range_s", at=at, unit="S", default=1e-3,
            limits=lambda suffixes: (20e-9, 500.0),
        )  # fmt: skip
        self.add_number(
            "TIMebase[:MAIN]:SCALe", "scale_s", at=at, unit="S", default=1e-4,
            limits=lambda suffixes: (2e-9, 50.0),
        )  # fmt: skip
        for name in ("POSition", "DELay"):
            self.add_number(
                "TIMebase[:MAIN]:" + name, "position_s", at=at, unit="S", default=0.0,
                limits=self._position_limits,
            )  # fmt: skip
        self.add_choice("TIMebase:REFerence", "reference", ("LEFT", "CENTer", "RIGHt"), at=at)
        self.add_choice("TIMebase:MODE", "mode", ("MAIN",), at=at)

    def _position_limits(self, suffixes: tuple[int, ...]) -> tuple[float, float]:
        return -max(500.0, self.time_base.range_s), 500.0

    def _add_trigger_commands(self) -> None:
        def at(suffixes: tuple[int, ...]) -> object:
            return self.edge

        sources = tuple(f"CHANnel{n}" for n in CHANNELS)
        self.add_choice("TRIGger:MODE", "mode", ("EDGE",), at=at)
        self.add_choice("TRIGger:SWEep", "sweep", ("AUTO", "NORMal"), at=at)
        self.add_choice("TRIGger[:EDGE]:SOURce", "source", (*sources, "EXTernal"), at=at)
        self.add_choice(
            "TRIGger[:EDGE]:SLOPe", "slope",
            ("POSitive", "NEGative", "EITHer", "ALTernate"), at=at,
        )  # fmt: skip
        self.add_choice("TRIGger[:EDGE]:COUPling", "coupling", ("DC", "AC", "LFReject"), at=at)
        self.add_choice("TRIGger[:EDGE]:REJect", "reject", ("OFF", "LFReject", "HFReject"), at=at)
        self.add_boolean("TRIGger:HFReject", "high_frequency_reject", at=at)
        self.add_boolean("TRIGger:NREJect", "noise_reject", at=at)
        self.add_number(
            "TRIGger:HOLDoff", "holdoff_s", at=at, unit="S", default=40e-9,
            limits=lambda suffixes: (40e-9, 10.0),
        )  # fmt: skip
        self.tree.add("TRIGger[:EDGE]:LEVel", command=self._set_level, query=self._query_level)
        self.tree.add("TRIGger:FORCe", command=lambda call: self.acquisition.force())

    def _set_level(self, call: Call) -> None:
        value_text = call.arguments.word()
        number = self._level_channel(call)
        reach_v = 6 * self.channels[number].scale_v
        centre_v = self.channels[number].offset_v
        value_v = type(call.arguments)([value_text]).number(
            "V", low=centre_v - reach_v, high=centre_v + reach_v, default=0.0
        )
        self.levels_v[number] = value_v

    def _query_level(self, call: Call) -> str:
        return scientific(self.levels_v[self._level_channel(call)])

    def _level_channel(self, call: Call) -> int:
        if call.arguments.remaining:
            return self._channel_number(call)
        return int(self.edge.source[-1]) if self.edge.source.startswith("CHAN") else 1

    def _channel_number(self, call: Call) -> int:
        return int(call.arguments.choice(tuple(f"CHANnel{n}" for n in CHANNELS))[-1])

    # -- commands: acquisition

    def _add_acquisition_commands(self) -> None:
        def at(suffixes: tuple[int, ...]) -> object:
            return self.acquire

        kinds = ("NORMal", "HRESolution", "PEAK", "AVERage")
        self.add_choice("ACQuire:TYPE", "kind", kinds, at=at)
        self.add_choice("ACQuire:MODE", "mode", ("RTIMe",), at=at)
        self.add_number(
            "ACQuire:COUNt", "count", at=at, default=8, limits=lambda suffixes: (2, 65536)
        )
        self.add_number(
            "ACQuire:COMPlete", "complete", at=at, default=100, limits=lambda suffixes: (100, 100)
        )
        add = self.tree.add
        add("ACQuire:POINts", query=lambda call: f"+{self._sampling(single=True)[1]}")
        add("ACQuire:SRATe", query=lambda call: scientific(self._sampling(single=True)[0]))
        add("RUN", command=self._run)
        add("SINGle", command=self._single)
        add("STOP", command=lambda call: self.acquisition.stop())
        add("DIGitize", command=self._digitize)
        add("RSTate", query=lambda call: self._run_state())
        add("OPERegister:CONDition", query=lambda call: f"+{self.operation_condition()}")
        add("TER", query=lambda call: self._read_event("triggered_event"))
        add("AER", query=lambda call: self._read_event("armed_event"))
        add("CDISplay", command=lambda call: self._forget_record())
        add("VIEW", command=lambda call: self._show(call, shown=True))
        add("BLANk", command=lambda call: self._show(call, shown=False))

    def _single(self, call: Call) -> None:
        self._sent = None
        self.acquisition.triggered_event = self.acquisition.armed_event = False
        self.acquisition.arm(self._plan(single=True), single=True)

    def _run(self, call: Call) -> None:
        if not self.acquisition.running or self.acquisition.single:
            self.acquisition.arm(self._plan(single=False), single=False)

    def _digitize(self, call: Call) -> None:
        while call.arguments.remaining:
            self.channels[self._channel_number(call)].displayed = True
        self._single(call)
        try:
            self.wait_for_operation()
        except ScpiError:
            self.acquisition.stop()
            raise

    def _run_state(self) -> str:
        if not self.acquisition.running:
            return "STOP"
        return "SING" if self.acquisition.single else "RUN"

    def _read_event(self, name: str) -> str:
        value = bool(getattr(self.acquisition, name))
        setattr(self.acquisition, name, False)
        return f"+{int(value)}"

    def _forget_record(self) -> None:
        self.acquisition.record = None

    def _show(self, call: Call, *, shown: bool) -> None:
        self.channels[self._channel_number(call)].displayed = shown

    # -- commands: waveform

    def _add_waveform_commands(self) -> None:
        def at(suffixes: tuple[int, ...]) -> object:
            return self.waveform

        sources = tuple(f"CHANnel{n}" for n in CHANNELS)
        self.add_choice("WAVeform:SOURce", "source", sources, at=at)
        self.add_choice("WAVeform:FORMat", "data_format", ("BYTE", "WORD", "ASCii"), at=at)
        self.add_choice("WAVeform:BYTeorder", "byte_order", ("MSBFirst", "LSBFirst"), at=at)
        self.add_choice("WAVeform:POINts:MODE", "points_mode", ("NORMal", "MAXimum", "RAW"), at=at)
        self.add_boolean("WAVeform:UNSigned", "unsigned", at=at)
        add = self.tree.add
        add("WAVeform:POINts", command=self._set_points, query=self._query_points)
        add("WAVeform:PREamble", query=lambda call: str(self._preamble()))
        add("WAVeform:DATA", query=lambda call: self._data())
        add("WAVeform:COUNt", query=lambda call: f"+{self._preamble().count}")
        add("WAVeform:TYPE", query=lambda call: self._preamble().kind)
        add("WAVeform:XINCrement", query=lambda call: f"{self._preamble().x_increment_s:+.14E}")
        add("WAVeform:XORigin", query=lambda call: f"{self._preamble().x_origin_s:+.14E}")
        add("WAVeform:XREFerence", query=lambda call: "+0")
        add("WAVeform:YINCrement", query=lambda call: scientific(self._preamble().y_increment_v))
        add("WAVeform:YORigin", query=lambda call: scientific(self._preamble().y_origin_v))
        add("WAVeform:YREFerence", query=lambda call: f"{self._preamble().y_reference:+d}")

    def _set_points(self, call: Call) -> None:
        token = call.arguments.peek().upper()
        if token in ("NORM", "NORMAL", "RAW"):
            self.waveform.points_mode = token[:4]
            self.waveform.points = _MEMORY_POINTS
            call.arguments.word()
            return
        self.waveform.points = call.arguments.integer(low=100, high=_MOST_POINTS, default=1000)

    def _query_points(self, call: Call) -> str:
        if self.acquisition.record is None:
            return f"+{self._wanted().points}"
        return f"+{self._preamble().points}"

    def _wanted(self) -> Transfer:
        settings = self.waveform
        most = _NORMAL_POINTS if settings.points_mode == "NORM" else _MEMORY_POINTS
        return Transfer(
            data_format=settings.data_format,
            least_byte_first=settings.byte_order == "LSBF",
            unsigned=settings.unsigned,
            points=min(settings.points, most),
        )

    def _record(self, number: int) -> Record:
        record = self.acquisition.record
        if record is None:
            raise ScpiError(-230, "no record has been acquired")
        if number not in record.plan.channels:
            raise ScpiError(-221, f"channel {number} was off")
        return record

    def _preamble(self) -> Preamble:
        number = int(self.waveform.source[-1])
        return preamble(self._record(number), number, self._wanted())

    def _data(self) -> bytes:
        number = int(self.waveform.source[-1])
        record, wanted = self._record(number), self._wanted()
        key = (record.number, number, wanted)
        if self._sent is None or self._sent[0] != key:
            self._sent = (key, self._sampled(record, number, wanted))
        data = block(self._sent[1])
        return data[: len(data) - self.short_block_bytes] if self.short_block_bytes else data

    def _sampled(self, record: Record, number: int, wanted: Transfer) -> bytes:
        return transfer(
            record, number, wanted, inputs=self.inputs, time_base_error=self.time_base_error
        )

    # -- commands: measurements

    def _add_measurements(self) -> None:
        for name, function in (
            ("VPP", lambda volts: volts.max() - volts.min()),
            ("VMAX", lambda volts: volts.max()),
            ("VMIN", lambda volts: volts.min()),
            ("VAVerage", lambda volts: volts.mean()),
        ):
            self.tree.add(f"MEASure:{name}", query=lambda call, f=function: self._measure(call, f))

    def _measure(self, call: Call, function: object) -> str:
        number = (
            self._channel_number(call)
            if call.arguments.remaining
            else int(self.waveform.source[-1])
        )
        try:
            record = self._record(number)
        except ScpiError:
            return scientific(_NO_VALUE)
        wanted = Transfer(
            data_format="BYTE", least_byte_first=False, unsigned=True, points=_NORMAL_POINTS
        )
        codes = np.frombuffer(self._sampled(record, number, wanted), dtype=np.uint8)
        scale = preamble(record, number, wanted)
        volts = (codes - float(scale.y_reference)) * scale.y_increment_v + scale.y_origin_v
        assert callable(function)  # noqa: S101 - narrows object
        return scientific(float(function(volts)))
