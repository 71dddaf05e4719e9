"""The command line: one module a verb, one line an error, results alone on stdout."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Final, NoReturn, Protocol, cast

from bench.errors import BenchError
from bench.plain_text import plain

__all__ = ["entry", "main"]

USAGE_EXIT: Final = 4
INTERRUPTED_EXIT: Final = 130
BROKEN_PIPE_EXIT: Final = 141

VERBS: Final = {
    "run": "run a plan and leave its record and report",
    "plan": "show what a plan would do, without touching an instrument",
    "doctor": "check the station: settings, identity, calibration, self-test",
    "list": "list the instruments, drivers, profiles and plans that are known",
    "measure": "measure a recorded waveform",
    "report": "render the report of a run again",
    "compare": "compare the runs of two firmwares",
    "history": "show yield, capability and gauge studies of many runs",
    "verify": "check that a run folder is what its journal says",
    "sign": "sign a run: who, in which role, meaning what",
    "key": "make a key to sign with",
    "challenge": "prove a plan: run it against fitted faults and healthy units",
    "twin": "serve the simulated bench and print its addresses",
    "safe": "bring the station to its safe state",
}

EPILOG: Final = """exit codes of a run: 0 PASS, 1 FAIL, 10 ERROR (the bench), 11 calibration overdue,
12 configuration invalid, 13 safe state not confirmed, 14 INCOMPLETE, 130 interrupted;
4 usage error or unreadable file."""


class _Verb(Protocol):
    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


class _Formatter(logging.Formatter):
    """What instruments and devices answered is in these lines."""

    def format(self, record: logging.LogRecord) -> str:
        return plain(super().format(record))


class _Parser(argparse.ArgumentParser):
    """A parser whose usage errors end with 4, since 2 means interrupted to pytest."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE_EXIT, f"{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    arguments, verb = _parse(words)
    _configure_logging(arguments)
    try:
        return verb.run(arguments)
    except BenchError as error:
        return _explain(error, exit_code=error.exit_code, debug=arguments.debug)
    except KeyboardInterrupt:
        sys.stderr.write("bench: interrupted\n")
        return INTERRUPTED_EXIT
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE_EXIT


def entry() -> NoReturn:
    """Run one verb as this process's only work.

    Who presses Ctrl-C once more while the process is already leaving changes its exit code no more.
    """
    try:
        code = main()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        code = INTERRUPTED_EXIT
    # CPython marks an interrupt that passed through an exec(), and ends by SIGINT whatever code is
    # asked; only the start of another exec() takes the mark away.
    exec("")  # noqa: S102 - a constant, and empty: nothing is executed
    sys.exit(code)


def _parse(words: list[str]) -> tuple[argparse.Namespace, _Verb]:
    """Split off what goes to pytest, choose the verb, and load only its module."""
    words, rest = _split(words)
    parser = _Parser(
        prog="bench",
        description="Hardware-in-the-loop bench for handheld facial microcurrent devices.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    chosen = next((word for word in words if word in VERBS), None)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    module: _Verb | None = None
    for name, summary in VERBS.items():
        sub = verbs.add_parser(name, help=summary, description=summary.capitalize() + ".")
        if name == chosen:
            module = cast("_Verb", importlib.import_module(f"bench.cli.{_module(name)}"))
            module.add_arguments(sub)
        sub.add_argument("--debug", action="store_true", help="show tracebacks and every exchange")
    arguments = parser.parse_args(words)
    arguments.pytest = rest
    if module is None:
        parser.error("no verb given")
    return arguments, module


def _module(verb: str) -> str:
    return {"list": "list_known"}.get(verb, verb)


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    if "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, []


def _configure_logging(arguments: argparse.Namespace) -> None:
    level = logging.DEBUG if arguments.debug else logging.WARNING
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    if arguments.debug:
        for noisy in ("numba", "pyvisa"):
            logging.getLogger(noisy).setLevel(logging.INFO)


def _explain(error: BenchError, *, exit_code: int, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    sys.stderr.write(plain(f"bench: {error}\n"))
    return exit_code


if __name__ == "__main__":
    entry()
