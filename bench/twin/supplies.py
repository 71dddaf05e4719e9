"""The laboratory supply's three outputs and what hangs on them."""

from __future__ import annotations

from dataclasses import dataclass

from bench.twin.firmware import State
from bench.twin.fixture import Fixture
from bench.twin.part import Part
from bench.twin.unit import Unit

__all__ = ["Supplies"]

_BATTERY, _SOURCE, _CHARGER = 1, 2, 3
_BATTERY_RELAY, _CHARGER_RELAY = 114, 113
_CHARGER_FROM_V = 4.0
_CHARGER_IDLE_A = 5e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Output:
    voltage_v: float = 0.0
    current_limit_a: float = 0.0
    on: bool = False


class Supplies(Part):
    """Output 1 is the battery emulator, 2 the reference and check voltage, 3 the charger."""

    def __init__(self, fixture: Fixture, unit: Unit) -> None:
        self._fixture = fixture
        self._unit = unit
        self._outputs = {_BATTERY: _Output(), _SOURCE: _Output(), _CHARGER: _Output()}

    @property
    def source_on(self) -> bool:
        """Whether output 2 is switched on."""
        return self._outputs[_SOURCE].on

    @property
    def source_v(self) -> float:
        """Volts of output 2."""
        output = self._outputs[_SOURCE]
        return output.voltage_v if output.on else 0.0

    def set(self, output: int, *, voltage_v: float, current_limit_a: float, on: bool) -> None:
        """Set an output."""
        if output not in self._outputs:
            raise ValueError(f"supply output {output}: the supply has outputs 1 to 3")
        self._outputs[output] = _Output(voltage_v=voltage_v, current_limit_a=current_limit_a, on=on)
        self.apply()

    def apply(self) -> None:
        """Let the device see its supplies as they are now."""
        charger = self._outputs[_CHARGER]
        self._unit.supply(
            battery_v=self.battery_v(),
            charger=charger.on
            and charger.voltage_v >= _CHARGER_FROM_V
            and self._fixture.closed(_CHARGER_RELAY),
        )

    def battery_v(self) -> float:
        """Return the volts at the device's battery terminals."""
        if not self._fixture.closed(_BATTERY_RELAY):
            return 0.0
        volts, amperes = self.reading(_BATTERY)
        drop_ohm = self._fixture.values.contact_ohm[_BATTERY_RELAY]
        return max(0.0, volts - amperes * drop_ohm)

    def reading(self, output: int) -> tuple[float, float]:
        """Return an output's terminal volts and amperes."""
        source = self._outputs[output]
        if not source.on:
            return 0.0, 0.0
        if output == _SOURCE:
            return source.voltage_v, sum(
                abs(i) for i in self._fixture.source_currents(self.source_v)
            )
        wanted_a = self._battery_a() if output == _BATTERY else self._charger_a()
        if wanted_a <= source.current_limit_a:
            return source.voltage_v, wanted_a
        return source.voltage_v * source.current_limit_a / wanted_a, source.current_limit_a

    def _battery_a(self) -> float:
        return self._unit.draw_a if self._fixture.closed(_BATTERY_RELAY) else 0.0

    def _charger_a(self) -> float:
        if not self._fixture.closed(_CHARGER_RELAY):
            return 0.0
        charging = self._unit.firmware.state is State.CHARGE
        return self._unit.charger.charge_a if charging else _CHARGER_IDLE_A
