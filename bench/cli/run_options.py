"""The options that a run, a dry run and a challenge share."""

from __future__ import annotations

import argparse

from bench.station.simulated_instruments import SIMULATED_MODELS

__all__ = ["add_bench_options", "add_run_options", "add_simulated_instruments"]


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the plan and everything that a run may be told."""
    parser.add_argument(
        "plan", metavar="PLAN", help="release, safety, production, or a path to tests"
    )
    add_bench_options(parser)
    parser.add_argument("--out", metavar="DIR", help="the run folder itself; must be empty")


def add_bench_options(parser: argparse.ArgumentParser) -> None:
    """Add what says on which bench, and on which device."""
    parser.add_argument("--station", metavar="FILE", help="station file; without one: the twin")
    parser.add_argument("--profile", metavar="NAME|FILE", help="device profile")
    parser.add_argument(
        "--requirements",
        metavar="FILE",
        action="append",
        help="requirement file that adds or changes rows, the change shown in the report; "
        "may be repeated",
    )
    parser.add_argument("--serial", metavar="S", help="expected serial number")
    parser.add_argument("--firmware", metavar="V", help="expected firmware version")
    parser.add_argument("--udi", metavar="U", help="unique device identifier of the unit")
    parser.add_argument("--operator", metavar="NAME", help="who runs it, as printed in the report")
    add_simulated_instruments(parser)
    parser.add_argument("--twin-seed", metavar="N", type=int, help="seed of the simulated unit")
    parser.add_argument(
        "--twin-fault",
        metavar="ID=SEVERITY|FILE.py:Class[=SEVERITY]",
        action="append",
        default=[],
        help="fit a fault to the simulated unit or bench; may be repeated",
    )


def add_simulated_instruments(parser: argparse.ArgumentParser) -> None:
    """Add what says which instruments the simulated laboratory has."""
    for role, families in SIMULATED_MODELS.items():
        parser.add_argument(
            f"--{role}",
            metavar="FAMILY",
            help=f"family of the simulated {role}: {', '.join(families)}",
        )
