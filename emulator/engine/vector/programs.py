"""Straight lines of code that the interpreter runs, as Unicorn runs blocks. Twin: interpret.h.

A line is the interpreter's when an instruction of it is one that Unicorn 2.1.4 lacks or has wrong, or when it
leads to such a line at once, so that a loop around one is not left at every turn. Which lines are is a matter
of the code alone: figures do not depend on where a slice ends. A line ends at a branch, before an instruction
that is Unicorn's, and before an IT block that has one.
"""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.engine.core import Core
from emulator.engine.vector.core_forms import core_form
from emulator.engine.vector.doors import VectorDoors
from emulator.engine.vector.operations import Form, Operation, form_of
from emulator.system.core import MemoryFault
from emulator.thumb.decode import NO_IT, WIDE_FROM, ItState, decode
from emulator.thumb.instruction import Block, Instruction, Kind
from emulator.thumb.vector.decode import find

LONGEST_LINE = 64
"""Instructions."""
LARGEST_BYTES = 4
STATUS_FORMS = ("READ_STATUS", "WRITE_STATUS")


@dataclass(slots=True)
class Line:
    """A straight line from one address. ``needed``: an instruction of it is not Unicorn's to run."""

    address: int
    forms: list[tuple[Form, int]] = field(default_factory=list)  # with the instruction's bytes
    needed: bool = False
    last: Instruction | None = None

    @property
    def size_bytes(self) -> int:
        """Of its code."""
        return sum(size for _, size in self.forms)

    def successors(self) -> list[int]:
        """Where a branch at its end, or its end itself, leads."""
        end = self.address + self.size_bytes
        if self.last is None or not self.last.writes_pc:
            return [end]
        always = self.last.condition is None and self.last.kind in (Kind.BRANCH, Kind.CALL)
        return ([] if always else [end]) + ([] if self.last.target is None else [self.last.target])


def needs_interpreter(instruction: Instruction) -> bool:
    """Whether Unicorn 2.1.4 lacks an instruction, or executes it as another."""
    if not instruction.is_wide:
        return False
    if find(instruction.opcode) is not None:
        return True
    form = core_form(instruction) if instruction.name in ("vmrs", "vmsr") else None
    return form is not None and form.name in STATUS_FORMS


def runs_wrong(instruction: Instruction) -> bool:
    """Whether Unicorn executes it as another without a trap (tests/unicorn_traps/test_vectors.py)."""
    is_status = instruction.name in ("vmrs", "vmsr") and not instruction.in_it_block  # corrections.py
    return instruction.kind is Kind.LONG_SHIFT or (is_status and needs_interpreter(instruction))


class Programs:
    """The lines of one core, made when they are first met. ``split(address)``: see :meth:`watch`."""

    def __init__(self, core: Core, doors: VectorDoors, split: Callable[[int], None]) -> None:
        self._core, self._doors, self._split = core, doors, split
        self._numbers: dict[str, int] = {}
        self._lines: dict[int, Line] = {}
        self._watched: set[int] = set()

    def define(self, address: int) -> Line:
        """Read the line there anew, and tell the interpreter; without operations when it is Unicorn's."""
        line = self._read(address)
        code = self._code(address, max(line.size_bytes, LARGEST_BYTES))
        needed = line.needed or any(self._read(at).needed for at in line.successors())
        forms = line.forms if needed else []
        line.forms = forms
        size_bytes = line.size_bytes or len(code)
        packed = (Operation * max(1, len(forms)))(*(f.packed(self._number(f.name), n) for f, n in forms))
        self._doors.add_program(
            address, size_bytes, self._host(address), code[:size_bytes], len(forms), c.addressof(packed)
        )
        self._lines[address] = line
        return line

    def runs(self, address: int) -> bool:
        """Whether the code there is the interpreter's."""
        memory = self._core.memory_at(address)
        known = self._lines.get(address) if memory is None or memory.region.kind != "ram" else None
        return bool((known or self.define(address)).forms)

    def watch(self, block: Block) -> bool:
        """Have ``split`` called before what Unicorn would run as something else; False: there is none."""
        found = {i.address for i in block.instructions if runs_wrong(i)}
        for address in found - self._watched:
            self._core.watch_code(address, self._split)
        self._watched |= found
        return bool(found)

    def _number(self, name: str) -> int:
        if name not in self._numbers:
            number = self._doors.number_of(name)
            assert number >= 0, name
            self._numbers[name] = number
        return self._numbers[name]

    def _host(self, address: int) -> int:
        memory = self._core.memory_at(address)
        if memory is None or memory.region.kind != "ram":
            return 0
        return memory.pointer + address - memory.region.base

    def _code(self, address: int, size_bytes: int) -> bytes:
        memory = self._core.memory_at(address)
        if memory is None:
            return b""
        try:
            return self._core.read_memory(address, min(size_bytes, memory.region.end - address))
        except MemoryFault:
            return b""

    def _read(self, address: int) -> Line:
        code, line = self._code(address, LONGEST_LINE * LARGEST_BYTES), Line(address)
        at, it, kept = 0, NO_IT, 0
        while len(line.forms) < LONGEST_LINE and at + 2 <= len(code):
            instruction = self._decode(code[at : at + 4], address + at, it)
            form = None if instruction is None else _form(instruction)
            if instruction is None or form is None or (it.value and instruction.writes_pc):
                break
            line.forms.append((form, instruction.size_bytes))
            line.needed |= needs_interpreter(instruction)
            line.last = instruction
            at += instruction.size_bytes
            it = ItState(instruction.it_mask) if instruction.kind is Kind.IT else it.advanced()
            kept = kept if it.value else len(line.forms)
            if instruction.writes_pc:
                break
        if kept < len(line.forms):  # an IT block is run whole or not at all
            del line.forms[kept:]
            line.last = None
            line.needed = any(
                needs_interpreter(decode(code[n : n + 4], address + n)) for n in _starts(line.forms)
            )
        return line

    @staticmethod
    def _decode(code: bytes, address: int, it: ItState) -> Instruction | None:
        if int.from_bytes(code[:2], "little") >= WIDE_FROM and len(code) < 4:
            return None
        return decode(code, address, it)


def _starts(forms: list[tuple[Form, int]]) -> list[int]:
    at, starts = 0, []
    for _, size in forms:
        starts.append(at)
        at += size
    return starts


def _form(instruction: Instruction) -> Form | None:
    found = find(instruction.opcode) if instruction.is_wide else None
    return core_form(instruction) if found is None else form_of(found, instruction.address)
