"""``python -m bench.twin UNIT.json``: serve the simulated laboratory until told to stop.

Prints its addresses as one JSON line. Ends on SIGTERM, SIGINT, and when the pipe given with
``--lifeline`` reaches its end, which is when whoever holds its other end is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import math
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from bench.twin.description import UnitDescription
from bench.twin.instrument_faults import is_of_an_instrument
from bench.twin.interface import World
from bench.twin.laboratory import Laboratory
from bench.twin.truth import WitnessedWorld

if TYPE_CHECKING:
    from bench.twin.world import SimulatedWorld

__all__ = ["main"]

_BAD_DESCRIPTION = 12
HIGH_VOLTAGE_PROBE = 10.0
"""Before the electrode channel's own divider: 100:1 together. Source: docs/laboratory.md."""
_HERE = Path(__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal or the lifeline ends it; return the exit code."""
    options = _parser().parse_args(arguments)
    with contextlib.ExitStack() as stack:
        try:
            log = None
            if options.event_log is not None:
                log = stack.enter_context(options.event_log.open("a", encoding="utf-8"))
            truth = None
            if options.truth is not None:
                truth = stack.enter_context(options.truth.open("w", encoding="utf-8"))
            laboratory = _laboratory(_description(options.unit), log, truth)
        except (OSError, ValueError) as error:
            sys.stderr.write(f"bench.twin: {options.unit}: {error}\n")
            return _BAD_DESCRIPTION
        asyncio.run(_serve(laboratory, options))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.twin", description=__doc__)
    parser.add_argument("unit", type=Path, help="unit description, JSON")
    parser.add_argument("--address-file", type=Path, help="write the addresses there too")
    parser.add_argument("--lifeline", type=int, metavar="FD", help="end when this pipe ends")
    parser.add_argument(
        "--event-log", type=Path, help="append bridge and path events as JSON lines"
    )
    parser.add_argument(
        "--truth", type=Path, help="write what really flowed there (benchmarks/coverage.py)"
    )
    return parser


def _description(path: Path) -> dict[str, Any]:
    match json.loads(path.read_text(encoding="utf-8")):
        case dict() as loaded:
            return cast("dict[str, Any]", loaded)
        case _:
            raise ValueError("a unit description is a JSON object")


def _laboratory(
    description: dict[str, Any], log: IO[str] | None, truth: IO[str] | None
) -> Laboratory:
    """Build the world and its instruments; each takes the bench faults that are its own."""
    from bench.twin.world import SimulatedWorld

    wanted = [str(fault) for fault in description.get("bench_faults", ())]
    theirs = [fault for fault in wanted if not is_of_an_instrument(fault)]
    described = UnitDescription.read({**description, "bench_faults": theirs})
    world = SimulatedWorld.from_description(described)
    if log is not None:
        _log_events(world, log)
    seen = world if truth is None else cast("World", WitnessedWorld(world, truth))
    return Laboratory(
        seen,
        seed=described.seed,
        bench_faults=wanted,
        instruments=described.instruments,
        transports=described.transports,
        electrode_probe=HIGH_VOLTAGE_PROBE if described.fixture == "milliampere" else 1.0,
    )


def _log_events(world: SimulatedWorld, log: IO[str]) -> None:
    """Write down when the bridge is driven, and when the path between the electrodes closes."""
    moved, path_closed = world.fixture.moved, False

    def note(event: str) -> None:
        entry = {"wall_ns": time.monotonic_ns(), "virtual_ns": world.now_ns, "event": event}
        log.write(json.dumps(entry) + "\n")
        log.flush()

    def note_path(channel: int) -> None:
        nonlocal path_closed
        moved(channel)
        if path_closed != math.isfinite(world.fixture.load_ohm()):
            path_closed = not path_closed
            note("path_closed" if path_closed else "path_open")

    world.on_output = lambda on: note("bridge_on" if on else "bridge_off")
    world.fixture.moved = note_path


async def _serve(laboratory: Laboratory, options: argparse.Namespace) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_complain)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if options.lifeline is not None:
        loop.add_reader(options.lifeline, _read_lifeline, options.lifeline, stopping)
    addresses = await laboratory.start()
    text = json.dumps({**addresses, "pid": os.getpid(), "seed": laboratory.seed})
    if options.address_file is not None:
        _write_atomically(options.address_file, text + "\n")
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    gc.freeze()  # what is loaded stays: no later collection looks at it again
    await stopping.wait()
    await laboratory.close()


def _complain(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say in one line what raised while the laboratory ran; the connection has been closed."""
    error = context.get("exception")
    if not isinstance(error, Exception):
        sys.stderr.write(f"bench.twin: {context.get('message')}\n")
        return
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not _of_this_program(Path(frame.filename))]
    frame = (theirs or frames)[-1]
    text = " ".join(str(error).split())
    where = f"{frame.filename}:{frame.lineno}"
    sys.stderr.write(f"bench.twin: {where} raised {type(error).__name__}: {text}\n")
    sys.stderr.flush()


def _of_this_program(file: Path) -> bool:
    """Whether a file is the twin's or Python's own, and no fault's."""
    return file.is_relative_to(_HERE) or file.is_relative_to(Path(asyncio.__file__).parent)


def _read_lifeline(descriptor: int, stopping: asyncio.Event) -> None:
    try:
        ended = not os.read(descriptor, 4096)
    except BlockingIOError:
        return
    except OSError:
        ended = True
    if ended:
        asyncio.get_running_loop().remove_reader(descriptor)
        stopping.set()


def _write_atomically(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(name).replace(path)


if __name__ == "__main__":
    sys.exit(main())
