"""A function's source and disassembly side by side, with counts, cycles and stalls."""

from __future__ import annotations

from pathlib import PurePosixPath

from emulator.recording.model import Instruction
from emulator.reporting.costs import ratio, source_line
from emulator.reporting.table import ADDRESS, COUNT, RATIO, SHARE, Column, Row, Table
from emulator.reporting.view import ISSUE, View, label

SMALL = 0.005
"""Stalls that two decimals don't show."""


def annotated(view: View, function: int, most: int | None = None) -> Table:
    """One row an instruction, in order of addresses; a line's text stands where the line begins.

    ``most``: only so many instructions, those with most cycles.
    """
    total = view.recording.cycles
    rows: list[Row] = []
    before: tuple[str, int] = ("", 0)
    code = view.code_of.get(function, [])
    kept = hottest(code, most)
    for item in kept:
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
                item.cycles / total if total else 0.0,
                ratio(item.cycles, item.count),
                stalls_each(item),
            )
        )
    columns = (
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
    cycles = sum(item.cycles for item in code)
    whole = ("", "all", None, "", None, cycles, cycles / total if total else 0.0, None, "")
    left_out = f"{len(code) - len(kept):,} instructions with fewer cycles are left out."
    no_source = "The recording holds no source text (`boardless profile --sources FOLDER`)."
    conditions = ((left_out, len(kept) < len(code)), (no_source, not view.recording.sources))
    notes = tuple(note for note, holds in conditions if holds)
    return Table("annotate", f"{view.name(function)}, annotated", columns, tuple(rows), whole, notes)


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
