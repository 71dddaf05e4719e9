"""The lines of MDL/1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.device.frames import Event, FrameError, Reply, crc8, encode_request, parse_line

WORDS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=12)


def test_the_checksum_is_crc8_smbus():
    assert crc8(b"123456789") == 0xF4  # the catalogue's check value
    assert crc8(b"") == 0


def test_a_request_has_number_verb_arguments_and_checksum():
    body = b"#7 T:INJ overcurrent_ua,700"
    expected = body + b"*%02X\n" % crc8(body)
    assert encode_request("T:INJ", "overcurrent_ua", "700", sequence=7) == expected
    assert encode_request("STOP", sequence=1, with_crc=False) == b"#1 STOP\n"


@pytest.mark.parametrize("argument", ["a\nSTOP", "µ", "1*2", "x" * 128])
def test_what_would_not_be_one_request_is_refused(argument):
    with pytest.raises(FrameError):
        encode_request("MODE", argument, sequence=1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"#5 OK\n", Reply(sequence=5, values={})),
        (b"OK\r\n", Reply(sequence=None, values={})),
        (b"#5 OK a=1 b=x,y c=\n", Reply(sequence=5, values={"a": "1", "b": "x,y", "c": ""})),
        (b"#5 ERR 21 RANGE\n", Reply(sequence=5, values={}, code=21, word="RANGE")),
        (b"ERR 12 CRC\n", Reply(sequence=None, values={}, code=12, word="CRC")),
    ],
)
def test_replies(line, expected):
    assert parse_line(line) == expected


def test_an_event():
    assert parse_line(b"EVT 1234 STATE state=RUN level=2\n") == Event(
        device_time_ms=1234, name="STATE", values={"state": "RUN", "level": "2"}
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "neither"),
        (b"\n", "neither"),
        (b"hello\n", "neither"),
        (b"OKAY\n", "neither"),
        (b"#x OK\n", "neither"),
        (b"#5 OK nonsense\n", "key=value"),
        (b"#5 OK =1\n", "key=value"),
        (b"#5 ERR\n", "without code"),
        (b"#5 ERR RANGE\n", "without code"),
        (b"#5 ERR 0 NONE\n", "without code"),
        (b"#5 OK\xb5\n", "not ASCII"),
        (b"#5 OK*00\n", "checksum 00"),
        (b"#5 OK a=" + b"1" * 600 + b"\n", "at most 512"),
    ],
)
def test_what_is_not_mdl1_is_refused(line, reason):
    with pytest.raises(FrameError, match=reason):
        parse_line(line)


def test_an_ok_without_checksum_to_a_request_with_one_is_refused_an_error_is_not():
    with pytest.raises(FrameError, match="no checksum"):
        parse_line(b"#5 OK\n", crc_required=True)
    assert parse_line(b"ERR 13 LONG\n", crc_required=True) == Reply(
        sequence=None, values={}, code=13, word="LONG"
    )


@given(st.binary(max_size=160))
def test_any_bytes_are_a_line_or_a_frame_error(line):
    try:
        parsed = parse_line(line)
    except FrameError:
        return
    assert isinstance(parsed, Reply | Event)


@given(values=st.dictionaries(WORDS, WORDS, max_size=8), sequence=st.integers(0, 9999))
def test_any_values_survive(values, sequence):
    text = f"#{sequence} OK" + "".join(f" {key}={value}" for key, value in values.items())
    body = text.encode()
    line = body + b"*%02x\n" % crc8(body)
    assert parse_line(line, crc_required=True) == Reply(sequence=sequence, values=values)


@given(body=st.binary(min_size=1, max_size=40), bit=st.integers(0, 319))
def test_a_single_flipped_bit_changes_the_checksum(body, bit):
    flipped = bytearray(body)
    flipped[bit // 8 % len(body)] ^= 1 << bit % 8
    assert crc8(bytes(flipped)) != crc8(body)
