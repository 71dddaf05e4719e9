"""``:WAVeform`` and ``:MEASure`` of the simulated Keysight scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from bench.twin.scope import Oscilloscope
from bench.twin.scope_settings import CHANNELS
from bench.twin.scopes.keysight_record import (
    MEMORY_POINTS,
    NORMAL_POINTS,
    Preamble,
    Transfer,
    WaveformSettings,
    block,
    preamble,
    transfer,
)
from bench.twin.scopes.keysight_setup import channel_number
from bench.twin.scpi import scientific
from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["WaveformCommands"]

_MOST_POINTS = 8_000_000
"""Largest value of ``WAVeform:POINts``."""
_NO_VALUE = 9.9e37

_Volts = NDArray[np.float64]
_STATISTICS: Mapping[str, Callable[[_Volts], float]] = {
    "VPP": lambda volts: float(np.ptp(volts)),
    "VMAX": lambda volts: float(volts.max()),
    "VMIN": lambda volts: float(volts.min()),
    "VAVerage": lambda volts: float(volts.mean()),
}


class WaveformCommands:
    """Declares the commands that transfer a completed record."""

    def __init__(self, scope: Oscilloscope, wanted: WaveformSettings) -> None:
        self._scope = scope
        self._wanted = wanted
        self._preambles = 0
        self._sent: tuple[tuple[int, int, Transfer], bytes] | None = None
        self._add_settings()
        self._add_scaling()
        for name, statistic in _STATISTICS.items():
            self._add_measurement(f"MEASure:{name}", statistic)

    def _add_settings(self) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self._wanted

        instrument = self._scope
        sources = tuple(f"CHANnel{number}" for number in CHANNELS)
        instrument.add_choice("WAVeform:SOURce", "source", sources, at=at)
        instrument.add_choice("WAVeform:FORMat", "data_format", ("BYTE", "WORD", "ASCii"), at=at)
        orders = ("MSBFirst", "LSBFirst")
        instrument.add_choice("WAVeform:BYTeorder", "byte_order", orders, at=at)
        modes = ("NORMal", "MAXimum", "RAW")
        instrument.add_choice("WAVeform:POINts:MODE", "points_mode", modes, at=at)
        instrument.add_boolean("WAVeform:UNSigned", "unsigned", at=at)
        instrument.tree.add("WAVeform:POINts", command=self._set_points)
        instrument.add_answer("WAVeform:POINts", self._points)

    def _add_scaling(self) -> None:
        self._scope.add_answer("WAVeform:PREamble", self._preamble_text)
        answers: Mapping[str, Callable[[Preamble], str]] = {
            "COUNt": lambda scale: f"+{scale.count}",
            "TYPE": lambda scale: scale.kind,
            "XINCrement": lambda scale: f"{scale.x_increment_s:+.14E}",
            "XORigin": lambda scale: f"{scale.x_origin_s:+.14E}",
            "XREFerence": lambda _scale: "+0",
            "YINCrement": lambda scale: scientific(scale.y_increment_v),
            "YORigin": lambda scale: scientific(scale.y_origin_v),
            "YREFerence": lambda scale: f"{scale.y_reference:+d}",
        }
        for name, answer in answers.items():
            self._add_scale_answer(f"WAVeform:{name}", answer)
        self._scope.add_answer("WAVeform:DATA", self._data)

    def _add_scale_answer(self, pattern: str, answer: Callable[[Preamble], str]) -> None:
        self._scope.add_answer(pattern, lambda: answer(self._preamble()))

    def _add_measurement(self, pattern: str, statistic: Callable[[_Volts], float]) -> None:
        self._scope.tree.add(pattern, query=lambda call: self._measured(call, statistic))

    def _set_points(self, call: Call) -> None:
        token = call.arguments.peek().upper()
        if token in ("NORM", "NORMAL", "RAW"):
            call.arguments.word()
            self._wanted.points_mode, self._wanted.points = token[:4], MEMORY_POINTS
            return
        self._wanted.points = call.arguments.integer(low=100, high=_MOST_POINTS, default=1000)

    def _points(self) -> str:
        if self._scope.acquisition.record is None:
            return f"+{self._wanted.transfer().points}"
        return f"+{self._preamble().points}"

    def _preamble(self) -> Preamble:
        channel = self._wanted.channel
        return preamble(self._scope.record_of(channel), channel, self._wanted.transfer())

    def _preamble_text(self) -> str:
        self._preambles += 1
        if self._scope.has("preamble-zero") and self._preambles % 2:
            return "+0"
        return str(self._preamble())

    def _data(self) -> bytes | None:
        """Return the record as a block; the same record is made once however often it is sent."""
        if self._scope.has("hangs-after-error") and self._scope.has_errors():
            return None
        channel, wanted = self._wanted.channel, self._wanted.transfer()
        key = (self._scope.record_of(channel).number, channel, wanted)
        if self._sent is None or self._sent[0] != key:
            self._sent = (key, block(transfer(self._scope, channel, wanted)))
        sent = self._sent[1]
        if self._scope.has("holes"):
            sent = sent[:-100] + bytes(100)
        return self._scope.cut(sent)

    def _measured(self, call: Call, statistic: Callable[[_Volts], float]) -> str:
        has_channel = bool(call.arguments.remaining)
        channel = channel_number(call.arguments) if has_channel else self._wanted.channel
        try:
            record = self._scope.record_of(channel)
        except ScpiError:
            return scientific(_NO_VALUE)
        wanted = Transfer(
            data_format="BYTE", least_byte_first=False, unsigned=True, points=NORMAL_POINTS
        )
        codes = np.frombuffer(transfer(self._scope, channel, wanted), dtype=np.uint8).astype(
            np.float64
        )
        scale = preamble(record, channel, wanted)
        return scientific(
            statistic((codes - scale.y_reference) * scale.y_increment_v + scale.y_origin_v)
        )
