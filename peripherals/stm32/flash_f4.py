"""Flash interfaces of STM32F4 (RM0090) and F7 (RM0385), chapters "Embedded flash memory"."""

from __future__ import annotations

from typing import Annotated, ClassVar

from emulator.schema.table import about
from peripherals.register_device import Register
from peripherals.stm32.programmed_flash import ProgrammedFlash, ProgrammedParameters

SR_FLAGS = 0xF3
SR_PGAERR, SR_PGPERR, SR_PGSERR = 1 << 5, 1 << 6, 1 << 7
CR_PG, CR_SER, CR_MER, CR_MER1, CR_SECOND_BANK = 1 << 0, 1 << 1, 1 << 2, 1 << 15, 1 << 7
CR_PSIZE_SHIFT, CR_SNB_SHIFT = 8, 3
OPTCR_LOCK = 1 << 0
LINE_BYTES = 16


class SectorFlash(ProgrammedFlash):
    """What F4 and F7 program alike: units of CR.PSIZE, sectors by number."""

    ERRORS = 0xF2

    def program(self, address: int, size_bytes: int, value: int) -> bool:
        """A store of PSIZE while PG is set; bits only fall (RM0090 "Programming")."""
        control = self.values["CR"]
        if not control & CR_PG:
            self.fail(SR_PGSERR)
        elif size_bytes != min(4, 1 << (control >> CR_PSIZE_SHIFT & 3)):
            self.fail(SR_PGPERR)
        elif address % LINE_BYTES + size_bytes > LINE_BYTES:
            self.fail(SR_PGAERR)
        else:
            self.put(address, size_bytes, self.old(address, size_bytes) & value)
        return True

    def erase(self, control: int) -> None:
        """Of the sector SNB, whose top bit is the bank, or of banks."""
        if control & (CR_MER | CR_MER1):
            second = bool(self.parameters.bank_kib)
            for bank, bit in enumerate((CR_MER, CR_MER1) if second else (CR_MER,)):
                if control & bit:
                    self.erase_bank(bank)
        elif control & CR_SER:
            number = control >> CR_SNB_SHIFT & 0xF
            if not self.erase_sector(int(bool(control & CR_SECOND_BANK)), number):
                self.fail(SR_PGSERR)


class FlashF4(SectorFlash):
    """Flash registers of STM32F405/F407."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "ACR", 0x0000, writable=0x1F07, on_write="access_control_written"),
        Register(0x04, "KEYR", writable=0, on_write="key_written"),
        Register(0x08, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x0C, "SR", writable=0, w1c=SR_FLAGS, on_write="status_written"),
        Register(0x10, "CR", 0x80000000, on_write="control_written"),
        Register(0x14, "OPTCR", 0x0FFFAAED, writable=0),
    )
    LATENCY_MASK = 0x7
    OPTION_LOCK = OPTCR_LOCK
    OPTION_REGISTER = "OPTCR"


class FlashF42x(FlashF4):
    """Flash registers of STM32F42x/F43x (two banks), F411 and F446: four bits of wait states."""

    REGISTERS = (
        Register(0x00, "ACR", 0x0000, writable=0x1F0F, on_write="access_control_written"),
        *FlashF4.REGISTERS[1:],
        Register(0x18, "OPTCR1", 0x0FFF0000, writable=0),
    )
    LATENCY_MASK = 0xF


class FlashF7Parameters(ProgrammedParameters, frozen=True):
    """Both ways to the flash."""

    art: Annotated[
        str, about('The accelerator on the ITCM bus; "": none.', names_a="accelerator", example="art")
    ] = "art"


class FlashF7(SectorFlash):
    """Flash registers of STM32F746.

    The wait states hold for both ways to the flash; prefetch and ART (accelerator ``art``)
    only for the ITCM's.
    """

    PARAMETERS = FlashF7Parameters
    parameters: FlashF7Parameters
    REGISTERS = (
        Register(0x00, "ACR", 0x0000, writable=0x0B0F, on_write="access_control_written"),
        Register(0x04, "KEYR", writable=0, on_write="key_written"),
        Register(0x08, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x0C, "SR", writable=0, w1c=SR_FLAGS, on_write="status_written"),
        Register(0x10, "CR", 0x80000000, on_write="control_written"),
        Register(0x14, "OPTCR", 0xC0FFAAFD, writable=0),
        Register(0x18, "OPTCR1", 0x00400080, writable=0),
    )
    OPTION_LOCK = OPTCR_LOCK
    OPTION_REGISTER = "OPTCR"

    def apply_access_control(self) -> None:
        """Tune both ways to the flash."""
        value = self.values["ACR"]
        wait_states = value & self.LATENCY_MASK
        self.context.tuning.configure(self.parameters.accelerator, wait_states=wait_states)
        self.context.tuning.configure(
            self.parameters.art,
            wait_states=wait_states,
            prefetch=value >> 8 & 1,
            instruction_cache=value >> 9 & 1,
        )
