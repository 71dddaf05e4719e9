"""``:CHANnel``, ``:TIMebase`` and ``:TRIGger`` of the simulated Keysight scope."""

from __future__ import annotations

from bench.twin.scope_frontend import ChannelSettings
from bench.twin.scope_settings import CHANNELS, ScopeSettings
from bench.twin.scpi import ScpiInstrument, Target, scientific
from bench.twin.scpi_parameters import Arguments, ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["SetupCommands", "channel_number"]

_SCALE_V = (1e-3, 5.0)
_SMALL_SCALE_V, _SMALL_OFFSET_V, _LARGE_OFFSET_V = 0.2, 2.0, 50.0
_RANGE_S = (20e-9, 500.0)
_HOLDOFF_S = (40e-9, 10.0)
_LEVEL_DIVISIONS = 6
_SOURCES = tuple(f"CHANnel{number}" for number in CHANNELS)


def channel_number(arguments: Arguments) -> int:
    """Take ``CHANnel<n>`` and return n."""
    return int(arguments.choice(_SOURCES)[-1])


class SetupCommands:
    """Declares the settings that decide what is acquired."""

    def __init__(self, instrument: ScpiInstrument, settings: ScopeSettings) -> None:
        self._instrument = instrument
        self._settings = settings
        self._add_vertical()
        self._add_input()
        self._add_time_base()
        self._add_trigger()

    # -- channels

    def _channel(self, suffixes: tuple[int, ...]) -> ChannelSettings:
        return self._settings.channels[suffixes[0]]

    def _add_vertical(self) -> None:
        add, at = self._instrument.add_number, self._channel
        add(
            "CHANnel<1:4>:SCALe", "scale_v", at=at, unit="V", default=5.0, limits=self._scale_limits
        )
        add("CHANnel<1:4>:RANGe", "range_v", at=at, unit="V", default=40, limits=self._range_limits)
        add(
            "CHANnel<1:4>:OFFSet",
            "offset_v",
            at=at,
            unit="V",
            default=0,
            limits=self._offset_limits,
        )
        add("CHANnel<1:4>:PROBe", "probe", at=at, default=1.0, limits=lambda _: (1e-3, 1e4))

    def _add_input(self) -> None:
        instrument, at = self._instrument, self._channel
        instrument.add_choice("CHANnel<1:4>:COUPling", "coupling", ("DC", "AC"), at=at)
        instrument.add_choice("CHANnel<1:4>:UNITs", "units", ("VOLT", "AMPere"), at=at)
        instrument.add_boolean("CHANnel<1:4>:BWLimit", "bandwidth_limited", at=at)
        instrument.add_boolean("CHANnel<1:4>:DISPlay", "displayed", at=at)
        instrument.add_boolean("CHANnel<1:4>:INVert", "inverted", at=at)
        instrument.tree.add(
            "CHANnel<1:4>:IMPedance",
            command=self._set_impedance,
            query=lambda call: self._channel(call.suffixes).impedance,
        )
        instrument.tree.add(
            "CHANnel<1:4>:LABel",
            command=self._set_label,
            query=lambda call: f'"{self._channel(call.suffixes).label}"',
        )
        instrument.tree.add("VIEW", command=lambda call: self._show(call, shown=True))
        instrument.tree.add("BLANk", command=lambda call: self._show(call, shown=False))

    def _scale_limits(self, suffixes: tuple[int, ...]) -> tuple[float, float]:
        probe = self._channel(suffixes).probe
        return _SCALE_V[0] * probe, _SCALE_V[1] * probe

    def _range_limits(self, suffixes: tuple[int, ...]) -> tuple[float, float]:
        low, high = self._scale_limits(suffixes)
        divisions = self._settings.body.vertical_divisions
        return divisions * low, divisions * high

    def _offset_limits(self, suffixes: tuple[int, ...]) -> tuple[float, float]:
        settings = self._channel(suffixes)
        small = settings.scale_bnc_v <= _SMALL_SCALE_V * (1 + 1e-9)
        reach_v = (_SMALL_OFFSET_V if small else _LARGE_OFFSET_V) * settings.probe
        return -reach_v, reach_v

    def _set_impedance(self, call: Call) -> None:
        if call.arguments.choice(("ONEMeg", "FIFTy")) == "FIFT":
            raise ScpiError(-241, "the fixture is wired for 1 MOhm")

    def _set_label(self, call: Call) -> None:
        self._channel(call.suffixes).label = call.arguments.string()[:32]

    def _show(self, call: Call, *, shown: bool) -> None:
        self._settings.channels[channel_number(call.arguments)].displayed = shown

    # -- time base

    def _add_time_base(self) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self._settings.time_base

        add = self._instrument.add_number
        low, high = _RANGE_S
        add(
            "TIMebase[:MAIN]:RANGe", "range_s", at=at, unit="S", default=1e-3,
            limits=lambda _: (low, high),
        )  # fmt: skip
        add(
            "TIMebase[:MAIN]:SCALe", "scale_s", at=at, unit="S", default=1e-4,
            limits=lambda _: (low / 10, high / 10),
        )  # fmt: skip
        for name in ("POSition", "DELay"):
            add(
                f"TIMebase[:MAIN]:{name}", "position_s", at=at, unit="S", default=0.0,
                limits=lambda _: (-high, high),
            )  # fmt: skip
        references = ("LEFT", "CENTer", "RIGHt")
        self._instrument.add_choice("TIMebase:REFerence", "reference", references, at=at)
        self._instrument.add_choice("TIMebase:MODE", "mode", ("MAIN",), at=at)

    # -- trigger

    def _add_trigger(self) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self._settings.edge

        self._add_trigger_choices(at)
        self._instrument.add_boolean("TRIGger:HFReject", "high_frequency_reject", at=at)
        self._instrument.add_boolean("TRIGger:NREJect", "noise_reject", at=at)
        self._instrument.add_number(
            "TRIGger:HOLDoff", "holdoff_s", at=at, unit="S", default=_HOLDOFF_S[0],
            limits=lambda _: _HOLDOFF_S,
        )  # fmt: skip
        self._instrument.tree.add(
            "TRIGger[:EDGE]:LEVel", command=self._set_level, query=self._query_level
        )

    def _add_trigger_choices(self, at: Target) -> None:
        choices = {
            "TRIGger:MODE": ("mode", ("EDGE",)),
            "TRIGger:SWEep": ("sweep", ("AUTO", "NORMal")),
            "TRIGger[:EDGE]:SOURce": ("source", (*_SOURCES, "EXTernal")),
            "TRIGger[:EDGE]:SLOPe": ("slope", ("POSitive", "NEGative", "EITHer", "ALTernate")),
            "TRIGger[:EDGE]:COUPling": ("coupling", ("DC", "AC", "LFReject")),
            "TRIGger[:EDGE]:REJect": ("reject", ("OFF", "LFReject", "HFReject")),
        }
        for pattern, (attribute, options) in choices.items():
            self._instrument.add_choice(pattern, attribute, options, at=at)

    def _set_level(self, call: Call) -> None:
        token = call.arguments.word()
        number = self._level_channel(call)
        channel = self._settings.channels[number]
        reach_v = _LEVEL_DIVISIONS * channel.scale_v
        self._settings.levels_v[number] = Arguments([token]).number(
            "V", low=channel.offset_v - reach_v, high=channel.offset_v + reach_v, default=0.0
        )

    def _query_level(self, call: Call) -> str:
        return scientific(self._settings.levels_v[self._level_channel(call)])

    def _level_channel(self, call: Call) -> int:
        if call.arguments.remaining:
            return channel_number(call.arguments)
        return self._settings.edge.channel or CHANNELS[0]
