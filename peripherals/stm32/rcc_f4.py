"""Reset and clock control of STM32F4 and F7 (RM0090, RM0385, chapters "Reset and clock control").

Modelled: HSI, HSE, LSI, LSE, the main PLL's P output, ready bits of the other PLLs,
prescalers, timer clocks (TIMPRE on F7), clock switch, kernel clocks of F7's serial ports,
peripheral resets, reset flags. Not modelled: start-up times, clock gating, clock security,
ready interrupts, MCO.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from peripherals.register_device import Register
from peripherals.stm32.rcc import APB_PRESCALERS, LSI_HZ, Rcc, Ready, Selector, bus_clocks

HSI_HZ = 16_000_000
CR_READY = 1 << 1 | 1 << 17 | 1 << 25 | 1 << 27 | 1 << 29
CR_ON = {"hsi": 1 << 0, "hse": 1 << 16, "pll": 1 << 24}
SYSTEM_CLOCKS = ("hsi", "hse", "pll", "hsi")
SYSTEM_READY_BITS = (1, 17, 25)
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
        Ready("CR", 0, 1),
        Ready("CR", 16, 17, "hse"),
        Ready("CR", 24, 25),
        Ready("CR", 26, 27),
        Ready("BDCR", 0, 1, "lse"),
        Ready("CSR", 0, 1),
    )
    RESET_FLAGS: ClassVar[Mapping[str, int]] = {"software": 28, "iwdg": 29, "wwdg": 30}
    REMOVE_RESET_FLAGS = 1 << 24

    # -- the clock tree --------------------------------------------------------------------
    def oscillators(self) -> dict[str, int]:
        """Give the fixed ones; the RTC's share of HSE is divided by RTCPRE."""
        return {"hsi": HSI_HZ, "hse": self.hse_hz, "lsi": LSI_HZ, "lse": self.lse_hz}

    def switch_system_clock(self) -> None:
        """SWS follows SW if that source is ready; the source in use stays on."""
        wanted = self.field("CFGR", 0, 2)
        if wanted < len(SYSTEM_READY_BITS) and self.values["CR"] >> SYSTEM_READY_BITS[wanted] & 1:
            self.put_field("CFGR", 2, 2, wanted)
        in_use = self.field("CFGR", 2, 2)
        self.set_bits("CR", CR_ON[SYSTEM_CLOCKS[in_use]] | 1 << SYSTEM_READY_BITS[in_use % 3])

    def tree(self, clocks: dict[str, int]) -> dict[str, int]:
        """PLL as (source / M) * N / P, then the prescalers."""
        source = clocks["hse" if self.values["PLLCFGR"] >> 22 & 1 else "hsi"]
        divider = max(1, self.field("PLLCFGR", 0, 6)) * 2 * (self.field("PLLCFGR", 16, 2) + 1)
        clocks["pll"] = source * self.field("PLLCFGR", 6, 9) // divider
        sysclk = clocks[SYSTEM_CLOCKS[self.field("CFGR", 2, 2)]]
        return bus_clocks(
            sysclk, self.field("CFGR", 4, 4), self.field("CFGR", 10, 3), self.field("CFGR", 13, 3)
        )


def _serial(clock: str, shift: int, bus: str) -> Selector:
    return Selector(clock, "DCKCFGR2", shift, 2, (bus, "sysclk", "hsi", "lse"))


class RccF7(RccF4):
    """RCC of STM32F746 and relatives: as F4, with PLLSAI and kernel clock selection."""

    REGISTERS = (
        *RccF4.REGISTERS,
        Register(0x88, "PLLSAICFGR", 0x20003000),
        Register(0x8C, "DCKCFGR1", on_write="clock_changed"),
        Register(0x90, "DCKCFGR2", on_write="clock_changed"),
    )
    READY = (*RccF4.READY, Ready("CR", 28, 29))
    SELECTORS = (
        _serial("usart1", 0, "pclk2"),
        _serial("usart2", 2, "pclk1"),
        _serial("usart3", 4, "pclk1"),
        _serial("uart4", 6, "pclk1"),
        _serial("uart5", 8, "pclk1"),
        _serial("usart6", 10, "pclk2"),
        _serial("uart7", 12, "pclk1"),
        _serial("uart8", 14, "pclk1"),
        Selector("lptim1", "DCKCFGR2", 24, 2, ("pclk1", "lsi", "hsi", "lse")),
    )

    def tree(self, clocks: dict[str, int]) -> dict[str, int]:
        """As F4; with TIMPRE the timers run at up to four times their bus."""
        tree = super().tree(clocks)
        if self.values["DCKCFGR1"] & TIMPRE:
            for number, shift in ((1, 10), (2, 13)):
                divider = APB_PRESCALERS[self.field("CFGR", shift, 3)]
                tree[f"timpclk{number}"] = tree["hclk"] if divider <= 4 else 4 * tree[f"pclk{number}"]
        return tree
