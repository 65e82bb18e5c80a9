"""Reset and clock control of STM32L4+ and L4 (RM0432, RM0351, chapters "Reset and clock control").

Modelled: MSI ranges, HSI16, HSE, LSI, LSE, HSI48, the main PLL and both SAI PLLs' ready
bits, prescalers, clock switch, kernel clocks of the serial ports, peripheral resets, reset
flags. Not modelled: start-up times, clock gating, clock security, ready interrupts, MCO.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from peripherals.parts.ready import Ready
from peripherals.register_device import Register, read_only
from peripherals.stm32.rcc import (
    LSI_HZ,
    Rcc,
    Selector,
    Source,
    Switch,
    bus_clocks,
    ready,
    serial_clock,
)

MSI_RANGES_HZ = (
    *(100_000, 200_000, 400_000, 800_000, 1_000_000, 2_000_000),
    *(4_000_000, 8_000_000, 16_000_000, 24_000_000, 32_000_000, 48_000_000),
)
HSI16_HZ = 16_000_000
HSE_RTC_DIVIDER = 32
CR_MSIRGSEL = 1 << 3
CR_READY = 1 << 1 | 1 << 10 | 1 << 17 | 1 << 25 | 1 << 27 | 1 << 29
PLL_SOURCES = ("", "msi", "hsi16", "hse")


class RccL4Plus(Rcc):
    """RCC of STM32L4R5/L4S5 and relatives."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "CR", 0x63, writable=~CR_READY & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x04, "ICSCR", 0x40000000, writable=0x7F00FF00),
        Register(0x08, "CFGR", writable=0x7F00BFF3, on_write="clock_changed"),
        Register(0x0C, "PLLCFGR", 0x1000, writable=0xFF737FF3, on_write="clock_changed"),
        Register(0x10, "PLLSAI1CFGR", 0x1000),
        Register(0x14, "PLLSAI2CFGR", 0x1000),
        Register(0x18, "CIER"),
        read_only(0x1C, "CIFR"),
        Register(0x20, "CICR", writable=0),
        Register(0x28, "AHB1RSTR", on_write="peripherals_reset"),
        Register(0x2C, "AHB2RSTR", on_write="peripherals_reset"),
        Register(0x30, "AHB3RSTR", on_write="peripherals_reset"),
        Register(0x38, "APB1RSTR1", on_write="peripherals_reset"),
        Register(0x3C, "APB1RSTR2", on_write="peripherals_reset"),
        Register(0x40, "APB2RSTR", on_write="peripherals_reset"),
        Register(0x48, "AHB1ENR", 0x100),
        Register(0x4C, "AHB2ENR"),
        Register(0x50, "AHB3ENR"),
        Register(0x58, "APB1ENR1", 0x400),
        Register(0x5C, "APB1ENR2"),
        Register(0x60, "APB2ENR"),
        Register(0x68, "AHB1SMENR", 0x00031307),
        Register(0x6C, "AHB2SMENR", 0x005777FF),
        Register(0x70, "AHB3SMENR", 0x00000301),
        Register(0x78, "APB1SMENR1", 0xF3FECC3F),
        Register(0x7C, "APB1SMENR2", 0x00000023),
        Register(0x80, "APB2SMENR", 0x01677C01),
        Register(0x88, "CCIPR", on_write="clock_changed"),
        Register(0x90, "BDCR", writable=~2 & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x94, "CSR", 0x0C000600, writable=0x00000F11, on_write="status_written"),
        Register(0x98, "CRRCR", writable=~2 & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x9C, "CCIPR2", on_write="clock_changed"),
        Register(0xA4, "DLYCFGR"),
    )
    READY: ClassVar[tuple[Ready, ...]] = (
        ready("CR", 0, 1),
        ready("CR", 8, 10),
        ready("CR", 16, 17, "hse"),
        ready("CR", 24, 25),
        ready("CR", 26, 27),
        ready("CR", 28, 29),
        ready("BDCR", 0, 1, "lse"),
        ready("CSR", 0, 1),
        ready("CRRCR", 0, 1),
    )
    SELECTORS = (
        serial_clock("usart1", "CCIPR", 0, "pclk2"),
        serial_clock("usart2", "CCIPR", 2, "pclk1"),
        serial_clock("usart3", "CCIPR", 4, "pclk1"),
        serial_clock("uart4", "CCIPR", 6, "pclk1"),
        serial_clock("uart5", "CCIPR", 8, "pclk1"),
        serial_clock("lpuart1", "CCIPR", 10, "pclk1"),
        *(serial_clock(f"i2c{n + 1}", "CCIPR", 12 + 2 * n, "pclk1", last="") for n in range(3)),
        serial_clock("i2c4", "CCIPR2", 0, "pclk1", last=""),
        Selector("lptim1", "CCIPR", 18, 2, ("pclk1", "lsi", "hsi16", "lse")),
        Selector("lptim2", "CCIPR", 20, 2, ("pclk1", "lsi", "hsi16", "lse")),
        Selector("rtc", "BDCR", 8, 2, ("", "lse", "lsi", "hse_rtc")),
    )
    CLOCKS = ("msi", "hsi16", "hse_rtc", "pll")
    ALL_RESET_FLAGS = 0xFF000000

    SWITCH = Switch(
        "CFGR",
        2,
        2,
        (
            Source("msi", "CR", 0, 1),
            Source("hsi16", "CR", 8, 10),
            Source("hse", "CR", 16, 17),
            Source("pll", "CR", 24, 25),
        ),
    )

    # -- the clock tree --------------------------------------------------------------------
    def oscillators(self) -> dict[str, int]:
        """MSI by its range register (or, after reset, by CSR), HSI16, and the RTC's share of HSE."""
        by_control = self.values["CR"] & CR_MSIRGSEL
        msi_range = self.field("CR", 4, 4) if by_control else self.field("CSR", 8, 4)
        return {
            "msi": MSI_RANGES_HZ[min(msi_range, len(MSI_RANGES_HZ) - 1)],
            "hsi16": HSI16_HZ,
            "hse_rtc": self.hse_hz // HSE_RTC_DIVIDER,
        }

    def plls(self, clocks: Mapping[str, int]) -> dict[str, int]:
        """(source / M) * N / R."""
        source = clocks.get(PLL_SOURCES[self.field("PLLCFGR", 0, 2)], 0)
        divider = (self.field("PLLCFGR", 4, 4) + 1) * 2 * (self.field("PLLCFGR", 25, 2) + 1)
        return {"pll": source * self.field("PLLCFGR", 8, 7) // divider}

    def buses(self, sysclk_hz: int) -> dict[str, int]:
        """AHB and both APBs."""
        fields = self.field("CFGR", 4, 4), self.field("CFGR", 8, 3), self.field("CFGR", 11, 3)
        return bus_clocks(sysclk_hz, *fields)


L4_RESETS = {
    "ICSCR": 0x10000000,
    "APB1ENR1": 0,
    "AHB1SMENR": 0x00011303,
    "AHB2SMENR": 0x000532FF,
    "AHB3SMENR": 0x00000101,
    "APB1SMENR1": 0xF2FECA3F,
    "APB1SMENR2": 0x00000025,
}
NOT_IN_L4 = ("CRRCR", "CCIPR2", "DLYCFGR")


class RccL4(RccL4Plus):
    """RCC of STM32L475/L476 and relatives: no HSI48, three bits of PLLM."""

    REGISTERS = tuple(
        replace(row, reset=L4_RESETS.get(row.name, row.reset))
        for row in RccL4Plus.REGISTERS
        if row.name not in NOT_IN_L4
    )
    READY = tuple(row for row in RccL4Plus.READY if row.status not in NOT_IN_L4)
    SELECTORS = tuple(row for row in RccL4Plus.SELECTORS if row.register not in NOT_IN_L4)
    FIXED_HZ: ClassVar[Mapping[str, int]] = {"lsi": LSI_HZ}
