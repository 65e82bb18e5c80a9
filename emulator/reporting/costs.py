"""Tables of where cycles went: by function, line, instruction, call path and interrupt.

Each is whole: its rows, those for what is outside of instructions among them, sum to the window's
cycles. ``inlined``: an inlined function's instructions are its own, not those of the function that
holds them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from emulator.recording.model import NO_INDEX, Instruction
from emulator.reporting.table import ADDRESS, COUNT, RATIO, SHARE, TEXT, Column, Row, Table
from emulator.reporting.view import FunctionFigures, View, outside_name, stack_of, stalls_in_words

CYCLES = Column("cycles", "cycles", COUNT, "cycles")
SHARE_OF_ALL = Column("share", "share", SHARE)
STALLS = Column("stalls", "stalls, by cycles", TEXT)
CPI = Column("cycles_per_instruction", "CPI", RATIO)
FILE, LINE = Column("file", "file", is_detail=True), Column("line", "line", COUNT, is_detail=True)
PATH_SEPARATOR = " > "


def ratio(cycles: int, instructions: int) -> float | None:
    """Cycles per instruction; None without instructions."""
    return cycles / instructions if instructions else None


def by_function(view: View, *, inlined: bool = False) -> Table:
    """Functions, most self cycles first; with what they call, when the recording has a call tree."""
    total = view.recording.cycles
    columns = (
        Column("function", "function"),
        Column("linkage", "linker's name", is_detail=True),
        FILE,
        LINE,
        Column("address", "address", ADDRESS, is_detail=True),
        CYCLES,
        SHARE_OF_ALL,
        Column("inclusive_cycles", "with callees", COUNT, "cycles"),
        Column("calls", "calls", COUNT),
        Column("instructions", "instructions", COUNT, is_detail=True),
        CPI,
        STALLS,
    )
    rows = [_function_row(view, f, total) for f in (_inlined(view) if inlined else view.functions)]
    rows += [
        (outside_name(cause), "", "", None, None, cycles, _share(cycles, total), None, None, None, None, "")
        for cause, cycles in view.recording.outside.items()
        if cycles
    ]
    rows.sort(key=lambda row: -row[5])
    ends: Row = ("all", "", "", None, None, total, 1.0, None, None, view.recording.instructions)
    whole = (*ends, ratio(total, view.recording.instructions), "")
    words = "inlined functions apart" if inlined else "cycles without what they call"
    return Table("function", f"Functions ({words})", columns, tuple(rows), whole)


def only_functions(table: Table, names: Collection[str]) -> Table:
    """The rows of some functions, without the whole's."""
    rows = tuple(row for row in table.rows if row[0] in names)
    return Table(table.name, table.title, table.columns, rows, None, table.notes)


def _function_row(view: View, figures: FunctionFigures, total: int) -> Row:
    functions = view.recording.functions
    known = functions[figures.index] if 0 <= figures.index < len(functions) else None
    is_placed = known is not None and known.address >= 0
    return (
        view.name(figures.index),
        known.linkage if known else "",
        known.file if known else "",
        known.line or None if known else None,
        known.address if known and is_placed else None,
        figures.self_cycles,
        _share(figures.self_cycles, total),
        figures.inclusive_cycles if view.recording.contexts and is_placed else None,
        figures.calls if view.recording.contexts and is_placed else None,
        figures.instructions,
        ratio(figures.self_cycles, figures.instructions),
        stalls_in_words(figures.stack, figures.self_cycles),
    )


def _inlined(view: View) -> list[FunctionFigures]:
    """As :attr:`View.functions`, each instruction in the innermost function that it was inlined from."""
    found: dict[int, list[Instruction]] = defaultdict(list)
    for item in view.recording.code:
        found[_owner(item)].append(item)
    whole = {figures.index: figures for figures in view.functions}
    result = []
    for index, items in found.items():
        stack = stack_of(items)
        known = whole.get(index, FunctionFigures(index))
        result.append(
            FunctionFigures(
                index,
                sum(stack.values()),
                known.inclusive_cycles,
                known.calls,
                sum(i.count for i in items),
                stack,
            )
        )
    idle = [figures for index, figures in whole.items() if index not in found]
    return [*result, *(FunctionFigures(f.index, 0, f.inclusive_cycles, f.calls) for f in idle)]


LINE_COLUMNS = (
    Column("place", "line"),
    FILE,
    Column("line", "number", COUNT, is_detail=True),
    Column("function", "function"),
    CYCLES,
    SHARE_OF_ALL,
    Column("instructions", "instructions", COUNT, is_detail=True),
    Column("count", "times", COUNT, is_detail=True),
    STALLS,
    Column("source", "source"),
)
"""Of the table of source lines."""


def by_line(view: View, functions: list[int] | None = None) -> Table:
    """Source lines, of some functions or all; instructions whose line nobody knows are a row a function."""
    total = view.recording.cycles
    chosen = [i for i in view.recording.code if functions is None or i.function in functions]
    lines: dict[tuple[str, int, int], list[Instruction]] = defaultdict(list)
    for item in chosen:
        lines[item.file, item.line, item.function if not item.line else NO_INDEX].append(item)
    rows: list[Row] = []
    for (file, line, _), items in lines.items():
        stack = stack_of(items)
        cycles = sum(stack.values())
        name = PurePosixPath(file).name
        rows.append(
            (
                f"{name}:{line}" if line else "(no line)",
                file,
                line or None,
                "; ".join(sorted({view.name(_owner(item)) for item in items})),
                cycles,
                _share(cycles, total),
                sum(item.count for item in items),
                max(item.count for item in items),
                stalls_in_words(stack, cycles),
                source_line(view, file, line),
            )
        )
    outside = {} if functions is not None else view.recording.outside
    rows += [
        (outside_name(cause), "", None, "", cycles, _share(cycles, total), None, None, "", "")
        for cause, cycles in outside.items()
        if cycles
    ]
    rows.sort(key=lambda row: -row[4])
    executed = view.recording.instructions if functions is None else sum(item.count for item in chosen)
    sums = sum(row[4] for row in rows)
    whole = ("all", "", None, "", sums, _share(sums, total), executed, None, "", "")
    return Table("line", "Source lines", LINE_COLUMNS, tuple(rows), whole)


def _owner(item: Instruction) -> int:
    return item.inlined[-1].function if item.inlined else item.function


def source_line(view: View, file: str, line: int) -> str:
    """The text of a line, "" when the recording does not have it."""
    lines = view.source_lines(file)
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def by_instruction(view: View, functions: list[int] | None = None) -> Table:
    """Instructions, most cycles first; of some functions, or all with what is outside of them."""
    total = view.recording.cycles
    chosen = [i for i in view.recording.code if functions is None or i.function in functions]
    rows: list[Row] = [
        (
            item.address,
            " ".join(item.text.split()),
            view.name(item.function),
            item.file,
            item.line or None,
            item.count,
            item.cycles,
            _share(item.cycles, total),
            ratio(item.cycles, item.count),
            stalls_in_words(stack_of((item,)), item.cycles),
        )
        for item in chosen
    ]
    if functions is None:
        rows += [
            (None, outside_name(cause), "", "", None, None, cycles, _share(cycles, total), None, "")
            for cause, cycles in view.recording.outside.items()
            if cycles
        ]
    rows.sort(key=lambda row: (-row[6], row[0] or 0))
    columns = (
        Column("address", "address", ADDRESS),
        Column("text", "instruction"),
        Column("function", "function"),
        FILE,
        LINE,
        Column("count", "times", COUNT),
        CYCLES,
        SHARE_OF_ALL,
        Column("cycles_each", "each", RATIO, "cycles"),
        STALLS,
    )
    sums = total if functions is None else sum(item.cycles for item in chosen)
    ends = (sum(item.count for item in chosen), sums, _share(sums, total), None, "")
    return Table("instruction", "Instructions", columns, tuple(rows), (None, "all", "", "", None, *ends))


def by_path(view: View, functions: list[int] | None = None) -> Table:
    """Call paths, most self cycles first; those that end in some functions, or all."""
    total = view.recording.cycles
    rows: list[Row] = []
    for number in view.top_down():
        if functions is not None and view.contexts[number].function not in functions:
            continue
        context, whole_of = view.contexts[number], view.inclusive[number]
        rows.append(
            (
                PATH_SEPARATOR.join(view.path(number)),
                context.kind,
                context.calls,
                context.self_cycles,
                _share(context.self_cycles, total),
                whole_of.cycles,
                context.self_instructions,
            )
        )
    rows.sort(key=lambda row: -row[3])
    columns = (
        Column("path", "call path"),
        Column("kind", "kind", is_detail=True),
        Column("calls", "calls", COUNT),
        CYCLES,
        SHARE_OF_ALL,
        Column("inclusive_cycles", "with callees", COUNT, "cycles"),
        Column("instructions", "instructions", COUNT, is_detail=True),
    )
    sums = sum(row[3] for row in rows)
    whole = ("all", "", None, sums, _share(sums, total), None, sum(row[6] for row in rows))
    notes = (
        () if view.recording.contexts else ("The recording has no call tree: each function stands alone.",)
    )
    return Table("path", "Call paths", columns, tuple(rows), whole, notes)


def by_interrupt(view: View) -> Table:
    """Exceptions: how often, how long, how late. Handlers' cycles, and those of everything else."""
    total = view.recording.cycles
    rows: list[Row] = []
    for item in sorted(view.recording.exceptions, key=lambda item: (-item.cycles, item.number)):
        before = sorted(item.preempted.items(), key=lambda pair: -pair[1])
        rows.append(
            (
                item.name,
                item.number,
                item.count,
                item.cycles,
                _share(item.cycles, total),
                item.worst_cycles,
                item.worst_latency_cycles,
                item.worst_latency_cycles - item.best_latency_cycles,
                ", ".join(f"{name} {count:,}" for name, count in before[:3]),
            )
        )
    rest = total - sum(item.cycles for item in view.recording.exceptions)
    rows.append(("(not in a handler)", None, None, rest, _share(rest, total), None, None, None, ""))
    columns = (
        Column("exception", "exception"),
        Column("number", "number", COUNT),
        Column("count", "times", COUNT),
        CYCLES,
        SHARE_OF_ALL,
        Column("worst_cycles", "longest", COUNT, "cycles"),
        Column("worst_latency_cycles", "latency", COUNT, "cycles"),
        Column("jitter_cycles", "jitter", COUNT, "cycles"),
        Column("preempted", "preempted"),
    )
    notes = ("latency: worst, from pending to the handler's first instruction; jitter: worst less best.",)
    whole = ("all", None, sum(i.count for i in view.recording.exceptions), total, 1.0, None, None, None, "")
    return Table("interrupt", "Interrupts and other exceptions", columns, tuple(rows), whole, notes)


def neighbours(view: View, functions: list[int], *, callers: bool) -> Table:
    """Who calls these functions, or whom they call, by place of the call; cycles with callees."""
    total = view.recording.cycles
    rows: list[Row] = []
    for arc in view.arcs:
        if (arc.callee if callers else arc.caller) not in functions:
            continue
        known = view.instruction_at(arc.call_site)
        where = f"{PurePosixPath(known.file).name}:{known.line}" if known and known.line else ""
        rows.append(
            (
                view.name(arc.caller) if arc.caller != NO_INDEX else "(root)",
                view.name(arc.callee),
                arc.call_site if arc.call_site >= 0 else None,
                where,
                arc.calls,
                arc.inclusive_cycles,
                _share(arc.inclusive_cycles, total),
            )
        )
    rows.sort(key=lambda row: -row[5])
    columns = (
        Column("caller", "caller"),
        Column("callee", "callee"),
        Column("call_site", "called at", ADDRESS),
        Column("place", "line"),
        Column("calls", "calls", COUNT),
        Column("inclusive_cycles", "with callees", COUNT, "cycles"),
        SHARE_OF_ALL,
    )
    words = "Callers of" if callers else "Callees of"
    name = "callers" if callers else "callees"
    return Table(name, f"{words} {view.names_of(functions)}", columns, tuple(rows))


def tree(view: View, least_share: float = 0.0) -> Table:
    """The call tree, indented; branches below ``least_share`` of the window are left out with a note."""
    total = view.recording.cycles
    rows, left_out = [], 0
    for number, depth in _depths(view):
        context, sums = view.contexts[number], view.inclusive[number]
        if sums.cycles < least_share * total:
            left_out += 1
            continue
        rows.append(
            (
                "  " * depth + view.context_name(number),
                depth,
                context.calls,
                sums.cycles,
                _share(sums.cycles, total),
                context.self_cycles,
            )
        )
    columns = (
        Column("function", "function"),
        Column("depth", "depth", COUNT, is_detail=True),
        Column("calls", "calls", COUNT),
        Column("inclusive_cycles", "with callees", COUNT, "cycles"),
        SHARE_OF_ALL,
        Column("cycles", "self", COUNT, "cycles"),
    )
    notes = (f"{left_out:,} branches below {100 * least_share:g} % are left out.",) if left_out else ()
    return Table("tree", "Call tree", columns, tuple(rows), None, notes)


def _depths(view: View) -> Iterator[tuple[int, int]]:
    depth: dict[int, int] = {NO_INDEX: -1}
    waiting = sorted(view.children[NO_INDEX], key=lambda n: view.inclusive[n].cycles)
    while waiting:
        number = waiting.pop()
        depth[number] = depth[view.contexts[number].parent] + 1
        yield number, depth[number]
        below = view.children.get(number, ())
        waiting.extend(sorted(below, key=lambda n: view.inclusive[n].cycles))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
