"""The safe state: device stopped, current path open, supply and check source off, each read back.

Confirmed means that the path between the electrodes was proved open and every output of supply and
check source was proved off. A device that does not stop is the device's own failure: it is recorded here, but does
not unconfirm the bench. Nothing in here raises: every step is tried whatever the others did.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bench.device.link import DELIVERING, DeviceLink
from bench.errors import ReadingOverload
from bench.record.schema import SafeStateRecord, SelfTestStep
from instruments.roles import LoadSwitch, Multimeter, Supply, WaveformGenerator

__all__ = ["SafeStateParts", "make_safe"]

_log = logging.getLogger(__name__)

OPEN_PATH_OHM: Final = 1e6
"""The current path counts as open above this: the scope's 10 MΩ input stays across it."""

SUPPLY_OFF_V: Final = 0.5
"""An output counts as off below this: no device runs and no reference flows from it."""

NO_READ_BACK: Final = "commanded; the unit cannot be asked, the meter alone proves the path open"

_OHMS_RANGE: Final = 10e6
_APERTURE_S: Final = 0.02

DEVICE_STEP: Final = "device stopped"
"""The one step that does not decide whether the bench is safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeStateParts:
    """Whatever could be opened of the station; a part that could not is None and unconfirmed."""

    switch: LoadSwitch | None
    supply: Supply | None
    dmm: Multimeter | None
    relays: Mapping[str, int]
    supply_outputs: tuple[int, ...]
    open_device: Callable[[], DeviceLink] | None
    with_generator: bool = False
    """Whether the station has a check source, which must then be off."""
    generator: WaveformGenerator | None = None
    without_device: str = "no device link in this station"
    """Why there is no device to stop, where ``open_device`` is None."""


def make_safe(parts: SafeStateParts, *, path_first: bool) -> SafeStateRecord:
    """Bring the bench to its safe state and return what was confirmed.

    ``path_first``: open the current path before talking to the device, as the guardian does, to
    whom nobody says whether the device still listens. Otherwise the device is stopped in order.
    """
    stop = ("device stopped", lambda: _stop_device(parts))
    cut = (
        ("relays commanded open", lambda: _open_relays(parts)),
        ("supply outputs off", lambda: _supply_off(parts)),
        *((("check source off", lambda: _generator_off(parts)),) if parts.with_generator else ()),
    )
    proof = ("current path proved open", lambda: _prove_open(parts))
    order = (*cut, stop, proof) if path_first else (stop, *cut, proof)
    steps = tuple(_tried(name, action) for name, action in order)
    confirmed = all(step.passed for step in steps if step.name != DEVICE_STEP)
    return SafeStateRecord(confirmed=confirmed, steps=steps)


def _tried(name: str, action: Callable[[], SelfTestStep]) -> SelfTestStep:
    try:
        return action()
    except Exception as error:  # noqa: BLE001 - whatever fails here, the output must still be cut by the next step
        _log.warning("safe state: %s failed: %s", name, error)
        return SelfTestStep(name=name, passed=False, detail=str(error))


def _stop_device(parts: SafeStateParts) -> SelfTestStep:
    if parts.open_device is None:
        return SelfTestStep(name=DEVICE_STEP, passed=True, detail=parts.without_device)
    link = parts.open_device()
    link.stop()
    state = link.status().state
    return SelfTestStep(
        name=DEVICE_STEP, passed=state not in DELIVERING, detail=f"device reports {state.value}"
    )


def _open_relays(parts: SafeStateParts) -> SelfTestStep:
    name = "relays commanded open"
    if parts.switch is None:
        return SelfTestStep(name=name, passed=False, detail="no session to the switch unit")
    parts.switch.open_all()
    closed = parts.switch.closed_channels(parts.relays.values())
    names = sorted(relay for relay, channel in parts.relays.items() if channel in closed)
    said = "the unit reports all open" if parts.switch.reads_back else NO_READ_BACK
    detail = f"still closed: {', '.join(names)}" if names else said
    return SelfTestStep(name=name, passed=not names, detail=detail)


def _supply_off(parts: SafeStateParts) -> SelfTestStep:
    name = "supply outputs off"
    if parts.supply is None:
        return SelfTestStep(name=name, passed=False, detail="no session to the supply")
    parts.supply.all_off()
    readable = [n for n in parts.supply_outputs if n in parts.supply.readable_outputs]
    unread = [n for n in parts.supply_outputs if n not in readable]
    on = [output for output in readable if parts.supply.output_is_on(output)]
    worst_v = _worst_output_v(parts.supply, readable)
    said = "highest voltage read back"
    said += f"; outputs commanded off that cannot be read: {unread}" if unread else ""
    return SelfTestStep(
        name=name,
        passed=not on and worst_v <= SUPPLY_OFF_V,
        value=worst_v,
        unit="V",
        high=SUPPLY_OFF_V,
        detail=f"outputs still on: {on}" if on else said,
    )


def _generator_off(parts: SafeStateParts) -> SelfTestStep:
    name = "check source off"
    if parts.generator is None:
        return SelfTestStep(name=name, passed=False, detail="no session to the generator")
    parts.generator.switch_output(on=False)
    on = parts.generator.output_is_on()
    said = "still on" if on else "off"
    return SelfTestStep(name=name, passed=not on, detail=f"the generator reports its output {said}")


def _worst_output_v(supply: Supply, outputs: Iterable[int]) -> float:
    return max((abs(supply.measure_voltage(output)) for output in outputs), default=0.0)


def _prove_open(parts: SafeStateParts) -> SelfTestStep:
    """Read the resistance between the electrodes: only the meter's relay is closed for it."""
    name = "current path proved open"
    if parts.switch is None or parts.dmm is None:
        return SelfTestStep(name=name, passed=False, detail="no session to switch unit and meter")
    meter_relay = parts.relays["dmm_electrode"]
    parts.dmm.configure_resistance(range_ohm=_OHMS_RANGE, aperture_s=_APERTURE_S)
    parts.switch.close_channels([meter_relay])
    try:
        ohm = float(parts.dmm.read()[0])
    except ReadingOverload:
        ohm = None
    finally:
        parts.switch.open_channels([meter_relay])
    return SelfTestStep(
        name=name,
        passed=ohm is None or ohm >= OPEN_PATH_OHM,
        value=ohm,
        unit="Ω",
        low=OPEN_PATH_OHM,
        detail="beyond the meter's range" if ohm is None else "read by the meter",
    )
