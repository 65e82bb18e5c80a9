"""Reset and clock control of STM32U5 (RM0456, chapter "Reset and clock control").

Modelled: MSIS and MSIK ranges, HSI16, HSE, LSI, LSE, HSI48, PLL1 to PLL3 with their P, Q
and R outputs and fractions, prescalers, clock switch, kernel clocks of the serial ports,
peripheral resets, reset flags. Not modelled: start-up times, clock gating, clock security,
ready interrupts, MCO, the security attribution.
"""

from __future__ import annotations

from collections.abc import Mapping

from peripherals.register_device import Register, read_only
from peripherals.stm32.rcc import (
    RTC_CLOCK,
    Selector,
    Source,
    Switch,
    fractional_plls,
    ready,
    serial_clock,
)
from peripherals.stm32.rcc_u import HSI16_HZ, RccU

MSI_RANGES_HZ = (
    *(48_000_000, 24_000_000, 16_000_000, 12_000_000, 4_000_000, 2_000_000, 1_330_000, 1_000_000),
    *(3_072_000, 1_536_000, 1_024_000, 768_000, 400_000, 200_000, 133_000, 100_000),
)
ICSCR1_MSIRGSEL = 1 << 23
CR_READY = sum(1 << bit for bit in (2, 5, 10, 13, 15, 17, 25, 27, 29))
PLL_SOURCES = ("", "msis", "hsi16", "hse")
RESET_REGISTERS = ("AHB1", "AHB2_1", "AHB2_2", "AHB3", "", "APB1_1", "APB1_2", "APB2", "APB3")
"""Bus names in the order of the RSTR, ENR and SMENR registers, one word each."""


def bus_register(bus: str, kind: str) -> str:
    """Name a bus's register: AHB2_1 and RSTR give AHB2RSTR1."""
    name, _, number = bus.partition("_")
    return f"{name}{kind}{number}"


class RccU5(RccU):
    """RCC of STM32U575 and U585."""

    REGISTERS = (
        Register(0x00, "CR", 0x35, writable=~CR_READY & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x08, "ICSCR1", 0x44000000, writable=0xFFC00000, on_write="clock_changed"),
        Register(0x0C, "ICSCR2", 0x00084210),
        Register(0x10, "ICSCR3", 0x00100000),
        read_only(0x14, "CRRCR"),
        Register(0x1C, "CFGR1", writable=0x7F000033, on_write="clock_changed"),
        Register(0x20, "CFGR2", writable=0x1F0FFF, on_write="clock_changed"),
        Register(0x24, "CFGR3", writable=0x30070, on_write="clock_changed"),
        *(Register(0x28 + 4 * i, f"PLL{i + 1}CFGR", on_write="clock_changed") for i in range(3)),
        *(Register(0x34 + 8 * i, f"PLL{i + 1}DIVR", 0x01010280, on_write="clock_changed") for i in range(3)),
        *(
            Register(0x38 + 8 * i, f"PLL{i + 1}FRACR", writable=0xFFF8, on_write="clock_changed")
            for i in range(3)
        ),
        Register(0x50, "CIER"),
        read_only(0x54, "CIFR"),
        Register(0x58, "CICR", writable=0),
        *(
            Register(0x60 + 4 * i, bus_register(bus, "RSTR"), on_write="peripherals_reset")
            for i, bus in enumerate(RESET_REGISTERS)
            if bus
        ),
        *(Register(0x88 + 4 * i, bus_register(b, "ENR")) for i, b in enumerate(RESET_REGISTERS) if b),
        *(
            Register(0xB0 + 4 * i, bus_register(b, "SMENR"), 0xFFFFFFFF)
            for i, b in enumerate(RESET_REGISTERS)
            if b
        ),
        Register(0xD8, "SRDAMR"),
        Register(0xE0, "CCIPR1", on_write="clock_changed"),
        Register(0xE4, "CCIPR2", on_write="clock_changed"),
        Register(0xE8, "CCIPR3", on_write="clock_changed"),
        Register(0xF0, "BDCR", writable=~0x08000802 & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0xF4, "CSR", 0x0C004400, writable=0xFF00, on_write="status_written"),
        Register(0x110, "SECCFGR"),
        Register(0x114, "PRIVCFGR"),
    )
    READY = (
        ready("CR", 0, 2),
        ready("CR", 4, 5),
        ready("CR", 8, 10),
        ready("CR", 12, 13),
        ready("CR", 14, 15),
        ready("CR", 16, 17, "hse"),
        ready("CR", 24, 25),
        ready("CR", 26, 27),
        ready("CR", 28, 29),
        ready("BDCR", 0, 1, "lse"),
        ready("BDCR", 7, 11, "lse"),
        ready("BDCR", 26, 27),
    )
    SELECTORS = (
        serial_clock("usart1", "CCIPR1", 0, "pclk2"),
        serial_clock("usart2", "CCIPR1", 2, "pclk1"),
        serial_clock("usart3", "CCIPR1", 4, "pclk1"),
        serial_clock("uart4", "CCIPR1", 6, "pclk1"),
        serial_clock("uart5", "CCIPR1", 8, "pclk1"),
        Selector("lpuart1", "CCIPR3", 0, 3, ("pclk3", "sysclk", "hsi16", "lse", "msik")),
        *(
            serial_clock(clock, register, shift, bus, last="msik")
            for clock, register, shift, bus in (
                ("i2c1", "CCIPR1", 10, "pclk1"),
                ("i2c2", "CCIPR1", 12, "pclk1"),
                ("i2c4", "CCIPR1", 14, "pclk1"),
                ("spi2", "CCIPR1", 16, "pclk1"),
                ("spi1", "CCIPR1", 20, "pclk2"),
                ("spi3", "CCIPR3", 3, "pclk3"),
                ("i2c3", "CCIPR3", 6, "pclk3"),
            )
        ),
        RTC_CLOCK,
    )

    CLOCKS = ("msis", "msik", "hsi16", "pclk3", *fractional_plls(1, 2, 3))
    SWITCH = Switch(
        "CFGR1",
        2,
        2,
        (
            Source("msis", "CR", 0, 2),
            Source("hsi16", "CR", 8, 10),
            Source("hse", "CR", 16, 17),
            Source("pll1_r", "CR", 24, 25),
        ),
    )

    # -- the clock tree --------------------------------------------------------------------
    def oscillators(self) -> dict[str, int]:
        """MSIS and MSIK by their range registers, and HSI16."""
        by_control = self.values["ICSCR1"] & ICSCR1_MSIRGSEL
        msis = self.field("ICSCR1", 28, 4) if by_control else self.field("CSR", 12, 4)
        msik = self.field("ICSCR1", 24, 4) if by_control else self.field("CSR", 8, 4)
        return {"msis": MSI_RANGES_HZ[msis], "msik": MSI_RANGES_HZ[msik], "hsi16": HSI16_HZ}

    def plls(self, clocks: Mapping[str, int]) -> dict[str, int]:
        """PLL1 to PLL3, each of its own source."""
        outputs: dict[str, int] = {}
        for number in (1, 2, 3):
            control = f"PLL{number}CFGR"
            source = clocks.get(PLL_SOURCES[self.field(control, 0, 2)], 0)
            divider_m, fraction = self.field(control, 8, 4) + 1, bool(self.field(control, 4, 1))
            outputs.update(self.fractional_pll(number, source, divider_m, fraction=fraction))
        return outputs
