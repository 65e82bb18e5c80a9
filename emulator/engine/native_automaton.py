"""Answers the hook by the native pricer: it stands before one automaton whose hook is native.

States are the model's, by the automaton's numbers; what the pricer leaves to Python is answered there.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable
from functools import partial
from typing import Protocol

from emulator.engine.automaton import Automaton, MetBlock, WaysToPlan
from emulator.engine.hook import BlockHook
from emulator.engine.hooks.native_hook import NativeHook, PackedPath
from emulator.engine.hooks.native_plan import PackedPlan, pointed_plan
from emulator.engine.lazily import Origin, Packed
from emulator.engine.native_pricer import NativePricer, Planned, native_core

NO_FETCH_SHIFT = 255
WAYS = struct.Struct("=6I")


class Keeper(Protocol):
    """Keeps for the next run what was said: :mod:`emulator.engine.kept_automaton`."""

    def keep_planned(self, met: MetBlock, planned: Planned, plan: PackedPlan) -> None:
        """Keep the block that has just been defined."""

    def named_state(self, words: str, state: Hashable | Packed) -> int:
        """The automaton's number of a state that is named so, a new one when it was not met yet."""

    def keep_packed_edge(self, step: Origin, path: PackedPath, cycles: int, next_state: int) -> None:
        """Keep the edge that has just been defined, if its path may be."""


class NativeAutomaton:
    """See :class:`emulator.engine.automaton.Quick`."""

    def __init__(self, automaton: Automaton, hook: NativeHook, pricer: NativePricer) -> None:
        self._automaton, self._hook, self.pricer = automaton, hook, pricer
        self._ways: dict[WaysToPlan, bytes | None] = {}
        self._states: dict[int, int] = {}  # the automaton's numbers, by the pricer's
        self._in_pricer: dict[int, int | None] = {}  # and back; None: C has no room for it
        self.kept: Keeper | None = None

    # -- blocks ------------------------------------------------------------------------------
    def define_block(self, met: MetBlock) -> bool:
        """Tell the hook of a block; False: it is left to Python."""
        automaton = self._automaton
        address, code, it, pointer, ways = met
        if ways not in self._ways:
            self._ways[ways] = native_ways(ways, predicts_branches=automaton.model.predicts_branches)
        packed = self._ways[ways]
        planned = None if packed is None else self.pricer.plan(address, code, it, packed)
        if planned is None or (planned.uses_fpu and automaton.absent.fpu_closed):
            return False
        if planned.branch is not None:
            self.pricer.set_slot(automaton.branch_slot(planned.site))
        self._hook.add_pointed(planned.pointer, planned.n_events, pointer, code)
        automaton.note_planned(met, planned.hook_addresses)
        if self.kept is not None:
            self.kept.keep_planned(met, planned, pointed_plan(planned.pointer))
        return True

    # -- paths -----------------------------------------------------------------------------------
    def define_edge(self, path: int, step: Origin) -> bool:
        """Tell the hook of an edge; ``path``: the hook's, -1: not there yet. False: it is left to Python."""
        automaton, hook = self._automaton, self._hook
        state = self._number_in_pricer(step.state)
        if state is None:
            return False
        met = automaton.met(step.block)
        if met.ways.fetches_ahead:  # its events lag behind
            return False
        priced = self.pricer.price(step._replace(state=state), met.code, met.it)
        if priced is None:
            return False
        if path < 0:
            path = hook.add_packed_path(step.state, step.block, step.skipped, priced.path)
        next_state = self._states.get(priced.next_state)
        if next_state is None:
            next_state = self._meet(priced.next_state)
        hook.set_edge(path, step.edge, priced.cycles, next_state)
        if self.kept is not None:
            self.kept.keep_packed_edge(step, priced.path, priced.cycles, next_state)
        return True

    def _meet(self, number: int) -> int:
        """The automaton's number of a state that the pricer has met first."""
        packed = Packed(partial(self.pricer.state, number))
        if self.kept is None:
            state = self._automaton.states.add(packed)
        else:
            state = self.kept.named_state(self._words(number), packed)
        self._states[number] = state
        self._in_pricer[state] = number
        return state

    def _words(self, number: int) -> str:
        return self.pricer.packed_state(number).rstrip(b"\0").hex()

    def words(self, state: Hashable) -> str | None:
        """A state in words, the same in every run; None: C has no room for it."""
        number = self.pricer.number_of(state)
        return None if number is None else self._words(number)

    def _number_in_pricer(self, state: int) -> int | None:
        if state not in self._in_pricer:
            number = self._in_pricer[state] = self.pricer.number_of(self._automaton.state_of(state))
            if number is not None:
                self._states.setdefault(number, state)
        return self._in_pricer[state]


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
        automaton.native = NativeAutomaton(automaton, hook, NativePricer(hook, model, automaton.absent))
