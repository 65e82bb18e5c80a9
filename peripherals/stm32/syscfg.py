"""System configuration controllers: which port's pin drives an EXTI line, and storage.

RM0432 chapter "System configuration controller" (L4+), RM0090 and RM0385 (F4, F7),
RM0455 (H7A3).
Modelled: EXTICR; the I/O compensation cell is ready at once. Not modelled, and reported:
another memory at address 0.
"""

from __future__ import annotations

from typing import ClassVar

from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import Register, read_only
from peripherals.stm32.exti import port_signal

CELL_ON, CELL_READY = 1 << 0, 1 << 8
EXTICR = tuple(
    Register(0x08 + 4 * i, f"EXTICR{i + 1}", writable=0xFFFF, on_write="ports_selected") for i in range(4)
)


class Syscfg(ReadyDevice):
    """Storage with EXTICR1-4 at 0x08, the layout of all families that have them here."""

    MEM_MODE: ClassVar[int] = 0x7

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "MEMRMP", on_write="remapped"),
        Register(0x04, "CFGR1", 0x7C000001),
        *EXTICR,
        read_only(0x18, "SCSR"),
        Register(0x1C, "CFGR2"),
        Register(0x20, "SWPR"),
        Register(0x24, "SKR", writable=0),
        Register(0x28, "SWPR2"),
    )

    def reset(self) -> None:
        """Select port A for every line."""
        super().reset()
        self.ports_selected(0, 0)

    def ports_selected(self, _written: int, _old: int) -> None:
        """EXTICR: four lines a register, four bits a line."""
        for line in range(16):
            port = self.values[f"EXTICR{line // 4 + 1}"] >> 4 * (line % 4) & 0xF
            self.context.signals.set(port_signal(line), port)

    def remapped(self, _written: int, _old: int) -> None:
        """MEMRMP: only the flash at address 0 is modelled."""
        if self.values["MEMRMP"] & self.MEM_MODE:
            self.report("MEMRMP", "write", "another memory at address 0")


class SyscfgF4F7(Syscfg):
    """SYSCFG of STM32F4 and F7."""

    REGISTERS = (
        Register(0x00, "MEMRMP", on_write="remapped"),
        Register(0x04, "PMC"),
        *EXTICR,
        Register(0x20, "CMPCR", writable=0x1),
    )
    READY = (Ready("CMPCR", CELL_READY, "CMPCR", CELL_ON),)
    MEM_MODE = 0x3


class AfioF1(Syscfg):
    """AFIO of STM32F1 (RM0008): EXTICR at the same place; remapped functions are stored only."""

    REGISTERS = (
        Register(0x00, "EVCR", writable=0xFF),
        Register(0x04, "MAPR", writable=0x071FFFFF),
        *EXTICR,
        Register(0x1C, "MAPR2", writable=0x07E0),
    )


class SyscfgH7(Syscfg):
    """SYSCFG of H7A3: EXTICR at the same place, other registers around it."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x04, "PMCR"),
        *EXTICR,
        Register(0x18, "CFGR"),
        Register(0x20, "CCCSR", writable=0x3),
        read_only(0x24, "CCVR"),
        Register(0x28, "CCCR"),
    )
    READY = (Ready("CCCSR", CELL_READY, "CCCSR", CELL_ON),)


class SyscfgH743(SyscfgH7):
    """SYSCFG of H742/743/753/750: over-drive and the package's code."""

    REGISTERS = (
        *(row for row in SyscfgH7.REGISTERS if row.name != "CFGR"),
        Register(0x2C, "PWRCR", writable=0x1),
        read_only(0x124, "PKGR", 0x6),
        *(read_only(0x300 + 4 * n, f"UR{n}") for n in (0, *range(2, 18))),
    )
