"""Flash interface of STM32L4+ and L4 (RM0432, RM0351, chapters "Embedded flash memory")."""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.register_device import Register, read_only
from peripherals.stm32.programmed_flash import ProgrammedFlash

SR_PROGERR, SR_PGAERR, SR_SIZERR, SR_PGSERR = 1 << 3, 1 << 5, 1 << 6, 1 << 7
CR_PG, CR_PER, CR_MER1, CR_BKER, CR_MER2 = 1 << 0, 1 << 1, 1 << 2, 1 << 11, 1 << 15
CR_PNB_SHIFT, CR_PNB_MASK = 3, 0xFF
WORD_BYTES, UNIT_BYTES, UNIT_ERASED = 4, 8, 0xFFFFFFFF_FFFFFFFF
SR_FLAGS = 0xC3FB  # EOP and the error flags, cleared by writing 1
CR_OPERATIONS = 1 << 17 | 1 << 18 | 1 << 27  # option bytes, fast programming


class PageFlash(ProgrammedFlash):
    """What L4 and L4+ program alike: double words, as two words, and pages by number."""

    STATE = (*ProgrammedFlash.STATE, "_first")
    ERRORS = 0xC3FA
    OPERATIONS = CR_OPERATIONS

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._first: tuple[int, int] | None = None  # address and value of a double word's first half

    def reset(self) -> None:
        """Lock; no half has come."""
        super().reset()
        self._first = None

    def program(self, address: int, size_bytes: int, value: int) -> bool:
        """Two words in order; what is not erased takes only 0 (RM0351 "Standard programming")."""
        first, self._first = self._first, None
        if not self.values["CR"] & CR_PG:
            self.fail(SR_PGSERR)
        elif size_bytes != WORD_BYTES:
            self.fail(SR_SIZERR)
        elif address % UNIT_BYTES == 0:
            self._first = address, value
        elif first is None or first[0] + WORD_BYTES != address:
            self.fail(SR_PGAERR)
        else:
            self._program_unit(first[0], value << 32 | first[1])
        return True

    def erase(self, control: int) -> None:
        """Of the page PNB of the bank BKER, or of banks."""
        if control & (CR_MER1 | CR_MER2):
            for bank, bit in enumerate((CR_MER1, CR_MER2)):
                if control & bit:
                    self.erase_bank(bank)
        elif control & CR_PER:
            number = control >> CR_PNB_SHIFT & CR_PNB_MASK
            if not self.erase_sector(int(bool(control & CR_BKER)), number):
                self.fail(SR_PGSERR)

    def _program_unit(self, address: int, value: int) -> None:
        low, high = (self.old(address + at, WORD_BYTES) for at in (0, WORD_BYTES))
        if value and high << 32 | low != UNIT_ERASED:
            self.fail(SR_PROGERR)
        else:
            self.put(address, UNIT_BYTES, value)


class FlashL4Plus(PageFlash):
    """Flash registers of STM32L4R5 and relatives; option bytes as delivered (dual bank)."""

    REGISTERS = (
        Register(0x00, "ACR", 0x0600, writable=0x7F0F, on_write="access_control_written"),
        Register(0x04, "PDKEYR", writable=0),
        Register(0x08, "KEYR", writable=0, on_write="key_written"),
        Register(0x0C, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x10, "SR", writable=0, w1c=SR_FLAGS, on_write="status_written"),
        Register(0x14, "CR", 0xC0000000, on_write="control_written"),
        Register(0x18, "ECCR", writable=1 << 24, w1c=0xF0000000),
        read_only(0x20, "OPTR", 0xFFEFF8AA),
        read_only(0x24, "PCROP1SR", 0xFFFFFFFF),
        read_only(0x28, "PCROP1ER", 0x0FFF0000),
        read_only(0x2C, "WRP1AR", 0xFF00FFFF),
        read_only(0x30, "WRP1BR", 0xFF00FFFF),
        read_only(0x44, "PCROP2SR", 0xFFFFFFFF),
        read_only(0x48, "PCROP2ER", 0x0FFF0000),
        read_only(0x4C, "WRP2AR", 0xFF00FFFF),
        read_only(0x50, "WRP2BR", 0xFF00FFFF),
        Register(0x130, "CFGR", writable=1),
    )


class FlashL4(PageFlash):
    """Flash registers of STM32L475/L476 and relatives; option bytes as delivered."""

    REGISTERS = (
        Register(0x00, "ACR", 0x0600, writable=0x7F07, on_write="access_control_written"),
        *(row for row in FlashL4Plus.REGISTERS if row.name not in ("ACR", "PCROP2ER", "CFGR")),
        read_only(0x48, "PCROP2ER", 0xFFFF0000),
    )
    LATENCY_MASK = 0x7
