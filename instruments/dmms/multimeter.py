"""What the drivers of multimeters share: a fixed range read back, apertures, readings, overload.

A family says what differs: its headers, its ranges, how it integrates, what must be sent first.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from bench.errors import InstrumentError, ReadingOverload, SettingOutOfRange
from instruments.dmms.integration import Apertures, Integration
from instruments.dmms.readings import is_overload, parse_readings
from instruments.roles import Identity
from instruments.scpi import Assignment, ScpiInstrument, Setting
from instruments.session import Session, parse_numbers

__all__ = ["Function", "MeterFamily", "ScpiMultimeter"]

Function = Literal["VOLT:DC", "VOLT:AC", "RES", "FRES"]

_AUTO_ZERO_FACTOR = 2.0
"""Auto-zero takes a second integration of the same length for every reading."""
_OVERHEAD_S = 0.05
_AC_READING_S = 0.7
"""A reading of a.c. volts with a 20 Hz filter settles in 0.6 s (recalled)."""
_SETTLING_S = 1.0
"""Longest automatic trigger delay (high ohms) before the first reading."""
_TIMEOUT_FACTOR = 1.5
_USUAL_LINE_HZ = 50.0
"""For a meter that cannot be asked. A wrong guess makes an aperture a sixth longer or shorter: no
mean depends on it, because such a meter is never trusted to hold whole periods."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFamily:
    """What makes one family of meters differ from another."""

    ranges_v: tuple[float, ...]
    ranges_ohm: tuple[float, ...]
    apertures: Apertures
    ranges_ac_v: tuple[float, ...] = ()
    """Empty: those of d.c. volts."""
    sense: str = ":"
    """In front of every header of a function: ``:`` or ``:SENS:``."""
    quote: str = '"'
    extras: Mapping[Function, tuple[str, ...]] = field(
        default_factory=dict[Function, tuple[str, ...]]
    )
    """Further commands of a function: auto-zero, input impedance."""
    trigger: tuple[str, ...] = (":TRIG:SOUR IMM", ":TRIG:COUN 1")
    most_samples: int = 50_000
    """Readings of one trigger; 1 where a READ? answers one reading whatever is set."""
    line_frequency_query: str = ":SYST:LFR?"
    """Empty where the meter cannot be asked."""
    units: Mapping[Function, tuple[str, ...]] = field(
        default_factory=dict[Function, tuple[str, ...]]
    )
    """Tags that a reading may carry."""


class ScpiMultimeter(ScpiInstrument):
    """A multimeter for d.c. and a.c. volts and resistance on fixed ranges."""

    FAMILIES: ClassVar[Sequence[tuple[str, MeterFamily]]]
    """What is true of models by the beginning of their names; the first that fits counts."""

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the meter behind an open session; it reads nothing before it is configured."""
        super().__init__(session, identity)
        self._family = next(
            family for prefix, family in self.FAMILIES if identity.model.startswith(prefix)
        )
        self._function: Function | None = None
        self._integration_s = 0.0
        self._readings_combined = 1
        self._line_frequency_hz = 0.0
        self._prepared = False

    @property
    def aperture_s(self) -> float:
        """Integration time of one reading of the meter, in seconds, as set."""
        return self._integration_s

    @property
    def readings_combined(self) -> int:
        """How many of the meter's readings make one of :meth:`read`."""
        return self._readings_combined

    def configure_dc_voltage(self, *, range_v: float, aperture_s: float) -> None:
        """Measure d.c. volts on the smallest range that holds ``range_v``; auto-zero is on.

        An aperture that the meter does not have is made of several readings; their gaps make it
        unfit for what must be a whole number of periods.
        """
        ranges = self._family.ranges_v
        self._configure("VOLT:DC", self._smallest_range(range_v, ranges, "V"), aperture_s)

    def configure_ac_voltage(self, *, range_v: float) -> None:
        """Measure r.m.s. a.c. volts on the smallest range that holds ``range_v``.

        The filter stays at its power-on value; the reading is AC-coupled.
        """
        ranges = self._family.ranges_ac_v or self._family.ranges_v
        self._configure("VOLT:AC", self._smallest_range(range_v, ranges, "V"), None)

    def configure_resistance(
        self, *, range_ohm: float, aperture_s: float, four_wire: bool = True
    ) -> None:
        """Measure resistance on the smallest range that holds ``range_ohm``."""
        function: Function = "FRES" if four_wire else "RES"
        ranges = self._family.ranges_ohm
        self._configure(function, self._smallest_range(range_ohm, ranges, "Ω"), aperture_s)

    def read(self, count: int = 1) -> NDArray[np.float64]:
        """Take ``count`` readings back to back; volts or ohms, shape (count,).

        Raises ReadingOverload where any reading is the overload sentinel, InstrumentError where the
        meter is not configured or returns another number of readings.
        """
        if self._function is None:
            raise InstrumentError(
                self._session.describe("it was not configured; choose a function and a range first")
            )
        wanted = count * self._readings_combined
        most = self._family.most_samples
        parts = [self._take(min(most, wanted - done)) for done in range(0, wanted, most)]
        readings = np.concatenate(parts)
        if is_overload(readings):
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
        self._prepare_once()
        super().reset()
        self._prepared = False

    # -- what a family overrides

    def _prepare(self) -> None:
        """Send what this family needs before anything else (remote mode, command set)."""

    def _take(self, count: int) -> NDArray[np.float64]:
        """Take readings of one trigger."""
        changes: tuple[str, ...] = ()
        if self._family.most_samples > 1:
            sample_count = Setting(
                command=":SAMP:COUN {value}",
                unit="readings",
                low=1,
                high=self._family.most_samples,
                doc="readings a trigger",
            ).to(count)
            changes = () if self._is_written(sample_count) else (sample_count.text,)
        timeout_s = self._reading_timeout_s(count)
        (reply,) = self._run(*changes, ":READ?", answers=1, timeout_s=timeout_s)
        if changes:
            self._written[":SAMP:COUN "] = changes[0]
        return self._readings_in(reply, count)

    def _readings_in(self, reply: str, count: int) -> NDArray[np.float64]:
        units = () if self._function is None else self._family.units.get(self._function, ())
        try:
            return parse_readings(reply, count=count, units=units)
        except ValueError as error:
            raise InstrumentError(
                self._session.describe(f"READ? cannot be used: {error}")
            ) from error

    def _reading_timeout_s(self, count: int) -> float:
        one_s = _AUTO_ZERO_FACTOR * self._integration_s + _OVERHEAD_S
        return self._session.timeout_s + _TIMEOUT_FACTOR * (count * one_s + _SETTLING_S)

    # -- configuration

    def _prepare_once(self) -> None:
        if not self._prepared:
            self._prepare()
            self._prepared = True

    def _configure(self, function: Function, range_value: float, aperture_s: float | None) -> None:
        self._prepare_once()
        integration = None if aperture_s is None else self._integration(aperture_s)
        range_setting = self._range_setting(function)
        settings = (
            _fixed(f"{self._family.sense}FUNC ", self._quoted(function)),
            range_setting.to(range_value),
            *(() if integration is None else (self._integration_setting(function, integration),)),
            *(_command(text) for text in self._family.extras.get(function, ())),
            *(_command(text) for text in self._family.trigger),
        )
        self._function = None
        if not self._is_written(*settings):
            (range_reply,) = self._apply(*settings, then=(range_setting.ask(),))
            self._require_range(range_reply, range_value)
        self._function = function
        self._integration_s = _AC_READING_S if integration is None else integration.reading_s
        self._readings_combined = 1 if integration is None else integration.combined

    def _quoted(self, function: Function) -> str:
        return f"{self._family.quote}{function}{self._family.quote}"

    def _range_setting(self, function: Function) -> Setting:
        header = f"{self._family.sense}{function}:RANG"
        return Setting(
            command=f"{header} {{value}}", query=f"{header}?", doc=f"range of {function}"
        )

    def _integration(self, aperture_s: float) -> Integration:
        apertures = self._family.apertures
        line_hz = self._line_hz() if apertures.needs_line_frequency else _USUAL_LINE_HZ
        try:
            found = apertures.split(aperture_s, line_hz=line_hz)
        except ValueError as error:
            raise SettingOutOfRange(self._session.describe(f"{error}; nothing was sent")) from error
        if found.combined > 1:
            _logger.info(
                "%s: %d readings of %g s for %g s",
                self.role, found.combined, found.reading_s, aperture_s,
            )  # fmt: skip
        return found

    def _integration_setting(self, function: Function, integration: Integration) -> Assignment:
        header = f"{self._family.sense}{function}:{integration.mnemonic}"
        return Setting(command=f"{header} {{value}}", doc="integration time").to(integration.value)

    def _line_hz(self) -> float:
        if not self._line_frequency_hz:
            query = self._family.line_frequency_query
            self._line_frequency_hz = self._session.query_number(query) if query else _USUAL_LINE_HZ
        return self._line_frequency_hz

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


def _fixed(header: str, value: str) -> Assignment:
    return Assignment(header=header, text=header + value)


def _command(text: str) -> Assignment:
    """Return a command whose value follows its header, as a setting that is sent once."""
    header, _, value = text.partition(" ")
    return _fixed(f"{header} ", value)
