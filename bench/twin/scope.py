"""The simulated oscilloscope: Keysight DSO-X 3024A, four channels, eight bits.

Dialect: InfiniiVision 3000 X-Series Programmer's Guide (75037-97025).

Model, where it is ours: 4 Mpts of memory, shared by a pair of channels (1 and 2, 3 and 4), so
2 Mpts where both of a pair are on; half of it while running continuously. The sample rate is the
fastest of the 1-2-5 steps that fits the range into the memory, at most 4 GSa/s (2 GSa/s where a
pair shares). ``:RUN`` takes one record and rests until the next command reaches the scope. Below
``:WAVeform:POINts`` the record is thinned to one sample a bucket (a pair, minimum first, in peak
detect). A trigger is the crossing of the level by the noiseless signal, with a level error of at
most 0.1 division and 0.3 divisions of hysteresis (0.6 with noise reject); trigger coupling, the
other rejects and the hold-off are kept and answered but have no effect on a single shot. Averaging
averages the noise of one record.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.twin.interface import Direction
from bench.twin.laboratory_time import Condition, LaboratoryTime
from bench.twin.scope_acquisition import Acquisition, Plan, State
from bench.twin.scope_frontend import AnalogueInput, fixture_inputs
from bench.twin.scope_settings import CHANNELS, ScopeSettings
from bench.twin.scope_setup import SetupCommands, channel_number
from bench.twin.scope_waveform import WaveformCommands
from bench.twin.scpi import ScpiInstrument, scientific
from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["Oscilloscope"]

_LEVEL_ERROR_DIVISIONS = 0.1
_HYSTERESIS_DIVISIONS = 0.3
_TIME_BASE_PPM = 20.0
"""Source: data sheet of the 3000 X-Series, ±25 ppm over its life."""
_AUTO_TRIGGER_NS = 40_000_000
_LONGEST_WAIT_NS = 60_000_000_000
"""``*OPC?``, ``*WAI`` and ``:DIGitize`` wait this long for a trigger before they give up."""
_WAIT_STEP_NS = 10_000_000
_RUNNING_BIT, _WAITING_BIT = 0x08, 0x20
_DIRECTIONS: dict[str, Direction] = {
    "POS": "rising", "NEG": "falling", "EITH": "either", "ALT": "either",
}  # fmt: skip
_OPPOSITE: dict[Direction, Direction] = {
    "rising": "falling", "falling": "rising", "either": "either",
}  # fmt: skip


class Oscilloscope(ScpiInstrument):
    """The scope of the laboratory."""

    error_queue_length = 30

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(identity, timeline)
        self.settings = ScopeSettings()
        self.acquisition = Acquisition(timeline)
        self.inputs = {
            number: AnalogueInput(number=number, seed=seed, wiring=wiring)
            for number, wiring in fixture_inputs(seed).items()
        }
        draws: list[float] = np.random.default_rng([seed, 0x5C]).uniform(-1, 1, 5).tolist()
        self._level_errors: dict[int, float] = dict(zip(CHANNELS, draws[:4], strict=True))
        self.waveform = WaveformCommands(
            self,
            self.settings,
            acquisition=self.acquisition,
            inputs=self.inputs,
            time_base_error=draws[4] * _TIME_BASE_PPM * 1e-6,
        )
        SetupCommands(self, self.settings)
        self._add_acquisition_commands()
        self._add_run_control()

    # -- behaviour

    def reset(self) -> None:
        """Return to the default set-up, which runs with automatic sweep."""
        self.acquisition.stop()
        self.acquisition.record = None
        self.settings.restore_defaults()
        self._arm(single=False)

    def before_message(self) -> None:
        """Start the next record of a continuous run; drop trace that nobody needs."""
        if self.acquisition.running and not self.acquisition.pending:
            self._arm(single=False)
        self.acquisition.trim()

    def operation_pending(self) -> bool:
        """A single acquisition is an overlapped operation."""
        return self.acquisition.single and self.acquisition.pending

    def wait_for_operation(self) -> None:
        """Wait for the record; -365 after a minute without a trigger, the scope stays armed."""
        limit_ns = self.timeline.now_ns + _LONGEST_WAIT_NS
        while self.operation_pending():
            now_ns, due_ns = self.timeline.now_ns, self.acquisition.due_ns()
            if self.acquisition.state is State.FILLING and due_ns is not None:
                self.timeline.advance_to(due_ns)
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

    # -- planning

    def _arm(self, *, single: bool) -> None:
        settings = self.settings
        condition, delay_s = self._condition()
        plan = Plan(
            start_s=settings.time_base.start_s,
            range_s=settings.time_base.range_s,
            points=settings.sampling(single=single)[1],
            conversions_per_s=settings.memory(single=single)[1],
            kind=settings.acquire.kind,
            averages=int(settings.acquire.count),
            channels={n: replace(s) for n, s in settings.channels.items() if s.displayed},
            trigger=condition,
            trigger_delay_s=delay_s,
            auto_after_ns=_AUTO_TRIGGER_NS if settings.edge.sweep == "AUTO" else None,
        )
        self.acquisition.arm(plan, single=single)

    def _condition(self) -> tuple[Condition | None, float]:
        """Return the crossing on the node that the trigger level means, and the input's delay."""
        edge = self.settings.edge
        number = edge.channel
        if number is None:
            return None, 0.0
        settings, source = self.settings.channels[number], self.inputs[number]
        gain = source.gain(settings)
        error_v = _LEVEL_ERROR_DIVISIONS * settings.scale_v * self._level_errors[number]
        wanted_v = self.settings.levels_v[number] + error_v
        direction = _DIRECTIONS[edge.slope]
        hysteresis = _HYSTERESIS_DIVISIONS * (2 if edge.noise_reject else 1)
        condition = Condition(
            node=source.wiring.node,
            level_v=(wanted_v - source.offset(settings)) / gain,
            direction=direction if gain > 0 else _OPPOSITE[direction],
            hysteresis_v=hysteresis * settings.scale_v / abs(gain),
        )
        return condition, source.delay_s()

    # -- commands

    def _add_acquisition_commands(self) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self.settings.acquire

        kinds = ("NORMal", "HRESolution", "PEAK", "AVERage")
        self.add_choice("ACQuire:TYPE", "kind", kinds, at=at)
        self.add_choice("ACQuire:MODE", "mode", ("RTIMe",), at=at)
        self.add_number("ACQuire:COUNt", "count", at=at, default=8, limits=lambda _: (2, 65536))
        self.add_number(
            "ACQuire:COMPlete", "complete", at=at, default=100, limits=lambda _: (100, 100)
        )
        self.add_answer("ACQuire:POINts", lambda: f"+{self.settings.sampling(single=True)[1]}")
        self.add_answer("ACQuire:SRATe", lambda: scientific(self.settings.sampling(single=True)[0]))

    def _add_run_control(self) -> None:
        self.add_action("RUN", self._run)
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
        self._arm(single=True)

    def _run(self) -> None:
        if not self.acquisition.running or self.acquisition.single:
            self._arm(single=False)

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
