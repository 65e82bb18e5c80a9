"""What ``boardless explain`` shows of a profile: the functions, blocks and instructions chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benches.measure.profiled_window import ProfiledWindow
from emulator.errors import UsageError
from emulator.image.names import is_called
from emulator.profiling import BlockProfile, CostKey, CycleStack, FunctionProfile
from emulator.profiling.disassembly import block_text
from emulator.profiling.stack import merged
from emulator.timing.model import Cause

ISSUE = CostKey(Cause.ISSUE)
CLOSE_NAMES = 5


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user asked for: a function's name, or an address in a block, or neither."""

    function: str | None = None
    block: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The part of a window that is shown.

    ``stack``, ``executed``: of what was chosen. ``blocks``: the hottest ones of it, hottest first.
    """

    window: ProfiledWindow
    subject: str
    stack: CycleStack
    executed: int
    functions: tuple[FunctionProfile, ...]
    blocks: tuple[BlockProfile, ...]
    owners: dict[int, str]

    def as_json(self) -> dict[str, Any]:
        """The explanation for ``--json``: cycles are of the whole window, not of one pass."""
        profile = self.window.profile
        totals = profile.totals
        return {
            "window": {
                "title": self.window.title,
                "cycles": totals.cycles,
                "instructions": totals.instructions,
                "cycles_by_cause": profile.stack.as_json(),
                "waiting_cycles": profile.waiting_cycles,
                "waiting_instructions": totals.skipped_instructions,
                "interrupted_cycles": profile.interrupted_cycles,
            },
            "subject": self.subject,
            "cycles": self.stack.total,
            "instructions": self.executed,
            "cycles_by_cause": self.stack.as_json(),
            "functions": [
                {
                    "name": item.name,
                    "address": item.address,
                    "instructions": item.executed,
                    "cycles": item.stack.total,
                    "cycles_by_cause": item.stack.as_json(),
                }
                for item in self.functions
            ],
            "blocks": [_block_json(block, self.owners[block.number]) for block in self.blocks],
        }


def _block_json(block: BlockProfile, owner: str) -> dict[str, Any]:
    texts = block_text(block.block)
    return {
        "address": block.block.address,
        "function": owner,
        "count": block.count,
        "cycles": block.stack.total,
        "cycles_by_cause": block.stack.as_json(),
        "hottest_path_count": block.hottest_count,
        "instructions": [
            {
                "address": item.instruction.address,
                "text": " ".join(text.split()),
                "count": block.count,
                "issue_cycle": issue,
                "cycles": item.stack.total,
                "cycles_by_cause": item.stack.as_json(),
            }
            for item, text, issue in zip(block.instructions, texts, block.issue_cycles, strict=True)
        ],
    }


def explain(
    window: ProfiledWindow, functions: list[FunctionProfile], selection: Selection, top: int
) -> Explanation:
    """Choose from a window's profile and its functions.

    Raises UsageError for a function or block that did not run.
    """
    owners = {block.number: item.name for item in functions for block in item.blocks}
    chosen, subject = list(window.profile.blocks), window.title
    if selection.block is not None:
        chosen = _blocks_at(chosen, selection.block)
        subject = f"the block at 0x{selection.block:08x}"
    elif selection.function is not None:
        functions = _named(functions, selection.function)
        chosen = [block for item in functions for block in item.blocks]
        subject = functions[0].name
    hottest = sorted(chosen, key=lambda block: (-block.stack.total, block.block.address))
    return Explanation(
        window,
        subject,
        merged(block.stack for block in chosen),
        sum(block.executed for block in chosen),
        tuple(functions),
        tuple(hottest if selection.block is not None else hottest[:top]),
        owners,
    )


def _blocks_at(blocks: Sequence[BlockProfile], address: int) -> list[BlockProfile]:
    address &= ~1
    exact = [b for b in blocks if b.block.address == address]
    found = exact or [b for b in blocks if b.block.address <= address < b.block.end]
    if not found:
        raise UsageError(
            f"no block at 0x{address:08x} ran in the window",
            where="--block",
            next_step="Leave --block out to see the blocks that ran.",
        )
    return found


def _named(functions: Sequence[FunctionProfile], name: str) -> list[FunctionProfile]:
    """The functions of that name or pattern, or that begins at (or holds) that address."""
    found = [f for f in functions if is_called(name, f.linkage, f.name)] or _holding(functions, name)
    if not found:
        close = [f.name for f in functions if name.lower() in f.name.lower()] or [f.name for f in functions]
        raise UsageError(
            f"no function {name!r} ran in the window",
            where="--function",
            next_step=f"Some that ran: {', '.join(close[:CLOSE_NAMES])}.",
        )
    return found


def _holding(functions: Sequence[FunctionProfile], text: str) -> list[FunctionProfile]:
    try:
        address = int(text, 0) & ~1
    except ValueError:
        return []
    at = [f for f in functions if f.address == address]
    return at or [f for f in functions if any(b.block.address <= address < b.block.end for b in f.blocks)]
