"""The engineering log: our columns, evidence from every phase, nothing unescaped.

Two pytest sessions in processes of their own make two logs, which the tests then read.
"""

import html
import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from reports.log import LOG_STYLESHEET
from reports.log_rows import figure_block, measurement_from_json
from tests.reports.synthetic import row

ROOT = Path(__file__).resolve().parents[2]
EVIL = "<img src=x onerror=alert(1)>"

CONFTEST = """
import sys
sys.path.insert(0, {root!r})
import pytest
from reports.log import LogPlugin

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.when == "call":
        report.user_properties += getattr(item, "late", [])
    return report

def pytest_configure(config):
    config.addinivalue_line("markers", "requirement(*ids): bound to")
    config.pluginmanager.register(
        LogPlugin(product={product!r}, run_id="run-1", simulated={simulated}, row_limit={limit})
    )

@pytest.fixture
def say(request):
    return lambda kind, text: request.node.user_properties.append((kind, text))
"""

BENCH_TESTS = """
import json
import pytest

GOOD, BAD, EVIL_ROW, EVIL = json.loads({texts!r})

def test_worst_of_two(say):
    say("measurement", GOOD)
    say("measurement", BAD)
    say("figure", "<svg role='img'></svg>")
    assert False, "OUT-001"

@pytest.mark.requirement("LKG-007")
def test_says_nothing():
    pass

def test_good(say):
    say("measurement", GOOD)
    say("figure", "<svg role='img'></svg>")
    print("chatter")

@pytest.fixture
def bench(say):
    say("evidence", "setup: loads open")
    yield
    say("evidence", "teardown: supply off")

def test_evidence(bench, say):
    say("evidence", "call: one record")

def test_attached_to_the_report(bench, request, say):
    say("evidence", "call: early")
    request.node.late = [("measurement", GOOD), ("evidence", "late")]

@pytest.fixture
def broken(say):
    say("evidence", "setup: closing relay 101")
    raise RuntimeError("relay stuck")

def test_never_starts(broken):
    pass

@pytest.fixture
def stays_on():
    yield
    raise RuntimeError("supply still on")

def test_unsafe(stays_on, say):
    say("measurement", GOOD)

@pytest.mark.parametrize("serial", [1], ids=[EVIL])
def test_hostile(say, serial):
    say("measurement", EVIL_ROW)
    say("evidence", EVIL)
    say("figure", EVIL)
    say("measurement", "no JSON " + EVIL)
"""


def as_json(**changes):
    return json.dumps(asdict(row(**changes)))


class Log:
    """A log as written: its page, and the rows that its script would build."""

    def __init__(self, folder, source, **settings):
        folder.joinpath("conftest.py").write_text(CONFTEST.format(root=str(ROOT), **settings))
        folder.joinpath("test_it.py").write_text(source)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["--html=log.html", "--self-contained-html", f"--css={LOG_STYLESHEET}"]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode in (0, 1), done.stdout + done.stderr
        self.page = folder.joinpath("log.html").read_text(encoding="utf-8")
        blob = re.search(r'data-jsonblob="([^"]*)"', self.page)[1]
        self.tests = json.loads(html.unescape(blob))["tests"]

    def entries(self, name):
        """Return (entry, cells, foldout) of each row of the test ``name``."""
        return [
            (
                entry,
                "".join(entry["resultsTableRow"]),
                "".join(extra["content"] for extra in entry["extras"]),
            )
            for node, entries in self.tests.items()
            for entry in entries
            if f"::{name}" in node
        ]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    bad = as_json(id="m2", verdict="FAIL", value=451.3, margin_pct=-28.2)
    evil = as_json(conditions={"serial": EVIL}, reason=EVIL, verdict="FAIL")
    texts = json.dumps([as_json(), bad, evil, EVIL])
    return Log(
        tmp_path_factory.mktemp("simulated"),
        BENCH_TESTS.format(texts=texts),
        product=f"ref-alt-400 {EVIL}",
        simulated=True,
        limit=2000,
    )


@pytest.fixture(scope="module")
def long_real_log(tmp_path_factory):
    source = "\n".join(f"def test_{i}():\n    assert {i} != 4" for i in range(6))
    folder = tmp_path_factory.mktemp("real")
    return Log(folder, source, product="ref-alt-400", simulated=False, limit=2)


def test_the_worst_row_fills_the_columns_and_all_rows_the_foldout(log):
    ((entry, cells, foldout),) = log.entries("test_worst_of_two")
    assert "451.3 ± 1.3\N{NO-BREAK SPACE}µA (worst of 2)" in cells
    assert "360 to 440\N{NO-BREAK SPACE}µA" in cells
    assert "−28.2" in cells
    assert "✖ FAIL" in cells
    assert foldout.count("<tr class=") == 2
    assert "399.2 ± 1.3" in foldout
    assert "OUT-001" in entry["log"]


def test_the_head_has_our_columns(log):
    for head in ("Requirement", "Measured ± U", "Limits", "Margin", "Verdict"):
        assert f">{head}</th>" in log.page
    assert "<th>Links</th>" not in log.page
    columns = log.page.count("<th ") + log.page.count("<th>")
    ((_, cells, _),) = log.entries("test_good")
    assert cells.count("<td ") == columns


def test_evidence_of_setup_and_teardown_is_kept(log):
    ((_, _, foldout),) = log.entries("test_evidence")
    for text in ("setup: loads open", "call: one record", "teardown: supply off"):
        assert foldout.count(text) == 1
    ((entry, _, foldout),) = log.entries("test_never_starts")
    assert foldout.count("setup: closing relay 101") == 1
    assert entry["result"] == "Error"


def test_what_another_plugin_attaches_to_a_phases_report_is_shown_once(log):
    ((_, cells, foldout),) = log.entries("test_attached_to_the_report")
    assert "399.2 ± 1.3" in cells
    for text in ("setup: loads open", "call: early", ">late<", "teardown: supply off", "399.2"):
        assert foldout.count(text) == 1


def test_a_failed_teardown_turns_the_row_to_error(log):
    rows = log.entries("test_unsafe")
    assert [entry["result"] for entry, _, _ in rows] == ["Error", "Error"]
    assert "supply still on" in rows[1][0]["log"]


def test_a_pass_has_neither_captured_text_nor_a_figure(log):
    ((entry, _, foldout),) = log.entries("test_good")
    assert "chatter" not in entry["log"]
    assert "<svg" not in foldout
    ((_, _, foldout),) = log.entries("test_worst_of_two")
    assert "<svg" in foldout


def test_hostile_strings_are_text(log):
    ((_, cells, foldout),) = log.entries("test_hostile")
    assert "<img" not in cells + foldout
    assert foldout.count("&lt;img") == 5
    assert "unreadable measurement" in foldout
    assert "<img src=x" not in log.page


def test_the_head_names_run_report_time_and_simulation(log):
    assert "· run-1</h1>" in log.page
    assert "SIMULATED BENCH" in log.page
    assert '<a href="report.html">report.html</a>' in log.page
    assert re.search(r"Started \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", log.page)


def test_a_real_run_shows_no_banner(long_real_log):
    assert "SIMULATED BENCH" not in long_real_log.page


def test_passes_beyond_the_limit_are_counted_and_failures_shown(long_real_log):
    assert sum(map(len, long_real_log.tests.values())) == 3
    assert long_real_log.entries("test_4")
    assert "3 passed rows beyond 2 are left to the report." in long_real_log.page


def test_a_test_without_rows_shows_the_requirements_of_its_marker(log):
    ((_, cells, _),) = log.entries("test_says_nothing")
    assert '<td class="col-requirement">LKG-007</td>' in cells


def test_a_row_survives_the_way_through_json():
    original = row(marks=(), waveforms=())
    assert measurement_from_json(json.dumps(asdict(original))).value == original.value
    assert measurement_from_json("{}").value is None


@pytest.mark.parametrize("text", ["", "[1]", "not JSON"])
def test_text_that_is_no_row_is_refused(text):
    with pytest.raises(ValueError):
        measurement_from_json(text)


def test_a_drawing_with_a_script_is_text():
    assert "<svg" not in figure_block("<svg><script>alert(1)</script></svg>")
    assert figure_block("<svg></svg>") == '<div class="drawing"><svg></svg></div>'
