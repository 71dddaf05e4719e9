"""The IEEE 488.2 front end: headers, parameters, status, error queue."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scpi import MESSAGE_TIME_NS, ScpiInstrument
from bench.twin.scpi_tree import Call
from tests.twin.fake_world import FakeWorld


@dataclass(slots=True)
class _Channel:
    scale_v: float = 1.0
    shown: bool = False
    coupling: str = "DC"


class _Instrument(ScpiInstrument):
    error_queue_length = 3

    def __init__(self) -> None:
        super().__init__("MAKER,MODEL,1,2", LaboratoryTime(FakeWorld()))
        self.channels = {n: _Channel() for n in (1, 2)}
        self.lists: list[tuple[int, ...]] = []
        self.said = ""
        self.busy = False

        def at(suffixes: tuple[int, ...]) -> object:
            return self.channels[suffixes[0]]

        self.add_number(
            "CHANnel<1:2>:SCALe", "scale_v", at=at, unit="V", default=1, limits=lambda _: (0.1, 5)
        )
        self.add_boolean("CHANnel<1:2>:BWLimit[:STATe]", "shown", at=at)
        self.add_choice("CHANnel<1:2>:COUPling", "coupling", ("DC", "ACoupled"), at=at)
        self.tree.add("[ROUTe]:CLOSe", command=self._close)
        self.tree.add("SAY", command=self._say)
        self.add_answer("BLOCk", lambda: b"#13a;b")
        self.add_answer("FAIL", self._fail)

    def operation_pending(self) -> bool:
        return self.busy

    def _close(self, call: Call) -> None:
        self.lists.append(call.arguments.channel_list(range(101, 111)))

    def _say(self, call: Call) -> None:
        self.said = call.arguments.string()

    def _fail(self) -> str:
        raise RuntimeError("a bug")

    def ask(self, message: str) -> str:
        reply = self.execute(message.encode())
        return "" if reply is None else reply.decode()

    def errors(self) -> list[int]:
        codes: list[int] = []
        while (code := int(self.ask("SYST:ERR?").split(",")[0])) != 0:
            codes.append(code)
        return codes


@pytest.fixture
def instrument() -> _Instrument:
    return _Instrument()


@pytest.mark.parametrize(
    "header", ["CHAN2:SCAL", ":channel2:scale", "Chan2:SCALE", ":CHANNEL2:SCAL"]
)
def test_short_and_long_forms_in_any_case_mean_the_same(
    instrument: _Instrument, header: str
) -> None:
    instrument.ask(f"{header} 0.25")
    assert float(instrument.ask("CHAN2:SCAL?")) == 0.25
    assert float(instrument.ask("CHAN1:SCAL?")) == 1.0
    assert instrument.errors() == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("CHA2:SCAL 1", -113),
        ("CHANN2:SCAL 1", -113),
        ("CHAN3:SCAL 1", -114),
        ("CHAN1:SCAL", -109),
        ("CHAN1:SCAL 1,2", -108),
        ("CHAN1:SCAL 9", -222),
        ("CHAN1:SCAL 0.5 A", -131),
        ("CHAN1:SCAL DC", -104),
        ("CHAN1:SCAL 1..2", -120),
        ("CHAN1:COUP GND", -224),
        ("CHAN1:BWL PERHAPS", -224),
        ("CLOS 101", -104),
        ("CLOS (@101", -171),
        ("CLOS (@99)", -222),
        ("SAY hello", -151),
        ("*ESE 3 V", -138),
        ("*XYZ", -113),
        ("SYST", -113),
        ("FAIL?", -300),
    ],
)
def test_a_wrong_command_gives_its_code_and_no_reply(
    instrument: _Instrument, message: str, code: int
) -> None:
    assert instrument.ask(message) == ""
    assert instrument.errors() == [code]
    assert instrument.channels[1].scale_v == 1.0


def test_numbers_take_multipliers_and_names(instrument: _Instrument) -> None:
    for text, value in (
        ("500 mV", 0.5), ("500MV", 0.5), (".2e1", 2.0), ("+1E+0V", 1.0), ("2500000 uV", 2.5),
        ("MIN", 0.1), ("maximum", 5.0), ("DEF", 1.0),
    ):  # fmt: skip
        instrument.ask(f"CHAN1:SCAL {text}")
        assert instrument.channels[1].scale_v == pytest.approx(value)
    assert float(instrument.ask("CHAN1:SCAL? MAX")) == 5.0
    assert instrument.errors() == []


def test_compound_commands_follow_the_path(instrument: _Instrument) -> None:
    reply = instrument.ask("CHAN2:SCAL 2;COUP AC;*ESE 4;SCAL?;:CHAN1:SCAL?;BWL?;COUP?")
    assert reply == "+2.00000000E+00;+1.00000000E+00;0;DC"
    assert instrument.channels[2].coupling == "AC"
    assert instrument.errors() == []


def test_a_path_does_not_reach_the_root_without_a_colon(instrument: _Instrument) -> None:
    instrument.ask("CHAN1:SCAL 2;CHAN2:SCAL 3")
    assert instrument.errors() == [-113]
    assert instrument.channels[2].scale_v == 1.0


def test_a_command_error_ends_the_message_an_execution_error_does_not(
    instrument: _Instrument,
) -> None:
    assert instrument.ask("CHAN1:SCAL 99;COUP ACOUPLED;COUP?") == "AC"
    assert instrument.ask("CHAN1:NOTHING 1;:CHAN1:SCAL?") == ""
    assert instrument.errors() == [-222, -113]


def test_optional_nodes_may_be_left_out(instrument: _Instrument) -> None:
    instrument.ask("CHAN1:BWL:STAT ON")
    assert instrument.ask("CHAN1:BWL?") == "1"
    instrument.ask("CHAN1:BWL 0")
    assert instrument.ask("CHAN:BWLIMIT:STATE?") == "0"


def test_channel_lists_take_ranges(instrument: _Instrument) -> None:
    instrument.ask("ROUT:CLOS (@101,103:105);:CLOS (@ 110 )")
    assert instrument.lists == [(101, 103, 104, 105), (110,)]


def test_strings_hide_separators(instrument: _Instrument) -> None:
    instrument.ask('SAY "a;b, \'c\' ""d""";:CHAN1:SCAL 2')
    assert instrument.said == "a;b, 'c' \"d\""
    assert instrument.channels[1].scale_v == 2.0


def test_replies_are_joined_and_blocks_pass_unchanged(instrument: _Instrument) -> None:
    assert instrument.ask("*IDN?;BLOC?;*TST?") == "MAKER,MODEL,1,2;#13a;b;+0"


def test_the_error_queue_overflows_at_its_end(instrument: _Instrument) -> None:
    for _ in range(5):
        instrument.ask("NOPE")
    assert instrument.errors() == [-113, -113, -350]


def test_status_registers_follow_errors_and_completion(instrument: _Instrument) -> None:
    assert instrument.ask("*ESR?") == "+128"
    instrument.ask("NOPE;*ESE 32;*SRE 32")
    instrument.ask("*ESE 32;*SRE 32")
    assert instrument.status_byte(message_available=True) == 0x04 | 0x10 | 0x20 | 0x40
    instrument.busy = True
    instrument.ask("*CLS;*OPC")
    assert instrument.ask("*ESR?") == "+0"
    instrument.busy = False
    assert instrument.ask("*ESR?") == "+1"
    assert instrument.ask("*OPC?;*STB?") == "1;+0"


def test_a_message_takes_its_time(instrument: _Instrument) -> None:
    before_ns = instrument.timeline.now_ns
    instrument.ask("*IDN?;*TST?")
    assert instrument.timeline.now_ns - before_ns == MESSAGE_TIME_NS
