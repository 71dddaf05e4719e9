"""The device's side of the link: MDL/1, one line a request, one line a reply."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.twin.firmware import PROTECTIONS, Refusal, State
from bench.twin.part import Part, late
from bench.twin.virtual_time import NS_PER_S, Timeline

if TYPE_CHECKING:
    from bench.twin.unit import Unit

__all__ = ["DevicePort", "Request", "crc8"]

_LONGEST = 128
_TEST_MODE_S = 600.0
_REQUEST = re.compile(r"(?:#(?P<seq>\d{1,9}) )?(?P<verb>[A-Z][A-Z0-9:]*\??)(?: (?P<args>\S.*))?")
_INTEGER = re.compile(r"-?\d{1,10}")
_CAPABILITIES = (
    "poweron", "pause", "heartbeat", "selftest", "events", "test", "inject", "protect", "hang", "tick",
)  # fmt: skip
_ANY_STATE = frozenset({"IDN?", "STAT?", "STOP", "PING", "POWERON"})
"""Verbs that are answered even while the device is off or starting."""


def _shifted_out(byte: int) -> int:
    for _ in range(8):
        byte = (byte << 1) ^ 0x07 if byte & 0x80 else byte << 1
        byte &= 0xFF
    return byte


_CRC_OF_BYTE = tuple(_shifted_out(byte) for byte in range(256))


def crc8(data: bytes) -> int:
    """Return the CRC-8 with polynomial 0x07, initial value 0 (SMBus)."""
    crc = 0
    for byte in data:
        crc = _CRC_OF_BYTE[crc ^ byte]
    return crc


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request taken apart."""

    seq: str | None
    verb: str
    args: tuple[str, ...]


class DevicePort(Part):
    """Takes bytes, answers after a while."""

    def __init__(self, timeline: Timeline, unit: Unit) -> None:
        self._timeline = timeline
        self._unit = unit
        self._firmware = unit.firmware
        self._buffer = b""
        self._out: list[tuple[int, bytes]] = []
        self._last: tuple[str, str, str] | None = None
        self._nonce = ""
        self._events = False
        self._test_until_ns = 0
        self.check_level: Callable[[int], int] = self._strict_level
        """Level argument -> level number or Refusal; a fault may replace it."""
        self.read_line: Callable[[str], str] = _as_it_is
        """Line -> line as the parser takes it; a fault may replace it."""
        self.always_unlocked: Callable[[str], bool] = _never
        """Verb -> whether it works without unlocking; a fault may replace it."""
        self.on_request: Callable[[], None] = _nothing
        self._firmware.on_event = self._event
        self._verbs = self._table()

    def receive(self, data: bytes) -> None:
        """Bytes begin to arrive now."""
        link, now_ns = self._unit.link, self._timeline.now_ns
        taken_s = min(len(data) * link.byte_s, link.handling_limit_s)
        reply_ns = now_ns + round(link.reply_latency_s * NS_PER_S)
        self._timeline.after(taken_s, lambda: self._taken(data, reply_ns))

    def transmit(self) -> bytes:
        """Take what has been sent so far."""
        now_ns = self._timeline.now_ns
        due = b"".join(data for time_ns, data in self._out if time_ns <= now_ns)
        self._out = [item for item in self._out if item[0] > now_ns]
        return due

    def next_ns(self) -> int | None:
        """Return when the next bytes will have been sent, None if none are on their way."""
        return min((time_ns for time_ns, _ in self._out), default=None)

    def unlock_until_reset(self) -> None:
        """Faulty: test mode is on from the start; reset ends it."""
        self._test_until_ns = 2**63
        self.always_unlocked = lambda _verb: self._firmware.reset_cause in ("POWER", "KEY")

    def _taken(self, data: bytes, reply_ns: int) -> None:
        if not self._firmware.powered:
            self._buffer = b""
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > 8 * _LONGEST:
            self._buffer = self._buffer[: 8 * _LONGEST]
        for line in lines:
            if self._firmware.hung is None:
                self._answer(line.rstrip(b"\r"), reply_ns)

    def _answer(self, line: bytes, reply_ns: int) -> None:
        self.on_request()
        if not line:
            return
        reply = self._reply_to(line)
        if self._unit.link.rewrite is not None:
            reply = self._unit.link.rewrite(line.decode("ascii", "replace"), reply)
        self._out.append((reply_ns, reply.encode("ascii", "replace") + b"\n"))

    def _reply_to(self, line: bytes) -> str:
        if len(line) > _LONGEST:
            return "ERR 13 LONG"
        text = self.read_line(line.decode("ascii", "replace"))
        body, star, check = text.rpartition("*")
        if not star or not re.fullmatch(r"[0-9A-Fa-f]{2}", check):
            return self._reply_to_body(text)
        if crc8(body.encode("ascii", "replace")) != int(check, 16):
            return _with_crc("ERR 12 CRC")
        return _with_crc(self._reply_to_body(body))

    def _reply_to_body(self, body: str) -> str:
        match = _REQUEST.fullmatch(body)
        if match is None:
            return "ERR 11 SYNTAX"
        args = tuple(part.strip() for part in match["args"].split(",")) if match["args"] else ()
        request = Request(seq=match["seq"], verb=match["verb"], args=args)
        prefix = f"#{request.seq} " if request.seq else ""
        if request.seq and self._last is not None and self._last[:2] == (request.seq, body):
            return prefix + self._last[2]
        reply = self._perform(request)
        if request.seq:
            self._last = (request.seq, body, reply)
        return prefix + reply

    def _perform(self, request: Request) -> str:
        try:
            self._check_allowed(request)
            result = self._verbs[request.verb](request.args)
        except Refusal as refusal:
            return f"ERR {refusal.code} {refusal.word}"
        self._firmware.request_seen()
        return f"OK {result}" if result else "OK"

    def _check_allowed(self, request: Request) -> None:
        if request.verb not in self._verbs:
            raise Refusal(10, "VERB")
        state = self._firmware.state
        if request.verb not in _ANY_STATE:
            if state is State.OFF:
                raise Refusal(30, "STATE")
            if state is State.BOOT:
                raise Refusal(31, "BUSY")
        if request.verb.startswith("T:") or request.verb in ("CAL?", "NVM?"):
            self._expire_test_mode()
            if not self._firmware.test_mode and not self.always_unlocked(request.verb):
                raise Refusal(40, "LOCKED")

    def _expire_test_mode(self) -> None:
        if self._timeline.now_ns > self._test_until_ns or self._firmware.charging:
            self._firmware.test_mode = False

    def _event(self, name: str, text: str) -> None:
        if self._events and self._firmware.powered:
            now_ms = (self._timeline.now_ns - self._firmware.booted_ns) // 1_000_000
            due_ns = self._timeline.now_ns + round(self._unit.link.reply_latency_s * NS_PER_S)
            self._out.append((due_ns, f"EVT {now_ms} {name} {text}\n".encode("ascii")))

    def _table(self) -> dict[str, Callable[[tuple[str, ...]], str]]:
        firmware = self._firmware
        return {
            "IDN?": _bare(self._identity),
            "STAT?": _bare(self._status),
            "MEAS?": _bare(self._readings),
            "LIMITS?": _bare(self._limits),
            "FAULTS?": _bare(self._faults),
            "LEVEL?": _bare(lambda: f"level={firmware.level}"),
            "MODE?": _bare(lambda: f"mode={self._modes()[self._unit.memory.mode]}"),
            "LEVEL": self._set_level,
            "MODE": self._set_mode,
            "START": self._start,
            "STOP": _act(late(firmware, "stop")),
            "PAUSE": _act(late(firmware, "pause")),
            "RESUME": _act(late(firmware, "resume")),
            "BOOST": _act(late(firmware, "boost")),
            "FCLR": _act(late(firmware, "clear_faults")),
            "HB": self._heartbeat,
            "PING": _act(_nothing),
            "EVT": self._set_events,
            "SELFTEST?": _bare(lambda: "ref=ok adc=ok dac=ok cmp=ok wdt=ok"),
            "NONCE?": _bare(self._new_nonce),
            "UNLOCK": self._unlock,
            "RESET": _act(late(firmware, "reset_soon")),
            "POWEROFF": _act(late(firmware, "power_off_soon")),
            "POWERON": _act(late(firmware, "press_power")),
            "CAL?": _bare(self._calibration),
            "NVM?": _bare(self._settings),
            "T:INJ": self._inject,
            "T:PROT": self._protect,
            "T:HANG": self._hang,
            "T:TICK": self._tick,
        }

    def _identity(self) -> str:
        who = self._unit.identity
        parts = [
            f"model={_word(who.model)}", f"sn={_word(who.serial)}", f"hw={_word(who.hardware)}",
            f"fw={_word(who.firmware)}", f"build={_word(who.build)}", "proto=1",
            f"caps={','.join(self._capabilities())}",
        ]  # fmt: skip
        return " ".join([*parts, f"udi={_word(who.udi)}"] if who.udi else parts)

    def _capabilities(self) -> tuple[str, ...]:
        return (*_CAPABILITIES, "boost") if self._unit.boost.current_ua else _CAPABILITIES

    def _status(self) -> str:
        self._expire_test_mode()
        return self._unit.telemetry.status()

    def _readings(self) -> str:
        return self._unit.telemetry.readings()

    def _limits(self) -> str:
        table = ",".join(f"{level:g}" for level in self._unit.description.output.table_ua())
        return (
            f"levels={self._firmware.level_count} modes={','.join(self._modes())}"
            f" max_s={round(self._firmware.session_max_s)} table_ua={table}"
        )

    def _faults(self) -> str:
        telemetry = self._unit.telemetry
        return (
            f"faults={telemetry.fault_word()} names={','.join(telemetry.fault_names()) or 'none'}"
        )

    def _modes(self) -> tuple[str, ...]:
        return self._firmware.settings.modes or ("standard",)

    def _set_level(self, args: tuple[str, ...]) -> str:
        self._firmware.set_level(self.check_level(_integer(args)))
        return ""

    def _strict_level(self, level: int) -> int:
        if not 1 <= level <= self._firmware.level_count:
            raise Refusal(21, "RANGE")
        return level

    def _set_mode(self, args: tuple[str, ...]) -> str:
        if self._firmware.state is not State.IDLE:
            raise Refusal(30, "STATE")
        if len(args) != 1 or args[0] not in self._modes():
            raise Refusal(21, "RANGE")
        self._unit.memory.mode = self._modes().index(args[0])
        return ""

    def _start(self, args: tuple[str, ...]) -> str:
        session_s = _integer(args)
        if not 1 <= session_s <= self._firmware.session_max_s:
            raise Refusal(21, "RANGE")
        self._firmware.start(session_s)
        return ""

    def _heartbeat(self, args: tuple[str, ...]) -> str:
        limit_ms = _integer(args)
        if not 0 <= limit_ms <= 600_000:
            raise Refusal(21, "RANGE")
        self._firmware.heartbeat_s = limit_ms / 1000.0 or None
        return ""

    def _set_events(self, args: tuple[str, ...]) -> str:
        self._events = _flag(args)
        return ""

    def _new_nonce(self) -> str:
        seed = f"{self._unit.description.seed}/{self._timeline.now_ns}"
        self._nonce = hashlib.sha256(seed.encode("ascii")).hexdigest()[:8]
        return f"nonce={self._nonce}"

    def _unlock(self, args: tuple[str, ...]) -> str:
        key = self._unit.description.unlock_key.encode("ascii", "replace")
        answer = hmac.new(key, self._nonce.encode("ascii"), hashlib.sha256).hexdigest()[:8]
        given = args[0].lower() if len(args) == 1 else ""
        valid = bool(self._nonce) and hmac.compare_digest(answer.encode(), given.encode())
        self._nonce = ""
        if not valid:
            raise Refusal(40, "LOCKED")
        self._firmware.test_mode = True
        self._test_until_ns = self._timeline.now_ns + round(_TEST_MODE_S * NS_PER_S)
        return ""

    def _calibration(self) -> str:
        return f"gain_ppm={round((self._unit.source.gain - 1.0) * 1e6)}"

    def _settings(self) -> str:
        table = ",".join(f"{level:g}" for level in self._unit.memory.level_table_ua)
        return f"mode={self._unit.memory.mode} table_ua={table}"

    def _inject(self, args: tuple[str, ...]) -> str:
        if len(args) != 2:
            raise Refusal(11, "SYNTAX")
        value = _number(args[1])
        unit, firmware = self._unit, self._firmware
        unit.machine.disturb()
        if args[0] == "overcurrent_ua":
            unit.injection.overcurrent_ua = value
        elif args[0] == "stuck_polarity":
            unit.injection.stuck_polarity = (value > 0) - (value < 0)
        elif args[0] == "timer_frozen":
            firmware.timer.freeze(frozen=value != 0)
        elif args[0] == "thermistor_c10":
            unit.thermistor.injected_c10 = value
            firmware.temperature_changed()
        elif args[0] == "battery_mv":
            unit.battery.injected_mv = value or None
            firmware.battery_changed()
        else:
            raise Refusal(21, "RANGE")
        firmware.delivery.drive_again()
        return ""

    def _protect(self, args: tuple[str, ...]) -> str:
        if len(args) != 2 or args[0] not in PROTECTIONS:
            raise Refusal(21, "RANGE")
        self._unit.machine.disturb()
        getattr(self._unit, PROTECTIONS[args[0]]).enabled = _flag(args[1:])
        return ""

    def _hang(self, args: tuple[str, ...]) -> str:
        if args not in (("main",), ("all",)):
            raise Refusal(21, "RANGE")
        what = "main" if args == ("main",) else "all"
        self._timeline.after(0.0, lambda: self._firmware.hang(what))
        return ""

    def _tick(self, args: tuple[str, ...]) -> str:
        seconds = _integer(args)
        self._firmware.timer.preset(seconds)
        return ""


def _bare(query: Callable[[], str]) -> Callable[[tuple[str, ...]], str]:
    def perform(args: tuple[str, ...]) -> str:
        if args:
            raise Refusal(11, "SYNTAX")
        return query()

    return perform


def _act(action: Callable[[], None]) -> Callable[[tuple[str, ...]], str]:
    def perform(args: tuple[str, ...]) -> str:
        if args:
            raise Refusal(11, "SYNTAX")
        action()
        return ""

    return perform


def _integer(args: tuple[str, ...]) -> int:
    if len(args) != 1:
        raise Refusal(11, "SYNTAX")
    if not _INTEGER.fullmatch(args[0]):
        raise Refusal(20, "TYPE")
    return int(args[0])


def _number(text: str) -> float:
    if not re.fullmatch(r"-?\d{1,7}(\.\d{1,3})?", text):
        raise Refusal(20, "TYPE")
    return float(text)


def _flag(args: tuple[str, ...]) -> bool:
    value = _integer(args)
    if value not in (0, 1):
        raise Refusal(21, "RANGE")
    return value == 1


def _word(text: str) -> str:
    return "_".join(text.split())


def _with_crc(reply: str) -> str:
    return f"{reply}*{crc8(reply.encode('ascii')):02X}"


def _as_it_is(line: str) -> str:
    return line


def _never(_verb: str) -> bool:
    return False


def _nothing() -> None:
    """Nothing happens."""
