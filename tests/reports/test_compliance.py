"""The compliance report: complete, escaped, self-contained, and silent about real devices if simulated."""

import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from bench.record.schema import DeviceRecord, RunRecord, SafeStateRecord
from reports import render_compliance
from reports.page import anchor, css_string
from reports.wording import EXCLUSIONS, mark_note
from tests.reports.synthetic import captures, load_waveform, requirement, row, run, sha, train

VOID = {"meta", "br", "img", "link", "input", "hr"}
NB = "\N{NO-BREAK SPACE}"


class Page(HTMLParser):
    """A parsed report: elements, ids, links and text; unbalanced elements are an error."""

    def __init__(self, document):
        super().__init__()
        self.open, self.elements, self.text, self.table_cells = [], [], [], []
        self.feed(document)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    def words(self):
        return re.sub(r"\s+", " ", " ".join(self.text).replace(NB, " "))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if attributes.get("id")]


def page_of(record=None, load=load_waveform, **more):
    return Page(render_compliance(record or run(), load, **more))


@pytest.fixture(scope="module")
def document():
    return render_compliance(run(), load_waveform)


@pytest.fixture(scope="module")
def page(document):
    return Page(document)


def real_run(**changes):
    equipment = tuple(replace(item, resource="TCPIP::scope::INSTR") for item in run().equipment)
    values = {"simulated": False, "station": "bench 2", "equipment": equipment, "reason": ""}
    return run(**(values | changes))


def test_every_requirement_and_test_of_the_run_is_named(page):
    words = page.words()
    for demand in run().requirements:
        assert demand.id in words
        assert demand.title in words
    for test in run().tests:
        assert words.count(test.node_id) >= 2, "traceability goes both ways"


def test_corrections_of_an_instrument_stand_beside_its_calibration():
    correction = "0.1 V: (+20 ± 8) ppm, (-1e-06 ± 4e-07) V"
    scope, meter, *rest = run().equipment
    equipment = (scope, replace(meter, corrections=(correction,)), *rest)
    page = Page(render_compliance(run(equipment=equipment), load_waveform))
    assert f"corrected on {correction}" in page.words()


def test_the_parts_come_in_their_order(page):
    words = page.words()
    places = [
        words.index(part)
        for part in (
            "Overall verdict",
            "Item tested",
            "Signatures",
            "Smallest margins",
            "Requirements of plan release",
            "Rules applied in this run",
            "Uncertainty budgets The budget",
            "Equipment at the time of use",
            "Self-test of the session",
            "Requirements in detail OUT-001",
            "Requirement to test",
            "Test to requirement",
            "Deviations and repeated",
            "How the bench was left",
            "Figures that were proposed",
            "Stated exclusions",
            "Where the wall time went",
            "Raw records by acquisition",
            f"End of report {run().run_id}",
        )
    ]
    assert places == sorted(places)


def test_the_cover_says_what_was_tested_and_when(page):
    words = page.words()
    for text in (
        "1.4.2, build a1b2c3",
        "UDI not given",
        "SIM0001",
        "2026-11-23T10:00:00Z",
        "Seed 7",
    ):
        assert text in words
    assert "The results relate only to the items tested." in words
    assert "OUT-021 is INCONCLUSIVE; FLT-015 is NOT TESTED." in words


def test_the_frame_is_accessible(page):
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    assert all("scope" in attributes for attributes in page.all("th"))
    skip = page.all("a")[0]
    assert skip["class"] == "skip"
    assert skip["href"].removeprefix("#") in page.ids()
    assert all(
        attributes.get("role") == "img" or "aria-hidden" in attributes
        for attributes in page.all("svg")
    )
    assert len(page.all("caption")) == len(page.all("table"))


def test_headings_never_skip_a_level(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_ids_are_unique_and_every_link_lands(page):
    ids = page.ids()
    assert len(ids) == len(set(ids))
    targets = {attributes["href"].removeprefix("#") for attributes in page.all("a")}
    assert targets <= set(ids)


def test_the_file_needs_nothing_else_and_runs_nothing(page, document):
    assert not re.search(r"https?:|url\(|@import|javascript:", document)
    names = {name for name, _ in page.elements}
    assert not names & {"script", "link", "img", "iframe", "object", "embed"}
    assert not [a for _, attributes in page.elements for a in attributes if a.startswith("on")]


def test_a_simulated_run_never_speaks_of_a_real_devices_conformity(page, document):
    assert not re.search(r"compl(y|ies|iant|iance)|conform", document, re.IGNORECASE)
    assert "SIMULATED BENCH — no statement about a real device" in page.words()
    assert '@top-center { content: "SIMULATED BENCH' in document


@pytest.mark.parametrize("verdict", ["PASS", "FAIL", "INCOMPLETE", "ERROR", "SOMETHING"])
def test_no_verdict_makes_a_simulated_run_claim_conformity(verdict):
    text = render_compliance(run(verdict=verdict), load_waveform)
    assert not re.search(r"compl(y|ies|iant|iance)|conform", text, re.IGNORECASE)


def test_a_real_pass_complies_under_its_rules_and_shows_no_banner():
    words = page_of(real_run(verdict="PASS")).words()
    assert "complies with the requirements of plan “release” that were tested" in words
    assert "SIMULATED" not in words


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        ("FAIL", "does not comply with plan “release”. Not met: OUT-001."),
        ("INCOMPLETE", "No statement of conformity: at least one"),
        ("ERROR", "No statement of conformity: the bench was at fault"),
        ("SOMETHING", "no statement is made"),
    ],
)
def test_other_real_verdicts_claim_nothing(verdict, sentence):
    requirements = (replace(run().requirements[0], verdict="FAIL"), *run().requirements[1:])
    words = page_of(real_run(verdict=verdict, requirements=requirements)).words()
    assert sentence in words
    assert "complies" not in words


def test_hostile_strings_are_text():
    evil = "<img src=x onerror=alert(1)></style><script>alert(2)</script>"
    device = DeviceRecord(model=evil, serial=evil, firmware=evil, udi=evil, hardware=evil)
    demand = replace(
        run().requirements[0],
        id=evil,
        title=evil,
        clause=evil,
        source=evil,
        reason=evil,
        group=evil,
    )
    measurement = row(
        requirements=(evil,),
        quantity=evil,
        unit=evil,
        reason=evil,
        conditions={evil: evil},
        rule=evil,
    )
    record = run(
        device=device,
        run_id=evil,
        plan=evil,
        verdict=evil,
        operator=evil,
        requirements=(demand,),
        measurements=(measurement,),
        deviations=(evil,),
        assumptions=(evil,),
        software={evil: evil},
        declared={evil: evil},
        environment={evil: evil},
    )
    document = render_compliance(record, load_waveform)
    names = {name for name, _ in Page(document).elements}
    assert not names & {"img", "script"}
    assert document.count("</style>") == 1
    assert "&lt;img src=x" in document


def test_worst_margins_ascend_and_name_each_quantity_once(document):
    table = document.split("Smallest margins, ascending")[1].split("</table>")[0]
    margins = re.findall(r"</svg>([−\d.]+)", table)
    numbers = [float(text.replace("−", "-")) for text in margins]
    assert numbers == sorted(numbers)
    assert numbers[0] == 1.2
    assert len(numbers) == 6


def test_at_most_ten_margins_are_listed():
    rows = tuple(row(id=f"m{i}", quantity=f"q{i}", margin_pct=50.0 - i) for i in range(30))
    document = render_compliance(run(measurements=rows), load_waveform)
    table = document.split("Smallest margins, ascending")[1].split("</table>")[0]
    assert table.count("<tr>") == 11
    assert "q29" in table
    assert "q0<" not in table


def test_margin_bars_lean_to_the_side_of_the_limit():
    rows = (
        row(id="a", quantity="a", margin_pct=-40.0, verdict="FAIL"),
        row(id="b", margin_pct=250.0),
    )
    document = render_compliance(run(measurements=rows), load_waveform)
    assert '<rect x="-40" y="2" width="40"' in document
    assert '<rect x="0" y="2" width="100"' in document


def test_measured_limits_and_rule_stand_in_the_clause_table(page):
    words = page.words()
    assert "399.2 ± 1.3 µA (k = 2.00)" in words
    assert "declared: 360 to 440 µA" in words
    assert "ilac_nonbinary; accepts 361.3 to 438.7 µA" in words
    assert "no value" in words
    assert "worst of 15" in words
    assert "✖" in words
    assert " P* " in words


def test_marks_warn_of_unverified_figures(page):
    words = page.words()
    assert "clause figure unverified: check against your copy" in words
    assert "bench default, proposed" in words


@pytest.mark.parametrize(
    ("mark", "note"),
    [
        ("V", ""),
        ("V2", "figure from a secondary source"),
        ("R", "clause figure unverified: check against your copy"),
        ("R?", "clause figure unverified: check against your copy"),
        ("V format / R 20 %", "clause figure unverified: check against your copy"),
        ("V field / P time", "bench default, proposed"),
        ("proposed", "bench default, proposed"),
        ("", ""),
    ],
)
def test_each_mark_has_its_note(mark, note):
    assert mark_note(mark) == note


def test_what_was_not_tested_is_listed_and_what_does_not_apply_is_not(document):
    untested = document.split("<h3>Not tested</h3>")[1].split("</section>")[0]
    assert "FLT-015" in untested
    assert "FLT-012" not in untested


def test_repeated_attempts_and_deviations_are_listed():
    words = page_of(run(deviations=("humidity not recorded",))).words()
    assert "Repeated attempts: 1." in words
    assert "attempt 2: first record clipped; retaken on a wider range" in words
    assert "humidity not recorded" in words


def test_exclusions_are_stated(page):
    for field, _ in EXCLUSIONS:
        assert field in page.words()


def test_an_unconfirmed_safe_state_is_on_the_cover():
    words = page_of(run(safe_state=SafeStateRecord(confirmed=False, steps=()))).words()
    assert "The safe state was NOT confirmed" in words.split("Contents")[0]
    assert "NOT CONFIRMED Treat the bench as live" in words


def test_decision_rules_name_what_they_were_applied_to(page):
    words = page.words()
    assert "guarded_u PASS only where the value lies inside the limit by at least w = U." in words
    assert "FLT-004 , LKG-007 , OUT-004" in words
    assert "guarded_95" not in words


def test_budgets_show_their_contributions(page):
    words = page.words()
    assert "amplitude, level 5, 500 Ω: 399.2 ± 1.3 µA (k = 2.00)" in words
    assert "scope gain after transfer 0.42 rectangular ∞ 52 %" in words


def test_every_stored_hash_is_listed(document):
    for capture in run().captures:
        for waveform in capture.waveforms:
            assert f">{waveform.sha256}</td>" in document


def test_an_empty_run_renders():
    record = RunRecord(
        run_id="r",
        plan="release",
        simulated=True,
        verdict="ERROR",
        reason="",
        device=DeviceRecord(model="", serial="", firmware="", udi=""),
        profile="",
        profile_title="",
        station="",
        started_at="",
        finished_at="",
        seed=None,
        counts={},
        requirements=(),
        measurements=(),
        safe_state=SafeStateRecord(confirmed=False, steps=()),
    )
    words = page_of(record).words()
    assert "The record holds no requirement." in words
    assert "Seed none" in words


def test_figures_can_be_capped():
    assert len(page_of(figure_cap=0).all("figure")) == 0
    assert len(page_of(figure_cap=3).all("figure")) == 3
    assert len(page_of().all("figure")) == 7


def test_anchors_of_different_names_differ():
    assert anchor("req", "OUT-001") == "req-OUT-001"
    assert anchor("req", "a b") != anchor("req", "a-b")
    assert anchor("req", "a b") != anchor("req", "a  b")
    assert re.fullmatch(r"[\w-]+", anchor("req", '"><x'))


def test_a_css_string_cannot_be_left():
    assert css_string('a"} b</style>') == r'"a\000022 \00007D  b\00003C \00002F style\00003E "'


def test_text_colours_are_readable(document):
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one, other):
        high, low = sorted((luminance(one), luminance(other)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    names = dict(re.findall(r"--([\w-]+): (#\w{6})", document))
    for text, grounds in {
        "ink": ("#ffffff", names["shade"], names["fail-bg"]),
        "quiet": ("#ffffff", names["shade"]),
        "pass": ("#ffffff", names["pass-bg"]),
        "fail": ("#ffffff", names["fail-bg"]),
        "warn": ("#ffffff", names["warn-bg"]),
    }.items():
        for ground in grounds:
            assert contrast(names[text], ground) >= 4.5, (text, ground)
    assert contrast("#ffffff", names["fail"]) >= 4.5


def test_a_thousand_rows_and_two_hundred_figures_stay_small_and_quick():
    waveform = train(samples=100_000)
    names = [f"OUT-{number:03d}" for number in range(100)]
    shots = tuple(
        replace(
            captures()[0],
            acquisition_id=name,
            waveforms=(replace(captures()[0].waveforms[0], sha256=sha(name)),),
        )
        for name in names
    )
    rows = tuple(
        row(
            id=f"{name}-{level}",
            requirements=(name,),
            waveforms=(sha(name),),
            conditions={"level": level},
        )
        for name in names
        for level in range(10)
    )
    demands = tuple(requirement(name, "Peak current", "c", "P", "PASS", 98.1) for name in names)
    record = run(requirements=demands, measurements=rows, captures=shots)
    started = time.process_time()
    document = render_compliance(record, lambda _: waveform, figure_cap=200)
    assert time.process_time() - started < 3.0, "0.5 s on the machine of the decision page"
    assert document.count('<figure id="figure-') == 200
    assert len(document.encode()) < 3_000_000
