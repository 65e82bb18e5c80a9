"""MPS2 serial configuration controller (Arm DAI 0385, DAI 0505: "Serial Configuration Controller").

Firmware asks it for the board's oscillators: write CFGCTRL, read CFGDATA_RTN. Oscillator 0
runs at twice the system clock on every MPS2 image, so firmware finds its own clock here, on a
virtual board too, where the clock is a free choice. Other functions answer with an error.
Parameters: ``id`` and ``aid`` (the identification registers), ``clock``.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import ClockedParameters
from emulator.schema.table import about
from peripherals.parts.parameters import Word
from peripherals.register_device import Register, RegisterDevice, read_only

START, WRITE = 1 << 31, 1 << 30
FUNCTION_SHIFT, FUNCTION_MASK = 20, 0x3F
DEVICE_MASK = 0xFFF
FUNCTION_OSCILLATOR = 1
OSCILLATORS_PER_SYSTEM_CLOCK = 2
AUDIO_HZ, LCD_HZ = 24_576_000, 25_000_000  # oscillators 1 and 2
STAT_DONE, STAT_ERROR = 1, 2


class SccParameters(ClockedParameters, frozen=True):
    """Which FPGA image the board holds."""

    id: Annotated[Word, about("ID: board and application note of the FPGA image.", example=0x41043850)] = 0
    aid: Annotated[Word, about("AID: the revision of the FPGA image.", example=0x200008)] = 0


class Mps2Scc(RegisterDevice):
    """Identification registers, and the oscillators' frequencies on request."""

    PARAMETERS = SccParameters
    parameters: SccParameters
    REGISTERS = (
        Register(0x000, "CFG0"),
        Register(0x004, "CFG1"),
        read_only(0x00C, "CFG3"),
        read_only(0x010, "CFG4", reset=0x2),
        read_only(0x0A0, "CFGDATA_RTN"),
        Register(0x0A4, "CFGDATA_OUT"),
        Register(0x0A8, "CFGCTRL", writable=START - 1, on_write="asked"),
        Register(0x0AC, "CFGSTAT", writable=STAT_DONE | STAT_ERROR),
        Register(0x100, "DLL", reset=0xFFFF0001),
        read_only(0xFF8, "AID", on_read="additional_identification"),
        read_only(0xFFC, "ID", on_read="identification"),
    )
    size_bytes = 0x1000

    def asked(self, written: int, _old: int) -> None:
        """CFGCTRL: a request is answered at once; CFGSTAT says whether it could be."""
        if not written & START:
            return
        oscillators = self.oscillators()
        number = written & DEVICE_MASK
        function = written >> FUNCTION_SHIFT & FUNCTION_MASK
        if function != FUNCTION_OSCILLATOR or number >= len(oscillators) or written & WRITE:
            self.report("CFGCTRL", "write", "only reads of oscillators are modelled")
            self.values["CFGSTAT"] = STAT_DONE | STAT_ERROR
            return
        self.values["CFGDATA_RTN"] = oscillators[number]
        self.values["CFGSTAT"] = STAT_DONE

    def oscillators(self) -> tuple[int, ...]:
        """In hertz, by their numbers."""
        return (self.clock_hz() * OSCILLATORS_PER_SYSTEM_CLOCK, AUDIO_HZ, LCD_HZ)

    def identification(self) -> int:
        """ID: which FPGA image."""
        return self.parameters.id

    def additional_identification(self) -> int:
        """AID: its revision."""
        return self.parameters.aid
