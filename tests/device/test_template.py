"""A device described by a text template instead of code."""

from __future__ import annotations

import math

import pytest

from bench.clock import WallClock
from bench.device import Command, DeviceState, TextTemplate, load_template, open_link
from bench.errors import (
    ConfigurationError,
    DeviceRefused,
    LinkProtocolError,
    LinkTimeout,
    NotOffered,
)
from tests.device.scripted import FastClock, ScriptedDevice

TEMPLATE = r"""
timeout_s = 0.1
error = '^E(?P<code>\d+)(?P<word>)'

[states]
idle = "IDLE"
on = "RUN"

[commands.identify]
send = "ID"
reply = '^(?P<model>\S+) sn(?P<serial>\S+) v(?P<firmware>\S+)$'

[commands.status]
send = "ST"
reply = '^(?P<state>\w+),(?P<level>\d+),(?P<battery_v>\d+),(?P<faults>[\w ]*)$'
scale = { battery_v = 0.001 }

[commands.limits]
send = "LIM"
reply = '^(?P<levels>\d+) (?P<modes>\S+) (?P<session_max_s>\d+)$'

[commands.set_level]
send = "OUTP:LEV {level}"
reply = "^OK$"

[commands.start]
send = "GO {session_s}"
reply = "^OK$"

[commands.stop]
send = "HALT"

[commands.inject]
send = "INJ {name}={value}"
reply = "^OK$"
"""


def scripted(**answers: bytes) -> ScriptedDevice:
    return ScriptedDevice(lambda request: answers.get(request.split()[0].decode()))


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "device.toml"
    path.write_text(TEMPLATE)
    return str(path)


def connect(device: ScriptedDevice, template: str, *, clock=None):
    link = open_link(device.url, clock=clock or FastClock(), unlock_key="", adapter=template)
    device.links.append(link)
    device.received.clear()
    return link


def test_fields_come_from_named_groups_and_are_scaled(template):
    with scripted(
        ID=b"MC-1 snA7 v2.0\n", ST=b"on,3,3712,OPEN TEMP\n", LIM=b"5 lift,tone 600\n"
    ) as device:
        link = connect(device, template)
        assert link.identify().serial == "A7"
        status = link.status()
        assert (status.state, status.level, status.battery_v) == (DeviceState.RUN, 3, 3.712)
        assert status.faults == {"OPEN", "TEMP"}
        assert math.isnan(status.uptime_s)
        assert link.limits().modes == ("lift", "tone")


def test_commands_are_filled_in(template):
    with scripted(**{"OUTP:LEV": b"OK\n", "GO": b"OK\n", "INJ": b"OK\n"}) as device:
        link = connect(device, template)
        link.set_level(4)
        link.start(600.0)
        link.inject("overcurrent_ua", 700)
    assert device.received == [b"OUTP:LEV 4\n", b"GO 600\n", b"INJ overcurrent_ua=700\n"]


def test_what_the_template_does_not_describe_is_not_offered(template):
    with scripted() as device, pytest.raises(NotOffered, match=r"add \[commands.pause\]"):
        connect(device, template).pause()


def test_the_device_s_own_error_is_a_refusal(template):
    with (
        scripted(**{"OUTP:LEV": b"E21\n"}) as device,
        pytest.raises(DeviceRefused, match="refused 'OUTP:LEV 9' with 'E21'") as caught,
    ):
        connect(device, template).set_level(9)
    assert caught.value.code == 21


@pytest.mark.parametrize("answer", [b"what?\n", b"asleep,1,3700,\n", b"\xff\n"])
def test_what_fits_neither_reply_nor_error_is_a_protocol_error(template, answer):
    with (
        scripted(ST=answer) as device,
        pytest.raises(LinkProtocolError, match="does not fit the template"),
    ):
        connect(device, template).status()


@pytest.mark.parametrize("clock", [FastClock(), WallClock()])
def test_silence_is_a_timeout(template, clock):
    with scripted() as device, pytest.raises(LinkTimeout, match="no reply to 'ST'"):
        connect(device, template, clock=clock).status()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("[commands.stop]", "[commands.stopp]"), "unknown command stopp; did you mean stop"),
        (("timeout_s", "timeouts"), "unknown key timeouts; did you mean timeout_s"),
        (('send = "HALT"', 'request = "HALT"'), r"commands.stop has send, reply and scale"),
        (('on = "RUN"', 'on = "RUNNING"'), "states .*RUNNING"),
        ((r"reply = '^(?P<levels>\d+)", r"reply = '^(?P<levels>\d+"), "unterminated|missing"),
        (("[states]", "[states"), "device.toml"),
    ],
)
def test_a_template_with_a_mistake_names_it(tmp_path, change, reason):
    path = tmp_path / "device.toml"
    path.write_text(TEMPLATE.replace(*change))
    with pytest.raises(ConfigurationError, match=reason):
        load_template(path)


def test_a_template_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none.toml"):
        load_template(tmp_path / "none.toml")


def test_a_template_may_be_written_in_python():
    template = TextTemplate(commands={"stop": Command(send="X")})
    assert set(template.commands) == {"stop"}
