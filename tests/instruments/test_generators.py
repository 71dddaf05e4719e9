"""Exact dialogues with the waveform generators."""

from __future__ import annotations

import pytest

from bench.errors import InstrumentError, ScpiError
from instruments.generators import Keysight33500B, SiglentSdg
from tests.instruments.dialogue import NO_ERROR, Dialogue, HandClock, identity, session

SHAPE = ":OUTP1:LOAD INF;:SOUR1:FUNC SIN;:SOUR1:VOLT:UNIT VPP;:SOUR1:VOLT:OFFS 0"
READ_BACK = "*OPC?;:SOUR1:FREQ?;:SOUR1:VOLT?;:SYST:ERR?"
BSWV = "C1:BSWV WVTP,SINE,FRQ,{0},PERI,1e-06S,AMP,{1},AMPVRMS,7.07Vrms,OFST,0V,HLEV,10V,LLEV,-10V,PHSE,0"


def generator(kind, model, *exchanges):
    dialogue = Dialogue(*exchanges)
    return kind(session(dialogue, clock=HandClock()), identity(model)), dialogue


def test_a_33500b_is_set_in_one_message_and_read_back():
    driver, dialogue = generator(
        Keysight33500B, "33511B",
        (f"{SHAPE};:SOUR1:FREQ 1000000;:SOUR1:VOLT 20;{READ_BACK}",
         f"1;+1.000000000000000E+06;+2.0000000000000E+01;{NO_ERROR}"),
        (":OUTP1 ON;*OPC?;:OUTP1?;:SYST:ERR?", f"1;1;{NO_ERROR}"),
        (":OUTP1?;:SYST:ERR?", f"1;{NO_ERROR}"),
        (":OUTP1 OFF;*OPC?;:OUTP1?;:SYST:ERR?", f"1;0;{NO_ERROR}"),
    )  # fmt: skip
    driver.configure_sine(frequency_hz=1e6, peak_v=10.0)
    driver.switch_output(on=True)
    assert driver.output_is_on()
    driver.switch_output(on=False)
    dialogue.require_finished()


def test_a_33500b_that_refuses_is_named_with_its_error():
    driver, _ = generator(
        Keysight33500B, "33511B",
        (f"{SHAPE};:SOUR1:FREQ 1000;:SOUR1:VOLT 20;{READ_BACK}",
         '1;+1.0E+03;+1.0E+01;-221,"Settings conflict; amplitude has been adjusted"'),
        (":SYST:ERR?", NO_ERROR),
    )  # fmt: skip
    with pytest.raises(ScpiError, match="-221, Settings conflict"):
        driver.configure_sine(frequency_hz=1e3, peak_v=10.0)


def test_an_sdg_is_set_and_read_back():
    driver, dialogue = generator(
        SiglentSdg, "SDG1032X",
        ("C1:OUTP LOAD,HZ", ""), ("C1:BSWV WVTP,SINE,FRQ,1000000,AMP,20,OFST,0", ""),
        ("C1:BSWV?", BSWV.format("1000000HZ", "20V")),
        ("C1:OUTP ON", ""), ("C1:OUTP?", "C1:OUTP ON,LOAD,HZ,PLRT,NOR"),
        ("C1:OUTP OFF", ""), ("C1:OUTP?", "C1:OUTP OFF,LOAD,HZ,PLRT,NOR"),
    )  # fmt: skip
    driver.configure_sine(frequency_hz=1e6, peak_v=10.0)
    driver.switch_output(on=True)
    driver.switch_output(on=False)
    dialogue.require_finished()
    assert driver.drain_errors() == ()


def test_an_sdg_that_clamps_in_silence_is_found_out():
    driver, _ = generator(
        SiglentSdg, "SDG1032X",
        ("C1:OUTP LOAD,HZ", ""), ("C1:BSWV WVTP,SINE,FRQ,1000,AMP,20,OFST,0", ""),
        ("C1:BSWV?", BSWV.format("1000HZ", "10V")),
    )  # fmt: skip
    with pytest.raises(InstrumentError, match="amplitude was set to 20, it reports 10"):
        driver.configure_sine(frequency_hz=1e3, peak_v=10.0)


@pytest.mark.parametrize(
    ("kind", "model", "exchanges"),
    [
        (Keysight33500B, "33511B", [(":OUTP1 ON;*OPC?;:OUTP1?;:SYST:ERR?", f"1;0;{NO_ERROR}")]),
        (SiglentSdg, "SDG1032X", [("C1:OUTP ON", ""), ("C1:OUTP?", "C1:OUTP OFF,LOAD,HZ")]),
    ],
)
def test_an_output_that_does_not_switch_is_named(kind, model, exchanges):
    driver, _ = generator(kind, model, *exchanges)
    with pytest.raises(InstrumentError, match="was switched on, it reports the opposite"):
        driver.switch_output(on=True)


@pytest.mark.parametrize(
    ("reply", "words"),
    [("C1:BSWV WVTP,DC,OFST,0V", "a number for FRQ, found None"), ("", "a number for FRQ")],
)
def test_an_sdg_that_answers_something_else_is_named(reply, words):
    driver, _ = generator(
        SiglentSdg, "SDG1032X",
        ("C1:OUTP LOAD,HZ", ""), ("C1:BSWV WVTP,SINE,FRQ,1000,AMP,20,OFST,0", ""),
        ("C1:BSWV?", reply),
    )  # fmt: skip
    with pytest.raises(InstrumentError, match=words):
        driver.configure_sine(frequency_hz=1e3, peak_v=10.0)
