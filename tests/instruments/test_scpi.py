"""What SCPI drivers share: settings, the closing error query, the error queue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import InstrumentError, InstrumentTimeout, ScpiError, SettingOutOfRange
from instruments.scpi import ScpiInstrument, Setting, parse_identity
from tests.instruments.dialogue import NO_ERROR, Dialogue, closed, identity, session

RANGE = Setting(
    command=":X{n}:RANG {value}", query=":X{n}:RANG?", unit="V", low=0.1, high=10, doc="range of X"
)
MODE = Setting(command=":MODE {value}", choices=("A", "B"), doc="mode")


class Plain(ScpiInstrument):
    """A driver with nothing of its own."""

    def apply(self, *assignments, then=()):
        return self._apply(*assignments, then=then)


def plain(*exchanges) -> tuple[Plain, Dialogue]:
    dialogue = Dialogue(*exchanges)
    return Plain(session(dialogue), identity("X1")), dialogue


def test_a_setting_out_of_range_raises_and_sends_nothing():
    with pytest.raises(SettingOutOfRange, match=r"range of X: 11 V is outside 0.1 to 10 V"):
        RANGE.to(11.0, n=1)
    with pytest.raises(SettingOutOfRange, match="mode: C is not one of A, B"):
        MODE.to("C")
    with pytest.raises(SettingOutOfRange):
        RANGE.to(float("nan"), n=1)


def test_changes_go_out_as_one_message_closed_by_the_error_query():
    driver, dialogue = plain((":X2:RANG 1.5;:MODE B;:X2:RANG?;:SYST:ERR?", closed("1.5")))
    assert driver.apply(RANGE.to(1.5, n=2), MODE.to("B"), then=(RANGE.ask(n=2),)) == ["1.5"]
    dialogue.require_finished()


def test_what_was_sent_is_not_sent_again():
    driver, dialogue = plain(
        (":X1:RANG 1;:MODE A;:SYST:ERR?", NO_ERROR), (":MODE B;:SYST:ERR?", NO_ERROR)
    )
    driver.apply(RANGE.to(1.0, n=1), MODE.to("A"))
    driver.apply(RANGE.to(1.0, n=1), MODE.to("A"))
    driver.apply(RANGE.to(1.0, n=1), MODE.to("B"))
    dialogue.require_finished()


def test_an_error_is_raised_with_code_text_and_command_and_forgets_what_was_sent():
    driver, dialogue = plain(
        (":MODE A;:SYST:ERR?", '-222,"Data out of range; MODE"'),
        (":SYST:ERR?", '-113,"Undefined header"'),
        (":SYST:ERR?", NO_ERROR),
        (":MODE A;:SYST:ERR?", NO_ERROR),
    )
    with pytest.raises(ScpiError, match="-222, Data out of range; MODE") as caught:
        driver.apply(MODE.to("A"))
    assert (caught.value.code, caught.value.command) == (-222, ":MODE A;:SYST:ERR?")
    driver.apply(MODE.to("A"))
    dialogue.require_finished()


def test_a_semicolon_in_the_error_text_does_not_shift_the_answers():
    driver, _ = plain((":MODE A;:X1:RANG?;:SYST:ERR?", '2;-300,"a;b;c"'), (":SYST:ERR?", NO_ERROR))
    with pytest.raises(ScpiError, match="-300, a;b;c"):
        driver.apply(MODE.to("A"), then=(RANGE.ask(n=1),))


def test_silence_after_a_message_that_was_not_understood_is_named_by_the_error_queue():
    driver, _ = plain(
        (":MODE A;:SYST:ERR?", TimeoutError()),
        (":SYST:ERR?", '-113,"Undefined header"'),
        (":SYST:ERR?", NO_ERROR),
        (":SYST:ERR?", NO_ERROR),
    )
    with pytest.raises(ScpiError, match="-113, Undefined header"):
        driver.apply(MODE.to("A"))


def test_silence_without_an_error_stays_a_timeout():
    driver, _ = plain((":MODE A;:SYST:ERR?", TimeoutError()), (":SYST:ERR?", TimeoutError()))
    with pytest.raises(InstrumentTimeout):
        driver.apply(MODE.to("A"))


def test_a_query_that_failed_and_has_no_answer_is_its_error():
    driver, _ = plain(
        (":X1:RANG?;:MODE?;:SYST:ERR?", '1;-221,"Settings conflict; it; was off"'),
        (":SYST:ERR?", NO_ERROR),
    )
    with pytest.raises(ScpiError, match="-221, Settings conflict; it; was off"):
        driver.apply(then=(":X1:RANG?", ":MODE?"))


def test_too_few_answers_are_refused():
    driver, dialogue = plain((":X1:RANG?;:MODE?;:SYST:ERR?", closed("1")))
    with pytest.raises(InstrumentError, match="expected 2 answers, found 1"):
        driver.apply(then=(":X1:RANG?", ":MODE?"))
    assert dialogue.cleared == 1


def test_a_reply_without_the_error_report_is_refused():
    driver, _ = plain((":X1:RANG?;:SYST:ERR?", "1"))
    with pytest.raises(InstrumentError, match="expected an error report at its end"):
        driver.apply(then=(":X1:RANG?",))


@pytest.mark.parametrize("reply", ["", "no error", "0;1", "+0"])
def test_an_error_query_that_answers_nonsense_is_refused(reply):
    driver, _ = plain((":SYST:ERR?", reply))
    with pytest.raises(InstrumentError, match="expected code and text"):
        driver.drain_errors()


def test_the_error_queue_is_read_to_its_end():
    driver, _ = plain((":SYST:ERR?", '-113,"Undefined header"'), (":SYST:ERR?", '0,"No error"'))
    assert driver.drain_errors() == ((-113, "Undefined header"),)


def test_an_endless_error_queue_is_an_error():
    driver, _ = plain(*[(":SYST:ERR?", '-410,"Query INTERRUPTED"')] * 64)
    with pytest.raises(InstrumentError, match="did not end after 64 entries"):
        driver.drain_errors()


def test_reset_forgets_what_was_sent():
    driver, dialogue = plain(
        (":MODE A;:SYST:ERR?", NO_ERROR),
        ("*RST;*CLS;*OPC?", "1"),
        (":MODE A;:SYST:ERR?", NO_ERROR),
    )
    driver.apply(MODE.to("A"))
    driver.reset()
    driver.apply(MODE.to("A"))
    dialogue.require_finished()


def test_an_identity_has_four_fields():
    found = parse_identity("KEYSIGHT TECHNOLOGIES,DSO-X 3034T,MY1,07.20")
    assert (found.manufacturer, found.model) == ("KEYSIGHT TECHNOLOGIES", "DSO-X 3034T")
    assert (found.serial, found.firmware) == ("MY1", "07.20")


@pytest.mark.parametrize("reply", ["", "220 mail server ready", "A,B,C", ",,,"])
def test_what_is_no_identity_is_refused(reply):
    with pytest.raises(ValueError, match="expected manufacturer"):
        parse_identity(reply)


@given(st.floats(min_value=0.1, max_value=10))
def test_a_value_is_sent_with_nine_digits(value):
    text = RANGE.to(value, n=3).text
    assert float(text.removeprefix(":X3:RANG ")) == pytest.approx(value, rel=1e-8)
