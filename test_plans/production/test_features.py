"""What only some devices declare, on a unit of a series: a watched link, a second d.c. limiter."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.judge import Verdict
from bench.plugin import Bench, Check
from bench.station import measurands

pytestmark = pytest.mark.short_scope

LOSS_MARGIN = 1.15
"""Of the time that the device declares, which may be 10 % longer. Source: FLT-026."""


@pytest.mark.requirement("FLT-026", "FLT-014")
def test_lost_link_ends_the_output_where_it_is_watched(bench: Bench, check: Check) -> None:
    if "link watchdog" not in bench.profile.features:
        for requirement in ("FLT-014", "FLT-026"):
            check.undecided(
                requirement, "watched link", verdict=Verdict.NOT_APPLICABLE,
                reason="no watched link is declared; what goes on without one is for the release plan",
            )  # fmt: skip
        return
    load_ohm = bench.profile.loads_ohm[0]
    reaction, timeout_s, status = bench.commands.link_loss(
        load_ohm=load_ohm, phase_s=bench.phases_s(1, "FLT-026")[0], margin=LOSS_MARGIN
    )
    latency = measurands.worst_latency([reaction], bench.timebase_ppm)
    check("FLT-026", "link_loss", latency, reference=timeout_s, load_ohm=load_ohm, losses=1)
    check.fact(
        "FLT-014", "state after the loss of a watched link",
        holds=status.state is not DeviceState.RUN and "COMM" in status.faults, found=status.text,
    )  # fmt: skip


@pytest.mark.requirement("FLT-006")
def test_second_limiter_alone_ends_direct_current(bench: Bench, check: Check) -> None:
    protection, load_ohm = bench.profile.protection, bench.profile.loads_ohm[0]
    if protection.dc_limit_ua is None:
        check.undecided(
            "FLT-006", "second limiter", verdict=Verdict.NOT_APPLICABLE,
            reason="no limiter that ends the output is declared beside the first",
        )  # fmt: skip
        return
    reaction = bench.injections.dc_fault(
        polarity=1, load_ohm=load_ohm, phase_s=bench.phases_s(1, "FLT-006")[0], first_off=True
    )
    bench.treatment.restart()
    latency = measurands.worst_latency([reaction], bench.timebase_ppm)
    check("FLT-006", "shutdown_by_second_limiter", latency, load_ohm=load_ohm, polarity=1)
