"""Values inside a block as expressions of what the registers held at its entry. Twin: expressions.h.

A block's addresses are usually a register plus a constant, or a little arithmetic over
registers and spilled pointers. Following the block's instructions symbolically gives each
address as a node of a small graph; the hook evaluates the few nodes that it needs at the
block's entry, with no code hook inside the block. What is not followed becomes a SYMBOL.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

MASK32 = 0xFFFFFFFF


class Op(IntEnum):
    """Node kinds; the numbers are shared with the twin, expressions.h."""

    REGISTER = 0  # imm: register number
    CONSTANT = 1  # imm
    ADD = 2
    SUB = 3
    AND = 4
    ORR = 5
    EOR = 6
    BIC = 7
    MUL = 8
    LSL_IMMEDIATE = 9
    LSR_IMMEDIATE = 10
    ASR_IMMEDIATE = 11
    ROR_IMMEDIATE = 12
    LSL = 13
    LSR = 14
    ASR = 15
    UBFX = 16  # imm: lsb | width << 8
    SBFX = 17
    LOAD = 18  # imm: size | signed << 8
    # a: loaded, b: earlier store's address - load's; imm: load size | store size << 8 | (value + 1) << 16
    FORWARD = 19
    NOT = 20
    ADD_CONSTANT = 21
    SYMBOL = 255


class Node(NamedTuple):
    """One value; ``a`` and ``b`` are node numbers (0 when unused)."""

    op: Op
    a: int = 0
    b: int = 0
    imm: int = 0


BINARY = frozenset(
    (Op.ADD, Op.SUB, Op.AND, Op.ORR, Op.EOR, Op.BIC, Op.MUL, Op.LSL, Op.LSR, Op.ASR, Op.FORWARD)
)
UNARY = frozenset(
    (Op.LSL_IMMEDIATE, Op.LSR_IMMEDIATE, Op.ASR_IMMEDIATE, Op.ROR_IMMEDIATE, Op.UBFX, Op.SBFX, Op.LOAD,
     Op.NOT, Op.ADD_CONSTANT)
)  # fmt: skip


class Graph:
    """Nodes of one block; equal nodes are one node."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._numbers: dict[Node, int] = {}
        self._symbols = 0
        self._opaque: dict[int, bool] = {}

    def put(self, op: Op, a: int = 0, b: int = 0, imm: int = 0) -> int:
        """Number of the node, made when it is new."""
        node = Node(op, a, b, imm)
        number = self._numbers.get(node)
        if number is None:
            number = self._numbers[node] = len(self.nodes)
            self.nodes.append(node)
        return number

    def register(self, n: int) -> int:
        """Entry value of a register."""
        return self.put(Op.REGISTER, imm=n)

    def constant(self, value: int) -> int:
        """A constant, modulo 2**32."""
        return self.put(Op.CONSTANT, imm=value & MASK32)

    def symbol(self) -> int:
        """A value that is not followed."""
        self._symbols += 1
        return self.put(Op.SYMBOL, imm=self._symbols)

    def plus(self, number: int, constant: int) -> int:
        """``number + constant``, folded."""
        node = self.nodes[number]
        constant &= MASK32
        if node.op is Op.CONSTANT:
            return self.constant(node.imm + constant)
        if node.op is Op.ADD_CONSTANT:
            constant = (constant + node.imm) & MASK32
            number = node.a
        return number if constant == 0 else self.put(Op.ADD_CONSTANT, number, imm=constant)

    def add(self, a: int, b: int) -> int:
        """``a + b``, with constants moved outwards."""
        for x, y in ((a, b), (b, a)):
            if self.nodes[y].op is Op.CONSTANT:
                return self.plus(x, self.nodes[y].imm)
        (a, constant_a), (b, constant_b) = self.split(a), self.split(b)
        return self.plus(self.put(Op.ADD, a, b), constant_a + constant_b)

    def sub(self, a: int, b: int) -> int:
        """``a - b``."""
        if self.nodes[b].op is Op.CONSTANT:
            return self.plus(a, -self.nodes[b].imm)
        return self.put(Op.SUB, a, b)

    def shift_left(self, a: int, amount: int) -> int:
        """``a << amount``, with constants moved outwards."""
        if amount == 0:
            return a
        root, constant = self.split(a)
        if self.nodes[a].op is Op.CONSTANT:
            return self.constant(self.nodes[a].imm << amount)
        return self.plus(self.put(Op.LSL_IMMEDIATE, root, imm=amount), constant << amount)

    def split(self, number: int) -> tuple[int, int]:
        """(root, constant) of ``root + constant``."""
        node = self.nodes[number]
        return (node.a, node.imm) if node.op is Op.ADD_CONSTANT else (number, 0)

    def is_opaque(self, number: int) -> bool:
        """True when a SYMBOL is in it."""
        known = self._opaque.get(number)
        if known is None:
            known = self._opaque[number] = any(self.nodes[n].op is Op.SYMBOL for n in self.needed((number,)))
        return known

    def needed(self, roots: tuple[int, ...]) -> list[int]:
        """All nodes that ``roots`` need, each after its operands (numbers grow that way)."""
        seen: set[int] = set()
        waiting = list(roots)
        while waiting:
            number = waiting.pop()
            if number in seen:
                continue
            seen.add(number)
            node = self.nodes[number]
            if node.op in BINARY or node.op in UNARY:
                waiting.append(node.a)
            if node.op in BINARY:
                waiting.append(node.b)
            if node.op is Op.FORWARD and node.imm >> 16:
                waiting.append((node.imm >> 16) - 1)
        return sorted(seen)
