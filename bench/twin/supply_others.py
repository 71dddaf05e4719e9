"""Simulated Rigol DP832A and Siglent SPD3303X, over the same three outputs.

The third output of the SPD3303X gives 5 V, as the switch on its front is set, and reports nothing;
the family has neither ``*RST`` nor ``*OPC?``, and prints errors without a comma.
"""

from __future__ import annotations

from typing import ClassVar

from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call
from bench.twin.supply import PowerSupply

__all__ = ["RigolDp832A", "SiglentSpd3303X"]

_FIXED_OUTPUT, _FIXED_V, _FIXED_A = 3, 5.0, 3.2
_NAMES = ("CH1", "CH2", "CH3")
_INDEPENDENT, _ON_BITS = 0x04, {1: 0x10, 2: 0x20}


def _named(call: Call) -> int:
    return int(call.arguments.choice(_NAMES)[-1])


class RigolDp832A(PowerSupply):
    """A DP832A."""

    error_format = '{code:d},"{text}"'
    highest_v: ClassVar[dict[int, float]] = {1: 31.5, 2: 31.5, 3: 5.25}
    highest_a: ClassVar[dict[int, float]] = {1: 3.15, 2: 3.15, 3: 3.15}
    default_a: ClassVar[dict[int, float]] = {1: 3.0, 2: 3.0, 3: 3.0}

    def add_own_commands(self) -> None:
        """Declare sources by number and outputs by name."""
        for quantity, attribute, unit in (
            ("VOLTage", "voltage_v", "V"),
            ("CURRent", "current_a", "A"),
        ):
            self.add_number(
                f"SOURce<1:3>:{quantity}[:LEVel][:IMMediate][:AMPLitude]",
                attribute,
                at=lambda suffixes: self.outputs[suffixes[0]],
                unit=unit,
                default=0.0,
                limits=lambda suffixes, unit=unit: (
                    0.0,
                    (self.highest_v if unit == "V" else self.highest_a)[suffixes[0]],
                ),
                changed=self._apply_all,
            )
        self.tree.add("OUTPut[:STATe]", command=self._switch_named, query=self._state_of)
        self.tree.add("MEASure:VOLTage[:DC]", query=lambda call: self._measured(call, 0))
        self.tree.add("MEASure:CURRent[:DC]", query=lambda call: self._measured(call, 1))

    def _apply_all(self) -> None:
        for number, output in self.outputs.items():
            if output.on:
                self.apply(number)

    def _switch_named(self, call: Call) -> None:
        number, on = _named(call), call.arguments.boolean()
        if self.outputs[number].on != on:
            self.outputs[number].on = on
            self.apply(number)

    def _state_of(self, call: Call) -> str:
        return "ON" if self.outputs[_named(call)].on else "OFF"

    def _measured(self, call: Call, index: int) -> str:
        return f"{self.reading(_named(call))[index]:.4f}"


class SiglentSpd3303X(PowerSupply):
    """An SPD3303X."""

    error_format = "{code:d}  {text}"
    highest_v: ClassVar[dict[int, float]] = {1: 32.0, 2: 32.0, 3: _FIXED_V}
    highest_a: ClassVar[dict[int, float]] = {1: 3.2, 2: 3.2, 3: _FIXED_A}
    default_a: ClassVar[dict[int, float]] = {1: 3.2, 2: 3.2, 3: _FIXED_A}

    def add_own_commands(self) -> None:
        """Declare channels as headers, and take away what the family has not."""
        for header in ("*RST", "*OPC", "*CLS"):
            self.tree.root.children.pop(header, None)
        self.outputs[_FIXED_OUTPUT].voltage_v = _FIXED_V
        for quantity, attribute in (("VOLTage", "voltage_v"), ("CURRent", "current_a")):
            self.tree.add(
                f"CH<1:2>:{quantity}",
                command=lambda call, name=attribute: self._set(call, name),
                query=lambda call, name=attribute: self._get(call, name),
            )
        self.tree.add("OUTPut", command=self._switch_named)
        self.add_answer("SYSTem:STATus", self._status)
        self.tree.add("MEASure:VOLTage", query=lambda call: self._measured(call, 0))
        self.tree.add("MEASure:CURRent", query=lambda call: self._measured(call, 1))

    def _set(self, call: Call, attribute: str) -> None:
        number = call.suffixes[0]
        high = (self.highest_v if attribute == "voltage_v" else self.highest_a)[number]
        value = call.arguments.number(low=0.0, high=high)
        setattr(self.outputs[number], attribute, round(value, 3))
        if self.outputs[number].on:
            self.apply(number)

    def _get(self, call: Call, attribute: str) -> str:
        return f"{float(getattr(self.outputs[call.suffixes[0]], attribute)):.3f}"

    def _switch_named(self, call: Call) -> None:
        number, on = _named(call), call.arguments.boolean()
        if self.outputs[number].on != on:
            self.outputs[number].on = on
            self.apply(number)

    def _status(self) -> str:
        bits = _INDEPENDENT | sum(bit for n, bit in _ON_BITS.items() if self.outputs[n].on)
        return f"0x{bits:x}"

    def _measured(self, call: Call, index: int) -> str:
        number = _named(call)
        if number == _FIXED_OUTPUT:
            raise ScpiError(-224, "CH3")
        return f"{self.reading(number)[index]:.3f}"
