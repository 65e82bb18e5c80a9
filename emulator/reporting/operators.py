"""A network's operators: one row a call, the rest of the window, totals per kind."""

from __future__ import annotations

from collections import defaultdict

from emulator.recording.model import NO_INDEX, Operator
from emulator.reporting.costs import CYCLES, SHARE_OF_ALL, STALLS, ratio
from emulator.reporting.roofline import PEAKS, moved_bytes, roof_of
from emulator.reporting.table import BYTES, COUNT, RATIO, SHARE, Column, Row, Table
from emulator.reporting.view import View, operator_stack, stalls_in_words

COLUMNS = (
    Column("index", "#", COUNT, is_detail=True),
    Column("name", "name", is_detail=True),
    Column("operator", "operator"),
    Column("shape", "shape"),
    Column("instructions", "instructions", COUNT, is_detail=True),
    CYCLES,
    SHARE_OF_ALL,
    Column("macs", "MACs", COUNT),
    Column("macs_per_cycle", "MACs/cycle", RATIO),
    Column("roof_share", "of roof", SHARE),
    Column("macs_per_byte", "MACs/byte", RATIO, is_detail=True),
    Column("moved_bytes", "bytes moved", BYTES, "bytes", is_detail=True),
    Column("moved", "moved, by memory", is_detail=True),
    Column("function", "top function"),
    STALLS,
)
"""Of the table of operators."""


def by_operator(view: View) -> Table:
    """Operators in their order, and the rest of the window."""
    recording = view.recording
    total = recording.cycles
    rows: list[Row] = [_row(view, operator, total) for operator in recording.operators]
    rest_cycles = total - sum(operator.cycles for operator in recording.operators)
    rest = recording.instructions - sum(operator.instructions for operator in recording.operators)
    share = rest_cycles / total if total else 0.0
    rows.append(
        (
            None,
            "",
            "(not in an operator)",
            "",
            rest,
            rest_cycles,
            share,
            None,
            None,
            None,
            None,
            None,
            "",
            "",
            "",
        )
    )
    macs = sum(max(operator.macs, 0) for operator in recording.operators)
    average = macs / total if macs and total else None
    whole = (
        None, "", "all", "", recording.instructions, total, 1.0, macs or None, average,
        None, None, None, "", "", "",
    )  # fmt: skip
    return Table("operator", "Operators, in order", COLUMNS, tuple(rows), whole, _roof_notes(view))


def _roof_notes(view: View) -> tuple[str, ...]:
    peak = PEAKS.get(view.recording.identity.core)
    if peak is None or not any(operator.macs > 0 for operator in view.recording.operators):
        return ()
    core = view.recording.identity.core
    return (
        f"roof: {peak.macs_a_cycle:g} MACs a cycle on {core} ({peak.instructions}),"
        f" or what its memories bring if that is less, each tensor once ({peak.source}).",
    )


def _row(view: View, operator: Operator, total: int) -> Row:
    stack = operator_stack(operator)
    roof = roof_of(view, operator)
    moved = moved_bytes(view, operator)
    return (
        operator.index,
        operator.name,
        f"{operator.index} {operator.name}",
        shape_in_words(operator),
        operator.instructions,
        operator.cycles,
        operator.cycles / total if total else 0.0,
        operator.macs if operator.macs >= 0 else None,
        roof.macs_a_cycle if roof else None,
        roof.share if roof else None,
        roof.macs_a_byte if roof else None,
        sum(moved.values()) or None,
        ", ".join(f"{memory} {count:,}" for memory, count in moved.items()),
        top_function(view, operator),
        stalls_in_words(stack, operator.cycles, 2),
    )


def shape_in_words(operator: Operator) -> str:
    """``"1x49x10x1 > 1x25x5x64"``."""
    return " > ".join(part for part in (", ".join(operator.inputs), ", ".join(operator.outputs)) if part)


def top_function(view: View, operator: Operator) -> str:
    """The function in which most of an operator's cycles went, callees apart."""
    cycles: dict[int, int] = defaultdict(int)
    for (function, _cause, _who), cost in operator.costs.items():
        cycles[function] += cost
    if not cycles:
        return view.name(operator.function) if operator.function != NO_INDEX else ""
    return view.name(max(cycles, key=lambda index: (cycles[index], -index)))


def has_kinds(view: View) -> bool:
    """Whether any kind of operator ran more than once: else totals per kind tell nothing new."""
    names = [operator.name for operator in view.recording.operators]
    return len(set(names)) < len(names)


def by_kind(view: View) -> Table:
    """Totals per kind of operator."""
    recording = view.recording
    total = recording.cycles
    kinds: dict[str, list[Operator]] = defaultdict(list)
    for operator in recording.operators:
        kinds[operator.name].append(operator)
    rows: list[Row] = []
    for name, operators in kinds.items():
        cycles = sum(operator.cycles for operator in operators)
        instructions = sum(operator.instructions for operator in operators)
        macs = sum(max(operator.macs, 0) for operator in operators)
        per_cycle = macs / cycles if macs and cycles else None
        share = cycles / total if total else 0.0
        rows.append(
            (name, len(operators), cycles, share, ratio(cycles, instructions), macs or None, per_cycle)
        )
    rows.sort(key=lambda row: -row[2])
    rest = total - sum(row[2] for row in rows)
    rows.append(("(not in an operator)", None, rest, rest / total if total else 0.0, None, None, None))
    columns = (
        Column("operator", "operator"),
        Column("count", "times", COUNT),
        CYCLES,
        SHARE_OF_ALL,
        Column("cycles_per_instruction", "CPI", RATIO),
        Column("macs", "MACs", COUNT),
        Column("macs_per_cycle", "MACs/cycle", RATIO),
    )
    whole = ("all", len(recording.operators), total, 1.0, None, None, None)
    return Table("operator kind", "Operators by kind", columns, tuple(rows), whole)
