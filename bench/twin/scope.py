"""The simulated oscilloscope whatever its dialect: inputs, time base, trigger, single shots.

A dialect is a subclass that declares the commands of one family over :class:`ScopeSettings` and says
how long its records are. Model, where it is ours: ``RUN`` takes one record and rests until the next
command reaches the scope. A trigger is the crossing of the level by the noiseless signal, with a
level error of at most 0.1 division and 0.3 divisions of hysteresis (0.6 with noise reject); trigger
coupling, the other rejects and the hold-off are kept and answered but have no effect on a single
shot. Averaging averages the noise of one record.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.twin.interface import Direction
from bench.twin.laboratory_time import Condition, LaboratoryTime
from bench.twin.scope_acquisition import Acquisition, Plan, Record, State
from bench.twin.scope_body import ScopeBody
from bench.twin.scope_frontend import AnalogueInput, fixture_inputs
from bench.twin.scope_record import sampled
from bench.twin.scope_settings import CHANNELS, ScopeSettings
from bench.twin.scpi import ScpiInstrument
from bench.twin.scpi_parameters import ScpiError

__all__ = ["Oscilloscope"]

_OTHER_SIGN = bytes(code ^ 0x80 for code in range(256))
_LEVEL_ERROR_DIVISIONS = 0.1
_HYSTERESIS_DIVISIONS = 0.3
_AUTO_TRIGGER_NS = 40_000_000
_LONGEST_WAIT_NS = 60_000_000_000
"""``*OPC?``, ``*WAI`` and ``:DIGitize`` wait this long for a trigger before they give up."""
_WAIT_STEP_NS = 10_000_000
_DIRECTIONS: dict[str, Direction] = {
    "POS": "rising", "NEG": "falling", "EITH": "either", "ALT": "either",
}  # fmt: skip
_OPPOSITE: dict[Direction, Direction] = {
    "rising": "falling", "falling": "rising", "either": "either",
}  # fmt: skip


class Oscilloscope(ScpiInstrument):
    """The scope of the laboratory."""

    BODY: ClassVar[ScopeBody] = ScopeBody()
    QUIRKS: ClassVar[Mapping[str, str]] = {}
    """What scopes of this family were seen to do wrong, by name; healthy until one is switched on."""
    _COMMON_QUIRKS: ClassVar[Mapping[str, str]] = {
        "stops-untriggered": "a single shot ends by itself without a trigger",
    }

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(identity, timeline)
        self.settings = ScopeSettings(body=self.BODY)
        self.acquisition = Acquisition(timeline)
        self.inputs = {
            number: AnalogueInput(number=number, seed=seed, wiring=wiring, body=self.BODY)
            for number, wiring in fixture_inputs(seed).items()
        }
        draws: list[float] = np.random.default_rng([seed, 0x5C]).uniform(-1, 1, 5).tolist()
        self._level_errors: dict[int, float] = dict(zip(CHANNELS, draws[:4], strict=True))
        self.time_base_error = draws[4] * self.BODY.time_base_ppm * 1e-6
        self.quirks: set[str] = set()
        self.missing_bytes = 0
        self.signed_by_mistake = False
        """A bench fault: codes are sent with the other sign than the preamble says."""
        """A bench fault: so many bytes are missing at the end of a waveform block."""
        self._sampled: dict[tuple[int, int, int, int], NDArray[np.uint8] | NDArray[np.float64]] = {}

    # -- what a dialect says

    @abstractmethod
    def sampling(self, *, single: bool) -> tuple[float, int]:
        """Return sample rate and record length with the present settings."""

    def conversions_hz(self, *, single: bool) -> float:
        """Return how often the converter converts, whatever the sample rate."""
        return self.sampling(single=single)[0]

    def span(self) -> tuple[float, float]:
        """Return start (from the trigger) and duration of the record, in seconds."""
        return self.settings.time_base.start_s, self.settings.time_base.range_s

    # -- behaviour

    def misbehaviours(self) -> frozenset[str]:
        """Return the quirks of the family, and what may happen to any instrument's replies."""
        return super().misbehaviours() | {*self._COMMON_QUIRKS, *self.QUIRKS}

    def misbehave(self, name: str) -> None:
        """Switch a quirk on; raises ValueError for one that the family does not have."""
        if name in {*self._COMMON_QUIRKS, *self.QUIRKS}:
            self.quirks.add(name)
        else:
            super().misbehave(name)

    def has(self, quirk: str) -> bool:
        """Return whether a quirk is switched on."""
        return quirk in self.quirks

    def reset(self) -> None:
        """Return to the default set-up, which runs with automatic sweep."""
        self.acquisition.stop()
        self.acquisition.record = None
        self.settings.restore_defaults()
        self.arm(single=False)

    def before_message(self) -> None:
        """Start the next record of a continuous run; drop trace that nobody needs."""
        if self.acquisition.running and not self.acquisition.pending:
            self.arm(single=False)
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

    def trigger(self) -> None:
        """``*TRG`` forces the trigger."""
        self.acquisition.force()

    def arm(self, *, single: bool, segments: int = 1) -> None:
        """Start an acquisition with the present settings."""
        settings = self.settings
        condition, delay_s = self._condition()
        start_s, range_s = self.span()
        plan = Plan(
            start_s=start_s,
            range_s=range_s,
            points=self.sampling(single=single)[1],
            conversions_per_s=self.conversions_hz(single=single),
            kind=settings.acquire.kind,
            averages=int(settings.acquire.count),
            channels={n: replace(s) for n, s in settings.channels.items() if s.displayed},
            trigger=condition,
            trigger_delay_s=delay_s,
            auto_after_ns=_AUTO_TRIGGER_NS if settings.edge.sweep == "AUTO" else None,
        )
        self.acquisition.arm(plan, single=single, segments=segments)
        if single and self.has("stops-untriggered"):
            self.acquisition.stop()

    def run_continuously(self) -> None:
        """Acquire one record after the other."""
        if not self.acquisition.running or self.acquisition.single:
            self.arm(single=False)

    def record_of(self, channel: int) -> Record:
        """Return the completed record; raises ScpiError where the channel has none."""
        record = self.acquisition.record
        if record is None:
            raise ScpiError(-230, "no record has been acquired")
        if channel not in record.plan.channels:
            raise ScpiError(-221, f"channel {channel} was off")
        return record

    def codes(
        self, channel: int, *, step: int = 1, steps: int = 1, record: Record | None = None
    ) -> NDArray[np.uint8] | NDArray[np.float64]:
        """Return the codes of a record, or of the last; sampled once however often it is read."""
        record = record or self.record_of(channel)
        key = (record.number, channel, step, steps)
        if key not in self._sampled:
            self._sampled = {k: v for k, v in self._sampled.items() if k[0] == record.number}
            self._sampled[key] = sampled(
                record,
                channel,
                inputs=self.inputs,
                time_base_error=self.time_base_error,
                step=step,
                steps=steps,
            )
        return self._sampled[key]

    def cut(self, data: bytes) -> bytes:
        """Return a waveform block as it goes out: short or misread where that fault is fitted."""
        if self.signed_by_mistake:
            start = 2 + int(data[1:2])
            data = data[:start] + data[start:].translate(_OTHER_SIGN)
        return data[: len(data) - self.missing_bytes] if self.missing_bytes else data

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
