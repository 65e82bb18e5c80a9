"""CLOCKS and TICKS of RP2350 (datasheet 8.1, 8.5): where they differ from RP2040's.

Dividers have 16 bits of a fraction, there is an oscillator of low power (32.768 kHz, told by POWMAN), and
six generators divide clk_ref to ticks. CTRL.ENABLED of a generator reads 0.
"""

from __future__ import annotations

from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.raspberrypi.clocks import Clocks, Generator, other_rows
from peripherals.register_device import Register

POINT = 16
GATES = 0x7FFFFFFF
PERIPHERAL = ("core", "pll_sys", "pll_usb", "rosc", "xosc", "", "")
AUXILIARY = ("pll_usb", "pll_sys", "rosc", "xosc", "", "")
GENERATORS = (
    Generator("clk_ref", "CLK_REF", 0x30, ("pll_usb", "", ""), 2, ("rosc", "aux", "xosc", "lposc"),
              divider_bits=8, point=POINT),
    Generator("core", "CLK_SYS", 0x3C, ("pll_sys", "pll_usb", "rosc", "xosc", "", ""), 3, ("clk_ref", "aux"),
              16, 16, point=POINT, reset=0x41),
    Generator("clk_peri", "CLK_PERI", 0x48, PERIPHERAL, point=POINT),
    Generator("clk_hstx", "CLK_HSTX", 0x54, ("core", "pll_sys", "pll_usb", "", ""), point=POINT),
    Generator("clk_usb", "CLK_USB", 0x60, AUXILIARY, divider_bits=4, point=POINT),
    Generator("clk_adc", "CLK_ADC", 0x6C, AUXILIARY, divider_bits=4, point=POINT),
)  # fmt: skip
OUTPUTS = tuple(
    Generator(f"gpout{n}", f"CLK_GPOUT{n}", 0x0C * n, (), fraction_bits=16, divider_bits=16, point=POINT)
    for n in range(4)
)
TICKS = ("proc0", "proc1", "timer0", "timer1", "watchdog", "riscv")
ENABLE, RUNNING, CYCLES_MASK = 1 << 0, 1 << 1, 0x1FF
TICK_BYTES = 0x0C


class Rp2350Clocks(Clocks):
    """Generators, published as named clocks: clk_sys is "core", the ticks are "tick_NAME"."""

    SOURCES = ("rosc", "xosc", "pll_sys", "pll_usb", "lposc")
    GENERATORS = GENERATORS
    TICKS = {f"tick_{name}": f"ticks:{name}" for name in TICKS}  # noqa: RUF012 - a ClassVar of the base
    COUNTED = (
        "", "pll_sys", "pll_usb", "rosc", "", "xosc", "", "", "clk_ref", "core", "clk_peri", "clk_usb",
        "clk_adc", "clk_hstx", "lposc",
    )  # fmt: skip
    REGISTERS = (
        *(row for generator in (*OUTPUTS, *GENERATORS) for row in generator.rows()),
        *(
            Register(0x78 + 4 * n, f"DFTCLK_{name}_CTRL", writable=0x3)
            for n, name in enumerate(("XOSC", "ROSC", "LPOSC"))
        ),
        *other_rows(0x84, GATES),
    )


class Ticks(AtomicRegisters):
    """How many cycles of clk_ref each tick lasts. COUNT, what is left of one, reads 0."""

    REGISTERS = tuple(
        row
        for n, name in enumerate(TICKS)
        for row in (
            Register(TICK_BYTES * n, f"{name.upper()}_CTRL", writable=ENABLE, on_write="changed"),
            Register(TICK_BYTES * n + 4, f"{name.upper()}_CYCLES", writable=CYCLES_MASK, on_write="changed"),
            Register(TICK_BYTES * n + 8, f"{name.upper()}_COUNT", writable=0),
        )
    )

    def reset(self) -> None:
        """No tick."""
        super().reset()
        self.changed(0, 0)

    def changed(self, _written: int, _old: int) -> None:
        """..._CTRL, ..._CYCLES: one runs as soon as it is on."""
        for name in TICKS:
            on = self.values[f"{name.upper()}_CTRL"] & ENABLE
            self.put_bits(f"{name.upper()}_CTRL", RUNNING, bool(on))
            self.context.signals.set(f"ticks:{name}", self.values[f"{name.upper()}_CYCLES"] if on else 0)
