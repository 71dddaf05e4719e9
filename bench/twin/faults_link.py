"""Faults of what the device says and understands. Numbers: the fault catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bench.twin.fault_kinds import Fault, Fitting, graded, three
from bench.twin.virtual_time import NS_PER_S

if TYPE_CHECKING:
    from bench.twin.unit import Unit

__all__ = ["LINK_FAULTS"]

_PAST_THE_TABLE = 2.0
_STALL_S = 0.002
_TIMER_STALL_S = 0.05
_BUSY_LATENCY_S = 0.04
_VERBS = ("START", "STOP", "STAT?", "LEVEL", "PAUSE", "RESUME", "RESET", "FCLR", "MEAS?", "IDN?")


def _battery_reading(unit: Unit, factor: float) -> None:
    unit.telemetry.battery_factor *= factor


def _lies(*about: str) -> Fitting:
    def fit(unit: Unit) -> None:
        for name in about:
            setattr(unit.telemetry, f"lies_{name}", True)

    return fit


def _stale(unit: Unit, seconds: float) -> None:
    unit.telemetry.stale_s = seconds


def _clamps(unit: Unit) -> None:
    unit.port.check_level = lambda level: min(max(level, 1), unit.firmware.level_count)


def _wraps(unit: Unit) -> None:
    unit.port.check_level = lambda level: (level - 1) % unit.firmware.level_count + 1


def _reads_past(unit: Unit) -> None:
    table = unit.memory.level_table_ua

    def current(level: int) -> float:
        return table[level - 1] if 1 <= level <= len(table) else _PAST_THE_TABLE * max(table)

    unit.port.check_level = lambda level: level
    unit.firmware.level_current = current


def _lower_case(unit: Unit) -> None:
    unit.port.read_line = str.upper


def _prefix(unit: Unit) -> None:
    def read(line: str) -> str:
        verb, space, rest = line.partition(" ")
        found = [known for known in _VERBS if verb and known.startswith(verb)]
        return (found[0] if found else verb) + space + rest

    unit.port.read_line = read


def _noise(unit: Unit) -> None:
    def read(line: str) -> str:
        known = any(line.startswith((verb, "#", "T:", "NONCE", "UNLOCK")) for verb in _VERBS)
        return line if known or "S" not in line else "START 60"

    unit.port.read_line = read


def _stalls(*, pulses: bool = False, timer: bool = False) -> Fitting:
    def fit(unit: Unit) -> None:
        def stall() -> None:
            playing = unit.machine.timer
            if pulses and playing is not None:
                playing.start_ns += round(_STALL_S * NS_PER_S)
            if timer:
                unit.firmware.timer.preset(-_TIMER_STALL_S)

        unit.link.reply_latency_s = _BUSY_LATENCY_S
        unit.port.on_request = stall

    return fit


def _wrong_hardware(unit: Unit) -> None:
    unit.identity.hardware += "-X"


def _wrong_firmware(unit: Unit) -> None:
    unit.identity.firmware = f"0.{unit.identity.firmware}"


def _wrong_model(unit: Unit) -> None:
    unit.identity.model += "-B"


def _queries_open(unit: Unit) -> None:
    unit.port.always_unlocked = lambda verb: verb.endswith("?")


def _open(unit: Unit) -> None:
    unit.port.unlock_until_reset()


def _open_for_ever(unit: Unit) -> None:
    unit.port.always_unlocked = lambda _verb: True


LINK_FAULTS: Mapping[str, type[Fault]] = {
    "B05": three("B05", _battery_reading, 1.01, 1.05, 1.2),
    "C01": graded(
        "C01", low=_lies("battery"), middle=_lies("level"), high=_lies("current", "faults")
    ),
    "C02": three("C02", _stale, 0.2, 5.0, float("inf")),
    "C04": graded("C04", low=_clamps, middle=_wraps, high=_reads_past),
    "C05": graded("C05", low=_lower_case, middle=_prefix, high=_noise),
    "C06": graded(
        "C06", low=_stalls(), middle=_stalls(pulses=True), high=_stalls(pulses=True, timer=True)
    ),
    "C07": graded("C07", low=_wrong_hardware, middle=_wrong_firmware, high=_wrong_model),
    "C09": graded("C09", low=_queries_open, middle=_open, high=_open_for_ever),
}
