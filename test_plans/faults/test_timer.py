"""The session timer, over a whole session."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.plugin import Bench, Check
from bench.station import fault_measurands, measurands

RESTING = (DeviceState.IDLE, DeviceState.OFF)


@pytest.mark.requirement("FLT-008")
@pytest.mark.full_scope
def test_session_ends_by_itself_when_declared(bench: Bench, check: Check) -> None:
    session = bench.full_session()
    check("FLT-008", "session", measurands.session_length(session), load_ohm=2000.0)
    check.fact(
        "FLT-008", "output shortly before the declared end",
        holds=session.delivering_before_end,
        found="pulses" if session.delivering_before_end else "no pulses: the session ended early",
        waveforms=tuple(session.before_end.hashes.values()),
    )  # fmt: skip
    check.fact(
        "FLT-008", "state after the session",
        holds=session.end_state in RESTING and not session.end_faults,
        found=" with ".join(
            filter(None, (session.end_state.value, ", ".join(sorted(session.end_faults))))
        ),
    )  # fmt: skip
    check.fact(
        "FLT-008", "output after the session",
        holds=not session.delivering_after_end,
        found="still pulses" if session.delivering_after_end else "none",
        waveforms=tuple(session.after_end.hashes.values()),
    )  # fmt: skip


@pytest.mark.requirement("FLT-008")
@pytest.mark.full_scope
def test_disturbed_session_lasts_no_longer(bench: Bench, check: Check) -> None:
    found = bench.disturbed_session.run()
    check(
        "FLT-008", "session", fault_measurands.disturbed_length(found),
        load_ohm=2000.0, disturbances=found.disturbances,
    )  # fmt: skip
