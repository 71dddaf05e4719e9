"""The simulated multimeter: Keysight 34465A, d.c. volts and resistance at the fixture's terminals.

Dialect: Truevolt Series Operating and Service Guide (34460-90901); apertures as with the DIG
option (20 µs to 1 s). Line frequency 50 Hz.

Model, where it is ours: a reading is the exact mean over its aperture, with the auto-zero reading
after it taking as long again; ``INITiate`` with an immediate trigger takes its readings before
the next command; the input draws no current on any range; a.c. volts are the r.m.s. of 250 µs
means; the current terminals are not wired; an external trigger never comes.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.twin.dmm_meter import FunctionSettings, Meter
from bench.twin.dmm_ranges import KEYSIGHT_34465A, LINE_PERIOD_S, Function, MeterModel
from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scpi import ScpiInstrument, scientific
from bench.twin.scpi_parameters import Arguments, ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["Multimeter"]

_BEST_RESOLUTION = 3e-8
_AUTO_DELAY_S = 200e-6


@dataclass(slots=True)
class _Triggering:
    source: str = "IMM"
    count: float = 1
    samples: float = 1
    delay_s: float = 0.0
    automatic_delay: bool = True


class Multimeter(ScpiInstrument):
    """The multimeter of the laboratory."""

    def __init__(
        self,
        *,
        timeline: LaboratoryTime,
        seed: int,
        identity: str,
        model: MeterModel = KEYSIGHT_34465A,
    ) -> None:
        super().__init__(identity, timeline)
        self.model = model
        self._functions = model.functions
        self.meter = Meter(timeline=timeline, seed=seed, model=model)
        self.stuck_function: str | None = None
        """A bench fault: the meter stays in this function whatever it is told."""
        self._set_defaults()
        for name, function in self._functions.items():
            self._add_configuration(name, function.pattern)
            self._add_range(name, f"[SENSe]:{function.pattern}:RANGe")
            if function.direct:
                self._add_aperture(name, f"[SENSe]:{function.pattern}:")
        self._add_function_commands()
        self._add_triggering()
        self._add_readings()

    def reset(self) -> None:
        """Return to d.c. volts, automatic range, 10 PLC."""
        self._set_defaults()

    def trigger(self) -> None:
        """Take the readings that a meter waiting for a bus trigger owes."""
        if not self._owed or self._triggering.source != "BUS":
            raise ScpiError(-211)
        self._take(triggers=1)
        self._owed -= 1

    def clear_device(self) -> None:
        """Abort the measurement."""
        super().clear_device()
        self._owed = 0

    @property
    def function(self) -> str:
        """Short name of the function in force."""
        return self.stuck_function or self._function

    # -- settings

    def _set_defaults(self) -> None:
        self._function = "VOLT"
        self._settings = {
            name: FunctionSettings(range_index=function.default_range)
            for name, function in self._functions.items()
        }
        self._triggering = _Triggering()
        self._readings: list[float] = []
        self._owed = 0

    def _configure(self, name: str, arguments: Arguments) -> None:
        """Preset the function as ``CONFigure`` does: everything but the range to its default."""
        self._function = name
        self._settings[name] = FunctionSettings(range_index=self._functions[name].default_range)
        self._triggering = _Triggering()
        self._readings, self._owed = [], 0
        if arguments.peek().upper() in ("AUTO", "DEF", "DEFAULT"):
            arguments.word()
        elif arguments.remaining:
            self._set_range(name, arguments)
        if arguments.remaining:
            self._set_resolution(name, arguments)

    def _set_range(self, name: str, arguments: Arguments) -> None:
        function, settings = self._functions[name], self._settings[name]
        low, high = function.ranges[0], function.ranges[-1]
        is_word = arguments.peek()[:1].isalpha()
        wanted = arguments.number(
            function.unit, low=low if is_word else 0.0, high=high, default=high
        )
        settings.automatic = False
        settings.range_index = function.index_for(wanted)

    def _set_resolution(self, name: str, arguments: Arguments) -> None:
        function, settings = self._functions[name], self._settings[name]
        span = function.ranges[settings.range_index]
        best = _BEST_RESOLUTION * span
        share = arguments.number(function.unit, low=best, high=span, default=best) / span
        most = self.model.fewest_and_most[1]
        nplc = next((n for n, ppm in function.resolutions if ppm * 1e-6 <= share), most)
        settings.nplc, settings.aperture_s = nplc, nplc * LINE_PERIOD_S

    # -- commands: function, range, aperture

    def _add_configuration(self, name: str, pattern: str) -> None:
        def measure(call: Call) -> str | bytes:
            self._configure(name, call.arguments)
            return self._read()

        self.tree.add(
            f"CONFigure:{pattern}", command=lambda call: self._configure(name, call.arguments)
        )
        self.tree.add(f"MEASure:{pattern}", query=measure)

    def _add_function_commands(self) -> None:
        self.tree.add("[SENSe]:FUNCtion[:ON]", command=self._select_function)
        self.add_answer("[SENSe]:FUNCtion[:ON]", lambda: f'"{self.function}"')
        self.add_answer("CONFigure", self._configuration)
        self.add_answer("ROUTe:TERMinals", lambda: "FRON")
        self.add_own_commands()

    # -- what differs from family to family

    def add_own_commands(self) -> None:
        """Declare input impedance and what else this family has beside the common commands."""
        self.add_answer("SYSTem:LFRequency", lambda: "+50")
        self.add_impedance("[SENSe]:VOLTage[:DC]:IMPedance:AUTO")

    def add_zero(self, name: str, root: str) -> None:
        """Declare the auto-zero of a function."""
        self.add_zero_at(f"{root}ZERO:AUTO", name)

    def print_reading(self, value: float) -> str:
        """Return a reading as the family prints it."""
        return scientific(value)

    def add_impedance(self, pattern: str) -> None:
        """Declare the choice of an input above 10 GOhm."""
        self.add_boolean(pattern, "high_impedance", at=lambda _: self._settings["VOLT"])

    def add_zero_at(self, pattern: str, *names: str) -> None:
        """Declare a header of auto-zero for functions; it answers for the first."""

        def command(call: Call) -> None:
            token = call.arguments.peek()
            for name in names:
                self._set_zero(
                    self._settings[name], Call(suffixes=call.suffixes, arguments=Arguments([token]))
                )
            call.arguments.word()

        self.tree.add(pattern, command=command)
        self.add_answer(pattern, lambda: str(int(self._settings[names[0]].zero)))

    # -- commands: function, range, aperture, continued

    def _select_function(self, call: Call) -> None:
        wanted = call.arguments.string().upper()
        for name, function in self._functions.items():
            if wanted in function.spellings():
                self._function = name
                return
        raise ScpiError(-224, wanted[:20])

    def _configuration(self) -> str:
        settings, function = self._settings[self.function], self._functions[self.function]
        span = function.ranges[settings.range_index]
        return f'"{self.function} {scientific(span)},{scientific(span * _BEST_RESOLUTION)}"'

    def _add_range(self, name: str, pattern: str) -> None:
        self.tree.add(
            f"{pattern}[:UPPer]",
            command=lambda call: self._set_range(name, call.arguments),
            query=lambda call: self._range(self._functions[name], self._settings[name], call),
        )
        self.tree.add(f"{pattern}:AUTO", command=lambda call: self._set_automatic_range(name, call))
        self.add_answer(f"{pattern}:AUTO", lambda: str(int(self._settings[name].automatic)))

    def _range(self, function: Function, settings: FunctionSettings, call: Call) -> str:
        if call.arguments.remaining:
            low, high = function.ranges[0], function.ranges[-1]
            return scientific(
                call.arguments.number(function.unit, low=low, high=high, default=high)
            )
        return scientific(function.ranges[settings.range_index])

    def _set_automatic_range(self, name: str, call: Call) -> None:
        settings = self._settings[name]
        if call.arguments.peek().upper() != "ONCE":
            settings.automatic = call.arguments.boolean()
            return
        call.arguments.word()
        self.meter.find_range(name, settings)
        self.meter.release()
        settings.automatic = False

    def _add_aperture(self, name: str, root: str) -> None:
        def nplc() -> str:
            settings = self._settings[name]
            return scientific(settings.nplc or settings.aperture_s / LINE_PERIOD_S)

        self.tree.add(
            f"{root}NPLCycles", command=lambda call: self._set_nplc(self._settings[name], call)
        )
        self.add_answer(f"{root}NPLCycles", nplc)
        self.add_zero(name, root)
        if self.model.aperture_limits_s is None:
            return
        self.tree.add(
            f"{root}APERture", command=lambda call: self._set_aperture(self._settings[name], call)
        )
        self.add_answer(f"{root}APERture", lambda: scientific(self._settings[name].aperture_s))
        self.add_answer(
            f"{root}APERture:ENABled", lambda: str(int(self._settings[name].nplc is None))
        )

    def _set_nplc(self, settings: FunctionSettings, call: Call) -> None:
        """Take a number of line cycles; one between the meter's steps takes the next longer."""
        low, high = self.model.fewest_and_most
        wanted = call.arguments.number(low=low, high=high, default=self.model.default_nplc)
        nplc = self.model.nplc_for(wanted)
        settings.nplc, settings.aperture_s = nplc, nplc * LINE_PERIOD_S

    def _set_aperture(self, settings: FunctionSettings, call: Call) -> None:
        assert self.model.aperture_limits_s is not None
        low_s, high_s = self.model.aperture_limits_s
        settings.aperture_s = call.arguments.number("S", low=low_s, high=high_s, default=0.2)
        settings.nplc = None

    def _set_zero(self, settings: FunctionSettings, call: Call) -> None:
        if call.arguments.peek().upper() != "ONCE":
            settings.zero = call.arguments.boolean()
            return
        call.arguments.word()
        self.meter.let_pass(settings.aperture_s)
        settings.zero = False

    # -- commands: triggering and readings

    def _add_triggering(self) -> None:
        def at(_suffixes: tuple[int, ...]) -> object:
            return self._triggering

        sources = ("IMMediate", "BUS", "EXTernal")
        self.add_choice("TRIGger:SOURce", "source", sources, at=at)
        for pattern, attribute in (("TRIGger:COUNt", "count"), ("SAMPle:COUNt", "samples")):
            self.add_number(
                pattern, attribute, at=at, default=1, limits=lambda _: (1, self.model.largest_count)
            )
        self.add_number(
            "TRIGger:DELay", "delay_s", at=at, unit="S", default=0.0,
            limits=lambda _: (0.0, 3600.0), changed=self._delay_is_manual,
        )  # fmt: skip
        self.add_boolean("TRIGger:DELay:AUTO", "automatic_delay", at=at)

    def _add_readings(self) -> None:
        self.add_answer("READ", self._read)
        self.add_answer("FETCh", self._fetch)
        self.add_action("INITiate[:IMMediate]", self._initiate)
        self.add_action("ABORt", self.clear_device)
        self.add_answer("DATA:POINts", lambda: f"{len(self._readings):+d}")
        self.add_answer("DATA:LAST", self._last)
        self.tree.add("DATA:REMove", query=lambda call: self._remove(call, required=True))
        self.tree.add("R", query=self._remove_as_block)

    def _delay_is_manual(self) -> None:
        self._triggering.automatic_delay = False

    def _initiate(self) -> None:
        if self._owed:
            raise ScpiError(-213)
        self._readings = []
        if self._triggering.source == "IMM":
            self._take(triggers=int(self._triggering.count))
        else:
            self._owed = int(self._triggering.count)

    def _read(self) -> str | bytes:
        if self._triggering.source != "IMM":
            raise ScpiError(-214, "READ? needs TRIGger:SOURce IMMediate here")
        self._initiate()
        return self._fetch()

    def _fetch(self) -> str:
        if self._owed:
            raise ScpiError(-214, "still waiting for a trigger")
        if not self._readings:
            raise ScpiError(-230, "no readings")
        return ",".join(self.print_reading(value) for value in self._readings)

    def _last(self) -> str:
        if not self._readings:
            raise ScpiError(-230, "no readings")
        return self.print_reading(self._readings[-1])

    def _remove(self, call: Call, *, required: bool) -> str:
        count = have = len(self._readings)
        if required or call.arguments.remaining:
            count = call.arguments.integer(low=1, high=self.model.largest_count)
        if required and count > have:
            raise ScpiError(-222, f"{have} readings are there")
        taken, self._readings = self._readings[:count], self._readings[count:]
        return ",".join(self.print_reading(value) for value in taken)

    def _remove_as_block(self, call: Call) -> bytes:
        text = self._remove(call, required=False).encode("ascii")
        digits = str(len(text))
        return f"#{len(digits)}{digits}".encode("ascii") + text

    def _take(self, *, triggers: int) -> None:
        """Take the readings of so many triggers into the reading memory."""
        name = self.function
        settings, triggering = self._settings[name], self._triggering
        if settings.automatic:
            self.meter.find_range(name, settings)
        delay_s = _AUTO_DELAY_S if triggering.automatic_delay else triggering.delay_s
        for _ in range(triggers):
            for _ in range(int(triggering.samples)):
                self.meter.let_pass(delay_s)
                self._readings.append(self.meter.reading(name, settings))
        self.meter.release()
