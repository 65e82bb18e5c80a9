"""What devices, traps and the host ask of the run loop."""

from __future__ import annotations

from emulator.engine.hook import NO_ADDRESS, BlockHook, StopRequest
from emulator.engine.lent_input import LentInput
from emulator.engine.lent_output import LentOutput
from emulator.engine.lent_tick import LentTick

PYTHON, EXCEPTIONS = int(StopRequest.PYTHON), int(StopRequest.EXCEPTIONS)  # a flag's own | takes 2 us


class RunRequests:
    """The run loop looks at these between two blocks, and comes there soon after each of them.

    ``exit_code``: the firmware ended itself. ``failure``: an error to raise at the loop's own
    place, because it must not unwind through Unicorn. ``lent``: what the hook serves at deadlines of its own
    while it is lent.
    """

    def __init__(self, hook: BlockHook, *lent: LentInput | LentOutput | LentTick) -> None:
        self._hook = hook
        self._lent = lent
        self.interrupted = False
        self.has_new_settings = True
        self.reset = False
        self.exit_code: int | None = None
        self.failure: BaseException | None = None
        self.refused: tuple[int | None, int] | None = (
            None  # a bus fault: its instruction (None: PC's), its address
        )
        self.slice_end = NO_ADDRESS  # the cycle at which the slice that runs ends at the latest

    def stop(self) -> None:
        """Come back to Python at the next block."""
        self._hook.stop_request |= PYTHON

    def settings_changed(self) -> None:
        """What code may do is otherwise from the next block on: CCR, CPACR or the MPU."""
        self.has_new_settings = True
        self.stop()

    def look_at_exceptions(self) -> None:
        """Another exception may be due at the next block."""
        self._hook.stop_request |= EXCEPTIONS

    def next_deadline(self, cycles: int) -> None:
        """The clock's next deadline is at ``cycles`` now."""
        self._hook.deadline = min(cycles, self.slice_end)
        for lent in self._lent:
            if lent.is_lent:
                lent.other_deadline = cycles
                self._hook.deadline = min(self._hook.deadline, lent.at)

    def interrupt(self) -> None:
        """End the current run (from a signal handler or a link)."""
        self.interrupted = True
        self.stop()

    def request_reset(self, _reason: str) -> None:
        """A watchdog or AIRCR.SYSRESETREQ wants a system reset."""
        self.reset = True
        self.stop()

    def fail(self, error: BaseException) -> None:
        """Raise ``error`` from the run loop; the first one, when there are several."""
        self.failure = self.failure or error
        self.stop()

    def raise_failure(self) -> None:
        """For the run loop: raise what was left."""
        error, self.failure = self.failure, None
        if error is not None:
            raise error

    def save(self) -> int | None:
        """State for a snapshot."""
        return self.exit_code

    def load(self, saved: int | None) -> None:
        """Put a saved state back; what was asked since is forgotten."""
        self.exit_code = saved
        self.failure = None
