"""Two recordings side by side: which functions, operators, lines and causes differ, largest difference first.

Functions are matched by name, since another compiler or level puts them elsewhere, without the tails
that optimizers add (``.isra.0``, ``.constprop.1``); where several have one name, by their file too.
Lines are matched by file and number, files by their name where that is enough.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from emulator.recording.model import NO_INDEX, Function, Identity, Instruction, MemoryObject, Recording
from emulator.reporting.memories import object_name, stall_cycles
from emulator.reporting.questions import DOCUMENT_SCHEMA, UNOFFICIAL, identity_json
from emulator.reporting.table import CHANGE, COUNT, SHARE_CHANGE, Column, Row, Table
from emulator.reporting.view import View, operator_stack, outside_name, stack_of

TAIL = re.compile(
    r"(?:\.(?:isra|constprop|part|cold|lto_priv|llvm|clone|localalias|hot|unlikely)(?:\.\d+)?)+$"
)
"""What GCC and clang append to the names of functions that they split, specialized or kept apart."""
CLONE = re.compile(r"(?: \[clone [^\]]*\])+$")
"""The same, as a demangler writes it."""
MISMATCHES = (("board", "boards"), ("core", "cores"), ("timing", "timings"), ("models", "timing models"))


@dataclass(slots=True)
class Side:
    """What one recording has of a thing."""

    cycles: int = 0
    instructions: int = 0
    stack: dict[str, int] | None = None

    def add(self, cycles: int, instructions: int, stack: Mapping[str, int] | None = None) -> None:
        """Add to it."""
        self.cycles += cycles
        self.instructions += instructions
        if stack:
            self.stack = dict(Counter(self.stack or {}) + Counter(stack))


Sides = dict[Hashable, Side]


def plain_name(name: str) -> str:
    """A function's name without an optimizer's tail."""
    return TAIL.sub("", CLONE.sub("", name))


def distinct_name(function: Function, several: Collection[str]) -> str:
    """The plain name, with the function's file where ``several`` functions have it."""
    name, file = plain_name(function.name), PurePosixPath(function.file).name
    return f"{name} [{file}]" if name in several and file else name


def compare(a: Recording, b: Recording) -> dict[str, Table]:
    """The tables by name: cause, function, line; operator and memory when the recordings have them."""
    pair = View(a), View(b)
    tables = [
        _table("cause", "By cause", pair, _causes),
        _table("function", "By function", pair, _functions(pair)),
        _table("line", "By source line", pair, _lines(pair)),
    ]
    if a.operators or b.operators:
        tables.insert(1, _operators(pair))
    if a.memory and b.memory:
        tables.append(_table("memory", "Stalls by what was accessed", pair, _memory))
    return {table.name: table for table in tables}


def summary(a: Recording, b: Recording, tables: Mapping[str, Table]) -> str:
    """One sentence: how much, where most of it is, and why."""
    difference = b.cycles - a.cycles
    if not difference:
        return f"Both take {a.cycles:,} cycles."
    words = "more" if difference > 0 else "fewer"
    share = f" ({100 * difference / a.cycles:+.2f} %)" if a.cycles else ""
    text = f"B takes {abs(difference):,} cycles {words} than A{share}"
    outside = sum(b.outside.values()) - sum(a.outside.values())
    parts = [f"{outside:+,} outside of instructions"] if outside else []
    for name, preposition in (("function", "in"), ("cause", "of")):
        found = tables[name].rows if name in tables else ()
        rows = [row for row in found if row[3] * difference > 0 and not row[0].startswith("(")]
        if rows:
            top = max(rows, key=lambda row: abs(row[3]))
            parts.append(f"{top[3]:+,} {preposition} {top[0]}")
    return f"{text}: {', '.join(parts)}." if parts else f"{text}."


def warnings(a: Identity, b: Identity) -> list[str]:
    """What else differs between the recordings than the code."""
    return [
        f"different {words}: {getattr(a, name)} and {getattr(b, name)}"
        for name, words in MISMATCHES
        if getattr(a, name) != getattr(b, name)
    ]


def moved(a: Recording, b: Recording) -> list[str]:
    """A sentence for each object that lies in another memory, the largest difference in stalls first."""
    places = [_most_used(recording) for recording in (a, b)]
    found = []
    for key, before in places[0].items():
        after = places[1].get(key)
        if after is not None and after.region != before.region:
            stalls = stall_cycles(after) - stall_cycles(before)
            what = object_name(before)
            found.append(
                (stalls, f"{what} moved from {before.region} to {after.region}: {stalls:+,} stall cycles")
            )
    return [sentence for _, sentence in sorted(found, key=lambda item: -abs(item[0]))]


def _most_used(recording: Recording) -> dict[tuple[str, str], MemoryObject]:
    """Each object's row, of one that lies in several memories the row with the most accesses."""
    rows: dict[tuple[str, str], MemoryObject] = {}
    for item in sorted(recording.memory, key=lambda item: item.loads + item.stores + item.fetches):
        rows[item.kind, item.name] = item
    return rows


def comparison_document(a: Recording, b: Recording, tables: Mapping[str, Table]) -> dict[str, Any]:
    """What ``boardless compare --json`` writes."""
    return {
        "schema": DOCUMENT_SCHEMA,
        "kind": "boardless comparison",
        "note": UNOFFICIAL,
        "a": {**identity_json(a.identity), "cycles": a.cycles, "instructions": a.instructions},
        "b": {**identity_json(b.identity), "cycles": b.cycles, "instructions": b.instructions},
        "summary": summary(a, b, tables),
        "warnings": warnings(a.identity, b.identity),
        "moved": moved(a, b),
        "tables": {name: table.as_json() for name, table in tables.items()},
    }


# -- tables ----------------------------------------------------------------------------------
Pair = tuple[View, View]


def _table(name: str, title: str, pair: Pair, sides: Callable[[View], Sides]) -> Table:
    one, other = sides(pair[0]), sides(pair[1])
    rows = [_row(str(key), one.get(key), other.get(key)) for key in {**one, **other}]
    return _sorted(name, title, pair, rows)


def _sorted(name: str, title: str, pair: Pair, rows: Sequence[Row]) -> Table:
    columns = (
        Column("name", name),
        Column("a_cycles", "A cycles", COUNT, "cycles"),
        Column("b_cycles", "B cycles", COUNT, "cycles"),
        Column("difference", "difference", CHANGE, "cycles"),
        Column("change", "change", SHARE_CHANGE),
        Column("a_instructions", "A instructions", COUNT, is_detail=True),
        Column("b_instructions", "B instructions", COUNT, is_detail=True),
        Column("instructions_difference", "instructions", CHANGE),
        Column("why", "most of it"),
    )
    ordered = sorted(rows, key=lambda row: (-abs(row[3]), -max(row[1] or 0, row[2] or 0), str(row[0])))
    a, b = pair[0].recording, pair[1].recording
    whole = _row("all", Side(a.cycles, a.instructions), Side(b.cycles, b.instructions))
    return Table(name, title, columns, tuple(ordered), whole)


def _row(name: str, one: Side | None, other: Side | None) -> Row:
    a, b = one or Side(), other or Side()
    difference = b.cycles - a.cycles
    return (
        name,
        a.cycles if one else None,
        b.cycles if other else None,
        difference,
        difference / a.cycles if one and other and a.cycles else None,
        a.instructions if one else None,
        b.instructions if other else None,
        b.instructions - a.instructions,
        _why(one, other),
    )


def _why(one: Side | None, other: Side | None) -> str:
    """The causes that changed most, or that one recording has none of it."""
    if one is None or other is None:
        return "only in B" if one is None else "only in A"
    before, after = one.stack or {}, other.stack or {}
    changes = [(cause, after.get(cause, 0) - before.get(cause, 0)) for cause in {**before, **after}]
    changes = sorted((c for c in changes if c[1]), key=lambda change: -abs(change[1]))
    return ", ".join(f"{cause} {cycles:+,}" for cause, cycles in changes[:2])


def _causes(view: View) -> Sides:
    sides: Sides = {}
    for cause, cycles in stack_of(view.recording.code).items():
        sides[cause] = Side(cycles)
    _add_outside(view, sides)
    return sides


def _memory(view: View) -> Sides:
    """Stalls by object, and the cycles that no memory stalled."""
    found: Sides = {}
    for item in view.recording.memory:
        found.setdefault(object_name(item), Side()).add(stall_cycles(item), 0)
    rest = view.recording.cycles - sum(stall_cycles(item) for item in view.recording.memory)
    found["(not stalled by a memory)"] = Side(rest, view.recording.instructions)
    return found


def _functions(pair: Pair) -> Callable[[View], Sides]:
    several = set()
    for view in pair:
        count = Counter(plain_name(view.recording.functions[i].name) for i in _placed(view))
        several |= {name for name, number in count.items() if number > 1}

    def sides(view: View) -> Sides:
        found: Sides = {}
        for figures in view.functions:
            key = _function_key(view, figures.index, several)
            found.setdefault(key, Side()).add(figures.self_cycles, figures.instructions, figures.stack)
        _add_outside(view, found)
        return {key: side for key, side in found.items() if side.cycles or side.instructions}

    return sides


def _placed(view: View) -> list[int]:
    return [index for index in view.code_of if 0 <= index < len(view.recording.functions)]


def _function_key(view: View, index: int, several: set[str]) -> str:
    if not 0 <= index < len(view.recording.functions):
        return view.name(index)
    return distinct_name(view.recording.functions[index], several)


def _add_outside(view: View, found: Sides) -> None:
    recording = view.recording
    for cause, cycles in recording.outside.items():
        waited = recording.waiting_instructions if cause == "waiting" else 0
        found.setdefault(outside_name(cause), Side()).add(cycles, waited)


def _lines(pair: Pair) -> Callable[[View], Sides]:
    """Lines by the file's name, or its path where several files of a recording have that name."""
    files = [{item.file for item in view.recording.code} for view in pair]
    count = [Counter(PurePosixPath(file).name for file in each) for each in files]
    several = {name for each in count for name, number in each.items() if number > 1}

    def sides(view: View) -> Sides:
        lines: dict[str, list[Instruction]] = defaultdict(list)
        for item in view.recording.code:
            name = PurePosixPath(item.file).name
            file = item.file if name in several else name
            lines[f"{file}:{item.line}" if item.line else f"(no line) {_plain_owner(view, item)}"].append(
                item
            )
        found: Sides = {}
        for key, items in lines.items():
            stack = stack_of(items)
            found[key] = Side(sum(stack.values()), sum(item.count for item in items), stack)
        _add_outside(view, found)
        return found

    return sides


def _plain_owner(view: View, item: Instruction) -> str:
    functions = view.recording.functions
    return (
        plain_name(functions[item.function].name)
        if 0 <= item.function < len(functions)
        else view.name(NO_INDEX)
    )


def _operators(pair: Pair) -> Table:
    """Operators in the order of the network: those that both have by name, others alone."""
    a, b = pair[0].recording.operators, pair[1].recording.operators
    matcher = difflib.SequenceMatcher(None, [o.name for o in a], [o.name for o in b], autojunk=False)
    rows: list[Row] = []
    for kind, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if kind == "equal":
            pairs = zip(a[a_from:a_to], b[b_from:b_to], strict=True)
            rows += [
                _row(f"{one.index} {one.name}", _operator(one), _operator(other)) for one, other in pairs
            ]
        else:
            rows += [_row(f"{one.index} {one.name}", _operator(one), None) for one in a[a_from:a_to]]
            rows += [
                _row(f"{other.index} {other.name} (of B)", None, _operator(other)) for other in b[b_from:b_to]
            ]
    rest = [_rest(view.recording) for view in pair]
    rows.append(_row("(not in an operator)", rest[0], rest[1]))
    return _sorted("operator", "By operator", pair, rows)


def _operator(operator: Any) -> Side:
    return Side(operator.cycles, operator.instructions, operator_stack(operator))


def _rest(recording: Recording) -> Side:
    cycles = recording.cycles - sum(operator.cycles for operator in recording.operators)
    return Side(
        cycles, recording.instructions - sum(operator.instructions for operator in recording.operators)
    )


def as_markdown(a: Recording, b: Recording, tables: Mapping[str, Table], rows: int) -> str:
    """A page of Markdown: the sentence, what else differs, the tables."""
    parts = [f"## {summary(a, b, tables)}\n", f"A: `{_title(a)}`\n", f"B: `{_title(b)}`\n", f"{UNOFFICIAL}\n"]
    parts += [f"* {words}" for words in (*warnings(a.identity, b.identity), *moved(a, b))]
    parts += ["", *(table.top(rows).as_markdown() for table in tables.values())]
    return "\n".join(parts)


def _title(recording: Recording) -> str:
    identity = recording.identity
    return f"{identity.title}: {identity.image} on {identity.board}, {recording.cycles:,} cycles".replace(
        "`", "'"
    )
