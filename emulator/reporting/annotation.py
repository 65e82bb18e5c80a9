"""A function's source and disassembly side by side, with counts, cycles and stalls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from emulator.recording.blocks import CodeBlock
from emulator.recording.model import Instruction
from emulator.reporting.costs import ratio, source_line
from emulator.reporting.table import ADDRESS, COUNT, RATIO, SHARE, Column, Row, Table
from emulator.reporting.view import ISSUE, View, label

SMALL = 0.005
"""Stalls that two decimals don't show."""


COLUMNS = (
    Column("place", "line", is_detail=True),
    Column("source", "source"),
    Column("address", "address", ADDRESS),
    Column("text", "instruction"),
    Column("count", "times", COUNT),
    Column("cycles", "cycles", COUNT, "cycles", is_detail=True),
    Column("share", "share", SHARE),
    Column("cycles_each", "each", RATIO, "cycles"),
    Column("stalls", "stalls each"),
)


def annotated(view: View, function: int, most: int | None = None) -> Table:
    """One row an instruction, in order of addresses; a line's text stands where the line begins.

    ``most``: only so many instructions, those with most cycles.
    """
    code = view.code_of.get(function, [])
    kept = hottest(code, most)
    left_out = f"{len(code) - len(kept):,} instructions with fewer cycles are left out."
    no_source = "The recording holds no source text (`boardless profile --sources FOLDER`)."
    conditions = ((left_out, len(kept) < len(code)), (no_source, not view.recording.sources))
    notes = tuple(note for note, holds in conditions if holds)
    whole = _whole(view, sum(item.cycles for item in code), None)
    rows = _rows(view, kept)
    return Table("annotate", f"{view.name(function)}, annotated", COLUMNS, rows, whole, notes)


def annotated_block(view: View, block: CodeBlock) -> Table:
    """The same of one block."""
    cycles = block.cycles
    where = f"0x{block.begin:08x} in {view.name(block.function)}"
    share = f"{100 * cycles / (view.recording.cycles or 1):.1f} %"
    title = f"{where}: {block.count:,} times, {cycles:,} cycles ({share})"
    whole = _whole(view, cycles, ratio(cycles, block.count))
    return Table("block", title, COLUMNS, _rows(view, block.instructions), whole)


def _whole(view: View, cycles: int, each: float | None) -> Row:
    return ("", "all", None, "", None, cycles, cycles / (view.recording.cycles or 1), each, "")


def _rows(view: View, code: Sequence[Instruction]) -> tuple[Row, ...]:
    rows: list[Row] = []
    before: tuple[str, int] = ("", 0)
    for item in code:
        place = (item.file, item.line)
        is_new, before = place != before, place
        rows.append(
            (
                place_in_words(item),
                f"{place_in_words(item)} {source_line(view, *place)}".strip() if is_new else "",
                item.address,
                " ".join(item.text.split()),
                item.count,
                item.cycles,
                item.cycles / (view.recording.cycles or 1),
                ratio(item.cycles, item.count),
                stalls_each(item),
            )
        )
    return tuple(rows)


def hottest(code: list[Instruction], most: int | None) -> list[Instruction]:
    """The instructions with most cycles, still in their order."""
    if most is None or most >= len(code):
        return code
    kept = {item.address for item in sorted(code, key=lambda item: -item.cycles)[:most]}
    return [item for item in code if item.address in kept]


def place_in_words(item: Instruction) -> str:
    """``"conv.c:120"``; "" when not known."""
    return f"{PurePosixPath(item.file).name}:{item.line}" if item.line else ""


def stalls_each(item: Instruction) -> str:
    """``"load-use 1.00, flash (data) 0.31"``: stall cycles each time it runs."""
    costs = item.costs.items() if item.count else ()
    stalls = [(label(*key), cycles / item.count) for key, cycles in costs if key[0] != ISSUE]
    stalls.sort(key=lambda stall: -stall[1])
    return ", ".join(f"{cause} {each:.2f}" for cause, each in stalls if each >= SMALL)
