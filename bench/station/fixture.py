"""The fixture: relays by name, loads by what the device sees, the reference current."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bench.errors import ConfigurationError
from instruments.roles import LoadSwitch, Supply

__all__ = [
    "BATTERY_OUTPUT",
    "CHARGER_OUTPUT",
    "CHECK_SOURCE",
    "DRY_LOADS_OHM",
    "LEAD_LOOP",
    "LEAKAGE_RELAYS",
    "REFERENCE_OUTPUT",
    "Fixture",
]

DRY_LOADS_OHM: Final[Mapping[str, float]] = {
    "dry_1": 196e3,
    "dry_2": 1.43e6,
    "dry_3": 715e3,
    "dry_4": 357e3,
    "dry_5": 178e3,
    "dry_6": 88.7e3,
}
"""Relays of the dry contact, nominal ohms from E to G. Source: docs/laboratory.md."""

LEAD_LOOP: Final = "lead_loop"
"""Relay of the meter across the force and sense wires of both electrode clips."""

CHECK_SOURCE: Final = "check_source"
LEAKAGE_RELAYS: Final = ("applied_part", "housing", CHECK_SOURCE)
"""Relays of the measuring device: what is joined to it, and its check source."""

BATTERY_OUTPUT: Final = 1
REFERENCE_OUTPUT: Final = 2
CHARGER_OUTPUT: Final = 3

BATTERY_V: Final = 3.7
"""Nominal voltage of one lithium cell. Source: twin profile of a 3.0 to 4.2 V cell."""
BATTERY_LIMIT_A: Final = 0.5
SAG: Final = 0.03
"""Of the set voltage: a supply regulates to a tenth of that, its leads drop less."""
REFERENCE_LIMIT_A: Final = 0.01
REFERENCE_MARGIN_V: Final = 8.0
"""Twice the largest reference voltage: what its series resistance lets flow is allowed."""
CHARGER_V: Final = 5.0
CHARGER_LIMIT_A: Final = 1.0

_SPECIAL_LOADS: Final = frozenset({"load_skin", "load_rc", "load_short"})
"""Loads that are no plain resistance. Source: docs/laboratory.md."""


class Fixture:
    """Switches the one current path; loads break before they make.

    Keeps what it has closed, so that a relay that is already as wanted costs no exchange.
    """

    def __init__(
        self,
        *,
        switch: LoadSwitch,
        supply: Supply,
        relays: Mapping[str, int],
        loads: Mapping[float, str],
        reference_resistance_ohm: float,
        on_action: Callable[[], None],
    ) -> None:
        """``loads`` maps the nominal load in ohms to its relay; ``on_action`` is the heartbeat."""
        self._switch = switch
        self._supply = supply
        self._relays = relays
        self._loads = loads
        self.reference_resistance_ohm = reference_resistance_ohm
        self._on_action = on_action
        self._closed: set[str] = set()
        self._battery_v = BATTERY_V

    @property
    def load_relays(self) -> Sequence[str]:
        """Names of the load relays, in the order of the station file."""
        return tuple(self._loads.values())

    def closed(self, name: str) -> bool:
        """Return whether a relay is closed."""
        return name in self._closed

    def open_everything(self) -> None:
        """Open every relay; afterwards the device is isolated and unpowered."""
        self._switch.open_all()
        self._closed.clear()
        self._on_action()

    def close(self, *names: str) -> None:
        """Close relays that are not closed yet."""
        wanted = [name for name in names if name not in self._closed]
        if wanted:
            self._on_action()
            self._switch.close_channels([self._channel(name) for name in wanted])
            self._closed.update(wanted)

    def open(self, *names: str) -> None:
        """Open relays that are not open yet; at once, whoever must hear of it."""
        wanted = [name for name in names if name in self._closed]
        if wanted:
            self._switch.open_channels([self._channel(name) for name in wanted])
            self._closed.difference_update(wanted)
            self._on_action()

    def select_load(self, load_ohm: float) -> None:
        """Put one nominal load, and no other, on the closed contact."""
        wanted = self.load_relay(load_ohm)
        self.open(*(name for name in self._loads.values() if name != wanted), *_SPECIAL_LOADS)
        self.close(wanted, "contact")

    def load_relay(self, load_ohm: float) -> str:
        """Return the relay of a nominal load; raises ConfigurationError for an unknown one."""
        try:
            return self._loads[load_ohm]
        except KeyError:
            known = ", ".join(f"{ohm:g}" for ohm in self._loads)
            raise ConfigurationError(
                f"station: no load of {load_ohm:g} ohm; the fixture has {known} ohm: "
                "add it to [loads] or leave it out of the plan"
            ) from None

    def select_relay(self, name: str) -> None:
        """Put one load by the name of its relay, and no other, on the closed contact."""
        self.open(*self._loads.values(), *(_SPECIAL_LOADS - {name}))
        self.close(name, "contact")

    def has(self, name: str) -> bool:
        """Return whether the station names this relay."""
        return name in self._relays

    def lost_contact_load(self, contact_off_ohm: float) -> str:
        """Return the relay of the smallest resistance that is certainly no contact.

        ``contact_off_ohm`` is the largest resistance at which the device may still see one.
        """
        dry = "dry_1"
        fits = self.has(dry) and DRY_LOADS_OHM[dry] > contact_off_ohm
        return dry if fits else "load_open"

    def power_device(self) -> None:
        """Give the device its battery at the nominal voltage."""
        self.set_battery(BATTERY_V)
        self._supply.switch_output(BATTERY_OUTPUT, on=True)
        self.close("battery")

    def set_battery(self, voltage_v: float) -> None:
        """Let the battery have another voltage; it stays connected or not as it is."""
        self._on_action()
        self._battery_v = voltage_v
        self._supply.configure_output(
            BATTERY_OUTPUT, voltage_v=voltage_v, current_limit_a=BATTERY_LIMIT_A
        )

    def battery_fault(self) -> str:
        """Return why the battery emulator, and not the device, is at fault; empty where it is not.

        Its voltage is lower than set although the current is far from the limit that was set.
        """
        if "battery" not in self._closed or not self._supply.output_is_on(BATTERY_OUTPUT):
            return ""
        volts = self._supply.measure_voltage(BATTERY_OUTPUT)
        amperes = self._supply.measure_current(BATTERY_OUTPUT)
        if volts >= self._battery_v * (1 - SAG) or amperes >= BATTERY_LIMIT_A * (1 - SAG):
            return ""
        return (
            f"battery emulator: {volts:.3f} V at {amperes * 1e3:.3g} mA, expected "
            f"{self._battery_v:g} V up to {BATTERY_LIMIT_A:g} A: its current limit or its leads "
            "starve the device; check the supply"
        )

    def isolate_device(self) -> None:
        """Take the device off the path and open the path."""
        self.open("device", "contact", *self._loads.values(), *_SPECIAL_LOADS, *DRY_LOADS_OHM)

    def reference_current(self, current_ua: float) -> None:
        """Send a direct current through the shunt from the supply; the device must be isolated.

        The sign chooses the reversing relay. The current is nominal: the meter says what it is.
        """
        self.open("device")
        if current_ua < 0:
            self.close("reference", "reverse")
        else:
            self.open("reverse")
            self.close("reference")
        self._reference_voltage(abs(current_ua) * 1e-6 * self.reference_resistance_ohm)

    def check_voltage(self, voltage_v: float) -> None:
        """Put a known voltage on the open electrode node; the device must be isolated."""
        self.isolate_device()
        self.close("check_voltage")
        self._reference_voltage(voltage_v)

    def reference_off(self) -> None:
        """Switch the reference supply off and open its relays."""
        self._supply.switch_output(REFERENCE_OUTPUT, on=False)
        self.open("reference", "reverse", "check_voltage")

    def plug_charger(self) -> None:
        """Connect the charger; its relay gives the sync edge."""
        self.close("charger")

    def prepare_charger(self) -> None:
        """Switch the charger's supply on with its relay open."""
        self.open("charger")
        self._supply.configure_output(
            CHARGER_OUTPUT, voltage_v=CHARGER_V, current_limit_a=CHARGER_LIMIT_A
        )
        self._supply.switch_output(CHARGER_OUTPUT, on=True)

    def unplug_charger(self) -> None:
        """Disconnect the charger and switch its supply off."""
        self.open("charger")
        self._supply.switch_output(CHARGER_OUTPUT, on=False)

    def _reference_voltage(self, voltage_v: float) -> None:
        self._supply.configure_output(
            REFERENCE_OUTPUT,
            voltage_v=voltage_v,
            current_limit_a=max(
                REFERENCE_LIMIT_A, REFERENCE_MARGIN_V / self.reference_resistance_ohm
            ),
        )
        self._supply.switch_output(REFERENCE_OUTPUT, on=True)

    def _channel(self, name: str) -> int:
        try:
            return self._relays[name]
        except KeyError:
            raise ConfigurationError(
                f"station: no relay named {name!r} under [relays]; "
                "docs/laboratory.md lists the relays that the plans use"
            ) from None
