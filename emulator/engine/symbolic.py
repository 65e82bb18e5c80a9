"""Follows a block's instructions over :mod:`emulator.engine.expressions`.

Only plain data processing and loads are followed; an instruction under an IT condition,
and whatever is not listed here, leaves a SYMBOL in the registers that it writes.
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.engine.expressions import MASK32, Graph, Op
from emulator.thumb.fields import expand_immediate, immediate12
from emulator.thumb.instruction import Instruction, Kind, MemoryAccess

SIGNED_LOADS = ("ldrsb", "ldrsh")
SHIFTS = (Op.LSL_IMMEDIATE, Op.LSR_IMMEDIATE, Op.ASR_IMMEDIATE, Op.ROR_IMMEDIATE)
MAX_FORWARDS = 8


class _Store(NamedTuple):
    address: int
    size_bytes: int
    value: int | None


class Registers:
    """Expressions of r0..r14 while walking through a block."""

    def __init__(self) -> None:
        self.graph = Graph()
        self._values = [self.graph.register(n) for n in range(15)]
        self._stores: list[_Store] | None = []  # None: a store went to an unknown place

    def get(self, n: int, instruction: Instruction) -> int:
        """Expression of a register as an operand of ``instruction``."""
        if n == 15:
            return self.graph.constant(instruction.address + 4)
        return self._values[n]

    def added(self, n: int) -> tuple[int, int | None] | None:
        """What has been added to a register since the block's entry; None: it has become something else.

        A constant modulo 2**32, and a register beside that is as it was (None: none).
        """
        graph = self.graph
        root, constant = graph.split(self._values[n])
        if root == graph.register(n):
            return constant, None
        node = graph.nodes[root]
        others = {node.a: node.b, node.b: node.a} if node.op is Op.ADD else {}
        other = others.get(graph.register(n))
        if other is None or graph.nodes[other].op is not Op.REGISTER:
            return None
        register = graph.nodes[other].imm
        return (constant, register) if self._values[register] == other else None

    def address_of(self, instruction: Instruction, access: MemoryAccess) -> int:
        """Expression of the access's first address."""
        graph = self.graph
        if access.base == 15:
            base = graph.constant((instruction.address + 4) & ~3)
        else:
            base = self._values[access.base]
        if access.index is not None:
            base = graph.add(base, graph.shift_left(self._values[access.index], access.shift))
        return graph.plus(base, access.offset)

    # -- following -------------------------------------------------------------------------
    def execute(self, instruction: Instruction) -> None:
        """Follow one instruction."""
        access = instruction.memory
        followed = instruction.condition is None
        address = self.address_of(instruction, access) if access is not None else None
        results: dict[int, int] = {}
        if followed:
            if access is not None and address is not None:
                results = self._memory_results(instruction, access, address)
            else:
                result = self._narrow(instruction) if not instruction.is_wide else self._wide(instruction)
                if result is not None:
                    results[result[0]] = result[1]
        if access is not None and access.is_store and address is not None:
            self._note_store(instruction, access, address)
        for n in range(15):
            if instruction.writes >> n & 1:
                self._values[n] = results[n] if n in results else self.graph.symbol()

    def _memory_results(self, instruction: Instruction, access: MemoryAccess, address: int) -> dict[int, int]:
        graph = self.graph
        results: dict[int, int] = {}
        if access.writeback is not None:
            results[access.base] = graph.plus(self._values[access.base], access.writeback)
        loaded = [n for n in range(15) if instruction.load_writes >> n & 1]
        if access.is_store or instruction.kind not in (Kind.LOAD, Kind.LOAD_MULTIPLE, Kind.LOAD_DOUBLE):
            return results
        if instruction.kind is Kind.LOAD_DOUBLE:
            op = instruction.opcode
            loaded = [op >> 12 & 15, op >> 8 & 15]
        signed = instruction.name.startswith(SIGNED_LOADS)
        for i, n in enumerate(loaded):
            value = self._load(graph.plus(address, i * access.size_bytes), access.size_bytes, signed=signed)
            if value is not None:
                results[n] = value
            else:
                results.pop(n, None)
        return results

    def _load(self, address: int, size_bytes: int, *, signed: bool) -> int | None:
        """The value at ``address`` as it is at the block's entry, unless a store came between."""
        if self._stores is None or size_bytes > 4:
            return None
        graph = self.graph
        value = graph.put(Op.LOAD, address, imm=size_bytes | signed << 8)
        root, constant = graph.split(address)
        forwards = 0
        for store in self._stores:
            store_root, store_constant = graph.split(store.address)
            if store_root == root:
                delta = (store_constant - constant) & MASK32
                if size_bytes <= delta <= (MASK32 + 1) - store.size_bytes:
                    continue  # the same base, another place
            forwards += 1
            if forwards > MAX_FORWARDS:
                return None
            exact = store.value is not None and store.size_bytes == size_bytes == 4
            kept = store.value + 1 if exact and store.value is not None else 0
            distance = graph.sub(store.address, address)
            value = graph.put(Op.FORWARD, value, distance, size_bytes | store.size_bytes << 8 | kept << 16)
        return value

    def _note_store(self, instruction: Instruction, access: MemoryAccess, address: int) -> None:
        if self._stores is None:
            return
        if self.graph.is_opaque(address):
            self._stores = None
            return
        value: int | None = None
        op = instruction.opcode
        register = op >> 12 & 15 if instruction.is_wide else op >> 8 & 7 if op >> 12 == 0b1001 else op & 7
        if (
            instruction.kind is Kind.STORE
            and register < len(self._values)  # a store of PC is unpredictable; its value is not followed
            and instruction.condition is None
            and instruction.store_reads == 1 << register
        ):
            value = self._values[register]
            if self.graph.is_opaque(value):
                value = None
        self.keep_store(address, min(access.size_bytes * access.count, 255), value)

    def keep_store(self, address: int, size_bytes: int, value: int | None) -> None:
        """Let later loads know of a store; ``value``: a node, None when it is not followed."""
        if self._stores is not None:
            self._stores.append(_Store(address, size_bytes, value))

    # -- 16-bit encodings --------------------------------------------------------------------
    def _narrow(self, i: Instruction) -> tuple[int, int] | None:  # noqa: PLR0911 -- one line an encoding
        op, graph, values = i.opcode, self.graph, self._values
        low, middle, imm8 = op & 7, op >> 3 & 7, op & 0xFF
        high = op >> 4 & 8 | low
        if op >> 13 == 0b000 and op >> 11 != 0b00011:  # LSLS, LSRS, ASRS #imm5
            return low, self._shifted(values[middle], op >> 11 & 3, op >> 6 & 31)
        if op >> 10 == 0b000111:  # ADDS, SUBS Rd, Rn, #imm3
            amount = op >> 6 & 7
            return low, graph.plus(values[middle], -amount if op >> 9 & 1 else amount)
        if op >> 10 == 0b000110:  # ADDS, SUBS Rd, Rn, Rm
            other = values[op >> 6 & 7]
            return low, graph.sub(values[middle], other) if op >> 9 & 1 else graph.add(values[middle], other)
        if op >> 11 == 0b00100:  # MOVS Rd, #imm8
            return op >> 8 & 7, graph.constant(imm8)
        if op >> 12 == 0b0011:  # ADDS, SUBS Rdn, #imm8
            return op >> 8 & 7, graph.plus(values[op >> 8 & 7], -imm8 if op >> 11 & 1 else imm8)
        if op >> 10 == 0b010000:
            return self._narrow_processing(op >> 6 & 15, low, middle)
        if op >> 8 == 0b01000110 and high != 15:  # MOV Rd, Rm
            return high, self.get(op >> 3 & 15, i)
        if op >> 8 == 0b01000100 and high != 15:  # ADD Rdn, Rm
            return high, graph.add(values[high], self.get(op >> 3 & 15, i))
        if op >> 11 == 0b10100:  # ADR
            return op >> 8 & 7, graph.constant(((i.address + 4) & ~3) + imm8 * 4)
        if op >> 11 == 0b10101:  # ADD Rd, SP, #imm8
            return op >> 8 & 7, graph.plus(values[13], imm8 * 4)
        if op >> 8 == 0b10110000:  # ADD, SUB SP, #imm7
            return 13, graph.plus(values[13], -(op & 0x7F) * 4 if op >> 7 & 1 else (op & 0x7F) * 4)
        if op >> 8 == 0b10110010:  # SXTH, SXTB, UXTH, UXTB
            width = 8 if op >> 6 & 1 else 16
            return low, graph.put(Op.UBFX if op >> 7 & 1 else Op.SBFX, values[middle], imm=width << 8)
        return None

    def _narrow_processing(self, code: int, low: int, middle: int) -> tuple[int, int] | None:
        graph, a, b = self.graph, self._values[low], self._values[middle]
        simple = {0: Op.AND, 1: Op.EOR, 2: Op.LSL, 3: Op.LSR, 4: Op.ASR, 12: Op.ORR, 13: Op.MUL, 14: Op.BIC}
        if code in simple:
            return low, graph.put(simple[code], a, b)
        if code == 9:  # RSBS Rd, Rn, #0
            return low, graph.sub(graph.constant(0), b)
        if code == 15:  # MVNS
            return low, graph.put(Op.NOT, b)
        return None

    def _shifted(self, value: int, kind: int, amount: int) -> int:
        """DecodeImmShift of the Arm ARM; RRX is a SYMBOL."""
        if kind == 0:
            return self.graph.shift_left(value, amount)
        if kind == 3 and amount == 0:
            return self.graph.symbol()
        if amount == 0:  # LSR #32, ASR #32
            return self.graph.constant(0) if kind == 1 else self.graph.put(Op.ASR_IMMEDIATE, value, imm=31)
        return self.graph.put(SHIFTS[kind], value, imm=amount)

    # -- 32-bit encodings --------------------------------------------------------------------
    def _wide(self, i: Instruction) -> tuple[int, int] | None:  # noqa: PLR0911
        op = i.opcode
        d, n, m = op >> 8 & 15, op >> 16 & 15, op & 15
        if d in (13, 15):
            return None
        if op >> 27 == 0b11110 and not op >> 15 & 1:
            imm12 = immediate12(op)
            if op >> 25 & 1:
                return self._plain_immediate(i, op >> 20 & 0x1F, d, n, imm12)
            return self._processing(op >> 21 & 15, d, n, self.graph.constant(expand_immediate(imm12)), i)
        if op >> 25 == 0b1110101:  # shifted register
            operand = self._shifted(self.get(m, i), op >> 4 & 3, (op >> 12 & 7) << 2 | op >> 6 & 3)
            return self._processing(op >> 21 & 15, d, n, operand, i)
        if op >> 24 == 0xFA and op >> 12 & 15 == 15:
            return self._register_data(op, d, n, m)
        if op >> 24 == 0xFB and not op >> 23 & 1:
            return self._multiply(op, d, n, m)
        return None

    def _plain_immediate(
        self, i: Instruction, code: int, d: int, n: int, imm12: int
    ) -> tuple[int, int] | None:
        graph, op = self.graph, i.opcode
        if code in (0b00000, 0b01010):  # ADDW, SUBW, ADR
            base = graph.constant((i.address + 4) & ~3) if n == 15 else self._values[n]
            return d, graph.plus(base, imm12 if code == 0 else -imm12)
        if code == 0b00100:  # MOVW
            return d, graph.constant(n << 12 | imm12)
        if code == 0b01100:  # MOVT
            top = graph.constant((n << 12 | imm12) << 16)
            return d, graph.put(Op.ORR, graph.put(Op.UBFX, self._values[d], imm=16 << 8), top)
        if code in (0b10100, 0b11100) and n != 15:  # SBFX, UBFX
            lsb, width = (op >> 12 & 7) << 2 | op >> 6 & 3, (op & 31) + 1
            return d, graph.put(
                Op.SBFX if code == 0b10100 else Op.UBFX, self._values[n], imm=lsb | width << 8
            )
        return None

    def _processing(self, code: int, d: int, n: int, operand: int, i: Instruction) -> tuple[int, int] | None:
        graph = self.graph
        if n == 15:
            if code == 2:  # MOV
                return d, operand
            return (d, graph.put(Op.NOT, operand)) if code == 3 else None
        a = self.get(n, i)
        simple = {0: Op.AND, 1: Op.BIC, 2: Op.ORR, 4: Op.EOR}
        if code in simple:
            return d, graph.put(simple[code], a, operand)
        if code == 8:
            return d, graph.add(a, operand)
        if code == 13:
            return d, graph.sub(a, operand)
        return (d, graph.sub(operand, a)) if code == 14 else None  # RSB

    def _register_data(self, op: int, d: int, n: int, m: int) -> tuple[int, int] | None:
        graph = self.graph
        code = op >> 20 & 15
        if not op >> 7 & 1 and code < 6:  # LSL, LSR, ASR by a register
            return d, graph.put((Op.LSL, Op.LSR, Op.ASR)[code >> 1], self._values[n], self._values[m])
        fields = {0: (Op.SBFX, 16), 1: (Op.UBFX, 16), 4: (Op.SBFX, 8), 5: (Op.UBFX, 8)}
        if (
            op >> 7 & 1 and code in fields and op >> 4 & 3 == 0 and m != 15
        ):  # SXTH, UXTH, SXTB, UXTB (and with add)
            kind, width = fields[code]
            value = graph.put(kind, self._values[m], imm=width << 8)
            return d, value if n == 15 else graph.add(self._values[n], value)
        return None

    def _multiply(self, op: int, d: int, n: int, m: int) -> tuple[int, int] | None:
        graph, code, a = self.graph, op >> 20 & 7, op >> 12 & 15
        if n == 15 or m == 15:
            return None
        if code == 0:  # MUL, MLA, MLS
            product = graph.put(Op.MUL, self._values[n], self._values[m])
            if op >> 4 & 1:
                return d, graph.sub(self._values[a], product)
            return d, product if a == 15 else graph.add(self._values[a], product)
        if code == 1:  # SMULxy, SMLAxy
            halves = [
                graph.put(Op.SBFX, self._values[r], imm=(16 if top else 0) | 16 << 8)
                for r, top in ((n, op >> 5 & 1), (m, op >> 4 & 1))
            ]
            product = graph.put(Op.MUL, *halves)
            return d, product if a == 15 else graph.add(self._values[a], product)
        return None
