"""The engineering log: our columns, evidence from every phase, nothing unescaped."""

import html
import json
import re
from dataclasses import asdict

import pytest

from reports.log import LOG_STYLESHEET, LogPlugin
from reports.log_rows import figure_block, measurement_from_json
from tests.reports.synthetic import row

pytest_plugins = ["pytester"]

CONFTEST = """
import pytest
from reports.log import LogPlugin

def pytest_configure(config):
    config.pluginmanager.register(
        LogPlugin(product={product!r}, run_id="run-1", simulated={simulated}, row_limit={limit})
    )

@pytest.fixture
def say(request):
    return lambda kind, text: request.node.user_properties.append((kind, text))
"""


def as_json(**changes):
    return json.dumps(asdict(row(**changes)))


def log_of(pytester, source, *, product="ref-alt-400 SIM0001", simulated=True, limit=2000):
    """Run ``source`` in a process of its own; return the log's page and its decoded data."""
    pytester.makeconftest(CONFTEST.format(product=product, simulated=simulated, limit=limit))
    pytester.makepyfile(source)
    result = pytester.runpytest_inprocess(
        "--html=log.html",
        "--self-contained-html",
        f"--css={LOG_STYLESHEET}",
        "-p",
        "no:cacheprovider",
    )
    page = (pytester.path / "log.html").read_text(encoding="utf-8")
    blob = re.search(r'data-jsonblob="([^"]*)"', page)[1]
    return result, page, json.loads(html.unescape(blob))


def rows_of(data):
    return [
        (
            name,
            entry,
            "".join(entry["resultsTableRow"]),
            "".join(e["content"] for e in entry["extras"]),
        )
        for name, entries in data["tests"].items()
        for entry in entries
    ]


@pytest.mark.filterwarnings("default")
class TestLog:
    def test_the_worst_row_fills_the_columns_and_all_rows_the_foldout(self, pytester):
        good, bad = as_json(), as_json(id="m2", verdict="FAIL", value=451.3, margin_pct=-28.2)
        result, page, data = log_of(
            pytester,
            f"""
            def test_amplitude(say):
                say("measurement", {good!r})
                say("measurement", {bad!r})
                assert False, "OUT-001"
            """,
        )
        result.assert_outcomes(failed=1)
        ((_, entry, cells, foldout),) = rows_of(data)
        assert "451.3 ± 1.3\N{NO-BREAK SPACE}µA (worst of 2)" in cells
        assert "360 to 440\N{NO-BREAK SPACE}µA" in cells
        assert "−28.2" in cells
        assert "✖ FAIL" in cells
        assert foldout.count("<tr class=") == 2
        assert "399.2 ± 1.3" in foldout
        assert "OUT-001" in entry["log"]
        for head in ("Requirement", "Measured ± U", "Limits", "Margin", "Verdict"):
            assert f">{head}</th>" in page
        assert "Links" not in page

    def test_evidence_of_setup_and_teardown_is_kept(self, pytester):
        _, _, data = log_of(
            pytester,
            """
            import pytest

            @pytest.fixture
            def bench(say):
                say("evidence", "setup: loads open")
                yield
                say("evidence", "teardown: supply off")

            def test_passes(bench, say):
                say("evidence", "call: one record")

            @pytest.fixture
            def broken(say):
                say("evidence", "setup: closing relay 101")
                raise RuntimeError("relay stuck")

            def test_never_starts(broken):
                pass
            """,
        )
        foldouts = {name.split("::")[-1]: foldout for name, _, _, foldout in rows_of(data)}
        passed = foldouts["test_passes"]
        assert passed.count("<pre") == 3
        for text in ("setup: loads open", "call: one record", "teardown: supply off"):
            assert passed.count(text) == 1
        assert foldouts["test_never_starts"].count("setup: closing relay 101") == 1

    def test_a_failed_teardown_turns_the_row_to_error(self, pytester):
        text = as_json()
        _, _, data = log_of(
            pytester,
            f"""
            import pytest

            @pytest.fixture
            def bench():
                yield
                raise RuntimeError("supply still on")

            def test_passes(bench, say):
                say("measurement", {text!r})
            """,
        )
        rows = rows_of(data)
        assert [entry["result"] for _, entry, _, _ in rows] == ["Error", "Error"]
        assert "supply still on" in rows[1][1]["log"]

    def test_log_text_of_passes_is_left_out(self, pytester):
        _, _, data = log_of(pytester, "def test_passes():\n    print('chatter')\n")
        ((_, entry, _, _),) = rows_of(data)
        assert "chatter" not in entry["log"]

    def test_hostile_strings_are_text(self, pytester):
        evil = "<img src=x onerror=alert(1)>"
        text = as_json(conditions={"serial": evil}, reason=evil, verdict="FAIL")
        _, page, data = log_of(
            pytester,
            f"""
            import pytest

            @pytest.mark.parametrize("serial", [1], ids=[{evil!r}])
            def test_identity(say, serial):
                say("measurement", {text!r})
                say("evidence", {evil!r})
                say("figure", {evil!r})
                say("measurement", "no JSON " + {evil!r})
            """,
            product=evil,
        )
        ((_, _, cells, foldout),) = rows_of(data)
        assert "<img" not in cells
        assert "<img" not in foldout
        assert foldout.count("&lt;img") == 5
        assert "<img src=x" not in page
        assert "unreadable measurement" in foldout

    def test_head_names_product_run_report_and_simulation(self, pytester):
        _, page, _ = log_of(pytester, "def test_passes():\n    pass\n")
        assert '<h1 id="title">ref-alt-400 SIM0001 · run-1</h1>' in page
        assert "SIMULATED BENCH" in page
        assert '<a href="report.html">report.html</a>' in page
        assert re.search(r"Started \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", page)

    def test_a_real_run_shows_no_banner(self, pytester):
        _, page, _ = log_of(pytester, "def test_passes():\n    pass\n", simulated=False)
        assert "SIMULATED BENCH" not in page

    def test_passes_beyond_the_limit_are_counted_not_shown(self, pytester):
        source = "\n".join(f"def test_{i}():\n    assert {i} != 4" for i in range(6))
        _, page, data = log_of(pytester, source, limit=2)
        assert len(rows_of(data)) == 3
        assert "3 passed rows beyond 2 are left to the report." in page

    def test_figures_only_where_something_did_not_pass(self, pytester):
        good, bad = as_json(), as_json(verdict="FAIL")
        _, _, data = log_of(
            pytester,
            f"""
            def test_good(say):
                say("measurement", {good!r})
                say("figure", "<svg role='img'></svg>")

            def test_bad(say):
                say("measurement", {bad!r})
                say("figure", "<svg role='img'></svg>")
            """,
        )
        drawn = {name.split("::")[-1]: "<svg" in foldout for name, _, _, foldout in rows_of(data)}
        assert drawn == {"test_good": False, "test_bad": True}


def test_the_plugin_works_without_pytest_html(pytester):
    pytester.makeconftest(CONFTEST.format(product="p", simulated=True, limit=9))
    pytester.makepyfile("def test_passes(say):\n    say('evidence', 'x')\n")
    result = pytester.runpytest_inprocess("-p", "no:html", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


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


def test_the_plugin_needs_no_more_than_it_is_told():
    assert LogPlugin(product="p", run_id="r", simulated=False)
