"""The measurands of the plans: a number in SI with the budget behind it. Nothing here judges.

Each function takes what was captured and returns a :class:`~bench.station.measured.Measured`. A
quantity that the device did not give (no pulses of a polarity, an output that never ends) is a value
of None with its reason; one that the bench could not measure is marked undecidable.
"""

from bench.station.measurands.amplitudes import (
    amplitude,
    farthest_amplitude,
    level_step,
    level_steps,
    load_regulation,
    symmetry,
)
from bench.station.measurands.ceiling import excursion, worst_current
from bench.station.measurands.charges import (
    net_charge_per_cycle,
    net_charge_per_pulse,
    phase_charge,
)
from bench.station.measurands.direct import direct_current, residual_current
from bench.station.measurands.reactions import (
    start_delay,
    worst_charge,
    worst_latency,
    worst_peak,
)
from bench.station.measurands.record import leading_phases, scope_range, transitions
from bench.station.measurands.timing import (
    crossing_defects,
    duration_symmetry,
    excluded_rate,
    farthest_duration,
    polarity_cycle_s,
    pulse_defects,
    pulse_duration,
    repetition,
    repetition_rate,
    session_length,
    steady_defects,
)

__all__ = [
    "amplitude",
    "crossing_defects",
    "direct_current",
    "duration_symmetry",
    "excluded_rate",
    "excursion",
    "farthest_amplitude",
    "farthest_duration",
    "leading_phases",
    "level_step",
    "level_steps",
    "load_regulation",
    "net_charge_per_cycle",
    "net_charge_per_pulse",
    "phase_charge",
    "polarity_cycle_s",
    "pulse_defects",
    "pulse_duration",
    "repetition",
    "repetition_rate",
    "residual_current",
    "scope_range",
    "session_length",
    "start_delay",
    "steady_defects",
    "symmetry",
    "transitions",
    "worst_charge",
    "worst_current",
    "worst_latency",
    "worst_peak",
]
