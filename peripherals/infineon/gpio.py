"""General-purpose ports of PSoC 6 (registers TRM CY8C6xxA, chapter "GPIO").

An output pin drives the signal of its name ("P13_7"); an input reads it, so a board or a test
ties pins by signals. A pin with its pull-up on reads 1 when nothing drives it. Which
peripheral has a pin (HSIOM) is another device. Not modelled, and reported: pin interrupts.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.parts.banked import BankedDevice
from peripherals.register_device import Register, read_only

PORTS, PINS = range(15), range(8)
PULL_UP, OPEN_LOW, OPEN_HIGH, STRONG, PULL_BOTH = 2, 4, 5, 6, 7


def _port_rows(port: int) -> tuple[Register, ...]:
    base, prefix = Gpio.BANK_BYTES * port, f"PRT{port}_"
    return (
        Register(base, prefix + "OUT", writable=0xFF, on_write="pins_changed"),
        Register(base + 0x04, prefix + "OUT_CLR", writable=0, on_write="clear_pins"),
        Register(base + 0x08, prefix + "OUT_SET", writable=0, on_write="set_pins"),
        Register(base + 0x0C, prefix + "OUT_INV", writable=0, on_write="invert_pins"),
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
    STATE = ("_driven",)
    size_bytes = 0x5000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._driven: dict[str, int] = {}  # pin -> level that it drives

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

    def reset(self) -> None:
        """Let go of every pin."""
        super().reset()
        self._driven.clear()

    # -- effects ---------------------------------------------------------------------------
    def pins_changed(self, _written: int, _old: int) -> None:
        """OUT, CFG: drive what is an output now."""
        self._drive(self.values[f"PRT{self.bank}_OUT"])

    def clear_pins(self, written: int, _old: int) -> None:
        """OUT_CLR."""
        self._drive(self.values[f"PRT{self.bank}_OUT"] & ~written)

    def set_pins(self, written: int, _old: int) -> None:
        """OUT_SET."""
        self._drive(self.values[f"PRT{self.bank}_OUT"] | written & 0xFF)

    def invert_pins(self, written: int, _old: int) -> None:
        """OUT_INV."""
        self._drive(self.values[f"PRT{self.bank}_OUT"] ^ written & 0xFF)

    def interrupts_written(self, _written: int, _old: int) -> None:
        """INTR_MASK: nothing interrupts."""
        if self.values[f"PRT{self.bank}_INTR_MASK"]:
            self.report(f"PRT{self.bank}_INTR_MASK", "write", "pin interrupts")

    def input_levels(self) -> int:
        """IN: what is on the pins whose input buffer is on."""
        levels = 0
        for pin in PINS:
            mode = self._mode(pin)
            name = f"P{self.bank}_{pin}"
            level = self._driven.get(name)
            if level is None:
                pulled_up = mode & 7 in (PULL_UP, PULL_BOTH) and self.values[f"PRT{self.bank}_OUT"] >> pin & 1
                level = int(bool(pulled_up) or self.context.signals.get(name) != 0)
            levels |= (level if mode & 8 else 0) << pin
        return levels

    # -- inside ----------------------------------------------------------------------------
    def _mode(self, pin: int) -> int:
        return self.values[f"PRT{self.bank}_CFG"] >> 4 * pin & 0xF

    def _drive(self, out: int) -> None:
        """Drive strong pins both ways, open-drain and resistive ones only their strong way."""
        self.values[f"PRT{self.bank}_OUT"] = out
        for pin in PINS:
            level = out >> pin & 1
            mode = self._mode(pin) & 7
            drives = mode == STRONG or mode in ((OPEN_HIGH, 3) if level else (OPEN_LOW, PULL_UP))
            name = f"P{self.bank}_{pin}"
            if not drives:
                self._driven.pop(name, None)
            elif self._driven.get(name) != level:
                self._driven[name] = level
                self.context.signals.set(name, level)
