"""Waveforms in delimited text, as scopes export them.

One reader for all of them: the rows at the end of the file tell which columns hold numbers, the
rows above the first such row are the header. Understood of a header: column titles with or without
a unit, a row of units, and lines of a name and a value.

==================  =========================================================================
family              layout
==================  =========================================================================
Tektronix MDO/MSO   names and values (Sample Interval, Vertical Units …), ``TIME,CH1,CH2``
Tektronix TDS       names and values in the first columns beside time and value
Keysight            ``x-axis,1,2`` over ``second,Volt,Volt``
Rigol               ``X,CH1,Start,Increment`` over ``Sequence,Volt,-1e-3,1e-6``: no instants
Siglent             names and values, ``Second,Volt`` over the data
R&S                 ``in s,CH1 in V``
PicoScope           ``Time,Channel A`` over ``(ms),(mV)``; often semicolons and decimal commas
any other           ``time_s,current_ua`` and the like
==================  =========================================================================
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.errors import FileFormatError
from bench.waveform import Waveform
from instruments.files.quantised import waveform_from_values
from instruments.files.timebase import even_timebase
from instruments.files.units import parse_unit, split_name

__all__ = ["read_delimited"]

_DELIMITERS = (",", ";", "\t")
_INTERVAL_NAMES = ("sample interval", "increment", "sampling period", "xincrement")
_START_NAMES = ("start", "xorigin")
_MODEL_NAMES = ("model", "instrument", "model number")
_COUNTERS = ("x", "sequence", "index", "sample", "#", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """How the file is written."""

    delimiter: str | None
    """None: any blank space."""
    decimal_comma: bool
    first_row: int
    """Line, from 0, of the first row of numbers."""
    columns: tuple[int, ...]
    header: tuple[tuple[str, ...], ...]


def read_delimited(text: str, path: Path) -> tuple[Waveform, ...]:
    """Return the waveforms of all columns; raises FileFormatError with file and line."""
    lines = text.splitlines()
    layout = _layout(lines, path)
    table = _numbers(lines, layout, path)
    titles = _titles(layout)
    metadata = _metadata(layout, lines)
    t0_s, interval_s, values = _split_time(table, titles, metadata, path)
    names = titles[-values.shape[1] :]
    units = _metadata_units(layout, values.shape[1])
    return tuple(
        _waveform(
            values[:, index],
            names[index],
            number=index + 1,
            fallback=units[index],
            t0_s=t0_s,
            interval_s=interval_s,
            instrument=next((metadata[name] for name in _MODEL_NAMES if name in metadata), ""),
        )
        for index in range(values.shape[1])
    )


def _layout(lines: list[str], path: Path) -> _Layout:
    """Find delimiter, number columns and the first row of numbers from the last rows up."""
    filled = [index for index, line in enumerate(lines) if line.strip(" ,;\t")]
    if not filled:
        raise FileFormatError(f"{path}: the file holds no rows")
    last = lines[filled[-1]]
    delimiter = next((mark for mark in _DELIMITERS if mark in last), None)
    if delimiter == "," and ";" in last:
        delimiter = ";"
    comma = delimiter in (";", "\t", None) and "," in last
    columns = _number_columns(_cells(last, delimiter), comma=comma)
    if not columns:
        raise FileFormatError(
            f"{path}, line {filled[-1] + 1}: expected a row of numbers, found {last[:60]!r}"
        )
    first = next(
        index
        for index in filled
        if set(columns) <= set(_number_columns(_cells(lines[index], delimiter), comma=comma))
    )
    header = tuple(tuple(_cells(line, delimiter)) for line in lines[:first] if line.strip())
    return _Layout(
        delimiter=delimiter, decimal_comma=comma, first_row=first, columns=columns, header=header
    )


def _cells(line: str, delimiter: str | None) -> list[str]:
    return [cell.strip() for cell in line.split(delimiter)]


def _number_columns(cells: list[str], *, comma: bool) -> tuple[int, ...]:
    return tuple(index for index, cell in enumerate(cells) if _is_number(cell, comma=comma))


def _is_number(cell: str, *, comma: bool) -> bool:
    try:
        float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return False
    return True


def _numbers(lines: list[str], layout: _Layout, path: Path) -> NDArray[np.float64]:
    """Return the table of numbers, shape (rows, columns)."""
    body = "\n".join(lines[layout.first_row :])
    if layout.decimal_comma:
        body = body.replace(",", ".")
    try:
        table = np.loadtxt(
            io.StringIO(body),
            delimiter=layout.delimiter,
            usecols=layout.columns,
            ndmin=2,
            comments=None,
        )
    except ValueError:
        raise _bad_row(lines, layout, path) from None
    if not np.isfinite(table).all():
        raise _bad_row(lines, layout, path)
    return table


def _bad_row(lines: list[str], layout: _Layout, path: Path) -> FileFormatError:
    """Return the error that names the first row which is not what the last one is."""
    for index, line in enumerate(lines[layout.first_row :], start=layout.first_row):
        if not line.strip():
            continue
        cells = _cells(line, layout.delimiter)
        for column in layout.columns:
            cell = cells[column] if column < len(cells) else ""
            good = _is_number(cell, comma=layout.decimal_comma)
            if not good or not np.isfinite(float(cell.replace(",", "."))):
                return FileFormatError(
                    f"{path}, line {index + 1}, column {column + 1}: expected a number, "
                    f"found {cell!r}"
                )
    return FileFormatError(f"{path}: the rows of numbers differ in length")


def _titles(layout: _Layout) -> list[str]:
    """Return a title for each number column: the name, and the unit in brackets where told."""
    rows = [row for row in layout.header if len(row) > max(layout.columns)]
    names = [""] * len(layout.columns)
    units = [""] * len(layout.columns)
    for row in reversed(rows[-2:]):
        cells = [row[column] for column in layout.columns]
        if _are_units(cells) and not any(units):
            units = [cell.strip("()[]") for cell in cells]
        elif any(cells) and not any(names):
            names = cells
        if any(names):
            break
    units = [unit if parse_unit(unit) else "" for unit in units]
    return [f"{name} ({unit})" if unit else name for name, unit in zip(names, units, strict=True)]


def _are_units(cells: list[str]) -> bool:
    """Tell a row of units; the column of instants may be called ``Sequence`` there."""
    values = cells[1:] or cells
    return any(cells) and all(parse_unit(cell) for cell in values)


def _metadata(layout: _Layout, lines: list[str]) -> dict[str, str]:
    """Return the lines of a name and a value, and values that stand below their names."""
    found: dict[str, str] = {}
    beside = [_cells(line, layout.delimiter) for line in lines[layout.first_row :][:20]]
    for row in (*layout.header, *(beside if min(layout.columns) > 1 else ())):
        if len(row) > 1 and row[0] and row[1]:
            value = row[1].partition(":")[2] or row[1]
            found.setdefault(row[0].strip('"').lower(), value.strip('"'))
    for above, below in zip(layout.header, layout.header[1:], strict=False):
        for name, value in zip(above, below, strict=False):
            if name.lower() in (*_INTERVAL_NAMES, *_START_NAMES) and _is_number(value, comma=False):
                found[name.lower()] = value
    return found


def _metadata_units(layout: _Layout, count: int) -> list[str]:
    """Return the units that a line ``Vertical Units`` gives for each channel."""
    for row in layout.header:
        if row and row[0].lower() in ("vertical units", "yunit"):
            cells = [cell.partition(":")[2] or cell for cell in row[1:] if cell]
            return (cells + cells[-1:] * count)[:count] if cells else ["V"] * count
    return ["V"] * count


def _split_time(
    table: NDArray[np.float64], titles: list[str], metadata: dict[str, str], path: Path
) -> tuple[float, float, NDArray[np.float64]]:
    """Return first instant, interval, and the columns that are not time."""
    interval = next((metadata[name] for name in _INTERVAL_NAMES if name in metadata), None)
    told_s = float(interval) if interval and _is_number(interval, comma=False) else None
    start = next((metadata[name] for name in _START_NAMES if name in metadata), None)
    start_s = float(start) if start and _is_number(start, comma=False) else 0.0
    name, unit = split_name(titles[0])
    counts = name.lower() in _COUNTERS and told_s is not None and _is_counter(table[:, 0])
    if told_s is not None and (table.shape[1] == 1 or counts):
        return start_s, told_s, table[:, 1:] if counts else table
    if table.shape[1] == 1:
        raise FileFormatError(
            f"{path}: one column of values and no sample interval in the header; expected a time "
            "column or a line `Sample Interval`"
        )
    factor = unit[1] if unit is not None and unit[0] == "s" else 1.0
    t0_s, interval_s = even_timebase(table[:, 0] * factor, where=f"{path}, column {name or 1}")
    if told_s is not None and abs(told_s / interval_s - 1.0) < 1e-3:
        interval_s = told_s
    return t0_s, interval_s, table[:, 1:]


def _is_counter(column: NDArray[np.float64]) -> bool:
    return bool(np.array_equal(np.diff(column), np.ones(column.size - 1)))


def _waveform(
    values: NDArray[np.float64],
    title: str,
    *,
    number: int,
    fallback: str,
    t0_s: float,
    interval_s: float,
    instrument: str,
) -> Waveform:
    name, unit = split_name(title)
    base, factor = unit or parse_unit(fallback) or ("V", 1.0)
    channel = f"CH{name}" if name.isdigit() else name
    return waveform_from_values(
        values * factor,
        t0_s=t0_s,
        sample_interval_s=interval_s,
        channel=channel or f"CH{number}",
        unit=base,
        instrument=instrument,
    )
