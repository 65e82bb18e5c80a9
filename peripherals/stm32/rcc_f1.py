"""Reset and clock control of STM32F101/F102/F103 (RM0008, chapter "Reset and clock control").

Modelled: HSI, HSE, LSI, LSE, the PLL, prescalers, timer clocks, clock switch, peripheral resets, reset
flags. Not modelled: start-up times, clock gating, clock security, ready interrupts, MCO.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from peripherals.register_device import Register
from peripherals.stm32.rcc import RTC_CLOCK, Rcc, Source, Switch, bus_clocks, ready

HSI_HZ, LSI_HZ = 8_000_000, 40_000
CR_READY = 1 << 1 | 1 << 17 | 1 << 25
CFGR_PLLSRC, CFGR_PLLXTPRE = 1 << 16, 1 << 17
LEAST_FACTOR, MOST_FACTOR = 2, 16


class RccF1(Rcc):
    """RCC of STM32F103 and relatives without a second PLL."""

    REGISTERS = (
        Register(0x00, "CR", 0x83, writable=~CR_READY & 0x010F00F9, on_write="clock_changed"),
        Register(0x04, "CFGR", writable=0x077FFFF3, on_write="clock_changed"),
        Register(0x08, "CIR", writable=0x1F00),
        Register(0x0C, "APB2RSTR", on_write="peripherals_reset"),
        Register(0x10, "APB1RSTR", on_write="peripherals_reset"),
        Register(0x14, "AHBENR", 0x14),
        Register(0x18, "APB2ENR"),
        Register(0x1C, "APB1ENR"),
        Register(0x20, "BDCR", writable=~2 & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x24, "CSR", 0x0C000000, writable=1, on_write="status_written"),
    )
    READY = (
        ready("CR", 0, 1),
        ready("CR", 16, 17, "hse"),
        ready("CR", 24, 25),
        ready("BDCR", 0, 1, "lse"),
        ready("CSR", 0, 1),
    )
    SELECTORS = (RTC_CLOCK,)
    CLOCKS = ("pll",)
    REMOVE_RESET_FLAGS = 1 << 24
    ALL_RESET_FLAGS = 0xFC000000
    SWITCH = Switch(
        "CFGR", 2, 2, (Source("hsi", "CR", 0, 1), Source("hse", "CR", 16, 17), Source("pll", "CR", 24, 25))
    )
    FIXED_HZ: ClassVar[Mapping[str, int]] = {"hsi": HSI_HZ, "lsi": LSI_HZ}

    # -- the clock tree --------------------------------------------------------------------
    def plls(self, clocks: Mapping[str, int]) -> dict[str, int]:
        """HSI / 2, or HSE or its half, times 2 to 16."""
        from_crystal = self.values["CFGR"] & CFGR_PLLSRC
        source = clocks["hse"] if from_crystal else clocks["hsi"] // 2
        if from_crystal and self.values["CFGR"] & CFGR_PLLXTPRE:
            source //= 2
        factor = min(self.field("CFGR", 18, 4) + LEAST_FACTOR, MOST_FACTOR)
        return {"pll": source * factor}

    def buses(self, sysclk_hz: int) -> dict[str, int]:
        """AHB and both APBs."""
        fields = self.field("CFGR", 4, 4), self.field("CFGR", 8, 3), self.field("CFGR", 11, 3)
        return bus_clocks(sysclk_hz, *fields)
