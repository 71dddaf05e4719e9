"""What a step of a walk has left, on a range whose code is more than a device at rest may show."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bench.device.link import DeviceState
from bench.device.state_model import Action, Deed, DeviceModel
from bench.errors import NotOffered
from bench.profile import load_profile
from bench.station.scales import Label
from bench.station.walk_judge import Step, StepJudge
from tests.station.outputs import CODES, capture_of

PROFILE = load_profile("ref-pro-600")
CODE_A = 3e-3 / 256
"""About as much as a device at rest may show: what counts as off and a fifth of the lowest level."""
NOISE_CODES = 0.35
LOAD_OHM = 500.0


def record(current_a=0.0, *, full_scale_a=3e-3, rest_codes=-1.0):
    """A range that shows ``rest_codes`` of nothing, as its transfer has found."""
    code_a = full_scale_a / 256
    capture = capture_of(
        np.full(4_000, current_a / code_a + rest_codes),
        current_a=code_a * CODES, interval_s=0.12e-3, noise=NOISE_CODES,
    )  # fmt: skip
    scale = capture.scales[Label.CURRENT]
    volts = code_a * scale.sensitivity
    return replace(
        capture,
        scales={
            Label.CURRENT: replace(scale, rest_v=rest_codes * volts, noise_v=NOISE_CODES * volts)
        },
    )


def not_offered():
    raise NotOffered("no telemetry")


def judged(capture, finer=None):
    link = SimpleNamespace(
        status=lambda: SimpleNamespace(
            state=DeviceState.IDLE, level=1, contact=True, remaining_s=0.0
        ),
        telemetry=not_offered,
    )
    step = Step(
        action=Action(deed=Deed.WAIT), before=(DeviceState.IDLE, 1), capture=capture, settle_s=0.0,
        finer=finer,
    )  # fmt: skip
    model = DeviceModel(resume_window_s=1.0, charge_inhibit=True, levels=9)
    return StepJudge(link=link, profile=PROFILE).wrong(step, model, now_s=0.0, load_ohm=LOAD_OHM)


def test_what_a_wide_range_shows_of_nothing_is_no_output():
    assert judged(record()) == ""


@pytest.mark.parametrize("flows_a", [-40e-6, 40e-6])
def test_an_output_beyond_it_is_seen(flows_a):
    assert "µA in IDLE" in judged(record(flows_a))


def test_a_finer_range_sees_a_small_output_and_is_asked_for():
    judge = StepJudge(link=None, profile=PROFILE)
    assert not judge.sees_rest(record(), LOAD_OHM)
    finer = record(15e-6, full_scale_a=100e-6)
    assert judge.sees_rest(finer, LOAD_OHM)
    assert judged(record(), finer) == "15 µA in IDLE"
    assert judged(record(), record(full_scale_a=100e-6)) == ""
