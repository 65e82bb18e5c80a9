"""Flash interface of STM32L4+ and L4 (RM0432, RM0351, chapters "Embedded flash memory")."""

from __future__ import annotations

from peripherals.register_device import Register, read_only
from peripherals.stm32.flash_interface import FlashInterface

SR_FLAGS = 0xC3FB  # EOP and the error flags, cleared by writing 1
CR_OPERATIONS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 15 | 1 << 16 | 1 << 17 | 1 << 18 | 1 << 27


class FlashL4Plus(FlashInterface):
    """Flash registers of STM32L4R5 and relatives; option bytes as delivered (dual bank)."""

    REGISTERS = (
        Register(0x00, "ACR", 0x0600, writable=0x7F0F, on_write="access_control_written"),
        Register(0x04, "PDKEYR", writable=0),
        Register(0x08, "KEYR", writable=0, on_write="key_written"),
        Register(0x0C, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x10, "SR", writable=0, w1c=SR_FLAGS),
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
    OPERATIONS = CR_OPERATIONS


class FlashL4(FlashInterface):
    """Flash registers of STM32L475/L476 and relatives; option bytes as delivered."""

    REGISTERS = (
        Register(0x00, "ACR", 0x0600, writable=0x7F07, on_write="access_control_written"),
        *(row for row in FlashL4Plus.REGISTERS if 0x04 <= row.offset <= 0x18),
        read_only(0x20, "OPTR", 0xFFEFF8AA),
        read_only(0x24, "PCROP1SR", 0xFFFFFFFF),
        read_only(0x28, "PCROP1ER", 0x0FFF0000),
        read_only(0x2C, "WRP1AR", 0xFF00FFFF),
        read_only(0x30, "WRP1BR", 0xFF00FFFF),
        read_only(0x44, "PCROP2SR", 0xFFFFFFFF),
        read_only(0x48, "PCROP2ER", 0xFFFF0000),
        read_only(0x4C, "WRP2AR", 0xFF00FFFF),
        read_only(0x50, "WRP2BR", 0xFF00FFFF),
    )
    LATENCY_MASK = 0x7
    OPERATIONS = CR_OPERATIONS
