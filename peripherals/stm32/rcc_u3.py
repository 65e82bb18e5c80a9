"""Reset and clock control of STM32U3 (RM0487, chapter "Reset and clock control").

Modelled: MSIS and MSIK from the two MSI oscillators with their dividers, HSI16, HSE, LSI,
LSE, HSI48, prescalers, clock switch, kernel clocks of the serial ports, peripheral resets,
reset flags. The MSI's PLL modes are taken as exact. Not modelled: start-up times, clock
gating, clock security, ready interrupts, MCO, the security attribution.
"""

from __future__ import annotations

from collections.abc import Mapping

from peripherals.register_device import Register, read_only
from peripherals.stm32.rcc import RTC_CLOCK, Selector, Source, Switch, ready
from peripherals.stm32.rcc_u import HSI16_HZ, RccU

MSIRC0_HZ, MSIRC1_HZ = 96_000_000, 24_000_000
ICSCR1_MSIRGSEL, ICSCR1_MSISSEL, ICSCR1_MSIKSEL = 1 << 23, 1 << 31, 1 << 28
CR_READY = sum(1 << bit for bit in (2, 4, 9, 10, 13, 15, 17))
BUSES = {
    "RSTR": (
        *((0x60, "AHB1RSTR1"), (0x64, "AHB2RSTR1"), (0x68, "AHB2RSTR2"), (0x74, "APB1RSTR1")),
        *((0x78, "APB1RSTR2"), (0x7C, "APB2RSTR"), (0x80, "APB3RSTR")),
    ),
    "ENR": (
        *((0x88, "AHB1ENR1"), (0x8C, "AHB2ENR1"), (0x90, "AHB2ENR2"), (0x94, "AHB1ENR2")),
        *((0x9C, "APB1ENR1"), (0xA0, "APB1ENR2"), (0xA4, "APB2ENR"), (0xA8, "APB3ENR")),
    ),
    "SLPENR": (
        *((0xB0, "AHB1SLPENR1"), (0xB4, "AHB2SLPENR1"), (0xB8, "AHB2SLPENR2"), (0xBC, "AHB1SLPENR2")),
        *((0xC4, "APB1SLPENR1"), (0xC8, "APB1SLPENR2"), (0xCC, "APB2SLPENR"), (0xD0, "APB3SLPENR")),
    ),
    "STPENR": (
        *((0xD8, "AHB1STPENR1"), (0xDC, "AHB2STPENR1"), (0xEC, "APB1STPENR1"), (0xF0, "APB1STPENR2")),
        *((0xF4, "APB2STPENR"), (0xF8, "APB3STPENR")),
    ),
}


def _serial(clock: str, shift: int, bus: str) -> Selector:
    return Selector(clock, "CCIPR1", shift, 1, (bus, "hsi16"))


class RccU3(RccU):
    """RCC of STM32U375 and U385."""

    REGISTERS = (
        Register(0x00, "CR", 0x1D, writable=~CR_READY & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x08, "ICSCR1", writable=0xFFF80000, on_write="clock_changed"),
        Register(0x0C, "ICSCR2"),
        Register(0x10, "ICSCR3"),
        read_only(0x14, "CRRCR"),
        Register(0x1C, "CFGR1", writable=0x7F7F0033, on_write="clock_changed"),
        Register(0x20, "CFGR2", writable=0x0FFF, on_write="clock_changed"),
        Register(0x24, "CFGR3", writable=0x70, on_write="clock_changed"),
        Register(0x28, "CFGR4"),
        Register(0x50, "CIER"),
        read_only(0x54, "CIFR"),
        Register(0x58, "CICR", writable=0),
        *(Register(offset, name, on_write="peripherals_reset") for offset, name in BUSES["RSTR"]),
        *(Register(offset, name) for kind in ("ENR", "SLPENR", "STPENR") for offset, name in BUSES[kind]),
        Register(0x100, "CCIPR1", on_write="clock_changed"),
        Register(0x104, "CCIPR2", on_write="clock_changed"),
        Register(0x108, "CCIPR3", on_write="clock_changed"),
        Register(0x110, "BDCR", writable=~0x802 & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x114, "CSR", 0x0C001100, writable=0x3305, on_write="status_written"),
        Register(0x130, "SECCFGR"),
        Register(0x134, "PRIVCFGR"),
    )
    READY = (
        ready("CR", 0, 2),
        ready("CR", 3, 4),
        ready("CR", 5, 9),
        ready("CR", 6, 10),
        ready("CR", 11, 13),
        ready("CR", 14, 15),
        ready("CR", 16, 17, "hse"),
        ready("BDCR", 0, 1, "lse"),
        ready("BDCR", 7, 11, "lse"),
        ready("CSR", 0, 1),
    )
    SELECTORS = (
        _serial("usart1", 0, "pclk2"),
        _serial("usart3", 2, "pclk1"),
        _serial("uart4", 4, "pclk1"),
        _serial("uart5", 6, "pclk1"),
        Selector("lpuart1", "CCIPR3", 0, 2, ("pclk3", "hsi16", "lse", "msik")),
        RTC_CLOCK,
    )

    CLOCKS = ("msis", "msik", "hsi16", "pclk3")
    SWITCH = Switch(
        "CFGR1",
        2,
        2,
        (Source("msis", "CR", 0, 2), Source("hsi16", "CR", 11, 13), Source("hse", "CR", 16, 17)),
    )

    # -- the clock tree --------------------------------------------------------------------
    def oscillators(self) -> dict[str, int]:
        """MSIS and MSIK as selected and divided, and HSI16."""
        control = self.values["ICSCR1"]
        if control & ICSCR1_MSIRGSEL:
            # 0 selects MSIRC0: firmware that writes MSIRGSEL alone counts 96 MHz cycles a microsecond
            msis = (MSIRC1_HZ if control & ICSCR1_MSISSEL else MSIRC0_HZ) >> self.field("ICSCR1", 29, 2)
            msik = (MSIRC1_HZ if control & ICSCR1_MSIKSEL else MSIRC0_HZ) >> self.field("ICSCR1", 26, 2)
        else:
            msis = MSIRC1_HZ >> self.field("CSR", 12, 2)
            msik = MSIRC1_HZ >> self.field("CSR", 8, 2)
        return {"msis": msis, "msik": msik, "hsi16": HSI16_HZ}

    def plls(self, _clocks: Mapping[str, int]) -> dict[str, int]:
        """There is none: MSI goes up to the highest system clock."""
        return {}
