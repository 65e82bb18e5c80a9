"""Reset and clock control of STM32G0 (RM0444, chapter "Reset and clock control").

Modelled: HSI16 with its divider, HSE, LSI, LSE, HSI48, the PLL's R output, prescalers,
clock switch, kernel clocks of the serial ports, peripheral resets, reset flags. Not
modelled: start-up times, clock gating, clock security, ready interrupts, MCO.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from peripherals.register_device import Register, read_only
from peripherals.stm32.rcc import HSI48_HZ, LSI_HZ, Rcc, Ready, Selector, bus_clocks

HSI16_HZ = 16_000_000
CR_READY = 1 << 10 | 1 << 17 | 1 << 23 | 1 << 25
SYSTEM_CLOCKS = ("hsisys", "hse", "pll", "lsi", "lse")
SYSTEM_READY = (("CR", 10), ("CR", 17), ("CR", 25), ("CSR", 1), ("BDCR", 1))
PLL_SOURCES = ("", "", "hsi16", "hse")


def _serial(clock: str, shift: int) -> Selector:
    return Selector(clock, "CCIPR", shift, 2, ("pclk1", "sysclk", "hsi16", "lse"))


class RccG0(Rcc):
    """RCC of STM32G0B1 and relatives. All of its peripherals are on one APB, "pclk1"."""

    REGISTERS = (
        Register(0x00, "CR", 0x500, writable=~CR_READY & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x04, "ICSCR", 0x4000, writable=0x7F00),
        Register(0x08, "CFGR", writable=0xFFFF7F07, on_write="clock_changed"),
        Register(0x0C, "PLLCFGR", 0x1000, on_write="clock_changed"),
        Register(0x14, "CRRCR", 0x0),
        Register(0x18, "CIER"),
        read_only(0x1C, "CIFR"),
        Register(0x20, "CICR", writable=0),
        Register(0x24, "IOPRSTR", on_write="peripherals_reset"),
        Register(0x28, "AHBRSTR", on_write="peripherals_reset"),
        Register(0x2C, "APBRSTR1", on_write="peripherals_reset"),
        Register(0x30, "APBRSTR2", on_write="peripherals_reset"),
        Register(0x34, "IOPENR"),
        Register(0x38, "AHBENR", 0x100),
        Register(0x3C, "APBENR1"),
        Register(0x40, "APBENR2"),
        Register(0x44, "IOPSMENR", 0x3F),
        Register(0x48, "AHBSMENR", 0x00051303),
        Register(0x4C, "APBSMENR1", 0xFFFFFFB7),
        Register(0x50, "APBSMENR2", 0x0017D801),
        Register(0x54, "CCIPR", on_write="clock_changed"),
        Register(0x58, "CCIPR2", on_write="clock_changed"),
        Register(0x5C, "BDCR", writable=~2 & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x60, "CSR", 0x0C000000, writable=0x1, on_write="status_written"),
    )
    READY = (
        Ready("CR", 8, 10),
        Ready("CR", 16, 17, "hse"),
        Ready("CR", 22, 23),
        Ready("CR", 24, 25),
        Ready("BDCR", 0, 1, "lse"),
        Ready("CSR", 0, 1),
    )
    SELECTORS = (
        _serial("usart1", 0),
        _serial("usart2", 2),
        _serial("usart3", 4),
        _serial("lpuart2", 8),
        _serial("lpuart1", 10),
        Selector("lptim1", "CCIPR", 18, 2, ("pclk1", "lsi", "hsi16", "lse")),
        Selector("lptim2", "CCIPR", 20, 2, ("pclk1", "lsi", "hsi16", "lse")),
        Selector("rtc", "BDCR", 8, 2, ("", "lse", "lsi", "hse_rtc")),
    )
    RESET_FLAGS: ClassVar[Mapping[str, int]] = {"software": 28, "iwdg": 29, "wwdg": 30}

    # -- the clock tree --------------------------------------------------------------------
    def oscillators(self) -> dict[str, int]:
        """HSI16 and its divided output, and the fixed ones."""
        return {
            "hsi16": HSI16_HZ,
            "hsisys": HSI16_HZ >> self.field("CR", 11, 3),
            "hse": self.hse_hz,
            "hse_rtc": self.hse_hz // 32,
            "lsi": LSI_HZ,
            "lse": self.lse_hz,
            "hsi48": HSI48_HZ,
        }

    def switch_system_clock(self) -> None:
        """SWS follows SW if that source is ready."""
        wanted = self.field("CFGR", 0, 3)
        if wanted < len(SYSTEM_CLOCKS):
            register, bit = SYSTEM_READY[wanted]
            if self.values[register] >> bit & 1:
                self.put_field("CFGR", 3, 3, wanted)

    def tree(self, clocks: dict[str, int]) -> dict[str, int]:
        """PLL as (source / M) * N / R, then the prescalers."""
        source = clocks.get(PLL_SOURCES[self.field("PLLCFGR", 0, 2)], 0)
        divider = (self.field("PLLCFGR", 4, 3) + 1) * (self.field("PLLCFGR", 29, 3) + 1)
        clocks["pll"] = source * self.field("PLLCFGR", 8, 7) // divider
        sysclk = clocks[SYSTEM_CLOCKS[self.field("CFGR", 3, 3)]]
        return bus_clocks(sysclk, self.field("CFGR", 8, 4), self.field("CFGR", 12, 3))
