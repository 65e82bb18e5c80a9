"""The model of Cortex-M7 for the native pricer. Twins: cortex_m7.h and the two that it includes."""

from __future__ import annotations

import struct
from collections.abc import Hashable

from emulator.thumb.instruction import Instruction, Kind
from emulator.timing.cores import cortex_m7, cortex_m7_slides
from emulator.timing.cores.classes import FLOATING_POINT, MULTIPLIES, is_multiple
from emulator.timing.cores.cortex_m7 import CortexM7, State, may_run_early, stores_narrow
from emulator.timing.cores.cortex_m7_pairing import FP_MOVES, Slot, slot_of
from emulator.timing.cores.cortex_m7_rows import ADDEND_STAGE, RULES, STORE_STAGE
from emulator.timing.cores.cortex_m7_slides import Slides
from emulator.timing.cores.native_core import Figures, bits, pack_pending, unpack_pending
from emulator.timing.cores.scoreboard import Source

STATE = struct.Struct("=128s BB16s16s2x I iiii BBBx")
"""``M7State`` in cortex_m7.h."""
MOST_OPEN = 16
HAS_SLOT, BASE_SHIFT, HAS_BASE = 1 << 11, 12, 1 << 16
OTHERS = 17
"""Traits from this bit on are not a slot's."""


class NativeM7:
    """See :class:`emulator.timing.cores.native_core.NativeCore`."""

    number = 3

    def __init__(self, model: CortexM7) -> None:
        self._model = model
        names = ("early_flags_gain", "load_to_multiply", "mac_shadow")
        sources = sorted(Source, key=lambda source: source.value)
        self.rules = (
            int(model.static_prediction),
            *(cortex_m7.FETCH_BYTES, cortex_m7.FETCH_QUEUE_BYTES, cortex_m7.NARROW_BEFORE),
            *(cortex_m7.EARLY_FLAGS, RULES["mispredict"].cycles),
            *(RULES[name].cycles for name in names),
            *(ADDEND_STAGE, STORE_STAGE, cortex_m7.NARROW_STORE_DRAIN, cortex_m7.NARROW_STORES_WAITING),
            *(RULES[f"addend_from_{source.name.lower()}"].cycles for source in sources),
            *(cortex_m7_slides.NARROW_NEEDED, cortex_m7_slides.WINDOW_CYCLES, cortex_m7_slides.STALL_CYCLES),
        )

    def figures(self, instruction: Instruction) -> Figures:
        """See the protocol."""
        row, kind = self._model.table.row(instruction), instruction.kind
        others = (
            kind in FP_MOVES,
            kind is Kind.FP_MAC,
            kind in MULTIPLIES,
            may_run_early(instruction),
            kind in (Kind.BRANCH, Kind.CALL),
            kind in FLOATING_POINT and (kind is Kind.FP_ALU or is_multiple(instruction)),
            stores_narrow(instruction),
        )
        return Figures(
            self._model.cycles_of(instruction),
            row.refill,
            self._model.latency_of(instruction),
            reads_at=row.reads_at,
            traits=_slot_bits(slot_of(instruction)) | bits(others) << OTHERS,
        )

    def pack(self, state: Hashable) -> bytes:
        """See the protocol."""
        assert isinstance(state, State)
        waiting = state.slides.open
        if len(waiting) > MOST_OPEN:
            raise ValueError(f"no room for {state.slides}")
        return STATE.pack(
            pack_pending(state.pending),
            *(state.slides.narrow, len(waiting)),
            struct.pack(f"{len(waiting)}b", *(until for until, _ in waiting)),
            bytes(needed for _, needed in waiting),
            _slot_bits(state.slot),
            *(state.fetched_bytes, state.flags_age, state.mac_shadow, state.narrow_stores),
            *(state.entered, state.narrow, state.after_first_mac),
        )

    def unpack(self, packed: bytes) -> Hashable:
        """See the protocol."""
        pending, saved, count, until, needed, slot, *numbers = STATE.unpack(packed[: STATE.size])
        fetched, flags_age, mac_shadow, narrow_stores, entered, narrow, after_first_mac = numbers
        waiting = zip(struct.unpack("16b", until)[:count], needed[:count], strict=True)
        return State(
            pending=unpack_pending(pending),
            slot=_slot(slot),
            entered=bool(entered),
            fetched_bytes=fetched,
            narrow=narrow,
            flags_age=flags_age,
            mac_shadow=mac_shadow,
            after_first_mac=bool(after_first_mac),
            slides=Slides(saved, tuple(waiting)),
            narrow_stores=narrow_stores,
        )


def _slot_bits(slot: Slot | None) -> int:
    if slot is None:
        return 0
    flags = (*slot[:3], *slot[4:])
    return bits(flags) | HAS_SLOT | (slot.base << BASE_SHIFT | HAS_BASE if slot.base >= 0 else 0)


def _slot(packed: int) -> Slot | None:
    if not packed & HAS_SLOT:
        return None
    flags = [bool(packed >> n & 1) for n in range(len(Slot._fields) - 1)]
    base = packed >> BASE_SHIFT & 15 if packed & HAS_BASE else -1
    return Slot._make((*flags[:3], base, *flags[3:]))
