"""Who called whom: the call-context tree, kept where it changes and nowhere else. Twin: contexts.h.

Cycles and instructions since the last change belong to the context that is left. A frame is known
by the stack pointer and the return address with which its function was entered, so that tail
calls, longjmp and hand-made stacks do not derail it, with symbols or without. Exceptions have a
stack of frames of their own, each a root; so has each thread, which is known by where the stack
pointer was when an exception preempted it.
"""

from __future__ import annotations

import bisect
import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from emulator.engine.contexts import NOWHERE, ContextCount, ContextKind, context_count
from emulator.engine.events import LEAVES_CALL, LEAVES_JUMP, LEAVES_NOTHING, LEAVES_REGISTER, LEAVES_RETURN
from emulator.engine.hooks.block import Block

LEAVES_FALL = 6
"""Of a block that runs on into another function."""
MOST_FRAMES = 1 << 14
CALLS, CYCLES, INSTRUCTIONS, WAITING, EXCEPTION = range(5)


class Clock(Protocol):
    """What the tree needs of a hook."""

    cycles: int
    instructions: int


@dataclass(slots=True)
class Node:
    """A context and its counts.

    ``at_mark``: what they were at the mark of number ``epoch``; behind a turn's end what it has added.
    """

    parent: int
    kind: int
    function: int
    site: int
    counts: list[int] = field(default_factory=lambda: [0] * 5)
    at_mark: list[int] = field(default_factory=lambda: [0] * 5)
    epoch: int = 0
    lowest_stack: int = NOWHERE


@dataclass(slots=True)
class Frame:
    """An activation. ``tail``: it returns to where the frame below it does."""

    node: int
    function: int
    return_address: int
    stack_pointer: int
    tail: bool = False
    root: bool = False


@dataclass(slots=True)
class Thread:
    """Frames, outermost first; ``key``: the stack pointer when it was preempted, 0: it runs."""

    frames: list[Frame] = field(default_factory=list)
    key: int = 0


class Contexts:
    """See :class:`emulator.engine.contexts.CallContexts` for what each method is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.enabled = 0
        self._nodes: list[Node] = []
        self._by_key: dict[tuple[int, int, int, int], int] = {}
        self._starts: list[int] = []
        self._blocks: list[Block] = []
        self._threads = [Thread()]
        self._running = 0
        self._handlers: list[Frame] = []
        self._cycles = self._instructions = 0
        self._epoch = 0
        self._touched: list[int] = []
        self._jumps: dict[tuple[int, int], int] = {}
        self._turn: list[int] = []

    # -- functions' beginnings -----------------------------------------------------------------
    def _is_start(self, address: int) -> bool:
        at = bisect.bisect_left(self._starts, address)
        return at < len(self._starts) and self._starts[at] == address

    def _function_of(self, address: int) -> int:
        """The beginning of the function that holds ``address``; the address when none is known."""
        at = bisect.bisect_right(self._starts, address)
        return self._starts[at - 1] if at else address

    def mark_block(self, block: Block) -> None:
        """Decide whether leaving the block may change the context."""
        plan = block.plan
        leaves = plan.leaving
        if leaves == LEAVES_JUMP:
            starts = self._is_start(plan.target) and self._function_of(plan.block.address) != plan.target
            leaves = LEAVES_JUMP if starts else LEAVES_NOTHING
        if leaves == LEAVES_NOTHING and self._is_start(block.end):
            leaves = LEAVES_FALL
        block.leaves = leaves

    def _add_start(self, address: int) -> None:
        if self._is_start(address):
            return
        bisect.insort(self._starts, address)
        for block in self._blocks:
            self.mark_block(block)

    # -- nodes ---------------------------------------------------------------------------------
    def _find_node(self, parent: int, kind: int, function: int, site: int) -> int:
        key = (parent, kind, function, site)
        found = self._by_key.get(key)
        if found is None:
            found = self._by_key[key] = len(self._nodes)
            self._nodes.append(Node(*key))
            if kind != ContextKind.MAIN:
                self._add_start(function)
        return found

    def _touch(self, number: int) -> Node:
        """The node, about to be changed: what it was is kept for a mark."""
        node = self._nodes[number]
        if node.epoch != self._epoch:
            node.epoch = self._epoch
            node.at_mark = list(node.counts)
            self._touched.append(number)
        return node

    def _stack(self) -> list[Frame]:
        return self._handlers or self._threads[self._running].frames

    def flush(self) -> None:
        """What passed since the last change is the current context's."""
        stack = self._stack()
        if not stack:
            return
        node = self._touch(stack[-1].node)
        node.counts[CYCLES] += self._clock.cycles - self._cycles
        node.counts[INSTRUCTIONS] += self._clock.instructions - self._instructions
        self._cycles, self._instructions = self._clock.cycles, self._clock.instructions

    # -- calls and returns -----------------------------------------------------------------------
    def _push_root(self, stack: list[Frame], kind: int, function: int, site: int) -> Node:
        number = self._find_node(NOWHERE, kind, function, site)
        node = self._touch(number)
        node.counts[CALLS] += 1
        stack.append(Frame(number, function, NOWHERE, NOWHERE, root=True))
        return node

    def _call(self, site: int, target: int, return_address: int, stack_pointer: int) -> None:
        self.flush()
        stack = self._stack()
        if not stack or len(stack) >= MOST_FRAMES:
            return
        caller = self._nodes[stack[-1].node]
        caller.lowest_stack = min(caller.lowest_stack, stack_pointer)
        number = self._find_node(stack[-1].node, ContextKind.CALL, target, site)
        self._touch(number).counts[CALLS] += 1
        stack.append(Frame(number, target, return_address, stack_pointer))

    def _tail(self, site: int, target: int) -> None:
        """A jump to another function; one that closes a ring of such jumps goes back in it: no call."""
        self.flush()
        stack = self._stack()
        if not stack:
            return
        at = len(stack) - 1
        while stack[at].function != target and stack[at].tail:
            at -= 1
        if stack[at].function == target:
            del stack[at + 1 :]
        elif len(stack) < MOST_FRAMES:
            top = stack[-1]
            number = self._find_node(top.node, ContextKind.CALL, target, site)
            self._touch(number).counts[CALLS] += 1
            stack.append(Frame(number, target, top.return_address, top.stack_pointer, tail=True))

    def _pop(self, stack: list[Frame]) -> None:
        while stack.pop().tail:
            pass

    def _replace_root(self, stack: list[Frame], target: int) -> None:
        """What was running when counting began has returned to its caller, of which nothing is known."""
        self.flush()
        at = len(stack) - 1
        while not stack[at].root:
            at -= 1
        root = self._nodes[stack[at].node]
        if root.kind != ContextKind.EXCEPTION:
            del stack[at:]
            self._push_root(stack, root.kind, self._function_of(target), root.site)

    def _unwind(self, site: int, target: int, stack_pointer: int) -> None:
        """The stack pointer stands above frames that did not return: they are gone."""
        self.flush()
        stack = self._stack()
        at = len(stack) - 1
        while not stack[at].root and stack[at].stack_pointer <= stack_pointer:
            if stack[at].stack_pointer == stack_pointer and stack[at].return_address == target:
                del stack[at + 1 :]
                self._pop(stack)
                return
            at -= 1
        del stack[at + 1 :]
        if self._is_start(target):
            self._tail(site, target)
        elif stack[at].root and self._function_of(target) != self._function_of(stack[at].function):
            self._replace_root(stack, target)

    def _count_jump(self, site: int, target: int) -> None:
        """Where a jump through a table or a pointer leads is known here alone."""
        self._jumps[site, target] = self._jumps.get((site, target), 0) + 1

    def _indirect(self, block: Block, target: int, stack_pointer: int) -> None:
        """A return, a jump through a pointer, or through a table."""
        stack = self._stack()
        if not stack:
            return
        top = stack[-1]
        known = top.stack_pointer != NOWHERE
        if known and stack_pointer == top.stack_pointer and target == top.return_address:
            self.flush()
            self._pop(stack)
        elif known and stack_pointer > top.stack_pointer:
            self._unwind(block.plan.site, target, stack_pointer)
        elif self._is_start(target):
            self._tail(block.plan.site, target)
        elif known and block.leaves == LEAVES_RETURN and stack_pointer == top.stack_pointer:
            self.flush()
            self._pop(stack)  # to elsewhere than it was called from: a helper that jumps for its caller
        elif self._function_of(target) != self._function_of(top.function):
            if not known and block.leaves in (LEAVES_RETURN, LEAVES_REGISTER):
                self._replace_root(stack, target)
            elif block.leaves == LEAVES_REGISTER:
                self._tail(block.plan.site, target)
        elif block.leaves != LEAVES_RETURN:
            self._count_jump(block.plan.site, target)

    def leave(self, block: Block, address: int, stack_pointer: int) -> None:
        """The block was left for ``address``."""
        plan = block.plan
        if address == block.end:
            if self._is_start(address):
                self._tail(plan.site, address)
        elif block.leaves == LEAVES_CALL:
            self._call(plan.site, address, block.end, stack_pointer)
        elif block.leaves == LEAVES_JUMP:
            self._tail(plan.site, address)
        elif block.leaves != LEAVES_FALL:
            self._indirect(block, address, stack_pointer)

    # -- a session -------------------------------------------------------------------------------
    def restart(self, pc: int, exception: int) -> None:
        """See :class:`CallContexts`."""
        self.flush()
        self._threads, self._running, self._handlers = [Thread()], 0, []
        self._cycles, self._instructions = self._clock.cycles, self._clock.instructions
        if exception:
            self._push_root(self._handlers, ContextKind.EXCEPTION, self._function_of(pc), exception)
        else:
            self._push_root(self._threads[0].frames, ContextKind.MAIN, self._function_of(pc), 0)

    def start(self, starts: Iterable[int], pc: int, exception: int) -> None:
        """See :class:`CallContexts`."""
        self._threads, self._handlers = [Thread()], []
        self._running = self._epoch = 0
        self._nodes.clear()
        self._touched.clear()
        self._turn.clear()
        self._by_key.clear()
        self._jumps.clear()
        self._starts = sorted(starts)
        self.enabled = 1
        self.restart(pc, exception)
        for block in self._blocks:
            self.mark_block(block)

    def stop(self) -> None:
        """See :class:`CallContexts`."""
        self.flush()
        self.enabled = 0

    def add_block(self, block: Block) -> None:
        """A block was planned."""
        self._blocks.append(block)
        if self.enabled:
            self.mark_block(block)

    # -- exceptions and threads ------------------------------------------------------------------
    def preempted(self, stack_pointer: int) -> None:
        """See :class:`CallContexts`."""
        self.flush()
        if not self._handlers:
            self._threads[self._running].key = stack_pointer

    def entered(self, exception: int, handler: int) -> None:
        """See :class:`CallContexts`."""
        node = self._push_root(self._handlers, ContextKind.EXCEPTION, handler, exception)
        node.counts[EXCEPTION] += self._clock.cycles - self._cycles

    def _pop_handler(self) -> None:
        while self._handlers and not self._handlers.pop().root:
            pass

    def chained(self) -> None:
        """See :class:`CallContexts`."""
        self._pop_handler()

    def _switch(self, key: int, pc: int, thread_stack: int) -> None:
        """Another thread goes on, or begins."""
        for number, thread in enumerate(self._threads):
            if thread.key == key and thread.frames:
                self._running = number
                self._touch(thread.frames[0].node).counts[CALLS] += 1
                return
        root = self._find_node(NOWHERE, ContextKind.THREAD, self._function_of(pc), thread_stack)
        for number, thread in enumerate(self._threads):
            if thread.frames and thread.frames[0].node == root:
                self._running = number
                thread.frames.clear()
                break
        else:
            self._running = len(self._threads)
            self._threads.append(Thread())
        frames = self._threads[self._running].frames
        self._push_root(frames, ContextKind.THREAD, self._function_of(pc), thread_stack)

    def returned(self, stack_pointer: int, pc: int, thread_stack: int) -> None:
        """See :class:`CallContexts`."""
        stack = self._stack()
        if stack:
            self._touch(stack[-1].node).counts[EXCEPTION] += self._clock.cycles - self._cycles
        self.flush()
        if not stack_pointer:
            self._pop_handler()
            return
        self._handlers.clear()
        thread = self._threads[self._running]
        if not thread.frames:  # counting began in a handler: what it preempted shows only now
            self._push_root(thread.frames, ContextKind.MAIN, self._function_of(pc), 0)
        elif thread.key != stack_pointer:
            self._switch(stack_pointer, pc, thread_stack)
        self._threads[self._running].key = 0

    # -- time that passes without instructions ---------------------------------------------------
    def mark(self) -> None:
        """See :class:`CallContexts`."""
        self.flush()
        self._epoch += 1
        self._touched.clear()
        self._turn.clear()

    def turn_ended(self) -> None:
        """See :class:`CallContexts`."""
        self.flush()
        self._turn = list(self._touched)
        for number in self._turn:
            node = self._nodes[number]
            node.at_mark = [now - before for now, before in zip(node.counts, node.at_mark, strict=True)]

    def repeat(self, turns: int, cycles: int, instructions: int) -> None:
        """See :class:`CallContexts`."""
        self.flush()
        for number in self._turn:
            node = self._nodes[number]
            for which, amount in enumerate(node.at_mark):
                node.counts[which] += turns * amount
            node.counts[WAITING] += turns * node.at_mark[CYCLES]
        self._cycles += cycles
        self._instructions += instructions

    def slept(self, cycles: int) -> None:
        """See :class:`CallContexts`."""
        stack = self._stack()
        if stack:
            self._touch(stack[-1].node).counts[WAITING] += cycles

    # -- results -----------------------------------------------------------------------------------
    def current(self) -> int:
        """See :class:`CallContexts`."""
        stack = self._stack()
        return stack[-1].node if stack else -1

    def rows(self) -> list[ContextCount]:
        """See :class:`CallContexts`."""
        if self.enabled:
            self.flush()
        return [context_count(n) for n in self._nodes]

    def jumps(self) -> dict[tuple[int, int], int]:
        """See :class:`CallContexts`."""
        return dict(self._jumps)

    def save(self) -> Any:
        """State for a snapshot: who is running. Counts stay."""
        if not self.enabled:
            return None
        self.flush()
        return copy.deepcopy((self._threads, self._running, self._handlers))

    def load(self, saved: Any) -> None:
        """Put a saved state back."""
        if saved is not None:
            self._threads, self._running, self._handlers = copy.deepcopy(saved)
            self._cycles, self._instructions = self._clock.cycles, self._clock.instructions
