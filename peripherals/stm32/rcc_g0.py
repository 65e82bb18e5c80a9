"""Reset and clock control of STM32G0 (RM0444, chapter "Reset and clock control").

Modelled: HSI16 with its divider, HSE, LSI, LSE, HSI48, the PLL's R output, prescalers,
clock switch, kernel clocks of the serial ports, peripheral resets, reset flags. Not
modelled: start-up times, clock gating, clock security, ready interrupts, MCO.
"""

from __future__ import annotations

from collections.abc import Mapping

from peripherals.register_device import Register, read_only
from peripherals.stm32.rcc import Rcc, Selector, Source, Switch, bus_clocks, ready, serial_clock

HSI16_HZ = 16_000_000
HSE_RTC_DIVIDER = 32
CR_READY = 1 << 10 | 1 << 17 | 1 << 23 | 1 << 25
PLL_SOURCES = ("", "", "hsi16", "hse")


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
        ready("CR", 8, 10),
        ready("CR", 16, 17, "hse"),
        ready("CR", 22, 23),
        ready("CR", 24, 25),
        ready("BDCR", 0, 1, "lse"),
        ready("CSR", 0, 1),
    )
    SELECTORS = (
        serial_clock("usart1", "CCIPR", 0, "pclk1"),
        serial_clock("usart2", "CCIPR", 2, "pclk1"),
        serial_clock("usart3", "CCIPR", 4, "pclk1"),
        serial_clock("lpuart2", "CCIPR", 8, "pclk1"),
        serial_clock("lpuart1", "CCIPR", 10, "pclk1"),
        serial_clock("i2c1", "CCIPR", 12, "pclk1", last=""),
        serial_clock("i2c2", "CCIPR", 14, "pclk1", last=""),
        Selector("lptim1", "CCIPR", 18, 2, ("pclk1", "lsi", "hsi16", "lse")),
        Selector("lptim2", "CCIPR", 20, 2, ("pclk1", "lsi", "hsi16", "lse")),
        Selector("rtc", "BDCR", 8, 2, ("", "lse", "lsi", "hse_rtc")),
    )
    CLOCKS = ("hsi16", "hsisys", "hse_rtc", "pll")
    SWITCH = Switch(
        "CFGR",
        3,
        3,
        (
            Source("hsisys", "CR", 8, 10),
            Source("hse", "CR", 16, 17),
            Source("pll", "CR", 24, 25),
            Source("lsi", "CSR", 0, 1),
            Source("lse", "BDCR", 0, 1),
        ),
    )

    # -- the clock tree --------------------------------------------------------------------
    def oscillators(self) -> dict[str, int]:
        """HSI16, its divided output, and the RTC's share of HSE."""
        return {
            "hsi16": HSI16_HZ,
            "hsisys": HSI16_HZ >> self.field("CR", 11, 3),
            "hse_rtc": self.hse_hz // HSE_RTC_DIVIDER,
        }

    def plls(self, clocks: Mapping[str, int]) -> dict[str, int]:
        """(source / M) * N / R."""
        source = clocks.get(PLL_SOURCES[self.field("PLLCFGR", 0, 2)], 0)
        divider = (self.field("PLLCFGR", 4, 3) + 1) * (self.field("PLLCFGR", 29, 3) + 1)
        return {"pll": source * self.field("PLLCFGR", 8, 7) // divider}

    def buses(self, sysclk_hz: int) -> dict[str, int]:
        """AHB and the APB."""
        return bus_clocks(sysclk_hz, self.field("CFGR", 8, 4), self.field("CFGR", 12, 3))
