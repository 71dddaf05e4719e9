"""The device link over a stream of bytes, in the protocol MDL/1 (``docs/device-link.md``)."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from bench.clock import Clock
from bench.device.frames import (
    Event,
    FrameError,
    Reply,
    encode_request,
    parse_line,
)
from bench.device.link import (
    DeviceIdentity,
    DeviceLimits,
    DeviceState,
    DeviceStatus,
    Telemetry,
)
from bench.device.stream import ByteStream, LineReader
from bench.device.timing import listening_times, reply_limit_s
from bench.errors import (
    DeviceRefused,
    LinkProtocolError,
    LinkTimeout,
    NotOffered,
    UsageError,
)

__all__ = ["FAULT_NAMES", "LineProtocolLink"]

FAULT_NAMES = (
    "OC_HW", "OC_FW", "OPEN", "COMPL", "DC", "WDT", "BAT", "TEMP", "COMM", "SELF", "NVM", "BOD",
)  # fmt: skip
"""Bits 0 to 11 of a fault word."""

_RETRIES = 2
_IDEMPOTENT_COMMANDS = frozenset({"STOP", "LEVEL"})
_LAST_SEQUENCE = 9999
_NONCE_DIGITS = 8
_UNATTRIBUTED_ERRORS = range(10, 14)
"""Errors of a line that the device could not read, hence may answer without its number."""
_CRC_ERROR = 12
_HANGS = {"hang_main": "main", "hang_all": "all"}
_TICK = "session_counter_s"

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Wait:
    """What happened while a reply was awaited."""

    reply: Reply | None = None
    garbage: str = ""


class LineProtocolLink:
    """An MDL/1 device on a stream.

    Idempotent requests (queries, STOP, LEVEL) are repeated twice under the same number; anything
    else is sent once. A reply under another number is late and is dropped.
    """

    def __init__(self, stream: ByteStream, *, clock: Clock, unlock_key: str) -> None:
        """Speak over an open stream; the device may still be silent (switched off)."""
        self.capabilities: frozenset[str] = frozenset()
        self._stream = stream
        self._lines = LineReader(stream)
        self._clock = clock
        self._unlock_key = unlock_key
        self._sequence = 0
        self._events: list[Event] = []

    def identify(self) -> DeviceIdentity:
        """Return who answers, and learn what the device offers."""
        values = self._ask("IDN?")
        self.capabilities = frozenset(name for name in values.get("caps", "").split(",") if name)
        return DeviceIdentity(
            model=values.get("model", ""),
            serial=values.get("sn", ""),
            hardware=values.get("hw", ""),
            firmware=values.get("fw", ""),
            build=values.get("build", ""),
            udi=values.get("udi", ""),
            capabilities=self.capabilities,
        )

    def status(self) -> DeviceStatus:
        """Return the device's state as it reports it now."""
        values = self._ask("STAT?")
        state = values.get("state", "")
        if state not in DeviceState.__members__:
            self._reject("STAT?", f"expected a state, found {state!r}")
        return DeviceStatus(
            state=DeviceState(state),
            level=self._integer("STAT?", values, "level"),
            mode=values.get("mode", ""),
            remaining_s=float(self._integer("STAT?", values, "left_s")),
            contact=self._integer("STAT?", values, "contact") != 0,
            charging=self._integer("STAT?", values, "chg") != 0,
            battery_v=self._integer("STAT?", values, "bat_mv") / 1000,
            faults=self._faults("STAT?", values),
            uptime_s=self._integer("STAT?", values, "up_ms") / 1000,
            counter=self._integer("STAT?", values, "n"),
            battery_low=values["low"] != "0" if "low" in values else None,
        )

    def telemetry(self) -> Telemetry:
        """Return the device's own readings."""
        values = self._ask("MEAS?")
        return Telemetry(
            set_current_ua=float(self._integer("MEAS?", values, "set_ua")),
            current_ua=float(self._integer("MEAS?", values, "i_ua")),
            voltage_mv=float(self._integer("MEAS?", values, "v_mv")),
            contact_ohm=float(self._integer("MEAS?", values, "r_ohm")),
            compliance_mv=float(self._integer("MEAS?", values, "vc_mv")),
            temperature_c=self._integer("MEAS?", values, "t_c10") / 10,
            age_s=self._integer("MEAS?", values, "age_ms") / 1000,
        )

    def limits(self) -> DeviceLimits:
        """Return what the device accepts."""
        values = dict(self._ask("LIMITS?"))
        levels = self._integer("LIMITS?", values, "levels")
        session_max_s = float(self._integer("LIMITS?", values, "max_s"))
        table = [field for field in values.get("table_ua", "").split(",") if field]
        try:
            currents = tuple(float(field) for field in table)
        except ValueError as error:
            self._reject("LIMITS?", f"table_ua: {error}")
        known = {"levels", "modes", "max_s", "table_ua"}
        return DeviceLimits(
            levels=levels,
            modes=tuple(mode for mode in values.get("modes", "").split(",") if mode),
            session_max_s=session_max_s,
            level_currents_ua=currents,
            other={key: value for key, value in values.items() if key not in known},
        )

    def set_level(self, level: int) -> None:
        """Select output level 1..n; the device refuses a level that it has not (never clamps)."""
        self._ask("LEVEL", str(level))

    def set_mode(self, mode: str) -> None:
        """Select a mode by name."""
        self._ask("MODE", mode)

    def start(self, session_s: float) -> None:
        """Start a session of whole seconds; the reply means accepted, the ramp follows."""
        self._ask("START", _whole(session_s, "seconds of a session"))

    def stop(self) -> None:
        """Stop the output; legal in every state, idempotent."""
        self._ask("STOP")

    def pause(self) -> None:
        """Pause the session."""
        self._require("pause")
        self._ask("PAUSE")

    def resume(self) -> None:
        """Resume a paused session."""
        self._require("pause")
        self._ask("RESUME")

    def boost(self) -> None:
        """Ask a running device for its temporary boost."""
        self._require("boost")
        self._ask("BOOST")

    def faults(self) -> frozenset[str]:
        """Return the latched faults by name."""
        return self._faults("FAULTS?", self._ask("FAULTS?"))

    def clear_faults(self) -> None:
        """Clear latched faults whose cause is gone; DeviceRefused 32 where it is not."""
        self._ask("FCLR")

    def heartbeat(self, timeout_s: float) -> None:
        """Set the device's communication watchdog; zero switches it off."""
        self._require("heartbeat")
        self._ask("HB", _whole(timeout_s * 1000, "milliseconds of the watchdog"))

    def reset(self) -> None:
        """Restart the device's firmware; it answers first and acts 20 ms later."""
        self._ask("RESET")

    def power_on(self) -> None:
        """Wake the device from OFF."""
        self._ask("POWERON")

    def power_off(self) -> None:
        """Switch the device off; it answers first and acts 20 ms later."""
        self._ask("POWEROFF")

    def unlock_tests(self) -> None:
        """Enter the volatile test mode: answer the device's nonce with the key's HMAC-SHA256."""
        self._require("test")
        nonce = self._ask("NONCE?").get("nonce", "")
        if len(nonce) != _NONCE_DIGITS:
            self._reject("NONCE?", f"expected {_NONCE_DIGITS} hex digits, found {nonce!r}")
        digest = hmac.new(self._unlock_key.encode(), nonce.encode(), hashlib.sha256)
        self._ask("UNLOCK", digest.hexdigest()[:_NONCE_DIGITS])

    def inject(self, name: str, value: float) -> None:
        """Inject a fault by its name in ``docs/device-link.md`` (test mode only)."""
        if name in _HANGS:
            self._require("hang")
            self._ask("T:HANG", _HANGS[name])
        elif name == _TICK:
            self._require("tick")
            self._ask("T:TICK", _whole(value, "seconds of the session counter"))
        else:
            self._require("inject")
            self._ask("T:INJ", name, f"{value:.3f}".rstrip("0").rstrip("."))

    def enable_protection(self, name: str, *, enabled: bool) -> None:
        """Enable or disable one protection layer (test mode only)."""
        self._require("protect")
        self._ask("T:PROT", name, "1" if enabled else "0")

    def enable_events(self, *, enabled: bool) -> None:
        """Let the device report changes of state unasked (:meth:`events`), or stop it."""
        self._require("events")
        self._ask("EVT", "1" if enabled else "0")

    def events(self) -> tuple[Event, ...]:
        """Return what the device said unasked since the last call."""
        self._drop_pending()
        events, self._events = tuple(self._events), []
        return events

    def raw(self, request: bytes) -> bytes:
        """Send bytes as they are and return the first line that is not an event; empty if none."""
        self._drop_pending()
        self._stream.send(request)
        for wall_s in listening_times(self._clock, reply_limit_s()):
            for line in self._lines.lines(wall_s):
                if not self._keep_event(line):
                    self._clock.synchronise()  # bytes of several lines have more than one answer
                    return line
        return b"".join(self._lines.pending_lines())

    def close(self) -> None:
        """Close the link; idempotent, never raises."""
        self._stream.close()

    def _ask(self, verb: str, *arguments: str) -> Mapping[str, str]:
        """Send a request and return the values of its reply; repeat it where that is harmless."""
        self._drop_pending()
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        request = encode_request(verb, *arguments, sequence=self._sequence)
        repeatable = verb.endswith("?") or verb in _IDEMPOTENT_COMMANDS
        garbage = ""
        for _ in range(1 + (_RETRIES if repeatable else 0)):
            self._stream.send(request)
            waited = self._await_reply(verb)
            garbage = waited.garbage or garbage
            if waited.reply is not None and waited.reply.code != _CRC_ERROR:
                return self._accept(verb, waited.reply)
            if waited.reply is not None:
                garbage = "the device found our checksum wrong"
        if garbage:
            self._reject(verb, garbage)
        raise LinkTimeout(
            f"device link {self._stream.name}: no reply to {verb} within {reply_limit_s(verb):g} s; "
            "check that the device is switched on and the cable is in"
        )

    def _accept(self, verb: str, reply: Reply) -> Mapping[str, str]:
        if reply.code:
            raise DeviceRefused(
                f"device link {self._stream.name}: the device refused {verb} with "
                f"{reply.code} {reply.word}",
                code=reply.code,
                word=reply.word,
            )
        return reply.values

    def _await_reply(self, verb: str) -> _Wait:
        waited = _Wait()
        for wall_s in listening_times(self._clock, reply_limit_s(verb)):
            for line in self._lines.lines(wall_s):
                _logger.debug("device > %r", line)
                if self._is_answer(line, waited):
                    return waited
        return waited

    def _is_answer(self, line: bytes, waited: _Wait) -> bool:
        try:
            parsed = parse_line(line, crc_required=True)
        except FrameError as error:
            waited.garbage = str(error)
            return False
        if isinstance(parsed, Event):
            self._events.append(parsed)
            return False
        if parsed.sequence == self._sequence or (
            parsed.sequence is None and parsed.code in _UNATTRIBUTED_ERRORS
        ):
            waited.reply = parsed
            return True
        _logger.info("device: a late reply was dropped: %r", line)
        return False

    def _drop_pending(self) -> None:
        """Keep the events that came since the last exchange; drop late replies and noise."""
        for line in self._lines.pending_lines():
            if not self._keep_event(line):
                _logger.info("device: dropped %r", line)

    def _keep_event(self, line: bytes) -> bool:
        try:
            parsed = parse_line(line)
        except FrameError:
            return False
        if isinstance(parsed, Event):
            self._events.append(parsed)
            return True
        return False

    def _require(self, capability: str) -> None:
        if not self.capabilities:
            self.identify()
        if capability not in self.capabilities:
            raise NotOffered(
                f"device link {self._stream.name}: this firmware does not offer {capability} "
                f"(caps={','.join(sorted(self.capabilities))})"
            )

    def _faults(self, verb: str, values: Mapping[str, str]) -> frozenset[str]:
        try:
            word = int(values.get("faults", ""), 16)
        except ValueError:
            self._reject(verb, f"faults: expected hex digits, found {values.get('faults')!r}")
        names = {
            FAULT_NAMES[bit] if bit < len(FAULT_NAMES) else f"BIT{bit}"
            for bit in range(word.bit_length())
            if word >> bit & 1
        }
        return frozenset(names)

    def _integer(self, verb: str, values: Mapping[str, str], key: str) -> int:
        try:
            return int(values[key])
        except KeyError:
            self._reject(verb, f"the key {key} is missing")
        except ValueError:
            self._reject(verb, f"{key}: expected an integer, found {values[key]!r}")

    def _reject(self, verb: str, reason: str) -> NoReturn:
        raise LinkProtocolError(
            f"device link {self._stream.name}: the reply to {verb} is not MDL/1: {reason}; check "
            "baud rate, wiring and that the adapter fits the device"
        )


def _whole(value: float, what: str) -> str:
    """Return a whole number as text; raises UsageError, since MDL/1 has no fractions."""
    if value != round(value):
        raise UsageError(f"device link: {what} must be a whole number, found {value:g}")
    return str(round(value))
