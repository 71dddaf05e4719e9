"""What is connected: instruments that announce themselves, USB, serial ports, hosts that are named.

Bounded in time whatever answers or does not. Only ``*IDN?`` is sent, and never to a serial port: what
hangs there may be a device that takes it for something else.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.errors import BenchError, InstrumentError
from instruments.catalogue import Driver, open_instrument
from instruments.roles import (
    Identity,
    LoadSwitch,
    Multimeter,
    Oscilloscope,
    Supply,
    WaveformGenerator,
)

if TYPE_CHECKING:
    from zeroconf import Zeroconf

__all__ = ["Found", "announced_by_mdns", "discover", "role_of", "serial_ports", "usb_resources"]

MDNS_S: Final = 2.0
"""LXI devices answer within a second (RFC 6762: random delay of up to 120 ms, repeats at 1 s)."""
CONNECT_S: Final = 1.0
ASK_S: Final = 2.0
DISCOVERY_S: Final = 12.0
_SERVICES: Final = {
    "_hislip._tcp.local.": "TCPIP::{host}::hislip0,{port}::INSTR",
    "_scpi-raw._tcp.local.": "TCPIP::{host}::{port}::SOCKET",
    "_vxi-11._tcp.local.": "TCPIP::{host}::inst0::INSTR",
    "_lxi._tcp.local.": "TCPIP::{host}::inst0::INSTR",
}
"""DNS-SD types of LXI 1.5 device specification 10.4, best first."""
_PORTS: Final = {
    4880: "TCPIP::{host}::hislip0::INSTR",
    5025: "TCPIP::{host}::5025::SOCKET",
    5555: "TCPIP::{host}::5555::SOCKET",  # Rigol
    4000: "TCPIP::{host}::4000::SOCKET",  # Tektronix
    3490: "TCPIP::{host}::3490::SOCKET",  # Fluke
    111: "TCPIP::{host}::inst0::INSTR",  # the portmapper of VXI-11
}
_ROLES: Final = (
    ("scope", Oscilloscope), ("dmm", Multimeter), ("switch", LoadSwitch), ("supply", Supply),
    ("generator", WaveformGenerator),
)  # fmt: skip

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that is connected; ``role`` and ``identity`` where it was asked and is known."""

    resource_name: str
    via: str
    identity: Identity | None = None
    role: str = ""
    remark: str = ""


def discover(hosts: Iterable[str] = (), *, limit_s: float = DISCOVERY_S) -> tuple[Found, ...]:
    """Look everywhere at once and ask what answers who it is; returns within ``limit_s``."""
    deadline_s = time.monotonic() + limit_s
    searches: list[Callable[[], Iterable[Found]]] = [announced_by_mdns, usb_resources]
    searches += [lambda host=host: _on_host(host) for host in hosts]
    candidates = _gathered(searches, deadline_s)
    best: dict[str, Found] = {}
    for found in candidates:
        if found.resource_name:
            best.setdefault(found.resource_name, found)
    remarks = [found for found in candidates if not found.resource_name]
    asked = _gathered([lambda one=one: (_asked(one),) for one in best.values()], deadline_s)
    return (*_without_doubles(asked), *remarks, *serial_ports())


def role_of(driver: Driver) -> str:
    """Return the role that a driver can play in a station."""
    return next((role for role, kind in _ROLES if isinstance(driver, kind)), "")


def announced_by_mdns() -> tuple[Found, ...]:
    """Return what announces itself by mDNS; needs the extra ``discovery`` (zeroconf)."""
    try:
        from zeroconf import ServiceBrowser, ServiceStateChange, Zeroconf
    except ImportError:
        return (
            Found(
                resource_name="",
                via="mDNS",
                remark="not looked for: pip install 'microcurrent-bench[discovery]'",
            ),
        )
    names: list[tuple[str, str]] = []

    def note(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        del zeroconf
        if state_change is ServiceStateChange.Added:
            names.append((service_type, name))

    try:
        with contextlib.closing(Zeroconf()) as zeroconf:
            browser = ServiceBrowser(zeroconf, list(_SERVICES), handlers=[note])
            time.sleep(MDNS_S)
            browser.cancel()
            return tuple(_resolved(zeroconf, names))
    except OSError as error:
        return (Found(resource_name="", via="mDNS", remark=f"not looked for: {error}"),)


def _resolved(zeroconf: Zeroconf, names: list[tuple[str, str]]) -> list[Found]:
    """Return the resources of announced services, HiSLIP before the others."""
    from zeroconf import IPVersion

    order = list(_SERVICES)
    found: list[Found] = []
    for service_type, name in sorted(names, key=lambda pair: order.index(pair[0])):
        info = zeroconf.get_service_info(service_type, name, timeout=1000)
        addresses = [] if info is None else info.parsed_addresses(IPVersion.V4Only)
        if info is None or not addresses:
            continue
        resource = _SERVICES[service_type].format(host=addresses[0], port=info.port)
        found.append(Found(resource_name=resource, via=f"mDNS {name.split('.', 1)[0]}"))
    return found


def usb_resources() -> tuple[Found, ...]:
    """Return the USBTMC instruments that pyvisa-py sees; its own list would broadcast as well."""
    try:
        from pyvisa_py.usb import USBInstrSession

        names = USBInstrSession.list_resources()
    except (ImportError, ValueError, OSError) as error:  # no pyusb, no libusb, no right to the bus
        return (Found(resource_name="", via="USB", remark=f"not looked for: {error}"),)
    return tuple(Found(resource_name=name, via="USB") for name in names)


def serial_ports() -> tuple[Found, ...]:
    """Return the serial ports with what their hardware says; nothing is sent to them."""
    from serial.tools.list_ports import comports

    return tuple(
        Found(
            resource_name=f"ASRL{port.device}::INSTR",
            via="serial port",
            remark=f"{port.description}; not asked, it may be the device "
            f'(link = "serial://{port.device}")',
        )
        for port in comports()
    )


def _on_host(text: str) -> tuple[Found, ...]:
    """Return what listens on a host's usual ports, or on the one that is given as ``host:port``."""
    host, colon, port_text = text.partition(":")
    if colon and not port_text.isdigit():
        return (Found(resource_name="", via=text, remark="expected HOST or HOST:PORT"),)
    if colon:
        port = int(port_text)
        kinds = ("TCPIP::{host}::hislip0,{port}::INSTR", "TCPIP::{host}::{port}::SOCKET")
        open_ports = [port] if _listens(host, port) else []
        names = [kind.format(host=host, port=port) for kind in kinds for _ in open_ports]
    else:
        with ThreadPoolExecutor(len(_PORTS)) as pool:
            listens = list(pool.map(lambda port: _listens(host, port), _PORTS))
        names = [
            name.format(host=host)
            for name, there in zip(_PORTS.values(), listens, strict=True)
            if there
        ]
    if not names:
        remark = "nothing listens on the ports of instruments; check power, cable and address"
        return (Found(resource_name="", via=text, remark=remark),)
    return tuple(Found(resource_name=name, via=text) for name in names)


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=CONNECT_S).close()
    except OSError:
        return False
    return True


def _asked(found: Found) -> Found:
    """Ask what was found who it is."""
    try:
        driver = open_instrument("discovery", found.resource_name, timeout_s=ASK_S)
    except BenchError as error:
        unknown = isinstance(error, InstrumentError) and "no driver knows" in str(error)
        remark = "no driver knows it: " if unknown else ""
        return Found(resource_name=found.resource_name, via=found.via, remark=f"{remark}{error}")
    with contextlib.closing(driver):
        return Found(
            resource_name=found.resource_name,
            via=found.via,
            identity=driver.identity,
            role=role_of(driver),
        )


def _without_doubles(found: Iterable[Found]) -> tuple[Found, ...]:
    """Leave out the further protocols of an instrument, and refusals of one that answered."""
    kept: dict[tuple[str, str], Found] = {}
    answered = {one.via for one in found if one.identity is not None}
    others: list[Found] = []
    for one in found:
        if one.identity is not None:
            kept.setdefault((one.identity.model, one.identity.serial), one)
        elif one.via not in answered:
            others.append(one)
    return (*kept.values(), *others)


def _gathered(
    searches: Iterable[Callable[[], Iterable[Found]]], deadline_s: float
) -> tuple[Found, ...]:
    """Run searches side by side; what is not done at the deadline is left behind and said."""
    waiting = list(searches)
    if not waiting:
        return ()
    results: list[list[Found] | None] = [None] * len(waiting)

    def run(index: int) -> None:
        try:
            results[index] = list(waiting[index]())
        except Exception as error:  # noqa: BLE001 - it runs in a thread of its own: what is not said here, nobody hears
            _logger.info("a search failed: %s", error)
            results[index] = [Found(resource_name="", via="search", remark=str(error))]

    threads = [
        threading.Thread(target=run, args=(index,), daemon=True) for index in range(len(waiting))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline_s - time.monotonic()))
    late = Found(resource_name="", via="search", remark="one search did not end in time")
    return tuple(found for result in results for found in ([late] if result is None else result))
