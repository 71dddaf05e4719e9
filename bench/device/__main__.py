"""``python -m bench.device``: run a device's link through its contract and print each clause."""

from __future__ import annotations

import argparse
import sys

from bench.clock import WallClock
from bench.device.adapter import open_link
from bench.device.conformance import check_link
from bench.device.line_conformance import check_line
from bench.errors import BenchError

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Try every clause; return 1 where one is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.device")
    parser.add_argument("--url", required=True, help="as [device] link in the station file")
    parser.add_argument("--adapter", default="", help="as [device] adapter in the station file")
    parser.add_argument("--unlock-key", default="")
    parser.add_argument(
        "--with-output", action="store_true", help="also start sessions; needs a load"
    )
    parser.add_argument(
        "--bad-lines",
        action="store_true",
        help="also go silent, answer late, drop and spoil replies on the way (TCP and serial)",
    )
    options = parser.parse_args(arguments)
    clock = WallClock()
    try:
        link = open_link(
            options.url, clock=clock, unlock_key=options.unlock_key, adapter=options.adapter
        )
    except BenchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    findings = check_link(link, clock=clock, with_output=options.with_output)
    if options.bad_lines:
        findings += check_line(
            options.url, clock=clock, unlock_key=options.unlock_key, adapter=options.adapter
        )
    for finding in findings:
        detail = f": {finding.detail}" if finding.detail else ""
        sys.stdout.write(f"{finding.outcome:11} {finding.clause}{detail}\n")
    return int(any(finding.outcome == "failed" for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
