"""Exact dialogues with a triple-output supply."""

from __future__ import annotations

import pytest

from bench.errors import InstrumentError, SettingOutOfRange
from instruments.supplies import KeysightE36xx
from tests.instruments.dialogue import Dialogue, closed, identity, session


def supply(*exchanges, model="E36312A") -> tuple[KeysightE36xx, Dialogue]:
    dialogue = Dialogue(*exchanges)
    return KeysightE36xx(session(dialogue), identity(model)), dialogue


def test_an_output_is_set_and_read_back_without_being_switched():
    driver, dialogue = supply(
        (
            ":VOLT 3.7,(@1);:CURR 0.1,(@1);:VOLT? (@1);:CURR? (@1);:SYST:ERR?",
            closed("+3.70000E+00", "+1.00000E-01"),
        )
    )
    driver.configure_output(1, voltage_v=3.7, current_limit_a=0.1)
    dialogue.require_finished()


def test_a_setting_that_the_supply_did_not_take_is_an_error():
    driver, _ = supply(
        (":VOLT 4,(@2);:CURR 0.1,(@2);:VOLT? (@2);:CURR? (@2);:SYST:ERR?", closed("3.0", "0.1"))
    )
    with pytest.raises(InstrumentError, match="output 2 was set to 4, it reports 3"):
        driver.configure_output(2, voltage_v=4.0, current_limit_a=0.1)


@pytest.mark.parametrize(
    ("output", "voltage_v", "current_a"),
    [(1, 6.5, 0.1), (1, -1.0, 0.1), (2, 3.0, 1.5), (3, 30.0, 0.1)],
)
def test_beyond_the_rating_nothing_is_sent(output, voltage_v, current_a):
    driver, _ = supply()
    with pytest.raises(SettingOutOfRange, match=f"of output {output}"):
        driver.configure_output(output, voltage_v=voltage_v, current_limit_a=current_a)


@pytest.mark.parametrize(("on", "word", "state"), [(True, "ON", "1"), (False, "OFF", "0")])
def test_switching_is_read_back(on, word, state):
    driver, dialogue = supply(
        (f":OUTP {word},(@3);*OPC?;:OUTP? (@3);:SYST:ERR?", closed("1", state))
    )
    driver.switch_output(3, on=on)
    dialogue.require_finished()


def test_an_output_that_did_not_switch_is_an_error():
    driver, _ = supply((":OUTP ON,(@1);*OPC?;:OUTP? (@1);:SYST:ERR?", closed("1", "0")))
    with pytest.raises(InstrumentError, match="were switched on, it reports 0"):
        driver.switch_output(1, on=True)


def test_all_off_switches_and_checks_every_output_every_time():
    off = (":OUTP OFF,(@1:3);*OPC?;:OUTP? (@1:3);:SYST:ERR?", closed("1", "0,0,0"))
    driver, dialogue = supply(off, off)
    driver.all_off()
    driver.all_off()
    dialogue.require_finished()


def test_all_off_fails_where_one_output_stays_on():
    driver, _ = supply((":OUTP OFF,(@1:3);*OPC?;:OUTP? (@1:3);:SYST:ERR?", closed("1", "0,1,0")))
    with pytest.raises(InstrumentError, match="reports 0,1,0"):
        driver.all_off()


def test_readings():
    driver, dialogue = supply(
        (":MEAS:VOLT? (@1);:SYST:ERR?", closed("+3.69912E+00")),
        (":MEAS:CURR? (@1);:SYST:ERR?", closed("+1.93100E-02")),
        (":OUTP? (@2);:SYST:ERR?", closed("1")),
    )
    assert driver.measure_voltage(1) == 3.69912
    assert driver.measure_current(1) == 0.01931
    assert driver.output_is_on(2)
    dialogue.require_finished()


@pytest.mark.parametrize("output", [0, 4])
def test_an_output_that_does_not_exist_is_refused(output):
    with pytest.raises(SettingOutOfRange, match="it has 1, 2 and 3"):
        supply()[0].measure_voltage(output)


def test_a_reading_that_is_no_number_is_refused():
    driver, _ = supply((":MEAS:VOLT? (@1);:SYST:ERR?", closed("****")))
    with pytest.raises(InstrumentError, match="cannot be read"):
        driver.measure_voltage(1)
