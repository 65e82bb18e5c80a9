"""Recognises a firmware that waits, so that waiting costs nothing.

A loop waits when one turn through it changes nothing: the same registers, the same memory,
and only register reads whose value does not change by itself. Then every further turn
takes the same cycles until an event comes, and whole turns may be skipped: the figures are
those of running them. A delay's turns, which read a counter, may be skipped as long as they
decide as the last one did (:mod:`emulator.machine.timed_loop`). The check is made at cycles that
follow from modelled events alone, so it is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from emulator.bus.register_access import RegisterAccesses
from emulator.clock.ramp import Ramp
from emulator.engine.engine import Engine
from emulator.engine.hook import NO_ADDRESS
from emulator.engine.lent_input import AWAKE_CYCLES, WATCHED_CYCLES
from emulator.engine.lent_output import MOST_TURN_BLOCKS, KnownTurn
from emulator.engine.overhead import Overhead, OverheadAccount
from emulator.engine.protected_pages import PAGE_BYTES
from emulator.thumb.instruction import Instruction

SHORTEST_INTERVAL = WATCHED_CYCLES
LONGEST_INTERVAL = 2_000_000
LONGEST_TURN = 20_000
LONGEST_TRACE = 1024
WORD_BYTES = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a waiting loop; ``stores``: it writes memory (the same values again).

    ``overhead``: None unless somebody counts it. ``counter``: the read of a counter in it, if there is
    one, and how the counter goes on; then ``most``: so many more turns go the same way.
    """

    cycles: int
    instructions: int
    stores: bool
    overhead: Overhead | None = field(default=None, compare=False)
    counter: tuple[tuple[int, int], Ramp] | None = field(default=None, compare=False)
    most: int | None = field(default=None, compare=False)


class WaitDetector:
    """Decides when to look for a waiting loop, and looks.

    ``run_slice(until, limit)`` runs to cycle ``until`` or to the hook's ``turn_address``; False when
    anything else was due, or it went on past ``limit``.
    """

    def __init__(
        self,
        engine: Engine,
        run_slice: Callable[[int, int], bool],
        accesses: RegisterAccesses,
        overhead: OverheadAccount,
    ) -> None:
        self._core = engine.core
        self._hook = engine.hook
        self._automaton = engine.automaton
        self._run_slice = run_slice
        self._accesses = accesses
        self._overhead = overhead
        self._interval = SHORTEST_INTERVAL
        self._known: dict[int, Turn] = {}  # by the address where a turn begins
        self.check_at = SHORTEST_INTERVAL
        self._awake_cycles = AWAKE_CYCLES  # from a sleep to the first look
        self._looked = self._found = False  # since the last sleep
        self._look_again = False  # the look that goes on met a register that is read again and again

    def expect_soon(self) -> None:
        """Something happened that a firmware often waits after: look again shortly."""
        self._interval = SHORTEST_INTERVAL
        self.check_at = min(self.check_at, self._hook.cycles + SHORTEST_INTERVAL)

    def polled(self) -> None:
        """Registers were read again and again: look now, or anew where the core has come to."""
        self._interval = SHORTEST_INTERVAL
        self.check_at = self._hook.cycles
        self._look_again = True

    def characters_came(self, check_at: int) -> None:
        """Hear that it was expected to wait soon, several times, and for the last time at ``check_at``."""
        self._interval = SHORTEST_INTERVAL
        self.check_at = check_at

    def expect_soon_after(self, cycles: int) -> None:
        """The firmware waits for an event at ``cycles``: look again shortly after it."""
        self._found = True
        self._interval = SHORTEST_INTERVAL
        self.check_at = cycles + SHORTEST_INTERVAL

    def slept(self) -> None:
        """The core has slept: it is not likely to poll, so look later, and less often from then on.

        Who worked long from one sleep to the next, and was not found waiting, is likely to do so again:
        later still, up to the length of that work.
        """
        if self._found:
            self._awake_cycles = AWAKE_CYCLES
        elif self._looked:
            self._awake_cycles = min(2 * self._awake_cycles, LONGEST_INTERVAL)
        else:
            self._awake_cycles = max(self._awake_cycles // 2, AWAKE_CYCLES)
        self._looked = self._found = False
        self._interval = self._awake_cycles
        self.check_at = self._hook.cycles + self._interval

    def found_nothing(self) -> None:
        """The firmware works: look less and less often. It polls, only not from here: look again."""
        self._looked = True
        if self._look_again:
            self._look_again = False
            self.check_at = self._hook.cycles
            return
        self._interval = min(2 * self._interval, LONGEST_INTERVAL)
        self.check_at = self._hook.cycles + self._interval

    def look(self, limit: int) -> Turn | None:
        """Run two turns from here at most, before ``limit``; what a turn takes if it changed nothing.

        The first turn after something else may take other cycles (caches, the pipeline), so
        two must be equal, or one equal to what this loop took before. The core stands between
        two blocks, before and after. Events may have stopped the search; then nothing is said.
        """
        self._look_again = False
        pc = self._core.get("pc")
        known = self._known.get(pc)
        missing = known is not None and known.overhead is None
        first = self._turn(limit, compare_memory=known is not None and known.stores, measure=missing)
        if first is None:
            return None
        if first.counter is None and first == known:
            self._known[pc] = first if missing else known
            self._tell(pc, first)
            return self._known[pc]
        second = self._turn(limit, compare_memory=first.stores, measure=True)
        if second is None or second != first or (second.counter is None) != (first.counter is None):
            return None
        if second.counter is not None:
            return self._timed(second, limit)
        self._known[pc] = second
        self._tell(pc, second)
        return second

    def _tell(self, pc: int, turn: Turn) -> None:
        """Let the hook skip such turns by itself where it may."""
        blocks = self._hook.trace()
        if turn.stores or len(blocks) > MOST_TURN_BLOCKS or self._hook.trace_length != len(blocks):
            return
        told = KnownTurn(pc, len(blocks), turn.cycles, turn.instructions)
        told.blocks[: len(blocks)] = blocks
        self._hook.know_turn(told)

    def _timed(self, turn: Turn, limit: int) -> Turn | None:
        """The turn that has just been run, with the number of those that go the same way."""
        from emulator.machine.timed_loop import TimedTurn, equal_turns  # noqa: PLC0415 -- loads numpy

        if turn.counter is None or self._hook.trace_length > LONGEST_TRACE:
            return None
        place, ramp = turn.counter
        path = self._path_from_read(place[0], limit)
        if path is None:
            return None
        turns = (min(limit, ramp.until - ramp.cycle + self._hook.cycles) - self._hook.cycles) // turn.cycles
        read = {key: value for key, value in self._accesses.turn_values.items() if key != place}
        registers = self._core.general_registers()[:15]
        timed = TimedTurn(turn.cycles, path, place, ramp, read, registers, self._core.held_at)
        most = equal_turns(timed, turns)
        return replace(turn, most=most) if most > 1 else None

    def _path_from_read(self, address: int, limit: int) -> list[tuple[Instruction, int]] | None:
        """The instructions of a turn, each with the address of the next, from the read of the counter on.

        Runs to the block that reads it, so that what follows from the read belongs to its turn.
        """
        blocks = [self._automaton.plans[number].block for number in self._hook.trace()]
        place = next((pc for read, pc in reversed(self._accesses.turn_reads) if read == address), None)
        begins = [n for n, block in enumerate(blocks) if any(i.address == place for i in block.instructions)]
        if len(begins) != 1 or (begins[0] and not self._run_to(blocks[begins[0]].address, limit)):
            return None
        blocks = blocks[begins[0] :] + blocks[: begins[0]]
        path = [i for block in blocks for i in block.instructions]
        return list(zip(path, [*(i.address for i in path[1:]), path[0].address], strict=True))

    def _turn(self, limit: int, *, compare_memory: bool, measure: bool) -> Turn | None:
        hook = self._hook
        before = self._overhead.now() if measure and self._overhead.used else None
        start_pc = self._core.get("pc")
        registers = self._core.general_registers()
        cycles, instructions, activity = hook.cycles, hook.instructions, self._accesses.activity
        memory = self._memory() if compare_memory else None
        self._accesses.begin_turn()
        hook.trace_enabled, hook.trace_length = 1, 0
        if hook.contexts.enabled:
            hook.contexts.mark()
        came_back = self._come_back(start_pc, min(limit, cycles + LONGEST_TURN))
        hook.trace_enabled = 0
        if hook.contexts.enabled:
            hook.contexts.turn_ended()
        ramps = self._accesses.turn_ramps
        if not came_back or self._accesses.activity - activity != len(ramps):
            return None
        counter = self._counter()
        if ramps:
            if counter is None:
                return None
        elif self._core.general_registers() != registers or (memory and memory != self._memory()):
            return None
        overhead = None if before is None else self._overhead.now().plus(before, -1)
        return Turn(hook.cycles - cycles, hook.instructions - instructions, self._stores(), overhead, counter)

    def _counter(self) -> tuple[tuple[int, int], Ramp] | None:
        """The one counter that the turn has read once, None when there are more or it is not known.

        A counter's part that stands still (a high word) may be read, too: the turn holds as long as it does.
        """
        ramps = self._accesses.turn_ramps
        still = [ramp for _, ramp in ramps if ramp is not None and not ramp.step]
        moving = [(place, ramp) for place, ramp in ramps if ramp is None or ramp.step] or ramps
        if len(moving) != 1:
            return None
        place, ramp = moving[0]
        address, size_bytes = place
        mask = (1 << 8 * size_bytes) - 1
        if ramp is None or address % WORD_BYTES or ramp.value & mask != self._accesses.turn_values.get(place):
            return None
        return place, replace(ramp, until=min(each.until for each in (ramp, *still)))

    def _come_back(self, pc: int, limit: int) -> bool:
        """Run one block, then on to ``pc``; False when something else stopped it first."""
        hook = self._hook
        if not self._run_slice(hook.cycles + 1, limit):
            return False
        return self._core.get("pc") == pc or self._run_to(pc, limit)

    def _run_to(self, pc: int, limit: int) -> bool:
        """Run on to the block at ``pc``; False when something else stopped it first."""
        hook = self._hook
        hook.turn_address = pc
        try:
            return self._run_slice(limit, limit) and self._core.get("pc") == pc
        finally:
            hook.turn_address = NO_ADDRESS

    def _stores(self) -> bool:
        if self._hook.trace_length > LONGEST_TRACE:
            return True
        return any(
            i.memory is not None and i.memory.is_store
            for number in set(self._hook.trace())
            for i in self._automaton.plans[number].block.instructions
        )

    def _memory(self) -> list[bytes]:
        """What the core has ever seen of its RAMs; it can't have changed anything else."""
        return [
            bytes(m.view[page - m.region.base : page - m.region.base + PAGE_BYTES])
            for m in self._core.memories
            if m.region.kind == "ram"
            for page in self._core.tlb.filled_pages(m.region.base, m.region.end)
        ]
