"""A station file proposed from what was found: to be completed by who knows the wiring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench.station.configuration import OPTIONAL_ROLES, ROLES
from instruments.discovery import Found

__all__ = ["proposal"]

_HEAD: Final = """\
# Proposed by `bench list --discover`. Complete it: docs/your-bench.md goes through it from here;
# relays, channels, loads and shunt are those of examples/station.toml.
[station]
name = "my bench"
"""


def proposal(found: Sequence[Found]) -> str:
    """Return TOML with one instrument a role; others of a role and what is missing as comments."""
    parts = [_HEAD]
    for role in (*ROLES, *OPTIONAL_ROLES):
        mine = [one for one in found if one.role == role and one.identity is not None]
        parts.append(_entry(role, mine[0]) if mine else f"# [instruments.{role}]: none was found\n")
        parts += [f"# another {role}: {other.resource_name}\n" for other in mine[1:]]
    ports = [one for one in found if one.via == "serial port"]
    parts += [f"# [device]: link = {_link(port)}, if the device hangs there\n" for port in ports]
    return "\n".join(parts)


def _entry(role: str, found: Found) -> str:
    identity = found.identity
    assert identity is not None
    return (
        f"[instruments.{role}]\n"
        f"resource = {_text(found.resource_name)}\n"
        f"model = {_text(identity.model)}\n"
        f"serial = {_text(identity.serial)}\n"
        "# calibration_due = 2027-01-31\n"
    )


def _link(port: Found) -> str:
    name = port.resource_name.removeprefix("ASRL").removesuffix("::INSTR")
    return _text(f"serial://{name}?baud=115200")


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
