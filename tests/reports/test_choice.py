"""Which figures a report draws."""

from dataclasses import replace

import pytest

from reports.choice import choose_figures
from reports.evidence import draw_all
from reports.verdicts import sign_of, worst_first
from tests.reports.synthetic import captures, load_waveform, requirement, row, run, sha


def picked(record, **more):
    return [(r.requirement, r.row.id, r.view) for r in choose_figures(record, **more)]


def test_each_requirement_shows_its_worst_row_twice_and_a_shutdown_once():
    assert picked(run()) == [
        ("OUT-001", "m0001", "whole"),
        ("OUT-001", "m0001", "worst"),
        ("OUT-005", "m1510000d", "whole"),
        ("OUT-005", "m1510000d", "worst"),
        ("OUT-004", "m2", "whole"),
        ("OUT-004", "m2", "worst"),
        ("FLT-004", "m3", "edge"),
    ]


def test_a_cap_leaves_the_worst_requirements_their_figures():
    assert [name for name, *_ in picked(run(), cap=2)] == ["OUT-005", "OUT-004"]
    assert picked(run(), cap=0) == []


def test_the_slowest_shutdown_is_shown():
    latencies = [
        replace(next(r for r in run().measurements if r.id == "m3"), id=f"p{i}", margin_pct=margin)
        for i, margin in enumerate([60.0, 12.0, 80.0])
    ]
    record = run(measurements=tuple(latencies))
    assert picked(record) == [("FLT-004", "p1", "edge")]


def test_a_shutdown_that_never_came_shows_the_whole_record():
    slow = next(r for r in run().measurements if r.id == "m3")
    never = replace(slow, value=None, verdict="FAIL", margin_pct=None, marks=slow.marks[:1])
    (request,) = choose_figures(run(measurements=(never,)))
    assert (request.view, len(request.channels)) == ("whole", 3)
    assert ">cause</text>" in draw_all([request], load_waveform)[0].html


def test_a_shutdown_stacks_all_channels_with_the_sync_line_last():
    edge = next(r for r in choose_figures(run()) if r.view == "edge")
    assert [c.label for c in edge.channels] == ["transient current", "electrode voltage", "sync"]


def test_no_figure_without_a_capture():
    assert picked(run(captures=())) == []
    not_applicable = row(verdict="NOT APPLICABLE")
    assert picked(run(measurements=(not_applicable,))) == []


def test_a_shared_row_is_drawn_once_and_referred_to_after():
    record = run(
        requirements=(
            requirement("OUT-001", "a", "c", "P", "PASS", 1.0),
            requirement("OUT-004", "b", "c", "P", "PASS", 1.0),
        ),
        measurements=(row(requirements=("OUT-001", "OUT-004")),),
    )
    drawn = draw_all(choose_figures(record), load_waveform)
    assert [("<svg" in d.html, d.number, d.requirement) for d in drawn] == [
        (True, 1, "OUT-001"),
        (True, 2, "OUT-001"),
        (False, 1, "OUT-004"),
        (False, 2, "OUT-004"),
    ]
    assert 'href="#figure-1"' in drawn[2].html


def test_a_figure_names_its_record():
    drawn = draw_all(choose_figures(run()), load_waveform)
    caption = drawn[0].html.split("<figcaption>")[1]
    for part in ("KEYSIGHT DSOX3034T CH1", "full scale", "sample interval", sha("current")[:12]):
        assert part in caption
    assert f'title="SHA-256 {sha("current")}"' in caption
    assert "envelope of 200\N{NARROW NO-BREAK SPACE}000 samples" in caption
    assert "Limits evaluated on all samples." in caption


def test_limits_of_a_magnitude_are_drawn_on_both_sides_of_a_swinging_record():
    drawn = draw_all(choose_figures(run()), load_waveform)
    for label in ("≤ 440", "≥ 360", "≤ −360", "≥ −440"):
        assert f"{label}\N{NO-BREAK SPACE}µA</text>" in drawn[0].html


def test_the_shutdown_edge_shows_cause_off_and_limit():
    drawn = draw_all(choose_figures(run()), load_waveform)[-1].html
    for label in ("cause", "off", "limit ≤\N{NO-BREAK SPACE}20\N{NO-BREAK SPACE}ms"):
        assert f">{label}</text>" in drawn


def test_a_missing_record_is_a_visible_note():
    def nothing_there(name):
        raise OSError(f"{name[:4]}: no such file <b>")

    drawn = draw_all(choose_figures(run()), nothing_there)
    assert all('class="missing"' in d.html for d in drawn)
    assert "&lt;b&gt;" in drawn[0].html


def test_an_error_of_ours_is_not_hidden():
    def broken(name):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        draw_all(choose_figures(run()), broken)


def test_each_record_is_read_once_for_neighbouring_figures():
    reads = []

    def counting(name):
        reads.append(name)
        return load_waveform(name)

    draw_all(choose_figures(run()), counting)
    assert len(reads) == len(set(reads)) == sum(len(c.waveforms) for c in captures())


def test_the_worst_verdict_comes_first_then_the_smallest_margin():
    rows = [
        row(id="a", verdict="PASS", margin_pct=1.0),
        row(id="b", verdict="FAIL", margin_pct=-1.0),
        row(id="c", verdict="FAIL", margin_pct=-9.0),
        row(id="d", verdict="INCONCLUSIVE", margin_pct=None),
    ]
    assert [r.id for r in worst_first(rows)] == ["c", "b", "d", "a"]


def test_an_unknown_verdict_is_the_worst():
    assert sign_of("MAYBE").tone == "fail"
    assert worst_first([row(id="a"), row(id="b", verdict="MAYBE")])[0].id == "b"
