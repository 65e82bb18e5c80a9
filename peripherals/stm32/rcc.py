"""What every STM32 clock controller does, driven by tables of a family's subclass.

A subclass names its oscillators' enable and ready bits and its kernel-clock selectors, and
computes the system clock. Which bit of which register resets which device is the board's
matter. Ready bits follow enable bits at once: start-up times of oscillators and PLLs are
not modelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from emulator.device import DeviceContext
from emulator.errors import BoardError
from peripherals.register_device import RegisterDevice

AHB_PRESCALERS = (1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 8, 16, 64, 128, 256, 512)
APB_PRESCALERS = (1, 1, 1, 1, 2, 4, 8, 16)
RESET_CAUSES = ("software", "iwdg", "wwdg")
LSI_HZ, LSE_HZ, HSI48_HZ = 32_000, 32_768, 48_000_000


@dataclass(frozen=True, slots=True)
class Ready:
    """An enable bit and the ready bit that follows it, as (register, bit) pairs.

    ``clock``: the oscillator's name; one that the board lacks (0 Hz) never gets ready.
    """

    register: str
    enable_bit: int
    ready_bit: int
    clock: str = ""


@dataclass(frozen=True, slots=True)
class Selector:
    """A field that selects a kernel clock: ``sources[field value]`` feeds ``clock``."""

    clock: str
    register: str
    shift: int
    width: int
    sources: tuple[str, ...]


class Rcc(RegisterDevice):
    """Ready bits, system clock switch, kernel clocks and peripheral resets.

    Parameters: ``hse_hz`` (0: no crystal or clock fitted), ``lse_hz``, and
    ``peripheral_resets`` (register -> device -> bit).
    """

    READY: ClassVar[tuple[Ready, ...]] = ()
    SELECTORS: ClassVar[tuple[Selector, ...]] = ()
    RESET_FLAGS: ClassVar[Mapping[str, int]] = {}  # cause -> bit of RESET_FLAGS_REGISTER
    RESET_FLAGS_REGISTER: ClassVar[str] = "CSR"
    REMOVE_RESET_FLAGS: ClassVar[int] = 1 << 23  # RMVF
    ALL_RESET_FLAGS: ClassVar[int] = 0xFE000000
    STATE = ("_published",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self.hse_hz = int(context.parameters.get("hse_hz", 0))
        self.lse_hz = int(context.parameters.get("lse_hz", LSE_HZ))
        self._published: dict[str, int] = {}
        self._peripheral_resets = self._checked_resets()

    def reset(self) -> None:
        """Back to the reset clock; remember why the system was reset."""
        super().reset()
        for cause, bit in self.RESET_FLAGS.items():
            if self.context.signals.get(f"reset_cause:{cause}"):
                self.set_bits(self.RESET_FLAGS_REGISTER, 1 << bit)
        self._published = {}
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
            for cause in self.RESET_FLAGS:
                self.context.signals.set(f"reset_cause:{cause}", 0)
        self.refresh()

    # -- for subclasses ------------------------------------------------------------------
    def oscillators(self) -> dict[str, int]:
        """Frequencies in hertz of what feeds the tree, whether enabled or not."""
        raise NotImplementedError

    def switch_system_clock(self) -> None:
        """Let the switch status follow the selection where the source is ready."""
        raise NotImplementedError

    def tree(self, clocks: dict[str, int]) -> dict[str, int]:
        """Give ``sysclk``, ``core``, ``hclk``, the bus and timer clocks; add PLL outputs."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Bring ready bits, the clock switch and all frequencies up to date."""
        clocks = self.oscillators()
        for row in self.READY:
            exists = not row.clock or clocks.get(row.clock, 0) > 0
            on = bool(self.values[row.register] >> row.enable_bit & 1) and exists
            self.put_bits(row.register, 1 << row.ready_bit, on)
        self.switch_system_clock()
        clocks.update(self.tree(clocks))
        for selector in self.SELECTORS:
            choice = self.values[selector.register] >> selector.shift & (1 << selector.width) - 1
            source = selector.sources[min(choice, len(selector.sources) - 1)]
            clocks[selector.clock] = clocks.get(source, 0)
        if clocks != self._published:
            self._published = clocks
            self.context.clocks.set(clocks)

    def _checked_resets(self) -> Mapping[str, Mapping[str, int]]:
        resets: Mapping[str, Mapping[str, int]] = self.context.parameters.get("peripheral_resets", {})
        for register in resets:
            if register not in self.values:
                raise BoardError(
                    f"the clock controller has no register {register!r}",
                    where=f"devices.{self.context.name}.parameters.peripheral_resets",
                )
        return resets

    def field(self, register: str, shift: int, width: int) -> int:
        """Read a bit field of a register."""
        return self.values[register] >> shift & (1 << width) - 1

    def put_field(self, register: str, shift: int, width: int, value: int) -> None:
        """Write a bit field of a register."""
        mask = (1 << width) - 1 << shift
        self.values[register] = (self.values[register] & ~mask) | (value << shift & mask)


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
