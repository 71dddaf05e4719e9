"""Exact dialogues with each family of multimeters, and what every one of them must refuse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import InstrumentError, ReadingOverload, SettingOutOfRange
from bench.station.contact_thresholds import WIDE_RANGE_OHM
from instruments.dmms import (
    Fluke884xA,
    Keithley2000,
    KeithleyDmm6500,
    Keysight34401A,
    RigolDm858,
    RigolDm3068,
    SiglentSdm,
)
from instruments.dmms.integration import LineCycleRange, LineCycleSteps, Seconds
from instruments.dmms.readings import OVERLOAD, is_overload, parse_readings
from instruments.session import Session
from tests.instruments.dialogue import Dialogue, closed, identity, session

OK = '0,"No error"'


@dataclass(frozen=True, kw_only=True)
class Case:
    """A family with what it is sent for 0.1 V d.c., 0.2 s, and for two readings of it."""

    driver: type
    model: str
    first: tuple[tuple[str, str], ...] = ()
    """Messages before the first setting."""
    volts: tuple[tuple[str, str], ...]
    two_readings: tuple[tuple[str, str], ...]
    unit: str = ""


def one_by_one(*exchanges: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (*exchanges, (":SYST:ERR?", OK))


LIKE_34401A = (
    (
        (
            ':FUNC "VOLT:DC";:VOLT:DC:RANG 0.1;:VOLT:DC:NPLC 10;:ZERO:AUTO ON;:INP:IMP:AUTO ON;'
            ":TRIG:SOUR IMM;:TRIG:COUN 1;:VOLT:DC:RANG?;:SYST:ERR?"
        ),
        closed("+1.00000000E-01"),
    ),
)
TWO_AT_ONCE = ((":SAMP:COUN 2;:READ?;:SYST:ERR?", closed("+1.0E-03,-2.0E-03")),)
TWO_ONE_BY_ONE = one_by_one((":SAMP:COUN 2", ""), (":READ?", "+1.0E-03,-2.0E-03"))

CASES = (
    Case(driver=Keysight34401A, model="34401A", volts=LIKE_34401A, two_readings=TWO_AT_ONCE),
    Case(
        driver=Fluke884xA,
        model="8846A",
        first=(("SYST:REM", ""),),
        volts=LIKE_34401A,
        two_readings=TWO_AT_ONCE,
    ),
    Case(
        driver=Keithley2000,
        model="MODEL 2000",
        first=((":SYST:LFR?", "50"),),
        volts=(
            (
                (
                    ":SENS:FUNC 'VOLT:DC';:SENS:VOLT:DC:RANG 0.1;:SENS:VOLT:DC:NPLC 10;"
                    ":SYST:AZER:STAT ON;:INIT:CONT OFF;:TRIG:SOUR IMM;:TRIG:COUN 1;:SAMP:COUN 1;"
                    ":FORM:DATA ASC;:FORM:ELEM READ;:SENS:VOLT:DC:RANG?;:SYST:ERR?"
                ),
                f"0.100000;{OK}",
            ),
        ),
        two_readings=(
            (":READ?;:SYST:ERR?", f"+1.0E-03;{OK}"),
            (":READ?;:SYST:ERR?", f"-2.0E-03VDC,+12.3SECS,+00001RDNG#;{OK}"),
        ),
        unit="VDC",
    ),
    Case(
        driver=KeithleyDmm6500,
        model="MODEL DMM6500",
        first=(("*LANG?", "SCPI"),),
        volts=(
            (
                (
                    ':SENS:FUNC "VOLT:DC";:SENS:VOLT:DC:RANG 0.1;:SENS:VOLT:DC:APER 0.2;'
                    ":SENS:VOLT:DC:INP AUTO;:SENS:VOLT:DC:AZER ON;:SENS:COUN 1;"
                    ":SENS:VOLT:DC:RANG?;:SYST:ERR?"
                ),
                '0.1;0,"No error;0;0 0"',
            ),
        ),
        two_readings=(
            (":READ?;:SYST:ERR?", '1.0E-03;0,"No error;0;0 0"'),
            (":READ?;:SYST:ERR?", '-2.0E-03;0,"No error;0;0 0"'),
        ),
    ),
    Case(
        driver=RigolDm3068,
        model="DM3068",
        first=(("CMDSET AGILENT", ""),),
        volts=one_by_one(
            (':FUNC "VOLT:DC"', ""),
            (":VOLT:DC:RANG 0.2", ""),
            (":VOLT:DC:NPLC 10", ""),
            (":ZERO:AUTO ON", ""),
            (":INP:IMP:AUTO ON", ""),
            (":TRIG:SOUR IMM", ""),
            (":TRIG:COUN 1", ""),
            (":VOLT:DC:RANG?", "2.00000000E-01"),
        ),
        two_readings=TWO_ONE_BY_ONE,
    ),
    Case(
        driver=RigolDm858,
        model="DM858",
        volts=one_by_one(
            (':FUNC "VOLT:DC"', ""),
            (":VOLT:DC:RANG 0.1", ""),
            (":VOLT:DC:NPLC 5", ""),
            (":VOLT:DC:IMP:AUTO ON", ""),
            (":TRIG:SOUR IMM", ""),
            (":TRIG:COUN 1", ""),
            (":VOLT:DC:RANG?", "1.000000E-01"),
        ),
        two_readings=one_by_one(
            (":SAMP:COUN 4", ""), (":READ?", "+1.1E-03,+0.9E-03,-2.0E-03,-2.0E-03")
        ),
    ),
    Case(
        driver=SiglentSdm,
        model="SDM3065X",
        volts=one_by_one(
            (':FUNC "VOLT:DC"', ""),
            (":VOLT:DC:RANG 0.2", ""),
            (":VOLT:DC:NPLC 10", ""),
            (":VOLT:DC:AZ:STAT ON", ""),
            (":VOLT:DC:IMP:AUTO ON", ""),
            (":TRIG:SOUR IMM", ""),
            (":TRIG:COUN 1", ""),
            (":VOLT:DC:RANG?", "+2.00000000E-01"),
        ),
        two_readings=(*TWO_ONE_BY_ONE, *one_by_one((":VOLT:DC:RANG?", "+2.00000000E-01"))),
    ),
)
BY_NAME = {case.driver.__name__: case for case in CASES}
EVERY = pytest.mark.parametrize("case", CASES, ids=list(BY_NAME))


def meter(case: Case, *exchanges: tuple[str, str]):
    dialogue = Dialogue(*exchanges)
    return case.driver(session(dialogue), identity(case.model)), dialogue


def configured(case: Case, *exchanges: tuple[str, str]):
    driver, dialogue = meter(case, *case.first, *case.volts, *exchanges)
    driver.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
    return driver, dialogue


@EVERY
def test_volts_are_configured_once_and_read(case):
    driver, dialogue = configured(case, *case.two_readings)
    driver.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
    assert driver.read(2) == pytest.approx([1e-3, -2e-3])
    dialogue.require_finished()


@EVERY
def test_a_range_that_the_meter_did_not_take_is_refused(case):
    *before, (last, _) = case.volts[: -1 if len(case.volts) > 1 else None]
    after = case.volts[-1:] if len(case.volts) > 1 else ()
    reply = "10" if after else f"10;{OK}"
    driver, _ = meter(case, *case.first, *before, (last, reply), *after)
    with pytest.raises(InstrumentError, match="it reports 10"):
        driver.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
    with pytest.raises(InstrumentError, match="not configured"):
        driver.read()


@EVERY
@pytest.mark.parametrize("sentinel", ["+9.90000000E+37", "-9.9E37", "9.91e37", "1E999"])
def test_the_overload_sentinel_is_never_a_number(case, sentinel):
    exchanges = [
        (message, reply.replace("+1.0E-03", sentinel).replace("1.0E-03", sentinel))
        if "+1.1E-03" not in reply
        else (message, reply.replace("+1.1E-03", sentinel))
        for message, reply in case.two_readings
    ]
    driver, _ = configured(case, *exchanges)
    with pytest.raises(ReadingOverload, match="overload"):
        driver.read(2)


@EVERY
def test_ranges_and_apertures_that_do_not_exist_are_refused_and_nothing_is_sent(case):
    driver, dialogue = meter(case, *case.first)
    with pytest.raises(SettingOutOfRange, match="no range of"):
        driver.configure_dc_voltage(range_v=2000.0, aperture_s=0.2)
    with pytest.raises(SettingOutOfRange, match="below the shortest"):
        driver.configure_dc_voltage(range_v=0.1, aperture_s=1e-7)
    dialogue.require_finished()


@EVERY
def test_it_has_the_ranges_that_the_station_uses(case):
    family = meter(case)[0]._family
    assert any(0.1 <= range_v <= 0.6 for range_v in family.ranges_v)
    assert max(family.ranges_v) == 1000.0
    assert min(family.ranges_ohm) <= 600.0
    assert max(family.ranges_ohm) >= WIDE_RANGE_OHM
    assert list(family.ranges_v) == sorted(family.ranges_v)
    assert list(family.ranges_ohm) == sorted(family.ranges_ohm)


def test_a_34401a_on_a_serial_line_is_made_remote_first():
    case = BY_NAME["Keysight34401A"]
    dialogue = Dialogue(("SYST:REM", ""), *case.volts, *case.two_readings)
    line = Session(dialogue, role="dmm", resource_name="ASRL/dev/ttyUSB0::INSTR", timeout_s=5.0)
    driver = Keysight34401A(line, identity("34401A", manufacturer="HEWLETT-PACKARD"))
    driver.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
    driver.read(2)
    dialogue.require_finished()


def test_a_fluke_is_made_remote_before_and_after_a_reset_that_may_be_slow():
    case = BY_NAME["Fluke884xA"]
    driver, dialogue = meter(
        case, ("SYST:REM", ""), ("*RST;*CLS;*OPC?", "1"), ("SYST:REM", ""), *case.volts
    )
    driver.reset()
    assert dialogue.timeouts_s[-1] >= 20.0
    driver.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
    dialogue.require_finished()


def test_a_rigol_dm3068_gets_its_command_set_again_after_a_reset():
    case = BY_NAME["RigolDm3068"]
    reset = (("*RST", ""), ("*CLS", ""), ("*OPC?", "1"))
    driver, dialogue = meter(case, *case.first, *reset, *case.first, *case.volts)
    driver.reset()
    driver.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
    dialogue.require_finished()


def test_a_dmm6500_in_another_command_set_is_told_how_to_leave_it():
    driver, _ = meter(BY_NAME["KeithleyDmm6500"], ("*LANG?", "TSP"))
    with pytest.raises(InstrumentError, match=r"'TSP', expected SCPI; send \*LANG SCPI"):
        driver.configure_dc_voltage(range_v=0.1, aperture_s=0.2)


def test_a_siglent_that_leaves_its_range_while_it_reads_gives_no_number():
    case = BY_NAME["SiglentSdm"]
    driver, _ = configured(
        case, *TWO_ONE_BY_ONE, *one_by_one((":VOLT:DC:RANG?", "+2.00000000E+00"))
    )
    with pytest.raises(ReadingOverload, match="left its range of VOLT:DC for 2"):
        driver.read(2)
    with pytest.raises(InstrumentError, match="not configured"):
        driver.read()


@pytest.mark.parametrize(
    ("apertures", "aperture_s", "expected"),
    [
        (Seconds(shortest_s=1e-5, longest_s=0.24), 0.2, ("APER", 0.2, 0.2, 1)),
        (Seconds(shortest_s=1e-5, longest_s=0.24), 1.0, ("APER", 0.2, 0.2, 5)),
        (Seconds(shortest_s=1e-5, longest_s=1.0, combine=False), 1.0, ("APER", 1.0, 1.0, 1)),
        (LineCycleRange(fewest=0.01, most=10), 0.05, ("NPLC", 2.5, 0.05, 1)),
        (LineCycleRange(fewest=0.01, most=10), 0.2, ("NPLC", 10.0, 0.2, 1)),
        (LineCycleRange(fewest=0.01, most=10), 1.0, ("NPLC", 10.0, 0.2, 5)),
        (LineCycleSteps(steps=(0.02, 1, 10)), 0.1, ("NPLC", 1, 0.02, 5)),
        (LineCycleSteps(steps=(0.02, 1, 10)), 0.2, ("NPLC", 10, 0.2, 1)),
        (LineCycleSteps(steps=(0.4, 5, 20)), 1.0, ("NPLC", 20, 0.4, 3)),
    ],
)
def test_an_aperture_is_made_of_what_the_meter_has(apertures, aperture_s, expected):
    found = apertures.split(aperture_s, line_hz=50.0)
    mnemonic, value, reading_s, combined = expected
    assert (found.mnemonic, found.combined) == (mnemonic, combined)
    assert (found.value, found.reading_s) == (pytest.approx(value), pytest.approx(reading_s))


# -- the parser of readings


numbers = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)
printed = st.sampled_from(("{:+.8E}", "{:.6e}", "{:+.9f}", "{!r}"))


@given(
    values=st.lists(numbers, min_size=1, max_size=8),
    form=printed,
    unit=st.sampled_from(("", "VDC")),
)
def test_every_way_to_print_a_number_is_read_back(values, form, unit):
    fields = [form.format(value) + unit for value in values]
    found = parse_readings(",".join(fields), count=len(values), units=("VDC",))
    assert found.tolist() == [float(form.format(value)) for value in values]


@given(
    values=st.lists(numbers, min_size=1, max_size=5),
    where=st.integers(0, 200),
    junk=st.text(st.characters(codec="ascii", exclude_characters=" \t\n\r\f\v"), max_size=3),
    cut=st.integers(0, 12),
)
def test_a_damaged_reply_is_refused_or_holds_only_numbers_that_were_sent_in_full(
    values, where, junk, cut
):
    reply = ",".join(f"{value:+.8E}" for value in values)
    where = min(where, len(reply))
    damaged = reply[:where] + junk + reply[where + cut :]
    try:
        found = parse_readings(damaged, count=len(values))
    except ValueError:
        return
    assert found.tolist() == [float(field) for field in damaged.split(",")]
    assert len(found) == len(values)


@given(st.text(max_size=40), st.integers(1, 3))
def test_whatever_comes_it_is_a_number_in_decimal_or_refused(reply, count):
    try:
        found = parse_readings(reply, count=count, units=("VDC",))
    except ValueError:
        return
    assert found.shape == (count,)
    assert all(any(digit in reply for digit in "0123456789") for _ in found)


@pytest.mark.parametrize(
    "reply",
    ["", "volts", "1.0VAC", "1.0 V", "nan", "inf", "0x10", "1_000", "1,,2", "1;2", "+1.2E", "1 2",
     "\u0661", "+00001RDNG#", "1.0VDC,2.0VDC"],
)  # fmt: skip
def test_what_is_no_reading_is_refused(reply):
    with pytest.raises(ValueError, match="expected"):
        parse_readings(reply, count=1, units=("VDC",))


def test_tagged_elements_are_no_readings_and_only_where_the_family_has_them():
    reply = "+1.5E-03VDC,+7211.5SECS,+00042RDNG#,+2.5E-03VDC,+7212.5SECS,+00043RDNG#"
    assert parse_readings(reply, count=2, units=("VDC",)).tolist() == [1.5e-3, 2.5e-3]
    with pytest.raises(ValueError, match="plain numbers"):
        parse_readings(reply, count=2)


def test_the_sentinel_and_whatever_is_not_finite_is_an_overload():
    for value in (OVERLOAD, -OVERLOAD, 9.91e37, float("inf"), float("nan")):
        assert is_overload(np.array([0.0, value]))
    assert not is_overload(np.array([0.0, 1e9]))
