"""Keysight Truevolt multimeters 34460A, 34461A, 34465A and 34470A.

Manual: *Keysight Truevolt Series Digital Multimeters Operating and Service Guide*. Verified on its
pages: NPLC steps a model, aperture of resistance (34465A and 34470A only, 200 µs to 1 s without the
DIG option, resolution 2 µs, overrides NPLC). From public drivers: ``CONF`` resets range and NPLC,
hence it is not used; ±9.9E37 is overload. Recalled: the other ranges.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| function        | ``:FUNC "VOLT:DC"``, ``"VOLT:AC"``, ``"RES"``, ``"FRES"``                  |
| range           | ``:VOLT:DC:RANG  :VOLT:AC:RANG  :RES:RANG  :FRES:RANG`` and their queries  |
| integration     | ``:VOLT:DC:APER`` in seconds (34465A, 34470A), ``:VOLT:DC:NPLC`` (others)  |
| input           | ``:VOLT:DC:IMP:AUTO ON`` (> 10 GΩ to 10 V), ``:VOLT:DC:ZERO:AUTO ON``      |
| trigger         | ``:TRIG:SOUR IMM  :TRIG:COUN 1  :SAMP:COUN``                               |
| reading         | ``:READ?``                                                                 |
| errors          | ``:SYST:ERR?``                                                             |
"""

from __future__ import annotations

import logging
import math
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from bench.errors import InstrumentError, ReadingOverload, SettingOutOfRange
from instruments.roles import Identity
from instruments.scpi import Assignment, ScpiInstrument, Setting
from instruments.session import Session, parse_numbers

__all__ = ["Keysight344xx"]

_Function = Literal["VOLT:DC", "VOLT:AC", "RES", "FRES"]

_RANGES_V = (0.1, 1.0, 10.0, 100.0, 1000.0)
_RANGES_OHM = (100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8)
_NPLC_STEPS: dict[str, tuple[float, ...]] = {
    "34460A": (0.02, 0.2, 1.0, 10.0, 100.0),
    "34461A": (0.02, 0.2, 1.0, 10.0, 100.0),
}
"""Models without an aperture in seconds, with the integration times that they have."""

_FUNCTION = Setting(
    command=':FUNC "{value}"', choices=("VOLT:DC", "VOLT:AC", "RES", "FRES"), doc="function"
)
_SAMPLE_COUNT = Setting(
    command=":SAMP:COUN {value}", unit="readings", low=1, high=50_000, doc="readings a trigger"
)
_TRIGGER_SOURCE = Setting(command=":TRIG:SOUR {value}", choices=("IMM",), doc="trigger source")
_TRIGGER_COUNT = Setting(command=":TRIG:COUN {value}", low=1, high=1, doc="triggers a READ?")
_AUTO_ZERO = Setting(
    command=":VOLT:DC:ZERO:AUTO {value}", choices=("ON",), doc="auto-zero of d.c. volts"
)
_AUTO_IMPEDANCE = Setting(
    command=":VOLT:DC:IMP:AUTO {value}", choices=("ON",), doc="> 10 GΩ input up to 10 V"
)
_TWO_WIRE_ZERO = Setting(command=":RES:ZERO:AUTO {value}", choices=("ON",), doc="auto-zero of ohms")

_OVERLOAD = 9.9e37
_AUTO_ZERO_FACTOR = 2.0
"""Auto-zero takes a second integration of the same length for every reading."""
_OVERHEAD_S = 0.05
_AC_READING_S = 0.7
"""A reading of a.c. volts with the 20 Hz filter settles in 0.6 s (recalled)."""
_SETTLING_S = 1.0
"""Longest automatic trigger delay (high ohms) before the first reading."""
_TIMEOUT_FACTOR = 1.5

_logger = logging.getLogger(__name__)


class Keysight344xx(ScpiInstrument):
    """A Truevolt multimeter for d.c. volts and resistance on fixed ranges."""

    MODELS: ClassVar[tuple[str, ...]] = (r"(KEYSIGHT|AGILENT) TECHNOLOGIES,344(60|61|65|70)A",)
    MANUAL: ClassVar[str] = (
        "Keysight Truevolt Series Digital Multimeters Operating and Service Guide"
    )

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the meter behind an open session; it reads nothing before it is configured."""
        super().__init__(session, identity)
        self._function: _Function | None = None
        self._integration_s = 0.0
        self._readings_combined = 1
        self._line_frequency_hz = 0.0

    @property
    def aperture_s(self) -> float:
        """Integration time of one reading of the meter, in seconds, as set."""
        return self._integration_s

    @property
    def readings_combined(self) -> int:
        """How many of the meter's readings make one of :meth:`read`; 1 but on a 34460A or 34461A."""
        return self._readings_combined

    def configure_dc_voltage(self, *, range_v: float, aperture_s: float) -> None:
        """Measure d.c. volts on the smallest range that holds ``range_v``.

        Aperture in seconds, auto-zero on, > 10 GΩ input on 10 V and below. On a meter that has NPLC
        steps only, several readings are combined into one of about ``aperture_s``; their gaps make
        it unfit for apertures that must be a whole number of periods.
        """
        self._configure(
            "VOLT:DC",
            _range_setting("VOLT:DC", "V", _RANGES_V),
            self._smallest_range(range_v, _RANGES_V, "V"),
            aperture_s,
            (_AUTO_ZERO.to("ON"), _AUTO_IMPEDANCE.to("ON")),
        )

    def configure_ac_voltage(self, *, range_v: float) -> None:
        """Measure r.m.s. a.c. volts on the smallest range that holds ``range_v``.

        The filter stays at its power-on value of 20 Hz to 300 kHz; the reading is AC-coupled.
        """
        self._configure(
            "VOLT:AC",
            _range_setting("VOLT:AC", "V", _RANGES_V),
            self._smallest_range(range_v, _RANGES_V, "V"),
            None,
            (),
        )

    def configure_resistance(
        self, *, range_ohm: float, aperture_s: float, four_wire: bool = True
    ) -> None:
        """Measure resistance on the smallest range that holds ``range_ohm``."""
        function: _Function = "FRES" if four_wire else "RES"
        self._configure(
            function,
            _range_setting(function, "Ω", _RANGES_OHM),
            self._smallest_range(range_ohm, _RANGES_OHM, "Ω"),
            aperture_s,
            () if four_wire else (_TWO_WIRE_ZERO.to("ON"),),
        )

    def read(self, count: int = 1) -> NDArray[np.float64]:
        """Take ``count`` readings back to back; volts or ohms, shape (count,).

        Raises ReadingOverload where any reading is the overload sentinel, InstrumentError where the
        meter is not configured or returns another number of readings.
        """
        if self._function is None:
            raise InstrumentError(
                self._session.describe("it was not configured; choose a function and a range first")
            )
        taken = count * self._readings_combined
        readings = self._take(taken)
        if np.any(~np.isfinite(readings)) or np.any(np.abs(readings) >= _OVERLOAD):
            raise ReadingOverload(
                self._session.describe(
                    f"overload on the chosen range of {self._function} (reading 9.9E37); "
                    "choose a higher range or check the wiring"
                )
            )
        return readings.reshape(count, self._readings_combined).mean(axis=1)

    def reset(self) -> None:
        """Bring the meter to its power-on settings; it must be configured again."""
        self._function = None
        super().reset()

    def _take(self, count: int) -> NDArray[np.float64]:
        sample_count = _SAMPLE_COUNT.to(count)
        changes = () if self._is_written(sample_count) else (sample_count.text,)
        (reply,) = self._run(
            *changes, ":READ?", answers=1, timeout_s=self._reading_timeout_s(count)
        )
        self._written[sample_count.header] = sample_count.text
        try:
            return parse_numbers(reply, count=count)
        except ValueError as error:
            raise InstrumentError(
                self._session.describe(f"READ? cannot be used: {error}")
            ) from error

    def _reading_timeout_s(self, count: int) -> float:
        one_s = _AUTO_ZERO_FACTOR * self._integration_s + _OVERHEAD_S
        return self._session.timeout_s + _TIMEOUT_FACTOR * (count * one_s + _SETTLING_S)

    def _configure(
        self,
        function: _Function,
        range_setting: Setting,
        range_value: float,
        aperture_s: float | None,
        extras: tuple[Assignment, ...],
    ) -> None:
        integration, duration_s, combined = (
            ((), _AC_READING_S, 1)
            if aperture_s is None
            else self._integration(function, aperture_s)
        )
        settings = (
            _FUNCTION.to(function),
            range_setting.to(range_value),
            *integration,
            *extras,
            _TRIGGER_SOURCE.to("IMM"),
            _TRIGGER_COUNT.to(1),
        )
        self._function = None
        if not self._is_written(*settings):
            (range_reply,) = self._apply(*settings, then=(range_setting.ask(),))
            self._require_range(range_reply, range_value)
        self._function, self._integration_s = function, duration_s
        self._readings_combined = combined

    def _integration(
        self, function: _Function, aperture_s: float
    ) -> tuple[tuple[Assignment, ...], float, int]:
        """Return what to send, the seconds of one reading, and how many readings make the aperture."""
        steps = _NPLC_STEPS.get(self._identity.model)
        if steps is None:
            setting = Setting(
                command=f":{function}:APER {{value}}",
                unit="s",
                low=200e-6,
                high=1.0,
                doc="aperture (34465A, 34470A; 20 µs with the DIG option)",
            )
            return (setting.to(aperture_s),), aperture_s, 1
        return self._combine_nplc(function, aperture_s, steps)

    def _combine_nplc(
        self, function: _Function, aperture_s: float, steps: tuple[float, ...]
    ) -> tuple[tuple[Assignment, ...], float, int]:
        if not self._line_frequency_hz:
            self._line_frequency_hz = self._session.query_number(":SYST:LFR?")
        wanted = aperture_s * self._line_frequency_hz
        fitting = [step for step in steps if step <= wanted * (1 + 1e-9)]
        if not fitting:
            raise SettingOutOfRange(
                self._session.describe(
                    f"an aperture of {aperture_s:g} s is below the shortest of this model, "
                    f"{steps[0] / self._line_frequency_hz:g} s"
                )
            )
        nplc = fitting[-1]
        combined = max(1, math.floor(wanted / nplc + 0.5))
        if combined > 1:
            _logger.info(
                "%s: %d readings of %g NPLC for %g s", self.role, combined, nplc, aperture_s
            )
        setting = Setting(
            command=f":{function}:NPLC {{value}}", unit="NPLC", doc="integration time"
        )
        return (setting.to(nplc),), nplc / self._line_frequency_hz, combined

    def _smallest_range(self, value: float, ranges: tuple[float, ...], unit: str) -> float:
        for candidate in ranges:
            if 0 < value <= candidate * (1 + 1e-9):
                return candidate
        raise SettingOutOfRange(
            self._session.describe(
                f"no range of {value:g} {unit}; it has {ranges[0]:g} to {ranges[-1]:g} {unit}"
            )
        )

    def _require_range(self, reply: str, expected: float) -> None:
        """Refuse a meter that took another range than the one it was given."""
        try:
            found = float(parse_numbers(reply, count=1)[0])
        except ValueError as error:
            raise InstrumentError(
                self._session.describe(f"its range cannot be read: {error}")
            ) from error
        if not math.isclose(found, expected, rel_tol=1e-6):
            self._written.clear()
            raise InstrumentError(
                self._session.describe(
                    f"it was set to the range {expected:g}, it reports {found:g}"
                )
            )


def _range_setting(function: _Function, unit: str, ranges: tuple[float, ...]) -> Setting:
    return Setting(
        command=f":{function}:RANG {{value}}",
        query=f":{function}:RANG?",
        unit=unit,
        low=ranges[0],
        high=ranges[-1],
        doc=f"range of {function}",
    )
