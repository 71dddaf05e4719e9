"""Steady outputs whose truth is known from how they are made: rectangular pulses in codes."""

import numpy as np

from bench.judge import scope_accuracy, transferred_scope
from bench.profile import load_profile
from bench.record.schema import CaptureRecord
from bench.station.acquisition import Capture, Shot
from bench.station.scales import Label, Scale
from bench.station.steady_output import SteadyOutput
from bench.waveform import Waveform

CODES = 100.0


def capture_of(codes, *, current_a, interval_s, label=Label.CURRENT, noise=0.6, seed=1):
    """Return a capture in which ``CODES`` codes are ``current_a``, with dither and no offset."""
    rng = np.random.default_rng(seed)
    rounded = np.rint(codes + rng.normal(0.0, noise, codes.size))
    waveform = Waveform(
        codes=np.clip(rounded, -128, 127).astype(np.int8), gain=current_a / CODES, offset=0.0,
        t0_s=0.0, sample_interval_s=interval_s, channel="1", unit="A",
    )  # fmt: skip
    record = CaptureRecord(acquisition_id="a1", title="", conditions={}, waveforms=(), taken_at="")
    shot = Shot(title="", full_scale={label: 1.0}, duration_s=1.0, points=codes.size)
    volts_per_division = 256 * waveform.gain * 1e3 / 8
    scale = Scale(
        label=label, volts_per_division=volts_per_division, sensitivity=1e3, zero_v=0.0, noise_v=0.0,
        accuracy=transferred_scope(scope_accuracy("DSO-X 3024A")), shunt_relative=1e-4,
    )  # fmt: skip
    return Capture(
        record=record, shot=shot, waveforms={label: waveform}, hashes={label: "sha"},
        volts_per_division={label: volts_per_division}, scales={label: scale},
        codes=256.0,
    )  # fmt: skip


def trains_of(*, pulses=80, per_train=10, duration_s=6e-3, period_s=12.5e-3, interval_s=20e-6,
              edge_s=60e-6, shift_s=None, second_half=1.0):  # fmt: skip
    """Return alternating trains of trapezoids in codes; 50 % instants are exact."""
    shifts = np.zeros(pulses) if shift_s is None else shift_s
    times = np.arange(round((pulses + 1) * period_s / interval_s)) * interval_s
    codes = np.zeros(times.size)
    for number in range(pulses):
        start = number * period_s + 3e-3 + shifts[number]
        sign = 1.0 if (number // per_train) % 2 == 0 else -second_half
        rise = np.clip((times - start) / edge_s + 0.5, 0.0, 1.0)
        fall = np.clip((times - start - duration_s) / edge_s + 0.5, 0.0, 1.0)
        codes += sign * CODES * (rise - fall)
    return codes


def output_of(codes, *, current_a=400e-6, interval_s=20e-6, profile="ref-alt-400", level=5, **kw):
    return SteadyOutput(
        capture=capture_of(codes, current_a=current_a, interval_s=interval_s, **kw),
        profile=load_profile(profile), level=level, load_ohm=500.0,
    )  # fmt: skip
