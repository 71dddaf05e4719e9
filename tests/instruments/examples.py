"""One answer to ``*IDN?`` for every driver of the project."""

from __future__ import annotations

from instruments.catalogue import Driver
from instruments.dmms import (
    Fluke884xA,
    Keithley2000,
    KeithleyDmm6500,
    Keysight344xx,
    Keysight34401A,
    RigolDm858,
    RigolDm3068,
    SiglentSdm,
)
from instruments.generators import Keysight33500B, SiglentSdg
from instruments.scopes import (
    KeysightInfiniiVision,
    RigolDho,
    RigolDs1000z,
    RigolMso5000,
    RohdeSchwarzRtb,
    SiglentSds,
    SiglentSdsLegacy,
    TektronixMso,
    TektronixTbs,
)
from instruments.supplies import KeysightE36xx, RigolDp800, SiglentSpd
from instruments.switches import Keithley2700, KeysightDaq970, Lcus, Numato

EXAMPLES: dict[type[Driver], str] = {
    KeysightInfiniiVision: "KEYSIGHT TECHNOLOGIES,DSO-X 3024T,MY1,07.20",
    RigolDs1000z: "RIGOL TECHNOLOGIES,DS1104Z,DS1ZA000000001,00.04.04",
    RigolDho: "RIGOL TECHNOLOGIES,DHO914S,DHO9A000000001,00.01.02",
    RigolMso5000: "RIGOL TECHNOLOGIES,MSO5104,MS5A000000001,00.01.03",
    RohdeSchwarzRtb: "Rohde&Schwarz,RTB2004,1333.1005k04/100001,02.400",
    SiglentSds: "Siglent Technologies,SDS824X HD,SDS08A0X000001,3.8.12.1.1.3.6",
    SiglentSdsLegacy: "Siglent Technologies,SDS1104X-E,SDSMMEBQ000001,8.2.6.1.37R9",
    TektronixMso: "TEKTRONIX,MSO54,C012345,CF:91.1CT FV:1.28.4",
    TektronixTbs: "TEKTRONIX,TDS 2024C,C012345,CF:91.1CT FV:v24.26",
    Keysight344xx: "Keysight Technologies,34465A,MY1,A.02.17",
    Keysight34401A: "HEWLETT-PACKARD,34401A,0,11-5-2",
    Keithley2000: "KEITHLEY INSTRUMENTS INC.,MODEL 2000,1234567,A19  /A02",
    KeithleyDmm6500: "KEITHLEY INSTRUMENTS,MODEL DMM6500,04340543,1.7.12b",
    RigolDm3068: "Rigol Technologies,DM3068,DM3O1234,01.01.00.01",
    RigolDm858: "RIGOL TECHNOLOGIES,DM858,DM8A0000,00.01.02",
    SiglentSdm: "Siglent Technologies,SDM3055,SDM35FAC0R0001,1.01.01.25",
    Fluke884xA: "FLUKE,8846A,1234567,01.00",
    KeysightDaq970: "Keysight Technologies,DAQ970A,MY1,A.02.01",
    Keithley2700: "KEITHLEY INSTRUMENTS INC.,MODEL 2700,1234567,B09  /A02",
    Numato: "Numato,NUMATO-16,00000000,0000000A",
    Lcus: "LCUS,LCUS-8,,",
    KeysightE36xx: "Keysight Technologies,E36312A,MY1,1.0.0",
    RigolDp800: "RIGOL TECHNOLOGIES,DP832A,DP8B0000,00.01.16",
    SiglentSpd: "Siglent Technologies,SPD3303X,SPD3XI0000,1.01.01.02",
    Keysight33500B: "Keysight Technologies,33511B,MY1,5.03",
    SiglentSdg: "Siglent Technologies,SDG1032X,SDG1XCAD000001,1.01.01.33R1B5",
}
