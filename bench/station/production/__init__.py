"""One unit of a series after the other: few starts, each of which serves every test that it can."""

from bench.station.production.line import ProductionLine

__all__ = ["ProductionLine"]
