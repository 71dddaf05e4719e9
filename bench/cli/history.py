"""``bench history``: yield, what fails, capability, golden unit, own reference and gauge studies of many runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from bench.errors import UsageError
from bench.history import (
    failures,
    gauge_anova,
    gauge_average_range,
    load_reference,
    load_rows,
    load_stored_rows,
    measured,
    of_production,
    type_one,
)
from bench.history.capability import Index
from bench.history.frames import where
from bench.history.overview import Overview, Parameter, numbers, overview, parameter
from bench.station.settings import resolve
from bench.store import StoreAddress, fill_from, read_address, store_of
from reports.history import render_history

__all__ = ["add_arguments", "run"]

_SHOWN: Final = 10
_LEAST: Final = 2
_DRIFTS: Final = 0.01
"""Probability by chance below which a drift is called one; many quantities are looked at."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench history``."""
    parser.add_argument(
        "folder", metavar="RUNS", type=Path, nargs="?",
        help="a folder of run folders; with --store: its runs are stored first, where they are not",
    )  # fmt: skip
    parser.add_argument(
        "--store", metavar="URL|default",
        help="read a store: sqlite:///FILE, postgresql://USER@HOST/DATABASE, or the default one",
    )  # fmt: skip
    parser.add_argument("--unit", metavar="SERIAL", help="only this unit: its runs in time")
    parser.add_argument("--station", metavar="NAME", help="only this station")
    parser.add_argument(
        "--parameter", metavar="ID", help="one measurement: capability and control chart"
    )
    parser.add_argument(
        "--gauge", action="store_true",
        help="with --parameter: gauge study over station, unit and repeat",
    )  # fmt: skip
    parser.add_argument(
        "--type-one", type=float, metavar="REFERENCE",
        help="with --parameter: type-1 gauge study of one unit on one station against its true value",
    )  # fmt: skip
    parser.add_argument("--csv", metavar="FILE", type=Path, help="also write the rows as CSV")
    parser.add_argument(
        "--html", metavar="FILE", type=Path, help="also write the history as a page"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for; raises UsageError where there is nothing of that kind."""
    if arguments.parameter is None and (arguments.gauge or arguments.type_one is not None):
        option = "--gauge" if arguments.gauge else "--type-one"
        raise UsageError(f"{option}: of which measurement? give --parameter ID")
    rows, reference = _rows(arguments), load_reference(arguments.folder)
    if arguments.station is not None:
        reference = where(reference, reference["station"] == arguments.station)
    for option, column in (("unit", "serial"), ("station", "station"), ("parameter", "id")):
        wanted = getattr(arguments, option)
        if wanted is not None:
            rows = _only(rows, column, wanted, option)
    found = overview(rows, reference)
    sys.stdout.write("\n".join([*_head(found), *_lines(arguments, rows, found)]) + "\n")
    _write(arguments, rows, found)
    return 0


def _rows(arguments: argparse.Namespace) -> pd.DataFrame:
    """Return the rows of the folder or of the store."""
    if arguments.store is None:
        if arguments.folder is None:
            raise UsageError("history: of which runs? give a folder of run folders, or --store")
        return load_rows(arguments.folder)
    address = _address(arguments.store)
    if arguments.folder is not None:
        filled = fill_from(arguments.folder, address)
        for problem in filled.problems:
            sys.stderr.write(f"bench: {problem}\n")
        sys.stderr.write(
            f"bench: {len(filled.stored)} runs stored in {address.shown}, "
            f"{len(filled.known)} were there, {filled.waiting} not taken\n"
        )
    return load_stored_rows(
        address,
        serial=arguments.unit,
        station=arguments.station,
        parameter=arguments.parameter,
    )


def _address(text: str) -> StoreAddress:
    if text != "default":
        return read_address(text, origin="--store")
    stated = resolve("store_url")
    found = store_of(stated.value, origin=stated.origin, default_folder=Path("runs"))
    if found is None:
        raise UsageError(f"--store default: {stated.origin} says that there is none")
    return found


def _lines(arguments: argparse.Namespace, rows: pd.DataFrame, found: Overview) -> Iterator[str]:
    name = arguments.parameter
    if arguments.type_one is not None:
        return _type_one(measured(rows, name), arguments.type_one)
    if arguments.gauge:
        return _gauge(measured(of_production(rows), name))
    if name is not None:
        return _parameter(name, measured(of_production(rows), name))
    return _unit(rows) if arguments.unit is not None else _overview(found)


def _write(arguments: argparse.Namespace, rows: pd.DataFrame, found: Overview) -> None:
    """Write the files that were asked for."""
    for option, path in (("csv", arguments.csv), ("html", arguments.html)):
        if path is None:
            continue
        try:
            if option == "csv":
                rows.to_csv(path, index=False)
            else:
                path.write_text(
                    render_history(found, name=str(arguments.folder or "store")), encoding="utf-8"
                )
        except OSError as error:
            raise UsageError(f"--{option} {path}: cannot be written ({error.strerror})") from error


def _only(rows: pd.DataFrame, column: str, wanted: str, option: str) -> pd.DataFrame:
    chosen = where(rows, rows[column] == wanted)
    if chosen.empty:
        known = sorted({str(value) for value in rows[column].tolist()} - {""})
        raise UsageError(
            f"--{option} {wanted}: no run has it; known: {', '.join(known[:_SHOWN])}"
            + (f" and {len(known) - _SHOWN} others" if len(known) > _SHOWN else "")
        )
    return chosen


def _head(found: Overview) -> Iterator[str]:
    golden = f" and {found.golden_runs} of golden units" if found.golden_runs else ""
    yield (
        f"{found.runs - found.golden_runs} runs of {found.units} units{golden} on {', '.join(found.stations)}, "
        f"{found.first_day} to {found.last_day}{'; SIMULATED' if found.simulated else ''}"
    )


def _overview(found: Overview) -> Iterator[str]:
    made = found.yields
    if made.units:
        yield (
            f"yield: first pass {100 * made.first_pass / made.units:.1f} %, "
            f"final {100 * made.final / made.units:.1f} % of {made.units} units"
        )
    yield f"runs that decide nothing (bench at fault, unfinished): {made.undecided_runs}"
    for name, units, share in found.failures[:_SHOWN]:
        yield f"  fails: {name}: {units} units, {100 * share:.0f} % of failures with those above"
    for row in found.parameters[:_SHOWN]:
        if row.capability is not None and row.capability.ppk.value is not None:
            yield f"  least capable: {row.id}: Ppk {_index(row.capability.ppk)}, n {row.capability.count}"
    yield from _golden(found)
    yield from _drift(found)


def _golden(found: Overview) -> Iterator[str]:
    for unit, parameters in found.golden.items():
        moved = [row for row in parameters if row.signals]
        said = f"{len(moved)} of {len(parameters)} measurements break a rule of Nelson"
        yield f"golden unit {unit}: {said if parameters else 'too few runs to say anything'}"
        for row in moved[:_SHOWN]:
            yield f"  moved: {row.id}: {'; '.join(signal.text for signal in row.signals)}"


def _drift(found: Overview) -> Iterator[str]:
    surely = [drift for drift in found.drifts if drift.slope_p < _DRIFTS]
    if found.drifts:
        yield f"own reference: {len(surely)} of {len(found.drifts)} quantities of the self-test drift"
    for drift in surely[:_SHOWN]:
        yield (
            f"  drifts: {drift.name} on {drift.station}: {drift.slope:+.3g} {drift.unit} per run, "
            f"{drift.moved:+.3g} {drift.unit} over {drift.count} runs"
        )


def _parameter(name: str, rows: pd.DataFrame) -> Iterator[str]:
    found = parameter(rows)
    if found is None or found.capability is None:
        raise UsageError(
            f"{name}: capability needs two numbers and a limit, found {len(rows)} numbers"
        )
    return _parameter_lines(found)


def _parameter_lines(found: Parameter) -> Iterator[str]:
    made, unit, chart = found.capability, found.unit, found.chart
    if made is None:
        return
    yield f"{found.id}: mean {made.mean:.6g} {unit}, s {made.sigma_overall:.3g} {unit}, n {made.count}"
    yield f"  Cp {_index(made.cp)}  Cpk {_index(made.cpk)}  (short-term s {made.sigma_within:.3g} {unit})"
    yield f"  Pp {_index(made.pp)}  Ppk {_index(made.ppk)}"
    yield (
        "  no unit was measured twice on one station: what the bench adds is not known"
        if found.spread is None
        else f"  Ppk without the bench's repeatability ({found.spread:.3g} {unit}): {_index(made.ppk_of_units)}"
    )
    yield f"  control limits {chart.low:.6g} to {chart.high:.6g} {unit}, centre {chart.centre:.6g} {unit}"
    for signal in found.signals:
        yield (
            f"  Nelson rule {signal.rule}, {signal.text}: {len(signal.points)} times, "
            f"first at {found.runs[signal.points[0]]}"
        )
    if not found.signals:
        yield "  in control by Nelson's rules 1, 2, 5 and 6"


def _type_one(rows: pd.DataFrame, reference: float) -> Iterator[str]:
    """Study one unit on one station against its known value."""
    for column, option in (("serial", "--unit"), ("station", "--station")):
        found = sorted({str(value) for value in rows[column].tolist()})
        if len(found) != 1:
            raise UsageError(
                f"--type-one: expected readings of one {column}, found {', '.join(found[:_SHOWN])}; "
                f"choose with {option}"
            )
    low, high = (float(numbers(rows, side)[-1]) for side in ("low", "high"))
    if np.isnan(low) or np.isnan(high):
        raise UsageError("--type-one: expected a measurement with two limits, found one or none")
    try:
        study = type_one(numbers(rows, "value"), reference=reference, low=low, high=high)
    except ValueError as error:
        raise UsageError(f"--type-one: {error}") from error
    unit = str(rows["unit"].iloc[0])
    yield (
        f"type-1 study, {study.count} readings of {rows['serial'].iloc[0]} against {reference:g} {unit}: "
        f"bias {study.bias:+.3g} {unit} (p {study.bias_p:.2g}), s {study.sigma:.3g} {unit}, "
        f"Cg {study.cg:.2f}, Cgk {study.cgk:.2f}; 1.33 is asked of both"
    )


def _gauge(rows: pd.DataFrame) -> Iterator[str]:
    groups = {
        (station, serial): numbers(where(of_station, of_station["serial"] == serial), "value")
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


def _index(index: Index) -> str:
    if index.value is None:
        return "-"
    return f"{index.value:.2f} ({index.low:.2f} to {index.high:.2f})"
