"""One setting with its origin: flag, then ``BENCH_*``, then station file, then default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Setting", "resolve"]


class _HasSettings(Protocol):
    @property
    def settings(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A resolved setting; ``origin`` is what ``bench doctor`` prints beside it."""

    name: str
    value: str
    origin: str


def resolve(
    name: str,
    *,
    flag: str | None = None,
    station: _HasSettings | None = None,
    default: str = "",
    environment: Mapping[str, str] | None = None,
) -> Setting:
    """Return a setting from the first of its origins that gives one.

    ``environment`` is the process's own by default. An environment variable that is set but empty
    counts as not given.
    """
    variable = f"BENCH_{name.upper()}"
    given = (os.environ if environment is None else environment).get(variable, "")
    if flag is not None:
        return Setting(name=name, value=flag, origin=f"flag --{name.replace('_', '-')}")
    if given:
        return Setting(name=name, value=given, origin=variable)
    if station is not None and name in station.settings:
        return Setting(name=name, value=station.settings[name], origin="station file")
    return Setting(name=name, value=default, origin="default")
