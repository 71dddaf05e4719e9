"""The contract check finds what it is meant to find, and nothing else."""

from __future__ import annotations

import pytest

from bench.device import check_link
from tests.device.model import ModelDevice
from tests.device.scripted import FastClock


class PatientClock(FastClock):
    """Polls a handful of times, whatever the time-out."""

    def wait_until(self, condition, *, timeout_s, poll_s=0.01) -> bool:
        return any(condition() for _ in range(3))


def failures(*flaws: str) -> list[str]:
    findings = check_link(ModelDevice(flaws=flaws), clock=PatientClock(), with_output=True)
    return [finding.clause for finding in findings if finding.outcome == "failed"]


def test_a_device_that_keeps_the_contract_fails_nowhere_and_says_what_it_lacks():
    findings = check_link(ModelDevice(), clock=PatientClock(), with_output=True)
    assert [finding for finding in findings if finding.outcome == "failed"] == []
    assert [finding.detail for finding in findings if finding.outcome == "not offered"] == [
        "no telemetry"
    ]
    assert len(findings) == 20


@pytest.mark.parametrize(
    ("flaw", "clause"),
    [
        ("anonymous", "names model, serial number"),
        ("millivolts", "within its units"),
        ("stale", "counter moves on"),
        ("clamping", "beyond the limits is refused"),
        ("disagreeing", "say the same"),
        ("unlocked", "before unlock_tests"),
        ("fragile", "nonsense changes no state"),
        ("unstoppable", "stop() ends it"),
        ("restarting", "while a session runs is refused"),
        ("undead", "afterwards a request raises"),
    ],
)
def test_each_flaw_breaks_its_clause(flaw, clause):
    assert any(clause in failed for failed in failures(flaw))


def test_without_output_nothing_is_started():
    device = ModelDevice()
    started: list[float] = []
    device.start = started.append
    check_link(device, clock=PatientClock())
    assert started == [601.0]  # the session that must be refused
