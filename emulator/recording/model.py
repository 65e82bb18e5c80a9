"""A recording as data: what a window of a run cost, where, by whom, and what happened in it.

Whoever makes one (:mod:`emulator.profiling`) knows nothing of tables; whoever answers a question
(reports, exporters, comparisons, gates) reads one and never a live machine. So it holds names,
lines and disassembly beside the counts. Tuples refer to each other by index.

The sum rule: the cycles of all instructions plus :attr:`Recording.outside` are the window's
cycles, and the self cycles of all contexts are, too, to the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NO_INDEX = -1
"""In place of an index: there is none."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifies a recording. ``title``: the window in words.

    ``boardless`` and ``models``: versions of the software and of its timing models; ``band``: the
    error band of the figures as JSON has it, a text or an object.
    """

    title: str
    image: str
    image_sha256: str
    board: str
    core: str
    timing: str
    clock_hz: int
    boardless: str
    models: str
    band: Any = None
    board_facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """A function, by where it is: names alone are no identity.

    ``name`` is demangled, ``linkage`` as the linker has it. ``file`` and ``line``: where it is
    declared, "" and 0 when not known. ``address``: of its first instruction, -1 for a function
    that exists only inlined.
    """

    name: str
    linkage: str
    file: str
    line: int
    address: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class InlineFrame:
    """One inlined call: the function inlined, and the line of the caller that holds the call."""

    function: int
    call_file: str
    call_line: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction that ran. ``costs``: its cycles by cause, as (cause, who waited): cycles.

    ``count``: times executed, those that an IT condition skipped among them. ``inlined``: the
    inlined functions it belongs to, outermost first. ``function``: the one that holds it.
    """

    address: int
    size_bytes: int
    text: str
    function: int
    file: str
    line: int
    count: int
    costs: Mapping[tuple[str, str], int]
    inlined: tuple[InlineFrame, ...] = ()

    @property
    def cycles(self) -> int:
        """Cycles of all its causes."""
        return sum(self.costs.values())


@dataclass(frozen=True, slots=True)
class Jump:
    """Passes from one instruction to another that is not the next. ``kind``: "jump", "call" or "return"."""

    source: int
    target: int
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Context:
    """A node of the call-context tree.

    ``parent``: the caller's context, -1 for a root. ``kind``: "main", "exception", "thread" for
    roots, "call" for others; ``name`` of a root ("SysTick", "thread at 0x20001000").
    ``call_site``: address of the call, -1 for a root. Self figures have no callee in them.
    Parts of the self cycles that no instruction holds: ``waiting_cycles``, asleep and in turns of
    waiting loops that were not run; ``exception_cycles``, entering and leaving the handler.
    ``lowest_stack``: the lowest stack pointer with which it called another, 0: it did not.
    """

    parent: int
    kind: str
    name: str
    function: int
    call_site: int
    calls: int
    self_cycles: int
    self_instructions: int
    waiting_cycles: int = 0
    exception_cycles: int = 0
    lowest_stack: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, in cycles from the window's beginning; ``end`` = ``begin`` for a moment.

    ``kind``: "operator", "exception", "uart", "stamp", "layer", "message" ...
    ``track``: a name for timelines. ``facts``: plain data.
    """

    kind: str
    name: str
    begin_cycles: int
    end_cycles: int
    track: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operator:
    """One call of a network's operator.

    ``costs``: its cycles by (function, cause, who waited); their sum and what it spent outside of
    instructions are ``cycles``. Shapes as text ("1x49x10x1"); -1: not known.
    """

    index: int
    name: str
    begin_cycles: int
    cycles: int
    instructions: int
    costs: Mapping[tuple[int, str, str], int]
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    macs: int = -1
    weight_bytes: int = -1
    activation_bytes: int = -1
    function: int = NO_INDEX
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemoryObject:
    """A part of memory and what the window did with it.

    ``kind``: "section", "symbol", "stack", "heap", "arena", "weights" or "rest" of its region.
    Accesses and the cycles that they stalled; of fetches too. ``misses``: lines that caches had not, of both.
    """

    region: str
    kind: str
    name: str
    address: int
    size_bytes: int
    loads: int
    stores: int
    fetches: int
    data_stall_cycles: int
    fetch_stall_cycles: int
    misses: int = 0


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """Hits and misses of a cache in the window, by ``accelerator.side``."""

    name: str
    hits: int
    misses: int


@dataclass(frozen=True, slots=True)
class HighWater:
    """The most that was in use. ``kind``: "stack", "heap", "arena"; ``context``: at the peak."""

    kind: str
    name: str
    used_bytes: int
    size_bytes: int
    at_cycles: int = -1
    context: int = NO_INDEX
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExceptionCount:
    """One exception's handlers in the window, latencies in cycles from pending to the first instruction."""

    number: int
    name: str
    count: int
    cycles: int
    worst_cycles: int
    worst_latency_cycles: int
    best_latency_cycles: int
    preempted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """A window of a run.

    ``outside``: cycles that no instruction holds, by cause ("exception", "waiting", "asleep",
    "interrupted"). ``waiting_instructions``: of turns of waiting loops that were not run one by
    one; ``interrupted_instructions``: of blocks that a fault or a stop left in the middle; with both
    the instructions' counts sum to ``instructions``. ``sources``: text of source files that were
    found when it was made, by path.
    """

    identity: Identity
    cycles: int
    instructions: int
    outside: Mapping[str, int]
    waiting_instructions: int = 0
    functions: tuple[Function, ...] = ()
    code: tuple[Instruction, ...] = ()
    jumps: tuple[Jump, ...] = ()
    contexts: tuple[Context, ...] = ()
    marks: tuple[Mark, ...] = ()
    operators: tuple[Operator, ...] = ()
    memory: tuple[MemoryObject, ...] = ()
    caches: tuple[CacheCounts, ...] = ()
    high_water: tuple[HighWater, ...] = ()
    exceptions: tuple[ExceptionCount, ...] = ()
    console: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    interrupted_instructions: int = 0

    @property
    def instruction_cycles(self) -> int:
        """Cycles of all instructions: the window's without what is outside of them."""
        return sum(item.cycles for item in self.code)

    def check(self) -> None:
        """Raise ValueError when the sum rule does not hold."""
        outside = sum(self.outside.values())
        if self.instruction_cycles + outside != self.cycles:
            raise ValueError(
                f"{self.instruction_cycles} cycles of instructions and {outside} outside of them"
                f" are not the window's {self.cycles}"
            )
        if self.contexts and sum(c.self_cycles for c in self.contexts) != self.cycles:
            raise ValueError("the contexts' cycles are not the window's")


ROWS: Mapping[str, type] = {
    "functions": Function,
    "code": Instruction,
    "jumps": Jump,
    "contexts": Context,
    "marks": Mark,
    "operators": Operator,
    "memory": MemoryObject,
    "caches": CacheCounts,
    "high_water": HighWater,
    "exceptions": ExceptionCount,
}
"""Tables of rows: fields of :class:`Recording` and the classes of their items."""
