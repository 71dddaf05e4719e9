"""Exact dialogues with a relay unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import InstrumentError, SettingOutOfRange
from instruments.switches import KeysightDaq970
from instruments.switches.scpi_switch import channel_list
from tests.instruments.dialogue import Dialogue, closed, identity, session

CARDS = (
    (":SYST:CTYP? 100;:SYST:ERR?", closed("Keysight Technologies,DAQM903A,MY1,1.0")),
    (":SYST:CTYP? 200;:SYST:ERR?", closed("Keysight Technologies,0,0,0")),
    (":SYST:CTYP? 300;:SYST:ERR?", closed("Keysight Technologies,0,0,0")),
)


def switch(*exchanges, cards=CARDS) -> tuple[KeysightDaq970, Dialogue]:
    dialogue = Dialogue(*cards, *exchanges)
    return KeysightDaq970(session(dialogue), identity("DAQ970A")), dialogue


def test_closing_waits_reads_back_and_asks_for_errors_in_one_exchange():
    driver, dialogue = switch(
        (
            ":ROUT:CLOS (@101,107:108);*OPC?;:ROUT:CLOS? (@101,107:108);:SYST:ERR?",
            closed("1", "1,1,1"),
        )
    )
    driver.close_channels([108, 101, 107, 101])
    dialogue.require_finished()


def test_opening_is_the_same():
    driver, dialogue = switch(
        (":ROUT:OPEN (@107);*OPC?;:ROUT:CLOS? (@107);:SYST:ERR?", closed("1", "0"))
    )
    driver.open_channels([107])
    dialogue.require_finished()


def test_a_relay_that_did_not_follow_is_named():
    driver, _ = switch(
        (":ROUT:CLOS (@101:102);*OPC?;:ROUT:CLOS? (@101:102);:SYST:ERR?", closed("1", "1,0")),
        (":ROUT:OPEN (@101:102);*OPC?;:ROUT:CLOS? (@101:102);:SYST:ERR?", closed("1", "1,0")),
    )
    with pytest.raises(InstrumentError, match=r"channels \[102\] did not close"):
        driver.close_channels([101, 102])
    with pytest.raises(InstrumentError, match=r"channels \[101\] did not open"):
        driver.open_channels([101, 102])


def test_open_all_covers_every_relay_of_the_cards():
    everything = ",".join("0" * 20)
    driver, dialogue = switch(
        (
            ":ROUT:OPEN (@101:120);*OPC?;:ROUT:CLOS? (@101:120);:SYST:ERR?",
            closed("1", everything),
        )
    )
    driver.open_all()
    dialogue.require_finished()


def test_the_same_command_is_sent_every_time():
    exchange = (":ROUT:OPEN (@107);*OPC?;:ROUT:CLOS? (@107);:SYST:ERR?", closed("1", "0"))
    driver, dialogue = switch(exchange, exchange)
    driver.open_channels([107])
    driver.open_channels([107])
    dialogue.require_finished()


def test_closed_channels_are_what_the_unit_says():
    driver, _ = switch((":ROUT:CLOS? (@101:103);:SYST:ERR?", closed("1,0,1")))
    assert driver.closed_channels([103, 101, 102]) == {101, 103}


def test_nothing_to_do_is_nothing_sent():
    driver, dialogue = switch(cards=())
    driver.close_channels([])
    assert driver.closed_channels([]) == frozenset()
    dialogue.require_finished()


@pytest.mark.parametrize("channel", [100, 121, 201])
def test_a_channel_that_no_card_has_is_refused(channel):
    driver, _ = switch()
    with pytest.raises(SettingOutOfRange, match="the cards have 101:120"):
        driver.close_channels([channel])


def test_another_number_of_states_is_refused():
    driver, _ = switch((":ROUT:CLOS? (@101:102);:SYST:ERR?", closed("1")))
    with pytest.raises(InstrumentError, match="relay states cannot be read"):
        driver.closed_channels([101, 102])


def test_a_card_that_is_not_known_is_named():
    cards = ((":SYST:CTYP? 100;:SYST:ERR?", closed("Keysight Technologies,34999Z,0,0")),)
    with pytest.raises(InstrumentError, match=r"slot 100 holds .34999Z."):
        switch(cards=cards)[0].open_all()


def test_no_card_at_all_is_an_error():
    cards = tuple((command, closed("HEWLETT-PACKARD,0,0,0")) for command, _ in CARDS)
    with pytest.raises(InstrumentError, match="no slot holds a relay card"):
        switch(cards=cards)[0].open_all()


@given(st.sets(st.integers(101, 340), min_size=1, max_size=40))
def test_a_channel_list_says_exactly_the_channels(channels):
    text = channel_list(channels)
    found: set[int] = set()
    for part in text.removeprefix("(@").removesuffix(")").split(","):
        low, _, high = part.partition(":")
        found.update(range(int(low), int(high or low) + 1))
    assert found == channels
