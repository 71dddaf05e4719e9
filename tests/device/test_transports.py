"""The contract over every way to a device: TCP, a serial port, BLE, and an operator's hands."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import socket
import threading
import tty
from typing import ClassVar

import pytest

from bench.device import check_link, open_link
from bench.device.ble import NOTIFY_UUID, WRITE_UUID, BleDevice, BleStream
from bench.device.link import DeviceState
from bench.device.manual import ManualDevice
from bench.errors import (
    ConfigurationError,
    DeviceLinkError,
    DeviceRefused,
    LinkTimeout,
    NotOffered,
)
from tests.device.powered import powered_device
from tests.device.scripted import FastClock


@pytest.fixture
def twin():
    """A simulated bench whose device has its battery."""
    with powered_device() as powered:
        yield powered


def address_of(running) -> tuple[str, int]:
    host, port = running.addresses.device.removeprefix("tcp://").split(":")
    return host, int(port)


@contextlib.contextmanager
def serial_port(running):
    """A pseudo-terminal joined to the device's line."""
    master, slave = os.openpty()
    tty.setraw(slave)
    line = socket.create_connection(address_of(running))

    def up() -> None:
        with contextlib.suppress(OSError):
            while data := os.read(master, 4096):
                line.sendall(data)

    def down() -> None:
        with contextlib.suppress(OSError):
            while data := line.recv(4096):
                os.write(master, data)

    for work in (up, down):
        threading.Thread(target=work, daemon=True).start()
    try:
        yield f"serial://{os.ttyname(slave)}?baud=115200"
    finally:
        line.shutdown(socket.SHUT_RDWR)
        line.close()
        os.close(slave)
        os.close(master)


def fake_backend(address: tuple[str, int]):
    """A bleak backend of our own: notifications and writes are the bytes of a TCP line."""
    pytest.importorskip("bleak")
    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection

    class Backend(BaseBleakClient):
        made: ClassVar[list] = []

        def __init__(self, address_or_ble_device, **kwargs):
            super().__init__(address_or_ble_device, **kwargs)
            self._up = False
            self.pieces: list[int] = []
            Backend.made.append(self)

        is_connected = property(lambda self: self._up)
        mtu_size = property(lambda self: 23)

        async def connect(self, pair, **kwargs):
            self.reader, self.writer = await asyncio.open_connection(*address)
            services = BleakGATTServiceCollection()
            service = BleakGATTService(None, 1, "6e400001-b5a3-f393-e0a9-e50e24dcca9e")
            services.add_service(service)
            for handle, uuid, kind in ((2, WRITE_UUID, "write"), (4, NOTIFY_UUID, "notify")):
                services.add_characteristic(
                    BleakGATTCharacteristic(None, handle, uuid, [kind], lambda: 20, service)
                )
            self.services, self._up = services, True

        async def disconnect(self):
            self._up = False
            self.writer.close()

        async def start_notify(self, characteristic, callback, **kwargs):
            async def pump():
                while data := await self.reader.read(20):
                    callback(bytearray(data))

            self.pump = asyncio.ensure_future(pump())

        async def write_gatt_char(self, characteristic, data, response):
            self.pieces.append(len(data))
            self.writer.write(bytes(data))

        async def _unused(self, *args, **kwargs):
            """What bleak demands of a backend and the adapter must do without."""
            raise AssertionError("the adapter does not need this")

        pair = unpair = stop_notify = _unused
        read_gatt_char = read_gatt_descriptor = write_gatt_descriptor = _unused

        def drop(self):
            self._disconnected_callback()

    return Backend


def require_contract(link, clock) -> None:
    findings = check_link(link, clock=clock, with_output=True)
    assert [f for f in findings if f.outcome == "failed"] == []
    assert len([f for f in findings if f.outcome == "passed"]) >= 17


def test_the_contract_over_tcp(twin):
    running, clock = twin
    link = open_link(running.addresses.device, clock=clock, unlock_key="MCB-TEST")
    require_contract(link, clock)


def test_the_contract_over_a_serial_port(twin):
    running, clock = twin
    with serial_port(running) as url:
        require_contract(open_link(url, clock=clock, unlock_key="MCB-TEST"), clock)


def test_the_contract_over_ble(twin):
    running, clock = twin
    backend = fake_backend(address_of(running))
    link = BleDevice("ble://00:11:22:33:44:55", clock=clock, unlock_key="MCB-TEST", backend=backend)
    link.identify()
    require_contract(link, clock)
    assert max(backend.made[0].pieces) <= 20


def test_a_ble_device_that_goes_is_a_lost_line(twin):
    running, _ = twin
    backend = fake_backend(address_of(running))
    stream = BleStream("ble://00:11:22:33:44:55", backend=backend)
    assert stream.receive(0.05) == b""
    stream._loop.call_soon_threadsafe(backend.made[0].drop)
    with pytest.raises(DeviceLinkError, match="closed the line"):
        stream.receive(2.0)
    with pytest.raises(DeviceLinkError, match="gone"):
        stream.send(b"STAT?\n")
    stream.close()
    stream.close()


def test_a_ble_address_that_is_none_and_a_device_that_is_not_there_are_said():
    with pytest.raises(ConfigurationError, match="ble://ADDRESS"):
        BleStream("tcp://x:1")
    with pytest.raises(DeviceLinkError, match=r"cannot be reached.*paired"):
        BleStream("ble://00:11:22:33:44:55", backend=fake_backend(("127.0.0.1", 1)))


class Operator:
    """A terminal whose operator answers what is typed here."""

    def __init__(self, *answers: str) -> None:
        self.master, slave = os.openpty()
        self.source = os.fdopen(slave, "r")
        self.sink = io.StringIO()
        for answer in answers:
            os.write(self.master, answer.encode() + b"\n")

    def device(self, **options) -> ManualDevice:
        return ManualDevice(
            "", clock=FastClock(), unlock_key="", source=self.source, sink=self.sink, **options
        )

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.source.close()
        self.sink.close()
        os.close(self.master)


def test_an_operator_reads_the_name_plate_once_and_the_state_each_time():
    with Operator("GLOW", "7", "", "B", "1.0", "run", "idle") as operator:
        device = operator.device()
        assert device.identify().model == "GLOW"
        assert device.identify().firmware == "1.0"  # the empty line was asked again
        assert device.status().state is DeviceState.RUN
        found = device.status()
        assert (found.state, found.counter) == (DeviceState.IDLE, 2)


def test_an_operator_presses_or_says_that_it_refused():
    with Operator("done", "maybe", "d", "refused") as operator:
        device = operator.device()
        device.stop()
        device.set_level(3)
        with pytest.raises(DeviceRefused, match="Start a session"):
            device.start(60)


def test_an_operator_who_has_gone_is_a_time_out_and_what_hands_cannot_do_is_not_offered():
    with Operator() as operator:
        device = operator.device(answer_s=0.05)
        with pytest.raises(LinkTimeout, match=r"no answer within 0\.05 s"):
            device.stop()
        for attempt in (device.telemetry, device.unlock_tests, lambda: device.raw(b"x")):
            with pytest.raises(NotOffered, match="by hand"):
                attempt()
        device.close()
        with pytest.raises(DeviceLinkError, match="closed"):
            device.stop()


def test_a_manual_device_is_an_adapter_of_the_station_file():
    link = open_link.__globals__["load_adapter"]("bench.device.manual:ManualDevice")
    assert link is ManualDevice
