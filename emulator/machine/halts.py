"""Where a debugger halts a machine: before any instruction, also in the middle of a block.

A code hook stops the core before its instruction. The block that executes stays the hook's current
one, so that going on (:meth:`emulator.machine.slices.Slices.finish_block`) counts it as if nothing had
been: no figure depends on a halt. In an IT block a code hook can't stop the core, whose translation
runs to its end (tests/unicorn_traps/test_code_hooks_and_host_memory.py): a halt there is *late*, and the
debugger comes back to its instruction by going back in time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from emulator.engine.alignment import reach_of
from emulator.engine.core import GENERAL
from emulator.engine.engine import Engine
from emulator.engine.hook import Stop
from emulator.thumb.instruction import Instruction, Kind
from emulator.thumb.vector.scattered import scattered

LARGEST_INSTRUCTION_BYTES = 4
MOST_WATCHPOINTS = 8
"""Of a machine: the block hook has room for 24 stretches, of which the MPU may take 16."""


class Access(Enum):
    """What a watchpoint watches for, by the name that GDB's stop reply has for it."""

    WRITE = "watch"
    READ = "rwatch"
    EITHER = "awatch"


@dataclass(frozen=True, slots=True)
class Watchpoint:
    """Bytes whose accesses by the core's loads and stores halt it."""

    address: int
    size_bytes: int
    access: Access


@dataclass(frozen=True, slots=True)
class Halt:
    """The core halts before the instruction at ``address``, the ``index``-th of the block that executes.

    ``cycles``, ``instructions``: at the block's entry. ``watchpoint``: why, and ``datum`` the first
    address of it that is accessed. ``is_step``: nobody asked for that address. ``is_late``: the core
    has gone on behind it.
    """

    address: int
    index: int
    cycles: int
    instructions: int
    watchpoint: Watchpoint | None = None
    datum: int = 0
    is_step: bool = False
    is_late: bool = False


class Halts:
    """The places of one machine. ``found``: where it has halted; whoever goes on clears it.

    ``enters``: halt before the first instruction of the next block that is entered.
    ``at_bkpt``: the BKPT instruction halts, too; otherwise it is a fault, as in a core without a debugger.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._core, self._hook, self._automaton = engine.core, engine.hook, engine.automaton
        self._hooks: dict[int, int] = {}
        self._entry: tuple[int, int] | None = None
        self._watchpoints: Sequence[Watchpoint] = ()
        self._told: tuple[int, int] | None = None
        self.found: Halt | None = None
        self.enters = False
        self.at_bkpt = False

    # -- what to halt at ---------------------------------------------------------------------
    def set_breakpoints(self, addresses: Iterable[int]) -> None:
        """Halt before these instructions, and no others."""
        wanted = set(addresses)
        for address in self._hooks.keys() - wanted:
            self._unwatch(address, self._hooks.pop(address))
        for address in wanted - self._hooks.keys():
            self._hooks[address] = self._watch(address, self._reached)

    def set_watchpoints(self, watchpoints: Sequence[Watchpoint]) -> None:
        """Halt before instructions that access these bytes, and no others."""
        if tuple(watchpoints) == tuple(self._watchpoints):
            return
        self._watchpoints = tuple(watchpoints)
        self._automaton.on_watched = self._accesses if watchpoints else lambda _address: None
        self._automaton.watch_data([(w.address, w.address + w.size_bytes - 1) for w in watchpoints])

    def tell_once(self) -> None:
        """What the core halts before has been told: going on passes it."""
        self._told = (self._core.get("pc"), self._hook.block_serial)

    def forget(self) -> None:
        """The core goes elsewhere in time: it is halted nowhere, and nothing has been told."""
        self.found = self._told = None

    def watch_entry(self) -> None:
        """The core is about to enter a block: halt in it, if that is wanted."""
        self.leave_entry()
        if self.enters:
            address = self._core.get("pc")
            self._entry = address, self._watch(address, self._entered)

    def leave_entry(self) -> None:
        """The core does not run."""
        if self._entry is not None:
            self._unwatch(*self._entry)
            self._entry = None

    def _watch(self, address: int, reached: Callable[[int], None]) -> int:
        number = self._core.watch_code(address, reached)
        self._core.forget_code(address, LARGEST_INSTRUCTION_BYTES)
        if self._automaton.programs is not None:
            self._automaton.programs.halt_at(number, address, reached)
        return number

    def _unwatch(self, address: int, number: int) -> None:
        self._core.unwatch_code(number)
        if self._automaton.programs is not None:
            self._automaton.programs.forget_halt(number)
        self._core.forget_code(address, LARGEST_INSTRUCTION_BYTES)

    # -- what is reached ---------------------------------------------------------------------
    def _executing(self, address: int) -> Instruction | None:
        """The instruction there, in a block that the hook has let in; else it refused, and comes back."""
        if self._hook.stop_code or self._hook.current < 0 or self.found is not None:
            return None
        return self._automaton.instruction_at(address)

    def _reached(self, address: int) -> None:
        instruction = self._executing(address)
        if instruction is None or self._told == (address, self._hook.block_serial):
            return
        if self._automaton.splits_at(address) and not self._is_interpreted():
            return  # the block ends here, and the interpreter comes to it at once
        self._halt(instruction)

    def _entered(self, address: int) -> None:
        instruction = self._executing(address)
        if instruction is not None:
            self._halt(instruction, is_step=True)

    def _accesses(self, address: int) -> None:
        instruction = self._executing(address)
        if instruction is None or self._told == (address, self._hook.block_serial):
            return
        for watchpoint in self._watchpoints:
            datum = self._datum(instruction, watchpoint)
            if datum is not None:
                self._halt(instruction, watchpoint=watchpoint, datum=datum)
                return

    def _datum(self, instruction: Instruction, watchpoint: Watchpoint) -> int | None:
        """The first byte of the watchpoint that the instruction accesses in the way that it watches."""
        is_store = instruction.kind is Kind.VECTOR_STORE
        if instruction.memory is not None:
            is_store = instruction.memory.is_store
        if watchpoint.access is (Access.READ if is_store else Access.WRITE):
            return None
        for address, size_bytes in self._reaches(instruction):
            first = max(address, watchpoint.address)
            if first < min(address + size_bytes, watchpoint.address + watchpoint.size_bytes):
                return first
        return None

    def _reaches(self, instruction: Instruction) -> list[tuple[int, int]]:
        """Address and length in bytes of all that the instruction is about to load or store."""
        reach, elements = reach_of(instruction, self._register), scattered(instruction)
        if reach is None and elements is not None and self._automaton.programs is not None:
            return [(address, elements[1]) for address in self._automaton.programs.elements()]
        return [] if reach is None else [reach]

    def _register(self, number: int) -> int:
        return self._core.get(GENERAL[number])

    def _halt(
        self, instruction: Instruction, *, watchpoint: Watchpoint | None = None, datum: int = 0,
        is_step: bool = False,
    ) -> None:  # fmt: skip
        self.halt_at(instruction, watchpoint, datum, is_step=is_step, is_late=not self._is_interpreted())
        self._hook.stop_code = Stop.HALT
        self._core.uc.emu_stop()

    def _is_interpreted(self) -> bool:
        """The interpreter stops before any instruction, also in an IT block."""
        block = self._automaton.current_block()
        return block is not None and self._automaton.is_interpreted(block)

    def halt_at(
        self, instruction: Instruction, watchpoint: Watchpoint | None = None, datum: int = 0, *,
        is_step: bool = False, is_late: bool = False,
    ) -> None:  # fmt: skip
        """The core has halted before an instruction of the current block."""
        address, hook = instruction.address, self._hook
        self.found = Halt(
            address,
            self._automaton.position_of(address),
            hook.cycles,
            hook.instructions,
            watchpoint,
            datum,
            is_step=is_step,
            is_late=is_late and instruction.in_it_block,
        )
