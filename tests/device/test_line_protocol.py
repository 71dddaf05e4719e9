"""The link to an MDL/1 device over a real socket."""

from __future__ import annotations

import hashlib
import hmac
import os
import time

import pytest

from bench.clock import WallClock
from bench.device import DeviceState, LineProtocolLink, open_link
from bench.device.frames import crc8
from bench.device.stream import SerialStream, open_stream
from bench.errors import (
    ConfigurationError,
    DeviceLinkError,
    DeviceRefused,
    LinkProtocolError,
    LinkTimeout,
    NotOffered,
    UsageError,
)
from tests.device.scripted import (
    IDENTITY,
    STATUS,
    FastClock,
    ScriptedDevice,
    body,
    by_verb,
    reply,
)


def link(device: ScriptedDevice, *, clock=None) -> LineProtocolLink:
    dut = LineProtocolLink(
        open_stream(device.url), clock=clock or FastClock(), unlock_key="MCB-TEST"
    )
    device.links.append(dut)
    return dut


def verbs(device: ScriptedDevice) -> list[str]:
    return [body(request)[1] for request in device.received]


def test_identity():
    with ScriptedDevice(by_verb(IDN=IDENTITY + " udi=(01)0123 extra=ignored")) as device:
        found = link(device).identify()
    assert (found.model, found.serial, found.hardware) == ("REF", "S1", "B")
    assert (found.firmware, found.build, found.udi) == ("1.2.3", "abc", "(01)0123")
    assert found.capabilities == {"test", "inject", "protect", "hang", "tick"}


def test_status():
    with ScriptedDevice(by_verb(STAT=STATUS)) as device:
        found = link(device).status()
    assert found.state is DeviceState.RUN
    assert (found.level, found.mode, found.remaining_s) == (3, "lift", 118.0)
    assert (found.contact, found.charging) == (True, False)
    assert (found.battery_v, found.uptime_s, found.counter) == (3.712, 91.25, 77)
    assert found.faults == {"OC_HW", "OPEN"}


def test_telemetry():
    readings = "OK set_ua=240 i_ua=-238 v_mv=481 r_ohm=2004 vc_mv=12010 t_c10=314 age_ms=12"
    with ScriptedDevice(by_verb(MEAS=readings)) as device:
        found = link(device).telemetry()
    assert (found.set_current_ua, found.current_ua, found.voltage_mv) == (240, -238, 481)
    assert (found.contact_ohm, found.compliance_mv) == (2004, 12010)
    assert (found.temperature_c, found.age_s) == (31.4, 0.012)


def test_limits():
    limits = "OK levels=3 modes=lift,tone max_s=1200 table_ua=80,160,240 boost=1"
    with ScriptedDevice(by_verb(LIMITS=limits)) as device:
        found = link(device).limits()
    assert (found.levels, found.modes, found.session_max_s) == (3, ("lift", "tone"), 1200.0)
    assert found.level_currents_ua == (80.0, 160.0, 240.0)
    assert found.other == {"boost": "1"}


def test_commands_are_the_protocol_s():
    with ScriptedDevice(lambda request: reply(request, "OK")) as device:
        device.answer = lambda request: reply(
            request,
            "OK caps=pause,heartbeat,events" if body(request)[1] == "IDN?" else "OK faults=0810",
        )
        dut = link(device)
        dut.identify()
        dut.set_level(3)
        dut.set_mode("lift")
        dut.start(1200.0)
        dut.pause()
        dut.resume()
        dut.stop()
        assert dut.faults() == {"DC", "BOD"}
        dut.clear_faults()
        dut.heartbeat(1.5)
        dut.enable_events(enabled=True)
        dut.reset()
        dut.power_off()
        dut.power_on()
    assert verbs(device)[1:] == [
        "LEVEL 3", "MODE lift", "START 1200", "PAUSE", "RESUME", "STOP", "FAULTS?", "FCLR",
        "HB 1500", "EVT 1", "RESET", "POWEROFF", "POWERON",
    ]  # fmt: skip


def test_unlocking_answers_the_nonce_with_the_key():
    with ScriptedDevice(by_verb(NONCE="OK nonce=00c0ffee", UNLOCK="OK")) as device:
        link(device).unlock_tests()
    digest = hmac.new(b"MCB-TEST", b"00c0ffee", hashlib.sha256).hexdigest()[:8]
    assert verbs(device) == ["IDN?", "NONCE?", f"UNLOCK {digest}"]


def test_injections_hangs_and_protections():
    answers = by_verb(T_INJ="OK", T_HANG="OK", T_TICK="OK", T_PROT="OK")
    with ScriptedDevice(answers) as device:
        dut = link(device)
        dut.inject("overcurrent_ua", 612.5)
        dut.inject("overcurrent_ua", 0)
        dut.inject("stuck_polarity", -1)
        dut.inject("hang_main", 1)
        dut.inject("session_counter_s", 4_294_967)
        dut.enable_protection("oc_hw", enabled=False)
        dut.enable_protection("oc_hw", enabled=True)
    assert verbs(device)[1:] == [
        "T:INJ overcurrent_ua,612.5", "T:INJ overcurrent_ua,0", "T:INJ stuck_polarity,-1",
        "T:HANG main", "T:TICK 4294967", "T:PROT oc_hw,0", "T:PROT oc_hw,1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "call",
    [
        lambda dut: dut.unlock_tests(),
        lambda dut: dut.inject("overcurrent_ua", 1),
        lambda dut: dut.inject("hang_all", 1),
        lambda dut: dut.enable_protection("dc", enabled=False),
        lambda dut: dut.heartbeat(1),
        lambda dut: dut.pause(),
    ],
)
def test_what_the_capabilities_lack_is_not_offered(call):
    with (
        ScriptedDevice(by_verb(IDN="OK model=PLAIN caps=poweron")) as device,
        pytest.raises(NotOffered, match=r"does not offer .*caps=poweron"),
    ):
        call(link(device))


def test_a_refusal_carries_code_and_word():
    with (
        ScriptedDevice(by_verb(LEVEL="ERR 21 RANGE")) as device,
        pytest.raises(DeviceRefused, match="refused LEVEL with 21 RANGE") as caught,
    ):
        link(device).set_level(99)
    assert (caught.value.code, caught.value.word) == (21, "RANGE")


@pytest.mark.parametrize(
    ("call", "times"),
    [
        (lambda dut: dut.status(), 3),
        (lambda dut: dut.stop(), 3),
        (lambda dut: dut.set_level(1), 3),
        (lambda dut: dut.start(60), 1),
        (lambda dut: dut.clear_faults(), 1),
        (lambda dut: dut.reset(), 1),
    ],
)
def test_only_idempotent_requests_are_repeated_and_under_the_same_number(call, times):
    with ScriptedDevice(lambda _: None) as device:
        with pytest.raises(LinkTimeout, match="no reply to"):
            call(link(device))
        deadline_s = time.monotonic() + 2
        while len(device.received) < times and time.monotonic() < deadline_s:
            pass
    assert len(device.received) == times
    assert len(set(device.received)) == 1


def test_a_reply_that_was_lost_once_is_asked_for_again():
    def answer(request: bytes) -> bytes | None:
        return None if len(device.received) == 1 else reply(request, STATUS)

    with ScriptedDevice(answer) as device:
        assert link(device).status().counter == 77
        assert len(device.received) == 2


def test_virtual_time_passes_before_a_simulated_device_is_called_silent():
    clock = FastClock()
    with (
        ScriptedDevice(lambda _: None) as device,
        pytest.raises(LinkTimeout, match=r"within 0\.2 s"),
    ):
        link(device, clock=clock).start(60)
    assert clock.slept_s == [0.2]


def test_virtual_time_does_not_pass_for_a_reply_that_a_busy_host_delays():
    """The device's thread answers only when the clock is asked: as one event loop that is late."""
    with ScriptedDevice(lambda _: None) as device:

        class BarrierClock(FastClock):
            asked = 0

            def synchronise(self) -> int:
                self.asked += 1
                if self.asked == 2:
                    device.line.sendall(reply(device.received[-1], "OK"))
                return self.now_ns()

        clock = BarrierClock()
        link(device, clock=clock).start(60)
    assert clock.slept_s == []


def test_a_reply_that_only_virtual_time_brings_is_taken():
    with ScriptedDevice(lambda _: None) as device:

        class BringingClock(FastClock):
            def sleep(self, duration_s: float) -> None:
                super().sleep(duration_s)
                device.line.sendall(reply(device.received[-1], "OK"))

        link(device, clock=BringingClock()).start(60)


def test_on_hardware_silence_is_called_by_the_wall_clock():
    with ScriptedDevice(lambda _: None) as device:
        started_s = time.monotonic()
        with pytest.raises(LinkTimeout):
            link(device, clock=WallClock()).start(60)
    assert 0.5 < time.monotonic() - started_s < 2.0


def test_a_reply_under_another_number_is_late_and_dropped():
    def answer(request: bytes) -> bytes:
        late = b"#4711 " + STATUS.replace("RUN", "IDLE").encode()
        return late + b"*%02X\n" % crc8(late) + reply(request, STATUS)

    with ScriptedDevice(answer) as device:
        assert link(device).status().state is DeviceState.RUN


def test_what_came_before_the_request_is_dropped_but_events_are_kept():
    with ScriptedDevice(by_verb(STAT=STATUS)) as device:
        dut = link(device)
        dut.status()
        device.line.sendall(b"noise\n#9 OK late=1\nEVT 12 STATE state=RUN\nhalf a li")
        wait_for(lambda: dut.status().counter == 77)
        (event,) = dut.events()
    assert (event.device_time_ms, event.name, event.values) == (12, "STATE", {"state": "RUN"})


def test_an_event_between_request_and_reply_is_kept():
    def answer(request: bytes) -> bytes:
        return b"EVT 1 FAULT faults=0001\n" + reply(request, STATUS)

    with ScriptedDevice(answer) as device:
        dut = link(device)
        dut.status()
        assert [event.name for event in dut.events()] == ["FAULT"]
        assert dut.events() == ()


@pytest.mark.parametrize(
    "garbage",
    [b"\xff\x00\xfe\n", b"hello\n", b"#1 OK\n", b"#1 OK state=RUN*00\n", b"x" * 5000],
    ids=["binary", "text", "no checksum", "wrong checksum", "endless"],
)
def test_garbage_is_a_protocol_error(garbage):
    with (
        ScriptedDevice(lambda _: garbage) as device,
        pytest.raises(LinkProtocolError, match="not MDL/1"),
    ):
        link(device).status()


def test_garbage_and_then_the_reply_is_the_reply():
    def answer(request: bytes) -> bytes:
        return b"\xff\xff\n" + reply(request, STATUS)

    with ScriptedDevice(answer) as device:
        assert link(device).status().counter == 77


def test_a_device_that_never_stops_talking_is_a_protocol_error():
    with ScriptedDevice(lambda _: b"blah\n" * 200_000) as device:
        started_s = time.monotonic()
        with pytest.raises(LinkProtocolError):
            link(device).start(60)
        assert time.monotonic() - started_s < 5.0


def test_a_checksum_that_the_device_found_wrong_is_sent_again():
    def answer(request: bytes) -> bytes:
        return b"ERR 12 CRC\n" if len(device.received) == 1 else reply(request, "OK")

    with ScriptedDevice(answer) as device:
        link(device).set_level(2)
        assert len(device.received) == 2


@pytest.mark.parametrize(
    "status",
    [
        STATUS.replace("state=RUN ", ""),
        STATUS.replace("state=RUN", "state=RUNNING"),
        STATUS.replace("level=3", "level=three"),
        STATUS.replace("bat_mv=3712", "bat_mv="),
        STATUS.replace("faults=0005", "faults=none"),
        STATUS.replace("n=77", ""),
    ],
)
def test_a_status_that_lacks_something_is_a_protocol_error(status):
    with (
        ScriptedDevice(by_verb(STAT=status.replace("  ", " ").strip())) as device,
        pytest.raises(LinkProtocolError, match=r"reply to STAT\? is not MDL/1"),
    ):
        link(device).status()


def test_a_device_that_hangs_up_is_an_error_that_says_so():
    def answer(_: bytes) -> None:
        raise OSError

    with ScriptedDevice(answer) as device:
        dut = link(device)
        device.answer = lambda _: device.line.shutdown(2)
        with pytest.raises(DeviceLinkError, match=r"device closed the line|line is gone"):
            dut.status()
        dut.close()
        dut.close()
        with pytest.raises(DeviceLinkError, match="line is gone"):
            dut.status()


def test_raw_bytes_go_as_they_are_and_come_as_they_come():
    with ScriptedDevice(lambda request: b"EVT 1 X\n?? " + request) as device:
        assert link(device).raw(b"\xffSTOP\r\n") == b"?? \xffSTOP\r\n"
        assert device.received == [b"\xffSTOP\r\n"]


def test_raw_bytes_without_an_answer_are_nothing():
    with ScriptedDevice(lambda _: None) as device:
        assert link(device).raw(b"\x00") == b""


def test_fractions_of_a_second_are_refused():
    with ScriptedDevice(lambda _: None) as device, pytest.raises(UsageError, match="whole number"):
        link(device).start(60.5)


def test_open_link_knows_the_capabilities_and_accepts_a_silent_device():
    with ScriptedDevice(by_verb()) as device:
        dut = open_link(device.url, clock=FastClock(), unlock_key="K")
        assert "inject" in dut.capabilities
        dut.close()
    with ScriptedDevice(lambda _: None) as device:
        dut = open_link(device.url, clock=FastClock(), unlock_key="K")
        assert dut.capabilities == frozenset()
        dut.close()


def test_nothing_at_the_address_is_an_error_with_the_address():
    with ScriptedDevice(lambda _: None) as device:
        url = device.url
    with pytest.raises(DeviceLinkError, match=f"{url}: cannot be reached"):
        open_link(url, clock=FastClock(), unlock_key="K")


@pytest.mark.parametrize("url", ["", "http://x", "tcp://host", "tcp://:5", "tcp://h:99999999"])
def test_an_address_that_is_none_is_a_configuration_error(url):
    with pytest.raises(ConfigurationError, match="device link"):
        open_link(url, clock=FastClock(), unlock_key="K")


def test_a_serial_port_that_does_not_exist_is_named():
    with pytest.raises(DeviceLinkError, match=r"/dev/does-not-exist\?baud=9600: cannot be opened"):
        open_link("serial:///dev/does-not-exist?baud=9600", clock=FastClock(), unlock_key="K")


def test_the_same_protocol_over_a_serial_line():
    master, slave = os.openpty()
    try:
        stream = open_stream(f"serial://{os.ttyname(slave)}?baud=115200")
        assert isinstance(stream, SerialStream)

        class AnsweringClock(FastClock):
            def sleep(self, duration_s: float) -> None:
                super().sleep(duration_s)
                os.write(master, reply(os.read(master, 200), STATUS))

        dut = LineProtocolLink(stream, clock=AnsweringClock(), unlock_key="K")
        assert dut.status().counter == 77
        dut.close()
        with pytest.raises(DeviceLinkError, match="line is gone"):
            dut.status()
    finally:
        os.close(master)
        os.close(slave)


def wait_for(condition) -> None:
    deadline_s = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline_s
