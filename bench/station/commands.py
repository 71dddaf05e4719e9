"""Commands that must change nothing, and a link that falls silent, each with the output watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from bench.device import LineProtocolLink
from bench.device.frames import crc8
from bench.device.link import DELIVERING, DeviceLink, DeviceStatus
from bench.errors import DeviceRefused, NotOffered
from bench.measure import PulseTable
from bench.station.acquisition import Capture
from bench.station.attention import AttentiveClock
from bench.station.event_records import EventRecords, flowing_a, hold_off_s, phases_in, points_for
from bench.station.fixture import Fixture
from bench.station.reactions import Reaction, Reactions
from bench.station.scales import Label
from bench.station.treatment import Treatment

__all__ = [
    "Attempt", "Commands", "Flood", "Watched", "WrongCommands", "few_wrong_commands", "listed", "locked_commands",
    "wrong_commands",
]  # fmt: skip

OVERLONG: Final = 200
"""Bytes of a line that no MDL/1 device may take. Source: docs/device-link.md."""
WATCH_S: Final = 2.5
"""Sensing, debounce and the ramp's first pulses, had a command started a session."""
WATCH_TURNS: Final = 1.2
"""Of the slower rhythm: a whole turn of an envelope is seen."""
FLOOD_REQUESTS: Final = 100
FLOOD_S: Final = 2.0
SAMPLES_PER_PULSE: Final = 40
HEARTBEAT_S: Final = 2.0
LOSS_MARGIN: Final = 1.5
SILENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One command that must be refused, and what became of it."""

    command: str
    accepted: bool
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongCommands:
    """What was sent to a device that must obey none of it, and its status before and after."""

    attempts: tuple[Attempt, ...]
    before: DeviceStatus
    after: DeviceStatus

    @property
    def accepted(self) -> tuple[Attempt, ...]:
        """The attempts that were not refused."""
        return tuple(attempt for attempt in self.attempts if attempt.accepted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched(WrongCommands):
    """What such commands did to the current."""

    capture: Capture
    pulses: PulseTable
    """Whole phases while the commands came, where the device ran."""
    flowing_a: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """A running device that was asked as fast as the link allows."""

    capture: Capture
    pulses: PulseTable
    requests: int
    elapsed_s: float
    """By the bench's clock, from the status before to the status after."""
    timed_s: float
    """By which the device's session became shorter meanwhile."""
    after: DeviceStatus


class Commands:
    """Sends what must not work."""

    def __init__(
        self,
        *,
        treatment: Treatment,
        fixture: Fixture,
        records: EventRecords,
        reactions: Reactions,
        clock: AttentiveClock,
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._reactions = reactions
        self._clock = clock
        self._ranges = records.ranges
        self._profile = records.ranges.profile
        self._level = self._profile.highest_level

    def while_idle(self, commands: Sequence[str | bytes], *, load_ohm: float) -> Watched:
        """Send commands to an idle device on a load and watch that nothing starts."""
        self._treatment.make_idle()
        self._treatment.connect(load_ohm)
        return self._watched(commands, self._ranges.off_a(), load_ohm)

    def while_running(self, commands: Sequence[str | bytes], *, load_ohm: float) -> Watched:
        """Send commands to a running device and watch that its output stays as it is."""
        level = self._profile.levels[len(self._profile.levels) // 2].number
        self._treatment.run(level=level, load_ohm=load_ohm)
        return self._watched(commands, self._ranges.wide_a(), load_ohm)

    def attempts(self, commands: Iterable[str | bytes]) -> tuple[Attempt, ...]:
        """Send each command; return what was answered."""
        return tuple(self._attempt(command) for command in commands)

    def flood(self, *, load_ohm: float) -> Flood:
        """Ask a running device for its status without a pause."""
        link = self._treatment.link
        self._treatment.run(level=self._level, load_ohm=load_ohm)
        before, begun_ns = link.status(), self._clock.now_ns()

        def ask() -> None:
            for _ in range(FLOOD_REQUESTS):
                link.status()

        capture = self._records.look(
            "flood of requests",
            {Label.CURRENT: self._ranges.level_a(self._level)},
            duration_s=FLOOD_S,
            conditions={"load_ohm": load_ohm, "requests": FLOOD_REQUESTS},
            points=self._points(FLOOD_S),
            meanwhile=ask,
        )
        after = link.status()
        return Flood(
            capture=capture,
            pulses=phases_in(capture.waveforms[Label.CURRENT], self._profile).whole(),
            requests=FLOOD_REQUESTS,
            elapsed_s=(self._clock.now_ns() - begun_ns) / 1e9,
            timed_s=before.remaining_s - after.remaining_s,
            after=after,
        )

    def silence(self, *, load_ohm: float) -> tuple[DeviceStatus, Capture, PulseTable]:
        """Say nothing to a running device for a while, look at its output, then ask."""
        self._treatment.run(level=self._level, load_ohm=load_ohm)
        self._clock.sleep(SILENCE_S)
        duration_s = 2.2 * self._profile.waveform.polarity_cycle_s
        capture = self._records.look(
            f"output after {SILENCE_S:g} s of silence",
            {Label.CURRENT: self._ranges.level_a(self._level)},
            duration_s=duration_s,
            conditions={"load_ohm": load_ohm},
        )
        pulses = phases_in(capture.waveforms[Label.CURRENT], self._profile)
        return self._treatment.link.status(), capture, pulses

    def link_loss(
        self, *, load_ohm: float, phase_s: float, margin: float = LOSS_MARGIN
    ) -> tuple[Reaction, float, DeviceStatus]:
        """Fall silent towards a running device that watches its link, for ``margin`` times its time.

        Returns its reaction, the time it was to wait, and its status afterwards. Raises NotOffered
        where the device neither declares a link time-out nor lets one be set.
        """
        profile, link = self._profile, self._treatment.link
        self._treatment.run(level=self._level, load_ohm=load_ohm)
        self._fixture.close("sync_link")
        self._clock.sleep(phase_s)
        timeout_s = profile.timers.link_timeout_s or HEARTBEAT_S
        declared = profile.timers.link_timeout_s is not None
        last: Callable[[], object] = link.status if declared else partial(link.heartbeat, timeout_s)
        observe_s = margin * timeout_s + hold_off_s(profile)
        with self._clock.silence():
            capture = self._records.take(
                "link lost while running",
                {Label.CURRENT: self._ranges.level_a(self._level)},
                observe_s=observe_s,
                cause=lambda: (last(), None)[1],
                conditions={"level": self._level, "load_ohm": load_ohm, "timeout_s": timeout_s},
                points=self._points(observe_s),
            )
        self._fixture.open("sync_link")
        status = link.status()
        self._treatment.restart()
        return self._reactions.after_sync(capture), timeout_s, status

    def _watched(
        self, commands: Sequence[str | bytes], full_scale_a: float, load_ohm: float
    ) -> Watched:
        before = self._treatment.link.status()
        attempts: list[Attempt] = []
        duration_s = max(WATCH_S, WATCH_TURNS * self._profile.waveform.rhythm_s)
        capture = self._records.look(
            "wrong commands",
            {Label.CURRENT: full_scale_a},
            duration_s=duration_s,
            conditions={"load_ohm": load_ohm, "state": before.state.value},
            points=self._points(duration_s),
            meanwhile=lambda: attempts.extend(self.attempts(commands)),
        )
        return Watched(
            attempts=tuple(attempts),
            before=before,
            after=self._treatment.link.status(),
            capture=capture,
            pulses=phases_in(capture.waveforms[Label.CURRENT], self._profile).whole(),
            flowing_a=flowing_a(capture, self._profile),
        )

    def _attempt(self, command: str | bytes) -> Attempt:
        line = command.encode("ascii") + b"\n" if isinstance(command, str) else command
        shown = command if isinstance(command, str) else repr(command)
        reply = self._treatment.link.raw(line).decode("ascii", "replace").strip()
        words = [word for word in reply.partition("*")[0].split() if not word.startswith("#")]
        return Attempt(
            command=shown[:40], accepted=words[:1] == ["OK"], answer=reply or "no answer"
        )

    def _points(self, duration_s: float) -> int:
        interval_s = self._profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
        return points_for(duration_s, interval_s=interval_s)


def wrong_commands(link: DeviceLink, *, running: bool) -> tuple[str | bytes, ...]:
    """Return what no device may obey: out of range, wrong type, garbled, illegal now.

    Raises NotOffered for a link that speaks no MDL/1: what is wrong there its adapter must know.
    """
    if not isinstance(link, LineProtocolLink):
        raise NotOffered("wrong commands are known for MDL/1 only")
    limits = link.limits()
    levels = (
        "0", "-1", f"{limits.levels + 1}", "99", "255", "256", "257", "65535", "65537",
        "4294967297", "1.5", "1e0", "0x1", "one", "1,1", "",
    )  # fmt: skip
    sessions = ("", "0", "-1", f"{limits.session_max_s + 1:.0f}", "4294967297", "1.5", "max")
    verbs = (
        "level 1", "Stop", "stop", "STO", "XSTOP", "STOP now", "S", "STA 60", "STAR 60", "start 60",
        "STOPP", "STTOP", "TSOP", "PAUSEE", "RESETT", "LEVELL 1", "STARTT 60", "SATRT 60",
        "START60", "MODE nosuch", "PAUSE 1", "RESET now", "POWEROFF 1",
        *(f"{body}*{crc8(body.encode()) ^ 0xFF:02X}" for body in ("STOP", "LEVEL 1")),
        "#1STOP", "# STOP",
    )  # fmt: skip
    now = ("START 60", "RESUME") if running else ("PAUSE", "RESUME")
    noise = (
        b"A" * OVERLONG + b"\n",
        b"LEVEL 1" + b" " * OVERLONG + b"\n",
        b"\xff\xfe\x80S\x00\n",
        b"STO\x00P\n",
        b"\x00STOP\n",
        b"S\tTOP\n",
    )
    return (
        *(f"LEVEL {level}".rstrip() for level in levels),
        *(f"START {session}".rstrip() for session in sessions),
        *verbs,
        *now,
        *noise,
    )


def few_wrong_commands(link: DeviceLink) -> tuple[str | bytes, ...]:
    """Return one wrong command of each kind that a running and an idle device may not obey.

    Raises NotOffered for a link that speaks no MDL/1.
    """
    if not isinstance(link, LineProtocolLink):
        raise NotOffered("wrong commands are known for MDL/1 only")
    beyond = link.limits().levels + 1
    garbled = f"STOP*{crc8(b'STOP') ^ 0xFF:02X}"
    return (
        "LEVEL 0", f"LEVEL {beyond}", "LEVEL 65535", "LEVEL -1", "LEVEL 1.5", "START 0", "START -1",
        "stop", "STO", "XSTOP", "STOP now", "MODE nosuch", garbled,
    )  # fmt: skip


def locked_commands(
    link: DeviceLink, injections: Iterable[str], layers: Iterable[str]
) -> tuple[str, ...]:
    """Return every test command, the harmless ones first; none may work without unlocking."""
    if not isinstance(link, LineProtocolLink):
        raise NotOffered("test commands are known for MDL/1 only")
    return (
        *(f"T:INJ {name},0" for name in injections),
        *(f"T:PROT {name},1" for name in layers),
        "T:TICK 0",
        "CAL?",
        "NVM?",
        "CAL gain_ppm=0",
        "T:DAC 0",
        "T:PIN pos,0",
        "T:INJ overcurrent_ua,1",
        "UNLOCK 00000000",
    )


def listed(attempts: Iterable[Attempt]) -> str:
    """Return attempts and what was answered in words."""
    return "; ".join(f"{attempt.command!r}: {attempt.answer}" for attempt in attempts)


def periods_s(pulses: PulseTable, *, phases_per_pulse: int) -> np.ndarray:
    """Return the times from pulse to pulse, of the phases that begin one."""
    leading = pulses.select(pulses.polarity > 0) if phases_per_pulse > 1 else pulses
    return np.diff(leading.start_s)


def refuses(action: Callable[[], None]) -> str | None:
    """Return the word of a refusal; None where the command was accepted."""
    try:
        action()
    except DeviceRefused as refusal:
        return refusal.word
    return None


def is_running(status: DeviceStatus) -> bool:
    """Return whether a session delivers output, as the device reports it."""
    return status.state in DELIVERING
