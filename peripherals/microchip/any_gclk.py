"""What the generic clock controllers of SAM D21 and SAM D5x/E5x share: generators, and who has which.

Oscillators tell their frequencies on ``clock:NAME`` signals; a generator divides one of them. A device's
clock is published under the device's name, the core's is generator 0 divided as ``divider:cpu`` says (in
powers of two). References of the PLLs go back on ``clock:NAME_reference``. Everything switches at once:
synchronization is never seen. Inputs from pins are nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar

from emulator.device import DeviceContext
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.register_device import RegisterDevice

FIRST = 1
"""The generator that may drive others."""


class AnyGclk(RegisterDevice):
    """A chip adds its registers, and how they say what a generator and a device's clock are.

    ``SOURCES``: oscillators by a generator's SRC; ``gclk1`` is a generator. ``DEVICES``: by its number the
    device, or the first of those that share the clock. ``REFERENCES``: those of them that are oscillators.
    """

    SOURCES: ClassVar[tuple[str, ...]]
    GENERATORS: ClassVar[int]
    DEVICES: ClassVar[Mapping[int, str]]
    REFERENCES: ClassVar[tuple[str, ...]]
    PARTS = ("_outputs",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._outputs = ClockOutputs(context.clocks)
        for wire in (*(f"clock:{source}" for source in self.SOURCES if source), "divider:cpu"):
            context.signals.watch(wire, lambda _level: self.refresh())

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """The core's, the generators', the devices'."""
        return ("core", *(f"gclk{n}" for n in range(cls.GENERATORS)), *cls.DEVICES.values())

    def refresh(self) -> None:
        """Bring all frequencies up to date; generator 1 first."""
        signals = self.context.signals
        hz = {name: signals.get(f"clock:{name}") for name in self.SOURCES if name and name != f"gclk{FIRST}"}
        for number in (FIRST, 0, *range(FIRST + 1, self.GENERATORS)):
            source, divisor = self.generator(number)
            hz[f"gclk{number}"] = hz.get(source, 0) // divisor
        for number, device in self.DEVICES.items():
            generator = self.generator_of(number)
            hz[device] = 0 if generator is None else hz.get(f"gclk{generator}", 0)
        core = hz["gclk0"] >> signals.get("divider:cpu")
        hz["core"] = core or self._outputs.last_hz("core", self.context.clock.core_hz)
        self._outputs.publish({name: hz[name] for name in self.clocks()})
        for reference in self.REFERENCES:
            signals.set(f"clock:{reference}", hz[reference])

    @abstractmethod
    def generator(self, number: int) -> tuple[str, int]:
        """A generator's source (empty: none), and what it is divided by."""

    @abstractmethod
    def generator_of(self, number: int) -> int | None:
        """Which generator the clock of this number has; None: it is off."""


def divisor(divider: int, power_of_two: bool) -> int:
    """What a generator divides by; of 0 it divides by 1."""
    return 1 << divider + 1 if power_of_two else max(1, divider)
