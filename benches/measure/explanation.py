"""What ``boardless explain`` shows of a recording: the causes, functions and blocks that were chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benches.measure.second_opinion import Opinion, differences, judged, with_latencies
from emulator.errors import UsageError
from emulator.recording.blocks import CodeBlock, blocks_of
from emulator.reporting.annotation import annotated_block
from emulator.reporting.causes import by_cause, causes_of
from emulator.reporting.costs import by_function, only_functions
from emulator.reporting.questions import document
from emulator.reporting.table import Table
from emulator.reporting.view import View

MOST_JUDGED = 30
"""Blocks of which a second opinion is asked: a program is started for each."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user asked for: a function's name, or an address in a block, or neither."""

    function: str | None = None
    block: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The part of a recording that is shown. ``blocks``: the hottest ones of it, hottest first.

    ``more_blocks``: those behind them, of which a second opinion is asked too.
    """

    view: View
    subject: str
    causes: Table
    functions: Table | None
    blocks: tuple[CodeBlock, ...]
    more_blocks: tuple[CodeBlock, ...] = ()
    opinions: tuple[Opinion, ...] | None = None

    @property
    def tables(self) -> list[Table]:
        """All tables in their order."""
        head = [self.causes] if self.functions is None else [self.causes, self.functions]
        if self.opinions is not None:
            head.append(differences(self.view, self.opinions))
        return [*head, *(self._annotated(block) for block in self.blocks)]

    def _annotated(self, block: CodeBlock) -> Table:
        table = annotated_block(self.view, block)
        found = next((one for one in self.opinions or () if one.block is block), None)
        return table if found is None else with_latencies(table, found)

    def with_second_opinion(self) -> Explanation:
        """The same with what llvm-mca says of its blocks. Raises UsageError when it is not installed."""
        return replace(self, opinions=tuple(judged(self.view, (*self.blocks, *self.more_blocks))))

    def as_json(self) -> dict[str, Any]:
        """As ``boardless report`` writes a document, and the blocks."""
        view = self.view
        tables = [self.causes] if self.functions is None else [self.causes, self.functions]
        if self.opinions is not None:
            tables.append(differences(view, self.opinions))
        return {
            **document(view, tables),
            "kind": "boardless explain",
            "subject": self.subject,
            "blocks": [
                {
                    "address": block.begin,
                    "function": view.name(block.function),
                    "count": block.count,
                    "cycles": block.cycles,
                    "table": self._annotated(block).as_json(),
                }
                for block in self.blocks
            ],
        }


def explain(view: View, selection: Selection, top: int) -> Explanation:
    """Choose from a recording. Raises UsageError for a function or block that did not run."""
    recording = view.recording
    if selection.block is not None:
        block = _block_at(blocks_of(recording.code, recording.jumps), selection.block)
        subject = f"the block at 0x{block.begin:08x}"
        return Explanation(view, subject, causes_of(view, block.instructions, subject), None, (block,))
    found = None if selection.function is None else _found(view, selection.function)
    code = recording.code if found is None else view.code_in(found)
    blocks = sorted(blocks_of(code, recording.jumps), key=lambda block: (-block.cycles, block.begin))
    more = tuple(blocks[top:MOST_JUDGED])
    functions = by_function(view)
    if found is None:
        title = recording.identity.title
        return Explanation(view, title, by_cause(view), functions, tuple(blocks[:top]), more)
    chosen = only_functions(functions, [view.name(index) for index in found])
    subject = view.names_of(found)
    return Explanation(view, subject, by_cause(view, found), chosen, tuple(blocks[:top]), more)


def _block_at(blocks: Sequence[CodeBlock], address: int) -> CodeBlock:
    address &= ~1
    for block in blocks:
        if block.begin <= address < block.end:
            return block
    raise UsageError(
        f"no block at 0x{address:08x} ran in the window",
        where="--block",
        next_step="Leave --block out to see the blocks that ran.",
    )


def _found(view: View, name: str) -> list[int]:
    try:
        return view.find(name)
    except UsageError as error:
        raise UsageError(error.what, where="--function", next_step=error.next_step) from error
