"""Fault status registers, the kinds of fault, and their words for a report.

ARMv7-M Architecture Reference Manual B3.2.15 (CFSR) to B3.2.19 and B1.5.14.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from emulator.system.exception_table import (
    BUS_FAULT,
    DEBUG_MONITOR,
    HARD_FAULT,
    MEM_MANAGE,
    USAGE_FAULT,
    exception_name,
)
from emulator.system.features import CoreFeatures
from emulator.system.registers import merge

CFSR = 0xE000ED28
HFSR = 0xE000ED2C
MMFAR = 0xE000ED34
BFAR = 0xE000ED38
AFSR = 0xE000ED3C

MMARVALID = 1 << 7
BFARVALID = 1 << 15
HFSR_VECTTBL = 1 << 1
HFSR_FORCED = 1 << 30
HFSR_DEBUGEVT = 1 << 31

CFSR_WORDS: Mapping[int, str] = {
    0: "IACCVIOL: instruction fetch from a protected or execute-never address",
    1: "DACCVIOL: data access to a protected address",
    3: "MUNSTKERR: protection fault on unstacking for an exception return",
    4: "MSTKERR: protection fault on stacking for an exception entry",
    5: "MLSPERR: protection fault during lazy FP state preservation",
    7: "MMARVALID: MMFAR holds the address",
    8: "IBUSERR: bus error on an instruction fetch",
    9: "PRECISERR: bus error on a data access, exact instruction known",
    10: "IMPRECISERR: bus error on a data access, noticed later",
    11: "UNSTKERR: bus error on unstacking for an exception return",
    12: "STKERR: bus error on stacking for an exception entry",
    13: "LSPERR: bus error during lazy FP state preservation",
    15: "BFARVALID: BFAR holds the address",
    16: "UNDEFINSTR: undefined instruction",
    17: "INVSTATE: branch to an address without the Thumb bit, or a damaged xPSR",
    18: "INVPC: damaged EXC_RETURN or exception return in the wrong state",
    19: "NOCP: coprocessor or FPU instruction while it is disabled or absent",
    20: "STKOF: stack pointer below its limit",
    24: "UNALIGNED: unaligned access",
    25: "DIVBYZERO: division by zero with CCR.DIV_0_TRP set",
}
HFSR_WORDS: Mapping[int, str] = {
    1: "VECTTBL: bus error on a vector table read",
    30: "FORCED: escalated from a fault whose own handler is disabled or can't preempt",
    31: "DEBUGEVT: breakpoint without a debugger",
}


class FaultKind(Enum):
    """What went wrong: (words, exception, CFSR bit, address valid bit)."""

    UNDEFINED_INSTRUCTION = ("undefined instruction", USAGE_FAULT, 16, 0)
    INVALID_STATE = ("jump to an address without the Thumb bit", USAGE_FAULT, 17, 0)
    INVALID_RETURN = ("invalid exception return", USAGE_FAULT, 18, 0)
    NO_COPROCESSOR = ("FPU or coprocessor instruction while it is disabled or absent", USAGE_FAULT, 19, 0)
    STACK_LIMIT = ("stack pointer below its limit", USAGE_FAULT, 20, 0)
    UNALIGNED = ("unaligned access", USAGE_FAULT, 24, 0)
    DIVIDE_BY_ZERO = ("division by zero", USAGE_FAULT, 25, 0)
    BUS_INSTRUCTION = ("instruction fetch where there is no memory", BUS_FAULT, 8, 0)
    BUS_DATA = ("data access where there is no memory", BUS_FAULT, 9, BFARVALID)
    BUS_DATA_IMPRECISE = ("buffered store where there is no memory", BUS_FAULT, 10, 0)
    BUS_UNSTACKING = ("exception return from a stack where there is no memory", BUS_FAULT, 11, 0)
    BUS_STACKING = ("exception entry onto a stack where there is no memory", BUS_FAULT, 12, 0)
    MEMORY_INSTRUCTION = ("instruction fetch from an execute-never address", MEM_MANAGE, 0, 0)
    MEMORY_DATA = ("data access that protection forbids", MEM_MANAGE, 1, MMARVALID)
    MEMORY_UNSTACKING = ("exception return from a stack that protection forbids", MEM_MANAGE, 3, 0)
    MEMORY_STACKING = ("exception entry onto a stack that protection forbids", MEM_MANAGE, 4, 0)
    BREAKPOINT = ("BKPT without a debugger", DEBUG_MONITOR, None, 0)
    VECTOR_READ = ("vector table where there is no memory", HARD_FAULT, None, 0)
    SUPERVISOR_CALL = ("SVC at a priority that its handler can't preempt", HARD_FAULT, None, 0)

    def __init__(self, words: str, exception: int, status_bit: int | None, valid_bit: int) -> None:
        self.words = words
        self.exception = exception
        self.status_bit = status_bit
        self.valid_bit = valid_bit


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """One fault, as the core stood when it was raised.

    ``registers`` holds r0-r12, sp, lr, pc, xpsr, msp, psp; ``handler`` the exception that
    was entered for it (0: none, the core locked up); ``frame`` the words of the stacked
    frame (r0-r3, r12, lr, return address, xPSR), empty when stacking failed. ``cycle``: when;
    ``came_from``: the instruction whose exception return failed.
    """

    kind: FaultKind
    pc: int
    address: int | None
    running: int
    handler: int
    cfsr: int
    hfsr: int
    registers: dict[str, int]
    frame: tuple[int, ...] = ()
    detail: str = ""
    cycle: int = 0
    came_from: int | None = None

    @property
    def name(self) -> str:
        """What happened, in a few words."""
        return self.kind.words

    @property
    def sp(self) -> int:
        """The stack pointer when the fault was raised."""
        return self.registers["sp"]

    @property
    def lr(self) -> int:
        """The link register when the fault was raised."""
        return self.registers["lr"]

    @property
    def causes(self) -> list[str]:
        """The fault and the status bits, in words."""
        detail = f" ({self.detail})" if self.detail else ""
        return [self.kind.words + detail, *status_words(self.cfsr, self.hfsr)]

    @property
    def summary(self) -> str:
        """One line: what, at which address, where."""
        text = self.kind.words
        if self.address is not None:
            text += f" (address 0x{self.address:08x})"
        if self.detail:
            text += f", {self.detail}"
        return f"{text}, at pc 0x{self.pc:08x} in {exception_name(self.running)}"

    def report(self) -> str:
        """Registers, status bits in words, and the stacked frame, as text."""
        lines = [self.summary]
        lines.append(
            f"handler: {exception_name(self.handler)}" if self.handler else "handler: none, the core locks up"
        )
        lines.append(f"CFSR 0x{self.cfsr:08x}  HFSR 0x{self.hfsr:08x}")
        lines += [f"  {words}" for words in status_words(self.cfsr, self.hfsr)]
        names = [*self.registers]
        for start in range(0, len(names), 4):
            row = names[start : start + 4]
            lines.append("  ".join(f"{name:>4} 0x{self.registers[name]:08x}" for name in row))
        if self.frame:
            labels = ("r0", "r1", "r2", "r3", "r12", "lr", "pc", "xpsr")
            pairs = zip(labels, self.frame, strict=False)
            lines.append("stacked: " + "  ".join(f"{label} 0x{word:08x}" for label, word in pairs))
        return "\n".join(lines)


def status_words(cfsr: int, hfsr: int) -> list[str]:
    """The set bits of CFSR and HFSR in words."""
    lines = [words for bit, words in CFSR_WORDS.items() if cfsr >> bit & 1]
    return lines + [words for bit, words in HFSR_WORDS.items() if hfsr >> bit & 1]


class FaultStatus:
    """CFSR, HFSR, MMFAR, BFAR, AFSR. ARMv6-M has none of them; the bits are kept for reports."""

    def __init__(self, core: CoreFeatures) -> None:
        self.names: dict[int, str] = {}
        if core.is_mainline:
            self.names = {CFSR: "CFSR", HFSR: "HFSR", MMFAR: "MMFAR", BFAR: "BFAR", AFSR: "AFSR"}
        self.reset()

    def reset(self) -> None:
        """No fault seen."""
        self.cfsr = 0
        self.hfsr = 0
        self.mmfar = 0
        self.bfar = 0

    def note(self, kind: FaultKind, address: int | None) -> None:
        """Set the status bits of a fault, and its address register where it has one."""
        if kind.status_bit is not None:
            self.cfsr |= 1 << kind.status_bit
        if kind.valid_bit and address is not None:
            self.cfsr |= kind.valid_bit
            if kind.valid_bit == BFARVALID:
                self.bfar = address
            else:
                self.mmfar = address

    def read_word(self, address: int) -> int:
        """Read a register."""
        return {CFSR: self.cfsr, HFSR: self.hfsr, MMFAR: self.mmfar, BFAR: self.bfar, AFSR: 0}[address]

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write: CFSR and HFSR bits are cleared by writing ones."""
        if address == CFSR:
            self.cfsr &= ~(value & mask)
        elif address == HFSR:
            self.hfsr &= ~(value & mask)
        elif address == MMFAR:
            self.mmfar = merge(self.mmfar, value, mask)
        elif address == BFAR:
            self.bfar = merge(self.bfar, value, mask)

    def save(self) -> Any:
        """State for a snapshot."""
        return (self.cfsr, self.hfsr, self.mmfar, self.bfar)

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self.cfsr, self.hfsr, self.mmfar, self.bfar = state
