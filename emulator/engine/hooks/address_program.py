"""Values that a block's addresses need, computed at its entry. Twin: address_program.h.

:mod:`emulator.engine.expressions` makes the nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from emulator.engine.expressions import MASK32, Node, Op

SIGN = 0x80000000
Value = Any
"""A number, or an array of 64-bit numbers: the same value in many cases."""


def _loaded(data: bytes | None, *, signed: bool) -> int | None:
    return None if data is None else int.from_bytes(data, "little", signed=signed) & MASK32


def forwarded(loaded: Value, distance: int, imm: int, kept_value: Callable[[int], Value]) -> Value:
    """What a FORWARD node gives; ``kept_value(number)``: of the node whose value was stored."""
    load, store, kept = imm & 0xFF, imm >> 8 & 0xFF, imm >> 16
    if (distance + store - 1) & MASK32 >= load + store - 1:
        return loaded
    return kept_value(kept - 1) if distance == 0 and kept else None


def _signed(value: Value) -> Value:
    return (value ^ SIGN) - SIGN


def bit_field(value: Value, imm: int, *, signed: bool) -> Value:
    """A field of a value; ``imm``: as UBFX and SBFX nodes have it."""
    lsb, width = imm & 0xFF, imm >> 8
    field = value >> lsb & (1 << width) - 1
    top = 1 << width - 1
    return (field ^ top) - top if signed else field


def computed(node: Node, a: Value, b: Value) -> Value:  # noqa: PLR0911, PLR0912 -- one line a node kind
    """What a node computes of its operands; the lower 32 bits count. ``b`` shifts as a number only."""
    k = node.imm
    match node.op:
        case Op.ADD:
            return a + b
        case Op.SUB:
            return a - b
        case Op.AND:
            return a & b
        case Op.ORR:
            return a | b
        case Op.EOR:
            return a ^ b
        case Op.BIC:
            return a & ~b
        case Op.MUL:
            return a * b
        case Op.LSL_IMMEDIATE:
            return a << k
        case Op.LSR_IMMEDIATE:
            return a >> k
        case Op.ASR_IMMEDIATE:
            return _signed(a) >> k
        case Op.ROR_IMMEDIATE:
            return a >> k | a << (32 - k)
        case Op.LSL:
            return a << min(b & 0xFF, 32)
        case Op.LSR:
            return a >> min(b & 0xFF, 32)
        case Op.ASR:
            return _signed(a) >> min(b & 0xFF, 31)
        case Op.UBFX:
            return bit_field(a, k, signed=False)
        case Op.SBFX:
            return bit_field(a, k, signed=True)
        case Op.NOT:
            return ~a
        case _:
            return a + k  # ADD_CONSTANT


def run_program(
    program: Sequence[Node],
    register: Callable[[int], int],
    load: Callable[[int, int], bytes | None],
) -> list[int | None]:
    """Value of each slot; None: not known (a load from a device, or of what a store hides)."""
    slots: list[int | None] = []
    for node in program:
        value: int | None = None
        if node.op is Op.REGISTER:
            value = register(node.imm)
        elif node.op is Op.CONSTANT:
            value = node.imm
        elif (a := slots[node.a]) is not None and (b := slots[node.b]) is not None:
            if node.op is Op.LOAD:
                value = _loaded(load(a, node.imm & 0xFF), signed=bool(node.imm & 0x100))
            elif node.op is Op.FORWARD:
                value = forwarded(a, b, node.imm, slots.__getitem__)
            else:
                value = computed(node, a, b) & MASK32
        slots.append(value)
    return slots
