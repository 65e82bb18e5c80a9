"""TensorFlow Lite Micro's arena, as its allocator in memory describes it, and the tensors in it.

The allocator of an arena keeps five pointers: its begin and end, where the plan of the
activations ends, where what stays begins, and where temporaries end
(``arena_allocator/single_arena_buffer_allocator.h``). They are found by their order, and taken for what
they are when every activation that an operator used lies in the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emulator.engine.core import Core
from emulator.image.demangle import demangle
from emulator.image.model import DebugInfo
from emulator.profiling.operator_work import Work
from emulator.profiling.tflm import GRAPH_WORDS, WORD_BYTES
from emulator.recording.model import HighWater

POINTERS = 5
LEAST_ARENA_BYTES = 256
ALLOCATOR_WORDS = range(12)


@dataclass(frozen=True, slots=True)
class Arena:
    """Addresses of its parts, ascending: [begin, plan's end) activations, [stays, end) what stays."""

    begin: int
    plan_end: int
    stays: int
    end: int


def find_arena(core: Core, graph: int, works: Sequence[Work]) -> Arena | None:
    """The arena that an interpreter's graph object leads to."""
    used = [t for work in works for t in (*work.inputs, *work.outputs) if not t.is_constant and t.address > 0]
    for allocator in _pointers(core, graph, GRAPH_WORDS):
        for buffers in (allocator, *_pointers(core, allocator, ALLOCATOR_WORDS)):
            for first in ALLOCATOR_WORDS:
                arena = _arena_at(core, buffers + WORD_BYTES * first)
                if arena is not None and used and all(_in_plan(arena, t.address, t.size_bytes) for t in used):
                    return arena
    return None


def arena_mark(arena: Arena, works: Sequence[Work], debug: DebugInfo | None) -> HighWater:
    """How much of the arena is planned and used; facts: its parts, and each tensor's place and life.

    A tensor is [offset, bytes, first operator, last operator, shape].
    """
    symbol = debug.symbol_at(arena.begin) if debug is not None else None
    activations, staying = arena.plan_end - arena.begin, arena.end - arena.stays
    lives: dict[tuple[int, int, str], list[int]] = {}
    for index, work in enumerate(works):
        for tensor in (*work.inputs, *work.outputs):
            if not tensor.is_constant and arena.begin <= tensor.address < arena.end:
                key = (tensor.address - arena.begin, tensor.size_bytes, str(tensor))
                lives.setdefault(key, [index, index])[1] = index
    return HighWater(
        "arena",
        demangle(symbol.name) if symbol is not None else f"arena at 0x{arena.begin:08x}",
        activations + staying,
        arena.end - arena.begin,
        facts={
            "planned_bytes": activations,
            "staying_bytes": staying,
            "address": arena.begin,
            "tensors": [[*key[:2], *life, key[2]] for key, life in sorted(lives.items())],
        },
    )


def _in_plan(arena: Arena, address: int, size_bytes: int) -> bool:
    return arena.begin <= address and address + size_bytes <= arena.plan_end


def _arena_at(core: Core, address: int) -> Arena | None:
    words = _words(core, address, POINTERS)
    if len(words) < POINTERS:
        return None
    begin, end, head, tail, temporaries = words
    in_order = begin <= head <= temporaries <= tail <= end
    if not in_order or end - begin < LEAST_ARENA_BYTES or core.memory_at(begin) is None:
        return None
    return Arena(begin, head, tail, end)


def _pointers(core: Core, address: int, words: range) -> Iterator[int]:
    for word in _words(core, address + WORD_BYTES * words.start, len(words)):
        memory = core.memory_at(word)
        if word % WORD_BYTES == 0 and memory is not None and memory.region.kind == "ram":
            yield word


def _words(core: Core, address: int, count: int) -> list[int]:
    """Words of a memory; none where there is not so much of it."""
    memory = core.memory_at(address)
    if memory is None or address + WORD_BYTES * count > memory.end:
        return []
    data = core.read_memory(address, WORD_BYTES * count)
    return [int.from_bytes(data[n : n + WORD_BYTES], "little") for n in range(0, len(data), WORD_BYTES)]
