"""Extended interrupt controller with one pending register a bank (F0-F4, F7, L0, L4, L4+).

RM0432, chapter "Extended interrupts and events controller". Lines 0 to 15 follow
pins, of the port that SYSCFG selects. Software interrupts work on every line. Events
(EMR) are stored only.

Parameters: ``resets``, and ``banks`` (1 or 2). Interrupt lines are named by the EXTI lines
that they serve: ``line0``, ``line9_5``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from emulator.device import DeviceContext
from peripherals.register_device import ALL_BITS, Register, RegisterDevice

PORTS = "ABCDEFGHIJK"
PIN_LINES = range(16)


def port_signal(line: int) -> str:
    """Name the signal on which SYSCFG says which port's pin drives a line."""
    return f"exti_port:{line}"


def _bank(number: int) -> tuple[Register, ...]:
    offset = 0x20 * (number - 1)
    return (
        Register(offset, f"IMR{number}", on_write="masks_changed"),
        Register(offset + 0x04, f"EMR{number}"),
        Register(offset + 0x08, f"RTSR{number}"),
        Register(offset + 0x0C, f"FTSR{number}"),
        Register(offset + 0x10, f"SWIER{number}", on_write=f"software_interrupt_{number}"),
        Register(
            offset + 0x14, f"PR{number}", writable=0, w1c=ALL_BITS, on_write=f"pending_cleared_{number}"
        ),
    )


class Exti(RegisterDevice):
    """Edge detectors, pending bits and masks."""

    REGISTERS = (*_bank(1), *_bank(2))

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._lines = {name: _range(name) for name in context.interrupts}
        for port_index, port in enumerate(PORTS):
            for pin in PIN_LINES:
                context.signals.watch(f"P{port}{pin}", partial(self._pin_changed, port_index, pin))

    def register_table(self) -> tuple[Register, ...]:
        """Leave out the second bank where there is none; put reset values in."""
        resets = self.context.parameters.get("resets", {})
        size = 0x20 * int(self.context.parameters.get("banks", 2))
        return tuple(replace(r, reset=resets.get(r.name, 0)) for r in self.REGISTERS if r.offset < size)

    # -- effects ---------------------------------------------------------------------------
    def masks_changed(self, _written: int, _old: int) -> None:
        """IMR: let pending lines through."""
        self._refresh()

    def software_interrupt_1(self, written: int, old: int) -> None:
        """SWIER1: a bit that rises makes its line pending."""
        self._trigger(1, written & ~old)

    def software_interrupt_2(self, written: int, old: int) -> None:
        """SWIER2: a bit that rises makes its line pending."""
        self._trigger(2, written & ~old)

    def pending_cleared_1(self, written: int, _old: int) -> None:
        """PR1: clearing a pending bit clears its software request too."""
        self.clear_bits("SWIER1", written)
        self._refresh()

    def pending_cleared_2(self, written: int, _old: int) -> None:
        """PR2: clearing a pending bit clears its software request too."""
        self.clear_bits("SWIER2", written)
        self._refresh()

    # -- inside ----------------------------------------------------------------------------
    def _pin_changed(self, port_index: int, pin: int, level: int) -> None:
        if self.context.signals.get(port_signal(pin)) != port_index:
            return
        if self.values["RTSR1" if level else "FTSR1"] >> pin & 1:
            self.set_bits("PR1", 1 << pin)
            self._refresh()

    def _trigger(self, bank: int, lines: int) -> None:
        self.set_bits(f"PR{bank}", lines)
        self._refresh()

    def _refresh(self) -> None:
        pending = self.values["PR1"] & self.values["IMR1"]
        if "PR2" in self.values:
            pending |= (self.values["PR2"] & self.values["IMR2"]) << 32
        for name, lines in self._lines.items():
            self.line(name).set_level(any(pending >> n & 1 for n in lines))


def _range(name: str) -> range:
    """``line9_5`` serves lines 5 to 9, ``line3`` line 3."""
    first, _, last = name.removeprefix("line").partition("_")
    low, high = sorted((int(first), int(last or first)))
    return range(low, high + 1)
