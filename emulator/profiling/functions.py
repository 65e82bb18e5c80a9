"""Where functions begin and what they are called: by symbols, or by what the code itself tells.

An image without symbols still shows where functions begin: at the targets of BL, at the
handlers in the vector table, and at blocks that begin by pushing the link register.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.image.demangle import demangle
from emulator.image.model import Symbol
from emulator.thumb.instruction import LR, Block, Kind


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
