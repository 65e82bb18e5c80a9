"""The native hook seen from Python: a ctypes view of its doors. Twin: native_hook.c."""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable, Sequence
from typing import Any

from unicorn import arm_const as arm
from unicorn import unicorn_const as ucc
from unicorn.unicorn_py3 import unicorn as unicorn_binding

from emulator.engine.core import Core
from emulator.engine.events import BlockPlan, LoadPair
from emulator.engine.hook import EDGES, Counters, KnownLoad, PathCount
from emulator.engine.hooks.native_contexts import NativeContexts, prototype_contexts
from emulator.engine.hooks.native_exceptions import (
    prototype_exceptions,
    share_exceptions,
    share_memories,
)
from emulator.engine.hooks.native_footprint import NativeFootprint, prototype_footprint
from emulator.engine.hooks.native_plan import PackedPlan, packed
from emulator.engine.hooks.native_reads import NativeReads, prototype_reads
from emulator.engine.lent_input import LentInput
from emulator.engine.lent_output import KnownTurn, LentOutput
from emulator.engine.lent_tick import LentTick
from emulator.engine.library import add_native_hook
from emulator.engine.remembered_reads import RememberedReads
from emulator.system.exception_state import ExceptionState
from emulator.timing.model import DivideTiming, UnalignedTiming

SAVED_FIELDS = (
    "cycles",
    "instructions",
    "stall",
    "state",
    "executed",
    "events_done",
    "next_hooked",
    "block_serial",
)
WORD_BYTES = 8
SUSPECT_CALLBACK = c.CFUNCTYPE(None, c.c_uint32)
REGISTER_ORDER = (
    *(getattr(arm, f"UC_ARM_REG_R{n}") for n in range(13)),
    arm.UC_ARM_REG_SP,
    arm.UC_ARM_REG_LR,
    arm.UC_ARM_REG_PC,
)


class _Head(c.Structure):
    """``BlockHook`` in hook.h."""

    cycles: int
    instructions: int
    deadline: int
    break_address: int
    stall: int
    stop_request: int
    stop_code: int
    state: int
    executed: int
    current: int
    events_done: int
    need_address: int
    need_size: int
    need_skipped: int
    need_edge: int
    need_block: int
    next_hooked: int
    mask_watch: int
    mask_priority: int
    trace_enabled: int
    trace_length: int
    block_serial: int
    turn_address: int
    protection: int
    interrupt: int
    returns_from: int
    initial_state: int
    serves_exceptions: int

    _fields_ = (
        [(n, c.c_uint64) for n in ("cycles", "instructions", "deadline", "break_address", "stall")]
        + [(n, c.c_uint32) for n in ("stop_request", "stop_code", "state", "executed")]
        + [("current", c.c_int32)]
        + [
            (n, c.c_uint32)
            for n in ("events_done", "need_address", "need_size", "need_skipped", "need_edge", "need_block",
                      "next_hooked", "mask_watch", "mask_priority", "trace_enabled", "trace_length")
        ]
        + [(n, c.c_uint64) for n in ("block_serial", "turn_address", "protection")]
        + [(n, c.c_uint32) for n in ("interrupt", "returns_from", "initial_state", "serves_exceptions")]
    )  # fmt: skip


def _prototype(library: c.CDLL) -> None:
    u32, u64, pointer = c.c_uint32, c.c_uint64, c.c_void_p
    for name, result, arguments in (
        ("bl_new", pointer, [pointer, pointer, pointer, pointer]),
        ("bl_free", None, [pointer]),
        ("bl_set_registers", None, [pointer, pointer]),
        ("bl_add_block", u32, [pointer, pointer, pointer, c.c_char_p]),
        ("bl_add_path", u32, [pointer, u32, u32, u32, pointer, u32, pointer]),
        ("bl_set_edge", None, [pointer, u32, u32, u32, u32]),
        ("bl_drop_block", None, [pointer, u32]),
        ("bl_set_guards", None, [pointer, u32, pointer]),
        ("bl_permit", None, [pointer, u32, u64]),
        ("bl_forget_permits", None, [pointer]),
        ("bl_watch_traps", None, [pointer, SUSPECT_CALLBACK]),
        ("bl_watches_alignment", None, [pointer, u32]),
        ("bl_find_path", c.c_int32, [pointer, u32, u32, u32]),
        ("bl_finish", u32, [pointer, u32]),
        ("bl_abandon", None, [pointer, u32, u32]),
        ("bl_skip", None, [pointer, u64, u64]),
        ("bl_advance", u64, [pointer, pointer, u32]),
        ("bl_trace", u32, [pointer, u32]),
        ("bl_set_first_load", None, [pointer, u32, u32]),
        ("bl_set_stores", None, [pointer, u32, u32]),
        ("bl_set_region", None, [pointer, u32, u32, u32, c.c_int32, c.c_int32, c.c_int32, u32, pointer]),
        ("bl_set_port", None, [pointer, u32, u32, u32, u32]),
        ("bl_set_bus", None, [pointer, u32, u32, u32]),
        ("bl_set_cache", None, [pointer, u32, u32, u32, u32, u32]),
        ("bl_invalidate", None, [pointer, u32]),
        ("bl_cache_counts", None, [pointer, u32, pointer, pointer]),
        ("bl_set_data_timing", None, [pointer, pointer, pointer]),
        ("bl_path_count", u32, [pointer]),
        ("bl_path", None, [pointer, u32, pointer, pointer, pointer]),
        ("bl_event_stalls", c.POINTER(u64), [pointer, u32]),
        ("bl_event_unaligned", c.POINTER(u64), [pointer, u32]),
        ("bl_event_bus", c.POINTER(u64), [pointer, u32]),
        ("bl_event_count", u32, [pointer, u32]),
        ("bl_counter_words", c.c_size_t, [pointer, u32]),
        ("bl_counters", None, [pointer, pointer, pointer]),
        ("bl_mark", None, [pointer]),
        ("bl_since_mark", c.c_size_t, [pointer, u32, pointer]),
        ("bl_save_memory", c.c_size_t, [pointer, c.c_char_p]),
        ("bl_load_memory", None, [pointer, c.c_char_p]),
    ):  # fmt: skip
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    prototype_contexts(library)
    prototype_footprint(library)
    prototype_exceptions(library)
    prototype_reads(library)


class NativeHook(_Head):
    """The C hook; see :class:`emulator.engine.hook.BlockHook` for what each method does.

    A view of the engine's own memory, so that its counters are plain attributes. Made by
    :func:`native_hook`.
    """

    kind = "native"
    takes_input = True
    contexts: NativeContexts
    footprint: NativeFootprint
    _library: c.CDLL
    _engine: int
    _core: Core | None
    _suspect: object
    _handle: Any
    _exceptions: ExceptionState
    _reads: NativeReads

    def __del__(self) -> None:
        # Unicorn may still hold the hook's address: forget the core first.
        self._core = None
        self._library.bl_free(self._engine)

    def attach(self, core: Core) -> None:
        """See :class:`BlockHook`."""
        self._core = core
        self._handle = core.uc._uch
        core.emulate, core.doors = self._run, self._reads.doors
        add_native_hook(core.uc, ucc.UC_HOOK_BLOCK, self._library.bl_on_block, self._engine)
        add_native_hook(core.uc, ucc.UC_HOOK_INTR, self._library.bl_on_interrupt, self._engine)
        if core.register_file is not None:
            self._library.bl_set_registers(self._engine, c.addressof(core.register_file))

    def _run(self, pc: int) -> int:
        return int(self._library.bl_run(self._engine, self._handle, pc))

    def share_exceptions(self, state: ExceptionState) -> None:
        """See :class:`BlockHook`."""
        assert self._core is not None
        self._exceptions = state
        share_exceptions(self._library, self._engine, self._core, state)

    def share_reads(self, reads: RememberedReads) -> None:
        """See :class:`BlockHook`."""
        self._reads.share(reads)

    def share_input(self, lent: LentInput) -> None:
        """See :class:`BlockHook`."""
        self._reads.share_input(lent)

    def share_output(self, lent: LentOutput) -> None:
        """See :class:`BlockHook`."""
        self._reads.share_output(lent)

    def share_tick(self, lent: LentTick) -> None:
        """See :class:`BlockHook`."""
        self._reads.share_tick(lent)

    def know_turn(self, turn: KnownTurn) -> None:
        """See :class:`BlockHook`."""
        self._reads.know_turn(turn)

    def know_loads(self, block: int, state: int, loads: Sequence[KnownLoad], issue: Sequence[int]) -> None:
        """See :class:`BlockHook`."""
        self._reads.know_loads(block, state, loads, issue)

    def memories_changed(self) -> None:
        """See :class:`BlockHook`."""
        assert self._core is not None
        share_memories(self._library, self._engine, self._core.memories)

    def take_exception(self) -> int:
        """See :class:`BlockHook`."""
        return int(self._library.bl_take_exception(self._engine, self._handle))

    def watch_code(self, first: int, last: int) -> None:
        """See :class:`BlockHook`."""
        assert self._core is not None
        function = self._library.bl_on_code
        add_native_hook(self._core.uc, ucc.UC_HOOK_CODE, function, self._engine, first, last)

    def add_block(self, plan: BlockPlan, host_pointer: int, code: bytes) -> int:
        """See :class:`BlockHook`."""
        return self.add_packed(packed(plan), host_pointer, code)

    def add_packed(self, plan: PackedPlan, host_pointer: int, code: bytes) -> int:
        """The same for a plan that was packed before."""
        native = c.byref(plan.described())
        return int(self._library.bl_add_block(self._engine, native, host_pointer or None, code))

    def add_pointed(self, plan: int, host_pointer: int, code: bytes) -> int:
        """The same for a plan that C has at an address."""
        return int(self._library.bl_add_block(self._engine, plan, host_pointer or None, code))

    @property
    def doors(self) -> tuple[c.CDLL, int]:
        """The library, and the hook's address in it."""
        return self._library, self._engine

    def watch_traps(self, suspect: Callable[[int], None]) -> None:
        """See :class:`BlockHook`."""
        callback = SUSPECT_CALLBACK(suspect)
        self._library.bl_watch_traps(self._engine, callback)
        self._suspect = callback

    def watches_alignment(self, block: int) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_watches_alignment(self._engine, block)

    def permit(self, block: int, protection: int) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_permit(self._engine, block, protection)

    def forget_permits(self) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_forget_permits(self._engine)

    def set_guards(self, guards: Sequence[tuple[int, int]]) -> None:
        """See :class:`BlockHook`."""
        flat = [address for guard in guards for address in guard]
        self._library.bl_set_guards(self._engine, len(guards), (c.c_uint32 * max(1, len(flat)))(*flat))

    def drop_block(self, block: int) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_drop_block(self._engine, block)

    def add_path(
        self, state: int, block: int, skipped: int, issue: Sequence[int], pairs: Sequence[LoadPair] = ()
    ) -> int:
        """See :class:`BlockHook`."""
        return self.add_packed_path(state, block, skipped, pack_path(issue, pairs))

    def add_packed_path(self, state: int, block: int, skipped: int, packed_path: PackedPath) -> int:
        """The same for one that was packed before."""
        issue, n_pairs, pairs = packed_path
        return int(self._library.bl_add_path(self._engine, state, block, skipped, issue, n_pairs, pairs))

    def find_path(self, state: int, block: int, skipped: int) -> int:
        """See :class:`BlockHook`."""
        return int(self._library.bl_find_path(self._engine, state, block, skipped))

    def set_edge(self, path: int, edge: int, cycles: int, next_state: int) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_set_edge(self._engine, path, edge, cycles, next_state)

    def finish(self, edge: int) -> int:
        """See :class:`BlockHook`."""
        return int(self._library.bl_finish(self._engine, edge))

    def abandon(self, instructions: int, cycles: int) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_abandon(self._engine, instructions, cycles)

    def skip(self, cycles: int, instructions: int) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_skip(self._engine, cycles, instructions)

    def advance(self, issue: Sequence[int], upto: int) -> int:
        """See :class:`BlockHook`."""
        return int(self._library.bl_advance(self._engine, _shorts(issue), upto))

    def trace(self) -> list[int]:
        """See :class:`BlockHook`."""
        length = self.trace_length
        return [int(self._library.bl_trace(self._engine, i)) for i in range(max(0, length - 1024), length)]

    def set_region(
        self,
        number: int,
        base: int,
        end: int,
        port: int,
        instruction_cache: int,
        data_cache: int,
        *,
        free: bool,
        first_load: int = 0,
        stores: int = 0,
    ) -> None:
        """See :class:`BlockHook`."""
        memory = self._core.memory_of(base) if self._core is not None else None
        host = memory.pointer + base - memory.region.base if memory is not None else None
        self._library.bl_set_region(
            self._engine, number, base, end & 0xFFFFFFFF, port, instruction_cache, data_cache, free, host
        )
        self._library.bl_set_first_load(self._engine, number, first_load)
        self._library.bl_set_stores(self._engine, number, stores)

    def set_port(self, number: int, wait_states: int, read_shift: int, prefetch: int) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_set_port(self._engine, number, wait_states, read_shift, prefetch)

    def set_bus(self, number: int, bus_cycles: int, rules: int) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_set_bus(self._engine, number, bus_cycles, rules)

    def set_cache(self, number: int, enabled: int, sets: int, ways: int, line_shift: int) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_set_cache(self._engine, number, enabled, sets, ways, line_shift)

    def invalidate(self, number: int) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_invalidate(self._engine, number)

    def cache_counts(self, number: int) -> tuple[int, int]:
        """See :class:`BlockHook`."""
        hits, misses = c.c_uint64(), c.c_uint64()
        self._library.bl_cache_counts(self._engine, number, c.byref(hits), c.byref(misses))
        return hits.value, misses.value

    def set_data_timing(self, unaligned: UnalignedTiming, divide: DivideTiming) -> None:
        """See :class:`BlockHook`."""
        by_address = (unaligned.halfword_odd, unaligned.word_half, unaligned.word_odd)
        others = (
            *(unaligned.other_memory, unaligned.store_drain, unaligned.store_entries),
            unaligned.leave_flash,
        )
        self._library.bl_set_data_timing(
            self._engine,
            (c.c_uint32 * 7)(*by_address, *others),
            (c.c_uint32 * 34)(divide.zero, divide.smaller, *divide.by_width),
        )

    def path_counts(self) -> list[PathCount]:
        """See :class:`BlockHook`."""
        key, counts, stalls = (c.c_uint32 * 3)(), (c.c_uint64 * EDGES)(), (c.c_uint64 * EDGES)()
        found = []
        for i in range(self._library.bl_path_count(self._engine)):
            self._library.bl_path(self._engine, i, key, counts, stalls)
            found.append(PathCount(key[0], key[1], key[2], tuple(counts), tuple(stalls)))
        return found

    def event_stalls(self, block: int) -> tuple[int, ...]:
        """See :class:`BlockHook`."""
        return self._of_events(self._library.bl_event_stalls, block)

    def event_unaligned(self, block: int) -> tuple[int, ...]:
        """See :class:`BlockHook`."""
        return self._of_events(self._library.bl_event_unaligned, block)

    def event_bus(self, block: int) -> tuple[int, ...]:
        """See :class:`BlockHook`."""
        return self._of_events(self._library.bl_event_bus, block)

    def _of_events(self, door: Callable[[int, int], Any], block: int) -> tuple[int, ...]:
        return tuple(door(self._engine, block)[: self._library.bl_event_count(self._engine, block)])

    def counters(self) -> Counters:
        """See :class:`BlockHook`."""
        words = self._library.bl_counter_words
        edges, events = (bytearray(WORD_BYTES * words(self._engine, part)) for part in (0, 1))
        byte = c.c_char * 1  # the first one: zero bytes have an address, too
        places = [byte.from_buffer(each) if each else None for each in (edges, events)]
        self._library.bl_counters(self._engine, *places)
        return Counters(edges, events)

    def mark(self) -> None:
        """See :class:`BlockHook`."""
        self._library.bl_mark(self._engine)

    def since_mark(self) -> Counters:
        """See :class:`BlockHook`."""
        words, parts = c.c_void_p(), []
        for part in (0, 1):
            count = self._library.bl_since_mark(self._engine, part, c.byref(words))
            parts.append(c.string_at(words, WORD_BYTES * count) if count else b"")
        return Counters(*parts)

    def path_key(self, path: int) -> tuple[int, int, int]:
        """See :class:`BlockHook`."""
        key, counts, stalls = (c.c_uint32 * 3)(), (c.c_uint64 * EDGES)(), (c.c_uint64 * EDGES)()
        self._library.bl_path(self._engine, path, key, counts, stalls)
        return key[0], key[1], key[2]

    def save(self) -> Any:
        """See :class:`BlockHook`."""
        buffer = c.create_string_buffer(self._library.bl_save_memory(self._engine, None))
        self._library.bl_save_memory(self._engine, buffer)
        return {n: getattr(self, n) for n in SAVED_FIELDS}, buffer.raw, self.contexts.save()

    def load(self, saved: Any) -> None:
        """See :class:`BlockHook`."""
        fields, memory, contexts = saved
        for name, value in fields.items():
            setattr(self, name, value)
        self._library.bl_load_memory(self._engine, memory)
        self.contexts.load(contexts)


PackedPath = tuple[bytes, int, bytes]
"""When a path's events issue, its pairs of loads, both as C takes them, and how many pairs there are."""


def pack_path(issue: Sequence[int], pairs: Sequence[LoadPair]) -> PackedPath:
    """A path in C's form."""
    flat = [n for p in pairs for n in (p.older, p.younger, int(p.offsets_differ), p.event)]
    return bytes(_shorts(issue)), len(pairs), bytes(_shorts(flat))


def native_hook(library: c.CDLL) -> NativeHook:
    """A new engine in C behind a hook."""
    _prototype(library)
    uclib = unicorn_binding.uclib
    ids = (c.c_int * 19)(
        *REGISTER_ORDER, arm.UC_ARM_REG_PRIMASK, arm.UC_ARM_REG_BASEPRI, arm.UC_ARM_REG_FAULTMASK
    )
    doors = [c.cast(door, c.c_void_p) for door in (uclib.uc_emu_start, uclib.uc_emu_stop, uclib.uc_reg_read)]
    engine = library.bl_new(*doors, ids)
    hook = NativeHook.from_address(engine)
    hook._library, hook._engine = library, engine
    hook._core = None
    hook.contexts = NativeContexts(library, engine)
    hook.footprint = NativeFootprint(library, engine)
    hook._reads = NativeReads(library, engine)
    return hook


def _shorts(values: Sequence[int]) -> Any:
    return (c.c_uint16 * max(1, len(values)))(*values)
