"""A telnet port where a raw socket was expected: one clear line, never a number out of a banner."""

from __future__ import annotations

import time

import pytest

from bench.errors import InstrumentError, NotConnected
from instruments.catalogue import open_instrument
from instruments.session import open_session
from tests.instruments.peers import BannerPeer
from tests.twin.serving import served

CLEAR = r"::SOCKET\): expected a raw socket, .*greeting of a telnet port .*5025, not 5024"
SEEN = (
    b"Welcome to the SCPI instrument 'Siglent SDS5104X'\r\n>>",
    b"Welcome to Agilent's 33500-Series Waveform Generator\r\n33500> ",
    b"\xff\xfb\x01\xff\xfd\x03Welcome to Keysight InfiniiVision Oscilloscope EDUX1052A\r\n>>",
)


@pytest.fixture(scope="module")
def laboratory():
    roles = ("scope", "dmm", "switch", "supply", "generator")
    with served(None, *(f"{role}:telnet-banner" for role in roles)) as running:
        yield running.addresses["resources"]


@pytest.mark.parametrize("role", ["scope", "dmm", "switch", "supply", "generator"])
def test_a_telnet_port_is_named_with_what_to_write_instead(laboratory, role):
    with pytest.raises(InstrumentError, match=rf"^{role} \(TCPIP.*{CLEAR}"):
        open_instrument(role, laboratory[role]["socket"])


@pytest.mark.parametrize("pause_s", [0.0, 0.1])
def test_a_greeting_is_no_answer_whenever_it_comes(laboratory, pause_s):
    session = open_session(laboratory["scope"]["socket"], role="scope", timeout_s=1.0)
    time.sleep(pause_s)
    with pytest.raises(InstrumentError, match=CLEAR):
        session.query_number(":TIM:RANG?")
    with pytest.raises(NotConnected, match="a telnet port answers there"):
        session.query_number(":TIM:RANG?")


@pytest.mark.parametrize("greeting", SEEN)
def test_the_greetings_of_the_makers_are_known(greeting):
    with BannerPeer(greeting) as peer, pytest.raises(InstrumentError, match=CLEAR):
        open_instrument("scope", f"TCPIP::127.0.0.1::{peer.port}::SOCKET")


def test_messages_with_an_end_of_their_own_have_no_telnet(laboratory):
    open_instrument("scope", laboratory["scope"]["hislip"]).close()
