"""The simulated multimeter: Keysight 34465A, d.c. volts and resistance at the fixture's terminals.

Dialect: Truevolt Series Operating and Service Guide (34460-90901); apertures as with the DIG
option (20 µs to 1 s). Line frequency 50 Hz.

Model, where it is ours: a reading is the exact mean over its aperture, with the auto-zero reading
after it taking as long again; ``INITiate`` with an immediate trigger takes its readings before
the next command; the input draws no current on any range; a.c. volts are the r.m.s. of 250 µs
means; the current terminals are not wired.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bench.twin.dmm_ranges import (
    FUNCTIONS,
    LONGEST_APERTURE_S,
    NPLC_STEPS,
    SHORTEST_APERTURE_S,
    Function,
    accuracy_limit,
)
from bench.twin.scpi import ScpiInstrument, scientific
from bench.twin.scpi_parameters import Arguments, ScpiError
from bench.twin.scpi_tree import Call
from bench.twin.laboratory_time import LaboratoryTime

__all__ = ["Multimeter"]

OVERLOAD = 9.9e37
_LINE_PERIOD_S = 0.02
_DEFAULT_NPLC = 10.0
_AUTO_DELAY_S = 200e-6
_RANGING_APERTURE_S = 3e-3
_OVER_RANGE, _DOWN_RANGE = 1.2, 0.1
_HIGHEST_VOLTS = 1050.0
_ERROR_SHARE = 0.6
"""Share of the data sheet's limits within which a unit's errors are drawn."""
_NOISE_OF_RANGE, _NOISE_FLOOR = 0.4e-6, 150e-9
"""R.m.s. at one power line cycle: of the range, and in volts. Source: proposed, no data sheet."""
_FLOATING_V = 2e-3
"""What an open input of more than 10 GOhm drifts to."""
_LEAD_OHM = 0.15
_TIME_BASE_PPM = 10.0
_AC_APERTURE_S, _AC_SLICE_S = 0.2, 250e-6
_LARGEST_COUNT = 1_000_000


@dataclass(slots=True)
class _FunctionSettings:
    range_index: int
    automatic: bool = True
    nplc: float | None = _DEFAULT_NPLC
    aperture_s: float = _DEFAULT_NPLC * _LINE_PERIOD_S
    zero: str = "ON"
    high_impedance: bool = False
    null: bool = False


@dataclass(slots=True)
class _Triggering:
    source: str = "IMM"
    count: float = 1
    samples: float = 1
    delay_s: float = 0.0
    automatic_delay: bool = True


class Multimeter(ScpiInstrument):
    """The multimeter of the laboratory."""

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(identity, timeline)
        self._seed = seed
        self._noise = np.random.default_rng([seed, 0xD3])
        self._ppm = float(np.random.default_rng([seed, 0xD4]).uniform(-1, 1)) * _TIME_BASE_PPM
        self.gain_factor = 1.0
        """A bench fault: the meter is out of calibration."""
        self.stuck_function: str | None = None
        """A bench fault: the meter stays in this function whatever it is told."""
        self._set_defaults()
        self._add_configuration()
        self._add_function_commands()
        self._add_triggering()

    def reset(self) -> None:
        """Return to d.c. volts, automatic range, 10 PLC."""
        self._set_defaults()

    def trigger(self) -> None:
        """Take the readings that a meter waiting for a bus trigger owes."""
        if not self._waiting or self._triggering.source != "BUS":
            raise ScpiError(-211)
        self._take(triggers=1)
        self._owed -= 1
        self._waiting = self._owed > 0

    def clear_device(self) -> None:
        """Abort the measurement."""
        super().clear_device()
        self._waiting = False

    # -- settings

    def _set_defaults(self) -> None:
        self._function = "VOLT"
        self._settings = {
            name: _FunctionSettings(range_index=function.default_range)
            for name, function in FUNCTIONS.items()
        }
        self._triggering = _Triggering()
        self._readings: list[float] = []
        self._waiting, self._owed = False, 0

    @property
    def function(self) -> str:
        """Short name of the function in force."""
        return self.stuck_function or self._function

    def _configure(self, name: str, arguments: Arguments) -> None:
        """Preset the function as ``CONFigure`` does: everything but the range to its default."""
        self._function = name
        settings = _FunctionSettings(range_index=FUNCTIONS[name].default_range)
        self._settings[name] = settings
        self._triggering = _Triggering()
        self._readings, self._waiting = [], False
        if arguments.remaining and arguments.peek().upper() in ("AUTO", "DEF", "DEFAULT"):
            arguments.word()
        elif arguments.remaining:
            self._set_range(name, arguments)
        if arguments.remaining:
            self._set_resolution(name, arguments)

    def _set_range(self, name: str, arguments: Arguments) -> None:
        function, settings = FUNCTIONS[name], self._settings[name]
        wanted = arguments.number(
            function.unit, low=0.0, high=function.ranges[-1], default=function.ranges[0]
        )
        settings.automatic = False
        settings.range_index = function.index_for(wanted)

    def _set_resolution(self, name: str, arguments: Arguments) -> None:
        settings, function = self._settings[name], FUNCTIONS[name]
        span = function.ranges[settings.range_index]
        wanted = arguments.number(function.unit, low=0.0, high=span, default=3e-8 * span)
        share = wanted / span
        nplc = next((n for n, ppm in function.resolutions if ppm * 1e-6 <= share), NPLC_STEPS[-1])
        settings.nplc, settings.aperture_s = nplc, nplc * _LINE_PERIOD_S

    # -- commands: configuration

    def _add_configuration(self) -> None:
        for name, function in FUNCTIONS.items():
            pattern = function.pattern

            def configure(call: Call, name: str = name) -> None:
                self._configure(name, call.arguments)

            def measure(call: Call, name: str = name) -> str:
                self._configure(name, call.arguments)
                return self._read()

            self.tree.add(f"CONFigure:{pattern}", command=configure)
            self.tree.add(f"MEASure:{pattern}", query=measure)
        self.tree.add("CONFigure", query=lambda call: self._configuration())
        self.tree.add(
            "[SENSe]:FUNCtion[:ON]",
            command=self._select_function,
            query=lambda call: f'"{self.function}"',
        )
        self.tree.add("ROUTe:TERMinals", query=lambda call: "FRON")
        self.tree.add("SYSTem:LFRequency", query=lambda call: "+50")

    def _select_function(self, call: Call) -> None:
        wanted = call.arguments.string().upper()
        for name, function in FUNCTIONS.items():
            if wanted in function.spellings():
                self._function = name
                return
        raise ScpiError(-224, wanted[:20])

    def _configuration(self) -> str:
        settings, function = self._settings[self.function], FUNCTIONS[self.function]
        span = function.ranges[settings.range_index]
        return f'"{self.function} {scientific(span)},{scientific(span * 3e-8)}"'

    def _add_function_commands(self) -> None:
        for name, function in FUNCTIONS.items():
            root = f"[SENSe]:{function.pattern}:"
            self._add_range(root, name, function)
            if function.direct:
                self._add_aperture(root, name)
        self.tree.add("[SENSe]:VOLTage[:DC]:IMPedance:AUTO", **self._flag("VOLT", "high_impedance"))

    def _flag(self, name: str, attribute: str) -> dict[str, object]:
        def command(call: Call) -> None:
            setattr(self._settings[name], attribute, call.arguments.boolean())

        def query(call: Call) -> str:
            return str(int(getattr(self._settings[name], attribute)))

        return {"command": command, "query": query}

    def _add_range(self, root: str, name: str, function: Function) -> None:
        def query(call: Call) -> str:
            if call.arguments.remaining:
                ends = {"low": function.ranges[0], "high": function.ranges[-1]}
                return scientific(call.arguments.number(function.unit, **ends, default=10.0))
            return scientific(function.ranges[self._settings[name].range_index])

        def command(call: Call) -> None:
            self._set_range(name, call.arguments)

        def automatic(call: Call) -> None:
            if call.arguments.peek().upper() == "ONCE":
                call.arguments.word()
                self._find_range(name)
                self._settings[name].automatic = False
                return
            self._settings[name].automatic = call.arguments.boolean()

        self.tree.add(root + "RANGe[:UPPer]", command=command, query=query)
        self.tree.add(
            root + "RANGe:AUTO",
            command=automatic,
            query=lambda call: str(int(self._settings[name].automatic)),
        )

    def _add_aperture(self, root: str, name: str) -> None:
        def set_nplc(call: Call) -> None:
            wanted = call.arguments.number(
                low=NPLC_STEPS[0], high=NPLC_STEPS[-1], default=_DEFAULT_NPLC
            )
            nplc = next(step for step in NPLC_STEPS if step >= wanted * (1 - 1e-9))
            settings = self._settings[name]
            settings.nplc, settings.aperture_s = nplc, nplc * _LINE_PERIOD_S

        def set_aperture(call: Call) -> None:
            settings = self._settings[name]
            settings.aperture_s = call.arguments.number(
                "S", low=SHORTEST_APERTURE_S, high=LONGEST_APERTURE_S, default=0.2
            )
            settings.nplc = None

        def set_zero(call: Call) -> None:
            once = call.arguments.peek().upper() == "ONCE"
            on = False if once else call.arguments.boolean()
            if once:
                call.arguments.word()
                self._pass(self._settings[name].aperture_s)
            self._settings[name].zero = "ON" if on else "OFF"

        add = self.tree.add
        add(root + "NPLCycles", command=set_nplc, query=lambda call: self._nplc(name))
        add(
            root + "APERture",
            command=set_aperture,
            query=lambda call: scientific(self._settings[name].aperture_s),
        )
        add(
            root + "APERture:ENABled",
            query=lambda call: str(int(self._settings[name].nplc is None)),
        )
        add(
            root + "ZERO:AUTO",
            command=set_zero,
            query=lambda call: str(int(self._settings[name].zero == "ON")),
        )

    def _nplc(self, name: str) -> str:
        settings = self._settings[name]
        return scientific(settings.nplc or settings.aperture_s / _LINE_PERIOD_S)

    # -- commands: triggering and readings

    def _add_triggering(self) -> None:
        def at(suffixes: tuple[int, ...]) -> object:
            return self._triggering

        sources = ("IMMediate", "BUS", "EXTernal")
        self.add_choice("TRIGger:SOURce", "source", sources, at=at)
        self.add_number(
            "TRIGger:COUNt", "count", at=at, default=1,
            limits=lambda suffixes: (1, _LARGEST_COUNT),
        )  # fmt: skip
        self.add_number(
            "SAMPle:COUNt", "samples", at=at, default=1,
            limits=lambda suffixes: (1, _LARGEST_COUNT),
        )  # fmt: skip
        self.add_number(
            "TRIGger:DELay", "delay_s", at=at, unit="S", default=0.0,
            limits=lambda suffixes: (0.0, 3600.0), changed=self._delay_is_manual,
        )  # fmt: skip
        self.add_boolean("TRIGger:DELay:AUTO", "automatic_delay", at=at)
        add = self.tree.add
        add("READ", query=lambda call: self._read())
        add("INITiate[:IMMediate]", command=lambda call: self._initiate())
        add("FETCh", query=lambda call: self._fetch())
        add("ABORt", command=lambda call: self.clear_device())
        add("DATA:POINts", query=lambda call: f"{len(self._readings):+d}")
        add("DATA:LAST", query=lambda call: scientific(self._last()))
        add("DATA:REMove", query=lambda call: self._remove(call, required=True))
        add("R", query=self._remove_as_block)

    def _delay_is_manual(self) -> None:
        self._triggering.automatic_delay = False

    def _initiate(self) -> None:
        if self._waiting:
            raise ScpiError(-213)
        self._readings = []
        self._owed = int(self._triggering.count)
        if self._triggering.source == "IMM":
            self._take(triggers=self._owed)
        else:
            self._waiting = True

    def _read(self) -> str:
        if self._triggering.source != "IMM":
            raise ScpiError(-214, "READ? needs TRIGger:SOURce IMMediate here")
        self._initiate()
        return self._fetch()

    def _fetch(self) -> str:
        if self._waiting:
            raise ScpiError(-214)
        if not self._readings:
            raise ScpiError(-230)
        return ",".join(scientific(value) for value in self._readings)

    def _last(self) -> float:
        if not self._readings:
            raise ScpiError(-230)
        return self._readings[-1]

    def _remove(self, call: Call, *, required: bool) -> str:
        have = len(self._readings)
        count = have
        if required or call.arguments.remaining:
            count = call.arguments.integer(low=1, high=_LARGEST_COUNT)
        if required and count > have:
            raise ScpiError(-222, f"{have} readings are there")
        taken, self._readings = self._readings[:count], self._readings[count:]
        return ",".join(scientific(value) for value in taken)

    def _remove_as_block(self, call: Call) -> bytes:
        text = self._remove(call, required=False).encode("ascii")
        digits = str(len(text))
        return f"#{len(digits)}{digits}".encode("ascii") + text

    # -- measuring

    def _take(self, *, triggers: int) -> None:
        if self._settings[self.function].automatic:
            self._find_range(self.function)
        triggering = self._triggering
        delay_s = _AUTO_DELAY_S if triggering.automatic_delay else triggering.delay_s
        for _ in range(triggers):
            for _ in range(int(triggering.samples)):
                self._pass(delay_s)
                self._readings.append(self._reading(self.function))
        self.timeline.hold_trace("dmm", None)

    def _pass(self, duration_s: float) -> None:
        self.timeline.advance_by(round(duration_s * (1 + self._ppm * 1e-6) * 1e9))

    def _reading(self, name: str) -> float:
        settings, function = self._settings[name], FUNCTIONS[name]
        span = function.ranges[settings.range_index]
        true = self._true_value(name, settings.aperture_s)
        if function.direct and (settings.zero == "ON" or name == "FRES"):
            self._pass(settings.aperture_s)
        return self._with_errors(name, settings.range_index, true, span, settings.aperture_s)

    def _true_value(self, name: str, aperture_s: float) -> float:
        """Return what is at the terminals in the function's unit; infinite where it is open."""
        if name == "VOLT":
            return self._mean(aperture_s)
        if name == "VOLT:AC":
            return self._alternating()
        self._pass(aperture_s)
        if name in ("CURR", "CURR:AC"):
            return 0.0
        return self.timeline.world.resistance() + (_LEAD_OHM if name == "RES" else 0.0)

    def _mean(self, aperture_s: float) -> float:
        start_ns = self.timeline.now_ns
        self.timeline.hold_trace("dmm", start_ns)
        self._pass(aperture_s)
        mean_v = self.timeline.world.mean_voltage(start_ns, self.timeline.now_ns)
        return float(self._noise.normal(0, _FLOATING_V)) if mean_v is None else mean_v

    def _alternating(self) -> float:
        means = [self._mean(_AC_SLICE_S) for _ in range(round(_AC_APERTURE_S / _AC_SLICE_S))]
        return float(np.std(means))

    def _with_errors(
        self, name: str, range_index: int, true: float, span: float, aperture_s: float
    ) -> float:
        if not math.isfinite(true):
            return OVERLOAD
        of_reading, of_range = accuracy_limit(name, range_index)
        draws = np.random.default_rng(
            [self._seed, 0xD5, list(FUNCTIONS).index(name), range_index]
        ).uniform(-_ERROR_SHARE, _ERROR_SHARE, 2)
        noise = math.hypot(_NOISE_OF_RANGE * span, _NOISE_FLOOR if name == "VOLT" else 0.0)
        noise *= math.sqrt(_LINE_PERIOD_S / aperture_s)
        value = true * self.gain_factor * (1 + float(draws[0]) * of_reading)
        value += float(draws[1]) * of_range * span + float(self._noise.normal(0, noise))
        highest = min(_OVER_RANGE * span, _HIGHEST_VOLTS if name == "VOLT" else math.inf)
        return math.copysign(OVERLOAD, value) if abs(value) > highest else value

    def _find_range(self, name: str) -> None:
        """Choose the range by quick readings, starting from the present one."""
        settings, function = self._settings[name], FUNCTIONS[name]
        while True:
            span = function.ranges[settings.range_index]
            size = abs(self._true_value(name, _RANGING_APERTURE_S))
            if size > _OVER_RANGE * span and settings.range_index < len(function.ranges) - 1:
                settings.range_index += 1
            elif size < _DOWN_RANGE * span and settings.range_index > 0:
                settings.range_index -= 1
                if size > _OVER_RANGE * function.ranges[settings.range_index]:
                    settings.range_index += 1
                    return
            else:
                return
