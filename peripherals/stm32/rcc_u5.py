"""Reset and clock control of STM32U5 (RM0456, chapter "Reset and clock control").

Modelled: MSIS and MSIK ranges, HSI16, HSE, LSI, LSE, HSI48, PLL1 to PLL3 with their P, Q
and R outputs and fractions, prescalers, clock switch, kernel clocks of the serial ports,
peripheral resets, reset flags. Not modelled: start-up times, clock gating, clock security,
ready interrupts, MCO, the security attribution.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from peripherals.register_device import Register, read_only
from peripherals.stm32.rcc import APB_PRESCALERS, HSI48_HZ, LSI_HZ, Rcc, Ready, Selector, bus_clocks

MSI_RANGES_HZ = (
    *(48_000_000, 24_000_000, 16_000_000, 12_000_000, 4_000_000, 2_000_000, 1_330_000, 1_000_000),
    *(3_072_000, 1_536_000, 1_024_000, 768_000, 400_000, 200_000, 133_000, 100_000),
)
HSI16_HZ = 16_000_000
ICSCR1_MSIRGSEL = 1 << 23
CR_READY = sum(1 << bit for bit in (2, 5, 10, 13, 15, 17, 25, 27, 29))
SYSTEM_CLOCKS = ("msis", "hsi16", "hse", "pll1_r")
SYSTEM_READY_BITS = (2, 10, 17, 25)
PLL_SOURCES = ("", "msis", "hsi16", "hse")
FRACTION_STEPS = 8192
RESET_REGISTERS = ("AHB1", "AHB2_1", "AHB2_2", "AHB3", "", "APB1_1", "APB1_2", "APB2", "APB3")
"""Bus names in the order of the RSTR, ENR and SMENR registers, one word each."""


def bus_register(bus: str, kind: str) -> str:
    """Name a bus's register: AHB2_1 and RSTR give AHB2RSTR1."""
    name, _, number = bus.partition("_")
    return f"{name}{kind}{number}"


def _serial(clock: str, shift: int, bus: str) -> Selector:
    return Selector(clock, "CCIPR1", shift, 2, (bus, "sysclk", "hsi16", "lse"))


class RccU5(Rcc):
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
        Ready("CR", 0, 2),
        Ready("CR", 4, 5),
        Ready("CR", 8, 10),
        Ready("CR", 12, 13),
        Ready("CR", 14, 15),
        Ready("CR", 16, 17, "hse"),
        Ready("CR", 24, 25),
        Ready("CR", 26, 27),
        Ready("CR", 28, 29),
        Ready("BDCR", 0, 1, "lse"),
        Ready("BDCR", 7, 11, "lse"),
        Ready("BDCR", 26, 27),
    )
    SELECTORS = (
        _serial("usart1", 0, "pclk2"),
        _serial("usart2", 2, "pclk1"),
        _serial("usart3", 4, "pclk1"),
        _serial("uart4", 6, "pclk1"),
        _serial("uart5", 8, "pclk1"),
        Selector("lpuart1", "CCIPR3", 0, 3, ("pclk3", "sysclk", "hsi16", "lse", "msik")),
        Selector("rtc", "BDCR", 8, 2, ("", "lse", "lsi", "")),
    )
    RESET_FLAGS: ClassVar[Mapping[str, int]] = {"software": 28, "iwdg": 29, "wwdg": 30}

    # -- the clock tree --------------------------------------------------------------------
    def oscillators(self) -> dict[str, int]:
        """MSI by its range registers, and the fixed ones; then the PLLs' outputs."""
        by_control = self.values["ICSCR1"] & ICSCR1_MSIRGSEL
        msis = self.field("ICSCR1", 28, 4) if by_control else self.field("CSR", 12, 4)
        msik = self.field("ICSCR1", 24, 4) if by_control else self.field("CSR", 8, 4)
        clocks = {
            "msis": MSI_RANGES_HZ[msis],
            "msik": MSI_RANGES_HZ[msik],
            "hsi16": HSI16_HZ,
            "hse": self.hse_hz,
            "lsi": LSI_HZ,
            "lse": self.lse_hz,
            "hsi48": HSI48_HZ,
        }
        for number in (1, 2, 3):
            clocks.update(self._pll(number, clocks))
        return clocks

    def switch_system_clock(self) -> None:
        """SWS follows SW if that source is ready."""
        wanted = self.field("CFGR1", 0, 2)
        if self.values["CR"] >> SYSTEM_READY_BITS[wanted] & 1:
            self.put_field("CFGR1", 2, 2, wanted)

    def tree(self, clocks: dict[str, int]) -> dict[str, int]:
        """Divide the system clock for AHB and the three APBs."""
        sysclk = clocks[SYSTEM_CLOCKS[self.field("CFGR1", 2, 2)]]
        tree = bus_clocks(
            sysclk, self.field("CFGR2", 0, 4), self.field("CFGR2", 4, 3), self.field("CFGR2", 8, 3)
        )
        tree["pclk3"] = tree["hclk"] // APB_PRESCALERS[self.field("CFGR3", 4, 3)]
        return tree

    def _pll(self, number: int, clocks: dict[str, int]) -> dict[str, int]:
        control, dividers = f"PLL{number}CFGR", f"PLL{number}DIVR"
        source = clocks.get(PLL_SOURCES[self.field(control, 0, 2)], 0)
        steps = (self.field(dividers, 0, 9) + 1) * FRACTION_STEPS
        if self.values[control] >> 4 & 1:
            steps += self.field(f"PLL{number}FRACR", 3, 13)
        vco = source * steps // ((self.field(control, 8, 4) + 1) * FRACTION_STEPS)
        outputs = (("p", 9), ("q", 16), ("r", 24))
        return {f"pll{number}_{name}": vco // (self.field(dividers, at, 7) + 1) for name, at in outputs}
