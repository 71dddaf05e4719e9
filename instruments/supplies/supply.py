"""What the drivers of supplies share: outputs by number, ratings, settings read back."""

from __future__ import annotations

import math

from bench.errors import InstrumentError, SettingOutOfRange
from instruments.scpi import ScpiInstrument, Setting
from instruments.session import parse_numbers

__all__ = ["ScpiSupply"]


class ScpiSupply(ScpiInstrument):
    """A supply. Nothing about outputs is remembered: every command is sent."""

    _ratings: tuple[tuple[float, float], ...] = ()
    """Volts and amperes of each output."""
    _setting_margin: float = 1.0
    """Settings are accepted up to this share of the rating."""
    _resolution: float = 2e-3
    """A setting is read back rounded to the supply's own steps, below this in V and in A."""

    @property
    def readable_outputs(self) -> tuple[int, ...]:
        """Outputs whose state and voltage can be read back."""
        return tuple(range(1, len(self._ratings) + 1))

    def _levels(self, output: int, volts: str, amperes: str) -> tuple[Setting, Setting]:
        """Return the settings of an output's voltage and current limit, by their headers."""
        rated_v, rated_a = self._ratings[output - 1]
        return (
            _level(volts, "V", rated_v * self._setting_margin, f"voltage of output {output}"),
            _level(
                amperes, "A", rated_a * self._setting_margin, f"current limit of output {output}"
            ),
        )

    def _require_output(self, output: int) -> None:
        if output not in self.readable_outputs:
            *others, last = map(str, self.readable_outputs)
            known = f"{', '.join(others)} and {last}" if others else last
            raise SettingOutOfRange(
                self._session.describe(f"output {output} does not exist, it has {known}")
            )

    def _require_near(self, output: int, found: float, expected: float) -> None:
        if not math.isclose(found, expected, rel_tol=1e-3, abs_tol=self._resolution):
            raise InstrumentError(
                self._session.describe(
                    f"output {output} was set to {expected:g}, it reports {found:g}"
                )
            )

    def _require_state(self, output: int, *, found: bool, wanted: bool) -> None:
        if found != wanted:
            state = "on" if wanted else "off"
            raise InstrumentError(
                self._session.describe(
                    f"output {output} was switched {state}, it reports the opposite; check its "
                    "protection"
                )
            )

    def _number(self, reply: str) -> float:
        return self._numbers(reply, 1)[0]

    def _numbers(self, reply: str, count: int) -> list[float]:
        try:
            return [float(value) for value in parse_numbers(reply, count=count)]
        except ValueError as error:
            raise InstrumentError(
                self._session.describe(f"its answer cannot be read: {error}")
            ) from error


def _level(header: str, unit: str, high: float, doc: str) -> Setting:
    return Setting(
        command=f"{header} {{value}}", query=f"{header}?", unit=unit, low=0.0, high=high, doc=doc
    )
