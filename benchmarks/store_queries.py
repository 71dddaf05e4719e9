"""How fast a store answers: ``python benchmarks/store_queries.py [URL]``.

Fills a store with 20,000 units of 50 measurements (1,000,000 rows) in bulk, as many runs would, and
prints the median of 20 answers to each question, with their rows fetched. Without a URL: an SQLite file
in a temporary folder and a PostgreSQL out of the wheel that the tests use (loopback, data removed).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sqlalchemy import text

from bench.store import StoreAddress, read_address
from bench.store.counts import Counts
from bench.store.database import open_store, reading, writing
from bench.store.queries import rows_on, statistics_on
from bench.store.tables import measurements, parameters, runs

UNITS, ROWS, CHUNK = 20_000, 50, 500
REPEATS = 20


def fill(address: StoreAddress) -> float:
    """Fill the store; return the seconds that it took."""
    engine = open_store(address)
    random = np.random.default_rng(1)
    started_s = time.perf_counter()
    with writing(engine) as connection:
        connection.execute(
            parameters.insert(),
            [{"id": k + 1, "name": f"OUT-{k:03d}/amplitude", "unit": "µA"} for k in range(ROWS)],
        )
    for first in range(0, UNITS, CHUNK):
        units = range(first, first + CHUNK)
        values = random.normal(100.0, 1.0, (CHUNK, ROWS)).round(6).tolist()
        with writing(engine) as connection:
            connection.execute(runs.insert(), [run(unit) for unit in units])
            connection.execute(
                measurements.insert(),
                [
                    measurement(unit, k, value)
                    for unit, of_unit in zip(units, values, strict=True)
                    for k, value in enumerate(of_unit)
                ],
            )
    took_s = time.perf_counter() - started_s
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        vacuum = "VACUUM ANALYZE" if connection.dialect.name == "postgresql" else "ANALYZE"
        connection.execute(text(vacuum))  # what a server does by itself a minute later
    return took_s


def run(unit: int) -> dict[str, object]:
    return {
        "id": unit + 1, "run_id": f"run-{unit}", "started_sha256": f"{unit:064x}",
        "journal_sha256": "0" * 64, "plan": "release", "simulated": False, "golden": False, "verdict": "PASS",
        "reason": "", "safe_state_confirmed": True, "model": "M", "serial": f"S{unit:06d}",
        "firmware": "1.0", "udi": "", "profile": "p", "station": "one", "operator": "",
        "started_at": f"2026-01-01T00:00:{unit / 1000:09.6f}", "finished_at": "",
    }  # fmt: skip


def measurement(unit: int, k: int, value: float) -> dict[str, object]:
    return {
        "run": unit + 1, "position": k, "parameter": k + 1, "counts": Counts.REAL, "attempt": 1,
        "value": value, "expanded_uncertainty": 0.1, "coverage_factor": 2.0, "low": 90.0,
        "high": 110.0, "verdict": "PASS", "margin_pct": 50.0, "reason": "",
    }  # fmt: skip


def median_ms(ask: Callable[[int], object]) -> tuple[float, float]:
    """Return the median and the worst time of an answer, ms."""
    took_ms: list[float] = []
    for k in range(REPEATS):
        started_s = time.perf_counter()
        ask(k)
        took_ms.append((time.perf_counter() - started_s) * 1e3)
    return statistics.median(took_ms), max(took_ms)


def measure(address: StoreAddress) -> None:
    """Fill and ask one store, and print what it took."""
    took_s = fill(address)
    print(f"{address.shown}: {UNITS * ROWS} rows in {took_s:.0f} s")
    with reading(open_store(address)) as connection:

        def unit(k: int) -> None:
            found = rows_on(connection, serial=f"S{(k * 997) % UNITS:06d}")
            assert len(found) == ROWS

        def parameter(k: int) -> None:
            (found,) = statistics_on(connection, f"OUT-{k % ROWS:03d}/amplitude")
            assert found.count == UNITS

        for name, asked_ms, ask in (
            ("a unit's history", 5, unit),
            (f"statistics over {UNITS} units", 20, parameter),
        ):
            middle_ms, worst_ms = median_ms(ask)
            print(f"  {name}: {middle_ms:.2f} ms (worst {worst_ms:.2f}, asked {asked_ms})")


def main() -> None:
    if len(sys.argv) > 1:
        measure(read_address(sys.argv[1]))
        return
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.store.postgres import PostgresServer

    with tempfile.TemporaryDirectory() as folder:
        measure(read_address(f"sqlite:///{folder}/store.sqlite"))
        print(f"  {Path(folder, 'store.sqlite').stat().st_size / 1e6:.0f} MB")
        Path(folder).chmod(0o755)
        server = PostgresServer(Path(folder))
        try:
            measure(read_address(server.url))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
