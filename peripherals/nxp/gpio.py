"""GPIO of i.MX RT1060 (IMXRT1060RM, chapter "General Purpose Input/Output"): levels, directions, interrupts.

Pins are signals named as the manual names them ("GPIO1_IO09"). GPIO6 to GPIO9 are the fast ports, on the pads
of GPIO1 to GPIO4: a bit of IOMUXC_GPR (signal ``fast_pins:PORT``, a mask) gives a pad to the fast one. Four
ports share one interrupt line there: the first one has it, and asks for the others (``shares``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any

import msgspec

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.pins import Pins
from peripherals.register_device import ALL_BITS, Register, RegisterDevice, clears, read_only, sets, toggles

PINS = 32
SINGLE_LINES = 8
HALVES = (
    (1, 0x3333333333333333), (2, 0x0F0F0F0F0F0F0F0F), (4, 0x00FF00FF00FF00FF), (8, 0x0000FFFF0000FFFF),
    (16, 0x00000000FFFFFFFF),
)  # fmt: skip


def every_other_bit(value: int) -> int:
    """Bits 0, 2, 4 ... of 64, close together (the usual halving: H. S. Warren, Hacker's Delight, 7-2)."""
    value &= 0x5555555555555555
    for shift, mask in HALVES:
        value = (value | value >> shift) & mask
    return value


class ImxGpioParameters(DeviceParameters, frozen=True):
    """Which port's pads it has."""

    port: Annotated[
        int, about("The port that its pads are named after.", at_least=1, at_most=13, example=1)
    ] = 1
    fast: Annotated[
        bool, about("Whether it has those pads alone that IOMUXC_GPR gives to the fast port.", example=True)
    ] = False
    shares: Annotated[list[str], about("Other ports whose requests come on its line.", example=["gpio7"])] = (
        msgspec.field(default_factory=list)
    )


class Gpio(RegisterDevice):
    """One port."""

    PARAMETERS = ImxGpioParameters
    parameters: ImxGpioParameters
    LINES = ("pin#", "low", "high", "global")
    REGISTERS = (
        Register(0x00, "DR", on_read="data", on_write="pins_changed"),
        Register(0x04, "GDIR", on_write="pins_changed"),
        read_only(0x08, "PSR", on_read="levels"),
        Register(0x0C, "ICR1", on_write="look"),
        Register(0x10, "ICR2", on_write="look"),
        Register(0x14, "IMR", on_write="look"),
        Register(0x18, "ISR", writable=0, w1c=ALL_BITS, on_write="look"),
        Register(0x1C, "EDGE_SEL", on_write="look"),
        sets(0x84, "DR_SET", "DR", shows="DR"),
        clears(0x88, "DR_CLEAR", "DR", shows="DR"),
        toggles(0x8C, "DR_TOGGLE", "DR", shows="DR"),
    )
    PARTS = ("_pins",)
    STATE = ("_seen", "_outputs", "_data")
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        names = self.names(self.parameters.port)
        self._pins = Pins(context.signals, names)
        self._seen = 0  # levels
        self._outputs = self._data = 0  # as the pads have them
        for pin, name in enumerate(names):
            context.signals.watch(name, partial(self._changed, pin))
        context.signals.watch(f"fast_pins:{self.parameters.port}", lambda _mask: self._drive())
        for other in self.parameters.shares:
            context.signals.watch(f"gpio_request:{other}", lambda _level: self._ask())

    @staticmethod
    def names(port: int) -> tuple[str, ...]:
        """The pins' signals."""
        return tuple(f"GPIO{port}_IO{pin:02}" for pin in range(PINS))

    @classmethod
    def pins(cls, name: str, parameters: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003
        """All pins of the port."""
        return cls.names(parameters.get("port", 1))

    def reset(self) -> None:
        """Let go of every pin."""
        super().reset()
        self._pins.release()
        self._outputs = self._data = 0
        self._seen = sum(self._pins.level(pin) << pin for pin in range(PINS))
        self._look(0)

    # -- effects -----------------------------------------------------------------------------
    def pins_changed(self, _written: int, _old: int) -> None:
        """DR, GDIR."""
        self._drive()

    def data(self) -> int:
        """DR: a pad's level where the pin is no output."""
        driven = self.values["GDIR"]
        return self.values["DR"] & driven | self._seen & ~driven

    def levels(self) -> int:
        """PSR: what is on the pads."""
        return self._seen

    def look(self, _written: int, _old: int) -> None:
        """ICRn, IMR, ISR, EDGE_SEL: levels ask again at once."""
        self._look(0)

    # -- inside ------------------------------------------------------------------------------
    def _drive(self) -> None:
        fast = self.context.signals.get(f"fast_pins:{self.parameters.port}")
        owned = fast if self.parameters.fast else ALL_BITS & ~fast
        outputs, data = self.values["GDIR"] & owned, self.values["DR"]
        changed = outputs ^ self._outputs | (data ^ self._data) & outputs
        self._outputs, self._data = outputs, data
        for pin in range(changed.bit_length()):
            if changed >> pin & 1:
                self._pins.drive(pin, data >> pin & 1 if outputs >> pin & 1 else None)
        self._look(0)

    def _changed(self, pin: int, level: int) -> None:
        """A pad has another level."""
        bit = 1 << pin
        if bool(self._seen & bit) != bool(level):
            self._seen ^= bit
            self._look(bit)

    def _look(self, edges: int) -> None:
        """Edges that came just now, and levels, raise flags."""
        high = self._seen
        kinds = self.values["ICR1"] | self.values["ICR2"] << 32
        first, second = every_other_bit(kinds), every_other_bit(kinds >> 1)  # kind = first + 2 * second
        both = self.values["EDGE_SEL"]
        flags = (~first & ~second & ~high | first & ~second & high) & ~both
        flags |= edges & (both | second & ~first & high | second & first & ~high)
        self.set_bits("ISR", flags & ALL_BITS)
        self._ask()

    def _ask(self) -> None:
        asked = self.values["ISR"] & self.values["IMR"]
        for number in range(SINGLE_LINES):
            self.line(f"pin{number}").set_level(bool(asked >> number & 1))
        self.line("low").set_level(bool(asked & 0xFFFF))
        self.line("high").set_level(bool(asked >> 16))
        self.context.signals.set(f"gpio_request:{self.context.name}", int(bool(asked)))
        others = any(self.context.signals.get(f"gpio_request:{other}") for other in self.parameters.shares)
        self.line("global").set_level(bool(asked) or others)
