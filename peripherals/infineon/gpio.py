"""General-purpose ports of PSoC 6 (registers TRM CY8C6xxA, chapter "GPIO").

An output pin drives the signal of its name ("P13_7"); an input reads it, so a board or a test
ties pins by signals. A pin with its pull-up on reads 1 when nothing drives it. Which
peripheral has a pin (HSIOM) is another device. Not modelled, and reported: pin interrupts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.device import DeviceContext
from peripherals.parts.banked import BankedDevice
from peripherals.parts.pins import Pins
from peripherals.register_device import Register, clears, read_only, sets, toggles

PORTS, PINS = range(15), range(8)
PULL_UP, PULL_DOWN, OPEN_LOW, OPEN_HIGH, STRONG, PULL_BOTH = 2, 3, 4, 5, 6, 7
DRIVES_LOW, DRIVES_HIGH = (STRONG, OPEN_LOW, PULL_UP), (STRONG, OPEN_HIGH, PULL_DOWN)
"""Drive modes with a strong level: open-drain and resistive ones have one."""


def _port_rows(port: int) -> tuple[Register, ...]:
    base, prefix = Gpio.BANK_BYTES * port, f"PRT{port}_"
    return (
        Register(base, prefix + "OUT", writable=0xFF, on_write="pins_changed"),
        clears(base + 0x04, prefix + "OUT_CLR", prefix + "OUT", 0xFF),
        sets(base + 0x08, prefix + "OUT_SET", prefix + "OUT", 0xFF),
        toggles(base + 0x0C, prefix + "OUT_INV", prefix + "OUT", 0xFF),
        read_only(base + 0x10, prefix + "IN", on_read="input_levels"),
        Register(base + 0x14, prefix + "INTR", writable=0, w1c=0x1FF),
        Register(base + 0x18, prefix + "INTR_MASK", writable=0x1FF, on_write="interrupts_written"),
        read_only(base + 0x1C, prefix + "INTR_MASKED"),
        Register(base + 0x20, prefix + "INTR_SET", writable=0),
        Register(base + 0x40, prefix + "INTR_CFG", writable=0x1FFFFF),
        Register(base + 0x44, prefix + "CFG", on_write="pins_changed"),
        Register(base + 0x48, prefix + "CFG_IN", writable=0xFF),
        Register(base + 0x4C, prefix + "CFG_OUT", writable=0xFFFF00FF),
        Register(base + 0x50, prefix + "CFG_SIO"),
        Register(base + 0x58, prefix + "CFG_IN_AUTOLVL", writable=0xFF),
    )


class Gpio(BankedDevice):
    """All ports."""

    BANK_BYTES = 0x80
    PARTS = ("_ports",)
    size_bytes = 0x5000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._ports = tuple(Pins(context.signals, [f"P{port}_{pin}" for pin in PINS]) for port in PORTS)

    @classmethod
    def pins(cls, name: str, parameters: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003
        """All pins of all ports."""
        return tuple(f"P{port}_{pin}" for port in PORTS for pin in PINS)

    def register_table(self) -> tuple[Register, ...]:
        """Every port's registers and the supply status."""
        ports = tuple(row for port in PORTS for row in _port_rows(port))
        causes = tuple(read_only(0x4000 + 4 * i, f"INTR_CAUSE{i}") for i in range(4))
        supply = (
            read_only(0x4010, "VDD_ACTIVE", 0xC000FFFF),
            Register(0x4014, "VDD_INTR", writable=0, w1c=0xC000FFFF),
            Register(0x4018, "VDD_INTR_MASK", writable=0xC000FFFF),
        )
        return (*ports, *causes, *supply)

    # -- RegisterDevice ----------------------------------------------------------------------
    def reset(self) -> None:
        """Let go of every pin."""
        super().reset()
        for pins in self._ports:
            pins.release()

    # -- effects ---------------------------------------------------------------------------
    def pins_changed(self, _written: int, _old: int) -> None:
        """OUT and what changes it, CFG: strong pins drive both ways, others their strong way."""
        out = self.values[f"PRT{self.bank}_OUT"]
        for pin in PINS:
            level = out >> pin & 1
            drives = self._mode(pin) & 7 in (DRIVES_HIGH if level else DRIVES_LOW)
            self._ports[self.bank].drive(pin, level if drives else None)

    def interrupts_written(self, _written: int, _old: int) -> None:
        """INTR_MASK: nothing interrupts."""
        if self.values[f"PRT{self.bank}_INTR_MASK"]:
            self.report(f"PRT{self.bank}_INTR_MASK", "write", "pin interrupts")

    def input_levels(self) -> int:
        """IN: what is on the pins whose input buffer is on."""
        out = self.values[f"PRT{self.bank}_OUT"]
        levels = 0
        for pin in PINS:
            mode = self._mode(pin)
            pulled_up = bool(mode & 7 in (PULL_UP, PULL_BOTH) and out >> pin & 1)
            level = self._ports[self.bank].level(pin, pulled_up=pulled_up)
            levels |= (level if mode & 8 else 0) << pin
        return levels

    # -- inside ----------------------------------------------------------------------------
    def _mode(self, pin: int) -> int:
        return self.values[f"PRT{self.bank}_CFG"] >> 4 * pin & 0xF
