"""The device's control interface: what the bench asks, our protocol, and other people's devices."""

from bench.device.adapter import AdapterFactory, load_adapter, open_link
from bench.device.conformance import Finding, check_link
from bench.device.frames import Event
from bench.device.line_protocol import FAULT_NAMES, LineProtocolLink
from bench.device.link import (
    DeviceIdentity,
    DeviceLimits,
    DeviceLink,
    DeviceState,
    DeviceStatus,
    Telemetry,
)
from bench.device.template import Command, TemplateLink, TextTemplate, load_template

__all__ = [
    "FAULT_NAMES",
    "AdapterFactory",
    "Command",
    "DeviceIdentity",
    "DeviceLimits",
    "DeviceLink",
    "DeviceState",
    "DeviceStatus",
    "Event",
    "Finding",
    "LineProtocolLink",
    "Telemetry",
    "TemplateLink",
    "TextTemplate",
    "check_link",
    "load_adapter",
    "load_template",
    "open_link",
]
