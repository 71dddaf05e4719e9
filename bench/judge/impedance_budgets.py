"""The measuring device of IEC 60601-1, Fig. 12: its model, and the budget of how far it is from it.

The network is R2 across the input, R1 and C behind it, the meter across C. Its transfer impedance is
Z = V_C / I, with I the current into the input. With the ratio T = V_C / V_in and both resistances known,

    I / V_in = 1 / R2 + (1 - T) / R1,

and for a capacitor, where T = 1 / (1 + j x), the magnitudes alone are enough:

    |Z| = |T| / sqrt(1 / R2^2 + (1 - |T|^2) (2 / (R1 R2) + 1 / R1^2)).

No source, no amplitude and no series resistance is in it. Source: nodal equations of the figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.judge.budget import Budget, Input, evaluate, normal, rectangular
from bench.judge.data_sheets import MultimeterAccuracy, ScopeAccuracy

__all__ = ["NETWORK_R1_OHM", "NETWORK_R2_OHM", "Tone", "Transfer", "impedance_budget", "model_ohm"]

NETWORK_R1_OHM: Final = 10e3
NETWORK_R2_OHM: Final = 1e3
NETWORK_C_F: Final = 15e-9
"""Nominal values of the figure."""
RANGE_FLATNESS: Final = 0.01
"""By how much two ranges of a scope may differ far below its bandwidth in what they do between the
frequency of a transfer and that of a measurement. Proposed: data sheets give a bandwidth only."""
CHANNEL_ACROSS: Final = 0.0011
"""What the scope's 10 MΩ takes from the ratio of the two voltages: 11 kΩ over 10 MΩ."""
CONTACT_OHM: Final = 0.6
"""Two contacts in the path of an ohms reading. Source: docs/laboratory.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """A sinusoid as a scope channel saw it, in its own volts."""

    amplitude_v: float
    noise_v: float
    """Standard uncertainty of the fitted amplitude by noise."""
    samples: int
    lsb_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One tone seen by the channel and read by the meter: what the channel's range is worth there."""

    tone: Tone
    readings_v: tuple[float, ...]
    """R.m.s."""
    range_v: float


def model_ohm(frequency_hz: float) -> float:
    """Return the magnitude of the transfer impedance with nominal parts."""
    x = 2.0 * math.pi * frequency_hz * NETWORK_C_F * (NETWORK_R1_OHM + NETWORK_R2_OHM)
    return NETWORK_R2_OHM / math.hypot(1.0, x)


def impedance_budget(
    *,
    frequency_hz: float,
    output: Tone,
    source: Tone,
    transfers: tuple[Transfer, Transfer] | None,
    r1_ohm: float,
    r2_ohm: float,
    meter: MultimeterAccuracy,
    scope: ScopeAccuracy,
) -> Budget:
    """Budget of the relative deviation of |Z| from its model, a number of unit 1.

    ``output`` is the voltage across the capacitor, ``source`` that across the input, both by one
    channel. ``transfers`` of the two ranges, output first, each made at the same amplitude: gain and
    non-linearity of the range fall out. None where both were seen in one range: its gain falls out,
    its non-linearity does not.
    """
    tones = [_noise("across the capacitor", output), _noise("across the input", source)]
    links = _linked(transfers, meter) if transfers else _unlinked(output, source, scope)
    network = [_resistance("R1", r1_ohm, meter), _resistance("R2", r2_ohm, meter),
               rectangular("channel across the network", CHANNEL_ACROSS, source="10 MΩ, 11 kΩ")]  # fmt: skip

    def equation(above: Any, below: Any, *others: Any) -> Any:
        *link, r1, r2, loaded = others
        ratio = above / below
        if transfers:
            volts_1, error_1, seen_1, volts_2, error_2, seen_2, flatness = link
            ratio *= (volts_1 + error_1) / seen_1 * seen_2 / (volts_2 + error_2) * (1.0 + flatness)
        else:
            bent_1, bent_2 = link
            ratio = (above + bent_1) / (below + bent_2)
        square = ratio * ratio
        siemens = 1.0 / (r2 * r2) + (1.0 - square) * (2.0 / (r1 * r2) + 1.0 / (r1 * r1))
        return ratio / siemens**0.5 * (1.0 + loaded) / model_ohm(frequency_hz) - 1.0

    return evaluate("deviation of the measuring device", "1", [*tones, *links, *network], equation)


def _noise(name: str, tone: Tone) -> Input:
    return normal(
        f"{name}: noise", tone.noise_v, value=tone.amplitude_v,
        degrees_of_freedom=max(tone.samples - 3, 1), source=f"sine fit, {tone.samples} samples",
    )  # fmt: skip


def _linked(transfers: tuple[Transfer, Transfer], meter: MultimeterAccuracy) -> list[Input]:
    inputs: list[Input] = []
    for name, transfer in zip(("capacitor's range", "input's range"), transfers, strict=True):
        mean_v = math.fsum(transfer.readings_v) / len(transfer.readings_v)
        limit_v = meter.ac_voltage_limit_v(mean_v, range_v=transfer.range_v)
        inputs += [
            normal(
                f"{name}: repeatability", _deviation_of_mean(transfer.readings_v, mean_v),
                value=mean_v, degrees_of_freedom=len(transfer.readings_v) - 1,
                source=f"{len(transfer.readings_v)} readings",
            ),
            rectangular(f"{name}: multimeter", limit_v, source="a.c. volts of such a meter [R]"),
            _noise(f"{name}: transfer", transfer.tone),
        ]  # fmt: skip
    flatness = rectangular(
        "ranges of the scope over frequency", RANGE_FLATNESS, source="no data sheet says it [P]"
    )
    return [*inputs, flatness]


def _unlinked(output: Tone, source: Tone, scope: ScopeAccuracy) -> list[Input]:
    return [
        rectangular(
            f"{name}: non-linearity", scope.nonlinearity_lsb * tone.lsb_v, source=scope.reference
        )
        for name, tone in (("across the capacitor", output), ("across the input", source))
    ]


def _resistance(name: str, ohm: float, meter: MultimeterAccuracy) -> Input:
    limit_ohm = meter.resistance_limit_ohm(ohm) + CONTACT_OHM
    return rectangular(name, limit_ohm, value=ohm, source=f"four-wire ohms, {meter.reference}")


def _deviation_of_mean(readings: Sequence[float], mean: float) -> float:
    square = math.fsum((reading - mean) ** 2 for reading in readings)
    return math.sqrt(square / (len(readings) - 1) / len(readings))
