"""Exact dialogues with the Rigol DP800 and Siglent SPD supplies."""

from __future__ import annotations

import pytest

from bench.errors import InstrumentError, ScpiError, SettingOutOfRange
from instruments.supplies import RigolDp800, SiglentSpd
from tests.instruments.dialogue import Dialogue, HandClock, identity, session

RIGOL_OK = (":SYST:ERR?", '0,"No error"')
SIGLENT_OK = ("SYST:ERR?", "0  No Error")


def supply(kind, model, *exchanges):
    dialogue = Dialogue(*exchanges)
    return kind(session(dialogue, clock=HandClock()), identity(model)), dialogue


def test_a_dp832_is_set_read_back_switched_and_measured():
    driver, dialogue = supply(
        RigolDp800, "DP832",
        (":SOUR1:VOLT 3.7", ""), (":SOUR1:CURR 0.1", ""),
        (":SOUR1:VOLT?", "3.70"), (":SOUR1:CURR?", "0.100"), RIGOL_OK,
        (":OUTP CH1,ON", ""), ("*OPC?", "1"), (":OUTP? CH1", "ON"), RIGOL_OK,
        (":MEAS:VOLT? CH1", "3.6998"), RIGOL_OK,
        (":OUTP? CH3", "OFF"), RIGOL_OK,
    )  # fmt: skip
    driver.configure_output(1, voltage_v=3.7, current_limit_a=0.1)
    driver.switch_output(1, on=True)
    assert driver.measure_voltage(1) == 3.6998
    assert not driver.output_is_on(3)
    assert driver.readable_outputs == (1, 2, 3)
    dialogue.require_finished()


def test_a_dp832_rounds_to_ten_millivolts_and_a_dp832a_does_not():
    exchanges = ((":SOUR2:VOLT 0.808", ""), (":SOUR2:CURR 0.1", ""), (":SOUR2:VOLT?", "0.81"),
                 (":SOUR2:CURR?", "0.100"), RIGOL_OK)  # fmt: skip
    supply(RigolDp800, "DP832", *exchanges)[0].configure_output(
        2, voltage_v=0.808, current_limit_a=0.1
    )
    strict = ((":SOUR2:VOLT 0.808", ""), (":SOUR2:CURR 0.1", ""), (":SOUR2:VOLT?", "0.812"),
              (":SOUR2:CURR?", "0.100"), RIGOL_OK)  # fmt: skip
    with pytest.raises(InstrumentError, match=r"was set to 0\.808, it reports 0\.812"):
        supply(RigolDp800, "DP832A", *strict)[0].configure_output(
            2, voltage_v=0.808, current_limit_a=0.1
        )


@pytest.mark.parametrize(("kind", "model"), [(RigolDp800, "DP832"), (SiglentSpd, "SPD3303X")])
def test_what_is_beyond_the_rating_is_refused_and_nothing_is_sent(kind, model):
    driver, _ = supply(kind, model)
    for output, volts in ((1, 40.0), (4, 1.0), (1, -1.0), (0, 1.0)):
        with pytest.raises(SettingOutOfRange):
            driver.configure_output(output, voltage_v=volts, current_limit_a=0.1)


def test_an_output_that_does_not_switch_is_named():
    driver, _ = supply(
        RigolDp800, "DP832A", (":OUTP CH2,ON", ""), ("*OPC?", "1"), (":OUTP? CH2", "OFF"), RIGOL_OK
    )
    with pytest.raises(InstrumentError, match="output 2 was switched on, it reports the opposite"):
        driver.switch_output(2, on=True)


def test_an_spd_is_set_read_back_switched_and_measured():
    driver, dialogue = supply(
        SiglentSpd, "SPD3303X",
        ("CH1:VOLT 3.7", ""), SIGLENT_OK, ("CH1:CURR 0.1", ""), SIGLENT_OK,
        ("CH1:VOLT?", "3.700"), ("CH1:CURR?", "0.100"), SIGLENT_OK,
        ("OUTP CH1,ON", ""), SIGLENT_OK, ("SYST:STAT?", "0x14"), SIGLENT_OK,
        ("MEAS:VOLT? CH1", "3.699"), SIGLENT_OK,
        ("SYST:STAT?", "0x14"), SIGLENT_OK,
    )  # fmt: skip
    driver.configure_output(1, voltage_v=3.7, current_limit_a=0.1)
    driver.switch_output(1, on=True)
    assert driver.measure_voltage(1) == 3.699
    assert not driver.output_is_on(2)
    dialogue.require_finished()


def test_the_fixed_output_of_an_spd_can_be_switched_and_no_more():
    driver, dialogue = supply(SiglentSpd, "SPD3303X", ("OUTP CH3,ON", ""), SIGLENT_OK)
    driver.configure_output(3, voltage_v=5.0, current_limit_a=1.0)
    driver.switch_output(3, on=True)
    assert driver.readable_outputs == (1, 2)
    with pytest.raises(SettingOutOfRange, match="by its switch, not 4 V"):
        driver.configure_output(3, voltage_v=4.0, current_limit_a=1.0)
    with pytest.raises(SettingOutOfRange, match="output 3 does not exist"):
        driver.measure_voltage(3)
    dialogue.require_finished()


def test_an_spd_is_reset_by_switching_everything_off():
    off = tuple(
        exchange
        for output in (1, 2, 3)
        for exchange in (
            (f"OUTP CH{output},OFF", ""), SIGLENT_OK,
            *((("SYST:STAT?", "0x4"), SIGLENT_OK) if output < 3 else ()),
        )
    )  # fmt: skip
    driver, dialogue = supply(SiglentSpd, "SPD3303X", *off)
    driver.reset()
    dialogue.require_finished()


def test_an_error_of_an_spd_is_named_although_it_has_no_comma():
    driver, _ = supply(
        SiglentSpd, "SPD3303X", ("MEAS:VOLT? CH1", "3.7"), ("SYST:ERR?", "8  Can not get"),
        SIGLENT_OK,
    )  # fmt: skip
    with pytest.raises(ScpiError, match="8, Can not get"):
        driver.measure_voltage(1)


@pytest.mark.parametrize("reply", ["14", "0x", "0xZZ", ""])
def test_a_status_that_is_no_status_is_refused(reply):
    driver, _ = supply(SiglentSpd, "SPD3303X", ("SYST:STAT?", reply), SIGLENT_OK)
    with pytest.raises(InstrumentError, match="status cannot be read"):
        driver.output_is_on(1)
