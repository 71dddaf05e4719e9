"""What is demanded: the catalogue of requirements, and the limits it sets for a device."""

from bench.requirements.catalogue import Catalogue, limits, load_catalogue
from bench.requirements.declared import Declared
from bench.requirements.limits import LimitRule
from bench.requirements.requirement import CATALOGUE, GROUPS, Requirement, Scope

__all__ = [
    "CATALOGUE",
    "GROUPS",
    "Catalogue",
    "Declared",
    "LimitRule",
    "Requirement",
    "Scope",
    "limits",
    "load_catalogue",
]
