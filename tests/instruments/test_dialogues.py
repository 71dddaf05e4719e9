"""Dialogues: recorded without a byte changed, played back byte for byte, through the drivers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import FileFormatError, InstrumentError, InstrumentTimeout, NotConnected
from instruments import dialogue as dialogues
from instruments.catalogue import open_instrument
from instruments.dialogue import RecordedTransport, ReplayedTransport, read_dialogue
from instruments.session import Session, open_session
from instruments.transport import Transport
from tests.instruments.dialogue import HandClock
from tests.instruments.peers import SocketPeer
from tests.twin.serving import served

SENT_IN = sorted(Path(__file__).with_name("dialogues").glob("*.jsonl"))


def replayed(path: Path) -> Session:
    return Session(ReplayedTransport(path), role="role", resource_name="REPLAY", clock=HandClock())


@pytest.mark.parametrize("path", SENT_IN, ids=lambda path: path.stem)
def test_a_dialogue_that_was_sent_in_is_understood_to_its_end(path, monkeypatch):
    """The driver that *IDN? chooses exists, and every response is read as it was."""
    transport = ReplayedTransport(path)
    monkeypatch.setattr("instruments.session.open_transport", lambda *_, **__: transport)
    driver = open_instrument("role", "REPLAY")
    session = driver._session
    for message, answers, is_block in list(transport.messages()):
        try:
            if not answers:
                session.write(message)
            elif is_block:
                session.query_block(message)
            else:
                session.query(message)
        except (InstrumentTimeout, InstrumentError):  # as recorded: what follows shows it
            continue
    assert transport.remaining == ()


def test_what_was_recorded_of_a_driver_is_what_it_says_again(tmp_path):
    with served() as laboratory:
        name = str(laboratory.addresses["dmm"])
        meter = open_instrument("dmm", name, dialogue=tmp_path / "dmm.jsonl")
        meter.reset()
        meter.configure_dc_voltage(range_v=1.0, aperture_s=0.02)
        readings = meter.read(3)
        meter.close()
    head, *events = read_dialogue(tmp_path / "dmm.jsonl")
    assert {"dialogue": 1, "role": "dmm"}.items() <= head.items()
    assert "127.0.0.1" not in (tmp_path / "dmm.jsonl").read_text()
    assert events[0]["to"] == "*IDN?\n"

    again = _driver_on(ReplayedTransport(tmp_path / "dmm.jsonl"))
    again.reset()
    again.configure_dc_voltage(range_v=1.0, aperture_s=0.02)
    assert np.array_equal(readings, again.read(3))
    assert again._session._transport.remaining == ()
    with pytest.raises(InstrumentError, match="the dialogue is over"):
        again.read(3)


def _driver_on(transport: Transport):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("instruments.session.open_transport", lambda *_, **__: transport)
        return open_instrument("dmm", "REPLAY")


def test_another_message_than_the_recorded_one_is_named(tmp_path):
    path = tmp_path / "d.jsonl"
    lines = [{"dialogue": 1}, {"to": "A?\n"}, {"from": "1\n"}]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    with pytest.raises(InstrumentError, match=r"d\.jsonl:2: expected b'A\?.*found b'B\?"):
        replayed(path).query("B?")


def test_failures_are_recorded_and_come_again(tmp_path):
    answers = iter([None])
    path = tmp_path / "d.jsonl"
    with SocketPeer(lambda m: next(answers, m + b"\n")) as peer:
        session = open_session(peer.resource_name, role="r", timeout_s=0.1, dialogue=path)
        with pytest.raises(InstrumentTimeout):
            session.query("SLOW?")
        assert session.query("B?") == "B?"
    with pytest.raises(NotConnected):
        session.query("C?")
    session = replayed(path)
    with pytest.raises(InstrumentTimeout):
        session.query("SLOW?")
    assert session.query("B?") == "B?"
    with pytest.raises(NotConnected):
        session.query("C?")


class Echoing:
    """A transport whose responses are given."""

    def __init__(self, replies):
        self.replies = list(replies)

    def write(self, message, *, timeout_s):
        pass

    def read_text(self, *, timeout_s):
        return self.replies.pop(0)

    def read_block(self, *, timeout_s, count=None):
        return self.replies.pop(0)

    def clear(self, *, limit_s):
        return True

    def close(self):
        pass


@given(payloads=st.lists(st.binary(max_size=80), min_size=1, max_size=5))
@settings(deadline=None, max_examples=50)
def test_any_bytes_survive_the_file(payloads, tmp_path_factory):
    path = tmp_path_factory.mktemp("d") / "d.jsonl"
    recorded = RecordedTransport(Echoing(payloads), path, role="r", resource_name="USB0::1::INSTR")
    for _ in payloads:
        recorded.write(b"Q?\n", timeout_s=1)
        recorded.read_block(timeout_s=1)
    recorded.close()
    replay = ReplayedTransport(path)
    for payload in payloads:
        replay.write(b"Q?\n", timeout_s=1)
        assert bytes(replay.read_block(timeout_s=1)) == payload


@pytest.mark.parametrize("text", ["", "{}", "[1]\n", '{"dialogue": 9}\n', '{"dialogue": 1}\nx\n'])
def test_what_is_no_dialogue_is_refused(text, tmp_path):
    (tmp_path / "d.jsonl").write_text(text)
    with pytest.raises(FileFormatError, match=r"d\.jsonl:\d: "):
        dialogues.read_dialogue(tmp_path / "d.jsonl")
