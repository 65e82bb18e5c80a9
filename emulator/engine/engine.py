"""The engine in one object: a core that executes, a hook and a model that price, memories, counts."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING

from emulator.board.model import Board
from emulator.engine.absent import AbsentInstructions
from emulator.engine.automaton import Automaton
from emulator.engine.core import Core
from emulator.engine.counts import Counts, OutsideBlocks
from emulator.engine.hook import BlockHook
from emulator.engine.hooks.native_hook import NativeHook, native_hook
from emulator.engine.lent_input import LentInput
from emulator.engine.lent_output import LentOutput
from emulator.engine.lent_tick import LentTick
from emulator.engine.library import native_library, native_library_problem
from emulator.engine.memory_map import MemoryMap
from emulator.engine.native_automaton import price_natively
from emulator.engine.remembered_reads import RememberedReads
from emulator.engine.vector.vector_state import find_vectors, open_double_precision
from emulator.errors import UsageError
from emulator.system.exception_state import ExceptionState
from emulator.timing.cores import core_model
from emulator.timing.model import CoreModel, CountModel

if TYPE_CHECKING:
    from emulator.engine.vector.doors import VectorDoors

XPSR_NUMBER = 0x1FF
TIMINGS = ("memory", "core", "count")
HOOKS = ("auto", "native", "python")


class Engine:
    """Executes a board's code and prices every block of it.

    ``timing``: ``"memory"`` (core and memories), ``"core"`` (zero wait states everywhere) or
    ``"count"`` (instructions alone). ``hook``: ``"native"``, ``"python"`` or ``"auto"`` (native
    when it was built). Raises UsageError for another word, and for a native hook that was not built.
    """

    def __init__(self, board: Board, *, timing: str = "memory", hook: str = "auto") -> None:
        if timing not in TIMINGS:
            raise UsageError(f"unknown timing {timing!r}", next_step="use memory, core or count")
        self.board = board
        self.timing = timing
        self.core = Core(board.core, board.regions, has_fpu=board.fpu != "none")
        self.hook = block_hook(hook)
        self.hook.attach(self.core)
        self.memory_map = MemoryMap(board, self.hook, timed=timing == "memory")
        counting = timing == "count"
        model: CoreModel = CountModel() if counting else core_model(board.core, dict(board.core_parameters))
        self.automaton = Automaton(
            self.core,
            self.hook,
            model,
            self.memory_map,
            watch=not counting,
            absent=AbsentInstructions(board.core, board.fpu),
        )
        price_natively(self.automaton, self.hook)
        self.vectors = self._share_vectors()
        self.exceptions = ExceptionState()
        self.outside = OutsideBlocks(self.exceptions)
        self.hook.share_exceptions(self.exceptions)
        self.reads = RememberedReads()
        self.hook.share_reads(self.reads)
        self.input = LentInput()
        self.hook.share_input(self.input)
        self.output = LentOutput()
        self.hook.share_output(self.output)
        self.tick = LentTick()
        self.hook.share_tick(self.tick)

    def _share_vectors(self) -> VectorDoors | None:
        """Let the native hook run what Unicorn lacks of a core with MVE; None for other cores.

        Raises UsageError where there is no native hook, or Unicorn's registers were not found.
        """
        core, hook = self.core, self.hook
        if core.vector_state is None:
            return None
        from emulator.engine.vector.doors import VectorDoors  # noqa: PLC0415 -- few cores have them
        from emulator.engine.vector.programs import Programs  # noqa: PLC0415 -- as above

        vectors = find_vectors(core.uc, core.register_file)
        opened = self.board.fpu != "double" or open_double_precision(core.register_file)
        if not isinstance(hook, NativeHook) or core.register_file is None or vectors is None or not opened:
            reason = (
                "the native hook"
                if not isinstance(hook, NativeHook)
                else "Unicorn's registers in this process"
            )
            raise UsageError(
                f"{self.board.core} can't be executed without {reason}: Unicorn lacks Armv8.1-M",
                next_step="install a C compiler and boardless again, and don't ask for the Python hook",
            )
        doors = VectorDoors(*hook.doors, core.vector_state, core.register_file, vectors)
        self.automaton.programs = Programs(core, doors, self.automaton.split)
        core.emulate_part = partial(doors.run_part, core.uc._uch)
        return doors

    @property
    def counts(self) -> Counts:
        """Instructions and cycles so far."""
        return Counts(self.hook.instructions, self.hook.cycles)

    def restart_pipeline(self) -> None:
        """The core goes on elsewhere, with an empty pipeline: a reset, an exception, a call from outside."""
        self.hook.state = self.automaton.initial

    def restart_contexts(self) -> None:
        """The core goes on elsewhere, with a stack that knows no caller."""
        if self.hook.contexts.enabled:
            pc, exception = self.core.get_many(("pc", "ipsr"))
            self.hook.contexts.restart(pc & ~1, exception & XPSR_NUMBER)

    def write_memory(self, address: int, data: bytes) -> None:
        """Write any memory, flash included, as a programmer would. Raises MemoryFault."""
        self.core.load_memory(address, data)
        self.automaton.forget_code(address, len(data))

    def change_memories(self, board: Board) -> None:
        """Price memory accesses from now on by another board's figures for the same memories.

        Code that was met stays planned, so the reads that bring it must be as wide as before, and the
        core the same but for its bus matrix.
        """
        self.board = board
        self.memory_map.change(board)
        if self.timing != "count":
            model = core_model(board.core, dict(board.core_parameters))
            self.hook.set_data_timing(model.unaligned, model.divide)

    # -- time that passes outside of blocks ----------------------------------------------------
    def spend_on_exception(self, cycles: int) -> None:
        """An exception's entry or exit takes time."""
        self.hook.cycles += cycles
        self.exceptions.exception_cycles += cycles

    def sleep_until(self, cycle: int) -> int:
        """Time jumps to ``cycle``, unless it is past; how many cycles that was."""
        slept = max(0, cycle - self.hook.cycles)
        self.hook.cycles += slept
        self.outside.sleep_cycles += slept
        if self.hook.contexts.enabled:
            self.hook.contexts.slept(slept)
        return slept

    def skip(self, turns: int, turn: Counts) -> None:
        """Count turns of a waiting loop that are not run: each as the one that was run last."""
        cycles, instructions = turns * turn.cycles, turns * turn.instructions
        if self.hook.contexts.enabled:
            self.hook.contexts.repeat(turns, cycles, instructions)
        self.hook.skip(cycles, instructions)
        self.outside.skipped_cycles += cycles
        self.outside.skipped_instructions += instructions


def block_hook(kind: str) -> BlockHook:
    """A new hook: ``"native"``, ``"python"`` or ``"auto"``. Raises UsageError."""
    if kind not in HOOKS:
        raise UsageError(f"unknown hook {kind!r}", next_step="use auto, native or python")
    library = native_library() if kind != "python" else None
    if library is not None:
        return native_hook(library)
    if kind != "python":
        from emulator.installation.origin import native_hook_advice, slow_hook_words  # noqa: PLC0415

        problem = native_library_problem()
        if kind == "native":
            raise UsageError(f"there is no native hook: {problem}", next_step=native_hook_advice())
        warnings.warn(slow_hook_words(problem), RuntimeWarning, stacklevel=5)
    from emulator.engine.hooks.block_hook import PythonHook  # noqa: PLC0415 -- seldom wanted

    return PythonHook()
