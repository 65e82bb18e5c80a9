"""The model of Cortex-M3 and Cortex-M4 for the native pricer. Twin: armv7m.h."""

from __future__ import annotations

import struct
from collections.abc import Hashable

from emulator.thumb.instruction import Instruction
from emulator.timing.cores.armv7m import DATA_PROCESSING, LOAD_KINDS, Armv7mModel, State, Tail, tail_of
from emulator.timing.cores.classes import may_be_skipped
from emulator.timing.cores.fetch_queue import (
    CAPACITY_WORDS,
    FETCH_CYCLES,
    HELD_CYCLES,
    UNCERTAIN_CYCLES,
    Queue,
)
from emulator.timing.cores.native_core import Figures, bits

STATE = struct.Struct("=Q QQ B8s7x ii HHH BB")
"""``Armv7mState`` in armv7m.h."""
MOST_ARRIVALS, AHEAD = 8, 64


class NativeArmv7m:
    """See :class:`emulator.timing.cores.native_core.NativeCore`."""

    number = 1

    def __init__(self, model: Armv7mModel) -> None:
        self._model = model
        rules = model.rules
        names = ("address_hazard", "load_after_store", "same_base_stores")
        self.rules = (
            *(rules.rules[name].cycles for name in names),
            *(int(rules.indexed_accesses_hide), int(rules.same_base_hides)),
            *(CAPACITY_WORDS, FETCH_CYCLES, UNCERTAIN_CYCLES, HELD_CYCLES),
        )

    def figures(self, instruction: Instruction) -> Figures:
        """See the protocol."""
        row, kind = self._model.table.row(instruction), instruction.kind
        is_skipped = may_be_skipped(instruction)
        return Figures(
            self._model.cycles_of(instruction),
            row.refill,
            row.latency,
            row.occupies,
            tail=tail_of(instruction).value,
            traits=bits((kind in LOAD_KINDS, kind in DATA_PROCESSING)),
            is_observed=is_skipped and self._model.is_dear(instruction),
            is_observed_before_address=is_skipped,
        )

    def pack(self, state: Hashable) -> bytes:
        """See the protocol."""
        assert isinstance(state, State)
        queue = state.queue
        if len(queue.arrivals) > MOST_ARRIVALS or max((*queue.uncertain, *queue.held), default=0) >= AHEAD:
            raise ValueError(f"no room for {queue}")
        return STATE.pack(
            state.fp_result,
            sum(1 << cycle for cycle in queue.uncertain),
            sum(1 << cycle for cycle in queue.held),
            len(queue.arrivals),
            bytes(queue.arrivals),
            *(state.fp_busy, state.fp_ready, state.loaded, state.written_back, state.computed),
            *(state.tail.value, state.narrow),
        )

    def unpack(self, packed: bytes) -> Hashable:
        """See the protocol."""
        result, uncertain, held, count, arrivals, busy, ready, loaded, written, computed, tail, narrow = (
            STATE.unpack(packed[: STATE.size])
        )
        queue = Queue(tuple(arrivals[:count]), _cycles(uncertain), _cycles(held))
        return State(Tail(tail), loaded, written, computed, bool(narrow), busy, result, ready, queue)


def _cycles(mask: int) -> tuple[int, ...]:
    return tuple(cycle for cycle in range(AHEAD) if mask >> cycle & 1)
