"""Flash interface of STM32F10x (PM0075, "Flash memory programming"; RM0008, FLASH_ACR)."""

from __future__ import annotations

from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import Register, read_only
from peripherals.stm32.flash_interface import OPTION_KEYS, FlashInterface

ACR_PRFTBE, ACR_PRFTBS = 1 << 4, 1 << 5
SR_PGERR, SR_WRPRTERR, SR_EOP = 1 << 2, 1 << 4, 1 << 5
CR_PG, CR_PER, CR_MER, CR_OPTPG, CR_OPTER, CR_STRT = (1 << n for n in (0, 1, 2, 4, 5, 6))
CR_LOCK, CR_OPTWRE = 1 << 7, 1 << 9
CR_WRITABLE = CR_PG | CR_PER | CR_MER | CR_OPTPG | CR_OPTER | CR_STRT | CR_LOCK | 0x1400


class FlashF1(ReadyDevice, FlashInterface):
    """Flash registers of STM32F103 up to 512 KB: one bank, a prefetch buffer, no caches."""

    REGISTERS = (
        Register(0x00, "ACR", ACR_PRFTBE | ACR_PRFTBS, writable=0x1F, on_write="access_control_written"),
        Register(0x04, "KEYR", writable=0, on_write="key_written"),
        Register(0x08, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x0C, "SR", writable=0, w1c=SR_PGERR | SR_WRPRTERR | SR_EOP),
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
    OPERATIONS = CR_PG | CR_PER | CR_MER | CR_OPTPG | CR_OPTER | CR_STRT

    def option_key_written(self, written: int, _old: int) -> None:
        """OPTKEYR: two keys in order open the options."""
        self.take_key("CR", CR_OPTWRE, OPTION_KEYS, written)

    def open_lock(self, control: str, lock: int) -> None:
        """OPTWRE is set when the options are open."""
        if lock == CR_OPTWRE:
            self.set_bits(control, lock)
        else:
            super().open_lock(control, lock)
