"""PORT of SAM D21 (datasheet DS40001882, chapter 23): two groups of 32 pins.

A pin that is an output is driven, whichever function it has; an input with its pull-up enabled reads OUT.
Multiplexers tell on ``function:NAME`` which function a pin has; drive strengths are kept. WRCONFIG writes to
several pins' PINCFG and PMUX at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.device import DeviceContext
from peripherals.parts.pins import Pins
from peripherals.register_device import Register, RegisterDevice, clears, read_only, sets, toggles

GROUPS, GROUP_BYTES, PIN_COUNT = ("A", "B"), 0x80, 32
NAMES = {group: tuple(f"P{group}{n:02d}" for n in range(PIN_COUNT)) for group in GROUPS}
MULTIPLEXER, PIN_CONFIGURATION = 0x30, 0x40
PULL_ENABLE, MULTIPLEXED, CONFIGURATION_MASK = 1 << 2, 1 << 0, 0x47
WRITE_PIN, WRITE_MULTIPLEXER, UPPER_HALF = 1 << 30, 1 << 28, 1 << 31


def function_wire(pin: str) -> str:
    """The wire that says which function a pin has: 0 none, 1 A, 2 B and so on."""
    return f"function:{pin}"


def _rows(number: int) -> tuple[Register, ...]:
    group, base = GROUPS[number], GROUP_BYTES * number
    rows = []
    for offset, name in ((0x00, f"DIR{group}"), (0x10, f"OUT{group}")):
        rows += [
            Register(base + offset, name, on_write="driven"),
            clears(base + offset + 4, f"{name}CLR", name, shows=name),
            sets(base + offset + 8, f"{name}SET", name, shows=name),
            toggles(base + offset + 12, f"{name}TGL", name, shows=name),
        ]
    return (
        *rows,
        read_only(base + 0x20, f"IN{group}", on_read="levels"),
        Register(base + 0x24, f"CTRL{group}"),
        Register(base + 0x28, f"WRCONFIG{group}", writable=0, on_write="configured"),
        *(Register(base + MULTIPLEXER + 4 * n, f"PMUX{group}{n}", on_write="multiplexed") for n in range(4)),
        *(Register(base + PIN_CONFIGURATION + 4 * n, f"PINCFG{group}{n}", writable=0x47474747,
                   on_write="multiplexed") for n in range(8)),
    )  # fmt: skip


class Port(RegisterDevice):
    """Both groups; four bytes of PMUX and PINCFG are one register here."""

    REGISTERS = (*_rows(0), *_rows(1))
    PARTS = ("_groups",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._groups = [Pins(context.signals, NAMES[group]) for group in GROUPS]

    @classmethod
    def pins(cls, name: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG003
        """PA00 to PB31."""
        return (*NAMES["A"], *NAMES["B"])

    def reset(self) -> None:
        """Inputs all."""
        super().reset()
        for pins in self._groups:
            pins.release()
        for name in (*NAMES["A"], *NAMES["B"]):
            self.context.signals.set(function_wire(name), 0)

    def driven(self, _written: int, _old: int) -> None:
        """DIR, OUT and what changes them: outputs follow."""
        group = GROUPS[self.access_offset // GROUP_BYTES]
        directions, levels = self.values[f"DIR{group}"], self.values[f"OUT{group}"]
        for pin in range(PIN_COUNT):
            self._pins(group).drive(pin, levels >> pin & 1 if directions >> pin & 1 else None)

    def multiplexed(self, _written: int, _old: int) -> None:
        """PMUX, PINCFG: tell which function each pin has."""
        group = GROUPS[self.access_offset // GROUP_BYTES]
        for pin, name in enumerate(NAMES[group]):
            on = self.values[f"PINCFG{group}{pin // 4}"] >> 8 * (pin % 4) & MULTIPLEXED
            function = self.field(f"PMUX{group}{pin // 8}", 4 * (pin % 8), 4) + 1 if on else 0
            self.context.signals.set(function_wire(name), function)

    def levels(self) -> int:
        """IN."""
        group = GROUPS[self.access_offset // GROUP_BYTES]
        out = self.values[f"OUT{group}"]
        return sum(
            self._pins(group).level(pin, pulled_up=bool(self._pulled(group, pin) and out >> pin & 1)) << pin
            for pin in range(PIN_COUNT)
        )

    def configured(self, written: int, _old: int) -> None:
        """WRCONFIG: several pins at once."""
        group = GROUPS[self.access_offset // GROUP_BYTES]
        first = 16 if written & UPPER_HALF else 0
        for pin in (first + n for n in range(16) if written >> n & 1):
            if written & WRITE_PIN:
                configuration = written >> 16 & CONFIGURATION_MASK
                self.put_field(f"PINCFG{group}{pin // 4}", 8 * (pin % 4), 8, configuration)
            if written & WRITE_MULTIPLEXER:
                self.put_field(f"PMUX{group}{pin // 8}", 4 * (pin % 8), 4, written >> 24 & 15)
        self.multiplexed(0, 0)

    def _pulled(self, group: str, pin: int) -> int:
        return self.values[f"PINCFG{group}{pin // 4}"] >> 8 * (pin % 4) & PULL_ENABLE

    def _pins(self, group: str) -> Pins:
        return self._groups[GROUPS.index(group)]
