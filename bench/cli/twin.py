"""``bench twin``: the simulated bench, served until it is interrupted."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from bench.cli.run_options import add_simulated_instruments
from bench.profile import load_profile
from bench.station.fault_spec import split_faults
from bench.station.simulated_instruments import SIMULATED_MODELS, SimulatedInstruments
from bench.station.simulation import launch_twin, unit_description

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench twin``."""
    parser.add_argument("--profile", metavar="NAME|FILE", default="ref-alt-400")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="seed of the unit")
    parser.add_argument("--serial", default="SIM-0001", help="serial number built into the unit")
    parser.add_argument("--firmware", default="1.0.0", help="firmware version built into the unit")
    parser.add_argument("--udi", default="", help="unique device identifier built into the unit")
    add_simulated_instruments(parser)
    parser.add_argument(
        "--fault",
        metavar="ID=SEVERITY|FILE.py:Class[=SEVERITY]",
        action="append",
        default=[],
        help="fit a fault; may be repeated",
    )
    parser.add_argument(
        "--transport",
        metavar="ROLE=hislip|socket|vxi11|serial",
        action="append",
        default=[],
        help="how an instrument is to be reached; may be repeated; all addresses are in `resources`",
    )
    parser.add_argument(
        "--address-file", metavar="F", type=Path, help="also write the addresses here"
    )
    parser.add_argument("--event-log", metavar="F", type=Path, help="log what the bridge does")


def run(arguments: argparse.Namespace) -> int:
    """Start the twin, print its addresses as one JSON line, and stay until it ends."""
    faults, bench_faults = split_faults(arguments.fault)
    description = unit_description(
        load_profile(arguments.profile),
        serial=arguments.serial,
        firmware=arguments.firmware,
        udi=arguments.udi,
        seed=arguments.seed,
        faults=faults,
        bench_faults=bench_faults,
        instruments=_instruments(arguments),
        transports=arguments.transport,
    )
    with launch_twin(description, event_log=arguments.event_log) as twin:
        line = json.dumps(twin.addresses.as_json())
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        if arguments.address_file is not None:
            _write_at_once(arguments.address_file, line)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _leave)
        return twin.process.wait()


def _instruments(arguments: argparse.Namespace) -> SimulatedInstruments:
    given = {role: getattr(arguments, role) for role in SIMULATED_MODELS}
    return SimulatedInstruments(**{role: name for role, name in given.items() if name})


def _write_at_once(path: Path, line: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(line + "\n", encoding="utf-8")
    temporary.replace(path)


def _leave(number: int, _frame: object) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)
