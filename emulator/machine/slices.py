"""One slice of emulation: from a block's entry to the next cycle at which Python has something to do.

Twin: run.h, by which a slice goes on behind what the native hook serves itself.
"""

from __future__ import annotations

from emulator.clock.clock import Clock
from emulator.engine.engine import Engine
from emulator.engine.hook import Stop
from emulator.machine.protection import Protection
from emulator.machine.requests import RunRequests
from emulator.machine.sleep import Sleep
from emulator.machine.traps import TrapHandler
from emulator.system.system import System


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
    ) -> None:
        self._protection = protection
        self._core = engine.core
        self._hook = engine.hook
        self._automaton = engine.automaton
        self._reads = engine.reads
        self._system = system
        self._clock = clock
        self._traps = traps
        self._sleep = sleep
        self._requests = requests

    def run(self, until: int) -> int:
        """Run to cycle ``until``, the next deadline, or a stop; returns the hook's code."""
        core, hook, corrections = self._core, self._hook, self._automaton.corrections
        hook.deadline = min(self._clock.next_cycles(), until)
        self._requests.slice_end = until
        watch = self._system.blocked_only_by_masks()
        hook.mask_watch = int(watch is not None)
        hook.mask_priority = watch or 0
        hook.stop_request = 0
        self._reads.forget()
        self._automaton.trap_unaligned(self._system.scb.traps_unaligned)
        self._automaton.close_fpu(self._system.fpu.closed_to_some)
        corrections.settle()
        self._protection.settle()
        while True:
            hook.stop_code = 0
            error = core.run(core.get("pc"))
            corrections.settle()
            code = hook.stop_code
            hook.stop_code = 0
            opened = core.opens_for_execution(error)
            if (code or opened) and not core.thumb_state():  # a run starts in Thumb state
                self._traps.left_thumb_state()
                return 0
            if opened:
                continue
            if code == Stop.PROTECTED:
                if self._protection.permits(hook.need_block):
                    continue
                self._traps.refused_fetch()
                return Stop.NONE
            if not self._automaton.answer(code):
                break
        if code in (Stop.NONE, Stop.TRAP):
            self._traps.handle(error)
            return Stop.NONE
        return code

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
