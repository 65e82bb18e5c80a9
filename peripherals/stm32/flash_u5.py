"""Flash interfaces of STM32U5 (RM0456) and U3 (RM0487), chapters "Embedded flash memory".

The caches are a device of their own, :mod:`peripherals.stm32.icache`.
"""

from __future__ import annotations

from peripherals.register_device import Register, read_only
from peripherals.stm32.flash_interface import FlashInterface

SR_FLAGS = 0x20FB
CR_OPERATIONS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 17 | 1 << 27
OPTIONS = 0x1FEFF8AA


class _WithoutCaches(FlashInterface):
    """ACR of both families: wait states and prefetch alone."""

    INSTRUCTION_CACHE_BIT = -1
    INSTRUCTION_RESET_BIT = -1
    DATA_CACHE_BIT = -1
    DATA_RESET_BIT = -1
    OPERATIONS = CR_OPERATIONS


class FlashU5(_WithoutCaches):
    """Flash registers of STM32U575 and U585."""

    REGISTERS = (
        Register(0x00, "ACR", 0x0001, writable=0x790F, on_write="access_control_written"),
        Register(0x08, "NSKEYR", writable=0, on_write="key_written"),
        Register(0x0C, "SECKEYR", writable=0),
        Register(0x10, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x18, "PDKEY1R", writable=0),
        Register(0x1C, "PDKEY2R", writable=0),
        Register(0x20, "NSSR", writable=0, w1c=SR_FLAGS),
        Register(0x24, "SECSR", writable=0, w1c=SR_FLAGS),
        Register(0x28, "NSCR", 0xC0000000, on_write="control_written"),
        read_only(0x2C, "SECCR", 0x80000000),
        Register(0x30, "ECCR"),
        read_only(0x34, "OPSR"),
        read_only(0x40, "OPTR", OPTIONS),
        read_only(0x44, "NSBOOTADD0R", 0x08000000),
        read_only(0x48, "NSBOOTADD1R", 0x0BF90000),
        read_only(0x50, "SECWM1R1", 0xFF00FF00),
        read_only(0x58, "WRP1AR", 0xFF00FFFF),
        read_only(0x60, "SECWM2R1", 0xFF00FF00),
    )
    CONTROL = "NSCR"


class FlashU3(_WithoutCaches):
    """Flash registers of STM32U375 and U385."""

    REGISTERS = (
        Register(0x00, "ACR", 0x0001, writable=0x790F, on_write="access_control_written"),
        Register(0x08, "KEYR", writable=0, on_write="key_written"),
        Register(0x0C, "SKEYR", writable=0),
        Register(0x10, "OPTKEYR", writable=0, on_write="option_key_written"),
        Register(0x18, "PDKEY1R", writable=0),
        Register(0x1C, "PDKEY2R", writable=0),
        Register(0x20, "SR", writable=0, w1c=SR_FLAGS),
        Register(0x24, "SSR", writable=0, w1c=SR_FLAGS),
        Register(0x28, "CR", 0xC0000000, on_write="control_written"),
        read_only(0x2C, "SCR", 0x80000000),
        Register(0x30, "ECCCR"),
        Register(0x34, "ECCDR"),
        read_only(0x38, "OPSR"),
        read_only(0x40, "OPTR", OPTIONS),
        read_only(0x44, "BOOT0R", 0x08000000),
        read_only(0x48, "BOOT1R", 0x0BF90000),
        read_only(0x50, "SECWM1R1", 0xFF00FF00),
        read_only(0x58, "WRP1AR", 0xFF00FFFF),
        read_only(0x60, "SECWM2R1", 0xFF00FF00),
    )
