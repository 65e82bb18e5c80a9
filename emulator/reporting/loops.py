"""Loops, found from jumps that go back within a function.

Instructions are known by address, so a block that was met as a copy of a loop's body (entered in its
middle, say) is part of that loop already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from emulator.recording.model import Instruction
from emulator.reporting.costs import ratio
from emulator.reporting.table import ADDRESS, COUNT, RATIO, SHARE, Column, Row, Table
from emulator.reporting.view import View, stack_of, stalls_in_words


@dataclass(slots=True)
class Loop:
    """A loop from its first instruction to the last jump back. ``turns``: times its first one ran.

    ``own``: its instructions without those of loops inside it; ``code``: all.
    """

    function: int
    begin: int
    last: int
    turns: int
    code: list[Instruction]
    own: list[Instruction]

    @property
    def own_cycles(self) -> int:
        """Cycles of its own instructions."""
        return sum(item.cycles for item in self.own)


def find_loops(view: View) -> list[Loop]:
    """All loops of the recording, most own cycles first."""
    ends: dict[tuple[int, int], int] = {}
    for jump in view.recording.jumps:
        source, target = view.instruction_at(jump.source), view.instruction_at(jump.target)
        if jump.kind != "jump" or source is None or target is None:
            continue
        if source.function == target.function and target.address <= source.address:
            key = (target.function, target.address)
            ends[key] = max(ends.get(key, 0), source.address)
    loops = [_loop(view, function, begin, last) for (function, begin), last in ends.items()]
    for loop in loops:
        inner = [
            other
            for other in loops
            if other is not loop
            and other.function == loop.function
            and loop.begin <= other.begin
            and other.last <= loop.last
        ]
        loop.own = [i for i in loop.code if not any(o.begin <= i.address <= o.last for o in inner)]
    return sorted(loops, key=lambda loop: (-loop.own_cycles, loop.begin))


def _loop(view: View, function: int, begin: int, last: int) -> Loop:
    code = [item for item in view.code_of[function] if begin <= item.address <= last]
    return Loop(function, begin, last, code[0].count, code, code)


def hottest_loops(view: View, functions: Iterable[int] | None = None) -> Table:
    """Loops by the cycles of their own instructions, loops inside them apart."""
    total = view.recording.cycles
    chosen = None if functions is None else set(functions)
    rows: list[Row] = []
    for loop in find_loops(view):
        if chosen is not None and loop.function not in chosen:
            continue
        stack, cycles = stack_of(loop.own), loop.own_cycles
        first = loop.code[0]
        rows.append(
            (
                loop.begin,
                loop.last,
                view.name(loop.function),
                f"{PurePosixPath(first.file).name}:{first.line}" if first.line else "",
                loop.turns,
                cycles,
                cycles / total if total else 0.0,
                ratio(cycles, loop.turns),
                stalls_in_words(stack, cycles, 2),
            )
        )
    columns = (
        Column("begin", "from", ADDRESS),
        Column("last", "to", ADDRESS, is_detail=True),
        Column("function", "function"),
        Column("place", "line"),
        Column("turns", "turns", COUNT),
        Column("cycles", "cycles", COUNT, "cycles"),
        Column("share", "share", SHARE),
        Column("cycles_a_turn", "a turn", RATIO, "cycles"),
        Column("stalls", "stalls, by cycles"),
    )
    return Table("loop", "Loops (without loops inside them)", columns, tuple(rows))
