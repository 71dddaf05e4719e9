"""``bench list``: what is known here, and what answers."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from bench.cli.proposal import proposal
from bench.errors import BenchError
from bench.plugin.settings import PLANS
from bench.profile import profile_names
from bench.requirements import load_catalogue
from bench.station.configuration import load_station
from instruments import known_models, open_instrument
from instruments.discovery import Found

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench list``."""
    parser.add_argument("--station", metavar="FILE", type=Path, help="also ask its instruments")
    parser.add_argument(
        "--discover",
        action="store_true",
        help="look for instruments (mDNS, USB, serial ports) and propose a station file",
    )
    parser.add_argument(
        "--host", metavar="HOST[:PORT]", action="append", default=[],
        help="with --discover: also look on this host; may be repeated",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Print plans, profiles, drivers, and the identity of each instrument of a station."""
    if arguments.discover:
        return _discover(arguments)
    catalogue = load_catalogue()
    plans = {plan: sum(plan in row.plans for row in catalogue) for plan in PLANS}
    profiles = list(profile_names())
    drivers = dict(known_models())
    connected = _connected(arguments.station) if arguments.station else {}
    if arguments.json:
        known = {
            "plans": plans, "profiles": profiles, "drivers": drivers, "connected": connected,
        }  # fmt: skip
        sys.stdout.write(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
        return 0
    lines = [
        *(f"plan       {plan}: {count} requirements" for plan, count in plans.items()),
        *(f"profile    {profile}" for profile in profiles),
        *(f"driver     {driver}: {pattern}" for pattern, driver in drivers.items()),
        *(f"instrument {role}: {text}" for role, text in connected.items()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _discover(arguments: argparse.Namespace) -> int:
    """Say on stderr what was found where, and print the proposal (or everything as JSON)."""
    from instruments.discovery import discover

    found = discover(arguments.host)
    proposed = proposal(found)
    if arguments.json:
        document = {"found": [asdict(one) for one in found], "station": proposed}
        sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        return 0
    for one in found:
        sys.stderr.write(f"{_what(one)}\n")
    sys.stdout.write(proposed)
    return 0


def _what(found: Found) -> str:
    place = found.resource_name or found.via
    if found.identity is None:
        return f"{place}: {found.remark}"
    identity = found.identity
    return (
        f"{place}: {found.role or 'no role'}, {identity.manufacturer} {identity.model}, "
        f"serial {identity.serial}, firmware {identity.firmware} ({found.via})"
    )


def _connected(path: Path) -> dict[str, str]:
    """Ask each instrument who it is; one that does not answer says why instead."""
    found: dict[str, str] = {}
    for role, entry in load_station(path).instruments.items():
        try:
            driver = open_instrument(role, entry.resource, timeout_s=entry.timeout_s)
        except BenchError as error:
            found[role] = f"does not answer: {error}"
            continue
        identity = driver.identity
        found[role] = (
            f"{identity.manufacturer} {identity.model}, serial {identity.serial}, "
            f"firmware {identity.firmware} at {entry.resource}"
        )
        driver.close()
    return found
