"""Questions about an instruction that several core models ask."""

from __future__ import annotations

from emulator.thumb.instruction import Instruction, Kind
from emulator.timing.cores.table import Row

FLOATING_POINT = frozenset(kind for kind in Kind if kind.name.startswith("FP_"))
MULTIPLIES = (
    Kind.MULTIPLY,
    Kind.MULTIPLY_ACCUMULATE,
    Kind.MULTIPLY_LONG,
    Kind.MULTIPLY_ACCUMULATE_LONG,
    Kind.DSP_MULTIPLY,
)
TWO_REGISTER_MOVE = 0xEC
LOOP_ENDS = ("le", "letp")
MULTIPLES = frozenset(
    {
        Kind.LOAD_DOUBLE,
        Kind.STORE_DOUBLE,
        Kind.LOAD_MULTIPLE,
        Kind.STORE_MULTIPLE,
        Kind.FP_LOAD_MULTIPLE,
        Kind.FP_STORE_MULTIPLE,
    }
)


def transfers(row: Row, instruction: Instruction) -> int:
    """Cycles for the registers that a multiple transfers."""
    return row.per_transfer * instruction.memory.count if instruction.memory else 0


def is_multiple(instruction: Instruction) -> bool:
    """Whether it transfers as a multiple does, be it of one register."""
    memory = instruction.memory
    return instruction.kind in MULTIPLES or (memory is not None and memory.count > 1)


def is_conditional(instruction: Instruction) -> bool:
    """Whether the instruction may leave PC alone."""
    return instruction.condition is not None or instruction.name in ("cbz", "cbnz")


def may_stay(instruction: Instruction) -> bool:
    """Whether PC may go on behind it: a loop's begin may, and its end."""
    return is_conditional(instruction) or instruction.kind is Kind.LOOP


def may_be_skipped(instruction: Instruction) -> bool:
    """Whether its condition may make a NOP of it; a branch has its way out instead."""
    return instruction.condition is not None and not instruction.writes_pc


def moves_two_registers(instruction: Instruction) -> bool:
    """Whether it is the VMOV of two core registers and two S or one D."""
    return instruction.kind is Kind.FP_MOVE and instruction.opcode >> 24 == TWO_REGISTER_MOVE


def moves_to_core(instruction: Instruction) -> bool:
    """Whether a VMOV's destination is a core register."""
    return instruction.kind is Kind.FP_MOVE and not instruction.writes >> 32
