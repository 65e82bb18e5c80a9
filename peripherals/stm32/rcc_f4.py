"""Reset and clock control of STM32F4 and F7, chapters "Reset and clock control" of their manuals.

RM0090 (F405 to F439), RM0383 (F411), RM0390 (F446), RM0385 (F74x), RM0410 (F76x). Modelled: HSI, HSE, LSI,
LSE, the main PLL's P output and F446's R, ready bits of the other PLLs, prescalers, timer clocks (TIMPRE
but on F405/F407), clock switch, kernel clocks of F7's serial ports, peripheral resets, reset flags.
Not modelled: start-up times, clock gating, clock security, ready interrupts, MCO.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from peripherals.parts.ready import Ready
from peripherals.register_device import Register
from peripherals.stm32.rcc import (
    APB_PRESCALERS,
    LSI_HZ,
    RTC_CLOCK,
    Rcc,
    Selector,
    Source,
    Switch,
    bus_clocks,
    ready,
    serial_clock,
)

HSI_HZ = 16_000_000
CR_READY = 1 << 1 | 1 << 17 | 1 << 25 | 1 << 27 | 1 << 29
TIMPRE = 1 << 24


class RccF4(Rcc):
    """RCC of STM32F405/F407 and relatives."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "CR", 0x83, writable=~CR_READY & 0xFFFF00FF, on_write="clock_changed"),
        Register(0x04, "PLLCFGR", 0x24003010, on_write="clock_changed"),
        Register(0x08, "CFGR", writable=~0xC & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x0C, "CIR", writable=0x7F00),
        Register(0x10, "AHB1RSTR", on_write="peripherals_reset"),
        Register(0x14, "AHB2RSTR", on_write="peripherals_reset"),
        Register(0x18, "AHB3RSTR", on_write="peripherals_reset"),
        Register(0x20, "APB1RSTR", on_write="peripherals_reset"),
        Register(0x24, "APB2RSTR", on_write="peripherals_reset"),
        Register(0x30, "AHB1ENR", 0x00100000),
        Register(0x34, "AHB2ENR"),
        Register(0x38, "AHB3ENR"),
        Register(0x40, "APB1ENR"),
        Register(0x44, "APB2ENR"),
        Register(0x50, "AHB1LPENR", 0x7E6791FF),
        Register(0x54, "AHB2LPENR", 0x000000F1),
        Register(0x58, "AHB3LPENR", 0x00000001),
        Register(0x60, "APB1LPENR", 0x36FEC9FF),
        Register(0x64, "APB2LPENR", 0x00075F33),
        Register(0x70, "BDCR", writable=~2 & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x74, "CSR", 0x0E000000, writable=1, on_write="status_written"),
        Register(0x80, "SSCGR"),
        Register(0x84, "PLLI2SCFGR", 0x20003000),
    )
    READY: ClassVar[tuple[Ready, ...]] = (
        ready("CR", 0, 1),
        ready("CR", 16, 17, "hse"),
        ready("CR", 24, 25),
        ready("CR", 26, 27),
        ready("BDCR", 0, 1, "lse"),
        ready("CSR", 0, 1),
    )
    CLOCKS: ClassVar[tuple[str, ...]] = ("pll",)
    REMOVE_RESET_FLAGS = 1 << 24

    SWITCH = Switch(
        "CFGR", 2, 2, (Source("hsi", "CR", 0, 1), Source("hse", "CR", 16, 17), Source("pll", "CR", 24, 25))
    )
    SELECTORS: ClassVar[tuple[Selector, ...]] = (RTC_CLOCK,)
    FIXED_HZ: ClassVar[Mapping[str, int]] = {"hsi": HSI_HZ, "lsi": LSI_HZ}

    # -- the clock tree --------------------------------------------------------------------
    def plls(self, clocks: Mapping[str, int]) -> dict[str, int]:
        """The main PLL's P output."""
        return {"pll": self.main_pll(clocks, 2 * (self.field("PLLCFGR", 16, 2) + 1))}

    def main_pll(self, clocks: Mapping[str, int], divider: int) -> int:
        """(source / M) * N / P or R, the ``divider`` of an output."""
        source = clocks["hse" if self.values["PLLCFGR"] >> 22 & 1 else "hsi"]
        return source * self.field("PLLCFGR", 6, 9) // (max(1, self.field("PLLCFGR", 0, 6)) * divider)

    def buses(self, sysclk_hz: int) -> dict[str, int]:
        """AHB and both APBs."""
        fields = self.field("CFGR", 4, 4), self.field("CFGR", 10, 3), self.field("CFGR", 13, 3)
        return bus_clocks(sysclk_hz, *fields)


class RccF411(RccF4):
    """RCC of STM32F411 and F401: as F4, with TIMPRE, by which timers run at up to four times their bus."""

    REGISTERS = (*RccF4.REGISTERS, Register(0x8C, "DCKCFGR", on_write="clock_changed"))
    TIMER_PRESCALER: ClassVar[str] = "DCKCFGR"

    def buses(self, sysclk_hz: int) -> dict[str, int]:
        """As F4; with TIMPRE the timers run at hclk or four times their bus."""
        tree = super().buses(sysclk_hz)
        if self.values[self.TIMER_PRESCALER] & TIMPRE:
            for number, shift in ((1, 10), (2, 13)):
                divider = APB_PRESCALERS[self.field("CFGR", shift, 3)]
                tree[f"timpclk{number}"] = tree["hclk"] if divider <= 4 else 4 * tree[f"pclk{number}"]
        return tree


class RccF429(RccF411):
    """RCC of STM32F427/F429/F437/F439: a third PLL, for the display and audio."""

    REGISTERS = (*RccF411.REGISTERS, Register(0x88, "PLLSAICFGR", 0x24003000))
    READY = (*RccF4.READY, ready("CR", 28, 29))


class RccF446(RccF429):
    """RCC of STM32F446: the main PLL's R output can be the system clock, too."""

    REGISTERS = (
        *RccF429.REGISTERS,
        Register(0x90, "CKGATENR"),
        Register(0x94, "DCKCFGR2", on_write="clock_changed"),
    )
    CLOCKS = ("pll", "pll_r")
    SWITCH = Switch(
        "CFGR",
        2,
        2,
        (*RccF4.SWITCH.sources, Source("pll_r", "CR", 24, 25)),
    )

    def plls(self, clocks: Mapping[str, int]) -> dict[str, int]:
        """Also the R output."""
        return {**super().plls(clocks), "pll_r": self.main_pll(clocks, max(2, self.field("PLLCFGR", 28, 3)))}


class RccF7(RccF411):
    """RCC of STM32F746 and relatives: with PLLSAI and kernel clock selection."""

    REGISTERS = (
        *RccF4.REGISTERS,
        Register(0x88, "PLLSAICFGR", 0x20003000),
        Register(0x8C, "DCKCFGR1", on_write="clock_changed"),
        Register(0x90, "DCKCFGR2", on_write="clock_changed"),
    )
    READY = (*RccF4.READY, ready("CR", 28, 29))
    TIMER_PRESCALER = "DCKCFGR1"
    SELECTORS = (
        serial_clock("usart1", "DCKCFGR2", 0, "pclk2", "hsi"),
        serial_clock("usart2", "DCKCFGR2", 2, "pclk1", "hsi"),
        serial_clock("usart3", "DCKCFGR2", 4, "pclk1", "hsi"),
        serial_clock("uart4", "DCKCFGR2", 6, "pclk1", "hsi"),
        serial_clock("uart5", "DCKCFGR2", 8, "pclk1", "hsi"),
        serial_clock("usart6", "DCKCFGR2", 10, "pclk2", "hsi"),
        serial_clock("uart7", "DCKCFGR2", 12, "pclk1", "hsi"),
        serial_clock("uart8", "DCKCFGR2", 14, "pclk1", "hsi"),
        *(serial_clock(f"i2c{n + 1}", "DCKCFGR2", 16 + 2 * n, "pclk1", "hsi", last="") for n in range(4)),
        Selector("lptim1", "DCKCFGR2", 24, 2, ("pclk1", "lsi", "hsi", "lse")),
        RTC_CLOCK,
    )
