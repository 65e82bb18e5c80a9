"""Reset and clock control of STM32H742/743/753/750 (RM0433, chapter "Reset and clock control").

The block of H7A3 with three domains in place of two. Registers for what the core may reset and enable stand
at two places: for the core that asks, and from 0x130 on for the Cortex-M7, the one core of these chips.
"""

from __future__ import annotations

from dataclasses import replace

from peripherals.register_device import Register
from peripherals.stm32.rcc import RTC_CLOCK
from peripherals.stm32.rcc_h7a3 import RccH7A3, bus_selectors, serial_selectors

OF_THIS_CORE, OF_THE_M7, SHARED_BYTES = 0xD0, 0x130, 0x50
NAMES = {
    "CDCFGR1": "D1CFGR",
    "CDCFGR2": "D2CFGR",
    "SRDCFGR": "D3CFGR",
    "CDCCIPR": "D1CCIPR",
    "CDCCIP1R": "D2CCIP1R",
    "CDCCIP2R": "D2CCIP2R",
    "SRDCCIPR": "D3CCIPR",
    "SRDAMR": "D3AMR",
}


def _moved(row: Register) -> Register:
    offset = row.offset - (OF_THE_M7 - OF_THIS_CORE if row.offset >= OF_THE_M7 else 0)
    return replace(row, offset=offset, name=NAMES.get(row.name, row.name))


class RccH743(RccH7A3):
    """RCC of the single-core chips up to 480 MHz."""

    CORE_DIVIDERS, BUS_DIVIDERS, LAST_DIVIDER = "D1CFGR", "D2CFGR", "D3CFGR"
    REGISTERS = (
        *(_moved(row) for row in RccH7A3.REGISTERS if row.name != "CKGAENR"),
        Register(0xA0, "GCR"),
    )
    SELECTORS = (
        *serial_selectors(("usart2", "usart3", "uart4", "uart5", "uart7", "uart8"), "D2CCIP2R", 0, "pclk1"),
        *serial_selectors(("usart1", "usart6"), "D2CCIP2R", 3, "pclk2"),
        *serial_selectors(("lpuart1",), "D3CCIPR", 0, "pclk4"),
        *bus_selectors("D2CCIP1R", "D2CCIP2R", "D3CCIPR"),
        RTC_CLOCK,
    )

    def read(self, offset: int, size_bytes: int) -> int:
        """Load; the M7's own place is the core's."""
        return super().read(_place(offset), size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store; the M7's own place is the core's."""
        super().write(_place(offset), size_bytes, value)


def _place(offset: int) -> int:
    own = OF_THE_M7 <= offset < OF_THE_M7 + SHARED_BYTES
    return offset - OF_THE_M7 + OF_THIS_CORE if own else offset
