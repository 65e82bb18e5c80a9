"""What a window did with a board's memories: accesses and stalls by object, and high-water marks.

Exact: data accesses of blocks that ran to their end, where they go and what they stalled; fetches
that go through something that can stall them; all lines that caches had not, data and code, by what was
asked for. Not counted: turns of waiting loops that were not run. A stack's mark is of the moments at
which a function calls another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from emulator.engine.engine import Engine
from emulator.engine.events import EVENT_FETCH
from emulator.engine.footprint import StretchCount
from emulator.image.model import Image
from emulator.profiling.counting import CountDifference
from emulator.profiling.memory_layout import (
    ALWAYS_TOLD,
    OUTSIDE,
    REST,
    STACK,
    MemoryLayout,
    initial_stack_pointer,
)
from emulator.recording.model import NO_INDEX, Context, HighWater, MemoryObject

DEVICES = "devices"
"""In place of a region: addresses that no memory has."""


@dataclass(slots=True)
class _Use:
    loads: int = 0
    stores: int = 0
    fetches: int = 0
    data_stall_cycles: int = 0
    fetch_stall_cycles: int = 0
    misses: int = 0

    @property
    def is_any(self) -> bool:
        return bool(self.loads or self.stores or self.fetches or self.misses)


def memory_rows(
    engine: Engine, layout: MemoryLayout, passed: CountDifference, stretches: Sequence[StretchCount]
) -> tuple[MemoryObject, ...]:
    """A row for each object that was used, and for all whose place matters.

    ``stretches``: the footprint's rows over the layout's, in the same window as ``passed``.
    """
    uses: dict[int, _Use] = {}
    for owner, counts in zip(layout.owners, stretches, strict=True):
        use = uses.setdefault(owner, _Use())
        use.loads += counts.loads
        use.stores += counts.stores
        use.data_stall_cycles += counts.stall_cycles
        use.misses += counts.misses
    for address, count, stall in _fetches(engine, passed):
        use = uses.setdefault(layout.owner_of(address), _Use())
        use.fetches += count
        use.fetch_stall_cycles += stall
    return tuple(_rows(layout, uses))


def _fetches(engine: Engine, passed: CountDifference) -> Iterable[tuple[int, int, int]]:
    """Address, times and stall cycles of each fetch that may stall."""
    passes: dict[int, int] = {}
    for (_state, number, _skipped), counts in passed.paths.items():
        passes[number] = passes.get(number, 0) + sum(counts)
    for number, count in passes.items():
        events = engine.automaton.plans[number].events
        stalls = passed.stalls.get(number, (0,) * len(events))
        for event, stall in zip(events, stalls, strict=True):
            if event.kind == EVENT_FETCH:
                yield event.address, count, stall


def _rows(layout: MemoryLayout, uses: dict[int, _Use]) -> Iterable[MemoryObject]:
    for owner in (*range(len(layout.places)), OUTSIDE):
        use = uses.get(owner, _Use())
        if owner == OUTSIDE:
            region, kind, name, address, size_bytes = DEVICES, REST, "devices' registers", 0, 0
        else:
            place = layout.places[owner]
            region, kind, name = place.region, place.kind, place.name
            address, size_bytes = place.address, place.size_bytes
        if use.is_any or kind in ALWAYS_TOLD:
            yield MemoryObject(
                region,
                kind,
                name,
                address,
                size_bytes,
                use.loads,
                use.stores,
                use.fetches,
                use.data_stall_cycles,
                use.fetch_stall_cycles,
                use.misses,
            )


def stack_marks(
    contexts: Sequence[Context], layout: MemoryLayout, image: Image | None, threads: Mapping[int, int]
) -> tuple[HighWater, ...]:
    """The most of each stack that was in use when a function called another, and on which call path.

    Handlers share the main stack. ``threads``: where the stack of each thread's root stood when the thread
    was first seen: it begins there, unless an object says otherwise.
    """
    lowest: dict[int, tuple[int, int]] = {}  # by the thread's root, NO_INDEX for the main stack
    roots: list[int] = []
    for number, context in enumerate(contexts):
        root = roots[context.parent] if context.parent != NO_INDEX else number
        roots.append(root)
        stack = root if contexts[root].kind == "thread" else NO_INDEX
        if context.lowest_stack:
            lowest[stack] = min(lowest.get(stack, (1 << 32, NO_INDEX)), (context.lowest_stack, number))
    return tuple(
        mark
        for stack, (pointer, context) in sorted(lowest.items())
        if (mark := _stack_mark(contexts, layout, image, stack, pointer, context, threads)) is not None
    )


def _stack_mark(
    contexts: Sequence[Context],
    layout: MemoryLayout,
    image: Image | None,
    stack: int,
    pointer: int,
    context: int,
    threads: Mapping[int, int],
) -> HighWater | None:
    place = layout.place_at(pointer)
    known = place is not None and place.kind == STACK
    name = "main stack" if stack == NO_INDEX else contexts[stack].name
    top = initial_stack_pointer(image) if stack == NO_INDEX else threads.get(stack, 0)
    if known and place is not None and not place.address < top <= place.address + place.size_bytes:
        top = place.address + place.size_bytes
    if top < pointer:
        return None
    facts = {"lowest": pointer, "top": top, "region": place.region if place is not None else ""}
    size_bytes = place.size_bytes if known and place is not None else 0
    return HighWater(STACK, name, top - pointer, size_bytes, context=context, facts=facts)
