"""Makes the page: tables and charts of one recording, and a comparison when there are two."""

from __future__ import annotations

from typing import Any

import jinja2
from markupsafe import Markup

from emulator.reporting.annotation import annotated
from emulator.reporting.causes import by_cause
from emulator.reporting.comparison import compare, moved, summary, warnings
from emulator.reporting.costs import by_function, by_interrupt, by_line
from emulator.reporting.loops import FoundLoop, find_loops, hottest_loops
from emulator.reporting.memories import by_memory, by_region, caches, high_water
from emulator.reporting.operators import by_kind, by_operator
from emulator.reporting.page import charts
from emulator.reporting.questions import UNOFFICIAL
from emulator.reporting.table import Table
from emulator.reporting.trust import trust_in_words
from emulator.reporting.view import View, outside_name

ROWS = 40
"""Of a table; more are in JSON and CSV."""
LOOPS = 4
FUNCTIONS_ANNOTATED = 3


def page(view: View, before: View | None = None) -> str:
    """The HTML text. ``before``: what it is compared with."""
    loader = jinja2.PackageLoader("emulator.reporting", "page")
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    style, script = (Markup(loader.get_source(environment, name)[0]) for name in ("page.css", "page.js"))
    palette = charts.colours(view)
    recording = view.recording
    return environment.get_template("page.html").render(
        title=f"{recording.identity.title}: {recording.identity.image}",
        unofficial=UNOFFICIAL,
        style=style,
        script=script,
        facts=_facts(view),
        cause_segments=charts.segments(_whole_stack(view), palette),
        palette=palette,
        flame=charts.flame(view),
        functions=charts.function_bars(view, palette),
        operators=charts.operator_bars(view, palette),
        roofline=charts.roofline(view),
        size=(charts.WIDTH, charts.HEIGHT, charts.LEFT, charts.BOTTOM),
        memory=charts.memory_map(view),
        marks=_high_water_bars(view),
        lanes=charts.timeline(view),
        tables=_tables(view),
        loops=_loops(view),
        comparison=_comparison(before, view) if before is not None else None,
    )


def _whole_stack(view: View) -> dict[str, int]:
    stack: dict[str, int] = {}
    for figures in view.functions:
        for cause, cycles in figures.stack.items():
            stack[cause] = stack.get(cause, 0) + cycles
    outside = {outside_name(cause): cycles for cause, cycles in view.recording.outside.items() if cycles}
    return {**stack, **outside}


def _facts(view: View) -> list[tuple[str, str]]:
    """The summary, as (what, value)."""
    recording, identity = view.recording, view.recording.identity
    facts = [("cycles", f"{recording.cycles:,}"), ("error band", trust_in_words(identity))]
    if identity.clock_hz:
        facts.append(("time", _time(view)))
        facts.append(("clock", f"{identity.clock_hz / 1e6:g} MHz"))
    if recording.instructions:
        facts.append(("instructions", f"{recording.instructions:,}"))
        facts.append(("CPI", f"{recording.cycles / recording.instructions:.3f}"))
    facts += [
        ("board", identity.board),
        ("core", identity.core),
        ("timing", identity.timing),
        ("image", identity.image),
        ("SHA-256", identity.image_sha256),
        ("made by", f"boardless {identity.boardless}, timing models {identity.models}"),
    ]
    return facts


def _time(view: View) -> str:
    """``"52.757 ms, 52.018 to 53.496"``: with the band, if it has a figure."""
    identity = view.recording.identity
    milliseconds = 1e3 * view.recording.cycles / identity.clock_hz
    fraction = identity.band.get("fraction") if isinstance(identity.band, dict) else None
    if not isinstance(fraction, int | float):
        return f"{milliseconds:,.3f} ms"
    low, high = milliseconds * (1 - fraction), milliseconds * (1 + fraction)
    return f"{milliseconds:,.3f} ms, {low:,.3f} to {high:,.3f}"


def _tables(view: View) -> dict[str, Table]:
    """By the section's name; those without rows are left out."""
    tables = {
        "causes": by_cause(view),
        "functions": by_function(view),
        "lines": by_line(view),
        "operators": by_operator(view) if view.recording.operators else None,
        "kinds": by_kind(view) if view.recording.operators else None,
        "regions": by_region(view) if view.recording.memory else None,
        "objects": by_memory(view) if view.recording.memory else None,
        "high_water": high_water(view),
        "caches": caches(view),
        "interrupts": by_interrupt(view) if view.recording.exceptions else None,
        "loops": hottest_loops(view),
    }
    return {
        name: table.brief().top(ROWS) for name, table in tables.items() if table is not None and len(table)
    }


def _loops(view: View) -> list[Table]:
    """The hottest loops, annotated; of a recording without loops, the hottest functions."""
    found = find_loops(view)[:LOOPS]
    if found:
        return [_annotated_loop(view, loop) for loop in found]
    hottest = [figures.index for figures in view.functions if figures.self_cycles][:FUNCTIONS_ANNOTATED]
    return [annotated(view, index).brief().top(ROWS) for index in hottest]


def _annotated_loop(view: View, loop: FoundLoop) -> Table:
    whole = annotated(view, loop.function)
    addresses = whole.column("address")
    pairs = zip(whole.rows, addresses, strict=True)
    rows = [row for row, address in pairs if address in loop.loop.addresses]
    title = f"Loop at 0x{loop.loop.header:08x} in {view.name(loop.function)}: {loop.turns:,} turns"
    return Table("loop", title, whole.columns, tuple(rows)).brief().top(ROWS)


def _high_water_bars(view: View) -> list[tuple[str, float, str]]:
    """(name, share used, words) of each stack, heap and arena whose size is known."""
    return [
        (
            f"{item.kind} {item.name}",
            min(item.used_bytes / item.size_bytes, 1.0),
            f"{item.used_bytes:,} of {item.size_bytes:,} bytes",
        )
        for item in view.recording.high_water
        if item.size_bytes > 0
    ]


def _comparison(before: View, after: View) -> dict[str, Any]:
    tables = compare(before.recording, after.recording)
    identities = [view.recording.identity for view in (before, after)]
    return {
        "summary": summary(before.recording, after.recording, tables),
        "sides": [
            (letter, f"{identity.title}: {identity.image} on {identity.board}")
            for letter, identity in zip("AB", identities, strict=True)
        ],
        "warnings": [*warnings(*identities), *moved(before.recording, after.recording)],
        "tables": [table.brief().top(ROWS) for table in tables.values()],
    }
