"""``bench history``: yield, what fails, capability and gauge studies of many runs, as text or CSV."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.errors import UsageError
from bench.history import (
    Capability,
    capability,
    failures,
    gauge_anova,
    gauge_average_range,
    individuals,
    load_rows,
    measured,
    nelson,
    repeatability,
    yields,
)
from bench.history.capability import Index
from bench.history.frames import where

__all__ = ["add_arguments", "run"]

_SHOWN: Final = 10
_LEAST: Final = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench history``."""
    parser.add_argument("folder", metavar="RUNS", type=Path, help="a folder of run folders")
    parser.add_argument("--unit", metavar="SERIAL", help="only this unit: its runs in time")
    parser.add_argument("--station", metavar="NAME", help="only this station")
    parser.add_argument(
        "--parameter", metavar="ID", help="one measurement: capability and control chart"
    )
    parser.add_argument(
        "--gauge", action="store_true",
        help="with --parameter: gauge study over station, unit and repeat",
    )  # fmt: skip
    parser.add_argument("--csv", metavar="FILE", type=Path, help="also write the rows as CSV")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for; raises UsageError where there is nothing of that kind."""
    rows = load_rows(arguments.folder)
    for option, column in (("unit", "serial"), ("station", "station")):
        wanted = getattr(arguments, option)
        if wanted is not None:
            rows = _only(rows, column, wanted, option)
    if arguments.parameter is None and arguments.gauge:
        raise UsageError("--gauge: of which measurement? give --parameter ID")
    if arguments.parameter is not None:
        rows = _only(rows, "id", arguments.parameter, "parameter")
        lines = (
            _gauge(measured(rows, arguments.parameter))
            if arguments.gauge
            else _parameter(rows, arguments.parameter)
        )
    elif arguments.unit is not None:
        lines = _unit(rows)
    else:
        lines = _overview(rows)
    sys.stdout.write("\n".join([*_head(rows), *lines]) + "\n")
    if arguments.csv is not None:
        try:
            rows.to_csv(arguments.csv, index=False)
        except OSError as error:
            raise UsageError(
                f"--csv {arguments.csv}: cannot be written ({error.strerror})"
            ) from error
    return 0


def _only(rows: pd.DataFrame, column: str, wanted: str, option: str) -> pd.DataFrame:
    chosen = where(rows, rows[column] == wanted)
    if chosen.empty:
        known = sorted({str(value) for value in rows[column].tolist()})
        raise UsageError(
            f"--{option} {wanted}: no run has it; known: {', '.join(known[:_SHOWN])}"
            + (f" and {len(known) - _SHOWN} others" if len(known) > _SHOWN else "")
        )
    return chosen


def _head(rows: pd.DataFrame) -> Iterator[str]:
    stations = sorted({str(name) for name in rows["station"].tolist()})
    simulated = "; SIMULATED" if any(rows["simulated"].tolist()) else ""
    yield (
        f"{rows['run_id'].nunique()} runs of {rows['serial'].nunique()} units on "
        f"{', '.join(stations)}, {min(rows['started_at'].tolist())[:10]} to "
        f"{max(rows['started_at'].tolist())[:10]}{simulated}"
    )


def _overview(rows: pd.DataFrame) -> Iterator[str]:
    found = yields(rows)
    if found.units:
        yield (
            f"yield: first pass {100 * found.first_pass / found.units:.1f} %, "
            f"final {100 * found.final / found.units:.1f} % of {found.units} units"
        )
    yield f"runs that decide nothing (bench at fault, unfinished): {found.undecided_runs}"
    pareto = failures(rows)
    for name, units, share in pareto.head(_SHOWN).itertuples(index=False):
        yield f"  fails: {name}: {units} units, {100 * share:.0f} % of failures with those above"
    yield from _least_capable(rows)


def _least_capable(rows: pd.DataFrame) -> Iterator[str]:
    found: list[tuple[float, str]] = []
    for name in dict.fromkeys(str(name) for name in rows["id"].tolist()):
        made = _capability(measured(rows, name))
        if made is not None and made.ppk.value is not None:
            found.append((made.ppk.value, f"{name}: Ppk {_index(made.ppk)}, n {made.count}"))
    for _, text in sorted(found)[:_SHOWN]:
        yield f"  least capable: {text}"


def _parameter(rows: pd.DataFrame, name: str) -> Iterator[str]:
    rows = measured(rows, name)
    made = _capability(rows)
    if made is None:
        raise UsageError(
            f"{name}: capability needs two numbers and a limit, found {len(rows)} numbers"
        )
    unit = str(rows["unit"].iloc[0])
    yield f"{name}: mean {made.mean:.6g} {unit}, s {made.sigma_overall:.3g} {unit}, n {made.count}"
    yield f"  Cp {_index(made.cp)}  Cpk {_index(made.cpk)}  (short-term s {made.sigma_within:.3g} {unit})"
    yield f"  Pp {_index(made.pp)}  Ppk {_index(made.ppk)}"
    spread = repeatability(rows)
    yield (
        "  no unit was measured twice on one station: what the bench adds is not known"
        if spread is None
        else f"  Ppk without the bench's repeatability ({spread:.3g} {unit}): {_index(made.ppk_of_units)}"
    )
    chart = individuals(_numbers(rows, "value"))
    yield f"  control limits {chart.low:.6g} to {chart.high:.6g} {unit}, centre {chart.centre:.6g} {unit}"
    signals = nelson(chart)
    runs = [str(run) for run in rows["run_id"].tolist()]
    for signal in signals:
        yield (
            f"  Nelson rule {signal.rule}, {signal.text}: {len(signal.points)} times, "
            f"first at {runs[signal.points[0]]}"
        )
    if not signals:
        yield "  in control by Nelson's rules 1, 2, 5 and 6"


def _gauge(rows: pd.DataFrame) -> Iterator[str]:
    groups = {
        (station, serial): _numbers(where(of_station, of_station["serial"] == serial), "value")
        for station in sorted({str(name) for name in rows["station"].tolist()})
        for of_station in [where(rows, rows["station"] == station)]
        for serial in sorted({str(name) for name in of_station["serial"].tolist()})
    }
    stations = sorted({station for station, _ in groups})
    units = sorted({unit for _, unit in groups})
    trials = min((values.size for values in groups.values()), default=0)
    if len(groups) < len(stations) * len(units) or trials < _LEAST or len(stations) < _LEAST:
        raise UsageError(
            "--gauge: expected every unit on every station at least twice, found "
            f"{len(stations)} stations, {len(units)} units, {trials} runs of the least measured"
        )
    data = np.array([[groups[s, u][:trials] for u in units] for s in stations])
    for study in (gauge_average_range, gauge_anova):
        try:
            found = study(data)
        except ValueError as error:
            raise UsageError(f"--gauge: {error}") from error
        yield (
            f"{found.method}: repeatability {found.repeatability:.3g}, reproducibility "
            f"{found.reproducibility:.3g}, gauge {found.gauge:.3g}, units {found.parts:.3g}; "
            f"%GRR {found.gauge_pct:.1f}, {found.categories} distinct categories"
        )


def _unit(rows: pd.DataFrame) -> Iterator[str]:
    for run_id, group in rows.groupby("run_id", sort=False):
        first = group.iloc[0]
        failed = failures(where(rows, rows["run_id"] == run_id))["id"].tolist()
        yield f"  {first['started_at']}  {first['run_verdict']}  firmware {first['firmware']}  {run_id}"
        for name in failed[:_SHOWN]:
            yield f"    fails: {name}"


def _capability(rows: pd.DataFrame) -> Capability | None:
    values = _numbers(rows, "value")
    if values.size < _LEAST:
        return None
    low, high = (_numbers(rows, name)[-1] for name in ("low", "high"))
    if np.isnan(low) and np.isnan(high):
        return None
    return capability(
        values,
        low=None if np.isnan(low) else float(low),
        high=None if np.isnan(high) else float(high),
        u_repeat=repeatability(rows),
    )


def _numbers(rows: pd.DataFrame, column: str) -> NDArray[np.float64]:
    return rows[column].to_numpy(dtype=np.float64)


def _index(index: Index) -> str:
    if index.value is None:
        return "-"
    return f"{index.value:.2f} ({index.low:.2f} to {index.high:.2f})"
