"""The hottest loops of a recording: their own cycles, those of loops inside them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from emulator.recording.loops import Loop, loops_of
from emulator.recording.model import Instruction, Jump
from emulator.reporting.costs import ratio
from emulator.reporting.table import ADDRESS, COUNT, RATIO, SHARE, Column, Row, Table
from emulator.reporting.view import View, stack_of, stalls_in_words


@dataclass(frozen=True, slots=True)
class FoundLoop:
    """A loop of a function; ``own``: its instructions without those of loops inside it, by address."""

    function: int
    loop: Loop
    own: tuple[Instruction, ...]

    @property
    def own_cycles(self) -> int:
        """Cycles of its own instructions."""
        return sum(item.cycles for item in self.own)

    @property
    def turns(self) -> int:
        """How often its body was begun."""
        return self.loop.turns + self.loop.entries


def find_loops(view: View) -> list[FoundLoop]:
    """All loops of the recording, most own cycles first."""
    jumps: dict[int, list[Jump]] = defaultdict(list)
    for jump in view.recording.jumps:
        source = view.instruction_at(jump.source)
        if source is not None:
            jumps[source.function].append(jump)
    found = []
    for function, code in view.code_of.items():
        if any(jump.kind == "jump" and jump.target <= jump.source for jump in jumps[function]):
            found += _of_function(function, code, jumps[function])
    return sorted(found, key=lambda item: (-item.own_cycles, item.loop.header))


def _of_function(function: int, code: list[Instruction], jumps: list[Jump]) -> list[FoundLoop]:
    loops = loops_of(code, jumps, function)
    found = []
    for loop in loops:
        inner = {
            address
            for other in loops
            if other is not loop and other.header in loop.addresses and loop.header not in other.addresses
            for address in other.addresses
        }
        mine = set(loop.addresses) - inner
        found.append(FoundLoop(function, loop, tuple(item for item in code if item.address in mine)))
    return found


def hottest_loops(view: View, functions: Iterable[int] | None = None) -> Table:
    """Loops by the cycles of their own instructions, loops inside them apart."""
    total = view.recording.cycles
    chosen = None if functions is None else set(functions)
    rows: list[Row] = []
    for loop in find_loops(view):
        if chosen is not None and loop.function not in chosen:
            continue
        stack, cycles = stack_of(loop.own), loop.own_cycles
        header = view.instruction_at(loop.loop.header)
        rows.append(
            (
                loop.loop.header,
                max(loop.loop.addresses),
                view.name(loop.function),
                f"{PurePosixPath(header.file).name}:{header.line}" if header and header.line else "",
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
