"""Capture files of makers, written from their published layouts; not from any reader's code."""

import struct

import numpy as np


def keysight_bin(channels, *, interval_s=1e-6, t0_s=-1e-3):
    """Return an InfiniiVision ``.bin`` (AG10) of float32 channels.

    Source: Keysight InfiniiVision 2000 X-Series User's Guide, chapter Save/Recall, "Binary Data
    (.bin) Format": file header 12 bytes, waveform header 140, data header 12, then the samples.
    """
    body = b""
    for name, values in channels.items():
        data = np.asarray(values, "<f4").tobytes()
        body += struct.pack(
            "<5If3d2I16s16s24s16sdI",
            140, 1, 1, len(values), 0, len(values) * interval_s, t0_s, interval_s, t0_s, 2, 1,
            b"24 NOV 2026", b"05:20:00:00", b"DSO-X 2024A:MY00000001", name.encode(), 0.0, 0,
        )  # fmt: skip
        body += struct.pack("<IHHI", 12, 1, 4, len(data)) + data
    return b"AG10" + struct.pack("<II", 12 + len(body), len(channels)) + body


def lecroy_trc(codes, *, gain, offset, interval_s=1e-6, t0_s=-1e-3):
    """Return a LeCroy ``.trc`` (template LECROY_2_3, 16 bit, low byte first).

    Source: Teledyne LeCroy "X-Stream Oscilloscopes Remote Control Manual", appendix with the
    waveform template LECROY_2_3: offsets within WAVEDESC; value = gain * code - offset.
    """
    data = np.asarray(codes, "<i2").tobytes()
    head = bytearray(346)

    def put(offset_, layout, *values):
        struct.pack_into("<" + layout, head, offset_, *values)

    put(0, "16s16s", b"WAVEDESC", b"LECROY_2_3")
    put(32, "HH", 1, 1)  # COMM_TYPE word, COMM_ORDER low first
    put(36, "i", 346)  # length of WAVEDESC
    put(60, "i", len(data))  # length of WAVE_ARRAY_1
    put(76, "16s", b"LECROYHDO4104")
    put(116, "i", len(codes))  # WAVE_ARRAY_COUNT
    put(120, "i", len(codes))  # points on the screen
    put(128, "i", len(codes) - 1)  # last valid point
    put(136, "i", 1)  # sparsing factor
    put(144, "ii", 1, 1)  # one segment
    put(156, "ff", gain, offset)
    put(164, "ff", 32767.0, -32768.0)
    put(172, "h", 12)  # nominal bits
    put(176, "f", interval_s)
    put(180, "d", t0_s)
    put(196, "48s", b"V")
    put(244, "48s", b"S")
    put(328, "f", 1.0)  # probe attenuation
    put(344, "H", 0)  # channel 1
    return bytes(head) + data
