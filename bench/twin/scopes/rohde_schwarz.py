"""The simulated R&S RTB2004: four channels; its ten bits are sent as eight.

Dialect: R&S RTB2000 User Manual (1333.1611.02), remote control. Model, where it is ours: the record
length that was set is reached at any time base, within the fastest sample rate. Segments as the RTM2000
User Manual 10, 18.4.7 to 18.4.9 says; how many are kept as pymeasure quotes the RTB2000's.
"""

from __future__ import annotations

from collections.abc import Mapping
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

__all__ = ["RohdeSchwarzRtb2004"]

_FASTEST_HZ = 1.25e9
_LENGTHS = (
    10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000,
)  # fmt: skip
_KEPT_SEGMENTS = (13107, 13107, 3276, 2621, 1456, 319, 319, 159, 40, 32)
"""By record length; a longer acquisition loses its oldest."""
_MOST_SEGMENTS = 13107
_SLOPES = {"POS": "POS", "NEG": "NEG", "EITH": "EITH"}
_WAITING_BIT = 0x08
_CHANNEL = "CHANnel<1:4>"


class RohdeSchwarzRtb2004(Oscilloscope):
    """An RTB2000 scope."""

    BODY: ClassVar[ScopeBody] = ScopeBody(
        time_divisions=12,
        codes_per_division=32.0,
        lowest_code=0,
        noise_lsb=0.30,
        noise_floor_v=90e-6,
        gain_common=0.008,
        gain_range=0.004,
        offset_divisions=0.06,
        offset_v=0.7e-3,
        scale_v=(5e-4, 10.0),
    )

    QUIRKS: ClassVar[Mapping[str, str]] = {
        "no-hash": "the block comes without its # (seen on a channel that was just switched on)",
        "no-header": "CHAN1:DATA:HEAD? answers zeros",
        "wants-opc": "a record is refused until SINGle has been acknowledged with *OPC? (or *WAI)",
    }

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(timeline=timeline, seed=seed, identity=identity)
        self.length, self.automatic = 10_000, True
        self.segmented, self.count = False, 1
        self.stopped_by_hand = True
        self.acknowledged = True
        """Whether somebody has waited for the last SINGle."""
        self._add_channels()
        self._add_time_base()
        self._add_trigger()
        self._add_run_control()
        self._add_history()
        self._add_data()

    def reset(self) -> None:
        """Return to the default set-up."""
        self.length, self.automatic = 10_000, True
        self.segmented, self.count = False, 1
        super().reset()

    def number_text(self, value: float) -> str:
        """Return a number with five digits, no sign before a positive one."""
        return f"{value:.4E}"

    def error_text(self, error: ScpiError) -> str:
        """Return an error without a sign before zero."""
        return f'{error.code},"{error.text}"'

    def operation_condition(self) -> int:
        """Bit 3: waiting for the trigger."""
        return _WAITING_BIT if self.acquisition.state is State.WAITING else 0

    def wait_for_operation(self) -> None:
        """Wait for the record; SINGle is an overlapped command, and this acknowledges it."""
        super().wait_for_operation()
        self.acknowledged = True

    def sampling(self, *, single: bool) -> tuple[float, int]:
        """Return sample rate and record length."""
        del single
        acquisition_s = self.settings.time_base.range_s
        rate_hz = min(_FASTEST_HZ, self.length / acquisition_s)
        return rate_hz, max(10, round(rate_hz * acquisition_s))

    # -- set-up

    def _at(self, suffixes: tuple[int, ...]) -> ChannelSettings:
        return self.settings.channels[suffixes[0]]

    def _scales(self, suffixes: tuple[int, ...]) -> tuple[float, float]:
        low, high = self.BODY.scale_v
        return low * self._at(suffixes).probe, high * self._at(suffixes).probe

    def _add_channels(self) -> None:
        add, at = self.add_number, self._at
        self.add_boolean(f"{_CHANNEL}:STATe", "displayed", at=at)
        add(f"{_CHANNEL}:SCALe", "scale_v", at=at, unit="V", default=1.0, limits=self._scales)
        add(
            f"{_CHANNEL}:OFFSet", "offset_v", at=at, unit="V", default=0.0,
            limits=lambda _: (-1e4, 1e4),
        )  # fmt: skip
        self.tree.add(f"{_CHANNEL}:POSition", command=self._set_position)
        self.tree.add(f"{_CHANNEL}:COUPling", command=self._set_coupling)
        self.tree.add(f"{_CHANNEL}:BANDwidth", command=self._set_bandwidth)
        self.tree.add(f"{_CHANNEL}:TYPE", command=self._set_decimation)
        add(
            "PROBe<1:4>:SETup:ATTenuation:MANual", "probe", at=at, default=1.0,
            limits=lambda _: (1e-3, 1e4),
        )  # fmt: skip

    def _set_position(self, call: Call) -> None:
        if call.arguments.number(low=-5, high=5) != 0:
            raise ScpiError(-221, "a position other than 0 is not simulated")

    def _set_coupling(self, call: Call) -> None:
        coupling = call.arguments.choice(("DCLimit", "ACLimit"))
        self._at(call.suffixes).coupling = coupling[:2]

    def _set_bandwidth(self, call: Call) -> None:
        limited = call.arguments.choice(("FULL", "B20")) == "B20"
        self._at(call.suffixes).bandwidth_limited = limited

    def _set_decimation(self, call: Call) -> None:
        peak = call.arguments.choice(("SAMPle", "PDETect")) == "PDET"
        self.settings.acquire.kind = "PEAK" if peak else "NORM"

    def _add_time_base(self) -> None:
        base = self.settings
        self.tree.add(
            "TIMebase:SCALe",
            command=self._set_time_scale,
            query=lambda _call: self.number_text(base.time_base.scale_s),
        )
        self.add_answer("TIMebase:ACQTime", lambda: self.number_text(base.time_base.range_s))
        self.add_number(
            "TIMebase:POSition", "position_s", at=lambda _s: base.time_base, unit="S", default=0.0,
            limits=lambda _: (-500.0, 500.0),
        )  # fmt: skip
        self.tree.add("TIMebase:REFerence", command=self._set_reference)
        self.add_boolean("ACQuire:POINts:AUTomatic", "automatic", at=lambda _suffixes: self)
        self.tree.add(
            "ACQuire:POINts", command=self._set_length, query=lambda _call: str(self.length)
        )

    def _set_time_scale(self, call: Call) -> None:
        wanted = call.arguments.number("S", low=1e-9, high=50.0)
        self.settings.time_base.scale_s = next_step(wanted)

    def _set_reference(self, call: Call) -> None:
        if call.arguments.number(low=10, high=90) != 50:
            raise ScpiError(-221, "a reference other than 50 % is not simulated")

    def _set_length(self, call: Call) -> None:
        length = call.arguments.integer(low=_LENGTHS[0], high=_LENGTHS[-1])
        self.length = next(n for n in _LENGTHS if n >= length)

    def _add_trigger(self) -> None:
        def edge(_suffixes: tuple[int, ...]) -> object:
            return self.settings.edge

        self.add_choice("TRIGger:A:TYPE", "mode", ("EDGE",), at=edge)
        self.add_choice("TRIGger:A:MODE", "sweep", ("AUTO", "NORMal"), at=edge)
        self.add_choice("TRIGger:A:EDGE:COUPling", "coupling", ("DC", "AC"), at=edge)
        self.tree.add("TRIGger:A:EDGE:SLOPe", command=self._set_slope)
        self.tree.add("TRIGger:A:SOURce", command=self._set_trigger_source)
        self.tree.add("TRIGger:A:LEVel<1:4>", command=self._set_level)

    def _set_slope(self, call: Call) -> None:
        slope = call.arguments.choice(("POSitive", "NEGative", "EITHer"))
        self.settings.edge.slope = _SLOPES[slope]

    def _set_trigger_source(self, call: Call) -> None:
        number = call.arguments.choice(tuple(f"CH{n}" for n in CHANNELS))[-1]
        self.settings.edge.source = f"CHAN{number}"

    def _set_level(self, call: Call) -> None:
        self.settings.levels_v[call.suffixes[0]] = call.arguments.number("V", low=-1e4, high=1e4)

    # -- single shot

    def _add_run_control(self) -> None:
        for name in ("RUN", "RUNContinous"):
            self.add_action(name, self._run)
        for name in ("SINGle", "RUNSingle"):
            self.add_action(name, self._single)
        self.add_action("STOP", self._stop)
        self.add_action("TRIGger:FORCe", self.acquisition.force)
        self.add_answer("ACQuire:STATe", self._state)

    def _run(self) -> None:
        self.stopped_by_hand = True
        self.run_continuously()

    def _single(self) -> None:
        self.stopped_by_hand = self.acknowledged = False
        self.settings.edge.sweep = "NORM"
        self.arm(single=True, segments=int(self.count))

    def _stop(self) -> None:
        self.stopped_by_hand = self.stopped_by_hand or self.acquisition.running
        self.acquisition.stop()

    def _state(self) -> str:
        if self.acquisition.running:
            return "RUN"
        complete = not self.stopped_by_hand and self.acquisition.record is not None
        return "COMP" if complete else "STOP"

    # -- history

    def _add_history(self) -> None:
        self.add_boolean("ACQuire:SEGMented:STATe", "segmented", at=lambda _suffixes: self)
        self.tree.add(
            "ACQuire:NSINgle:COUNt", command=self._set_count, query=lambda _call: str(self.count)
        )
        self.add_answer("ACQuire:AVAilable", lambda: str(len(self._history())))
        self.tree.add(
            f"{_CHANNEL}:HISTory:CURRent", command=self._show, query=lambda _call: self._shown()
        )
        self.tree.add(
            f"{_CHANNEL}:HISTory:TSRelative", query=lambda _call: self._ages_s()[self._index()]
        )
        self.tree.add(
            f"{_CHANNEL}:HISTory:TSRelative:ALL", query=lambda _call: ",".join(self._ages_s())
        )

    def _set_count(self, call: Call) -> None:
        self.count = call.arguments.integer(low=1, high=_MOST_SEGMENTS, default=1)

    def _history(self) -> list[Record]:
        """Return the segments that are kept, oldest first."""
        return self.acquisition.segments[-_KEPT_SEGMENTS[_LENGTHS.index(self.length)] :]

    def _show(self, call: Call) -> None:
        """Show a segment: 1 is the oldest, 0 the newest, -1 the one before it."""
        kept = self._history()
        wanted = int(call.arguments.number(low=-_MOST_SEGMENTS, high=_MOST_SEGMENTS))
        index = wanted - 1 if wanted > 0 else len(kept) - 1 + wanted
        if not 0 <= index < len(kept):
            raise ScpiError(-222, f"{len(kept)} segments are there")
        self.acquisition.record = kept[index]

    def _index(self) -> int:
        record, kept = self.acquisition.record, self._history()
        if not kept:
            raise ScpiError(-230, "no segment has been acquired")
        return next(k for k, one in enumerate(kept) if one is record)

    def _shown(self) -> str:
        return str(self._index() + 1 - len(self._history()))

    def _ages_s(self) -> list[str]:
        """Return the seconds before the newest segment, as text."""
        kept = self._history()
        return [f"{-(kept[-1].trigger_ns - one.trigger_ns) * 1e-9:.12E}" for one in kept]

    # -- record

    def _add_data(self) -> None:
        self.tree.add("FORMat[:DATA]", command=self._set_format)
        self.tree.add(f"{_CHANNEL}:DATA:POINts", command=self._set_points)
        fields = {
            "HEADer": self._header,
            "YINCrement": lambda call: self._field(call, 0),
            "YORigin": lambda call: self._field(call, 1),
        }
        for name, field in fields.items():
            self.tree.add(f"{_CHANNEL}:DATA:{name}", query=field)
        self.tree.add(f"{_CHANNEL}:DATA", query=self._data)

    def _set_format(self, call: Call) -> None:
        call.arguments.choice(("UINT",))
        if call.arguments.integer(low=8, high=32) != 8:
            raise ScpiError(-221, "only eight bits are simulated")

    def _set_points(self, call: Call) -> None:
        call.arguments.choice(("MAXimum",))

    def _acknowledged_record(self, channel: int) -> Record:
        if self.has("wants-opc") and not self.acknowledged:
            raise ScpiError(-221, "SINGle has not been acknowledged")
        return self.record_of(channel)

    def _header(self, call: Call) -> str:
        if self.has("no-header"):
            return "0.0,0.0,0,0"
        plan = self._acknowledged_record(call.suffixes[0]).plan
        stop_s = plan.start_s + plan.range_s * (plan.points - 1) / plan.points
        return f"{plan.start_s:.12E},{stop_s:.12E},{plan.points},1"

    def _field(self, call: Call, index: int) -> str:
        channel = self._acknowledged_record(call.suffixes[0]).plan.channels[call.suffixes[0]]
        origin_v = channel.offset_v - CENTRE_CODE * channel.code_v
        return f"{(channel.code_v, origin_v)[index]:.8E}"

    def _data(self, call: Call) -> bytes:
        if self.acquisition.running:
            raise ScpiError(-221, "the record is not complete")
        self._acknowledged_record(call.suffixes[0])
        data = self.codes(call.suffixes[0]).astype(np.uint8).tobytes()
        count = str(len(data))
        mark = "" if self.has("no-hash") else "#"
        return self.cut(f"{mark}{len(count)}{count}".encode() + data)
