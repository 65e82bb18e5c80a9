"""Records a stretch of any firmware's run: from a text or a function's call to another, or to an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from emulator.engine.hook import NO_ADDRESS
from emulator.errors import CheckFailed, LimitReached, UsageError
from emulator.image.names import find_function
from emulator.machine.awaited_text import in_quotes, run_to_text, run_until
from emulator.machine.execution import RunLimits, StopReason
from emulator.machine.machine import Machine
from emulator.profiling.functions import name_of
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.model import Recording

NO_RETURN = 0xF0000000
"""A link register from here on is an exception's return, not an address."""
QUIET_SECONDS = 1.0
"""A run whose end nobody names ends when the firmware has waited so long in silence ..."""
ENOUGH_INSTRUCTIONS = 100_000_000
"""... or has executed so many instructions, about."""
REASONS = {
    StopReason.IDLE: "until it idles",
    StopReason.EXIT: "until it ends",
    StopReason.MAX_CYCLES: "",
    StopReason.WALL_LIMIT: "until its time is over",
    StopReason.INTERRUPTED: "until it was interrupted",
    StopReason.UNTIL: "until it has said what was waited for",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is to be recorded of a run.

    ``after``: begin when the console (or the ITM) has sent this, else where the machine stands.
    ``until``: end when it has sent this. ``max_cycles``: end so many cycles after the begin, which must
    come within as many.
    ``function``: instead, the first call of this one from there on: a name or an address. With no end
    named it ends by :data:`QUIET_SECONDS` and :data:`ENOUGH_INSTRUCTIONS`.
    """

    after: bytes | None = None
    until: bytes | None = None
    max_cycles: int | None = None
    function: str | None = None


def record_run(
    recorder: Recorder, machine: Machine, wanted: Stretch, labels: Labels
) -> tuple[Recording, StopReason]:
    """Run and record, and why the stretch ended; the recorder is closed. The title is made here.

    Raises :class:`CheckFailed` when the begin never comes, :class:`LimitReached` when the function that was
    called does not return in time; GuestFault.
    """
    try:
        begin = "from reset" if machine.counts.cycles == 0 else "from where it stood"
        if wanted.after is not None:
            run_to_text(machine, wanted.after, wanted.max_cycles)
            begin = f"from {in_quotes(wanted.after)}"
        if wanted.function is not None:
            title = to_function(machine, wanted.function, wanted.max_cycles)
            recorder.begin()
            reason = to_return(machine, wanted.max_cycles)
        else:
            recorder.begin()
            began = machine.counts.cycles
            if wanted.until is None and wanted.max_cycles is None:
                reason = run_to_some_end(machine)
            else:
                reason = run_until(machine, wanted.until, wanted.max_cycles)
            end = f"until {in_quotes(wanted.until)}" if wanted.until and reason is StopReason.UNTIL else ""
            end = end or REASONS.get(reason, "") or f"for {machine.counts.cycles - began:,} cycles"
            title = f"a run {begin} {end}"
        return recorder.end(replace(labels, title=title)), reason
    finally:
        recorder.close()


def run_to_some_end(machine: Machine) -> StopReason:
    """Run until the firmware ends, idles, or has shown enough; waiting costs nothing and counts little."""
    enough = machine.counts.instructions + ENOUGH_INSTRUCTIONS
    reason = StopReason.MAX_CYCLES
    while reason is StopReason.MAX_CYCLES and machine.counts.instructions < enough:
        stretch = int(1.1 * QUIET_SECONDS * machine.clock.core_hz)
        reason = machine.run(max_cycles=stretch, quiet_seconds=QUIET_SECONDS)
    return reason


def to_function(
    machine: Machine,
    function: str,
    max_cycles: int | None = None,
    keeps_on: Callable[[], bool] = lambda: False,
) -> str:
    """Run to the first call of a function; the window's title.

    ``keeps_on()``: whether to go on where a listener has interrupted the run. Raises UsageError, CheckFailed.
    """
    address, name = _place_of(machine, function)
    reason = machine.run_to(address, max_cycles=max_cycles)
    while reason is StopReason.INTERRUPTED and keeps_on():
        reason = machine.run_to(address, max_cycles=max_cycles)
    if reason is not StopReason.BREAK:
        raise CheckFailed(
            f"{name} was never called ({reason.value})",
            where=machine.where(),
            next_step="name another function, or give the firmware what it waits for",
        )
    return f"one call of {name}"


def to_return(
    machine: Machine, max_cycles: int | None, keeps_on: Callable[[], bool] = lambda: False
) -> StopReason:
    """Run to the return of the function that was called just now. Raises LimitReached."""
    core, table = machine.core, machine.system.table
    back, stack_pointer = core.get_many(("lr", "sp"))
    end = None if max_cycles is None else machine.counts.cycles + max_cycles
    running = core.get("ipsr")
    with _break_at(machine, NO_ADDRESS if back >= NO_RETURN else back & ~1) as run:
        while True:
            left = None if end is None else max(0, end - machine.counts.cycles)
            handled = (lambda: not table.is_active(running)) if back >= NO_RETURN else (lambda: False)
            reason = run(left, handled)
            if reason is StopReason.UNTIL or (reason is StopReason.BREAK and core.get("sp") == stack_pointer):
                return reason
            if reason is StopReason.INTERRUPTED and keeps_on():
                continue
            if reason is not StopReason.BREAK:
                raise LimitReached(
                    f"the function did not return ({reason.value})",
                    where=machine.where(),
                    next_step="give more with --max-cycles, or name another function",
                )
            machine.run(max_cycles=1)  # a deeper call came back there


Run = Callable[["int | None", Callable[[], bool]], StopReason]
"""Runs on within so many cycles, until a condition holds between two blocks."""


@contextmanager
def _break_at(machine: Machine, address: int) -> Iterator[Run]:
    def run(max_cycles: int | None, finished: Callable[[], bool]) -> StopReason:
        place = None if address == NO_ADDRESS else address
        return machine.execution.run(RunLimits(max_cycles, break_address=place), finished)

    try:
        yield run
    finally:
        machine.hook.break_address = NO_ADDRESS


def _place_of(machine: Machine, function: str) -> tuple[int, str]:
    image = machine.image
    try:
        address = int(function, 0) & ~1
    except ValueError:
        symbol = find_function(image, function)
        return symbol.address & ~1, name_of(symbol.address & ~1, symbol)
    if machine.core.memory_at(address) is None:
        raise UsageError(f"there is no memory at 0x{address:08x}", where="--function")
    symbol_there = image.debug.symbol_at(address) if image is not None and image.debug is not None else None
    return address, name_of(address, symbol_there)
