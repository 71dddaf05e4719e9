"""The simulated supply: Keysight E36312A, three outputs.

Dialect: E36300 Series Programming Guide. An output that is switched on or changed moves to its new
voltage in five steps over 50 ms; ``*OPC?`` waits for that. Switching off is immediate.
Data sheet (E36312A): programming and read-back 0.04 % + 3 mV (output 1), 0.03 % + 5 mV (2, 3);
current 0.05 % + 5 mA, and 0.25 % + 80 µA where at most 20 mA flow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scpi import ScpiInstrument, scientific
from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["PowerSupply"]

OUTPUTS = (1, 2, 3)
_HIGHEST_V = {1: 6.18, 2: 25.75, 3: 25.75}
_HIGHEST_A = {1: 5.15, 2: 1.03, 3: 1.03}
_DEFAULT_A = {1: 5.0, 2: 1.0, 3: 1.0}
_LOWEST_A = 1e-3
_VOLTAGE_LIMIT = {1: (4e-4, 3e-3), 2: (3e-4, 5e-3), 3: (3e-4, 5e-3)}
_CURRENT_LIMIT, _SMALL_CURRENT_LIMIT, _SMALL_CURRENT_A = (5e-4, 5e-3), (2.5e-3, 80e-6), 0.02
_ERROR_SHARE = 0.6
_NOISE_V, _NOISE_A = 2e-4, 5e-6
_SLEW_NS, _SLEW_STEPS = 50_000_000, 5
_READING_NS = 20_000_000
_CONSTANT_CURRENT_BIT, _CONSTANT_VOLTAGE_BIT = 1, 2
_LIMITING_SHARE = 0.98


@dataclass(slots=True)
class _Output:
    voltage_v: float = 0.0
    current_a: float = 1.0
    on: bool = False
    source_v: float = 0.0
    settled_ns: int = 0
    order: int = 0
    protection_v: float = 0.0


class PowerSupply(ScpiInstrument):
    """The supply of the laboratory."""

    highest_v: ClassVar[dict[int, float]] = _HIGHEST_V
    highest_a: ClassVar[dict[int, float]] = _HIGHEST_A
    default_a: ClassVar[dict[int, float]] = _DEFAULT_A

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(identity, timeline)
        self._noise = np.random.default_rng([seed, 0x51])
        draws = np.random.default_rng([seed, 0x52]).uniform(-_ERROR_SHARE, _ERROR_SHARE, (3, 6))
        self._accuracy_draws: dict[int, list[float]] = dict(
            zip(OUTPUTS, draws.tolist(), strict=True)
        )
        self.outputs = {n: _Output(current_a=self.default_a[n]) for n in OUTPUTS}
        self._selected = 1
        self.add_own_commands()

    def reset(self) -> None:
        """Switch every output off and set it to 0 V."""
        for number, output in self.outputs.items():
            output.voltage_v, output.current_a = 0.0, self.default_a[number]
            output.on = False
            self.apply(number)
        self._selected = 1

    def operation_pending(self) -> bool:
        """An output that is still moving is a pending operation."""
        return any(output.settled_ns > self.timeline.now_ns for output in self.outputs.values())

    def wait_for_operation(self) -> None:
        """Wait until every output has settled."""
        self.timeline.advance_to(max(output.settled_ns for output in self.outputs.values()))

    def questionable_condition(self) -> int:
        """Return the bits of the outputs that are not regulating their voltage."""
        return sum(1 << (n + 12) for n in OUTPUTS if self._regulation(n) == _CONSTANT_CURRENT_BIT)

    # -- the outputs

    def apply(self, number: int) -> None:
        """Bring the terminal source to what is set, in steps where it is on."""
        output = self.outputs[number]
        output.order += 1
        gain, offset = self._accuracy_draws[number][:2]
        relative, absolute = _VOLTAGE_LIMIT[number]
        wanted_v = output.voltage_v * (1 + gain * relative) + offset * absolute
        now_ns = self.timeline.now_ns
        if not output.on:
            output.settled_ns = now_ns
            self._drive(number, output.order, 0.0)
            return
        start_v = output.source_v
        output.settled_ns = now_ns + _SLEW_NS
        for step in range(1, _SLEW_STEPS + 1):
            source_v = start_v + (wanted_v - start_v) * step / _SLEW_STEPS
            at_ns = now_ns + _SLEW_NS * step // _SLEW_STEPS
            action = partial(self._drive, number, output.order, max(0.0, source_v))
            self.timeline.world.schedule(at_ns, action)

    def _drive(self, number: int, order: int, source_v: float) -> None:
        output = self.outputs[number]
        if order != output.order:
            return
        output.source_v = source_v
        self.timeline.world.set_supply(
            number, voltage_v=source_v, current_limit_a=output.current_a, on=output.on
        )

    def reading(self, number: int) -> tuple[float, float]:
        """Return volts and amperes as read back."""
        self.timeline.advance_by(_READING_NS)
        volts, amperes = self.timeline.world.supply_reading(number)
        _, _, gain_v, offset_v, gain_a, offset_a = self._accuracy_draws[number]
        of_v, floor_v = _VOLTAGE_LIMIT[number]
        small = abs(amperes) <= _SMALL_CURRENT_A
        of_a, floor_a = _SMALL_CURRENT_LIMIT if small else _CURRENT_LIMIT
        volts = volts * (1 + gain_v * of_v) + offset_v * floor_v
        amperes = amperes * (1 + gain_a * of_a) + offset_a * floor_a
        return (
            volts + float(self._noise.normal(0, _NOISE_V)),
            amperes + float(self._noise.normal(0, _NOISE_A)),
        )

    def _regulation(self, number: int) -> int:
        output = self.outputs[number]
        if not output.on:
            return 0
        _, amperes = self.timeline.world.supply_reading(number)
        limited = abs(amperes) >= _LIMITING_SHARE * output.current_a
        return _CONSTANT_CURRENT_BIT if limited else _CONSTANT_VOLTAGE_BIT

    # -- commands

    def add_own_commands(self) -> None:
        """Declare the commands of this family."""
        add = self.tree.add
        add("INSTrument[:SELect]", command=self._select)
        add("INSTrument:NSELect", command=self._select_number)
        self.add_answer("INSTrument[:SELect]", lambda: f"CH{self._selected}")
        self.add_answer("INSTrument:NSELect", lambda: f"{self._selected}")
        level = "[:LEVel][:IMMediate][:AMPLitude]"
        add("[SOURce]:VOLTage" + level, command=self._set_voltage, query=self._query_voltage)
        add("[SOURce]:CURRent" + level, command=self._set_current, query=self._query_current)
        add("APPLy", command=self._apply_command, query=self._query_apply)
        add("OUTPut[:STATe]", command=self._switch, query=self._query_switch)
        add("OUTPut:PROTection:CLEar", command=self._clear_protection)
        add("MEASure[:SCALar]:VOLTage[:DC]", query=lambda call: self._measure(call, 0))
        add("MEASure[:SCALar]:CURRent[:DC]", query=lambda call: self._measure(call, 1))
        add(
            "STATus:QUEStionable:INSTrument:ISUMmary<1:3>:CONDition",
            query=lambda call: f"+{self._regulation(call.suffixes[0])}",
        )

    def _which(self, call: Call) -> tuple[int, ...]:
        """Take the optional channel list (or CHn); the selected output where there is none."""
        if not call.arguments.remaining:
            return (self._selected,)
        if call.arguments.peek().startswith("("):
            return call.arguments.channel_list(OUTPUTS)
        return (self._named(call),)

    def _named(self, call: Call) -> int:
        return int(call.arguments.choice(("CH1", "CH2", "CH3", "P6V1", "P25V2", "N25V3"))[-1])

    def _select(self, call: Call) -> None:
        self._selected = self._named(call)

    def _select_number(self, call: Call) -> None:
        self._selected = call.arguments.integer(low=1, high=3)

    def _set_voltage(self, call: Call) -> None:
        token = call.arguments.word()
        for number in self._which(call):
            self.outputs[number].voltage_v = self._voltage(call, token, number)
            self.apply(number)

    def _set_current(self, call: Call) -> None:
        token = call.arguments.word()
        for number in self._which(call):
            self.outputs[number].current_a = self._current(call, token, number)
            self.apply(number)

    def _voltage(self, call: Call, token: str, number: int) -> float:
        return type(call.arguments)([token]).number(
            "V", low=0.0, high=self.highest_v[number], default=0.0
        )

    def _current(self, call: Call, token: str, number: int) -> float:
        return type(call.arguments)([token]).number(
            "A", low=_LOWEST_A, high=self.highest_a[number], default=self.default_a[number]
        )

    def _query_voltage(self, call: Call) -> str:
        numbers = self._which(call)
        return ",".join(scientific(self.outputs[number].voltage_v) for number in numbers)

    def _query_current(self, call: Call) -> str:
        numbers = self._which(call)
        return ",".join(scientific(self.outputs[number].current_a) for number in numbers)

    def _apply_command(self, call: Call) -> None:
        number = self._named(call)
        voltage_v = self._voltage(call, call.arguments.word(), number)
        output = self.outputs[number]
        current_a = output.current_a
        if call.arguments.remaining:
            current_a = self._current(call, call.arguments.word(), number)
        output.voltage_v, output.current_a, self._selected = voltage_v, current_a, number
        self.apply(number)

    def _query_apply(self, call: Call) -> str:
        number = self._named(call) if call.arguments.remaining else self._selected
        output = self.outputs[number]
        return f'"{scientific(output.voltage_v)},{scientific(output.current_a)}"'

    def _switch(self, call: Call) -> None:
        on = call.arguments.boolean()
        for number in self._which(call):
            output = self.outputs[number]
            if output.on != on:
                output.on = on
                self.apply(number)

    def _query_switch(self, call: Call) -> str:
        return ",".join(str(int(self.outputs[number].on)) for number in self._which(call))

    def _clear_protection(self, call: Call) -> None:
        if not set(self._which(call)) <= set(OUTPUTS):
            raise ScpiError(-222)

    def _measure(self, call: Call, index: int) -> str:
        return ",".join(scientific(self.reading(number)[index]) for number in self._which(call))
