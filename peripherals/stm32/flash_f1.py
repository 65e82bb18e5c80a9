"""Flash interface of STM32F10x (PM0075, "Flash memory programming"; RM0008, FLASH_ACR)."""

from __future__ import annotations

from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import Register, read_only
from peripherals.stm32.flash_interface import OPTION_KEYS
from peripherals.stm32.programmed_flash import KIB, ProgrammedFlash

ACR_PRFTBE, ACR_PRFTBS = 1 << 4, 1 << 5
SR_PGERR, SR_WRPRTERR, SR_EOP = 1 << 2, 1 << 4, 1 << 5
CR_PG, CR_PER, CR_MER, CR_OPTPG, CR_OPTER, CR_STRT = (1 << n for n in (0, 1, 2, 4, 5, 6))
CR_LOCK, CR_OPTWRE = 1 << 7, 1 << 9
HALF_BYTES, HALF_ERASED = 2, 0xFFFF
CR_WRITABLE = CR_PG | CR_PER | CR_MER | CR_OPTPG | CR_OPTER | CR_STRT | CR_LOCK | 0x1400


class FlashF1(ReadyDevice, ProgrammedFlash):
    """Flash registers of STM32F103 up to 512 KB: one bank, a prefetch buffer, no caches."""

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
    OPERATIONS = CR_OPTPG | CR_OPTER
    START, BUSY = CR_STRT, 1 << 0
    DONE, DONE_ALWAYS, DONE_ENABLE = SR_EOP, True, 1 << 12
    ERRORS, ERROR_ENABLE = SR_PGERR | SR_WRPRTERR, 1 << 10

    def option_key_written(self, written: int, _old: int) -> None:
        """OPTKEYR: two keys in order open the options."""
        self.take_key("CR", CR_OPTWRE, OPTION_KEYS, written)

    def program(self, address: int, size_bytes: int, value: int) -> bool:
        """Halfwords alone; one that is not erased takes nothing but 0 (PM0075 "Main flash programming")."""
        if size_bytes != HALF_BYTES or not self.values["CR"] & CR_PG:
            return False
        if value and self.old(address, HALF_BYTES) != HALF_ERASED:
            self.fail(SR_PGERR)
        else:
            self.put(address, HALF_BYTES, value)
        return True

    def erase(self, control: int) -> None:
        """Of the page at AR, or of all."""
        if control & CR_MER:
            self.erase_bank(0)
        elif control & CR_PER:
            page_bytes = KIB * self.parameters.sectors_kib[0]
            self.erase_sector(0, (self.values["AR"] - self.parameters.array) // page_bytes)

    def open_lock(self, control: str, lock: int) -> None:
        """OPTWRE is set when the options are open."""
        if lock == CR_OPTWRE:
            self.set_bits(control, lock)
        else:
            super().open_lock(control, lock)
