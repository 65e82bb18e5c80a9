"""Flash interface of STM32G0 (RM0444, chapter "Embedded flash memory")."""

from __future__ import annotations

from peripherals.register_device import Register, read_only
from peripherals.stm32.flash_interface import FlashInterface

SR_FLAGS = 0xC3FB  # EOP and the error flags, cleared by writing 1
CR_OPERATIONS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 15 | 1 << 16 | 1 << 17 | 1 << 18 | 1 << 27


class FlashG0(FlashInterface):
    """Flash registers of STM32G0B1 and relatives; option bytes as delivered."""

    REGISTERS = (
        Register(0x00, "ACR", 0x00040600, writable=0x50B07, on_write="access_control_written"),
        Register(0x08, "KEYR", writable=0, on_write="key_written"),
        Register(0x0C, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x10, "SR", writable=0, w1c=SR_FLAGS),
        Register(0x14, "CR", 0xC0000000, on_write="control_written"),
        Register(0x18, "ECCR", writable=1 << 24, w1c=0xC0000000),
        Register(0x1C, "ECC2R", writable=1 << 24, w1c=0xC0000000),
        read_only(0x20, "OPTR", 0x3FEFFEAA),
        *(read_only(0x24 + 4 * i, f"PROT{i}") for i in range(6)),
        *(read_only(0x44 + 4 * i, f"PROT{i + 6}") for i in range(6)),
        read_only(0x80, "SECR"),
    )
    LATENCY_MASK = 0x7
    DATA_CACHE_BIT = -1
    DATA_RESET_BIT = -1
    OPERATIONS = CR_OPERATIONS
