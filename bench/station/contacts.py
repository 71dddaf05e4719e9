"""What the device does when contact comes, goes and comes back, and what flows at that instant.

The contact relay does not bounce; an electrode without contact hangs on the load of a lost
contact, over which the electrode channel sees whether the device still drives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.clock import Clock
from bench.device.link import DeviceState
from bench.measure import Excursion, PulseTable, excursions, worst_mean
from bench.station.acquisition import Capture
from bench.station.ceiling import CODES_CLEAR, WINDOW_S, zero_of_transients_a
from bench.station.event_records import (
    EventRecords,
    off_averaging_s,
    phases_in,
    points_for,
    sync_edge,
    sync_edges,
)
from bench.station.fixture import Fixture
from bench.station.reactions import ELECTRODE_OFF_FRACTION
from bench.station.scales import Label
from bench.station.treatment import Treatment

__all__ = ["ArmedOpen", "Contacts", "HotConnection", "Return", "SenseCurrent"]

ARMED_WATCH_S: Final = 2.0
"""How long a started device without contact is watched before contact is made."""
SAMPLES_PER_PULSE: Final = 20

BEHIND_RAMP: Final = 0.5
BEHIND_RAMP_TURNS: Final = 1.2
"""How long an output is watched behind its rise: over the ramp, and in turns of its slower rhythm."""
HOT_OPEN_S: Final = 8e-3
"""Shorter than any debounce of a contact: the device still drives when contact comes back."""
HOT_BEFORE_S: Final = 2e-3
HOT_RECORD_S: Final = 14e-3
HOT_POINTS: Final = 200_000
"""A tenth of a microsecond: a source of 2 nF has given its charge to 500 ohms after one."""
HOT_AVERAGING_S: Final = 1e-6
DISCHARGE_MARGIN: Final = 1.2
ARMING_S: Final = 0.1
"""A gap shorter than this is over before the scope is armed: it lies within the record."""

RECONTACT_AFTER_S: Final = 0.1
"""After STOP into an open contact. Source: FLT-028."""
RESIDUE_RECORD_S: Final = 0.04
SENSE_RECORD_S: Final = 2.0
SENSE_RANGES_A: Final = (20e-6, 100e-6)
"""Ranges for currents of a few microamperes, tried in this order; then that of the highest level."""
SENSE_AVERAGING_S: Final = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedOpen:
    """A session started without contact, and contact made afterwards."""

    before: Capture
    """Electrode voltage while armed."""
    driven_v: float
    """Largest electrode voltage, in magnitude, before contact."""
    limit_v: float
    """What no contact-sense pulse reaches; above it the device drives its output."""
    state: DeviceState
    contact: Capture
    """The instant of contact and what follows."""
    before_contact_a: float
    """Largest current before the device can have noticed the contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Contact that came back after a while."""

    capture: Capture
    pulses: PulseTable
    gap_s: float
    edge_s: float
    """When contact came back, on the record's time."""

    @property
    def largest_a(self) -> float | None:
        """Largest amplitude of any pulse behind the switching window; None without pulses."""
        if not len(self.pulses):
            return None
        return float(np.nanmax(np.abs(self.pulses.top)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HotConnection:
    """Contact made while the device drives: what passed above the ceiling in the window."""

    capture: Capture
    excursions: tuple[Excursion, ...]
    peak_a: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SenseCurrent:
    """What flows while nothing is delivered."""

    capture: Capture
    peak_a: float
    """Largest mean over a millisecond about the zero state."""
    charge_c_per_s: float


class Contacts:
    """Makes and breaks contact on one device."""

    def __init__(
        self, *, treatment: Treatment, fixture: Fixture, records: EventRecords, clock: Clock
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._clock = clock
        self._ranges = records.ranges
        self._profile = records.ranges.profile
        self._level = self._profile.highest_level

    def start_without(self, *, load_ohm: float) -> ArmedOpen:
        """Start a session into an open contact, look, make contact and look again."""
        profile = self._profile
        self._treatment.make_idle()
        self._treatment.connect(load_ohm)
        self._fixture.close(self._lost)
        self._fixture.open("contact")
        self._clock.sleep(profile.timers.contact_loss_s)
        self._treatment.begin(level=self._level)
        before = self._records.look(
            "armed without contact",
            {Label.ELECTRODE: self._ranges.electrode_v()},
            duration_s=ARMED_WATCH_S,
            conditions={"level": self._level},
        )
        state = self._treatment.link.status().state
        contact = self._records.take(
            "contact made with an armed device",
            {Label.CURRENT: self._ranges.level_a(self._level)},
            observe_s=2 * profile.timers.contact_debounce_s,
            cause=lambda: self._fixture.close("contact"),
            conditions={"level": self._level, "load_ohm": load_ohm},
        )
        self._fixture.open(self._lost)
        return ArmedOpen(
            before=before,
            driven_v=worst_mean(
                before.waveforms[Label.ELECTRODE], averaging_s=off_averaging_s(profile)
            ),
            limit_v=ELECTRODE_OFF_FRACTION * profile.output.compliance_v,
            state=state,
            contact=contact,
            before_contact_a=self._before_notice_a(contact),
        )

    def comes_back(
        self, *, load_ohm: float, gap_s: float, expects_output: bool, phase_s: float = 0.0
    ) -> Return:
        """Lift the electrode from a running device for ``gap_s`` and record its return."""
        profile = self._profile
        if self._treatment.link.status().state is not DeviceState.RUN:
            self._treatment.run(level=self._level, load_ohm=load_ohm)
        self._clock.sleep(phase_s)
        self._fixture.close(self._lost)
        timers = profile.timers
        behind_s = max(BEHIND_RAMP * timers.ramp_s, BEHIND_RAMP_TURNS * profile.waveform.rhythm_s)
        observe_s = timers.start_delay_s + timers.ramp_s + behind_s
        quick = gap_s < ARMING_S
        if not quick:
            self._lift(gap_s)
        capture = self._records.take(
            f"contact back after {gap_s:g} s",
            {Label.CURRENT: self._ranges.wide_a()},
            observe_s=observe_s,
            cause=lambda: self._put_back(gap_s if quick else 0.0),
            conditions={"level": self._level, "load_ohm": load_ohm, "gap_s": gap_s},
            points=points_for(
                observe_s, interval_s=profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
            ),
        )
        self._fixture.open(self._lost)
        if expects_output:
            self._treatment.must_run()
        edge_s = sync_edges(capture)[-1]
        pulses = phases_in(capture.waveforms[Label.CURRENT], profile)
        return Return(
            capture=capture,
            pulses=pulses.select(pulses.start_s > edge_s + WINDOW_S),
            gap_s=gap_s,
            edge_s=edge_s,
        )

    def hot_connection(self, *, load_ohm: float, phase_s: float) -> HotConnection:
        """Break contact of a running device and make it again before it can notice."""
        if self._treatment.link.status().state is not DeviceState.RUN:
            self._treatment.run(level=self._level, load_ohm=load_ohm)
        self._clock.sleep(phase_s)

        capture = self._records.take(
            "contact broken and made while driving",
            {
                Label.TRANSIENT: max(self._ranges.transient_a(), self._discharge_a(load_ohm)),
                Label.CURRENT: self._ranges.wide_a(),  # what flows before and after the edges
            },
            observe_s=HOT_RECORD_S,
            before_s=HOT_BEFORE_S,
            cause=lambda: self._put_back(HOT_OPEN_S),
            conditions={"level": self._level, "load_ohm": load_ohm},
            points=HOT_POINTS,
        )
        waveform = capture.waveforms[Label.TRANSIENT]
        made_s = sync_edges(capture)[-1]
        window = waveform.between(made_s - 2 * waveform.sample_interval_s, made_s + WINDOW_S)
        zero_a = zero_of_transients_a(capture)
        found = excursions(
            window,
            ceiling=max(self._profile.output.ceiling_ua * 1e-6, CODES_CLEAR * abs(window.gain)),
            averaging_s=HOT_AVERAGING_S,
            zero=zero_a,
        )
        return HotConnection(
            capture=capture,
            excursions=found,
            peak_a=worst_mean(window, averaging_s=0.0, zero=zero_a),
        )

    def residue_after_stop(self, *, load_ohm: float) -> tuple[Capture, float]:
        """Stop into an open contact, make contact later; return the record and its charge in C."""
        self._treatment.run(level=self._level, load_ohm=load_ohm)
        self._fixture.open("contact")
        self._treatment.link.stop()
        self._clock.sleep(RECONTACT_AFTER_S)
        capture = self._records.take(
            "contact made after STOP",
            {Label.TRANSIENT: self._ranges.fault_a()},
            observe_s=RESIDUE_RECORD_S,
            cause=lambda: self._fixture.close("contact"),
            conditions={"load_ohm": load_ohm, "after_s": RECONTACT_AFTER_S},
        )
        waveform = capture.waveforms[Label.TRANSIENT]
        edge_s = sync_edge(capture)
        window = waveform.between(edge_s - 2 * waveform.sample_interval_s, edge_s + WINDOW_S)
        zero = float(waveform.between(waveform.t0_s, edge_s - 1e-3).values().mean())
        charge_c = abs(float((window.values() - zero).sum())) * window.sample_interval_s
        return capture, charge_c

    def sense_current(
        self,
        *,
        load_ohm: float,
        state: str,
        alone_s: float = 0.0,
        duration_s: float = SENSE_RECORD_S,
        meanwhile: Callable[[], None] | None = None,
    ) -> SenseCurrent:
        """Record what an idle device on a load makes flow; clipped records are retaken wider.

        ``alone_s``: how long the device has looked for a contact in vain before it gets one.
        ``meanwhile`` happens while the record fills.
        """

        def record(full_scale_a: float) -> Capture:
            if alone_s:
                self._put_back(alone_s)
            return self._records.look(
                f"contact sensing, {state}",
                {Label.CURRENT: full_scale_a},
                duration_s=duration_s,
                conditions={"load_ohm": load_ohm, "state": state},
                meanwhile=meanwhile,
            )

        for narrow_a in SENSE_RANGES_A:
            capture = record(narrow_a * self._profile.scale)
            if not capture.clipped(Label.CURRENT):
                break
        else:
            capture = record(self._ranges.level_a(self._level))
        waveform = capture.waveforms[Label.CURRENT]
        zero = float(np.median(waveform.values()))
        return SenseCurrent(
            capture=capture,
            peak_a=worst_mean(waveform, averaging_s=SENSE_AVERAGING_S, zero=zero),
            charge_c_per_s=_pulsed_charge(capture, zero) / waveform.duration_s,
        )

    def _lift(self, gap_s: float) -> None:
        self._fixture.open("contact")
        self._clock.sleep(gap_s)

    def _put_back(self, after_s: float) -> None:
        """Make contact; with ``after_s``, break it first and wait so long."""
        if after_s:
            self._lift(after_s)
        self._fixture.close("contact")

    def _discharge_a(self, load_ohm: float) -> float:
        """Return a range for the output's capacitance, at full compliance, into a load."""
        return 2 * DISCHARGE_MARGIN * self._profile.output.compliance_v / load_ohm

    @property
    def _lost(self) -> str:
        return self._fixture.lost_contact_load(self._profile.contact_off_limit_ohm)

    def _before_notice_a(self, capture: Capture) -> float:
        """Return the largest current up to the debounce behind the contact, transient left out.

        Zero is what the record shows before: through an open contact nothing can flow.
        """
        waveform = capture.waveforms[Label.CURRENT]
        edge_s = sync_edge(capture)
        zero = float(waveform.between(waveform.t0_s, edge_s - 1e-3).values().mean())
        noticed_s = edge_s + self._profile.timers.contact_debounce_s
        return worst_mean(
            waveform.between(edge_s + WINDOW_S, noticed_s),
            averaging_s=off_averaging_s(self._profile),
            zero=zero,
        )


def _pulsed_charge(capture: Capture, zero: float) -> float:
    """Return the charge of everything that stands clear of the zero state, in coulombs."""
    waveform = capture.waveforms[Label.CURRENT]
    values = waveform.values() - zero
    window = max(1, round(SENSE_AVERAGING_S / waveform.sample_interval_s))
    whole = values[: values.size // window * window].reshape(-1, window).mean(axis=1)
    clear = np.abs(whole) > abs(waveform.gain)
    return float(np.abs(whole[clear]).sum()) * window * waveform.sample_interval_s
