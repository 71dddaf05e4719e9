"""Transfer of the scope's current ranges from the multimeter, on the reference current.

Per range, both polarities: the meter reads the shunt's volts, the scope takes a record, and the
two give the range's sensitivity and zero. A third record, with the reference off, says what the range
shows of no current: the end of an output is judged from there. The same is done again at the end of a session, and
what has moved since is the drift of the bench.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.errors import FixtureError
from bench.judge import ScopeAccuracy, transferred_scope
from bench.record.schema import SelfTestStep
from bench.station.acquisition import Acquirer, Shot
from bench.station.direct_current import Shunt
from bench.station.fixture import Fixture
from bench.station.scales import Label, Scale, Scales
from bench.waveform import Waveform
from instruments.roles import Multimeter

__all__ = ["RangePlan", "ReferenceCurrent", "Transfer"]

REFERENCE_CURRENTS_UA: Final = (10.0, 20.0, 40.0, 80.0, 160.0, 240.0, 320.0, 400.0)
"""0.1 to 4 V over 10 kΩ, of a microcurrent device's fixture: what they really are, the meter says.
Source: docs/laboratory.md."""

USED_FRACTION: Final = 0.85
"""Of the half range: the reference stays clear of the rails with the scope's own offset added."""

RECORD_S: Final = 0.02
"""One mains cycle at 50 Hz, so that pick-up averages out."""

RECORD_POINTS: Final = 2000
SHUNT_RANGE_V: Final = 0.1
APERTURE_S: Final = 0.1

MOVED_SHARE: Final = 0.003
MOVED_V: Final = 30e-6
"""What the meter may read otherwise behind the scope's records than before them: 0.3 %, and the
repeatability of a small meter. A supply that creeps would be in every range, and in the closing
reference alike. Proposed."""

DRIFT_OF_FULL_SCALE: Final = 0.003
DRIFT_DIV: Final = 0.02
DRIFT_V: Final = 0.0002
"""What a transferred range may move within a session: 0.3 % of full scale, 0.02 div and 0.2 mV.
Source: the uncertainty after transfer that the limits were made for (docs/laboratory.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangePlan:
    """One range that the plan uses: what it sees and its full scale in amperes."""

    label: Label
    full_scale_a: float
    scale: float = 1.0
    """Of the profile's class of currents."""

    def reference_ua(self) -> float:
        """Return the largest reference current that fits the range."""
        half_ua = self.full_scale_a / 2 * 1e6
        currents = [current * self.scale for current in REFERENCE_CURRENTS_UA]
        fitting = [current for current in currents if current <= half_ua * USED_FRACTION]
        return fitting[-1] if fitting else currents[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCurrent:
    """One setting of the reference as the meter read it, in amperes; positive and negative."""

    positive_a: float
    negative_a: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    """Scope volts of one range at the two reference currents, and the noise of the record."""

    volts_per_division: float
    positive_v: float
    negative_v: float
    noise_v: float
    rest_v: float


class Transfer:
    """Transfers the ranges of a plan, and checks them again at the end."""

    def __init__(
        self,
        *,
        fixture: Fixture,
        dmm: Multimeter,
        acquirer: Acquirer,
        shunt: Shunt,
        ranges: Iterable[RangePlan],
    ) -> None:
        self._fixture = fixture
        self._dmm = dmm
        self._acquirer = acquirer
        self._shunt = shunt
        self._by_current = _grouped(ranges)
        self._reference: dict[float, ReferenceCurrent] = {}

    def opening(self, scales: Scales) -> Sequence[SelfTestStep]:
        """Transfer every range into ``scales``; raises FixtureError for an impossible one."""
        means = self._measure()
        steps: list[SelfTestStep] = []
        for plan, seen in means.items():
            scale = self._scale(plan, seen, scales.accuracy)
            scales.add(scale)
            nominal = scales.view(plan.label).sensitivity
            steps.append(
                SelfTestStep(
                    name=f"transfer {plan.label.value} {scale.volts_per_division * 1e3:.4g} mV/div",
                    passed=True,
                    value=(scale.sensitivity / nominal - 1.0) * 100,
                    unit="%",
                    detail=f"zero {scale.zero_v * 1e3:+.3f} mV, without current "
                    f"{scale.rest_v * 1e3:+.3f} mV from it, noise {scale.noise_v * 1e3:.3f} mV",
                )
            )
        return steps

    def closing(self, scales: Scales) -> Sequence[SelfTestStep]:
        """Check every range against the meter again; a step that drifted has not passed."""
        means = self._measure()
        return [
            self._drift(plan, seen, scales.of(plan.label, seen.volts_per_division))
            for plan, seen in means.items()
        ]

    def _drift(self, plan: RangePlan, seen: _Means, scale: Scale) -> SelfTestStep:
        reference = self._reference[plan.reference_ua()]
        errors_v = (
            seen.positive_v - scale.zero_v - reference.positive_a * scale.sensitivity,
            seen.negative_v - scale.zero_v - reference.negative_a * scale.sensitivity,
        )
        full_scale_v = scale.accuracy.divisions * seen.volts_per_division
        limit_v = DRIFT_OF_FULL_SCALE * full_scale_v + DRIFT_DIV * seen.volts_per_division + DRIFT_V
        worst_v = max(errors_v, key=abs)
        return SelfTestStep(
            name=f"closing reference {plan.label.value} {seen.volts_per_division * 1e3:.4g} mV/div",
            passed=abs(worst_v) <= limit_v,
            value=worst_v * 1e3,
            unit="mV",
            low=-limit_v * 1e3,
            high=limit_v * 1e3,
            detail="moved since the opening transfer",
        )

    def _scale(self, plan: RangePlan, seen: _Means, scope: ScopeAccuracy) -> Scale:
        """Two points give a line: the difference its slope, the sum its zero."""
        reference = self._reference[plan.reference_ua()]
        span_a = reference.positive_a - reference.negative_a
        sensitivity = (seen.positive_v - seen.negative_v) / span_a
        middle_a = (reference.positive_a + reference.negative_a) / 2
        zero_v = (seen.positive_v + seen.negative_v) / 2 - sensitivity * middle_a
        return Scale(
            label=plan.label,
            volts_per_division=seen.volts_per_division,
            sensitivity=sensitivity,
            zero_v=zero_v,
            noise_v=seen.noise_v,
            rest_v=seen.rest_v - zero_v,
            accuracy=transferred_scope(scope),
            shunt_relative=self._shunt.relative_uncertainty,
            shunt_source=self._shunt.source,
        )

    def _measure(self) -> Mapping[RangePlan, _Means]:
        """Read meter and scope at every reference current, one polarity after the other, then at none."""
        self._fixture.isolate_device()
        self._fixture.close("dmm_shunt")
        self._dmm.configure_dc_voltage(range_v=SHUNT_RANGE_V, aperture_s=APERTURE_S)
        positive, positive_a = self._sweep(1.0)
        negative, negative_a = self._sweep(-1.0)
        self._fixture.reference_off()
        resting = {plan: self._record(plan) for plan in positive}
        self._fixture.open("dmm_shunt")
        self._reference = {
            current: ReferenceCurrent(
                positive_a=positive_a[current], negative_a=negative_a[current]
            )
            for current in self._by_current
        }
        codes = self._acquirer.codes_per_division
        return {
            plan: _means(positive[plan], negative[plan], resting[plan], codes) for plan in positive
        }

    def _sweep(self, sign: float) -> tuple[dict[RangePlan, Waveform], dict[float, float]]:
        records: dict[RangePlan, Waveform] = {}
        currents: dict[float, float] = {}
        for current_ua, plans in self._by_current.items():
            self._fixture.reference_current(sign * current_ua)
            volts = self._shunt_v()
            currents[current_ua] = volts / self._shunt.ohm
            for plan in plans:
                records[plan] = self._record(plan)
            self._require_still(sign * current_ua, volts, self._shunt_v())
        return records, currents

    def _shunt_v(self) -> float:
        return float(self._dmm.read()[0]) - self._shunt.meter_zero_v

    @staticmethod
    def _require_still(current_ua: float, before_v: float, after_v: float) -> None:
        """Raise FixtureError where the reference moved while the scope took its records."""
        if abs(after_v - before_v) > MOVED_SHARE * abs(before_v) + MOVED_V:
            raise FixtureError(
                f"reference current {current_ua:g} µA: the shunt had {before_v * 1e3:.4g} mV before "
                f"the scope's records and {after_v * 1e3:.4g} mV behind them; the supply has not "
                "settled or a contact moves: let it warm up, and check its leads and relay 109"
            )

    def _record(self, plan: RangePlan) -> Waveform:
        shot = Shot(
            title="reference current",
            full_scale={plan.label: plan.full_scale_a},
            duration_s=RECORD_S,
            points=RECORD_POINTS,
        )
        self._acquirer.configure(shot)
        return self._acquirer.force(shot)[plan.label]


def _grouped(ranges: Iterable[RangePlan]) -> Mapping[float, Sequence[RangePlan]]:
    """Return the ranges by reference current, in an order that no hash decides."""
    grouped: dict[float, list[RangePlan]] = {}
    for plan in sorted(
        set(ranges), key=lambda plan: (plan.reference_ua(), plan.full_scale_a, plan.label.value)
    ):
        grouped.setdefault(plan.reference_ua(), []).append(plan)
    return grouped


def _means(
    positive: Waveform, negative: Waveform, resting: Waveform, codes_per_division: float
) -> _Means:
    return _Means(
        volts_per_division=abs(positive.gain) * codes_per_division,
        positive_v=_mean_v(positive),
        negative_v=_mean_v(negative),
        noise_v=float(np.std(positive.codes)) * abs(positive.gain),
        rest_v=_mean_v(resting),
    )


def _mean_v(waveform: Waveform) -> float:
    return float(np.mean(waveform.codes, dtype=np.float64)) * waveform.gain + waveform.offset
