"""General-purpose I/O port of STM32 (RM0432, chapter "General-purpose I/Os").

The same block is in F0/F2/F3/F4/F7/G0/G4/H7/L0/L4/U5. An output pin drives the signal of
its name ("PG10"); an input reads it, so a board or a test ties pins by signals. A pin that
nothing drives high reads 1 with its pull-up on. Alternate functions are stored only.

Parameters: ``port`` (letter, by default the last of the device's name) and ``resets``
(register name -> value), because debug pins make ports A and B differ.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

import msgspec

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import Problem, about
from peripherals.parts.parameters import ResetValues, unknown_resets
from peripherals.parts.pins import Pins
from peripherals.register_device import Register, RegisterDevice, clears, read_only

PINS = range(16)
MODE_OUTPUT = 1
PULL_UP = 1


class PortParameters(DeviceParameters, frozen=True):
    """Which port it is."""

    port: Annotated[
        str,
        about(
            "The port's letter, as in the names of its pins.",
            pattern="^[A-Za-z]$",
            form="a letter",
            by_default="the last letter of the device's name",
            example="G",
        ),
    ] = ""


class GpioParameters(PortParameters, frozen=True):
    """Also what differs in it."""

    resets: ResetValues = msgspec.field(default_factory=dict)


def port_pins(name: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the pins of the port that a device of this name is."""
    port = (parameters.get("port") or name[-1]).upper()
    return tuple(f"P{port}{pin}" for pin in PINS)


class Port(RegisterDevice):
    """What a port of any family is; the registers that say what each pin does are the family's."""

    PARAMETERS: ClassVar[type[DeviceParameters]] = PortParameters
    PARTS = ("_pins",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._pins = Pins(context.signals, self.pins(context.name, context.parameters))

    @classmethod
    def pins(cls, name: str, parameters: Mapping[str, Any]) -> Sequence[str]:
        """PA0 to PA15 of port A."""
        return port_pins(name, parameters)

    @abstractmethod
    def pulled_up(self, pin: int) -> bool:
        """Whether the pin's pull-up is on."""

    @abstractmethod
    def output(self, pin: int) -> tuple[bool, bool]:
        """Whether the pin is a general-purpose output, and whether it is an open-drain one."""

    def reset(self) -> None:
        """Let go of every pin."""
        super().reset()
        self._drive()

    # -- effects ---------------------------------------------------------------------------
    def pins_changed(self, _written: int, _old: int) -> None:
        """A register that says what a pin does or drives: drive what is an output now."""
        self._drive()

    def set_or_reset(self, written: int, _old: int) -> None:
        """BSRR: low half sets, high half resets; set wins."""
        self.values["ODR"] = (self.values["ODR"] & ~(written >> 16)) | (written & 0xFFFF)
        self._drive()

    def input_levels(self) -> int:
        """IDR: what is on the pins, driven by this port or from outside."""
        return sum(self._pins.level(pin, pulled_up=self.pulled_up(pin)) << pin for pin in PINS)

    # -- inside ----------------------------------------------------------------------------
    def _drive(self) -> None:
        """Drive push-pull outputs both ways, open-drain outputs low only."""
        for pin in PINS:
            is_output, is_open_drain = self.output(pin)
            level = self.values["ODR"] >> pin & 1
            drives = is_output and not (level and is_open_drain)
            self._pins.drive(pin, level if drives else None)


class Gpio(Port):
    """One port of 16 pins."""

    PARAMETERS = GpioParameters
    parameters: GpioParameters
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "MODER", 0xFFFFFFFF, on_write="pins_changed"),
        Register(0x04, "OTYPER", writable=0xFFFF, on_write="pins_changed"),
        Register(0x08, "OSPEEDR"),
        Register(0x0C, "PUPDR"),
        read_only(0x10, "IDR", on_read="input_levels"),
        Register(0x14, "ODR", writable=0xFFFF, on_write="pins_changed"),
        Register(0x18, "BSRR", writable=0, on_write="set_or_reset"),
        Register(0x1C, "LCKR", writable=0x1FFFF),
        Register(0x20, "AFRL"),
        Register(0x24, "AFRH"),
        clears(0x28, "BRR", "ODR", 0xFFFF),
    )

    @classmethod
    def contradictions(cls, parameters: Mapping[str, Any]) -> Iterable[Problem]:
        """Reset values of registers that are not there."""
        return unknown_resets(parameters, cls.REGISTERS)

    def register_table(self) -> tuple[Register, ...]:
        """Put this port's own reset values in."""
        resets = self.parameters.resets
        return tuple(replace(row, reset=resets.get(row.name, row.reset)) for row in self.REGISTERS)

    def pulled_up(self, pin: int) -> bool:
        """By PUPDR."""
        return self.values["PUPDR"] >> 2 * pin & 3 == PULL_UP

    def output(self, pin: int) -> tuple[bool, bool]:
        """By MODER and OTYPER."""
        is_output = self.values["MODER"] >> 2 * pin & 3 == MODE_OUTPUT
        return is_output, self.values["OTYPER"] >> pin & 1 == 1


class SwitchedGpio(Gpio):
    """One port of STM32L47x/L48x: ASCR connects pins to the ADC (RM0351 section "GPIO registers").

    Stored only: a pin in analog mode reads as nobody drives it, connected or not.
    """

    REGISTERS = (*Gpio.REGISTERS, Register(0x2C, "ASCR", writable=0xFFFF))
