"""What is kept of calls while a run is recorded; see :mod:`emulator.engine.hooks.contexts`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

NOWHERE = 0xFFFFFFFF
"""No parent, no return address; the stack pointer of a frame whose return is not known."""


class ContextKind(IntEnum):
    """What made a node of the call-context tree; all but ``CALL`` are roots."""

    MAIN = 0
    CALL = 1
    EXCEPTION = 2
    THREAD = 3


@dataclass(frozen=True, slots=True)
class ContextCount:
    """A node of the call-context tree and its own counts, without callees.

    ``parent``: its caller's number, -1 for a root. ``function``: where it was entered. ``site``: the
    instruction that called it; of a root the exception's number, or the thread's stack.
    ``waiting_cycles``: of its cycles those asleep and of turns of waiting loops that were not run;
    ``exception_cycles``: of its cycles those of entering and leaving the handler.
    """

    parent: int
    kind: ContextKind
    function: int
    site: int
    calls: int
    cycles: int
    instructions: int
    waiting_cycles: int
    exception_cycles: int
    lowest_stack: int


class ContextNode(Protocol):
    """A node as a hook keeps it; ``counts``: calls, cycles, instructions, waiting, exception."""

    parent: int
    kind: int
    function: int
    site: int
    lowest_stack: int

    @property
    def counts(self) -> Iterable[int]:
        """Its own counts."""


def context_count(node: ContextNode) -> ContextCount:
    """A hook's node as it is read; :data:`NOWHERE` is no parent, and a stack that nobody looked at."""
    calls, cycles, instructions, waiting_cycles, exception_cycles = node.counts
    return ContextCount(
        -1 if node.parent == NOWHERE else node.parent,
        ContextKind(node.kind),
        node.function,
        node.site,
        calls,
        cycles,
        instructions,
        waiting_cycles,
        exception_cycles,
        0 if node.lowest_stack == NOWHERE else node.lowest_stack,
    )


class CallContexts(Protocol):
    """The call-context tree of a hook. Nodes are numbered and never go away in a session."""

    enabled: int

    def start(self, starts: Iterable[int], pc: int, exception: int) -> None:
        """Begin anew between two blocks. ``starts``: where functions are known to begin.

        ``pc``, ``exception``: where the core stands, and in which handler (0: in none).
        """

    def stop(self) -> None:
        """Count no more; what was counted stays to be read."""

    def restart(self, pc: int, exception: int) -> None:
        """The core goes on elsewhere, with a new stack: a reset, a call from outside."""

    def preempted(self, stack_pointer: int) -> None:
        """An exception's entry begins; its frame lies at ``stack_pointer``."""

    def entered(self, exception: int, handler: int) -> None:
        """The entry has ended, at a handler."""

    def flush(self) -> None:
        """What passed since the last change is the current context's."""

    def chained(self) -> None:
        """The running handler ended, and another is about to be entered."""

    def returned(self, stack_pointer: int, pc: int, thread_stack: int) -> None:
        """The running handler has returned, after a :meth:`flush` at its end.

        ``stack_pointer``: where the thread's exception frame lay, 0 for a return to another handler;
        ``pc``, ``thread_stack``: what the thread goes on with.
        """

    def mark(self) -> None:
        """A turn of a loop begins that may be repeated."""

    def turn_ended(self) -> None:
        """The turn that began at the mark has ended."""

    def repeat(self, turns: int, cycles: int, instructions: int) -> None:
        """What passed in the turn passes ``turns`` times again, in so many cycles; called before them."""

    def slept(self, cycles: int) -> None:
        """So many cycles of what was counted, or will be, are sleep."""

    def current(self) -> int:
        """The current context's number, -1 without one."""

    def rows(self) -> list[ContextCount]:
        """Every context with its counts so far."""

    def jumps(self) -> dict[tuple[int, int], int]:
        """Jumps within a function through a table or a pointer so far, by (their instruction, target)."""

    def save(self) -> Any:
        """State for a snapshot: who is running. Counts stay."""

    def load(self, saved: Any) -> None:
        """Put a saved state back."""
