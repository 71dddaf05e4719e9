"""Exact dialogues with a Truevolt multimeter."""

from __future__ import annotations

import pytest

from bench.errors import InstrumentError, ReadingOverload, ScpiError, SettingOutOfRange
from instruments.dmms import Keysight344xx
from tests.instruments.dialogue import NO_ERROR, Dialogue, closed, identity, session

VOLTS = (
    ':FUNC "VOLT:DC";:VOLT:DC:RANG {};:VOLT:DC:APER 0.25;:VOLT:DC:ZERO:AUTO ON;'
    ":VOLT:DC:IMP:AUTO ON;:TRIG:SOUR IMM;:TRIG:COUN 1;:VOLT:DC:RANG?;:SYST:ERR?"
)
VOLTS_61 = VOLTS.replace(":VOLT:DC:APER 0.25", ":VOLT:DC:NPLC {}")
READ_ONE = ":SAMP:COUN 1;:READ?;:SYST:ERR?"


def meter(*exchanges, model="34465A") -> tuple[Keysight344xx, Dialogue]:
    dialogue = Dialogue(*exchanges)
    return Keysight344xx(session(dialogue), identity(model)), dialogue


def test_dc_volts_take_the_smallest_range_that_holds_them_and_read_it_back():
    driver, dialogue = meter((VOLTS.format(1), closed("+1.0E+00")))
    driver.configure_dc_voltage(range_v=0.4, aperture_s=0.25)
    driver.configure_dc_voltage(range_v=0.4, aperture_s=0.25)
    assert driver.aperture_s == 0.25
    dialogue.require_finished()


def test_ac_volts_leave_the_filter_as_it_is_and_read_the_range_back():
    driver, dialogue = meter(
        (
            ':FUNC "VOLT:AC";:VOLT:AC:RANG 0.1;:TRIG:SOUR IMM;:TRIG:COUN 1;:VOLT:AC:RANG?;:SYST:ERR?',
            closed("+1.0E-01"),
        ),
        (READ_ONE, closed("+2.5E-03")),
    )
    driver.configure_ac_voltage(range_v=0.1)
    assert driver.read().tolist() == [0.0025]
    dialogue.require_finished()


def test_four_wire_and_two_wire_resistance():
    driver, dialogue = meter(
        (
            (
                ':FUNC "FRES";:FRES:RANG 100;:FRES:APER 0.1;:TRIG:SOUR IMM;:TRIG:COUN 1;:FRES:RANG?;'
                ":SYST:ERR?"
            ),
            closed("100"),
        ),
        (
            ':FUNC "RES";:RES:RANG 10000000;:RES:APER 0.02;:RES:ZERO:AUTO ON;:RES:RANG?;:SYST:ERR?',
            closed("1E7"),
        ),
    )
    driver.configure_resistance(range_ohm=100.0, aperture_s=0.1)
    driver.configure_resistance(range_ohm=2e6, aperture_s=0.02, four_wire=False)
    dialogue.require_finished()


def test_a_meter_that_takes_another_range_is_refused_and_will_not_read():
    driver, _ = meter((VOLTS.format(1), closed("+1.0E+01")))
    with pytest.raises(InstrumentError, match="set to the range 1, it reports 10"):
        driver.configure_dc_voltage(range_v=1.0, aperture_s=0.25)
    with pytest.raises(InstrumentError, match="not configured"):
        driver.read()


@pytest.mark.parametrize("range_v", [0.0, -1.0, 2000.0, float("nan")])
def test_a_range_that_does_not_exist_is_refused(range_v):
    with pytest.raises(SettingOutOfRange, match="no range of"):
        meter()[0].configure_dc_voltage(range_v=range_v, aperture_s=0.1)


@pytest.mark.parametrize("aperture_s", [1e-5, 1.5])
def test_an_aperture_that_does_not_exist_is_refused(aperture_s):
    with pytest.raises(SettingOutOfRange, match="aperture"):
        meter()[0].configure_dc_voltage(range_v=1.0, aperture_s=aperture_s)


def configured(*exchanges) -> tuple[Keysight344xx, Dialogue]:
    driver, dialogue = meter((VOLTS.format(1), closed("1")), *exchanges)
    driver.configure_dc_voltage(range_v=1.0, aperture_s=0.25)
    return driver, dialogue


def test_reading_sends_the_count_only_where_it_changes():
    driver, dialogue = configured(
        (":SAMP:COUN 3;:READ?;:SYST:ERR?", closed("+1.0E-03,+2.0E-03,+3.0E-03")),
        (":READ?;:SYST:ERR?", closed("1,2,3")),
        (READ_ONE, closed("-4.5E-01")),
    )
    assert driver.read(3).tolist() == [1e-3, 2e-3, 3e-3]
    assert driver.read(3).tolist() == [1.0, 2.0, 3.0]
    assert driver.read().tolist() == [-0.45]
    dialogue.require_finished()


def test_the_timeout_grows_with_the_readings():
    driver, dialogue = configured((":SAMP:COUN 40;:READ?;:SYST:ERR?", closed(",".join("1" * 40))))
    driver.read(40)
    assert dialogue.timeouts_s[-1] > 40 * 2 * 0.25
    assert dialogue.timeouts_s[0] == 5.0


@pytest.mark.parametrize("sentinel", ["+9.90000000E+37", "-9.9E37", "+9.91E+37"])
def test_the_overload_sentinel_is_never_a_number(sentinel):
    driver, _ = configured((":SAMP:COUN 2;:READ?;:SYST:ERR?", closed(f"1.0,{sentinel}")))
    with pytest.raises(ReadingOverload, match="overload"):
        driver.read(2)


@pytest.mark.parametrize("reply", ["1.0", "1,2,3", "", "OVLD,1"])
def test_another_number_of_readings_is_refused(reply):
    driver, _ = configured((":SAMP:COUN 2;:READ?;:SYST:ERR?", closed(reply)))
    with pytest.raises(InstrumentError, match=r"READ\?.*(cannot be used|not usable)"):
        driver.read(2)


def test_a_meter_that_was_not_configured_reads_nothing():
    with pytest.raises(InstrumentError, match="not configured"):
        meter()[0].read()


def test_a_refused_setting_is_an_error_with_its_code():
    driver, _ = meter(
        (VOLTS.format(1), closed("1").replace('+0,"No error"', '-222,"Data out of range"')),
        (":SYST:ERR?", NO_ERROR),
    )
    with pytest.raises(ScpiError) as caught:
        driver.configure_dc_voltage(range_v=1.0, aperture_s=0.25)
    assert caught.value.code == -222


def test_a_34461a_combines_readings_of_its_nplc_steps():
    driver, dialogue = meter(
        (":SYST:LFR?", "50"),
        (VOLTS_61.format(1, 10), closed("1")),
        (":SAMP:COUN 2;:READ?;:SYST:ERR?", closed("1.0,3.0")),
        model="34461A",
    )
    driver.configure_dc_voltage(range_v=1.0, aperture_s=0.4)
    assert (driver.aperture_s, driver.readings_combined) == (0.2, 2)
    assert driver.read().tolist() == [2.0]
    dialogue.require_finished()


def test_a_34461a_refuses_an_aperture_below_its_shortest():
    driver, _ = meter((":SYST:LFR?", "60"), model="34461A")
    with pytest.raises(SettingOutOfRange, match="below the shortest of this model"):
        driver.configure_dc_voltage(range_v=1.0, aperture_s=1e-4)


def test_reset_needs_a_new_configuration():
    driver, _ = configured(("*RST;*CLS;*OPC?", "1"))
    driver.reset()
    with pytest.raises(InstrumentError, match="not configured"):
        driver.read()
