"""The choice of a driver by what answers, and what every driver must have."""

from __future__ import annotations

import inspect
import re

import pytest

from bench.errors import IdentityMismatch, InstrumentError, SettingOutOfRange
from instruments import (
    DRIVERS,
    known_models,
    open_generator,
    open_instrument,
    open_load_switch,
    open_multimeter,
    open_oscilloscope,
    open_supply,
)
from instruments.dmms import (
    Fluke884xA,
    Keithley2000,
    KeithleyDmm6500,
    Keysight344xx,
    Keysight34401A,
    RigolDm858,
    RigolDm3068,
    SiglentSdm,
)
from instruments.generators import Keysight33500B, SiglentSdg
from instruments.roles import (
    LoadSwitch,
    Multimeter,
    Oscilloscope,
    Supply,
    WaveformGenerator,
)
from instruments.scopes import KeysightInfiniiVision
from instruments.scpi import parse_identity
from instruments.supplies import KeysightE36xx
from instruments.switches import BOARDS, KeysightDaq970
from tests.instruments.dialogue import Dialogue, session
from tests.instruments.examples import EXAMPLES
from tests.instruments.peers import HislipPeer

OPENERS = {
    Oscilloscope: open_oscilloscope,
    Multimeter: open_multimeter,
    LoadSwitch: open_load_switch,
    Supply: open_supply,
    WaveformGenerator: open_generator,
}


def role_of(driver: type) -> type:
    """Return the Protocol that a driver's folder stands for."""
    roles = {
        "scopes": Oscilloscope,
        "dmms": Multimeter,
        "switches": LoadSwitch,
        "supplies": Supply,
        "generators": WaveformGenerator,
    }
    return roles[driver.__module__.split(".")[1]]


def members(role: type) -> set[str]:
    """Return every public member that a role's Protocol declares, inherited ones included."""
    names = {name for base in role.__mro__ for name in vars(base)}
    names |= {name for base in role.__mro__ for name in getattr(base, "__annotations__", {})}
    return {name for name in names if not name.startswith("_")}


def instrument(idn: str) -> HislipPeer:
    return HislipPeer(lambda message: idn.encode() + b"\n" if message == b"*IDN?" else None)


def test_every_driver_is_tested_here():
    assert set(EXAMPLES) == set(DRIVERS)


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_opens_with_its_manual_and_its_command_table(driver):
    document = inspect.getmodule(driver).__doc__
    assert "Manual: " in document
    assert "verified" in document.lower()
    assert "| errors" in document
    assert driver.MANUAL
    assert driver.__doc__


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_names_models_that_are_patterns_of_manufacturer_and_model(driver):
    assert driver.MODELS
    for pattern in driver.MODELS:
        assert "," in re.compile(pattern).pattern


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_has_every_member_of_its_role_with_the_same_signature(driver):
    role = role_of(driver)
    made = driver(session(Dialogue()), parse_identity(EXAMPLES[driver]))
    for name in members(role):
        assert hasattr(made, name), f"{driver.__name__} lacks {name}"
        declared = inspect.getattr_static(role, name, None)
        if inspect.isfunction(declared):
            assert inspect.signature(getattr(driver, name)) == inspect.signature(declared)
            assert getattr(driver, name).__doc__


@pytest.mark.parametrize("driver", DRIVERS)
def test_closing_is_idempotent(driver):
    made = driver(session(Dialogue()), parse_identity(EXAMPLES[driver]))
    made.close()
    made.close()


REFUSED = {
    Oscilloscope: (lambda d: d.configure_channel(99, volts_per_division=0.1),),
    Multimeter: (
        lambda d: d.configure_dc_voltage(range_v=1e6, aperture_s=0.1),
        lambda d: d.configure_ac_voltage(range_v=-1.0),
        lambda d: d.configure_resistance(range_ohm=1e15, aperture_s=0.1),
    ),
    LoadSwitch: (),
    Supply: (
        lambda d: d.configure_output(9, voltage_v=1.0, current_limit_a=0.1),
        lambda d: d.configure_output(1, voltage_v=1e3, current_limit_a=0.1),
        lambda d: d.switch_output(0, on=True),
        lambda d: d.measure_voltage(7),
    ),
    WaveformGenerator: (
        lambda d: d.configure_sine(frequency_hz=1e9, peak_v=1.0),
        lambda d: d.configure_sine(frequency_hz=1e3, peak_v=11.0),
        lambda d: d.configure_sine(frequency_hz=1e3, peak_v=0.0),
    ),
}
"""What no instrument of a role can do: refused before a byte is sent."""


@pytest.mark.parametrize("driver", DRIVERS)
def test_what_is_beyond_an_instrument_is_refused_and_nothing_is_sent(driver):
    made = driver(session(Dialogue()), parse_identity(EXAMPLES[driver]))
    for request in REFUSED[role_of(driver)]:
        with pytest.raises(SettingOutOfRange):
            request(made)


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_says_what_its_instrument_cannot_tell(driver):
    made = driver(session(Dialogue()), parse_identity(EXAMPLES[driver]))
    if role_of(driver) is LoadSwitch:
        assert isinstance(made.reads_back, bool)
    if role_of(driver) is Supply:
        assert set(made.readable_outputs) <= {1, 2, 3}
        assert {1, 2} <= set(made.readable_outputs)


def test_known_models_name_their_driver():
    assert {name for _, name in known_models()} == {driver.__name__ for driver in DRIVERS}


@pytest.mark.parametrize(
    ("idn", "driver"),
    [
        ("AGILENT TECHNOLOGIES,DSO-X 3014A,MY51,02.42", KeysightInfiniiVision),
        ("KEYSIGHT TECHNOLOGIES,MSO-X 3104T,MY57,07.20", KeysightInfiniiVision),
        ("KEYSIGHT TECHNOLOGIES,DSO-X 2022A,MY57,02.50", KeysightInfiniiVision),
        ("Keysight Technologies,34465A,MY57,A.02.17-02.40-02.17-00.52-04-01", Keysight344xx),
        ("Agilent Technologies,34461A,MY53,A.01.08", Keysight344xx),
        ("HEWLETT-PACKARD,34401A,0,11-5-2", Keysight34401A),
        ("KEITHLEY INSTRUMENTS INC.,MODEL 2000,1234567,A19  /A02", Keithley2000),
        ("KEITHLEY INSTRUMENTS,MODEL DMM6500,04340543,1.7.12b", KeithleyDmm6500),
        ("Rigol Technologies,DM3068,DM3O1234,01.01.00.01", RigolDm3068),
        ("RIGOL TECHNOLOGIES,DM858,DM8A0000,00.01.02", RigolDm858),
        ("Siglent Technologies,SDM3065X,SDM36FAC0R0001,3.01.01.10", SiglentSdm),
        ("FLUKE,8846A,1234567,01.00", Fluke884xA),
        ("Keysight Technologies,DAQ970A,MY58,A.02.01", KeysightDaq970),
        ("HEWLETT-PACKARD,34970A,0,13-2-2", KeysightDaq970),
        ("Keysight Technologies,E36312A,MY59,1.0.0", KeysightE36xx),
        ("Agilent Technologies,33522A,MY50,2.03", Keysight33500B),
        ("Keysight Technologies,33622A,MY53,A.02.03", Keysight33500B),
        ("Siglent Technologies,SDG2042X,SDG2XCAC2R0212,2.01.01.23R7", SiglentSdg),
    ],
)
def test_the_driver_is_chosen_by_what_answers(idn, driver):
    with instrument(idn) as peer:
        opened = open_instrument("role", peer.resource_name, timeout_s=1.0)
        assert type(opened) is driver
        assert opened.identity.model == idn.split(",")[1]
        assert (opened.role, opened.resource_name) == ("role", peer.resource_name)
        opened.close()


def test_another_model_than_expected_is_named():
    with (
        instrument("Keysight Technologies,34461A,MY1,A") as peer,
        pytest.raises(IdentityMismatch, match=r"dmm.*expected the model 34465A, found 34461A"),
    ):
        open_instrument("dmm", peer.resource_name, expected_model="34465A")


def test_another_serial_number_than_expected_is_named():
    with (
        instrument("Keysight Technologies,34461A,MY1,A") as peer,
        pytest.raises(IdentityMismatch, match="expected the serial number MY2, found MY1"),
    ):
        open_instrument("dmm", peer.resource_name, expected_serial="MY2")


@pytest.mark.parametrize("expected", ["DSO-X 3014T", "dsox3014t", "DSOX3014T"])
def test_a_model_may_be_written_as_on_the_front_panel(expected):
    with instrument("KEYSIGHT TECHNOLOGIES,DSO-X 3014T,MY1,7") as peer:
        open_instrument("scope", peer.resource_name, expected_model=expected).close()


def test_an_unknown_instrument_names_what_is_known():
    with (
        instrument("HAMEG,HMO1002,1,5") as peer,
        pytest.raises(InstrumentError, match=r"no driver knows HAMEG.*HMO1002; known are .*344"),
    ):
        open_instrument("scope", peer.resource_name)


def test_something_that_is_no_instrument_is_refused():
    with (
        instrument("hello") as peer,
        pytest.raises(InstrumentError, match="not a SCPI instrument"),
    ):
        open_instrument("scope", peer.resource_name)


@pytest.mark.parametrize("driver", [one for one in DRIVERS if one not in BOARDS])
def test_a_role_takes_its_kind_of_instrument_and_no_other(driver):
    with instrument(EXAMPLES[driver]) as peer:
        for kind, opener in OPENERS.items():
            if kind is role_of(driver):
                opener(peer.resource_name).close()
            else:
                with pytest.raises(IdentityMismatch, match=r"expected an? .*, found "):
                    opener(peer.resource_name)
