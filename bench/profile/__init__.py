"""Device profiles: what a manufacturer declares, read strictly and checked for contradictions."""

from bench.profile.lint import Finding, lint, table_inconsistency_pct
from bench.profile.load import load_profile, profile_names, profile_path
from bench.profile.nominals import NOMINALS, Nominal
from bench.profile.parts import (
    Boost,
    Envelope,
    Level,
    ModeStep,
    Output,
    Protection,
    Sheet,
    TableRow,
    Timers,
    Tolerances,
    Waveform,
)
from bench.profile.profile import Profile, Provenance
from bench.profile.skin import DEFAULT_SKINS, SKINS, SkinNetwork, skin_network

__all__ = [
    "DEFAULT_SKINS",
    "NOMINALS",
    "SKINS",
    "Boost",
    "Envelope",
    "Finding",
    "Level",
    "ModeStep",
    "Nominal",
    "Output",
    "Profile",
    "Protection",
    "Provenance",
    "Sheet",
    "SkinNetwork",
    "TableRow",
    "Timers",
    "Tolerances",
    "Waveform",
    "lint",
    "load_profile",
    "profile_names",
    "profile_path",
    "skin_network",
    "table_inconsistency_pct",
]
