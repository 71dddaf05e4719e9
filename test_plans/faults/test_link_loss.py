"""The control link falls silent in the middle of a session."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.errors import NotOffered
from bench.judge import Verdict
from bench.plugin import Bench, Check
from bench.station import measurands
from bench.station.commands import is_running

LOAD_OHM = 2000.0
LOSSES = 3


@pytest.mark.requirement("FLT-014")
@pytest.mark.full_scope
def test_session_goes_on_where_no_link_is_needed(bench: Bench, check: Check) -> None:
    if bench.profile.timers.link_timeout_s is not None:
        check.undecided(
            "FLT-014", "output without a link", verdict=Verdict.NOT_APPLICABLE,
            reason="the profile declares that the output ends with the link",
        )  # fmt: skip
        return
    status, capture, pulses = bench.commands.silence(load_ohm=LOAD_OHM)
    check.fact(
        "FLT-014", "output without a link", holds=is_running(status) and len(pulses) > 0,
        found=f"{status.state.value}, {len(pulses)} phases in the record",
        waveforms=tuple(capture.hashes.values()),
    )  # fmt: skip


@pytest.mark.requirement("FLT-014", "FLT-026")
@pytest.mark.full_scope
def test_lost_link_ends_the_output_where_it_is_watched(bench: Bench, check: Check) -> None:
    try:
        found = [
            bench.commands.link_loss(load_ohm=LOAD_OHM, phase_s=phase_s)
            for phase_s in bench.phases_s(LOSSES, "FLT-026")
        ]
    except NotOffered as reason:
        for requirement in ("FLT-014", "FLT-026"):
            check.undecided(
                requirement, "watched link", verdict=Verdict.NOT_APPLICABLE, reason=str(reason)
            )
        return
    reactions, timeouts_s, states = zip(*found, strict=True)
    latency = measurands.worst_latency(reactions, bench.timebase_ppm)
    check(
        "FLT-026", "link_loss", latency, reference=timeouts_s[0], load_ohm=LOAD_OHM, losses=LOSSES
    )
    stopped = all(status.state is not DeviceState.RUN for status in states)
    check.fact(
        "FLT-014", "state after the loss of a watched link",
        holds=stopped and all("COMM" in status.faults for status in states),
        found=", ".join(sorted({status.text for status in states})),
    )  # fmt: skip
