"""The guardian: a process of its own that makes the bench safe when the runner cannot.

It is started before the first output, in a session of its own, and holds its own connections.
It acts on the runner's death (its life sign ends, or its pipe closes) and on the runner's silence (no heartbeat for
longer than the longest legal blocking call): it ends a silent runner, opens the current path,
switches the supply off, reads both back, and appends the outcome to the run's journal.

Run as ``python -m bench.station.guardian``; the orders arrive as one JSON line on standard input.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from bench.clock import Clock, TwinClock, WallClock
from bench.device import open_link
from bench.device.link import DeviceLink
from bench.errors import BenchError
from bench.record.events import Finished, Kind, Problem
from bench.record.journal import Journal, utc_now
from bench.record.schema import SafeStateRecord
from bench.station.death_watch import LifeSign, tell_of_death
from bench.station.safe_state import SafeStateParts, make_safe
from instruments import open_generator, open_load_switch, open_multimeter, open_supply
from instruments.roles import LoadSwitch, Multimeter, Supply, WaveformGenerator

__all__ = ["Guardian", "GuardianLost", "GuardianOrders"]

_log = logging.getLogger(__name__)

SILENCE_LIMIT_S: Final = 120.0
"""Longer than the longest legal blocking call: a 60 s reply of the simulated clock."""

ENDING_LIMIT_S: Final = 30.0
"""What the runner may take to make the bench safe itself: four instruments and the device, each with a
time-out of some seconds."""

_READY_TIMEOUT_S: Final = 60.0
_JOURNAL_WAIT_S: Final = 30.0
"""A killed process keeps its locks until its memory is freed."""
_HEARTBEAT: Final = b"."
_FAREWELL: Final = b"q"
_ENDING: Final = b"e"
"""The runner begins to make the bench safe."""
_REQUEST: Final = b"s"
"""The runner could not confirm the safe state: the guardian shall try by its own connections."""
_READY: Final = b"ready\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianOrders:
    """All that the guardian needs to know; it reads no configuration of its own."""

    switch: str
    supply: str
    dmm: str
    device: str
    adapter: str
    clock: str
    relays: Mapping[str, int]
    supply_outputs: tuple[int, ...]
    journal: str
    runner_pid: int
    life_sign: int | None = None
    """Descriptor of the runner's :class:`bench.station.death_watch.LifeSign`, where it has one."""
    silence_limit_s: float = SILENCE_LIMIT_S
    ending_limit_s: float = ENDING_LIMIT_S
    generator: str = ""
    """The check source, where the station has one."""
    board: str = ""
    """Model of the switch where it is a relay board, which answers no ``*IDN?``."""


class GuardianLost(BenchError):
    """There is no guardian any more: nothing may be switched on."""


class Guardian:
    """The runner's side: starts the guardian, feeds it, and bids it farewell."""

    def __init__(self, orders: GuardianOrders, *, pass_fds: tuple[int, ...] = ()) -> None:
        """Start the process; ``pass_fds`` keeps the simulated bench alive as long as it lives.

        To be called by the thread that runs the tests: its death is what is watched.
        """
        self._life_sign = _life_sign()
        given = () if self._life_sign is None else (self._life_sign.descriptor,)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.station.guardian"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            pass_fds=(*pass_fds, *given),
            env=os.environ | {"PYTHONPATH": _import_path()},
        )
        self._send(
            msgspec.json.encode(replace(orders, life_sign=given[0] if given else None)) + b"\n"
        )

    def wait_ready(self) -> None:
        """Return when the guardian holds its connections; raises BenchError where it does not."""
        output = self._process.stdout
        if output is not None and select.select([output], [], [], _READY_TIMEOUT_S)[0]:
            line = output.readline()
            if line == _READY:
                return
            raise BenchError(
                f"guardian: {line.decode(errors='replace').strip() or 'it died at its start'}; "
                "nothing was switched on: run `bench doctor`"
            )
        raise BenchError(f"guardian: not ready after {_READY_TIMEOUT_S:g} s; run `bench doctor`")

    def beat(self) -> None:
        """Tell the guardian that the test loop lives; raises BenchError where it is gone."""
        self._send(_HEARTBEAT)

    def expect_end(self) -> None:
        """Tell the guardian that the bench is being made safe: if that lasts too long, it shall act."""
        with contextlib.suppress(GuardianLost):
            self._send(_ENDING)

    def make_safe(self) -> SafeStateRecord | None:
        """Let the guardian make the bench safe by its own connections, and end; None where it cannot."""
        output = self._process.stdout
        try:
            self._send(_REQUEST)
            if output is not None and select.select([output], [], [], _READY_TIMEOUT_S)[0]:
                return msgspec.json.decode(output.readline(), type=SafeStateRecord)
        except (BenchError, OSError, msgspec.MsgspecError) as error:
            _log.warning("guardian: no answer to the request for a safe state: %s", error)
        return None

    def dismiss(self) -> None:
        """End the guardian after the runner has made the bench safe itself; idempotent."""
        with contextlib.suppress(BenchError):
            self._send(_FAREWELL)
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        if self._life_sign is not None:
            self._life_sign.close()
            self._life_sign = None

    def _send(self, data: bytes) -> None:
        if self._process.stdin is None or self._process.stdin.closed:
            raise GuardianLost("guardian: it was dismissed")
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except OSError as error:
            raise GuardianLost(
                f"guardian: it died ({error}); the run stops, since nothing would make the bench "
                "safe if the runner died too"
            ) from error


def _import_path() -> str:
    """Return an import path with this bench on it: the folder stays the runner's, for its adapters."""
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), given)))


def _life_sign() -> LifeSign | None:
    with contextlib.suppress(OSError):
        return LifeSign()
    return None


@dataclass(slots=True)
class _Connections:
    """The guardian's own sessions."""

    switch: LoadSwitch
    supply: Supply
    dmm: Multimeter
    generator: WaveformGenerator | None
    clock: Clock


def main() -> int:
    """Read the orders, connect, watch, and act where it is needed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # what ends the runner must not end its guardian
    orders = msgspec.json.decode(_read_line(), type=GuardianOrders)
    try:
        connections = _connect(orders)
        _rehearse(orders, connections)
    except BenchError as error:
        os.write(1, f"{error}\n".encode())
        return error.exit_code
    death = [] if orders.life_sign is None else [tell_of_death(orders.life_sign)]
    os.write(1, _READY)
    cause = _watch(orders, death)
    if cause is None:
        return 0
    if cause == "silent":
        _end(orders.runner_pid)
    parts = _parts(orders, connections)
    if cause == "asked":  # the runner has tried before
        records = [make_safe(parts, path_first=True)]
        os.write(1, msgspec.json.encode(records[-1]) + b"\n")
    else:
        records = _made_safe(parts)
        _report(orders, cause, records)
    return 0 if records[-1].confirmed else 13


def _made_safe(parts: SafeStateParts) -> list[SafeStateRecord]:
    """Make the bench safe, twice if need be: an instrument may still be busy for who has died."""
    records = [make_safe(parts, path_first=True)]
    if not records[0].confirmed:
        records.append(make_safe(parts, path_first=True))
    return records


def _connect(orders: GuardianOrders) -> _Connections:
    clock = TwinClock(orders.clock) if orders.clock else WallClock()
    return _Connections(
        switch=open_load_switch(orders.switch, expected_model=orders.board or None, clock=clock),
        supply=open_supply(orders.supply, clock=clock),
        dmm=open_multimeter(orders.dmm, clock=clock),
        generator=open_generator(orders.generator, clock=clock) if orders.generator else None,
        clock=clock,
    )


def _rehearse(orders: GuardianOrders, connections: _Connections) -> None:
    """Ask what the safe state will ask, commanding nothing: what is slow the first time is over."""
    connections.switch.closed_channels(orders.relays.values())
    for output in orders.supply_outputs:
        if output in connections.supply.readable_outputs:
            connections.supply.output_is_on(output)
    if connections.generator is not None:
        connections.generator.output_is_on()


def _read_line() -> bytes:
    """Read the orders byte by byte, so that no heartbeat after them is swallowed by a buffer."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            break
        line += byte
    return bytes(line)


def _watch(orders: GuardianOrders, death: list[int]) -> str | None:
    """Return why the guardian must act, ``dead``, ``silent`` or ``asked``, or None after a farewell."""
    silence_limit_s = orders.silence_limit_s
    while True:
        ready = select.select([0, *death], [], [], silence_limit_s)[0]
        if not ready:
            return "silent"
        if 0 not in ready:
            return "dead"
        received = os.read(0, 4096)
        if not received:
            return "dead"
        if _FAREWELL in received:
            return None
        if _ENDING in received:
            silence_limit_s = orders.ending_limit_s
        if _REQUEST in received:
            return "asked"


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _parts(orders: GuardianOrders, connections: _Connections) -> SafeStateParts:
    def device() -> DeviceLink:
        return open_link(
            orders.device,
            clock=connections.clock,
            unlock_key="",  # stopping needs no test mode
            adapter=orders.adapter or None,
        )

    return SafeStateParts(
        switch=connections.switch,
        supply=connections.supply,
        dmm=connections.dmm,
        with_generator=bool(orders.generator),
        generator=connections.generator,
        relays=orders.relays,
        supply_outputs=orders.supply_outputs,
        open_device=device if orders.device else None,
    )


def _report(orders: GuardianOrders, cause: str, records: Sequence[SafeStateRecord]) -> None:
    """Append the outcome of every attempt to the journal, whose lock died with the runner."""
    deadline = time.monotonic() + _JOURNAL_WAIT_S
    while True:
        try:
            with Journal(Path(orders.journal)) as journal:
                journal.append(
                    Kind.PROBLEM,
                    Problem(
                        where="runner",
                        text=f"the runner was {cause}; the guardian made the bench safe",
                    ),
                )
                for record in records:
                    journal.append(Kind.SAFE_STATE, record)
                journal.append(Kind.FINISHED, Finished(outcome="aborted", finished_at=utc_now()))
                return
        except (BenchError, OSError):
            if time.monotonic() > deadline:
                return
            time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main())
