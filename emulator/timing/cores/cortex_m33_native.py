"""The model of Cortex-M33 for the native pricer. Twin: cortex_m33.h."""

from __future__ import annotations

import struct
from collections.abc import Hashable

from emulator.thumb.instruction import Instruction, Kind
from emulator.timing.cores.classes import may_be_skipped
from emulator.timing.cores.cortex_m33 import (
    ACCUMULATE_AT,
    RULES,
    CortexM33,
    State,
    flags_latency_of,
    holds_two_stages,
)
from emulator.timing.cores.native_core import Figures, pack_pending, unpack_pending

STATE = struct.Struct("=128s i BB2x")
"""``M33State`` in cortex_m33.h."""


class NativeM33:
    """See :class:`emulator.timing.cores.native_core.NativeCore`."""

    number = 2
    rules: tuple[int, ...] = (ACCUMULATE_AT,)

    def __init__(self, model: CortexM33) -> None:
        self._model = model

    def figures(self, instruction: Instruction) -> Figures:
        """See the protocol."""
        row = self._model.table.row(instruction)
        return Figures(
            self._model.cycles_of(instruction),
            row.refill,
            self._model.latency_of(instruction),
            row.occupies,
            flags_latency=flags_latency_of(instruction),
            extra=RULES["flags_of_two_stages"].cycles if holds_two_stages(instruction) else 0,
            traits=int(instruction.kind is Kind.DSP and instruction.shifted_reads != 0),
            is_observed=may_be_skipped(instruction) and self._model.is_dear(instruction),
        )

    def pack(self, state: Hashable) -> bytes:
        """See the protocol."""
        assert isinstance(state, State)
        return STATE.pack(pack_pending(state.pending), state.fp_busy, state.open_slot, state.set_flags)

    def unpack(self, packed: bytes) -> Hashable:
        """See the protocol."""
        pending, busy, open_slot, set_flags = STATE.unpack(packed[: STATE.size])
        return State(unpack_pending(pending), busy, bool(open_slot), bool(set_flags))
