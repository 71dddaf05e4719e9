"""A link to any device with a text protocol, described by a small TOML file instead of code.

``docs/device-link.md`` shows a whole file. A command that the file does not describe is not
offered, and the tests that need it are NOT TESTED.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, cast

from bench.clock import Clock
from bench.device.link import (
    DeviceIdentity,
    DeviceLimits,
    DeviceState,
    DeviceStatus,
    Telemetry,
)
from bench.device.stream import ByteStream, LineReader
from bench.errors import (
    ConfigurationError,
    DeviceRefused,
    LinkProtocolError,
    LinkTimeout,
    NotOffered,
)

__all__ = ["Command", "TemplateLink", "TextTemplate", "load_template"]

_COMMAND_NAMES = (
    "identify", "status", "telemetry", "limits", "set_level", "set_mode", "start", "stop",
    "pause", "resume", "faults", "clear_faults", "heartbeat", "reset", "power_on", "power_off",
    "unlock_tests", "inject", "enable_protection", "boost",
)  # fmt: skip
_NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One request and what its reply looks like.

    ``send`` may hold ``{level}``, ``{mode}``, ``{session_s}``, ``{timeout_s}``, ``{name}``,
    ``{value}``, ``{enabled}``. ``reply`` is a regular expression over one line whose named groups
    are the fields of the answer; ``scale`` multiplies them (``battery_v = 0.001`` for millivolts).
    """

    send: str
    reply: str = ""
    scale: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTemplate:
    """A device's text protocol."""

    commands: Mapping[str, Command]
    error: str = r"^ERR(?:OR)?\b[ :]*(?P<code>-?\d+)?[ ,]*(?P<word>.*)$"
    terminator: str = "\n"
    timeout_s: float = 0.5
    states: Mapping[str, str] = field(default_factory=dict[str, str])
    """The device's word for a state, and the state's name here."""

    def __post_init__(self) -> None:
        """Refuse what could only fail later, in the middle of a run."""
        for name in self.commands:
            if name not in _COMMAND_NAMES:
                near = difflib.get_close_matches(name, _COMMAND_NAMES, n=1)
                raise ConfigurationError(
                    f"device template: unknown command {name}"
                    + (f"; did you mean {near[0]}?" if near else "")
                )
        for pattern in (self.error, *(command.reply for command in self.commands.values())):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ConfigurationError(f"device template: {pattern!r}: {error}") from error
        unknown = set(self.states.values()) - set(DeviceState.__members__)
        if unknown:
            raise ConfigurationError(
                f"device template: states {sorted(unknown)}; known are {', '.join(DeviceState)}"
            )


class TemplateLink:
    """A device that speaks the protocol of a template. Nothing is repeated."""

    def __init__(self, stream: ByteStream, *, template: TextTemplate, clock: Clock) -> None:
        """Speak over an open stream."""
        self.capabilities: frozenset[str] = frozenset(template.commands)
        self._stream = stream
        self._lines = LineReader(stream)
        self._template = template
        self._clock = clock
        self._reports = 0

    def identify(self) -> DeviceIdentity:
        """Return who answers; groups model, serial, hardware, firmware, build, udi."""
        found = self._ask("identify")
        return DeviceIdentity(
            model=found.get("model", ""),
            serial=found.get("serial", ""),
            hardware=found.get("hardware", ""),
            firmware=found.get("firmware", ""),
            build=found.get("build", ""),
            udi=found.get("udi", ""),
            capabilities=self.capabilities,
        )

    def status(self) -> DeviceStatus:
        """Return the device's state; only the group ``state`` is required.

        Without a group ``counter`` a stale report cannot be told from a fresh one.
        """
        found = self._ask("status")
        word = found.get("state", "")
        state = self._template.states.get(word, word)
        if state not in DeviceState.__members__:
            self._reject("status", f"the state {word!r} is not in the template's states")
        self._reports += 1
        return DeviceStatus(
            state=DeviceState(state),
            level=int(self._number("status", found, "level", 0)),
            mode=found.get("mode", ""),
            remaining_s=self._number("status", found, "remaining_s", _NAN),
            contact=self._number("status", found, "contact", state in {"RAMP", "RUN"}) != 0,
            charging=self._number("status", found, "charging", state == "CHARGE") != 0,
            battery_v=self._number("status", found, "battery_v", _NAN),
            faults=_names(found.get("faults", "")),
            uptime_s=self._number("status", found, "uptime_s", _NAN),
            counter=int(self._number("status", found, "counter", self._reports)),
            battery_low=self._number("status", found, "battery_low", 0) != 0
            if "battery_low" in found
            else None,
        )

    def telemetry(self) -> Telemetry:
        """Return the device's own readings; what the template does not name is not a number."""
        found = self._ask("telemetry")

        def number(key: str) -> float:
            return self._number("telemetry", found, key, _NAN)

        return Telemetry(
            set_current_ua=number("set_current_ua"),
            current_ua=number("current_ua"),
            voltage_mv=number("voltage_mv"),
            contact_ohm=number("contact_ohm"),
            compliance_mv=number("compliance_mv"),
            temperature_c=number("temperature_c"),
            age_s=number("age_s"),
        )

    def limits(self) -> DeviceLimits:
        """Return what the device accepts; groups levels, modes, session_max_s."""
        found = self._ask("limits")
        return DeviceLimits(
            levels=int(self._number("limits", found, "levels", 0)),
            modes=tuple(sorted(_names(found.get("modes", "")))),
            session_max_s=self._number("limits", found, "session_max_s", _NAN),
        )

    def set_level(self, level: int) -> None:
        """Select an output level."""
        self._ask("set_level", level=level)

    def set_mode(self, mode: str) -> None:
        """Select a mode."""
        self._ask("set_mode", mode=mode)

    def start(self, session_s: float) -> None:
        """Start a session."""
        self._ask("start", session_s=f"{session_s:g}")

    def stop(self) -> None:
        """Stop the output."""
        self._ask("stop")

    def pause(self) -> None:
        """Pause the session."""
        self._ask("pause")

    def resume(self) -> None:
        """Resume a paused session."""
        self._ask("resume")

    def boost(self) -> None:
        """Ask a running device for its temporary boost."""
        self._ask("boost")

    def faults(self) -> frozenset[str]:
        """Return the latched faults: the group ``faults``, separated by commas or spaces."""
        return _names(self._ask("faults").get("faults", ""))

    def clear_faults(self) -> None:
        """Clear latched faults."""
        self._ask("clear_faults")

    def heartbeat(self, timeout_s: float) -> None:
        """Set the communication watchdog."""
        self._ask("heartbeat", timeout_s=f"{timeout_s:g}", timeout_ms=round(timeout_s * 1000))

    def reset(self) -> None:
        """Restart the device's firmware."""
        self._ask("reset")

    def power_on(self) -> None:
        """Switch the device on."""
        self._ask("power_on")

    def power_off(self) -> None:
        """Switch the device off."""
        self._ask("power_off")

    def unlock_tests(self) -> None:
        """Enter the test mode."""
        self._ask("unlock_tests")

    def inject(self, name: str, value: float) -> None:
        """Inject a fault by its name."""
        self._ask("inject", name=name, value=f"{value:g}")

    def enable_protection(self, name: str, *, enabled: bool) -> None:
        """Enable or disable one protection layer."""
        self._ask("enable_protection", name=name, enabled=int(enabled))

    def raw(self, request: bytes) -> bytes:
        """Send bytes as they are and return the first line that comes; empty if none."""
        self._lines.pending_lines()
        self._stream.send(request)
        return self._first_line() or b"".join(self._lines.pending_lines())

    def close(self) -> None:
        """Close the link."""
        self._stream.close()

    def _ask(self, name: str, /, **values: float | str) -> dict[str, str]:
        command = self._template.commands.get(name)
        if command is None:
            raise NotOffered(
                f"device link {self._stream.name}: the template describes no {name}; add "
                f"[commands.{name}] where the device can do it"
            )
        request = command.send.format(**values)
        line = self.raw((request + self._template.terminator).encode("ascii"))
        return self._read(name, request, line) if command.reply else {}

    def _read(self, name: str, request: str, line: bytes) -> dict[str, str]:
        if not line:
            raise LinkTimeout(
                f"device link {self._stream.name}: no reply to {request!r} within "
                f"{self._template.timeout_s:g} s"
            )
        text = line.decode("ascii", errors="replace").rstrip("\r\n")
        match = re.search(self._template.commands[name].reply, text)
        if match is None:
            self._refuse_or_reject(name, request, text)
        return {key: value for key, value in match.groupdict().items() if value is not None}

    def _refuse_or_reject(self, name: str, request: str, text: str) -> NoReturn:
        error = re.search(self._template.error, text)
        if error is None:
            self._reject(name, f"{text!r} does not match {self._template.commands[name].reply!r}")
        groups = error.groupdict()
        raise DeviceRefused(
            f"device link {self._stream.name}: the device refused {request!r} with {text!r}",
            code=int(groups.get("code") or 0),
            word=groups.get("word") or text,
        )

    def _first_line(self) -> bytes:
        wall_s = self._template.timeout_s
        for line in self._lines.lines(wall_s):
            return line
        if self._clock.simulated:
            self._clock.sleep(wall_s)
            return next(iter(self._lines.lines(wall_s)), b"")
        return b""

    def _number(self, name: str, found: Mapping[str, str], key: str, default: float) -> float:
        scale = self._template.commands[name].scale.get(key, 1.0)
        if key not in found:
            return float(default)
        try:
            return float(found[key]) * scale
        except ValueError:
            self._reject(name, f"{key}: expected a number, found {found[key]!r}")

    def _reject(self, name: str, reason: str) -> NoReturn:
        raise LinkProtocolError(
            f"device link {self._stream.name}: the reply to {name} does not fit the template: "
            f"{reason}"
        )


def load_template(path: Path) -> TextTemplate:
    """Read a template; raises ConfigurationError naming file and key."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"device template {path}: {error}") from error
    commands = {
        name: _command(path, name, table) for name, table in document.pop("commands", {}).items()
    }
    known = {"error", "terminator", "timeout_s", "states"}
    for key in document:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise ConfigurationError(
                f"device template {path}: unknown key {key}"
                + (f"; did you mean {near[0]}?" if near else "")
            )
    return TextTemplate(commands=commands, **document)


def _command(path: Path, name: str, table: object) -> Command:
    if not isinstance(table, dict):
        raise ConfigurationError(f"device template {path}: commands.{name} must be a table")
    fields = cast("dict[str, object]", table)
    unknown = set(fields) - {"send", "reply", "scale"}
    if unknown or not isinstance(fields.get("send"), str):
        raise ConfigurationError(
            f"device template {path}: commands.{name} has send, reply and scale; found "
            f"{', '.join(sorted(fields))}"
        )
    return Command(**table)


def _names(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w-]+", text))
