"""Blocks gathered into functions: by symbols, or by what the code itself tells.

An image without symbols still shows where functions begin: at the targets of BL, at the
handlers in the vector table, and at blocks that begin by pushing the link register.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from emulator.engine.automaton import Automaton
from emulator.image.demangle import demangle
from emulator.image.model import DebugInfo, Symbol
from emulator.profiling.fold import BlockProfile, Profile
from emulator.profiling.stack import CycleStack, merged
from emulator.thumb.instruction import LR, Block, Kind


@dataclass(slots=True)
class FunctionProfile:
    """A function's blocks. Without symbols the name tells the address where it begins.

    ``linkage``: its name as the linker has it, "" without symbols.
    """

    name: str
    address: int
    linkage: str
    blocks: list[BlockProfile] = field(default_factory=list)

    @property
    def stack(self) -> CycleStack:
        """Cycles by cause, callees not included."""
        return merged(block.stack for block in self.blocks)

    @property
    def executed(self) -> int:
        """Instructions executed."""
        return sum(block.executed for block in self.blocks)


def functions_of(profile: Profile, automaton: Automaton, debug: DebugInfo | None) -> list[FunctionProfile]:
    """The profile's functions, most cycles first; ``automaton`` knows every block that was executed."""
    place = _placer([plan.block for plan in automaton.plans], debug)
    found: dict[int, FunctionProfile] = {}
    for block in profile.blocks:
        name, address, linkage = place(block.block.address)
        found.setdefault(address, FunctionProfile(name, address, linkage)).blocks.append(block)
    return sorted(found.values(), key=lambda f: (-f.stack.total, f.address))


def _placer(blocks: list[Block], debug: DebugInfo | None) -> Callable[[int], tuple[str, int, str]]:
    """A function from a block's address to its function's name, address and linker's name."""
    starts = sorted(function_starts(blocks))

    def place(address: int) -> tuple[str, int, str]:
        named = _symbol(debug, address)
        if named is not None:
            return named
        index = bisect.bisect_right(starts, address) - 1
        start = starts[index] if index >= 0 else address
        return name_of(start, None), start, ""

    return place


def _symbol(debug: DebugInfo | None, address: int) -> tuple[str, int, str] | None:
    symbol = debug.symbol_at(address) if debug is not None else None
    return None if symbol is None else (name_of(symbol.address, symbol), symbol.address & ~1, symbol.name)


def name_of(address: int, symbol: Symbol | None) -> str:
    """What a function is called: as the sources spell it, or by its address."""
    return f"function at 0x{address:08x}" if symbol is None else demangle(symbol.name)


def function_starts(blocks: Iterable[Block]) -> set[int]:
    """Addresses where functions begin, as far as executed code shows them."""
    starts = set()
    for block in blocks:
        starts |= {i.target for i in block.instructions if i.kind is Kind.CALL and i.target is not None}
        if _begins_by_pushing(block):
            starts.add(block.address)
    return starts


def _begins_by_pushing(block: Block) -> bool:
    first = block.instructions[0] if block.instructions else None
    return first is not None and first.name in ("push", "stmdb") and bool(first.reads >> LR & 1)
