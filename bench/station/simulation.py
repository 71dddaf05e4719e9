"""The simulated bench: a unit built to a profile, its process, and the station it answers at."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from bench.errors import ConfigurationError, NotConnected
from bench.profile import ModeStep, Profile, SkinNetwork
from bench.station.configuration import OPTIONAL_ROLES, RELAYS, ROLES, Station
from bench.station.equipment import (
    DeviceEntry,
    InstrumentEntry,
    LoadEntry,
    ReferenceEntry,
    ScopeChannel,
    ScopeChannels,
    ShuntEntry,
    SupplyOutputs,
)
from bench.station.simulated_instruments import SimulatedInstruments
from instruments import is_board

__all__ = [
    "Addresses",
    "FittedFault",
    "RunningTwin",
    "launch_twin",
    "simulated_station",
    "unit_description",
]

UNIT_SCHEMA: Final = 1
ADDRESS_TIMEOUT_S: Final = 30.0
"""Wall time from start to the address line; importing alone takes 2 s on a slow, busy machine."""

_REFUSED: Final = 12
"""Exit status of the twin for a unit that it cannot build."""

_EXIT_TIMEOUT_S: Final = 5.0
_TAIL_LINES: Final = 5
_COMPLAINT: Final = "bench.twin: "
"""How the process begins a line about what went wrong inside it."""
_CHUNK_BYTES: Final = 65536
_ROLES: Final = (*ROLES, *OPTIONAL_ROLES)
_SOCKETS: Final = (*_ROLES, "device", "clock")
_TIMEOUT_S: Final = 10.0
_LOADS_OHM: Final = {"load_500": 500.0, "load_2k": 2_000.0, "load_10k": 10_000.0}
_LOAD_TOLERANCE: Final = 0.005
"""Contacts of up to 0.3 ohm each, two in the path of 500 ohm, and trimmed resistors."""
_SHUNT_TOLERANCE: Final = {1.0: 0.001, 100.0: 0.006}
"""Of 100 Ω, and of 1 Ω as a meter's lowest range proves it. Source: docs/laboratory.md."""
_SHUNT_OHM: Final = 100.0
_REFERENCE_OHM: Final = 10_000.0
_ELECTRODE_DIVIDER: Final = {1.0: 0.1, 100.0: 0.01}


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedFault:
    """A fault to fit: an id of the table or ``path/file.py:Class``; severity low, middle, high."""

    spec: str
    severity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the simulated bench answers: VISA resources, the device's URL, the clock.

    ``resources`` are all addresses of an instrument, by role and transport.
    """

    scope: str
    dmm: str
    switch: str
    supply: str
    generator: str
    device: str
    clock: str
    pid: int
    seed: int
    resources: Mapping[str, Mapping[str, str]]
    serials: Mapping[str, str]
    """Serial number of each instrument, empty where its family reports none."""

    def as_json(self) -> dict[str, object]:
        """Return the addresses as ``bench twin`` prints them."""
        return {
            name: getattr(self, name) for name in (*_SOCKETS, "pid", "seed", "resources", "serials")
        }


def unit_description(
    profile: Profile,
    *,
    serial: str,
    firmware: str,
    udi: str,
    seed: int,
    faults: Sequence[FittedFault] = (),
    bench_faults: Sequence[str] = (),
    instruments: SimulatedInstruments | None = None,
    transports: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what a simulated unit is built from: electrical values, firmware, fitted faults.

    No tolerance and no limit is in it: the unit must not know what it is judged by.
    """
    return {
        "schema": UNIT_SCHEMA,
        "model": profile.model,
        "serial": serial,
        "hardware": profile.hardware,
        "firmware": firmware,
        "build": f"{profile.id}-{firmware}",
        "udi": udi,
        "seed": seed,
        "unlock_key": profile.unlock_key,
        "waveform": _waveform(profile),
        "output": _output(profile),
        "firmware_settings": _firmware_settings(profile),
        "faults": [{"spec": fault.spec, "severity": fault.severity} for fault in faults],
        "bench_faults": list(bench_faults),
        "skin": _skin(profile.output.skin),
        "instruments": (instruments or SimulatedInstruments()).names(),
        "transports": list(transports),
        "fixture": profile.output.current_class,
    }


def simulated_station(
    addresses: Addresses,
    profile: Profile,
    seed: int,
    instruments: SimulatedInstruments | None = None,
) -> Station:
    """Return the station of docs/laboratory.md at the addresses of a running simulated bench.

    A relay board answers no ``*IDN?``: it is named, and its relays count from 1.
    """
    switch = (instruments or SimulatedInstruments()).model("switch")
    relays = {name: k for k, name in enumerate(RELAYS, start=1)} if is_board(switch) else RELAYS
    return Station(
        name=f"simulated bench, seed {seed}",
        simulated=True,
        path=None,
        sha256="",
        instruments={
            role: _instrument(role, addresses, switch if role == "switch" else "")
            for role in _ROLES
        },
        scope_channels=_scope_channels(profile.scale),
        relays=relays,
        loads=tuple(
            LoadEntry(
                relay=relay,
                nominal_ohm=ohm,
                value_ohm=ohm,
                tolerance=_LOAD_TOLERANCE,
                measured_on=None,
            )
            for relay, ohm in _LOADS_OHM.items()
        ),
        skin=profile.output.skin,
        shunt=ShuntEntry(
            value_ohm=_SHUNT_OHM / profile.scale,
            tolerance=_SHUNT_TOLERANCE[profile.scale],
            measured_on=None,
        ),
        reference=ReferenceEntry(series_ohm=_REFERENCE_OHM / profile.scale, low_v=0.8, high_v=4.0),
        supply_outputs=SupplyOutputs(battery=1, reference=2, charger=3),
        device=DeviceEntry(url=addresses.device, adapter="", unlock_key=profile.unlock_key),
        clock=addresses.clock,
        rules={},
        calibration_policy="mark",
        environment={"place": "simulated laboratory"},
        runs_folder="runs",
        laboratory="",
        address="",
        settings={},
    )


def _instrument(role: str, addresses: Addresses, model: str) -> InstrumentEntry:
    return InstrumentEntry(
        role=role,
        resource=getattr(addresses, role),
        model=model,
        serial=addresses.serials.get(role, ""),
        calibration_due=None,
        calibration_certificate="",
        timeout_s=_TIMEOUT_S,
    )


def _scope_channels(scale: float) -> ScopeChannels:
    return ScopeChannels(
        amplitude=ScopeChannel(channel=1, sensitivity=1_000.0 / scale, unit="A"),
        transient=ScopeChannel(channel=2, sensitivity=100.0 / scale, unit="A"),
        electrode=ScopeChannel(channel=3, sensitivity=_ELECTRODE_DIVIDER[scale], unit="V"),
        sync=ScopeChannel(channel=4, sensitivity=1.0, unit="V"),
    )


def _waveform(profile: Profile) -> dict[str, Any]:
    wave = profile.waveform
    envelope = wave.envelope
    return {
        "kind": wave.kind,
        "pulse_duration_s": wave.pulse_duration_s,
        "repetition_rate_hz": wave.repetition_rate_hz,
        "inter_phase_gap_s": wave.inter_phase_gap_s,
        "pulses_per_train": wave.pulses_per_train,
        "train_gap_s": wave.train_gap_s,
        "envelope": None
        if envelope is None
        else {"rate_hz": envelope.rate_hz, "depth": envelope.depth, "shape": envelope.shape},
        "modes": _modes(profile),
    }


def _modes(profile: Profile) -> list[dict[str, Any]]:
    """Return the rates of every mode, none where there is only one."""
    if not profile.mode_steps:
        return []
    own = (ModeStep(rate_hz=profile.waveform.repetition_rate_hz, duration_s=None),)
    declared = [profile.mode_steps.get(name, own) for name in profile.modes]
    return [
        {
            "rates_hz": [step.rate_hz for step in steps],
            "durations_s": [step.duration_s for step in steps if step.duration_s],
        }
        for steps in declared
    ]


def _output(profile: Profile) -> dict[str, Any]:
    output = profile.output
    if output.regulation == "current":
        levels = {"levels_ua": [level.current_ua for level in output.levels]}
    else:
        levels = {"levels_v": [cast("float", level.voltage_v) for level in output.levels]}
    return {
        "regulation": output.regulation,
        **levels,
        "source_ohm": output.source_ohm,
        "compliance_v": output.compliance_v,
        "blocking_uf": output.blocking_uf,
        "second_dc_ua": profile.protection.dc_limit_ua,
        "boost": None
        if output.boost is None
        else {"current_ua": output.boost.current_ua, "duration_s": output.boost.duration_s},
    }


def _skin(network: SkinNetwork) -> dict[str, Any]:
    return {
        "series_ohm": network.series_ohm,
        "sections": [{"ohm": one.ohm, "farad": one.farad} for one in network.sections],
    }


def _firmware_settings(profile: Profile) -> dict[str, Any]:
    timers, protection = profile.timers, profile.protection
    return {
        "session_s": timers.session_s,
        "ramp_s": timers.ramp_s,
        "stop_ramp_s": timers.stop_ramp_s,
        "resume_window_s": timers.resume_window_s,
        "contact_on_ohm": protection.contact_on_ohm,
        "contact_off_ohm": protection.contact_off_ohm,
        "contact_debounce_s": timers.contact_debounce_s,
        "overcurrent_ua": protection.overcurrent_ua,
        "dc_threshold_ua": protection.dc_threshold_ua,
        "dc_window_s": protection.dc_window_s,
        "watchdog_s": timers.watchdog_s,
        "link_timeout_s": timers.link_timeout_s,
        "battery_low_v": protection.battery_low_v,
        "battery_cutoff_v": protection.battery_cutoff_v,
        "over_temperature_c": protection.over_temperature_c,
        "charge_inhibit": protection.charge_inhibit,
        "modes": list(profile.modes),
    }


@dataclass(slots=True, kw_only=True)
class RunningTwin:
    """The simulated bench as a child process.

    It ends by itself when every copy of ``lifeline_fd`` is closed. A guardian that must act after
    the runner's death inherits a copy, and so keeps the bench alive until it is safe.
    """

    addresses: Addresses
    process: subprocess.Popen[bytes]
    lifeline_fd: int
    folder: tempfile.TemporaryDirectory[str]
    event_log: Path | None = None
    _closed: bool = field(default=False)

    def complaint(self) -> str:
        """Return what the process last said that went wrong inside it, or nothing."""
        path = Path(self.folder.name) / "stderr"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        return next((line for line in reversed(lines) if line.startswith(_COMPLAINT)), "")

    def close(self) -> None:
        """End the process and wait for it; idempotent."""
        if self._closed:
            return
        self._closed = True
        os.close(self.lifeline_fd)
        _end(self.process)
        self.folder.cleanup()

    def __enter__(self) -> RunningTwin:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def launch_twin(
    description: Mapping[str, Any],
    *,
    address_file: Path | None = None,
    event_log: Path | None = None,
    timeout_s: float = ADDRESS_TIMEOUT_S,
    command: Sequence[str] = (sys.executable, "-m", "bench.twin"),
) -> RunningTwin:
    """Start the simulated bench in its own session and return it once it has said where it is.

    A signal to our process group does not reach it. Raises ConfigurationError where it refuses the
    unit (an unknown fault), and NotConnected, with the end of what it wrote, where it ends or stays
    silent for ``timeout_s`` of wall time.
    """
    folder = tempfile.TemporaryDirectory(prefix="bench-twin-")
    read_fd, write_fd = os.pipe()
    try:
        process = _start(
            [*command, *_arguments(folder, description, read_fd, address_file, event_log)],
            folder=Path(folder.name),
            lifeline_fd=read_fd,
        )
    except OSError as error:
        os.close(write_fd)
        folder.cleanup()
        raise NotConnected(f"simulated bench: cannot be started ({error})") from error
    finally:
        os.close(read_fd)
    try:
        addresses = _addresses(process, Path(folder.name) / "stderr", timeout_s)
    except BaseException:
        os.close(write_fd)
        _end(process)
        folder.cleanup()
        raise
    return RunningTwin(
        addresses=addresses,
        process=process,
        lifeline_fd=write_fd,
        folder=folder,
        event_log=event_log,
    )


def _arguments(
    folder: tempfile.TemporaryDirectory[str],
    description: Mapping[str, Any],
    lifeline_fd: int,
    address_file: Path | None,
    event_log: Path | None,
) -> list[str]:
    unit = Path(folder.name) / "unit.json"
    unit.write_text(json.dumps(description, indent=1), encoding="utf-8")
    arguments = [str(unit), "--lifeline", str(lifeline_fd)]
    if address_file is not None:
        arguments += ["--address-file", str(address_file)]
    if event_log is not None:
        arguments += ["--event-log", str(event_log)]
    return arguments


def _start(command: Sequence[str], *, folder: Path, lifeline_fd: int) -> subprocess.Popen[bytes]:
    with (folder / "stderr").open("wb") as stderr:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            pass_fds=(lifeline_fd,),
            start_new_session=True,
        )


def _addresses(process: subprocess.Popen[bytes], stderr: Path, timeout_s: float) -> Addresses:
    line = _first_line(process, timeout_s)
    if line is None:
        raise NotConnected(
            f"simulated bench: no address within {timeout_s:g} s{_said(stderr)}; "
            "try `python -m bench.twin` by hand"
        )
    if not line:
        _end(process)
        if process.returncode == _REFUSED:
            raise ConfigurationError(f"simulated bench: cannot build the unit{_said(stderr)}")
        raise NotConnected(
            f"simulated bench: ended with status {process.returncode} before it answered"
            f"{_said(stderr)}"
        )
    return _parse_addresses(line)


def _first_line(process: subprocess.Popen[bytes], timeout_s: float) -> bytes | None:
    """Return the first line of stdout, b"" where the stream ended, None where time ran out."""
    stdout = cast("Any", process.stdout)
    deadline = time.monotonic() + timeout_s
    received = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while b"\n" not in received:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0 or not selector.select(remaining_s):
                return None
            chunk = os.read(stdout.fileno(), _CHUNK_BYTES)
            if not chunk:
                return b""
            received += chunk
    return received.partition(b"\n")[0]


def _parse_addresses(line: bytes) -> Addresses:
    try:
        found = json.loads(line)
        return Addresses(
            **{role: str(found[role]) for role in _SOCKETS},
            pid=int(found["pid"]),
            seed=int(found["seed"]),
            resources=dict(found["resources"]),
            serials=dict(found["serials"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise NotConnected(
            f"simulated bench: expected one JSON line with {', '.join(_SOCKETS)}, pid, seed, "
            f"resources and serials, found {line[:120]!r}"
        ) from error


def _said(stderr: Path) -> str:
    tail = _tail(stderr)
    return f"; it said: {tail}" if tail else "; it said nothing"


def _tail(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return " | ".join(line.strip() for line in lines[-_TAIL_LINES:] if line.strip())


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process whose lifeline is closed; then ask it, then make it."""
    for sign in (None, signal.SIGTERM, signal.SIGKILL):
        if sign is not None:
            process.send_signal(sign)
        try:
            process.wait(timeout=_EXIT_TIMEOUT_S)
            break
        except subprocess.TimeoutExpired:
            continue
    if process.stdout is not None:
        process.stdout.close()
