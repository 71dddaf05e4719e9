"""Figures: no extreme is ever lost, everything is in words too."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.waveform import Waveform
from reports.axes import Scale, tick_label, ticks
from reports.envelope import envelope
from reports.plot import Instant, LimitLine, Trace, figure, svg
from reports.windows import around_pulse, around_reaction
from tests.reports.synthetic import sync, train

NB = "\N{NO-BREAK SPACE}"


def record(codes, **changes):
    values = {
        "codes": np.asarray(codes, dtype=np.int8),
        "gain": 1e-6,
        "offset": 0.0,
        "t0_s": 0.0,
        "sample_interval_s": 1e-6,
        "channel": "CH1",
        "unit": "A",
    }
    return Waveform(**(values | changes))


def current(waveform, **more):
    return Trace(waveform=waveform, label="current", **more)


@given(st.integers(1, 20_000), st.integers(0, 19_999), st.sampled_from([1e-6, -1e-6]))
def test_a_single_sample_is_in_the_envelope_wherever_it_lies(size, place, gain):
    codes = np.zeros(size, dtype=np.int8)
    codes[place % size] = 99
    found = envelope(record(codes, gain=gain))
    expected = 99 * gain
    assert max(found.maximum, -found.minimum) == pytest.approx(abs(expected))
    assert found.peak_value == pytest.approx(expected)
    assert found.peak_time_s == pytest.approx((place % size) * 1e-6)
    assert found.sample_count == size


def test_the_envelope_equals_the_extremes_of_each_bin():
    codes = np.random.default_rng(3).integers(-100, 100, 10_007).astype(np.int8)
    found = envelope(record(codes), bins=100)
    size = -(-codes.size // 100)
    parts = [codes[i : i + size] for i in range(0, codes.size, size)]
    assert found.low == pytest.approx([part.min() * 1e-6 for part in parts])
    assert found.high == pytest.approx([part.max() * 1e-6 for part in parts])
    assert not found.exact


def test_a_short_record_is_drawn_sample_by_sample():
    assert envelope(record(np.arange(100))).exact
    assert envelope(record(np.arange(0))) is None


def test_rails_are_seen():
    assert envelope(record([0, 127, 0])).clipped
    assert not envelope(record([0, 126, -127])).clipped


def drawn_heights(drawing):
    """Return the y positions of the first curve, as a path reader walks them."""
    data = re.findall(r'<path d="(M\d+ \d+l[^"]+?)z?" fill', drawing)[0]
    start, moves = data.split("l")
    y = [int(start.split()[1])]
    for _, dy in re.findall(r"(-?\d+)([+-]\d+)", moves):
        y.append(y[-1] + int(dy))
    return y


def test_the_drawing_holds_the_spike():
    spiked = svg([current(train(spike_ua=580))], title="t")
    top, *others = sorted(drawn_heights(spiked))
    assert others[0] - top > 50, "one sample stands alone above all others"
    ET.fromstring(spiked)


def test_leaving_out_points_of_a_level_run_changes_nothing():
    codes = [0, 0, 0, 5, 5, 5, 5, 0, 0]
    heights = drawn_heights(svg([current(record(codes))], title="t"))
    assert len(heights) == 6
    assert heights[0] == heights[1] == heights[4] == heights[5]
    assert heights[2] == heights[3] < heights[0]


def test_the_text_alternative_states_extremes_limits_and_instants():
    drawing = svg(
        [current(train(), limits=(LimitLine(label="≤ 440 µA", value=440e-6),), mark_worst=True)],
        title="OUT-001 whole record",
        instants=[Instant(label="cause", time_s=0.01)],
    )
    root = ET.fromstring(drawing)
    assert root.attrib["role"] == "img"
    assert root.find("title").text == "OUT-001 whole record"
    words = root.find("desc").text.replace(NB, " ")
    assert re.search(r"current: minimum −4\d\d\.?\d* µA, maximum 4\d\d\.?\d* µA", words)
    assert "limits ≤ 440 µA" in words
    assert "cause at 10 ms" in words
    texts = "".join(root.itertext())
    assert "current / µA" in texts
    assert "time / ms" in texts


def test_limits_are_dashed_and_labelled_and_far_ones_named_at_the_edge():
    near, far = LimitLine(label="≤ 440 µA", value=440e-6), LimitLine(label="≤ 9 mA", value=9e-3)
    drawing = svg([current(train(), limits=(near, far))], title="t")
    assert drawing.count("stroke-dasharray") == 1
    assert ">≤ 440 µA<" in drawing
    assert ">↑ ≤ 9 mA<" in drawing


def test_stacked_traces_share_one_time_axis():
    drawing = svg(
        [current(train()), Trace(waveform=sync(), label="sync", logic=True)],
        title="t",
        window_s=(-0.002, 0.01),
        instants=[
            Instant(label="cause", time_s=0.0),
            Instant(label="off", time_s=0.0001),
            Instant(label="limit 5 ms", time_s=0.005, limit=True),
            Instant(label="outside", time_s=0.5),
        ],
    )
    assert drawing.count("time / ms") == 1
    assert "sync / V" in drawing
    assert ">off<" in drawing
    assert ">outside<" not in drawing
    rows = dict(re.findall(r'y="(-?\d+)" fill="[^"]+" text-anchor="middle">(cause|off)<', drawing))
    assert len(rows) == 2, "two labels that would overlap stand in two rows"


def test_coordinates_are_integers_inside_the_drawing():
    drawing = svg([current(train(spike_ua=580), mark_worst=True)], title="t")
    assert not re.findall(r'[xyd]="[^"]*\.\d', drawing)
    height = int(re.search(r'viewBox="0 0 \d+ (\d+)"', drawing)[1])
    assert all(0 <= y <= height for y in drawn_heights(drawing))


def test_strings_are_escaped():
    evil = "<img onerror=x>"
    drawing = figure(
        [Trace(waveform=train(), label=evil, limits=(LimitLine(label=evil, value=1e-4),))],
        title=evil,
        instants=[Instant(label=evil, time_s=0.0)],
        anchor='"x',
    )
    assert "<img" not in drawing
    assert 'id="&quot;x"' in drawing


def test_a_standalone_drawing_is_a_file_of_its_own():
    drawing = svg([current(train())], title="t", standalone=True)
    assert ET.fromstring(drawing).tag == "{http://www.w3.org/2000/svg}svg"
    assert "http" not in svg([current(train())], title="t")


def test_an_empty_window_is_refused():
    with pytest.raises(ValueError, match="no sample inside the window"):
        svg([current(train())], title="t", window_s=(5.0, 6.0))


@pytest.mark.parametrize("codes", [[0], [0, 0, 0], [7, 7]])
def test_flat_and_single_sample_records_are_drawn(codes):
    ET.fromstring(svg([current(record(codes), mark_worst=True)], title="t"))


def test_ticks_are_round_and_inside():
    assert ticks(-0.3, 10.2, about=5) == [0, 2, 4, 6, 8, 10]
    assert [tick_label(value, 0.5) for value in (-0.5, 0.0, 1.0)] == ["−0.5", "0.0", "1.0"]
    assert tick_label(-0.0, 10) == "0"
    assert Scale(low=0, high=10, start=100, stop=200).at(5) == 150


def test_the_worst_pulse_is_found_with_its_surroundings():
    waveform = train(spike_ua=580.0)
    spike = envelope(waveform).peak_time_s
    start, stop = around_pulse(waveform, at_s=None)
    assert start < spike < stop
    assert stop - start == pytest.approx(4 * 6e-3, rel=0.02)
    assert around_pulse(waveform, at_s=0.2)[0] < 0.2 < around_pulse(waveform, at_s=0.2)[1]


def test_a_record_without_a_closer_view_has_none():
    assert around_pulse(record([1, 2, 3]), at_s=None) is None
    assert around_pulse(record([50] * 1000), at_s=None) is None


def test_the_edge_keeps_a_near_limit_and_drops_a_far_one():
    near = around_reaction([0.0, 8e-3], limit_s=20e-3, sample_interval_s=1e-6)
    far = around_reaction([0.0, 8e-6], limit_s=20e-3, sample_interval_s=1e-7)
    assert near[0] < 0 < 20e-3 < near[1]
    assert far[1] < 1e-4
