"""The output into a network in place of skin: where the current is regulated it is the same as ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bench.errors import NotOffered
from bench.profile import Profile, SkinNetwork
from bench.station.fixture import Fixture
from bench.station.steady_output import SteadyOutput
from bench.station.treatment import Treatment

__all__ = ["SkinOutput"]

RAIL_SHARE: Final = 0.8
"""Of the declared compliance: what a level may need across the network's direct-current resistance."""
_RELAY: Final = "load_skin"

Record = Callable[[int, float], SteadyOutput]
"""Level and load in ohms -> a record of the device that runs."""


class SkinOutput:
    """Runs the device into the network that the profile declares."""

    def __init__(
        self, *, treatment: Treatment, fixture: Fixture, profile: Profile, fitted: SkinNetwork
    ) -> None:
        """``fitted`` is what the station has behind its relay."""
        self._treatment = treatment
        self._fixture = fixture
        self._profile = profile
        self._fitted = fitted

    def level(self) -> int:
        """Return the highest level that the rail drives through the network; raises NotOffered."""
        profile, network = self._profile, self._profile.output.skin
        if network != self._fitted:
            raise NotOffered(
                f"the fixture's skin is {self._fitted.text}, the profile declares {network.text}: "
                "build it, and say so under [skin] in the station file"
            )
        ohm = network.direct_ohm
        if ohm >= profile.protection.contact_on_ohm:
            raise NotOffered(
                f"skin of {ohm:g} Ω is no contact for this device, which starts below "
                f"{profile.protection.contact_on_ohm:g} Ω"
            )
        most_ua = RAIL_SHARE * profile.output.compliance_v / ohm * 1e6
        reached = [each.number for each in profile.levels if each.current_ua <= most_ua]
        if not reached:
            raise NotOffered(
                f"no level goes through skin of {ohm:g} Ω: {profile.output.compliance_v:g} V of "
                f"compliance drive {most_ua:.0f} µA, with a fifth to spare"
            )
        return reached[-1]

    def record(self, level: int, take: Record) -> SteadyOutput:
        """Run at a level into the network and return what ``take`` records."""
        ohm = self._profile.loads_ohm[0]
        self._treatment.run(level=level, load_ohm=ohm)
        self._fixture.select_relay(_RELAY)
        self._treatment.run_again(after=f"the change to {_RELAY}")
        output = take(level, ohm)
        self._treatment.stop()
        output.must_deliver()
        return output
