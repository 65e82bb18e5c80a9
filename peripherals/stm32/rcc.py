"""What every STM32 clock controller does, driven by tables of a family's subclass.

A subclass names its oscillators' enable and ready bits, its system clock switch and its
kernel-clock selectors, and computes the clocks. Which bit of which register resets which
device is the board's matter. Ready bits follow enable bits at once: start-up times of
oscillators and PLLs are not modelled.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec

from emulator.device import POWER_ON, RESET_PIN, SOFTWARE, DeviceContext, DeviceParameters, reset_cause
from emulator.schema.table import Name, Problem, about
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.parts.parameters import unknown_registers
from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.parts.reset_flags import flags_after_reset

AHB_PRESCALERS = (1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 8, 16, 64, 128, 256, 512)
APB_PRESCALERS = (1, 1, 1, 1, 2, 4, 8, 16)
LSI_HZ, LSE_HZ, HSI48_HZ = 32_000, 32_768, 48_000_000
PLL_FRACTION_STEPS = 8192
BDCR_RTCEN = 1 << 15
BUS_CLOCKS = ("sysclk", "core", "hclk", "pclk1", "timpclk1", "pclk2", "timpclk2")


def ready(register: str, enable_bit: int, ready_bit: int, source: str = "") -> Ready:
    """Make the row of an oscillator or PLL; ``source``: the crystal that it needs, "hse" or "lse"."""
    return Ready(register, 1 << ready_bit, register, 1 << enable_bit, source)


@dataclass(frozen=True, slots=True)
class Source:
    """A clock that can be the system clock, with its enable and ready bits."""

    clock: str
    register: str
    enable_bit: int
    ready_bit: int


@dataclass(frozen=True, slots=True)
class Switch:
    """The system clock switch: SW in bit 0 of ``register``, SWS above it, both ``width`` bits."""

    register: str
    status_shift: int
    width: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Selector:
    """A field that selects a kernel clock: ``sources[field value]`` feeds ``clock``."""

    clock: str
    register: str
    shift: int
    width: int
    sources: tuple[str, ...]


RTC_CLOCK = Selector("rtc", "BDCR", 8, 2, ("", "lse", "lsi", ""))
"""RTCSEL; HSE divided is not modelled here."""


def serial_clock(
    clock: str, register: str, shift: int, bus: str, hsi: str = "hsi16", *, last: str = "lse"
) -> Selector:
    """Make the row of a serial interface's selector of two bits: its bus, sysclk, HSI, ``last``."""
    return Selector(clock, register, shift, 2, (bus, "sysclk", hsi, last))


class RccParameters(DeviceParameters, frozen=True):
    """Crystals and clocks that the board fits, and what the family's reset bits reset."""

    hse_hz: Annotated[
        int,
        about(
            "The external high-speed crystal or clock; 0: none.",
            unit="Hz",
            at_least=0,
            at_most=50_000_000,
            example=8_000_000,
        ),
    ] = 0
    lse_hz: Annotated[
        int, about("The watch crystal; 0: none.", unit="Hz", at_least=0, at_most=1_000_000, example=LSE_HZ)
    ] = LSE_HZ
    peripheral_resets: Annotated[
        dict[str, dict[Name, Annotated[int, msgspec.Meta(ge=0, le=31)]]],
        about(
            "Which bit of which reset register resets which device.",
            example={"APB1RSTR1": {"usart2": 17, "usart3": 18}},
        ),
    ] = msgspec.field(default_factory=dict)


class Rcc(ReadyDevice):
    """Ready bits, system clock switch, kernel clocks and peripheral resets."""

    PARAMETERS = RccParameters
    parameters: RccParameters
    LINES = ("global",)

    SWITCH: ClassVar[Switch]
    SELECTORS: ClassVar[tuple[Selector, ...]] = ()
    CLOCKS: ClassVar[tuple[str, ...]] = ()  # oscillators that can be set, PLLs, further buses
    FIXED_HZ: ClassVar[Mapping[str, int]] = {"lsi": LSI_HZ, "hsi48": HSI48_HZ}
    RESET_FLAGS: ClassVar[Mapping[str, int]] = {RESET_PIN: 26, SOFTWARE: 28, "iwdg": 29, "wwdg": 30}
    """Causes of a reset with their bits; the register's reset value has those of power-on.

    Every reset inside the chip pulls its NRST pin low, so that the pin's flag is set, too (RM0455
    "Reset source identification"; older manuals show it in the drawing of the reset circuit).
    """
    RESET_FLAGS_REGISTER: ClassVar[str] = "CSR"
    REMOVE_RESET_FLAGS: ClassVar[int] = 1 << 23  # RMVF
    ALL_RESET_FLAGS: ClassVar[int] = 0xFE000000
    PARTS = ("_outputs",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self.hse_hz = self.parameters.hse_hz
        self._fixed = {
            "hse": self.hse_hz,
            "lse": self.parameters.lse_hz,
            **self.FIXED_HZ,
        }
        self._outputs = ClockOutputs(context.clocks)
        self._peripheral_resets = self.parameters.peripheral_resets

    @classmethod
    def contradictions(cls, parameters: Mapping[str, Any]) -> Iterable[Problem]:
        """Reset registers that the controller does not have."""
        named = parameters.get("peripheral_resets", {})
        return unknown_registers("peripheral_resets", named, (row.name for row in cls.REGISTERS))

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """Oscillators, PLLs, buses and kernel clocks."""
        kernel_clocks = (selector.clock for selector in cls.SELECTORS)
        return ("hse", "lse", *cls.FIXED_HZ, *cls.CLOCKS, *BUS_CLOCKS, *kernel_clocks)

    def reset(self) -> None:
        """Back to the reset clock; remember why the system was reset."""
        register, mask = self.RESET_FLAGS_REGISTER, self.ALL_RESET_FLAGS
        before, backup = self.values[register] & mask, self.values.get("BDCR")
        super().reset()
        if backup is not None and any(self.context.signals.get(reset_cause(c)) for c in self.RESET_FLAGS):
            self.values["BDCR"] = backup  # the backup domain has resets of its own
        pin = 1 << self.RESET_FLAGS[RESET_PIN]
        causes = {cause: pin | 1 << bit for cause, bit in self.RESET_FLAGS.items()}
        causes[POWER_ON] = self.values[register] & mask
        flags = flags_after_reset(self.context.signals, before, causes)
        self.values[register] = (self.values[register] & ~mask) | flags
        self._outputs.forget()
        self.refresh()

    # -- effects that subclasses name in their tables ---------------------------------------
    def clock_changed(self, _written: int, _old: int) -> None:
        """Follow a write to any register that shapes the clock tree."""
        self.refresh()

    def peripherals_reset(self, _written: int, _old: int) -> None:
        """Hold or release peripheral resets (all RSTR registers)."""
        for register, bits in self._peripheral_resets.items():
            for device, bit in bits.items():
                level = self.values[register] >> bit & 1
                if self.context.signals.get(f"reset:{device}") != level:
                    self.context.signals.set(f"reset:{device}", level)

    def status_written(self, written: int, _old: int) -> None:
        """CSR (or RSR): oscillators that are switched there, and removal of the reset flags."""
        if written & self.REMOVE_RESET_FLAGS:
            self.clear_bits(self.RESET_FLAGS_REGISTER, self.ALL_RESET_FLAGS)
        self.refresh()

    # -- for subclasses ------------------------------------------------------------------
    def oscillators(self) -> dict[str, int]:
        """Give what the registers make of the internal oscillators, in hertz, whether on or off.

        The crystals, and the oscillators of one frequency in ``FIXED_HZ``, are there already.
        """
        return {}

    @abstractmethod
    def plls(self, clocks: Mapping[str, int]) -> dict[str, int]:
        """Give the PLLs' outputs in hertz, from the oscillators."""
        raise NotImplementedError

    @abstractmethod
    def buses(self, sysclk_hz: int) -> dict[str, int]:
        """Give ``sysclk``, ``core``, ``hclk``, the bus and timer clocks."""
        raise NotImplementedError

    def source_runs(self, source: str) -> bool:
        """A crystal that the board lacks never gets ready."""
        return self._fixed[source] > 0

    def refresh(self) -> None:
        """Bring the clock switch and all frequencies up to date."""
        clocks = {**self._fixed, **self.oscillators()}
        clocks.update(self.plls(clocks))
        clocks.update(self.buses(clocks[self._switched().clock]))
        for selector in self.SELECTORS:
            choice = self.field(selector.register, selector.shift, selector.width)
            clocks[selector.clock] = clocks.get(selector.sources[min(choice, len(selector.sources) - 1)], 0)
        if "rtc" in clocks and not self.values["BDCR"] & BDCR_RTCEN:
            clocks["rtc"] = 0
        self._outputs.publish(clocks)

    def fractional_pll(
        self, number: int, source_hz: int, divider_m: int, *, fraction: bool
    ) -> dict[str, int]:
        """Give the outputs of a PLL of H7 and U5: (source / M) * (N + fraction) / P, Q and R.

        ``divider_m`` is 0 while it has no input; the rest stands in PLLnDIVR and PLLnFRACR.
        """
        register = f"PLL{number}DIVR"
        steps = (self.field(register, 0, 9) + 1) * PLL_FRACTION_STEPS
        steps += self.field(f"PLL{number}FRACR", 3, 13) if fraction else 0
        vco_hz = source_hz * steps // (divider_m * PLL_FRACTION_STEPS) if divider_m else 0
        outputs = (("p", 9), ("q", 16), ("r", 24))
        return {f"pll{number}_{name}": vco_hz // (self.field(register, at, 7) + 1) for name, at in outputs}

    # -- inside --------------------------------------------------------------------------
    def _switched(self) -> Source:
        """Let SWS follow SW if that source is ready; the source in use can't be switched off."""
        switch = self.SWITCH
        wanted = self.field(switch.register, 0, switch.width)
        if wanted < len(switch.sources):
            source = switch.sources[wanted]
            if self.values[source.register] >> source.ready_bit & 1:
                self.put_field(switch.register, switch.status_shift, switch.width, wanted)
        in_use = switch.sources[self.field(switch.register, switch.status_shift, switch.width)]
        self.set_bits(in_use.register, 1 << in_use.enable_bit | 1 << in_use.ready_bit)
        return in_use


def fractional_plls(*numbers: int) -> tuple[str, ...]:
    """What the outputs of PLLs with a fraction are called."""
    return tuple(f"pll{number}_{output}" for number in numbers for output in "pqr")


def bus_clocks(sysclk_hz: int, ahb: int, apb1: int, apb2: int | None = None) -> dict[str, int]:
    """Divide the system clock by the prescaler fields; timers run at twice a divided APB.

    ``ahb``, ``apb1``, ``apb2`` are the fields' values; ``None``: the family has one APB.
    """
    hclk = sysclk_hz // AHB_PRESCALERS[ahb]
    clocks = {"sysclk": sysclk_hz, "core": hclk, "hclk": hclk}
    for number, field in ((1, apb1), (2, apb1 if apb2 is None else apb2)):
        divider = APB_PRESCALERS[field]
        clocks[f"pclk{number}"] = hclk // divider
        clocks[f"timpclk{number}"] = hclk if divider == 1 else 2 * hclk // divider
    return clocks
