"""The simulated Keysight DSO-X 3024A: four channels, eight bits.

Dialect: InfiniiVision 3000 X-Series Programmer's Guide (75037-97025).

Model, where it is ours: 4 Mpts of memory, shared by a pair of channels (1 and 2, 3 and 4), so
2 Mpts where both of a pair are on; half of it while running continuously. The sample rate is the
fastest of the 1-2-5 steps that fits the range into the memory, at most 4 GSa/s (2 GSa/s where a
pair shares). Below ``:WAVeform:POINts`` the record is thinned to one sample a bucket (a pair,
minimum first, in peak detect).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scope import Oscilloscope
from bench.twin.scope_acquisition import State
from bench.twin.scopes.keysight_record import MEMORY_POINTS, WaveformSettings
from bench.twin.scopes.keysight_setup import SetupCommands, channel_number
from bench.twin.scopes.keysight_waveform import WaveformCommands
from bench.twin.scpi import scientific
from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["KeysightScope"]

_PAIRS = ((1, 2), (3, 4))
_FASTEST_HZ = 4e9
_RUNNING_BIT, _WAITING_BIT = 0x08, 0x20


class KeysightScope(Oscilloscope):
    """An InfiniiVision 3000 X-Series scope."""

    error_queue_length = 30
    QUIRKS: ClassVar[Mapping[str, str]] = {
        "preamble-zero": ":WAV:PRE? answers +0 every other time (DSO-X 2022A)",
        "hangs-after-error": ":WAV:DATA? is not answered while an error is in the queue",
        "holes": "a part of the record was never acquired",
    }

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(timeline=timeline, seed=seed, identity=identity)
        self.wanted = WaveformSettings()
        WaveformCommands(self, self.wanted)
        SetupCommands(self, self.settings)
        self._add_acquisition_commands()
        self._add_run_control()

    def reset(self) -> None:
        """Return to the default set-up, that of the transfer included."""
        self.wanted.restore_defaults()
        super().reset()

    def operation_condition(self) -> int:
        """Bit 3: running; bit 5: armed and waiting for the trigger."""
        running = _RUNNING_BIT if self.acquisition.running else 0
        return running | (_WAITING_BIT if self.acquisition.state is State.WAITING else 0)

    def memory(self, *, single: bool) -> tuple[float, float]:
        """Return points of memory and the fastest sample rate with the channels now on."""
        sharing = any(all(self.settings.channels[n].displayed for n in pair) for pair in _PAIRS)
        share = 2 if sharing else 1
        memory = MEMORY_POINTS / share / (1 if single else 2)
        return memory / self._segments(single=single), _FASTEST_HZ / share

    def _segments(self, *, single: bool) -> int:
        acquire = self.settings.acquire
        return int(acquire.segments) if single and acquire.mode == "SEGM" else 1

    def sampling(self, *, single: bool) -> tuple[float, int]:
        """Return sample rate and record length."""
        memory, fastest_hz = self.memory(single=single)
        range_s = self.settings.time_base.range_s
        wanted_hz = min(fastest_hz, memory / range_s)
        decade = 10.0 ** math.floor(math.log10(wanted_hz) + 1e-9)
        rate_hz = next(m * decade for m in (5, 2, 1) if m * decade <= wanted_hz * (1 + 1e-9))
        rate_hz = fastest_hz if wanted_hz >= fastest_hz else rate_hz
        return rate_hz, max(1, round(rate_hz * range_s))

    def conversions_hz(self, *, single: bool) -> float:
        """Return the converter's rate, which does not follow the time base."""
        return self.memory(single=single)[1]

    # -- commands

    def _add_acquisition_commands(self) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self.settings.acquire

        kinds = ("NORMal", "HRESolution", "PEAK", "AVERage")
        self.add_choice("ACQuire:TYPE", "kind", kinds, at=at)
        self.add_choice("ACQuire:MODE", "mode", ("RTIMe", "SEGMented"), at=at)
        self.add_number(
            "ACQuire:SEGMented:COUNt", "segments", at=at, default=10, limits=lambda _: (2, 1000)
        )
        self.tree.add(
            "ACQuire:SEGMented:INDex",
            command=self._select_segment,
            query=lambda _call: f"+{self._selected() + 1}",
        )
        self.add_answer("WAVeform:SEGMented:COUNt", lambda: f"+{len(self.acquisition.segments)}")
        self.add_answer("WAVeform:SEGMented:TTAG", self._time_tag)
        self.add_number("ACQuire:COUNt", "count", at=at, default=8, limits=lambda _: (2, 65536))
        self.add_number(
            "ACQuire:COMPlete", "complete", at=at, default=100, limits=lambda _: (100, 100)
        )
        self.add_answer("ACQuire:POINts", lambda: f"+{self.sampling(single=True)[1]}")
        self.add_answer("ACQuire:SRATe", lambda: scientific(self.sampling(single=True)[0]))

    def _add_run_control(self) -> None:
        self.add_action("RUN", self.run_continuously)
        self.add_action("SINGle", self._single)
        self.add_action("STOP", self.acquisition.stop)
        self.add_action("TRIGger:FORCe", self.acquisition.force)
        self.add_action("CDISplay", self._forget_record)
        self.tree.add("DIGitize", command=self._digitize)
        self.add_answer("RSTate", self._run_state)
        self.add_answer("OPERegister:CONDition", lambda: f"+{self.operation_condition()}")
        self.add_answer("TER", lambda: f"+{int(self.acquisition.take_triggered())}")
        self.add_answer("AER", lambda: f"+{int(self.acquisition.take_armed())}")

    def _single(self) -> None:
        self.acquisition.take_triggered()
        self.acquisition.take_armed()
        self.arm(single=True, segments=self._segments(single=True))

    def _select_segment(self, call: Call) -> None:
        found = self.acquisition.segments
        index = call.arguments.integer(low=1, high=1000)
        if index > len(found):
            raise ScpiError(-222, f"{len(found)} segments were acquired")
        self.acquisition.record = found[index - 1]

    def _selected(self) -> int:
        record, found = self.acquisition.record, self.acquisition.segments
        return next((k for k, one in enumerate(found) if one is record), 0)

    def _time_tag(self) -> str:
        found = self.acquisition.segments
        if not found:
            raise ScpiError(-230, "no segment has been acquired")
        passed_ns = found[self._selected()].trigger_ns - found[0].trigger_ns
        return scientific(passed_ns * 1e-9)

    def _digitize(self, call: Call) -> None:
        while call.arguments.remaining:
            self.settings.channels[channel_number(call.arguments)].displayed = True
        self._single()
        try:
            self.wait_for_operation()
        except ScpiError:
            self.acquisition.stop()
            raise

    def _run_state(self) -> str:
        if not self.acquisition.running:
            return "STOP"
        return "SING" if self.acquisition.single else "RUN"

    def _forget_record(self) -> None:
        self.acquisition.record = None
