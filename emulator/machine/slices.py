"""One slice of emulation: from a block's entry to the next cycle at which Python has something to do.

Twin: run.h, by which a slice goes on behind what the native hook serves itself.
"""

from __future__ import annotations

from collections.abc import Callable

from unicorn import UcError

from emulator.clock.clock import NEVER, Clock
from emulator.engine.engine import Engine
from emulator.engine.hook import Stop
from emulator.errors import EngineError
from emulator.machine.banked_memories import BankedMemories
from emulator.machine.controlled_flash import ControlledFlash
from emulator.machine.halts import Halts
from emulator.machine.lending import InputLending
from emulator.machine.output_lending import OutputLending
from emulator.machine.protection import Protection
from emulator.machine.requests import RunRequests
from emulator.machine.sleep import Sleep
from emulator.machine.tick_lending import TickLending
from emulator.machine.traps import TrapHandler
from emulator.system.system import System

LARGEST_INSTRUCTION_BYTES = 4
FPU_CLOSED, FPU_PRIVILEGED, FPU_OPEN = range(3)
"""As emulator/engine/vector/vector_state.h has them."""
MOST_QUESTIONS = 1000
"""In a row without an instruction counted between them: a block asks a few, when it is first met."""
LEFT_THUMB_STATE = -1
"""Beside the hook's codes: a branch has led to an even address."""


class Slices:
    """Runs the engine; answers the hook's questions on the way, and serves what trapped at the end."""

    def __init__(
        self,
        engine: Engine,
        system: System,
        clock: Clock,
        traps: TrapHandler,
        sleep: Sleep,
        requests: RunRequests,
        protection: Protection,
        lending: InputLending,
        output: OutputLending,
        tick: TickLending,
        halts: Halts,
        flash: ControlledFlash,
        banks: BankedMemories,
    ) -> None:
        self.output = output
        self._halts = halts
        self._flash = flash
        self._banks = banks
        self._lending = lending
        self._tick = tick
        self._protection = protection
        self._core = engine.core
        self._hook = engine.hook
        self._automaton = engine.automaton
        self._reads = engine.reads
        self._vectors = engine.vectors
        self._system = system
        self._clock = clock
        self._traps = traps
        self._sleep = sleep
        self._requests = requests

    def run(self, until: int, check_at: int = NEVER, quiet_cycles: Callable[[], int] = int) -> int:
        """Run to cycle ``until``, the next deadline, or a stop; returns the hook's code.

        Also to ``check_at``, where that lies ahead, when a waiting loop is looked for; characters that
        come meanwhile may change it. ``quiet_cycles()``: so long the core may sleep without a word.
        """
        lending, output = self._lending, self.output
        if lending.some_wait:
            lending.lend(until, check_at, quiet_cycles)
        check_at = output.lend(until, check_at)
        until = min(until, max(check_at, self._hook.cycles + 1))
        if not lending.is_lending and not output.is_lending:
            self._tick.lend(until)
        try:
            code, error = self._emulate(until)
        finally:
            self._tick.take_back()
            if lending.is_lending:
                lending.take_back()
            if output.is_lending:
                output.take_back()
        if lending.is_asleep:
            lending.is_asleep = False
            self._sleep.begin()
        return self._serve(code, error)

    def _serve(self, code: int, error: UcError | None) -> int:
        """Serve what ended a run, if it was no stop of the hook's; its code otherwise."""
        traps = self._traps
        if code == LEFT_THUMB_STATE:
            traps.left_thumb_state()
        elif code == Stop.PROTECTED:
            traps.refused_fetch()
        elif code in (Stop.NONE, Stop.TRAP):
            traps.handle(error)
        else:
            return code
        return Stop.NONE

    def _emulate(self, until: int) -> tuple[int, UcError | None]:
        """Run, and answer the hook's questions, until something else ends it: its code, Unicorn's error."""
        hook, corrections = self._hook, self._automaton.corrections
        self._requests.slice_end = until
        self._requests.next_deadline(self._clock.next_cycles())
        watch = self._system.blocked_only_by_masks()
        hook.mask_watch = int(watch is not None)
        hook.mask_priority = watch or 0
        hook.stop_request = 0
        self._reads.forget()
        if self._requests.has_new_settings:
            self._requests.has_new_settings = False
            self._automaton.trap_unaligned(self._system.scb.traps_unaligned)
            self._automaton.close_fpu(self._system.fpu.closed_to_some)
        corrections.settle()
        self._banks.settle()
        self._protection.settle()
        self._settle_vectors()
        self._halts.watch_entry()
        try:
            return self._answered(self._execute)
        finally:
            self._halts.leave_entry()

    def _settle_vectors(self) -> None:
        """Tell the interpreter of a core with MVE what firmware has set up."""
        state, fpu = self._core.vector_state, self._system.fpu
        if state is None:
            return
        to_all, to_some = (fpu.accessible(unprivileged=unprivileged) for unprivileged in (True, False))
        state.access = FPU_OPEN if to_all else FPU_PRIVILEGED if to_some else FPU_CLOSED
        state.default_status = fpu.default_status
        state.traps_unaligned = int(self._system.scb.traps_unaligned)
        if self._vectors is not None:
            self._vectors.follow_rights(*self._protection.data_rights())

    def _execute(self) -> UcError | None:
        return self._core.run(self._core.get("pc"))

    def _answered(self, begin: Callable[[], UcError | None]) -> tuple[int, UcError | None]:
        """Begin a run, and go on with it behind each of the hook's questions."""
        core, hook, corrections = self._core, self._hook, self._automaton.corrections
        execute = begin
        questions, counted = 0, -1
        while True:
            hook.stop_code = 0
            error = execute()
            execute = self._execute
            corrections.settle()
            self._flash.settle()
            self._banks.settle()  # before a fetch that was refused is looked at: Unicorn fetches first
            code = hook.stop_code
            hook.stop_code = 0
            opened = core.opens_for_execution(error)
            if (code or opened) and not core.thumb_state():  # a run starts in Thumb state
                return LEFT_THUMB_STATE, error
            if opened:
                hook.memories_changed()
            if opened or (code == Stop.PROTECTED and self._protection.permits(hook.need_block)):
                continue
            if not self._automaton.answer(code):
                return code, error
            questions = questions + 1 if hook.instructions == counted else 0
            counted = hook.instructions
            if questions > MOST_QUESTIONS:
                raise EngineError(
                    "the core does not get on: the engine asks the same again and again",
                    where=f"{core.get('pc'):#010x}",
                    next_step=f"report it with the firmware; the question was {Stop(code).name}",
                )

    def finish_block(self, upto: int | None = None) -> None:
        """Go on from a halt in a block to its instruction at ``upto``, or to its end by default.

        At the end the core stands between two blocks, unless it halts again before; also behind
        whatever else ends the block: it is served as by :meth:`run`.
        """
        core, hook = self._core, self._hook
        block = self._automaton.current_block()
        assert block is not None
        until = block.end if upto is None else upto
        start = core.get("pc")
        self._requests.stop()
        code, error = self._answered(lambda: self._resume(start, until))
        state = core.vector_state
        is_whole = error is None and not hook.interrupt and (state is None or not state.fault)
        reached = (
            code == Stop.NONE
            and is_whole
            and (core.get("pc") == until or self._automaton.is_interpreted(block))
        )
        if reached and (upto is not None or block.instructions[-1].name != "wfi"):
            if upto is not None:
                return
            self._requests.stop()
            code, error = self._answered(self._execute)
        self._serve(code, error)

    def _resume(self, start: int, until: int) -> UcError | None:
        self._hook.stop_code, self._hook.interrupt = Stop.RESUMED, 0
        size_bytes = until + LARGEST_INSTRUCTION_BYTES - start
        self._core.forget_code(start, size_bytes)  # what was translated goes on behind `until`
        try:
            return self._core.run_part(start, until)
        finally:
            self._core.forget_code(start, size_bytes)  # what is translated now ends there

    def run_undisturbed(self, until: int, limit: int) -> bool:
        """Run to cycle ``until`` or a break; False when anything is due, or ``limit`` was passed by more."""
        hook = self._hook
        serves, hook.serves_exceptions = hook.serves_exceptions, 0
        try:
            code = self.run(until)
        finally:
            hook.serves_exceptions = serves
        if code == 0 or self._requests.failure is not None or self._requests.reset or self._sleep.asleep:
            return False
        due = self._clock.next_cycles() <= hook.cycles or self._system.preempts()
        return not due and (code == Stop.BREAK or (code == Stop.DEADLINE and hook.cycles <= limit + 1))
