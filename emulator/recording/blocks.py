"""Basic blocks of a recording: instructions that were run one after the other, entered at the first alone.

Blocks as the engine executes them overlap: one that was entered in the middle holds a copy of another's
instructions. Here each instruction is in one block. A call does not end a block: it comes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emulator.recording.model import Instruction, Jump

JUMP = "jump"


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Instructions of one function without a gap, all run equally often."""

    instructions: tuple[Instruction, ...]

    @property
    def begin(self) -> int:
        """Address of the first instruction."""
        return self.instructions[0].address

    @property
    def end(self) -> int:
        """The address behind the last one."""
        return self.instructions[-1].address + self.instructions[-1].size_bytes

    @property
    def function(self) -> int:
        """The function that holds it."""
        return self.instructions[0].function

    @property
    def count(self) -> int:
        """How often it was run."""
        return self.instructions[0].count

    @property
    def cycles(self) -> int:
        """Of all runs, callees' apart."""
        return sum(item.cycles for item in self.instructions)


def blocks_of(code: Iterable[Instruction], jumps: Iterable[Jump]) -> list[CodeBlock]:
    """The blocks, by address. What jumps tell not of is told by how often each instruction was run."""
    sources, targets = set(), set()
    for jump in jumps:
        if jump.kind == JUMP:
            sources.add(jump.source)
            targets.add(jump.target)
    blocks: list[list[Instruction]] = []
    for item in sorted(code, key=lambda item: item.address):
        before = blocks[-1][-1] if blocks else None
        if (
            before is None
            or before.address + before.size_bytes != item.address
            or (before.function, before.count) != (item.function, item.count)
            or before.address in sources
            or item.address in targets
        ):
            blocks.append([])
        blocks[-1].append(item)
    return [CodeBlock(tuple(items)) for items in blocks]
