"""Power control of STM32F4 (RM0090) and F7 (RM0385), chapters "Power controller".

The regulator is always ready; what firmware switches on besides is ready at once.
"""

from __future__ import annotations

from typing import ClassVar

from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import Register

VOSRDY, BRR, BRE = 1 << 14, 1 << 3, 1 << 9
CR1_ODEN, CR1_ODSWEN = 1 << 16, 1 << 17
CSR1_ODRDY, CSR1_ODSWRDY = 1 << 16, 1 << 17


class PwrF4(ReadyDevice):
    """PWR of STM32F405/F407."""

    REGISTERS = (
        Register(0x00, "CR", 0x4000, writable=0x43F3),
        Register(0x04, "CSR", VOSRDY, writable=0x0300),
    )
    READY: ClassVar[tuple[Ready, ...]] = (Ready("CSR", BRR, "CSR", BRE),)


class PwrF411(PwrF4):
    """PWR of STM32F411 and F401 (RM0383, RM0368): three voltage scales."""

    REGISTERS = (
        Register(0x00, "CR", 0x8000, writable=0x30EFF3),
        Register(0x04, "CSR", VOSRDY, writable=0x0300),
    )


class PwrF429(PwrF4):
    """PWR of STM32F427 to F439 and F446 (RM0090, RM0390): three voltage scales and over-drive."""

    REGISTERS = (
        Register(0x00, "CR", 0xC000, writable=0xFEFF3),
        Register(0x04, "CSR", VOSRDY, writable=0x0300),
    )
    READY = (
        Ready("CSR", BRR, "CSR", BRE),
        Ready("CSR", CSR1_ODRDY, "CR", CR1_ODEN),
        Ready("CSR", CSR1_ODSWRDY, "CR", CR1_ODSWEN),
    )


class PwrF7(ReadyDevice):
    """PWR of STM32F746."""

    REGISTERS = (
        Register(0x00, "CR1", 0xC000, writable=0xFEFF3),
        Register(0x04, "CSR1", VOSRDY, writable=0x0300),
        Register(0x08, "CR2", writable=0x3F00),
        Register(0x0C, "CSR2", writable=0x3F00),
    )
    READY = (
        Ready("CSR1", BRR, "CSR1", BRE),
        Ready("CSR1", CSR1_ODRDY, "CR1", CR1_ODEN),
        Ready("CSR1", CSR1_ODSWRDY, "CR1", CR1_ODSWEN),
    )
