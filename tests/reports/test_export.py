"""Exports: every row, nothing evaluated, nothing lost; JUnit counts what a requirement decided."""

import csv
import io
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from bench.errors import UsageError
from reports.export import FORMATS, export
from tests.reports.synthetic import requirement, row, run


def test_csv_has_every_row_with_its_numbers(tmp_path):
    record = run()
    text = export(record, tmp_path, "csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    expected = [(r.id, name) for r in record.measurements for name in r.requirements]
    assert expected == [(found["id"], found["requirement"]) for found in rows]
    for found, ours in zip(
        rows, (r for r in record.measurements for _ in r.requirements), strict=True
    ):
        assert found["value"] == ("" if ours.value is None else repr(ours.value))
        assert found["unit"] == ours.unit


def test_a_text_that_a_spreadsheet_would_evaluate_is_quoted_and_a_negative_number_is_not(tmp_path):
    record = run(measurements=(row(reason="=1+1", value=-3.5),))
    text = export(record, tmp_path, "csv").read_text("utf-8")
    (found,) = csv.DictReader(io.StringIO(text))
    assert "'=1+1" == found["reason"]
    assert "-3.5" == found["value"]


def test_json_is_the_whole_record(tmp_path):
    record = run()
    found = json.loads(export(record, tmp_path, "json").read_bytes())
    assert len(record.measurements) == len(found["measurements"])
    assert record.run_id == found["run_id"]
    assert len(record.budgets[0].lines) == len(found["budgets"][0]["lines"])


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        ("PASS", None),
        ("CONDITIONAL PASS", None),
        ("FAIL", "failure"),
        ("CONDITIONAL FAIL", "failure"),
        ("ERROR", "error"),
        ("INCONCLUSIVE", "error"),
        ("NOT TESTED", "error"),
        ("NOT APPLICABLE", "skipped"),
    ],
)
def test_junit_says_what_each_requirement_came_to(tmp_path, verdict, kind):
    demand = requirement("OUT-001", "Peak", "c", "P", verdict, 1.0)
    record = run(requirements=(demand,))
    suite = ET.parse(export(record, tmp_path, "junit")).getroot().find("testsuite")
    (case,) = suite.findall("testcase")
    assert "OUT-001" == case.find("properties/property[@name='requirement']").get("value")
    assert ([] if kind is None else [kind]) == [e.tag for e in case if e.tag != "properties"]
    plural = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    assert {n: ("1" if n == kind else "0") for n in plural} == {
        n: suite.get(plural[n]) for n in plural
    }


def test_junit_survives_what_xml_cannot_hold(tmp_path):
    device = replace(run().device, serial="A\x00<&\ufffe")
    ET.parse(export(run(device=device), tmp_path, "junit"))


def test_parquet_is_asked_for_by_its_extra_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UsageError, match="pip install"):
        export(run(), tmp_path, "parquet")
    assert [] == list(tmp_path.iterdir())


def test_parquet_reads_back_where_the_extra_is_there(tmp_path):
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    pandas = pytest.importorskip("pandas")
    record = run()
    frame = pandas.read_parquet(export(record, tmp_path, "parquet"))
    assert sum(len(r.requirements) for r in record.measurements) == len(frame)


def test_an_unknown_format_names_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match=", ".join(FORMATS)):
        export(run(), tmp_path, "xlsx")
