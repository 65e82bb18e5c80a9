"""Straight lines of code that the interpreter runs, as Unicorn runs blocks. Twin: interpret.h.

A line is the interpreter's when an instruction of it is one that Unicorn 2.1.4 lacks or has wrong, or when it
leads to such a line at once, so that a loop around one is not left at every turn. Which lines are is a matter
of the code alone: figures do not depend on where a slice ends. A line ends at a branch and before an
instruction that is Unicorn's; it may begin and end inside an IT block, as blocks do at a page's start.
"""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.engine.core import Core
from emulator.engine.vector.core_forms import core_form, status_form
from emulator.engine.vector.doors import VectorDoors
from emulator.engine.vector.operations import ALWAYS, Form, Operation, form_of
from emulator.errors import EngineError
from emulator.thumb.decode import NO_IT, WIDE_FROM, ItState, decode
from emulator.thumb.instruction import Block, Instruction, Kind
from emulator.thumb.vector.decode import find

LONGEST_LINE = 64
"""Instructions."""
LARGEST_BYTES = 4
AUTHENTICATES = ("pacg", "autg", "bxaut")
"""Of the Pointer Authentication extension, which a core of Armv8.1-M may have; Unicorn 2.1.4 runs them as
SMMLS and SMMLA, which such code does not mean (tests/engine/test_cortex_m85.py). Its hints are NOPs, as on a
core without the extension, which ID_ISAR5 tells."""


@dataclass(slots=True)
class Line:
    """A straight line from one address. ``needed``: an instruction of it is not Unicorn's to run.

    ``it``, ``it_after``: ITSTATE that it begins in, and ends in.
    """

    address: int
    it: ItState = NO_IT
    it_after: ItState = NO_IT
    forms: list[tuple[Form, int]] = field(default_factory=list)  # with the instruction's bytes
    needed: bool = False
    last: Instruction | None = None

    @property
    def size_bytes(self) -> int:
        """Of its code."""
        return sum(size for _, size in self.forms)

    def successors(self) -> list[tuple[int, ItState]]:
        """Where a branch at its end, or its end itself, leads."""
        end = self.address + self.size_bytes, self.it_after
        if self.last is None or not self.last.writes_pc:
            return [end]
        always = self.last.condition is None and self.last.kind in (Kind.BRANCH, Kind.CALL)
        return ([] if always else [end]) + ([] if self.last.target is None else [(self.last.target, NO_IT)])


def needs_interpreter(instruction: Instruction) -> bool:
    """Whether Unicorn 2.1.4 lacks an instruction, or executes it as another."""
    if not instruction.is_wide:
        return False
    return find(instruction.opcode) is not None or status_form(instruction.opcode) is not None


def runs_wrong(instruction: Instruction) -> bool:
    """Whether Unicorn executes it as another without a trap (tests/unicorn_traps/test_wrong_execution.py)."""
    is_status = instruction.name in ("vmrs", "vmsr") and not instruction.in_it_block  # corrections.py
    return (
        instruction.kind is Kind.LONG_SHIFT
        or instruction.name == "vscclrm"
        or (is_status and needs_interpreter(instruction))
    )


class Programs:
    """The lines of one core, made when they are first met. ``split(address)``: see :meth:`watch`."""

    def __init__(self, core: Core, doors: VectorDoors, split: Callable[[int], None]) -> None:
        self._core, self._doors, self._split = core, doors, split
        self._numbers: dict[str, int] = {}
        self._lines: dict[int, Line] = {}
        self._watched: set[int] = set()
        self._halts: dict[int, tuple[int, Callable[[int], None]]] = {}

    def define(self, address: int, it: ItState) -> Line:
        """Read the line there anew, and tell the interpreter; without operations when it is Unicorn's."""
        line = self._read(address, it)
        code = self._code(address, max(line.size_bytes, LARGEST_BYTES))
        needed = line.needed or any(self._read(*there).needed for there in line.successors())
        forms = line.forms if needed else []
        line.forms = forms
        size_bytes = line.size_bytes or len(code)
        packed = (Operation * max(1, len(forms)))(*(f.packed(self._number(f.name), n) for f, n in forms))
        self._doors.add_program(
            address,
            it.value,
            size_bytes,
            self._host(address),
            code[:size_bytes],
            len(forms),
            c.addressof(packed),
        )
        self._lines[address] = line
        return line

    def runs(self, address: int, it: ItState) -> bool:
        """Whether the code there is the interpreter's."""
        known = None if self._host(address) else self._lines.get(address)
        if known is None or known.it != it:
            known = self.define(address, it)
        return bool(known.forms)

    def redirect(self, block: int) -> None:
        """A block of the hook's is the interpreter's."""
        self._doors.redirect(block)

    def is_known(self, address: int) -> bool:
        """Whether the interpreter has met a line of its own there."""
        return address in self._lines and bool(self._lines[address].forms)

    def is_watched(self, address: int) -> bool:
        """Whether ``split`` is called before the instruction there."""
        return address in self._watched

    def watch(self, block: Block) -> bool:
        """Have ``split`` called before what Unicorn would run as something else; False: there is none.

        In an IT block a code hook can't stop the core (tests/unicorn_traps): it is called before the IT.
        """
        found: set[int] = set()
        before_it: int | None = None
        for i in block.instructions:
            if i.name in AUTHENTICATES:
                raise EngineError(
                    f"{i.name.upper()} authenticates a pointer, which this core has no extension for",
                    where=f"{i.address:#010x}",
                    next_step="build the firmware with -mbranch-protection=none",
                )
            before_it = i.address if i.kind is Kind.IT else before_it if i.in_it_block else None
            if runs_wrong(i):
                found.add(self._split_for(i, before_it))
        for address in found - self._watched:
            self._core.watch_code(address, self._split)
        self._watched |= found
        return bool(found)

    def elements(self) -> tuple[int, ...]:
        """Where the data of the gather, scatter or interleaving access lie that is about to be executed."""
        return self._doors.elements()

    def halt_at(self, number: int, address: int, reached: Callable[[int], None]) -> None:
        """Call ``reached(address)`` before the interpreter executes the instruction there; it may stop."""
        self._halts[number] = address, reached
        self._tell_halts()

    def forget_halt(self, number: int) -> None:
        """End a :meth:`halt_at`."""
        del self._halts[number]
        self._tell_halts()

    def _tell_halts(self) -> None:
        def reached(at: int) -> None:
            for address, tell in tuple(self._halts.values()):
                if address == at:
                    tell(at)

        self._doors.watch({address for address, _ in self._halts.values()}, reached)

    def _split_for(self, instruction: Instruction, before_it: int | None) -> int:
        """Where Unicorn is to stop so that the interpreter comes to an instruction."""
        if not instruction.in_it_block:
            return instruction.address
        line = None if before_it is None else self._read(before_it)
        if line is None or line.address + line.size_bytes <= instruction.address:
            raise EngineError(
                f"{instruction.name.upper()} stands in an IT block behind what only Unicorn executes",
                where=f"{instruction.address:#010x}",
                next_step="Unicorn takes it for another; move it out of the IT block, or to its beginning",
            )
        return line.address

    def _number(self, name: str) -> int:
        if name not in self._numbers:
            number = self._doors.number_of(name)
            assert number >= 0, name
            self._numbers[name] = number
        return self._numbers[name]

    def _host(self, address: int) -> int:
        memory = self._core.memory_at(address)
        return 0 if memory is None else memory.changing(address)

    def _code(self, address: int, size_bytes: int) -> bytes:
        memory = self._core.memory_at(address)
        return b"" if memory is None else memory.held(address, size_bytes)

    def _read(self, address: int, it: ItState = NO_IT) -> Line:
        code, line = self._code(address, LONGEST_LINE * LARGEST_BYTES), Line(address, it)
        at = 0
        while len(line.forms) < LONGEST_LINE and at + 2 <= len(code):
            instruction = self._decode(code[at : at + 4], address + at, it)
            form = None if instruction is None else _form(instruction)
            if instruction is not None and form is None and self._stands_before_wrong(code, at, address, it):
                form = Form(
                    "LEND", condition=ALWAYS if instruction.condition is None else instruction.condition
                )
            if instruction is None or form is None or (it.value and instruction.writes_pc):
                break
            line.forms.append((form, instruction.size_bytes))
            line.needed |= needs_interpreter(instruction)
            line.last = instruction
            at += instruction.size_bytes
            it = ItState(instruction.it_mask) if instruction.kind is Kind.IT else it.advanced()
            if instruction.writes_pc:
                break
        line.it_after = it
        return line

    def _stands_before_wrong(self, code: bytes, at: int, address: int, it: ItState) -> bool:
        """Whether something that Unicorn executes as another stands behind, in the same IT block.

        No code hook can stop Unicorn before that, so the interpreter has all of the block, and lends Unicorn
        what only it can execute.
        """
        while it.value and at + 2 <= len(code):
            instruction = self._decode(code[at : at + 4], address + at, it)
            if instruction is None or instruction.writes_pc:
                return False
            if runs_wrong(instruction):
                return True
            at, it = at + instruction.size_bytes, it.advanced()
        return False

    @staticmethod
    def _decode(code: bytes, address: int, it: ItState) -> Instruction | None:
        if int.from_bytes(code[:2], "little") >= WIDE_FROM and len(code) < 4:
            return None
        return decode(code, address, it)


def _form(instruction: Instruction) -> Form | None:
    found = find(instruction.opcode) if instruction.is_wide else None
    if found is None:
        return core_form(instruction)
    form = form_of(found, instruction.address)
    if instruction.in_it_block and instruction.condition is not None:
        return form._replace(condition=instruction.condition)
    return form
