"""What the scope must show before it is believed: an edge, a quiet fixture, two channels alike.

All with the device isolated. A scope that does not trigger, mains in the fixture and a badly
compensated probe leave every steady reading right, so that no transfer finds them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.errors import FixtureError
from bench.record.schema import SelfTestStep
from bench.station.acquisition import Acquirer, Shot, Trigger
from bench.station.fixture import Fixture
from bench.station.scales import Label
from bench.waveform import Waveform

__all__ = ["ScopeTests"]

SYNC_FULL_SCALE_V: Final = 8.0
SYNC_LEVEL_V: Final = 1.5
SYNC_RECORD_S: Final = 5e-3

BACKGROUND_S: Final = 0.1
"""Five cycles of 50 Hz and six of 60 Hz."""
BACKGROUND_POINTS: Final = 2000
MAINS_HZ: Final = (50.0, 60.0, 100.0, 120.0, 150.0, 180.0)
BACKGROUND_SHARE: Final = 0.02
"""Of the lowest level. Together with a limit of ±10 % it may take a fifth of it."""
BACKGROUND_FLOOR_A: Final = 0.5e-6

EDGE_UA: Final = 400.0
EDGE_FULL_SCALE_A: Final = 1e-3
EDGE_RECORD_S: Final = 4e-3
EDGE_POINTS: Final = 2000
"""A sample every 2 µs: enough for the limit below, and within the smallest memory (a TBS1000)."""
EDGE_LEVEL: Final = 0.5
APART: Final = 0.25
"""Of the edge: more is no noise and no gain error of either channel."""
APART_LIMIT_S: Final = 40e-6
"""A contact bounces up to five times; 500 kHz (docs/laboratory.md) are apart for 0.5 µs each time."""


class ScopeTests:
    """Dynamic checks of the scope and of what is wired to it."""

    def __init__(
        self,
        *,
        fixture: Fixture,
        acquirer: Acquirer,
        judge: Callable[[SelfTestStep, str], None],
        scale: float,
    ) -> None:
        """``judge`` journals a step, and raises FixtureError with the remedy where it failed.

        ``scale`` is that of the profile's class of currents.
        """
        self._fixture = fixture
        self._acquirer = acquirer
        self._judge = judge
        self._scale = scale

    def trigger(self) -> None:
        """A load relay's contact must trigger the scope over the sync channel."""
        relay = self._fixture.load_relays[0]
        self._fixture.isolate_device()
        shot = Shot(
            title="edge of a load relay",
            full_scale={Label.SYNC: SYNC_FULL_SCALE_V},
            duration_s=SYNC_RECORD_S,
            points=1000,
            before_s=SYNC_RECORD_S / 5,
            trigger=Trigger(label=Label.SYNC, level=SYNC_LEVEL_V),
        )
        try:
            self._acquirer.take(
                shot, conditions={"relay": relay}, cause=lambda: self._fixture.close(relay)
            )
            missing = ""
        except FixtureError as error:
            missing = str(error)
        self._fixture.isolate_device()
        self._judge(
            SelfTestStep(
                name="scope triggers on a relay's edge", passed=not missing, detail=missing
            ),
            "the trigger circuit or the sync wiring is dead: no reaction could be timed",
        )

    def background(self, *, lowest_level_a: float, full_scale_a: float) -> None:
        """Without any source the current channel must be free of mains."""
        limit_a = max(BACKGROUND_FLOOR_A * self._scale, BACKGROUND_SHARE * lowest_level_a)
        self._fixture.isolate_device()
        shot = Shot(
            title="background",
            full_scale={Label.CURRENT: full_scale_a},
            duration_s=BACKGROUND_S,
            points=BACKGROUND_POINTS,
        )
        self._acquirer.configure(shot)
        waveform = self._acquirer.force(shot)[Label.CURRENT]
        worst_v, hertz = max((_line_v(waveform, hertz), hertz) for hertz in MAINS_HZ)
        found_a = worst_v / self._acquirer.scales.view(Label.CURRENT).sensitivity
        self._judge(
            SelfTestStep(
                name="mains on the current channel, device isolated",
                passed=found_a <= limit_a,
                value=found_a * 1e6,
                unit="µA",
                high=limit_a * 1e6,
                detail=f"largest at {hertz:g} Hz",
            ),
            "mains is picked up in the fixture: look for a ground loop, shield and shorten the leads",
        )

    def compensation(self) -> None:
        """The two current channels must show the same edge: the probe or amplifier of one is off."""
        self._fixture.isolate_device()
        edge_ua = EDGE_UA * self._scale
        self._fixture.reference_current(edge_ua)
        self._fixture.open("reference")
        edge_a = edge_ua * 1e-6
        shot = Shot(
            title="edge of the reference current",
            full_scale=dict.fromkeys(
                (Label.CURRENT, Label.TRANSIENT), EDGE_FULL_SCALE_A * self._scale
            ),
            duration_s=EDGE_RECORD_S,
            points=EDGE_POINTS,
            before_s=EDGE_RECORD_S / 10,
            trigger=Trigger(label=Label.CURRENT, level=EDGE_LEVEL * edge_a),
        )
        capture = self._acquirer.take(
            shot,
            conditions={"reference_ua": edge_ua},
            cause=lambda: self._fixture.close("reference"),
        )
        self._fixture.reference_off()
        one, other = (_volts(capture.waveforms[label]) for label in shot.full_scale)
        interval_s = capture.waveforms[Label.CURRENT].sample_interval_s
        apart_s = float(np.count_nonzero(np.abs(one - other) > APART * edge_a)) * interval_s
        self._judge(
            SelfTestStep(
                name="both current channels on one edge",
                passed=apart_s <= APART_LIMIT_S,
                value=apart_s * 1e6,
                unit="µs",
                high=APART_LIMIT_S * 1e6,
                detail=f"apart by more than {APART:.0%} of the edge",
            ),
            "compensate the probe, and check bandwidth limits and the amplifier of channel 1",
        )


def _volts(waveform: Waveform) -> NDArray[np.float64]:
    return waveform.codes.astype(np.float64) * waveform.gain + waveform.offset


def _line_v(waveform: Waveform, hertz: float) -> float:
    """Return the amplitude of one frequency: ``2 |mean(v exp(-i 2 pi f t))|``."""
    volts = _volts(waveform)
    times_s = np.arange(volts.size) * waveform.sample_interval_s
    wave = np.exp(-2j * np.pi * hertz * times_s)
    return 2.0 * abs(complex(np.mean((volts - volts.mean()) * wave)))
