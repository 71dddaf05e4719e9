"""Strict TOML: every problem names file, line and key."""

from __future__ import annotations

from datetime import date

import pytest

from bench.errors import ConfigurationError, ProfileError
from bench.strict_toml import read_toml

TEXT = """\
# a comment
name = "one"
count = 3
"quoted.key" = "here"

[box]
width = "2 kohm"
on = true
day = 2027-06-30
inline = { depth = "3 V" }

[[rows]]
load = "1 ohm"

[[rows]]
load = "2 ohm"
"""


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "some.toml"
    path.write_text(TEXT, encoding="utf-8")
    return read_toml(path, kind="station file")


def said(problem):
    with pytest.raises(ConfigurationError) as caught:
        problem()
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_values_come_in_their_types(root):
    box = root.table("box")
    assert "one" == root.text("name")
    assert 3 == root.integer("count")
    assert 2000.0 == box.quantity("width", "ohm")
    assert box.flag("on") is True
    assert date(2027, 6, 30) == box.day("day")
    assert [1.0, 2.0] == [row.quantity("load", "ohm") for row in root.tables("rows")]
    assert 7.0 == box.quantity("height", "ohm", 7.0)
    assert box.optional("height", "ohm") is None


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("name",), 2),
        (("quoted.key",), 4),
        (("box",), 6),
        (("box", "width"), 7),
        (("box", "inline", "depth"), 10),
        (("rows", 0, "load"), 13),
        (("rows", 1, "load"), 16),
        (("rows", 1, "unknown"), 15),
        (("nowhere",), None),
    ],
)
def test_a_key_is_found_on_its_line(root, keys, line):
    assert line == root.source.line_of(*keys)


def test_an_unknown_key_names_the_nearest(root):
    box = root.table("box")
    for key in ("widht", "onn"):
        box.data = {**box.data, key: "x"}
    for key in ("width", "on", "day", "inline"):
        assert key in box
    assert "unknown key 'widht' in [box]; did you mean 'width'?" in said(box.finish)


def test_an_unknown_key_stands_with_its_line(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("[box]\nwidth = 1\nwidht = 2\n", encoding="utf-8")
    box = read_toml(path, kind="station file").table("box")
    box.integer("width")
    assert f"{path}:3: unknown key 'widht' in [box]; did you mean 'width'?" == said(box.finish)


def test_a_far_unknown_key_lists_the_known(root):
    root.text("name")
    assert "unknown key 'count'; known keys: name" in said(root.finish)


def test_a_missing_key_names_what_was_written_for_it(root):
    message = said(lambda: root.table("box").quantity("widths", "ohm"))
    assert ":7: key 'widths' is missing in [box]; did you write 'width' for it?" in message


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda r: r.text("count"), ":3: count: expected a text in quotes, found 3"),
        (lambda r: r.integer("name"), ":2: name: expected a whole number, found 'one'"),
        (lambda r: r.flag("count"), ":3: count: expected true or false, found 3"),
        (lambda r: r.table("name"), ":2: name: expected a table, found 'one'"),
        (lambda r: r.integer("count", minimum=4), ":3: count: expected at least 4, found 3"),
        (lambda r: r.quantity("count", "s"), "with its unit in quotes, found the bare number 3"),
        (
            lambda r: r.table("box").quantity("width", "s"),
            ":7: box.width: expected a time such as '6 ms', found '2 kohm', a resistance",
        ),
        (
            lambda r: r.table("box").quantity("width", "ohm", minimum=3000),
            ":7: box.width: expected at least 3000 ohm, found '2 kohm'",
        ),
        (
            lambda r: r.table("box").quantity("width", "ohm", above=2000),
            ":7: box.width: expected more than 2000 ohm, found '2 kohm'",
        ),
        (lambda r: r.choice("name", ("two", "ones")), "found 'one'; did you mean 'ones'?"),
        (lambda r: r.texts("name"), ":2: name: expected a list, found 'one'"),
    ],
)
def test_a_wrong_value_says_line_key_expected_and_found(root, read, expected):
    assert expected in said(lambda: read(root))


def test_a_missing_file_is_one_line(tmp_path):
    message = said(lambda: read_toml(tmp_path / "none.toml", kind="station file"))
    assert message.startswith(f"{tmp_path / 'none.toml'}: station file cannot be read")


def test_a_folder_is_no_file(tmp_path):
    assert "cannot be read" in said(lambda: read_toml(tmp_path, kind="profile"))


def test_text_in_another_encoding_is_named(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes("name = '\xb5'".encode("latin-1"))
    assert "is not UTF-8 text" in said(lambda: read_toml(path, kind="profile"))


def test_a_syntax_error_keeps_its_line_and_the_callers_error(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text('name = "one"\n[box\n', encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        read_toml(path, kind="profile", error=ProfileError)
    assert str(caught.value).startswith(f"{path}:2: profile is not TOML:")
