"""The fixture: relays with their contacts, the loads, and the wiring that they make.

Nodes and relay numbers are those of docs/laboratory.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from bench.twin.description import SkinDescription
from bench.twin.network import GROUND, Capacitor, Resistor, ToneSource, Wiring
from bench.twin.part import Part
from bench.twin.virtual_time import NS_PER_S, Appointment, Timeline

__all__ = [
    "CONTACT_SENSED",
    "LEAD_LOOP",
    "RELAYS",
    "CheckSource",
    "Fixture",
    "FixtureValues",
    "Relay",
]

RELAYS = (*range(101, 121), *range(201, 221))
LEAD_LOOP = 207
"""The meter across the force and sense wires of both electrode clips."""
CONTACT_SENSED = frozenset({101, 102, 103, 104, 105, 106, 107, 113, 114})
"""Relays whose contact gives a pulse on the sync line."""

_CONTACT = 107
_DEVICE = 108
_REFERENCE, _REVERSE, _CHECK = 109, 110, 111
_MEASURING = 112
_METER_NODES = {115: "S", 116: "E", 118: "M"}
"""What the multimeter's relays join its input to, and with it each other."""
_OPEN_LOAD = 120
_APPLIED_PART, _HOUSING, _CHECK_SOURCE = 208, 209, 210
_ON_NETWORK = {_MEASURING, 118, _CHECK_SOURCE}
"""Relays on the measuring device: with one of them it is a part of the circuit."""
_LOCKED = (_REFERENCE, _CHECK, _CHECK_SOURCE)
"""Dead while the device is connected: fed through a contact of its relay."""
_FOIL_OHM = 1_000.0
"""From the device's circuit to a foil around its housing: conductive trim, joined to the circuit."""
_TERMINAL, _BLOCKED = "P", "B"
"""The device's hot terminal: its output itself, or what lies behind a blocking capacitor."""
_DRY_OHM = {201: 196e3, 202: 1.43e6, 203: 715e3, 204: 357e3, 205: 178e3, 206: 88.7e3}
"""A dry contact from E to G in steps: conductances that add."""
_SCALES = {"microampere": 1.0, "milliampere": 100.0}
"""By how much shunt and reference resistance are smaller than those of a microcurrent fixture."""
_SOLID_STATE_S = 100e-6
_CLOSES_S, _OPENS_S = (6e-3, 12e-3), (2e-3, 5e-3)
_BOUNCE_S = 3e-3
_SHORTEST_BOUNCE_S = 50e-6
_CONTACT_OHM = (0.05, 0.3)
_STUCK_CLOSED, _STUCK_OPEN, _AGED, _AGED_OHM = 101, 102, 101, 12.0
"""What the bench faults X06, X07 and X08 are fitted to."""
_WRONG_FARAD, _OPEN_OHM = 22e-9, 1e10
"""X29: the capacitor of the measuring device is another one. X30: its 10 kΩ resistor is open."""
_EARTH_LEAD_OHM = 4.0
"""X18: a second earth lead across the shunt, through two mains sockets."""


class FixtureValues(Part):
    """Component values as built: drawn once from the seed, within the parts' tolerance."""

    def __init__(
        self,
        random: np.random.Generator,
        bench_faults: Iterable[str],
        *,
        built_for: str = "microampere",
        skin: SkinDescription | None = None,
    ) -> None:
        def within(nominal: float, part: float) -> float:
            return nominal * (1.0 + float(random.uniform(-part, part)))

        faults = frozenset(bench_faults)
        self.scale = _SCALES[built_for]
        nominal_ohm = 100.0 / self.scale
        self.shunt_ohm = within(nominal_ohm, 5e-4) * (1.05 if "X09" in faults else 1.0)
        self.load_ohm = {
            101: within(500.0 - nominal_ohm, 1e-3),
            102: within(2_000.0 - nominal_ohm, 1e-3),
            103: within(10_000.0 - nominal_ohm, 1e-3),
        }
        skin = skin or SkinDescription()
        first, *more = skin.sections
        self.skin_series_ohm, first_ohm = within(skin.series_ohm, 1e-2), within(first.ohm, 1e-2)
        self.skin = [(first_ohm, within(first.farad, 5e-2))]
        """Resistance and capacitance of each section of the network in place of skin."""
        rc_ohm = 9_900.0 if self.scale == 1.0 else 1_000.0
        self.rc_ohm, self.rc_f = within(rc_ohm, 1e-3), within(100e-9, 2e-2)
        self.bypass_ohm = within(11.11, 5e-3)
        self.reference_ohm, self.check_ohm = (
            within(10_000.0 / self.scale, 1e-3),
            within(1_000.0, 1e-3),
        )
        self.measuring_ohm, self.measuring_f = within(10_000.0, 1e-2), within(15e-9, 1e-2)
        self.measuring_load_ohm = within(1_000.0, 1e-2)
        self.probe_ohm = within(10e6, 1e-2)
        self.open_ohm = within(2e6, 1e-2)
        self.contact_ohm = {
            channel: float(random.uniform(*_CONTACT_OHM)) for channel in RELAYS[:20]
        }
        self.return_ohm = float(random.uniform(*_CONTACT_OHM))
        self.contact_ohm |= {
            channel: float(random.uniform(*_CONTACT_OHM)) for channel in RELAYS[20:]
        }
        self.dry_ohm = {channel: within(ohm, 1e-2) for channel, ohm in _DRY_OHM.items()}
        self.check_source_ohm = within(100.0, 1e-2)
        self.skin += [(within(one.ohm, 1e-2), within(one.farad, 5e-2)) for one in more]
        if "X29" in faults:
            self.measuring_f = _WRONG_FARAD
        if "X30" in faults:
            self.measuring_ohm = _OPEN_OHM
        if "X08" in faults:
            self.contact_ohm[_AGED] += _AGED_OHM
        self.stuck_closed = {_STUCK_CLOSED} if "X06" in faults else set[int]()
        self.stuck_open = {_STUCK_OPEN} if "X07" in faults else set[int]()
        self.lead_open = "X27" in faults
        self.lead_loop_ohm = float("inf") if self.lead_open else within(0.4, 0.5)
        if "X18" in faults:
            self.shunt_ohm = 1.0 / (1.0 / self.shunt_ohm + 1.0 / _EARTH_LEAD_OHM)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSource:
    """A generator that is on: hertz, peak volts without a load, its own resistance."""

    hz: float
    peak_v: float
    output_ohm: float


@dataclass(slots=True, kw_only=True)
class Relay:
    """A relay: what its coil was told, what its contact does."""

    commanded: bool = False
    closed: bool = False
    settled_ns: int = 0
    operations: list[Appointment]


class Fixture(Part):
    """Relays and wiring; tells when the wiring changed."""

    def __init__(
        self,
        timeline: Timeline,
        *,
        seed: int,
        bench_faults: Iterable[str],
        built_for: str = "microampere",
        skin: SkinDescription | None = None,
        rewired: Callable[[int], None],
    ) -> None:
        self._timeline = timeline
        self._random = np.random.default_rng([seed, 3])
        self.values = FixtureValues(
            np.random.default_rng([seed, 4]), bench_faults, built_for=built_for, skin=skin
        )
        self._rewired = rewired
        self._relays = {channel: Relay(operations=[]) for channel in RELAYS}
        for channel in self.values.stuck_closed:
            self._relays[channel].closed = True
        self._wirings: dict[tuple[frozenset[int], bool, float | None, float | None], Wiring] = {}
        self.blocking_uf: Callable[[], float | None] = _none
        """The capacitor that the device has in series with its output."""
        self.check_source: CheckSource | None = None
        """The generator, None while it is off."""
        self.lead_open = self.values.lead_open
        """A lead between device and fixture is open."""
        self.moved: Callable[[int], None] = _nobody
        """Called at the first movement of a contact."""

    def command(self, channel: int, *, closed: bool) -> int:
        """Drive a coil; return when the contact has settled."""
        relay = self._relays[self._known(channel)]
        if relay.commanded != closed:
            relay.commanded = closed
            self._operate(channel)
            if channel == _DEVICE:
                self._operate_locked()
        return max(relay.settled_ns, self._timeline.now_ns)

    def commanded(self, channel: int) -> bool:
        """Return what the coil was told."""
        return self._relays[self._known(channel)].commanded

    def closed(self, channel: int) -> bool:
        """Return what the contact does now."""
        if channel == _DEVICE and self.lead_open:
            return False
        return self._relays[channel].closed

    def contacts(self) -> frozenset[int]:
        """Return all closed contacts."""
        return frozenset(channel for channel in RELAYS if self.closed(channel))

    def wiring(self, *, source_on: bool) -> Wiring:
        """Return the wiring now; ``source_on``: supply output 2 is switched on."""
        source = self.check_source
        source_ohm = None if source is None else source.output_ohm
        key = (self.contacts(), source_on, self.blocking_uf(), source_ohm)
        wiring = self._wirings.get(key)
        if wiring is None:
            wiring = self._wirings[key] = _wiring(self.values, *key)
        return wiring

    def source_currents(self, volts: float) -> tuple[float, float]:
        """Return the currents that supply output 2 pushes into S and E (Norton), amperes."""
        values = self.values
        reference_a = check_a = 0.0
        if self.closed(_REFERENCE):
            sign = -1.0 if self.closed(_REVERSE) else 1.0
            reference_a = sign * volts / (values.reference_ohm + values.contact_ohm[_REFERENCE])
        if self.closed(_CHECK):
            check_a = volts / (values.check_ohm + values.contact_ohm[_CHECK])
        return reference_a, check_a

    def tones(self) -> tuple[ToneSource, ...]:
        """Return what the check source drives into the measuring device, behind its resistor (Norton)."""
        source = self.check_source
        if source is None or not self.closed(_CHECK_SOURCE):
            return ()
        ohm = _source_ohm(self.values, source.output_ohm)
        return (ToneSource(source.hz, source.peak_v / ohm, "W", GROUND),)

    def load_nf(self) -> float:
        """Return the capacitance that the device sees in its load."""
        if not {_CONTACT, _DEVICE} <= self.contacts():
            return 0.0
        in_series_f = 1.0 / sum(1.0 / farad for _, farad in self.values.skin)
        farads = {104: in_series_f, 105: self.values.rc_f}
        return sum(farad for channel, farad in farads.items() if self.closed(channel)) * 1e9

    def load_ohm(self) -> float:
        """Return the resistance that the device sees, direct current; infinite where open."""
        values, closed = self.values, self.contacts()
        if not {_CONTACT, _DEVICE} <= closed:
            return float("inf")
        paths = dict(values.load_ohm)
        paths[104] = values.skin_series_ohm + sum(ohm for ohm, _ in values.skin)
        paths[105], paths[106] = values.rc_ohm, 0.0
        siemens = sum(
            1.0 / (ohm + values.contact_ohm[channel])
            for channel, ohm in paths.items()
            if channel in closed
        )
        shunt_ohm = 1.0 / (1.0 / values.shunt_ohm + (106 in closed) / values.bypass_ohm)
        return 1.0 / siemens + shunt_ohm if siemens else float("inf")

    def _known(self, channel: int) -> int:
        if channel not in self._relays:
            raise ValueError(
                f"relay {channel}: the switch unit has relays 101 to 120 and 201 to 220"
            )
        return channel

    def _operate(self, channel: int) -> None:
        """Let a contact follow its coil, as far as the interlock allows."""
        relay = self._relays[channel]
        closed = relay.commanded
        if channel in _LOCKED and closed:
            device = self._relays[_DEVICE]
            closed = not device.commanded and not device.closed
        for operation in relay.operations:
            operation.cancel()
        relay.operations.clear()
        if channel in self.values.stuck_closed | self.values.stuck_open or closed == relay.closed:
            return
        now_ns = self._timeline.now_ns
        changes = self._movements(channel, closed=closed)
        relay.settled_ns = now_ns + changes[-1]
        for k, delay_ns in enumerate(changes):
            state = closed if k % 2 == 0 else not closed
            operation = self._timeline.schedule(
                now_ns + delay_ns, self._mover(channel, closed=state, first=k == 0)
            )
            relay.operations.append(operation)

    def _movements(self, channel: int, *, closed: bool) -> list[int]:
        """Return when the contact changes, an odd number of times, ns from the coil's change."""
        if channel == _CONTACT:
            return [round(_SOLID_STATE_S * NS_PER_S)]
        first_s = float(self._random.uniform(*(_CLOSES_S if closed else _OPENS_S)))
        times_s = [first_s]
        if closed:
            bounces = 2 * int(self._random.integers(0, 3))
            gaps_s = np.sort(self._random.uniform(_SHORTEST_BOUNCE_S, _BOUNCE_S, bounces))
            times_s += [first_s + float(gap_s) for gap_s in gaps_s]
        return [round(time_s * NS_PER_S) for time_s in times_s]

    def _mover(self, channel: int, *, closed: bool, first: bool) -> Callable[[], None]:
        def move() -> None:
            self._relays[channel].closed = closed
            if first:
                self.moved(channel)
            self._rewired(channel)
            if channel == _DEVICE and not closed:
                self._operate_locked()

        return move

    def _operate_locked(self) -> None:
        for channel in _LOCKED:
            self._operate(channel)


def _nobody(_channel: int) -> None:
    """Nobody looks."""


def _none() -> None:
    """No blocking capacitor."""


def _wiring(
    values: FixtureValues,
    closed: frozenset[int],
    source_on: bool,
    blocking_uf: float | None,
    check_source_ohm: float | None,
) -> Wiring:
    resistors = [
        Resistor(a="E", b=GROUND, ohm=values.probe_ohm),
        Resistor(a="S", b=GROUND, ohm=values.shunt_ohm),
    ]
    terminal = _TERMINAL if blocking_uf is None else _BLOCKED
    resistors += _plain_paths(values, closed, terminal)
    if _MEASURING in closed:
        resistors.append(Resistor(a="E", b="W", ohm=values.contact_ohm[_MEASURING]))
    if check_source_ohm is not None and _CHECK_SOURCE in closed:
        ohm = _source_ohm(values, check_source_ohm)
        resistors.append(Resistor(a="W", b=GROUND, ohm=ohm))
    if source_on and _REFERENCE in closed:
        ohm = values.reference_ohm + values.contact_ohm[_REFERENCE]
        resistors.append(Resistor(a="S", b=GROUND, ohm=ohm))
    if source_on and _CHECK in closed:
        ohm = values.check_ohm + values.contact_ohm[_CHECK]
        resistors.append(Resistor(a="E", b=GROUND, ohm=ohm))
    capacitors: list[Capacitor] = []
    if blocking_uf is not None:
        capacitors.append(
            Capacitor(
                name="blocking", a=_TERMINAL, b=_BLOCKED, farad=blocking_uf * 1e-6, bleed_ohm=1e9
            )
        )
    for channels, build in (({104}, _skin), ({105}, _rc), (_ON_NETWORK, _measuring)):
        if channels & closed:
            more_resistors, more_capacitors = build(values)
            resistors += more_resistors
            capacitors += more_capacitors
    return Wiring(resistors=tuple(resistors), capacitors=tuple(capacitors), injections=("S", "E"))


def _plain_paths(values: FixtureValues, closed: frozenset[int], terminal: str) -> list[Resistor]:
    contact = values.contact_ohm
    paths = {
        _CONTACT: [Resistor(a="E", b="L", ohm=contact[_CONTACT])],
        _DEVICE: [
            Resistor(a=terminal, b="E", ohm=contact[_DEVICE]),
            Resistor(a="N", b=GROUND, ohm=values.return_ohm),
        ],
        _APPLIED_PART: [
            Resistor(a=terminal, b="E", ohm=contact[_APPLIED_PART]),
            Resistor(a="N", b="E", ohm=contact[_APPLIED_PART]),
        ],
        _HOUSING: [Resistor(a="N", b="E", ohm=_FOIL_OHM + contact[_HOUSING])],
        106: [
            Resistor(a="L", b="S", ohm=contact[106]),
            Resistor(a="S", b=GROUND, ohm=values.bypass_ohm),
        ],
    }
    paths[_OPEN_LOAD] = [Resistor(a="E", b=GROUND, ohm=values.open_ohm + contact[_OPEN_LOAD])]
    for channel, ohm in values.dry_ohm.items():
        paths[channel] = [Resistor(a="E", b=GROUND, ohm=ohm + contact[channel])]
    for channel, ohm in values.load_ohm.items():
        paths[channel] = [Resistor(a="L", b="S", ohm=ohm + contact[channel])]
    found = [part for channel, parts in paths.items() if channel in closed for part in parts]
    first, *others = [channel for channel in _METER_NODES if channel in closed] or [0]
    found += [
        Resistor(a=_METER_NODES[first], b=_METER_NODES[other], ohm=contact[first] + contact[other])
        for other in others
    ]
    return found


def _source_ohm(values: FixtureValues, output_ohm: float) -> float:
    return values.check_source_ohm + values.contact_ohm[_CHECK_SOURCE] + output_ohm


def _skin(values: FixtureValues) -> tuple[list[Resistor], list[Capacitor]]:
    """A resistance, then each section from one node to the next, the last one at the shunt."""
    series_ohm = values.skin_series_ohm + values.contact_ohm[104]
    nodes = [*(f"K{k}" for k in range(len(values.skin))), "S"]
    resistors = [Resistor(a="L", b=nodes[0], ohm=series_ohm)]
    capacitors: list[Capacitor] = []
    for k, (ohm, farad) in enumerate(values.skin):
        a, b = nodes[k], nodes[k + 1]
        resistors.append(Resistor(a=a, b=b, ohm=ohm))
        capacitors.append(Capacitor(name=f"skin{k}", a=a, b=b, farad=farad, bleed_ohm=ohm))
    return resistors, capacitors


def _rc(values: FixtureValues) -> tuple[list[Resistor], list[Capacitor]]:
    contact = Resistor(a="L", b="X", ohm=values.contact_ohm[105])
    resistors = [contact, Resistor(a="X", b="S", ohm=values.rc_ohm)]
    bleed_ohm = values.rc_ohm
    return resistors, [Capacitor(name="rc", a="X", b="S", farad=values.rc_f, bleed_ohm=bleed_ohm)]


def _measuring(values: FixtureValues) -> tuple[list[Resistor], list[Capacitor]]:
    """IEC 60601-1:2005 figure 12: 1 kΩ across the input, 10 kΩ and 15 nF before the meter."""
    resistors = [
        Resistor(a="W", b=GROUND, ohm=values.measuring_load_ohm),
        Resistor(a="W", b="M", ohm=values.measuring_ohm),
    ]
    bleed_ohm = values.measuring_ohm + values.measuring_load_ohm
    capacitor = Capacitor(
        name="measuring", a="M", b=GROUND, farad=values.measuring_f, bleed_ohm=bleed_ohm
    )
    return resistors, [capacitor]
