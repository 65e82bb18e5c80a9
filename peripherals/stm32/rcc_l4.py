"""Reset and clock control of STM32L4+ (RM0432, chapter "Reset and clock control").

Modelled: MSI ranges, HSI16, HSE, LSI, LSE, HSI48, the main PLL and both SAI PLLs' ready
bits, prescalers, clock switch, kernel clocks of the serial ports, peripheral resets, reset
flags. Not modelled: start-up times, clock gating, clock security, ready interrupts, MCO.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from peripherals.register_device import Register, read_only
from peripherals.stm32.rcc import HSI48_HZ, LSI_HZ, Rcc, Ready, Selector, bus_clocks

MSI_RANGES_HZ = (
    *(100_000, 200_000, 400_000, 800_000, 1_000_000, 2_000_000),
    *(4_000_000, 8_000_000, 16_000_000, 24_000_000, 32_000_000, 48_000_000),
)
HSI16_HZ = 16_000_000
CR_MSIRGSEL = 1 << 3
CR_ON_BITS = {"msi": 1 << 0, "hsi16": 1 << 8, "hse": 1 << 16, "pll": 1 << 24}
CR_READY = 1 << 1 | 1 << 10 | 1 << 17 | 1 << 25 | 1 << 27 | 1 << 29
SYSTEM_CLOCKS = ("msi", "hsi16", "hse", "pll")
PLL_SOURCES = ("", "msi", "hsi16", "hse")


def _serial(clock: str, shift: int, bus: str) -> Selector:
    return Selector(clock, "CCIPR", shift, 2, (bus, "sysclk", "hsi16", "lse"))


class RccL4Plus(Rcc):
    """RCC of STM32L4R5/L4S5 and relatives."""

    REGISTERS = (
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
    READY = (
        Ready("CR", 0, 1),
        Ready("CR", 8, 10),
        Ready("CR", 16, 17, "hse"),
        Ready("CR", 24, 25),
        Ready("CR", 26, 27),
        Ready("CR", 28, 29),
        Ready("BDCR", 0, 1, "lse"),
        Ready("CSR", 0, 1),
        Ready("CRRCR", 0, 1),
    )
    SELECTORS = (
        _serial("usart1", 0, "pclk2"),
        _serial("usart2", 2, "pclk1"),
        _serial("usart3", 4, "pclk1"),
        _serial("uart4", 6, "pclk1"),
        _serial("uart5", 8, "pclk1"),
        _serial("lpuart1", 10, "pclk1"),
        Selector("lptim1", "CCIPR", 18, 2, ("pclk1", "lsi", "hsi16", "lse")),
        Selector("lptim2", "CCIPR", 20, 2, ("pclk1", "lsi", "hsi16", "lse")),
        Selector("rtc", "BDCR", 8, 2, ("", "lse", "lsi", "hse_rtc")),
    )
    RESET_FLAGS: ClassVar[Mapping[str, int]] = {"software": 28, "iwdg": 29, "wwdg": 30}
    ALL_RESET_FLAGS = 0xFF000000

    # -- the clock tree --------------------------------------------------------------------
    def oscillators(self) -> dict[str, int]:
        """MSI by its range register (or, after reset, by CSR), and the fixed ones."""
        by_control = self.values["CR"] & CR_MSIRGSEL
        msi_range = self.field("CR", 4, 4) if by_control else self.field("CSR", 8, 4)
        return {
            "msi": MSI_RANGES_HZ[min(msi_range, len(MSI_RANGES_HZ) - 1)],
            "hsi16": HSI16_HZ,
            "hse": self.hse_hz,
            "hse_rtc": self.hse_hz // 32,
            "lsi": LSI_HZ,
            "lse": self.lse_hz,
            "hsi48": HSI48_HZ,
        }

    def switch_system_clock(self) -> None:
        """SWS follows SW if that source is on; the source in use can't be switched off."""
        wanted = self.field("CFGR", 0, 2)
        ready = {"msi": 1, "hsi16": 10, "hse": 17, "pll": 25}[SYSTEM_CLOCKS[wanted]]
        if self.values["CR"] >> ready & 1:
            self.put_field("CFGR", 2, 2, wanted)
        in_use = SYSTEM_CLOCKS[self.field("CFGR", 2, 2)]
        self.set_bits("CR", CR_ON_BITS[in_use])
        for row in self.READY[:4]:
            if CR_ON_BITS[in_use] == 1 << row.enable_bit:
                self.set_bits("CR", 1 << row.ready_bit)

    def tree(self, clocks: dict[str, int]) -> dict[str, int]:
        """PLL as (source / M) * N / R, then the prescalers."""
        clocks["pll"] = self._pll_hz(clocks)
        sysclk = clocks[SYSTEM_CLOCKS[self.field("CFGR", 2, 2)]]
        return bus_clocks(
            sysclk, self.field("CFGR", 4, 4), self.field("CFGR", 8, 3), self.field("CFGR", 11, 3)
        )

    def _pll_hz(self, clocks: dict[str, int]) -> int:
        source = clocks.get(PLL_SOURCES[self.field("PLLCFGR", 0, 2)], 0)
        divider_m = self.field("PLLCFGR", 4, 4) + 1
        divider_r = 2 * (self.field("PLLCFGR", 25, 2) + 1)
        return source * self.field("PLLCFGR", 8, 7) // (divider_m * divider_r)
