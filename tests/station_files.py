"""Station files for a simulated bench that a test runs itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROLES = ("scope", "dmm", "switch", "supply", "generator")
EXAMPLE = Path(__file__).parents[1] / "examples" / "station.toml"


def station_file(folder: Path, addresses, **change: str) -> Path:
    """Write a station file for a running twin: real resources, the example's wiring."""
    text = EXAMPLE.read_text(encoding="utf-8")
    resources = {role: getattr(addresses, role) for role in ROLES}
    resources |= {role: change[role] for role in resources if role in change}
    for role, resource in resources.items():
        text = re.sub(rf'(\[instruments\.{role}\]\nresource = )"[^"]*"', rf'\1"{resource}"', text)
    text = re.sub(r'\nserial = "MY\d+"', "", text)
    text = re.sub(r'link = "[^"]*"', f'link = "{change.get("device", addresses.device)}"', text)
    for old, new in json.loads(change.get("replace", "{}")).items():
        assert old in text
        text = text.replace(old, new)
    path = folder / "station.toml"
    path.write_text(f'{text}\n[simulation]\nclock = "{addresses.clock}"\n', encoding="utf-8")
    return path
