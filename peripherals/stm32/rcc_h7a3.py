"""Reset and clock control of STM32H7A3/7B3 and H743 (RM0455, RM0433, "Reset and clock control").

Modelled: HSI with its divider, CSI, HSE, LSI, LSE, HSI48, PLL1 to PLL3 with their P, Q and R
outputs and fractions, prescalers of both domains, clock switch, kernel clocks of the serial
ports, peripheral resets, reset flags. Not modelled: start-up times, clock gating, clock
security, ready interrupts, MCO.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from emulator.device import RESET_PIN, SOFTWARE
from emulator.schema.table import about
from peripherals.register_device import Register, read_only
from peripherals.stm32.rcc import (
    AHB_PRESCALERS,
    APB_PRESCALERS,
    RTC_CLOCK,
    Rcc,
    RccParameters,
    Selector,
    Source,
    Switch,
    fractional_plls,
    ready,
)

HSI_HZ, CSI_HZ = 64_000_000, 4_000_000
CR_READY = 1 << 2 | 1 << 8 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 17 | 1 << 25 | 1 << 27 | 1 << 29
RSR_RMVF = 1 << 16
PLL_SOURCES = ("hsi", "csi", "hse", "")
CR_RESET = 0x25 | 1 << 14 | 1 << 15  # both domains' clocks are ready
RESET_REGISTERS = (
    *((0x7C, "AHB3RSTR"), (0x80, "AHB1RSTR"), (0x84, "AHB2RSTR"), (0x88, "AHB4RSTR"), (0x8C, "APB3RSTR")),
    *((0x90, "APB1LRSTR"), (0x94, "APB1HRSTR"), (0x98, "APB2RSTR"), (0x9C, "APB4RSTR")),
)
ENABLE_REGISTERS = ("AHB3", "AHB1", "AHB2", "AHB4", "APB3", "APB1L", "APB1H", "APB2", "APB4")
ENABLE_OFFSETS = (0x134, 0x138, 0x13C, 0x140, 0x144, 0x148, 0x14C, 0x150, 0x154)
BUS_MEMORIES = ("flash", "axi_sram", "ahb_sram")
"""Accelerators that families name so (RM0455, figure of the clock tree: rcc_aclk, rcc_hclk, FLITF)."""
BUS_SOURCES = ("pll2_q", "pll3_q", "hsi", "csi", "hse")
SERIAL_SOURCES = ("pll2_q", "pll3_q", "hsi", "csi", "lse")


def serial_selectors(clocks: tuple[str, ...], register: str, shift: int, bus: str) -> tuple[Selector, ...]:
    """Make the rows of serial ports that share a selector of three bits."""
    return tuple(Selector(clock, register, shift, 3, (bus, *SERIAL_SOURCES)) for clock in clocks)


def bus_selectors(spi: str, i2c: str, last: str) -> tuple[Selector, ...]:
    """Make the rows of SPI and I2C interfaces, by the names of the registers that hold their selectors.

    What comes in by a pin, and ``per_ck``, is not modelled.
    """
    i2c_sources = ("pll3_r", "hsi", "csi")
    return (
        *(Selector(f"spi{n}", spi, 12, 3, ("pll1_q", "pll2_p", "pll3_p", "", "")) for n in (1, 2, 3)),
        *(Selector(f"spi{n}", spi, 16, 3, ("pclk2", *BUS_SOURCES)) for n in (4, 5)),
        Selector("spi6", last, 28, 3, ("pclk4", *BUS_SOURCES)),
        *(Selector(f"i2c{n}", i2c, 12, 2, ("pclk1", *i2c_sources)) for n in (1, 2, 3)),
        Selector("i2c4", last, 8, 2, ("pclk4", *i2c_sources)),
    )


class RccH7A3Parameters(RccParameters, frozen=True):
    """Also which memories run on hclk."""

    memories: Annotated[
        list[Annotated[str, about("An accelerator.", names_a="accelerator", example="flash")]],
        about(
            "The accelerators of the memories that the core waits for in cycles of hclk.",
            example=["flash"],
        ),
    ] = msgspec.field(default_factory=lambda: list(BUS_MEMORIES))


class RccH7A3(Rcc):
    """RCC of STM32H7A3, H7B3 and H7B0."""

    PARAMETERS = RccH7A3Parameters
    parameters: RccH7A3Parameters
    CORE_DIVIDERS: ClassVar[str] = "CDCFGR1"  # of the core, AHB and APB3
    BUS_DIVIDERS: ClassVar[str] = "CDCFGR2"  # APB1 and APB2
    LAST_DIVIDER: ClassVar[str] = "SRDCFGR"  # APB4
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "CR", CR_RESET, writable=~CR_READY & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x04, "HSICFGR", 0x40000000, writable=0x7F000000),
        read_only(0x08, "CRRCR"),
        Register(0x0C, "CSICFGR", 0x20000000, writable=0x3F000000),
        Register(0x10, "CFGR", writable=0xFFFFFFC7, on_write="clock_changed"),
        Register(0x18, "CDCFGR1", writable=0xF7F, on_write="clock_changed"),
        Register(0x1C, "CDCFGR2", writable=0x770, on_write="clock_changed"),
        Register(0x20, "SRDCFGR", writable=0x70, on_write="clock_changed"),
        Register(0x28, "PLLCKSELR", 0x02020200, on_write="clock_changed"),
        Register(0x2C, "PLLCFGR", 0x01FF0000, on_write="clock_changed"),
        *(Register(0x30 + 8 * i, f"PLL{i + 1}DIVR", 0x01010280, on_write="clock_changed") for i in range(3)),
        *(
            Register(0x34 + 8 * i, f"PLL{i + 1}FRACR", writable=0xFFF8, on_write="clock_changed")
            for i in range(3)
        ),
        Register(0x4C, "CDCCIPR", on_write="clock_changed"),
        Register(0x50, "CDCCIP1R", on_write="clock_changed"),
        Register(0x54, "CDCCIP2R", on_write="clock_changed"),
        Register(0x58, "SRDCCIPR", on_write="clock_changed"),
        Register(0x60, "CIER"),
        read_only(0x64, "CIFR"),
        Register(0x68, "CICR", writable=0),
        Register(0x70, "BDCR", writable=~2 & 0xFFFFFFFF, on_write="clock_changed"),
        Register(0x74, "CSR", writable=1, on_write="clock_changed"),
        *(Register(offset, name, on_write="peripherals_reset") for offset, name in RESET_REGISTERS),
        Register(0xA8, "SRDAMR"),
        Register(0xB0, "CKGAENR"),
        Register(0x130, "RSR", 0x00E80000, writable=0, on_write="status_written"),
        *(Register(o, f"{n}ENR") for o, n in zip(ENABLE_OFFSETS, ENABLE_REGISTERS, strict=True)),
        *(Register(o + 0x28, f"{n}LPENR") for o, n in zip(ENABLE_OFFSETS, ENABLE_REGISTERS, strict=True)),
    )
    READY = (
        ready("CR", 0, 2),
        ready("CR", 7, 8),
        ready("CR", 12, 13),
        ready("CR", 16, 17, "hse"),
        ready("CR", 24, 25),
        ready("CR", 26, 27),
        ready("CR", 28, 29),
        ready("BDCR", 0, 1, "lse"),
        ready("CSR", 0, 1),
    )
    SELECTORS: ClassVar[tuple[Selector, ...]] = (
        *serial_selectors(("usart2", "usart3", "uart4", "uart5", "uart7", "uart8"), "CDCCIP2R", 0, "pclk1"),
        *serial_selectors(("usart1", "usart6", "uart9", "usart10"), "CDCCIP2R", 3, "pclk2"),
        *serial_selectors(("lpuart1",), "SRDCCIPR", 0, "pclk4"),
        *bus_selectors("CDCCIP1R", "CDCCIP2R", "SRDCCIPR"),
        RTC_CLOCK,
    )
    RESET_FLAGS: ClassVar[Mapping[str, int]] = {RESET_PIN: 22, SOFTWARE: 24, "iwdg": 26, "wwdg": 28}
    RESET_FLAGS_REGISTER = "RSR"
    REMOVE_RESET_FLAGS = RSR_RMVF
    ALL_RESET_FLAGS = 0x55E80000

    CLOCKS = ("hsi", "csi", *fractional_plls(1, 2, 3), "pclk3", "timpclk3", "pclk4", "timpclk4")
    SWITCH = Switch(
        "CFGR",
        3,
        3,
        (
            Source("hsi", "CR", 0, 2),
            Source("csi", "CR", 7, 8),
            Source("hse", "CR", 16, 17),
            Source("pll1_p", "CR", 24, 25),
        ),
    )

    def refresh(self) -> None:
        """The memories behind AXI and AHB run on hclk: what they take counts in its cycles."""
        super().refresh()
        divider = AHB_PRESCALERS[self.field(self.CORE_DIVIDERS, 0, 4)]
        for memory in self.parameters.memories:
            self.context.tuning.configure(memory, bus_divider=divider)

    # -- the clock tree --------------------------------------------------------------------
    def oscillators(self) -> dict[str, int]:
        """HSI behind its divider, and CSI."""
        return {"hsi": HSI_HZ >> self.field("CR", 3, 2), "csi": CSI_HZ}

    def plls(self, clocks: Mapping[str, int]) -> dict[str, int]:
        """PLL1 to PLL3, of one source."""
        source = clocks.get(PLL_SOURCES[self.field("PLLCKSELR", 0, 2)], 0)
        outputs: dict[str, int] = {}
        for number in (1, 2, 3):
            divider_m = self.field("PLLCKSELR", 8 * number - 4, 6)
            fraction = bool(self.field("PLLCFGR", 4 * number - 4, 1))
            outputs.update(self.fractional_pll(number, source, divider_m, fraction=fraction))
        return outputs

    def buses(self, sysclk_hz: int) -> dict[str, int]:
        """Core, then AHB, then the four APBs and the timers of APB1 and APB2."""
        core = sysclk_hz // AHB_PRESCALERS[self.field(self.CORE_DIVIDERS, 8, 4)]
        hclk = core // AHB_PRESCALERS[self.field(self.CORE_DIVIDERS, 0, 4)]
        tree = {"sysclk": sysclk_hz, "core": core, "hclk": hclk}
        fields = (
            (self.BUS_DIVIDERS, 4), (self.BUS_DIVIDERS, 8), (self.CORE_DIVIDERS, 4), (self.LAST_DIVIDER, 4),
        )  # fmt: skip
        for number, (register, shift) in enumerate(fields, start=1):
            divider = APB_PRESCALERS[self.field(register, shift, 3)]
            tree[f"pclk{number}"] = hclk // divider
            free, factor = (4, 4) if self.values["CFGR"] >> 15 & 1 else (2, 2)
            tree[f"timpclk{number}"] = hclk if divider <= free else factor * hclk // divider
        return tree
