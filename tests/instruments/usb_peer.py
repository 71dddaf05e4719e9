"""A USBTMC instrument as a backend of pyusb: everything above it, pyusb and pyvisa-py, is real.

Source: USBTMC revision 1.0, USB488 revision 1.0; written against them and not against a client.
"""

from __future__ import annotations

import errno
import importlib
import struct
import time
from collections.abc import Callable
from types import SimpleNamespace

import usb.backend
import usb.backend.libusb1
import usb.core

Answer = Callable[[bytes], bytes | None]
PACKET = 512
OUT, IN = 0x01, 0x82
VENDOR, PRODUCT, SERIAL = 0x1234, 0x5678, "SN1"
HEADER = struct.Struct("<BBBxLBxxx")
CAPABILITIES = bytes(14) + bytes([0b100]) + bytes(9)


class UsbPeer(usb.backend.IBackend):
    """One instrument. ``largest`` is how many bytes of a response one transfer carries at most.

    ``wrong_tag``: transfers carry the tag of another request; ``ends`` is False: the end of a
    response is not marked; ``unplugged``: every call fails as the kernel makes it fail.
    """

    resource_name = f"USB0::{VENDOR}::{PRODUCT}::{SERIAL}::0::INSTR"

    def __init__(self, answer: Answer, *, largest: int = 1 << 20) -> None:
        self.answer = answer
        self.largest = largest
        self.unplugged = False
        self.wrong_tag = False
        self.ends = True
        self.cleared = 0
        self._program = b""
        self._response = memoryview(b"")
        self._incoming = b""

    def install(self, monkeypatch) -> None:
        """Make this the only backend, also where pyvisa-py found none when it was imported."""
        monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda *_, **__: self)
        importlib.reload(importlib.import_module("pyvisa_py.usb"))

    # -- the tree of descriptors

    def enumerate_devices(self):
        return [self]

    def get_device_descriptor(self, dev):
        del dev
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x200, bDeviceClass=0, bDeviceSubClass=0,
            bDeviceProtocol=0, bMaxPacketSize0=64, idVendor=VENDOR, idProduct=PRODUCT,
            bcdDevice=1, iManufacturer=0, iProduct=0, iSerialNumber=1, bNumConfigurations=1,
            address=1, bus=1, port_number=1, port_numbers=(1,), speed=3,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev, config):
        del dev
        if config:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=32, bNumInterfaces=1, bConfigurationValue=1,
            iConfiguration=0, bmAttributes=0x80, bMaxPower=50, extra_descriptors=(),
        )  # fmt: skip

    def get_interface_descriptor(self, dev, intf, alt, config):
        del dev, config
        if intf or alt:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0, bNumEndpoints=2,
            bInterfaceClass=0xFE, bInterfaceSubClass=3, bInterfaceProtocol=1, iInterface=0,
            extra_descriptors=(),
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev, ep, intf, alt, config):
        del dev, intf, alt, config
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=(OUT, IN)[ep], bmAttributes=2,
            wMaxPacketSize=PACKET, bInterval=0, bRefresh=0, bSynchAddress=0, extra_descriptors=(),
        )  # fmt: skip

    # -- the device

    def open_device(self, dev):
        return dev

    def close_device(self, dev_handle) -> None:
        """Nothing is held."""

    def get_configuration(self, dev_handle) -> int:
        del dev_handle
        return 1

    def set_configuration(self, dev_handle, config_value) -> None:
        """There is one."""

    def claim_interface(self, dev_handle, intf) -> None:
        """There is one."""

    def release_interface(self, dev_handle, intf) -> None:
        """There is one."""

    def is_kernel_driver_active(self, dev_handle, intf) -> bool:
        del dev_handle, intf
        return False

    def clear_halt(self, dev_handle, ep) -> None:
        del dev_handle
        assert ep == OUT

    def ctrl_transfer(self, dev_handle, bmRequestType, bRequest, wValue, wIndex, data, timeout):
        del dev_handle, timeout
        self._require_plugged()
        if bmRequestType == 0x80:  # a string descriptor
            text = struct.pack("<H", 0x0409) if wValue & 0xFF == 0 else SERIAL.encode("utf-16-le")
            found = bytes([2 + len(text), 3]) + text
        else:
            assert wIndex == 0
            found = {7: CAPABILITIES, 5: b"\x01", 6: b"\x01\x00"}[bRequest]
            if bRequest == 5:
                self.cleared += 1
                self._program = self._incoming = b""
                self._response = memoryview(b"")
        count = min(len(found), len(data))
        data[:count] = type(data)("B", found[:count])
        return count

    def bulk_write(self, dev_handle, ep, intf, data, timeout) -> int:
        del dev_handle, intf, timeout
        self._require_plugged()
        assert ep == OUT
        kind, tag, inverse, size, attributes = HEADER.unpack_from(data)
        assert inverse == ~tag & 0xFF
        if kind == 1:
            self._program += bytes(data[HEADER.size : HEADER.size + size])
            if attributes & 1:
                message, self._program = self._program.rstrip(b"\n"), b""
                self._response = memoryview(bytes(self._response) + (self.answer(message) or b""))
        elif self._response:
            self._send(tag, min(size, self.largest))
        return len(data)

    def _send(self, tag: int, size: int) -> None:
        piece, self._response = self._response[:size], self._response[size:]
        ended = not self._response and self.ends
        sent = tag % 255 + 1 if self.wrong_tag else tag
        head = HEADER.pack(2, sent, ~sent & 0xFF, len(piece), int(ended))
        self._incoming = b"".join((head, piece, bytes(-len(piece) % 4)))

    def bulk_read(self, dev_handle, ep, intf, buff, timeout) -> int:
        del dev_handle, intf
        self._require_plugged()
        assert ep == IN
        if not self._incoming:
            time.sleep(timeout / 1000)
            raise usb.core.USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        piece = self._incoming[: len(buff)]
        self._incoming = self._incoming[len(buff) :]
        buff[: len(piece)] = type(buff)("B", piece)
        return len(piece)

    def _require_plugged(self) -> None:
        if self.unplugged:
            raise usb.core.USBError(
                "No such device (it may have been disconnected)", -4, errno.ENODEV
            )
