"""I/O ports of RA8D1 with their pin functions (R01UH0995, chapter "I/O Ports"): PORTm, PmnPFS, PWPR, PWPRS.

A pin's direction and level stand in its port's PDR and PODR and in its PFS alike. PFS takes writes only while
PFSWE of PWPR or PWPRS is set, which B0WI guards. A pin that is a peripheral's (PMR) is not driven from here.
Wires are named as pins are: P600, PA14. Drive strength, analogue inputs and event-driven outputs are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.device import DeviceContext
from peripherals.parts.pins import Pins
from peripherals.register_device import Register, RegisterDevice, read_only

PORTS, PINS = "0123456789AB", 16
PORT_BYTES, FUNCTIONS, FUNCTION_BYTES = 0x20, 0x800, 0x40
OUTPUT, LEVEL, DIRECTION, PULL_UP, PERIPHERAL = 1 << 0, 1 << 1, 1 << 2, 1 << 4, 1 << 16
KEPT_BITS = 0x1F01FC70
GUARD, OPEN = 1 << 7, 1 << 6
LOW_HALF = 0xFFFF


def pin_name(port: int, pin: int) -> str:
    """As the manual has it."""
    return f"P{PORTS[port]}{pin:02}"


class Ports(RegisterDevice):
    """All ports, and what a pin is for."""

    REGISTERS = (
        *(
            row
            for n, port in enumerate(PORTS)
            for row in (
                Register(PORT_BYTES * n, f"PCNTR1_{port}", on_write="port_written"),
                read_only(PORT_BYTES * n + 4, f"PCNTR2_{port}", on_read="port_read"),
                Register(PORT_BYTES * n + 8, f"PCNTR3_{port}", writable=0, on_write="outputs_changed"),
                Register(PORT_BYTES * n + 12, f"PCNTR4_{port}"),
            )
        ),
        *(
            Register(
                FUNCTIONS + FUNCTION_BYTES * n + 4 * pin,
                f"{pin_name(n, pin)}PFS",
                writable=KEPT_BITS,
                on_read="function_read",
                on_write="function_written",
            )
            for n in range(len(PORTS))
            for pin in range(PINS)
        ),
        Register(0xD00, "PFENET"),
        Register(0xD0C, "PWPR", GUARD, writable=GUARD, on_write="guard_written"),
        Register(0xD14, "PWPRS", GUARD, writable=GUARD, on_write="guard_written"),
        *(Register(0xD20 + 4 * n, f"PMSAR{n}") for n in range(16)),
    )
    PARTS = ("_pins",)
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._first_byte = 0
        self._pins = [
            Pins(context.signals, [pin_name(n, pin) for pin in range(PINS)]) for n in range(len(PORTS))
        ]

    @classmethod
    def pins(cls, name: str, parameters: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003
        """Every pin of every port."""
        return (pin_name(n, pin) for n in range(len(PORTS)) for pin in range(PINS))

    def reset(self) -> None:
        """All inputs."""
        super().reset()
        for pins in self._pins:
            pins.release()

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Pin functions take nothing while they are guarded."""
        guarded = not (self.values["PWPR"] | self.values["PWPRS"]) & OPEN
        if FUNCTIONS <= offset < 0xD00 and guarded:
            return
        self._first_byte = offset & 3
        super().write(offset, size_bytes, value)

    # -- effects -----------------------------------------------------------------------------
    def guard_written(self, written: int, old: int) -> None:
        """PWPR, PWPRS: PFSWE, while B0WI was 0."""
        if not old & GUARD:
            self.put_bits(self.register_name(self.access_offset), OPEN, bool(written & OPEN))

    def port_written(self, _written: int, _old: int) -> None:
        """PDR below, PODR above."""
        self._drive(self.access_offset // PORT_BYTES)

    def outputs_changed(self, written: int, _old: int) -> None:
        """POSR below sets bits of PODR, PORR above clears them."""
        port = self.access_offset // PORT_BYTES
        name = f"PCNTR1_{PORTS[port]}"
        self.values[name] |= (written & LOW_HALF) << 16
        self.values[name] &= ~(written & ~LOW_HALF)
        self._drive(port)

    def port_read(self) -> int:
        """PIDR: what is on the pins."""
        port = self.access_offset // PORT_BYTES
        return sum(self._level(port, pin) << pin for pin in range(PINS))

    def function_read(self) -> int:
        """A PFS, with the port's bits of its pin and the level."""
        port, pin = self._pin()
        both = self.values[f"PCNTR1_{PORTS[port]}"]
        value = self.values[f"{pin_name(port, pin)}PFS"]
        value |= OUTPUT if both >> 16 + pin & 1 else 0
        value |= DIRECTION if both >> pin & 1 else 0
        return value | (LEVEL if self._level(port, pin) else 0)

    def function_written(self, written: int, _old: int) -> None:
        """A PFS: its bits of the port, when their byte is written; pull-up; whose the pin is."""
        port, pin = self._pin()
        name = f"PCNTR1_{PORTS[port]}"
        if self._first_byte == 0:
            self.put_bits(name, 1 << pin, bool(written & DIRECTION))
            self.put_bits(name, 1 << 16 + pin, bool(written & OUTPUT))
        self._drive(port)

    # -- inside ------------------------------------------------------------------------------
    def _pin(self) -> tuple[int, int]:
        offset = self.access_offset - FUNCTIONS
        return offset // FUNCTION_BYTES, offset % FUNCTION_BYTES // 4

    def _level(self, port: int, pin: int) -> int:
        pulled_up = bool(self.values[f"{pin_name(port, pin)}PFS"] & PULL_UP)
        return self._pins[port].level(pin, pulled_up=pulled_up)

    def _drive(self, port: int) -> None:
        both = self.values[f"PCNTR1_{PORTS[port]}"]
        for pin in range(PINS):
            own = not self.values[f"{pin_name(port, pin)}PFS"] & PERIPHERAL
            self._pins[port].drive(pin, both >> 16 + pin & 1 if own and both >> pin & 1 else None)
