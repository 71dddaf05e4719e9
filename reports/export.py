"""A run's results for other programs: CSV, JSON, Parquet, and JUnit by requirement."""

from __future__ import annotations

import csv
import importlib
import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from xml.etree import ElementTree as ET

import msgspec

from bench.decision import Verdict
from bench.errors import UsageError
from bench.record.schema import MeasurementRecord, RequirementRecord, RunRecord

__all__ = ["FORMATS", "export"]

_COLUMNS: Final = (
    "run_id", "plan", "simulated", "model", "serial", "firmware", "requirement", "id", "quantity",
    "basis", "value", "unit", "expanded_uncertainty", "coverage_factor", "low", "high", "rule",
    "verdict", "margin_pct", "guarded_margin_pct", "p_conform", "conditions", "waveforms",
    "attempt", "test", "at_utc", "virtual_s", "reason",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet evaluate a text."""


def export(record: RunRecord, folder: Path, kind: str) -> Path:
    """Write the results of ``record`` as ``kind`` into ``folder``; return the file's path.

    Raises UsageError for a kind that is not in FORMATS or whose library is missing.
    """
    if kind not in FORMATS:
        raise UsageError(f"--export {kind}: expected one of {', '.join(FORMATS)}")
    name, content = FORMATS[kind]
    target = folder / name
    temporary = folder / f".{name}.part"
    temporary.write_bytes(content(record))
    return temporary.replace(target)


def _rows(record: RunRecord) -> list[dict[str, Any]]:
    """Return one plain row for each measurement and requirement of it."""
    return [
        _row(record, row, requirement)
        for row in record.measurements
        for requirement in row.requirements or ("",)
    ]


def _row(record: RunRecord, row: MeasurementRecord, requirement: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "run_id": record.run_id,
        "plan": record.plan,
        "simulated": record.simulated,
        "model": record.device.model,
        "serial": record.device.serial,
        "firmware": record.device.firmware,
        "requirement": requirement,
        "conditions": "; ".join(f"{name}={value}" for name, value in row.conditions.items()),
        "waveforms": " ".join(row.waveforms),
    }
    return {name: values[name] if name in values else getattr(row, name) for name in _COLUMNS}


def _csv(record: RunRecord) -> bytes:
    """Return RFC 4180 text in UTF-8, a header first; an absent number is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for row in _rows(record):
        writer.writerow([_cell(row[name]) for name in _COLUMNS])
    return text.getvalue().encode("utf-8")


def _cell(value: object) -> object:
    """Return a cell; a text that a spreadsheet would evaluate is quoted with an apostrophe."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _json(record: RunRecord) -> bytes:
    """Return the whole record, as it is read from the journal."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def _parquet(record: RunRecord) -> bytes:
    try:
        import pandas as pd  # 0.3 s that only this format needs

        importlib.import_module("pyarrow")  # an extra: asked for before pandas fails on it
    except ImportError as error:
        raise UsageError(
            f"--export parquet: {error.name} is not installed: pip install '.[parquet]'"
        ) from error
    frame: Any = pd.DataFrame(_rows(record), columns=list(_COLUMNS))
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


_FAILED: Final = (Verdict.FAIL, Verdict.CONDITIONAL_FAIL)
_UNDECIDED: Final = (Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.NOT_TESTED)


def _junit(record: RunRecord) -> bytes:
    """Return one test case a requirement: what was demanded and not decided is an error."""
    suite = ET.Element(
        "testsuite",
        name=_xml_text(f"{record.plan} {record.device.serial}"),
        timestamp=record.started_at,
        time=f"{sum(record.timing_s.values()):.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in {
        "run": record.run_id,
        "verdict": record.verdict,
        "simulated": str(record.simulated).lower(),
        "firmware": record.device.firmware,
    }.items():
        ET.SubElement(properties, "property", name=name, value=_xml_text(value))
    kinds = [_case(suite, row, record) for row in record.requirements]
    suite.set("tests", str(len(kinds)))
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(kinds.count(kind)))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _case(suite: ET.Element, row: RequirementRecord, record: RunRecord) -> str:
    """Add the case of one requirement; return the element that its verdict adds, or ``""``."""
    case = ET.SubElement(
        suite, "testcase", classname=f"{record.plan}.{row.group}", name=f"{row.id} {row.title}"
    )
    properties = ET.SubElement(case, "properties")
    for name, value in {
        "requirement": row.id,
        "clause": row.clause,
        "verdict": row.verdict,
        "worst_margin_pct": "" if row.worst_margin_pct is None else f"{row.worst_margin_pct:.4g}",
    }.items():
        ET.SubElement(properties, "property", name=name, value=_xml_text(value))
    kind = _junit_kind(row)
    if kind:
        said = _xml_text(row.reason)
        ET.SubElement(case, kind, type=row.verdict, message=said)
    return kind


def _junit_kind(row: RequirementRecord) -> str:
    if row.verdict in _FAILED:
        return "failure"
    if row.verdict == Verdict.NOT_APPLICABLE:
        return "skipped"
    return "error" if row.verdict in _UNDECIDED else ""


def _xml_text(text: str) -> str:
    """Return ``text`` without the characters that XML 1.0 cannot hold."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


FORMATS: Final[Mapping[str, tuple[str, Callable[[RunRecord], bytes]]]] = MappingProxyType(
    {
        "csv": ("measurements.csv", _csv),
        "json": ("record.json", _json),
        "parquet": ("measurements.parquet", _parquet),
        "junit": ("requirements.xml", _junit),
    }
)
"""Formats by name: the file that is written beside the report, and what makes its bytes."""
