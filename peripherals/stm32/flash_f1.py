"""Flash interface of STM32F10x (PM0075, "Flash memory programming" and "Option bytes"; RM0008, FLASH_ACR).

The option bytes are a region of the board, erased and programmed as any flash; a reset loads OBR and WRPR
from them, whose write protection is obeyed. Not modelled: read protection (a debugger's matter, and the mass
erasure that ends it), the watchdog that the user byte starts.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import DeviceContext, NothingAnswers
from emulator.schema.table import address
from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import ALL_BITS, Register, read_only
from peripherals.stm32.flash_interface import OPTION_KEYS
from peripherals.stm32.programmed_flash import ERASED, KIB, US_A_MS, ProgrammedFlash, ProgrammedParameters

ACR_PRFTBE, ACR_PRFTBS = 1 << 4, 1 << 5
SR_PGERR, SR_WRPRTERR, SR_EOP = 1 << 2, 1 << 4, 1 << 5
CR_PG, CR_PER, CR_MER, CR_OPTPG, CR_OPTER, CR_STRT = (1 << n for n in (0, 1, 2, 4, 5, 6))
CR_LOCK, CR_OPTWRE = 1 << 7, 1 << 9
HALF_BYTES, HALF_ERASED = 2, 0xFFFF
OPTION_BYTES, OPTIONS_KIB_A_BIT, UNPROTECTED = 16, 4, 0xA5
AS_DELIVERED = bytes((UNPROTECTED, 0x5A, *(0xFF, 0x00) * 7))
OBR_OPTERR, OBR_RDPRT, BYTE_MASK = 1 << 0, 1 << 1, 0xFF
CR_WRITABLE = CR_PG | CR_PER | CR_MER | CR_OPTPG | CR_OPTER | CR_STRT | CR_LOCK | 0x1400


class FlashF1Parameters(ProgrammedParameters, frozen=True):
    """Also where the option bytes are."""

    options: Annotated[int, address("Where the option bytes begin.", example=0x1FFFF800)] = 0x1FFFF800


class FlashF1(ReadyDevice, ProgrammedFlash):
    """Flash registers of STM32F103 of medium density: one bank, a prefetch buffer, no caches."""

    PARAMETERS = FlashF1Parameters
    parameters: FlashF1Parameters
    REGISTERS = (
        Register(0x00, "ACR", ACR_PRFTBE | ACR_PRFTBS, writable=0x1F, on_write="access_control_written"),
        Register(0x04, "KEYR", writable=0, on_write="key_written"),
        Register(0x08, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x0C, "SR", writable=0, w1c=SR_PGERR | SR_WRPRTERR | SR_EOP, on_write="status_written"),
        Register(0x10, "CR", CR_LOCK, writable=CR_WRITABLE, w0c=CR_OPTWRE, on_write="control_written"),
        Register(0x14, "AR"),
        read_only(0x1C, "OBR", 0x03FFFFFC),
        read_only(0x20, "WRPR", 0xFFFFFFFF),
    )
    READY = (Ready("ACR", ACR_PRFTBS, "ACR", ACR_PRFTBE),)
    LATENCY_MASK = 0x7
    PREFETCH_BIT = 4
    INSTRUCTION_CACHE_BIT = -1
    DATA_CACHE_BIT = -1
    INSTRUCTION_RESET_BIT = -1
    DATA_RESET_BIT = -1
    LOCK = CR_LOCK
    OPTION_LOCK = 0  # OPTWRE says the opposite
    START, BUSY = CR_STRT, 1 << 0
    DONE, DONE_ALWAYS, DONE_ENABLE = SR_EOP, True, 1 << 12
    ERRORS, ERROR_ENABLE = SR_PGERR | SR_WRPRTERR, 1 << 10

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        context.flash.serve_stores(self.parameters.options, OPTION_BYTES, self._stored)

    def reset(self) -> None:
        """Load the option bytes: each word holds two of them, with their complements above."""
        super().reset()
        options = self._options()
        wrong = any(options[n] ^ options[n + 1] != BYTE_MASK for n in range(0, OPTION_BYTES, 2))
        protects = options[0] != UNPROTECTED
        _, user, data_0, data_1, *protected = options[::2]
        self.values["OBR"] = (
            (OBR_OPTERR if wrong else 0)
            | (OBR_RDPRT if protects else 0)
            | user << 2
            | data_0 << 10
            | data_1 << 18
        )
        self.values["WRPR"] = int.from_bytes(bytes(protected), "little")

    def option_key_written(self, written: int, _old: int) -> None:
        """OPTKEYR: two keys in order open the options."""
        self.take_key("CR", CR_OPTWRE, OPTION_KEYS, written)

    def program(self, address: int, size_bytes: int, value: int) -> bool:
        """Halfwords alone; one that is not erased takes nothing but 0 (PM0075 "Main flash programming")."""
        if size_bytes != HALF_BYTES:
            return False
        option = 0 <= address - self.parameters.options < OPTION_BYTES
        if not self.values["CR"] & (CR_OPTPG if option else CR_PG):
            return False
        opened = (
            self.values["CR"] & CR_OPTWRE if option else not self._protects(address - self.parameters.array)
        )
        if not opened:
            self.fail(SR_WRPRTERR)
        elif value and self.old(address, HALF_BYTES) != HALF_ERASED:
            self.fail(SR_PGERR)
        else:
            complement = (~value & BYTE_MASK) << 8
            self.put(address, HALF_BYTES, value & BYTE_MASK | complement if option else value)
        return True

    def erase(self, control: int) -> None:
        """Of the option bytes, of the page at AR, or of all."""
        place = self.values["AR"] - self.parameters.array
        if control & CR_OPTER:
            if control & CR_OPTWRE:
                self.context.flash.put(self.parameters.options, ERASED * OPTION_BYTES)
                self.lasts(self.parameters.erase_ms[0] * US_A_MS)
        elif control & CR_MER:
            if self.values["WRPR"] == ALL_BITS:
                self.erase_bank(0)
            else:
                self.fail(SR_WRPRTERR)
        elif control & CR_PER and 0 <= place < KIB * self.parameters.flash_kib:
            if self._protects(place):
                self.fail(SR_WRPRTERR)
            else:
                self.erase_sector(0, place // (KIB * self.parameters.sectors_kib[0]))

    def open_lock(self, control: str, lock: int) -> None:
        """OPTWRE is set when the options are open."""
        if lock == CR_OPTWRE:
            self.set_bits(control, lock)
        else:
            super().open_lock(control, lock)

    # -- inside --------------------------------------------------------------------------------
    def _options(self) -> bytes:
        try:
            words = (self.old(self.parameters.options + n, 4) for n in range(0, OPTION_BYTES, 4))
            return b"".join(word.to_bytes(4, "little") for word in words)
        except NothingAnswers:
            return AS_DELIVERED

    def _protects(self, place: int) -> bool:
        """Whether a place in the array belongs to pages that a clear bit of WRPR protects."""
        bit = min(31, place // (OPTIONS_KIB_A_BIT * KIB))
        return not self.values["WRPR"] >> bit & 1
