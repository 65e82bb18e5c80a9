"""Extended interrupt and event controllers of STM32.

RM0432 (L4+), RM0444 (G0), RM0456 (U5) and RM0455 (H7A3), chapters "Extended interrupts and
events controller". Lines 0 to 15 follow pins, of the port that SYSCFG (or, in G0 and U5,
EXTI itself) selects; lines 16 to 31 follow those devices inside the chip that drive them. Software
interrupts work on every line. Events (EMR) are stored only.

Parameters: ``resets``, and ``banks`` (1 or 2). Interrupt lines are named by the EXTI lines
that they serve: ``line0``, ``line9_5``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import Problem, about
from peripherals.parts.parameters import ResetValues, unknown_resets
from peripherals.register_device import ALL_BITS, Register, RegisterDevice

PORTS = "ABCDEFGHIJK"
PIN_LINES, INTERNAL_LINES = range(16), range(16, 32)


def port_signal(line: int) -> str:
    """Name the signal on which SYSCFG says which port's pin drives a line."""
    return f"exti_port:{line}"


def internal_signal(line: int) -> str:
    """Name the signal by which a device inside the chip drives one of lines 16 to 31."""
    return f"exti_line:{line}"


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


class ExtiParameters(DeviceParameters, frozen=True):
    """How many lines it has, and which are open after reset."""

    banks: Annotated[Literal[1, 2], about("Banks of 32 lines.", example=1)] = 2
    resets: ResetValues = msgspec.field(default_factory=dict)

    def highest_line(self) -> int:
        """A line is named for those that it serves."""
        return 32 * self.banks - 1


class Exti(RegisterDevice):
    """Edge detectors, pending bits and masks; one pending register a bank (F, L0, L4, L4+)."""

    PARAMETERS = ExtiParameters
    parameters: ExtiParameters
    LINES = ("line#", "line#_#")
    REGISTERS = (*_bank(1), *_bank(2))
    RISING_PENDING: ClassVar[str] = "PR1"
    FALLING_PENDING: ClassVar[str] = "PR1"

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._lines = {name: _range(name) for name in context.interrupts}
        for port_index, port in enumerate(PORTS):
            for pin in PIN_LINES:
                context.signals.watch(f"P{port}{pin}", partial(self._pin_changed, port_index, pin))
        for line in INTERNAL_LINES:
            context.signals.watch(internal_signal(line), partial(self._edge, line))

    @classmethod
    def contradictions(cls, parameters: Mapping[str, Any]) -> Iterable[Problem]:
        """Reset values of registers that are not there."""
        return unknown_resets(parameters, cls.REGISTERS)

    def register_table(self) -> tuple[Register, ...]:
        """Leave out the second bank where there is none; put reset values in."""
        resets, banks = self.parameters.resets, self.parameters.banks
        kept = [row for row in self.REGISTERS if banks > 1 or not row.name.endswith("2")]
        return tuple(replace(row, reset=resets.get(row.name, 0)) for row in kept)

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
        if self._selected_port(pin) == port_index:
            self._edge(pin, level)

    def _edge(self, line: int, level: int) -> None:
        if self.values["RTSR1" if level else "FTSR1"] >> line & 1:
            self.set_bits(self.RISING_PENDING if level else self.FALLING_PENDING, 1 << line)
            self._refresh()

    def _selected_port(self, pin: int) -> int:
        return self.context.signals.get(port_signal(pin))

    def _pending(self, bank: int) -> int:
        return self.values[f"PR{bank}"]

    def _trigger(self, bank: int, lines: int) -> None:
        self.set_bits(f"{self.RISING_PENDING[:-1]}{bank}", lines)
        self._refresh()

    def _refresh(self) -> None:
        pending = self._pending(1) & self.values["IMR1"]
        if "IMR2" in self.values:
            pending |= (self._pending(2) & self.values["IMR2"]) << 32
        for name, lines in self._lines.items():
            self.line(name).set_level(any(pending >> n & 1 for n in lines))


def _two_edges_bank(number: int) -> tuple[Register, ...]:
    offset, masks = 0x20 * (number - 1), 0x80 + 0x10 * (number - 1)
    return (
        Register(offset, f"RTSR{number}"),
        Register(offset + 0x04, f"FTSR{number}"),
        Register(offset + 0x08, f"SWIER{number}", on_write=f"software_interrupt_{number}"),
        Register(
            offset + 0x0C, f"RPR{number}", writable=0, w1c=ALL_BITS, on_write=f"pending_cleared_{number}"
        ),
        Register(
            offset + 0x10, f"FPR{number}", writable=0, w1c=ALL_BITS, on_write=f"pending_cleared_{number}"
        ),
        Register(offset + 0x14, f"SECCFGR{number}"),
        Register(offset + 0x18, f"PRIVCFGR{number}"),
        Register(masks, f"IMR{number}", on_write="masks_changed"),
        Register(masks + 0x04, f"EMR{number}"),
    )


class ExtiTwoEdges(Exti):
    """EXTI of G0, U5 and U3: a pending register for each edge, and the port selection."""

    REGISTERS = (
        *_two_edges_bank(1),
        *_two_edges_bank(2),
        *(Register(0x60 + 4 * i, f"EXTICR{i + 1}", writable=0x0F0F0F0F) for i in range(4)),
    )
    RISING_PENDING = "RPR1"
    FALLING_PENDING = "FPR1"

    def register_table(self) -> tuple[Register, ...]:
        """Keep EXTICR2, whose name ends like a second bank's."""
        rows = super().register_table()
        names = {row.name for row in rows}
        return (*rows, *(r for r in self.REGISTERS if r.name == "EXTICR2" and r.name not in names))

    def _selected_port(self, pin: int) -> int:
        return self.values[f"EXTICR{pin // 4 + 1}"] >> 8 * (pin % 4) & 0xFF

    def _pending(self, bank: int) -> int:
        return self.values[f"RPR{bank}"] | self.values[f"FPR{bank}"]


def _processor_bank(number: int) -> tuple[Register, ...]:
    offset, masks = 0x20 * (number - 1), 0x80 + 0x10 * (number - 1)
    return (
        Register(offset, f"RTSR{number}"),
        Register(offset + 0x04, f"FTSR{number}"),
        Register(offset + 0x08, f"SWIER{number}", on_write=f"software_interrupt_{number}"),
        Register(offset + 0x0C, f"D3PMR{number}"),
        Register(offset + 0x10, f"D3PCR{number}L"),
        Register(offset + 0x14, f"D3PCR{number}H"),
        Register(masks, f"IMR{number}", on_write="masks_changed"),
        Register(masks + 0x04, f"EMR{number}"),
        Register(masks + 0x08, f"PR{number}", writable=0, w1c=ALL_BITS, on_write=f"pending_cleared_{number}"),
    )


class ExtiH7(Exti):
    """EXTI of H7: masks and pending bits of the processor apart from the edge detectors."""

    REGISTERS = (*_processor_bank(1), *_processor_bank(2), Register(0xA0, "IMR3"), Register(0xA4, "EMR3"))


def _range(name: str) -> range:
    """``line9_5`` serves lines 5 to 9, ``line3`` line 3."""
    first, _, last = name.removeprefix("line").partition("_")
    low, high = sorted((int(first), int(last or first)))
    return range(low, high + 1)
