"""Answers the hook's questions in C: it stands before one automaton whose hook is native.

Twin: hooks/answers.h, which answers most questions where they come up. A run stops for the others: for an
instruction that the pricer's book lacks, a block with instructions to be looked at, a state that Python met
first; and for what C has no room for, which the automaton answers. States and blocks have the automaton's
numbers, whoever meets them first.
"""

from __future__ import annotations

import ctypes as c
import struct
import weakref
from collections.abc import Callable, Sequence
from functools import partial

from emulator.engine.automaton import Automaton
from emulator.engine.events import BlockPlan
from emulator.engine.hook import BlockHook
from emulator.engine.hooks.native_hook import NativeHook
from emulator.engine.lazily import MetBlock, Origin, Packed, WaysToPlan
from emulator.engine.native_pricer import NativePricer, native_core

NO_FETCH_SHIFT = 255
WAYS = struct.Struct("=6I")
STRETCH = struct.Struct("=3I")
"""``WaysAt`` in answers.h up to its ways."""


class _Shared(c.Structure):
    """``Answers`` in answers.h, as far as it is shared."""

    n_states: int
    fpu_closed: int

    _fields_ = tuple((n, c.c_uint32) for n in ("n_states", "fpu_closed"))


class _Described(c.Structure):
    """``DescribedBlock`` in answers.h."""

    address: int
    size_bytes: int
    it: int
    name: int
    host: int
    code: int

    _fields_ = (
        *((n, c.c_uint32) for n in ("address", "size_bytes", "it", "name")),
        *((n, c.c_uint64) for n in ("host", "code")),
    )


class NativeAutomaton:
    """See :class:`emulator.engine.automaton.Native`."""

    def __init__(self, automaton: Automaton, hook: NativeHook, pricer: NativePricer) -> None:
        self._automaton, self._hook, self.pricer = automaton, hook, pricer
        self._library, self._engine = hook.doors
        _prototype(self._library)
        self._answers = self._library.bl_answers_new(pricer.address)
        weakref.finalize(self, self._library.bl_answers_free, self._answers).atexit = False  # may still run
        self._shared = _Shared.from_address(self._answers)
        self._shared.n_states = len(automaton.states)
        self._packed: dict[WaysToPlan, bytes | None] = {}
        self._names: list[WaysToPlan] = []
        self._planned_at: set[tuple[int, int]] = set()
        self._without_room: set[int] = set()  # states
        self._knows(automaton.initial)
        self.close_fpu(closed=automaton.absent.fpu_closed)
        self._library.bl_answer_by(self._engine, self._answers)

    # -- blocks ------------------------------------------------------------------------------
    def define_block(self, met: MetBlock) -> bool:
        """Tell the hook of a block; False: it is left to Python."""
        automaton = self._automaton
        address, code, it, pointer, ways = met
        packed = self._packed_ways(ways)
        if packed is None:
            return False
        self._plan_around(address, ways, packed)
        ahead: set[int] = set()
        look_around = partial(self._look_around, address, len(code), it, packed, ahead)
        planned = self.pricer.plan(address, code, it, packed, look_around)
        self._watch(ahead)
        if planned is None or (planned.uses_fpu and automaton.absent.fpu_closed):
            return False
        if planned.branch is not None:
            self.pricer.set_slot(self.branch_slot(planned.site))
        number = self._hook.add_pointed(planned.pointer, pointer, code)
        self.may_price(number, it)
        automaton.note_planned(number, met, planned.hook_addresses)
        if planned.hook_addresses:
            self._arm(planned.hook_addresses)
            look_around()
            self._watch(ahead)
        return True

    def _look_around(self, address: int, size_bytes: int, it: int, ways: bytes, watched: set[int]) -> None:
        """Learn what code around a block has in it, and which instructions of it will be watched."""
        while True:
            self._library.bl_survey(self._engine, address, size_bytes, it, ways)
            watched.update(self.pricer.hook_addresses)
            if not self.pricer.learn():
                return

    def _watch(self, addresses: set[int]) -> None:
        """Watch instructions before they are translated: their blocks need no stop of their own."""
        self._arm(self._automaton.watch_ahead(addresses))
        addresses.clear()

    def _arm(self, addresses: Sequence[int]) -> None:
        if addresses:
            self._library.bl_arm(self._answers, (c.c_uint32 * len(addresses))(*addresses), len(addresses))

    def _packed_ways(self, ways: WaysToPlan) -> bytes | None:
        if ways not in self._packed:
            predicts = self._automaton.model.predicts_branches
            self._packed[ways] = native_ways(ways, predicts_branches=predicts)
        return self._packed[ways]

    def _plan_around(self, address: int, ways: WaysToPlan, packed: bytes) -> None:
        """Let blocks be planned in these ways, where they are met, in all of the memory around one."""
        stretch = self._automaton.stretch_at(address)
        if stretch is None or stretch in self._planned_at or self._automaton.programs is not None:
            return  # of a core with MVE, each block is told to the interpreter
        self._planned_at.add(stretch)
        self._names.append(ways)
        self._library.bl_plan_at(self._answers, STRETCH.pack(*stretch, len(self._names) - 1) + packed)

    def forget_ways(self) -> None:
        """See the protocol."""
        if self._planned_at:
            self._planned_at.clear()
            self._library.bl_forget_ways(self._answers)

    def close_fpu(self, *, closed: bool) -> None:
        """See the protocol."""
        self._shared.fpu_closed = closed

    def may_price(self, block: int, it: int) -> None:
        """See the protocol."""
        self._library.bl_may_price(self._engine, block, it)

    def branch_slot(self, address: int) -> int:
        """See the protocol."""
        return int(self._library.bl_branch_slot(self._answers, address))

    @property
    def block_count(self) -> int:
        """See :class:`emulator.engine.lazily.Elsewhere`."""
        return int(self._library.bl_block_count(self._engine))

    def block_at(self, number: int) -> tuple[MetBlock, Callable[[], BlockPlan]]:
        """See :class:`emulator.engine.lazily.Elsewhere`."""
        described = _Described()
        self._library.bl_describe(self._engine, number, c.byref(described))
        code = c.string_at(described.code, described.size_bytes)
        ways = self._names[described.name]
        met = MetBlock(described.address, code, described.it, described.host, ways)
        return met, partial(self._automaton.plan_met, met)

    # -- paths -----------------------------------------------------------------------------------
    def define_edge(self, path: int, step: Origin) -> bool:  # noqa: ARG002 -- the contract's signature
        """Tell the hook of the edge that it asks for; False: it is left to Python."""
        return self._knows(step.state) and self.pricer.answers(self._library.bl_answer_edge, self._engine)

    def _knows(self, state: int) -> bool:
        """Whether C has a state, or has it now."""
        if self._library.bl_state_in_pricer(self._answers, state):
            return True
        if state in self._without_room:
            return False
        number = self.pricer.number_of(self._automaton.state_of(state))
        if number is None:
            self._without_room.add(state)
            return False
        self._library.bl_pair_states(self._answers, state, number)
        return True

    @property
    def state_count(self) -> int:
        """See :class:`emulator.engine.lazily.Elsewhere`."""
        return self._shared.n_states

    def state_at(self, number: int) -> Packed:
        """See :class:`emulator.engine.lazily.Elsewhere`."""
        in_pricer = self._library.bl_state_in_pricer(self._answers, number) - 1
        return Packed(partial(self.pricer.state, in_pricer))

    def state_added(self, number: int) -> None:
        """See :class:`emulator.engine.lazily.Elsewhere`."""
        self._shared.n_states = number + 1


def native_ways(ways: WaysToPlan, *, predicts_branches: bool) -> bytes | None:
    """``Ways`` in planner.h; None: C does not plan so."""
    if ways.fetches_ahead or ways.each_access or not ways.anchors:
        return None
    shift = NO_FETCH_SHIFT if ways.fetch_shift is None else ways.fetch_shift
    others = ways.watch_data, ways.watch_divides, ways.runs_ahead, ways.traps_unaligned
    return WAYS.pack(shift, *others, predicts_branches)


def price_natively(automaton: Automaton, hook: BlockHook) -> None:
    """Let C answer what it can, where the hook is native and it knows the core."""
    model = native_core(automaton.model)
    if model is not None and isinstance(hook, NativeHook):
        native = NativeAutomaton(automaton, hook, NativePricer(hook, model, automaton.absent))
        automaton.native = automaton.states.elsewhere = automaton.plans.elsewhere = native


def _prototype(library: c.CDLL) -> None:
    u32, pointer = c.c_uint32, c.c_void_p
    for name, result, arguments in (
        ("bl_answers_new", pointer, [pointer]),
        ("bl_answers_free", None, [pointer]),
        ("bl_answer_by", None, [pointer, pointer]),
        ("bl_plan_at", None, [pointer, c.c_char_p]),
        ("bl_survey", None, [pointer, u32, u32, u32, c.c_char_p]),
        ("bl_arm", None, [pointer, pointer, u32]),
        ("bl_forget_ways", None, [pointer]),
        ("bl_may_price", None, [pointer, u32, u32]),
        ("bl_branch_slot", u32, [pointer, u32]),
        ("bl_block_count", u32, [pointer]),
        ("bl_describe", None, [pointer, u32, pointer]),
        ("bl_answer_edge", c.c_int, [pointer]),
        ("bl_state_in_pricer", u32, [pointer, u32]),
        ("bl_pair_states", None, [pointer, u32, u32]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
