"""One single shot with each family, message by message, and the volts that its record means.

The messages are those of the manuals named in the drivers; ``<`` is what is sent, ``>`` the answer.
One millisecond around a trigger (ten on an MSO, whose records have 100 samples and more), a sample
every 100 µs, 0.1 V/div, 0.05 V at mid-screen.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest

from instruments.catalogue import Driver
from instruments.scopes import (
    RigolDho,
    RigolDs1000z,
    RohdeSchwarzRtb,
    SiglentSds,
    SiglentSdsLegacy,
    TektronixMso,
    TektronixTbs,
)
from instruments.scpi import parse_identity
from tests.instruments.dialogue import Dialogue, HandClock, session
from tests.instruments.examples import EXAMPLES

RIGOL = """
<:CHAN2:DISP 1 <:CHAN2:PROB 1 <:CHAN2:COUP DC <:CHAN2:BWL OFF <:CHAN2:VERN 1 <:CHAN2:SCAL 0.1
<:CHAN2:OFFS -0.05 <:CHAN2:SCAL? >1.000000e-01 <:SYST:ERR? >0,"No error"
<:TIM:MODE MAIN <:TIM:MAIN:SCAL 0.0001 <:TIM:MAIN:OFFS {delay} <:ACQ:TYPE NORM
<:TIM:MAIN:SCAL? >1.000000e-04 <:SYST:ERR? >0,"No error"
<:TRIG:MODE EDGE <:TRIG:COUP DC <:TRIG:EDGE:SOUR CHAN2 <:TRIG:EDGE:SLOP POS <:TRIG:EDGE:LEV 0.02
<:SYST:ERR? >0,"No error"
<:CHAN1:DISP? >0 <:CHAN2:DISP? >1 <:CHAN3:DISP? >0 <:CHAN4:DISP? >0
<:RUN <:ACQ:MDEP {depth} <:ACQ:MDEP? >{depth} <:ACQ:SRAT? >1.000000e+04 <:SYST:ERR? >0,"No error"
<:CLE <:SING <:SYST:ERR? >0,"No error" <:TRIG:STAT? >RUN <:TRIG:STAT? >WAIT
<:TRIG:STAT? >TD <:TRIG:STAT? >STOP <:TRIG:POS? >2
<:WAV:SOUR CHAN2 {modes}<:WAV:FORM {format} <:WAV:PRE?
>{number},2,1200,1,1.000000e-04,-2.000000e-04,0,{increment},{origin},{reference}
<:SYST:ERR? >0,"No error" <:WAV:STAR 1 <:WAV:STOP 10 <:SYST:ERR? >0,"No error"
<:WAV:DATA? >BLOCK
"""
SIGLENT = """
<:CHAN2:SWIT ON <:CHAN2:PROB VAL,1 <:CHAN2:COUP DC <:CHAN2:BWL FULL <:CHAN2:SCAL 0.1
<:CHAN2:OFFS -0.05 <:CHAN2:SCAL? >1.00E-01 <*OPC? >1
<:TIM:SCAL 0.0001 <:TIM:DEL 0.0003 <:ACQ:TYPE NORM <:TIM:SCAL? >1.00E-04 <*OPC? >1
<:TRIG:TYPE EDGE <:TRIG:EDGE:SOUR C2 <:TRIG:EDGE:SLOP RIS <:TRIG:EDGE:LEV 0.02
<:TRIG:EDGE:SOUR? >C2 <*OPC? >1
<:ACQ:MDEP 10k <:ACQ:MDEP? >10k <*OPC? >1 <:TRIG:STOP <*OPC? >1 <INR? >INR@8193
<:TRIG:MODE SING <:TRIG:RUN <*OPC? >1 <:TRIG:STAT? >Arm <:TRIG:STAT? >Ready
<:TRIG:STAT? >Trig'd <:TRIG:STAT? >Stop <INR? >INR@8193
<:WAV:SOUR C2 <:WAV:WIDT WORD <:WAV:INT 1 <*OPC? >1 <:WAV:PRE? >WAVEDESC
<:WAV:MAXP? >5.00E+06 <:WAV:STAR 0 <:WAV:POIN 10 <*OPC? >1 <:WAV:DATA? >BLOCK
"""
LEGACY = """
<CHDR OFF <C2:TRA ON <C2:ATTN 1 <C2:CPL D1M <BWL C2,OFF <C2:VDIV 0.1 <C2:OFST -0.05
<C2:VDIV? >1.00E-01 <CMR? >CMR@0 <EXR? >EXR@0
<TDIV 0.0001 <TRDL 0.0005 <ACQW SAMPLING <TDIV? >1.00E-04 <CMR? >CMR@0 <EXR? >EXR@0
<TRSE EDGE,SR,C2,HT,OFF <C2:TRCP DC <C2:TRSL POS <C2:TRLV 0.02 <CMR? >CMR@0 <EXR? >EXR@0
<MSIZ 7K <MSIZ? >14K <CMR? >CMR@0 <EXR? >EXR@0 <STOP <CMR? >CMR@0 <EXR? >EXR@0 <INR? >INR@0
<TRMD SINGLE <ARM <CMR? >CMR@0 <EXR? >EXR@0 <SAST? >Armed <SAST? >Ready
<SAST? >Trig'd <SAST? >Stop <INR? >INR@1
<SANU? C2 >14 <SARA? >10kSa/s <C2:VDIV? >1.00E-01 <C2:OFST? >-5.00E-02
<WFSU SP,1,NP,10,FP,0 <CMR? >CMR@0 <EXR? >EXR@0 <C2:WF? DAT2 >BLOCK
"""
TEKTRONIX_TRIGGER = """
<ACQ:STOPA SEQ <*ESR? >0 <ACQ:STATE 0 <ACQ:STATE 1 <*ESR? >0 <TRIG:STATE? >ARMED
<TRIG:STATE? >READY <ACQ:STATE? >1 <TRIG:STATE? >TRIGGER <ACQ:STATE? >0 <ACQ:NUMAC? >1
<ACQ:STATE? >0
"""
MSO = """
<HEAD 0 <DIS:GLO:CH2:STATE 1 <CH2:PROBEF:EXTA 1 <CH2:COUP DC <CH2:BAN FUL <CH2:SCA 0.1 <CH2:POS 0
<CH2:OFFS 0.05 <CH2:SCA? >1.000E-01 <*ESR? >0
<HOR:MODE MAN <HOR:MODE:SAMPLER 10000 <HOR:DEL:MODE 0 <HOR:POS 2 <ACQ:MOD SAM
<HOR:MODE:SAMPLER? >1.0E+04 <*ESR? >0 <HOR:MODE:RECO 100 <HOR:MODE:RECO? >100 <*ESR? >0
"""
MSO_REST = (
    """
<TRIG:A:TYP EDGE <TRIG:A:EDGE:SOU CH2 <TRIG:A:EDGE:COUP DC <TRIG:A:EDGE:SLO RIS
<TRIG:A:LEV:CH2 0.02 <TRIG:A:MOD NORM <*ESR? >0
"""
    + TEKTRONIX_TRIGGER
    + """
<DAT:SOU CH2 <DAT:ENC SRI <DAT:WID 2 <DAT:STAR 1 <DAT:STOP 100 <*ESR? >0
<WFMO:NR_P? >100 <WFMO:BYT_N? >2 <WFMO:XIN? >1.0E-04 <WFMO:XZE? >-2.0E-04 <WFMO:PT_O? >0
<WFMO:YMU? >1.5625E-05 <WFMO:YOF? >0.0E+00 <WFMO:YZE? >5.0E-02 <CURV? >BLOCK
"""
)
TBS = (
    """
<HEAD 0 <SEL:CH2 1 <CH2:PRO 1 <CH2:COUP DC <CH2:BAN OFF <CH2:SCA 0.1 <CH2:POS -0.5
<CH2:SCA? >1.0E-1 <*ESR? >0 <HOR:MAI:SCA 0.0001 <HOR:MAI:POS 0.0003 <ACQ:MOD SAM
<HOR:MAI:SCA? >1.0E-4 <*ESR? >0
<TRIG:MAI:TYP EDGE <TRIG:MAI:EDGE:SOU CH2 <TRIG:MAI:EDGE:COUP DC <TRIG:MAI:EDGE:SLO RIS
<TRIG:MAI:LEV 0.02 <TRIG:MAI:MOD NORM <*ESR? >0
"""
    + TEKTRONIX_TRIGGER
    + """
<DAT:SOU CH2 <DAT:ENC RIB <DAT:WID 1 <DAT:STAR 1 <DAT:STOP 2500 <*ESR? >0
<WFMP:NR_P? >2500 <WFMP:BYT_N? >1 <WFMP:XIN? >1.0E-4 <WFMP:XZE? >-2.0E-4 <WFMP:PT_O? >0
<WFMP:YMU? >4.0E-3 <WFMP:YOF? >-12.5E0 <WFMP:YZE? >0.0E0 <CURV? >BLOCK
"""
)
RTB = """
<CHAN2:STAT ON <PROB2:SET:ATT:MAN 1 <CHAN2:COUP DCL <CHAN2:BAND FULL <CHAN2:SCAL 0.1 <CHAN2:POS 0
<CHAN2:OFFS 0.05 <CHAN2:SCAL? >1.00E-01 <SYST:ERR? >0,"No error"
<TIM:REF 50 <TIM:SCAL 0.0001 <TIM:POS 0.0004 <ACQ:POIN:AUT OFF <ACQ:POIN 10000
<CHAN1:TYPE SAMP <CHAN2:TYPE SAMP <CHAN3:TYPE SAMP <CHAN4:TYPE SAMP
<TIM:ACQT? >1.2000E-03 <SYST:ERR? >0,"No error"
<TRIG:A:TYPE EDGE <TRIG:A:MODE NORM <TRIG:A:SOUR CH2 <TRIG:A:EDGE:COUP DC <TRIG:A:EDGE:SLOP POS
<TRIG:A:LEV2 0.02 <SYST:ERR? >0,"No error"
<STOP <SING <SYST:ERR? >0,"No error" <STAT:OPER:COND? >0 <ACQ:STAT? >RUN <STAT:OPER:COND? >8
<ACQ:STAT? >RUN <STAT:OPER:COND? >0 <ACQ:STAT? >COMP <*OPC? >1
<FORM UINT,8 <CHAN2:DATA:POIN MAX <CHAN2:DATA:HEAD? >-2.0E-04,9.0E-04,12,1
<CHAN2:DATA:YINC? >3.125E-03 <CHAN2:DATA:YOR? >-3.5E-01 <SYST:ERR? >0,"No error"
<CHAN2:DATA? >BLOCK
"""
WANTED_V = np.linspace(0.0, 0.09, 10)


def block(payload: bytes, *, prefix: bytes = b"", tail: bytes = b"\n") -> bytes:
    return prefix + b"#9%09d" % len(payload) + payload + tail


def wavedesc() -> bytes:
    """A WAVEDESC as an SDS824X HD sends it: gain for sixteen bits, ten samples 100 µs apart."""
    data = bytearray(346)
    data[:8] = b"WAVEDESC"
    struct.pack_into("<hh", data, 32, 1, 0)
    struct.pack_into("<i", data, 60, 20)
    struct.pack_into("<i", data, 116, 10)
    struct.pack_into("<3f", data, 156, 0.1, -0.05, 7680.0)
    struct.pack_into("<h", data, 172, 16)
    struct.pack_into("<f", data, 176, 1e-4)
    struct.pack_into("<d", data, 180, 3e-4)
    struct.pack_into("<f", data, 328, 1.0)
    return block(bytes(data))


def of_bytes(codes: np.ndarray, kind: str, length: int = 0) -> bytes:
    """Return codes as they are sent, filled up to the record's length."""
    rounded = np.rint(codes).astype(kind)
    filled = np.zeros(max(length, rounded.size), dtype=kind)
    filled[: rounded.size] = rounded
    return filled.tobytes()


def exchanges(text: str, data: bytes) -> list[tuple[str, str | bytes]]:
    """Read a dialogue: ``@`` is a blank inside an answer."""
    found: list[tuple[str, str | bytes]] = []
    for part in text.replace("\n", " ").split(" <"):
        message, _, answer = part.strip().removeprefix("<").partition(" >")
        answers: dict[str, str | bytes] = {"BLOCK": data, "WAVEDESC": wavedesc()}
        if message:
            found.append((message, answers.get(answer.strip(), answer.strip().replace("@", " "))))
    return found


FAMILIES: list[tuple[type[Driver], str, bytes, float]] = [
    (
        RigolDs1000z,
        RIGOL.format(delay="0.0004", depth=12000, modes="<:WAV:MODE RAW ", format="BYTE", number=0,
                     increment="4.000000e-03", origin=-12, reference=127),
        block(of_bytes(WANTED_V / 4e-3 + 115, "u1")), 2e-3,
    ),
    (
        RigolDho,
        RIGOL.format(delay="0.0003", depth=1000, modes="<:WAV:MODE NORM <:WAV:MODE RAW ",
                     format="WORD", number=1, increment="1.333333e-05", origin=-3750,
                     reference=32768),
        block(of_bytes(WANTED_V / 1.333333e-5 + 29018, "<u2")), 1e-5,
    ),
    (
        SiglentSds, SIGLENT,
        block(of_bytes((WANTED_V - 0.05) / 0.1 * 7680, "<i2"), tail=b"\n\n"), 1e-5,
    ),
    (
        SiglentSdsLegacy, LEGACY,
        block(of_bytes((WANTED_V - 0.05) / 4e-3, "i1"), prefix=b"DAT2,", tail=b"\n\n"), 2e-3,
    ),
    (
        TektronixMso, MSO + MSO_REST,
        block(of_bytes((WANTED_V - 0.05) / 1.5625e-5, "<i2", 100)), 1e-5,
    ),
    (
        TektronixTbs, TBS, block(of_bytes(WANTED_V / 4e-3 - 12.5, "i1", 2500)), 2e-3,
    ),
    (
        RohdeSchwarzRtb, RTB,
        block(of_bytes((WANTED_V + 0.35) / 3.125e-3, "u1", 12)), 1.6e-3,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("family", "text", "data", "resolution_v"), FAMILIES, ids=[row[0].__name__ for row in FAMILIES]
)
def test_one_single_shot_message_by_message(family, text, data, resolution_v):
    dialogue = Dialogue(*exchanges(text, data))
    scope = family(session(dialogue, clock=HandClock()), parse_identity(EXAMPLES[family]))
    duration_s = 1e-2 if family is TektronixMso else 1e-3
    scope.configure_channel(2, volts_per_division=0.1, offset_v=0.05)
    scope.configure_timebase(
        duration_s=duration_s, before_trigger_s=0.2e-3, points=round(duration_s * 1e4)
    )
    scope.configure_edge_trigger(channel=2, level_v=0.02, slope="rising")
    scope.arm_single()
    assert scope.acquisition_state() == "triggered"
    assert scope.acquisition_state() == "complete"
    record = scope.fetch((2,), points=round(duration_s * 1e4))[2]
    dialogue.require_finished()
    assert record.values()[:10] == pytest.approx(WANTED_V, abs=resolution_v * 1.01)
    assert record.t0_s == pytest.approx(-0.2e-3)
    assert record.sample_interval_s == pytest.approx(1e-4)
    assert (record.channel, record.unit) == ("CH2", "V")
    assert abs(record.gain) * scope.capabilities.codes_per_division == pytest.approx(0.1, rel=1e-3)
