"""CLOCKS (RP2040 datasheet 2.15, RP2350 datasheet 8.1): generators, glitchless muxes, dividers, the counter.

Oscillators and PLLs tell their frequencies on ``clock:NAME`` signals, tick generators their dividers of
clk_ref on ``ticks:NAME``; all named clocks are published here. A mux switches at once: SELECTED shows
the source one-hot. A frequency count takes 2**INTERVAL * 0.98 us (2.15.7). Not modelled: resuscitation,
gates (ENABLED shows what WAKE_EN says), KILL, NUDGE, the clock outputs on pins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from emulator.device import DeviceContext
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.parts.timed_deadline import TimedDeadline
from peripherals.raspberrypi.interrupts import ForcedInterrupts, interrupt, interrupt_rows
from peripherals.register_device import Register, read_only

SOURCES = ("rosc", "xosc", "pll_sys", "pll_usb")
ENABLE = 1 << 11
DONE, PASS, RUNNING, FAIL, SLOW, FAST = 1 << 4, 1 << 0, 1 << 8, 1 << 16, 1 << 20, 1 << 24
INTERVAL_PICOSECONDS = 980_000
FRACTION_BITS = 5
COUNTED = (
    "", "pll_sys", "pll_usb", "rosc", "", "xosc", "", "", "clk_ref", "core", "clk_peri", "clk_usb", "clk_adc",
    "clk_rtc",
)  # fmt: skip
"""FC0_SRC (2.15.7): what each number counts; the others are the phase-shifted ring and pins."""


@dataclass(frozen=True, slots=True)
class Generator:
    """A clock generator: its auxiliary sources by AUXSRC's value, and what its other fields hold.

    ``glitchless``: the sources of the mux before it by SRC's value ("aux" stands for the auxiliary one);
    empty: it has an enable bit instead. ``fraction_bits``: of its divider, whose integer part is
    ``point`` bits up.
    """

    clock: str
    name: str
    offset: int
    auxiliary: tuple[str, ...]
    auxiliary_width: int = 3
    glitchless: tuple[str, ...] = ()
    fraction_bits: int = 0
    divider_bits: int = 2
    divides: bool = True
    point: int = 8
    reset: int = 0

    def rows(self) -> tuple[Register, ...]:
        """CTRL, DIV and SELECTED."""
        divider = ((1 << self.divider_bits) - 1 << self.point) | (1 << self.fraction_bits) - 1
        return (
            Register(self.offset, f"{self.name}_CTRL", self.reset, writable=0x131DE3, on_write="changed"),
            Register(
                self.offset + 4,
                f"{self.name}_DIV",
                1 << self.point,
                writable=divider if self.divides else 0,
                on_write="changed",
            ),
            read_only(self.offset + 8, f"{self.name}_SELECTED", 1),
        )


AUXILIARY = ("pll_usb", "pll_sys", "rosc", "xosc", "", "")
GENERATORS = (
    Generator("clk_ref", "CLK_REF", 0x30, ("pll_usb", "", ""), 2, ("rosc", "aux", "xosc", "")),
    Generator(
        "core", "CLK_SYS", 0x3C, ("pll_sys", "pll_usb", "rosc", "xosc", "", ""), 3, ("clk_ref", "aux"), 8, 24
    ),
    Generator("clk_peri", "CLK_PERI", 0x48, ("core", "pll_sys", "pll_usb", "rosc", "xosc", "", ""),
              divides=False),
    Generator("clk_usb", "CLK_USB", 0x54, AUXILIARY),
    Generator("clk_adc", "CLK_ADC", 0x60, AUXILIARY),
    Generator("clk_rtc", "CLK_RTC", 0x6C, AUXILIARY, fraction_bits=8, divider_bits=24),
)  # fmt: skip
OUTPUTS = tuple(
    Generator(f"gpout{n}", f"CLK_GPOUT{n}", 0x0C * n, (), fraction_bits=8, divider_bits=24) for n in range(4)
)


def other_rows(base: int, gates: int) -> tuple[Register, ...]:
    """What stands behind the generators, from ``base`` on; ``gates``: the bits of WAKE_EN1."""
    return (
        Register(base, "CLK_SYS_RESUS_CTRL", 0xFF, writable=0x111FF, on_write="resuscitation_written"),
        read_only(base + 0x04, "CLK_SYS_RESUS_STATUS"),
        Register(base + 0x08, "FC0_REF_KHZ", writable=0xFFFFF),
        Register(base + 0x0C, "FC0_MIN_KHZ", writable=0x1FFFFFF),
        Register(base + 0x10, "FC0_MAX_KHZ", 0x1FFFFFF, writable=0x1FFFFFF),
        Register(base + 0x14, "FC0_DELAY", 0x1, writable=0x7),
        Register(base + 0x18, "FC0_INTERVAL", 0x8, writable=0xF),
        Register(base + 0x1C, "FC0_SRC", writable=0xFF, on_write="count_started"),
        read_only(base + 0x20, "FC0_STATUS"),
        read_only(base + 0x24, "FC0_RESULT"),
        Register(base + 0x28, "WAKE_EN0", 0xFFFFFFFF),
        Register(base + 0x2C, "WAKE_EN1", gates, writable=gates),
        Register(base + 0x30, "SLEEP_EN0", 0xFFFFFFFF),
        Register(base + 0x34, "SLEEP_EN1", gates, writable=gates),
        Register(base + 0x38, "ENABLED0", writable=0, shows="WAKE_EN0"),
        Register(base + 0x3C, "ENABLED1", writable=0, shows="WAKE_EN1"),
        *interrupt_rows(base + 0x40, 1),
    )


class Clocks(ForcedInterrupts):
    """Generators, published as named clocks; "core" is clk_sys, "tick" the watchdog's.

    Another chip of the kind says its sources, generators, ticks (by the device whose divider it is) and
    what the counter can count.
    """

    SOURCES: ClassVar[tuple[str, ...]] = SOURCES
    GENERATORS: ClassVar[tuple[Generator, ...]] = GENERATORS
    TICKS: ClassVar[Mapping[str, str]] = {"tick": "ticks:watchdog"}
    COUNTED: ClassVar[tuple[str, ...]] = COUNTED
    REGISTERS = (
        *(row for generator in (*OUTPUTS, *GENERATORS) for row in generator.rows()),
        *other_rows(0x78, 0x7FFF),
    )
    INTERRUPTS = (interrupt("global", 1),)
    PARTS = ("_outputs", "_counting")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._outputs = ClockOutputs(context.clocks)
        self._counting = TimedDeadline(context, "frequency", self._counted)
        for source in self.SOURCES:
            context.signals.watch(f"clock:{source}", lambda _hz: self.refresh())
        for tick in self.TICKS.values():
            context.signals.watch(tick, lambda _divider: self.refresh())

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """Sources, generators, and ticks."""
        return (*cls.SOURCES, *(generator.clock for generator in cls.GENERATORS), *cls.TICKS)

    def reset(self) -> None:
        """Everything from the ring oscillator."""
        super().reset()
        self._counting.arm(None)
        self._outputs.forget()
        self.refresh()

    # -- effects ---------------------------------------------------------------------------
    def changed(self, _written: int, _old: int) -> None:
        """A generator's CTRL or DIV."""
        self.refresh()

    def resuscitation_written(self, written: int, _old: int) -> None:
        """CLK_SYS_RESUS_CTRL: a stopped clk_sys is not noticed."""
        if written & 1 << 12:
            self.report("CLK_SYS_RESUS_CTRL", "write", "forced resuscitation of clk_sys")

    def count_started(self, _written: int, _old: int) -> None:
        """FC0_SRC: a count begins."""
        running = self.values["FC0_SRC"] != 0
        self.values["FC0_STATUS"] = RUNNING if running else 0
        length = INTERVAL_PICOSECONDS << self.values["FC0_INTERVAL"]
        self._counting.arm(self.context.clock.picoseconds() + length if running else None)

    def refresh(self) -> None:
        """Bring SELECTED and all frequencies up to date."""
        hz = {source: self.context.signals.get(f"clock:{source}") for source in self.SOURCES}
        for generator in self.GENERATORS:
            hz[generator.clock] = self._generated_hz(generator, hz)
        hz["core"] = hz["core"] or self._outputs.last_hz("core", self.context.clock.core_hz)
        for name, tick in self.TICKS.items():
            divider = self.context.signals.get(tick)
            hz[name] = hz["clk_ref"] // divider if divider else 0
        self._outputs.publish(hz)

    # -- inside ----------------------------------------------------------------------------
    def _generated_hz(self, generator: Generator, hz: dict[str, int]) -> int:
        control = f"{generator.name}_CTRL"
        number = self.field(control, 5, generator.auxiliary_width)
        source = generator.auxiliary[number] if number < len(generator.auxiliary) else ""
        if generator.glitchless:
            number = self.field(control, 0, (len(generator.glitchless) - 1).bit_length())
            self.values[f"{generator.name}_SELECTED"] = 1 << number
            glitchless = generator.glitchless[number]
            source = source if glitchless == "aux" else glitchless
        elif not self.values[control] & ENABLE:
            return 0
        divider = self.values[f"{generator.name}_DIV"]
        return (hz.get(source, 0) << generator.point) // (divider or 1 << 16 + generator.point)

    def _counted(self) -> None:
        source = self.values["FC0_SRC"]
        name = self.COUNTED[source] if source < len(self.COUNTED) else ""
        hz = self.context.clocks.hz(name) if name else 0
        khz = hz // 1000
        status = DONE | (SLOW if khz < self.values["FC0_MIN_KHZ"] else 0)
        status |= FAST if khz > self.values["FC0_MAX_KHZ"] else 0
        status |= FAIL if status & (SLOW | FAST) else PASS
        self.values["FC0_STATUS"] = status
        self.values["FC0_RESULT"] = (hz << FRACTION_BITS) // 1000
