"""A window's call contexts as rows of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from emulator.engine.contexts import ContextCount, ContextKind
from emulator.recording.model import NO_INDEX, Context, Jump
from emulator.system.exception_table import exception_name

KINDS = {
    ContextKind.MAIN: "main",
    ContextKind.CALL: "call",
    ContextKind.EXCEPTION: "exception",
    ContextKind.THREAD: "thread",
}


def passed_contexts(after: Sequence[ContextCount], before: Sequence[ContextCount]) -> list[ContextCount]:
    """What each context has counted between two readings of one session."""
    return [
        ContextCount(
            row.parent,
            row.kind,
            row.function,
            row.site,
            row.calls - old.calls,
            row.cycles - old.cycles,
            row.instructions - old.instructions,
            row.waiting_cycles - old.waiting_cycles,
            row.exception_cycles - old.exception_cycles,
            row.lowest_stack,
        )
        for row, old in zip(after, before, strict=False)
    ] + list(after[len(before) :])


class CallTree:
    """The contexts of a window in which anything happened, and their callers; parents come first."""

    def __init__(self, passed: Sequence[ContextCount]) -> None:
        self._passed = passed
        kept = [bool(row.calls or row.cycles or row.instructions) for row in passed]
        for number in range(len(passed) - 1, -1, -1):  # a child comes behind its parent
            if kept[number] and passed[number].parent >= 0:
                kept[passed[number].parent] = True
        self._numbers = {
            old: new for new, old in enumerate(number for number, keep in enumerate(kept) if keep)
        }

    def number_of(self, context: int) -> int:
        """The row of one of the hook's contexts; NO_INDEX for one in which nothing happened."""
        return self._numbers.get(context, NO_INDEX)

    def addresses(self) -> Iterable[int]:
        """Where the functions begin that were entered."""
        return (self._passed[number].function for number in self._numbers)

    def contexts(self, function_at: Callable[[int], int]) -> tuple[Context, ...]:
        """The rows; ``function_at(address)`` numbers functions."""
        return tuple(
            Context(
                self._numbers[row.parent] if row.parent >= 0 else NO_INDEX,
                KINDS[row.kind],
                _root_name(row),
                function_at(row.function),
                row.site if row.kind is ContextKind.CALL else NO_INDEX,
                row.calls,
                row.cycles,
                row.instructions,
                row.waiting_cycles,
                row.exception_cycles,
                row.lowest_stack,
            )
            for row in (self._passed[number] for number in self._numbers)
        )

    def thread_stacks(self) -> dict[int, int]:
        """Where the stack pointer of each thread stood when it was first seen, by its root's row."""
        rows = ((number, self._passed[old]) for old, number in self._numbers.items())
        return {number: row.site for number, row in rows if row.kind is ContextKind.THREAD}

    def calls(self) -> tuple[Jump, ...]:
        """Every call that was made, from its instruction to the function's first one."""
        counts: dict[tuple[int, int], int] = {}
        for number in self._numbers:
            row = self._passed[number]
            if row.kind is ContextKind.CALL and row.calls:
                counts[row.site, row.function] = counts.get((row.site, row.function), 0) + row.calls
        return tuple(Jump(site, target, "call", count) for (site, target), count in sorted(counts.items()))


def _root_name(row: ContextCount) -> str:
    if row.kind is ContextKind.EXCEPTION:
        return exception_name(row.site)
    if row.kind is ContextKind.THREAD:
        return f"thread at 0x{row.site:08x}"
    return "main" if row.kind is ContextKind.MAIN else ""
