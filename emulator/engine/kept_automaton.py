"""Answers the hook by what was kept of an earlier run, and keeps what is new: see :mod:`.kept_prices`.

States and blocks have numbers of their own in each machine, in the order in which it meets them, kept or
not. Blocks with an instruction that is watched one by one (a correction, an event, one that the core
lacks) are not kept, nor is a path through one.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Sequence
from pathlib import Path

from emulator.engine.absent import uses_fpu
from emulator.engine.automaton import Automaton, watches_itself
from emulator.engine.engine import Engine
from emulator.engine.events import EVENT_BRANCH, BlockPlan, LoadPair
from emulator.engine.hooks.native_hook import NativeHook, pack_path
from emulator.engine.hooks.native_plan import packed
from emulator.engine.kept_book import KeptBook, keep_book
from emulator.engine.kept_prices import NO_BRANCH, BlockKey, KeptBlock, KeptPrices, kept_prices
from emulator.engine.lazily import MetBlock, Origin
from emulator.engine.native_automaton import NativeAutomaton


class KeptAutomaton:
    """Stands before one automaton whose hook is native."""

    def __init__(self, automaton: Automaton, hook: NativeHook, prices: KeptPrices) -> None:
        self._automaton = automaton
        self._hook = hook
        self._prices = prices
        self._blocks: dict[int, int] = {}  # the file's numbers of those that are kept, by ours
        self._to_file: dict[int, int] = {}
        self._from_file: dict[int, int] = {}
        for number, state in enumerate(automaton.states):
            self._meet(number, prices.state(repr(state)))

    def save(self) -> None:
        """Write what is new to the file now."""
        self._prices.save()

    # -- blocks ------------------------------------------------------------------------------
    def define_block(self, met: MetBlock) -> bool:
        """Answer with a kept block; False: there is none, or not as it would be now."""
        automaton = self._automaton
        found = self._prices.block(_key(met))
        if found is None:
            return False
        number, block = found
        if (block.uses_fpu and automaton.absent.fpu_closed) or not (block.is_whole or met.ways.anchors):
            return False
        plan = block.plan
        if block.branch != NO_BRANCH:
            plan = plan.with_slot(block.branch, automaton.branch_slot(block.site))
        in_hook = self._hook.add_packed(plan, met.pointer, met.code)
        automaton.note_planned(in_hook, met, block.hook_addresses)
        self._blocks[in_hook] = number
        return True

    def keep_block(self, number: int, met: MetBlock, plan: BlockPlan) -> None:
        """Keep the block that has just been defined, if it may be."""
        block = plan.block
        if watches_itself(block, self._automaton.absent):
            return
        branches = [n for n, event in enumerate(plan.events) if event.kind == EVENT_BRANCH]
        kept = KeptBlock(
            packed(plan),
            plan.hook_addresses,
            branches[0] if branches else NO_BRANCH,
            plan.site,
            any(map(uses_fpu, block.instructions)),
            plan.is_whole,
        )
        self._blocks[number] = self._prices.keep_block(_key(met), kept)

    # -- paths -----------------------------------------------------------------------------------
    def define_edge(self, path: int, step: Origin) -> bool:
        """Answer with a kept edge; ``path``: of the hook, -1: to be made. False: it is not kept."""
        block, state = self._blocks.get(step.block), self._to_file[step.state]
        if block is None:
            return False
        kept = self._prices.path((state, block, step.skipped))
        edge = kept.edges.get(step.edge) if kept is not None else None
        if kept is None or edge is None:
            return False
        if path < 0:
            path = self._hook.add_packed_path(step.state, step.block, step.skipped, kept.packed)
        cycles, next_in_file = edge
        next_state = self._from_file.get(next_in_file)
        if next_state is None:
            next_state = self._automaton.states.add(step)
            self._meet(next_state, next_in_file)
        self._hook.set_edge(path, step.edge, cycles, next_state)
        return True

    def keep_edge(
        self, step: Origin, issue: Sequence[int], pairs: Sequence[LoadPair], cycles: int, next_state: int
    ) -> None:
        """Keep the edge that has just been defined, if its path may be."""
        block = self._blocks.get(step.block)
        if block is None:
            return
        key = self._to_file[step.state], block, step.skipped
        self._prices.keep_path(key, pack_path(issue, pairs), step.edge, cycles, self._to_file[next_state])

    def state_number(self, state: Hashable) -> int:
        """Our number of a state, a new one when it was not met yet."""
        in_file = self._prices.state(repr(state))
        number = self._from_file.get(in_file)
        if number is None:
            number = self._automaton.states.add(state)
            self._meet(number, in_file)
        return number

    def _meet(self, state: int, in_file: int) -> None:
        self._to_file[state] = in_file
        self._from_file[in_file] = state


def _key(met: MetBlock) -> BlockKey:
    return met.address, met.code, met.it, tuple(met.ways)


def keep_prices(engine: Engine, folder: Path, image_sha256: str) -> KeptBook | KeptPrices | None:
    """Keep what ``engine`` plans and prices from now on in ``folder``; None: its hook is not native.

    The file is written when the engine is no longer needed, at the program's end at the latest.
    """
    hook, automaton, board = engine.hook, engine.automaton, engine.board
    if not isinstance(hook, NativeHook):
        return None
    configuration = board.core, sorted(board.core_parameters.items()), board.fpu, engine.timing
    if isinstance(automaton.native, NativeAutomaton):
        return keep_book(automaton.native.pricer, folder, configuration)
    prices = kept_prices(folder, image_sha256, configuration)
    automaton.kept = KeptAutomaton(automaton, hook, prices)
    weakref.finalize(automaton, prices.save)
    return prices
