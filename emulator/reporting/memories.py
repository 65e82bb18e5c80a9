"""Memory: what each region and object was accessed for and stalled, high-water marks, caches."""

from __future__ import annotations

from collections import defaultdict

from emulator.recording.model import NO_INDEX, MemoryObject
from emulator.reporting.costs import PATH_SEPARATOR
from emulator.reporting.table import ADDRESS, BYTES, COUNT, SHARE, Column, Row, Table
from emulator.reporting.view import View

FIGURES = (
    Column("loads", "loads", COUNT),
    Column("stores", "stores", COUNT),
    Column("fetches", "fetches", COUNT, is_detail=True),
    Column("data_stall_cycles", "data stalls", COUNT, "cycles"),
    Column("fetch_stall_cycles", "fetch stalls", COUNT, "cycles"),
    Column("misses", "misses", COUNT),
    Column("share", "share", SHARE),
)


def by_memory(view: View) -> Table:
    """Objects, most stalls first; the last row is the window's cycles that no memory stalled."""
    objects = view.recording.memory
    rows: list[Row] = [
        (
            item.region,
            item.kind,
            item.name,
            object_name(item),
            item.address,
            item.size_bytes,
            *_figures(view, [item]),
        )
        for item in sorted(objects, key=lambda item: (-stall_cycles(item), item.address))
    ]
    rows.append(("", "", "", "(not stalled by a memory)", None, None, *_unstalled(view)))
    columns = (
        Column("region", "region"),
        Column("kind", "kind", is_detail=True),
        Column("name", "name", is_detail=True),
        Column("object", "object"),
        Column("address", "address", ADDRESS),
        Column("size_bytes", "size", BYTES, "bytes", is_detail=True),
        *FIGURES,
    )
    return Table(
        "memory",
        "Memory, by object: accesses, and the cycles that they stalled",
        columns,
        tuple(rows),
        ("", "", "", "all", None, None, *_figures(view, objects)[:-1], 1.0),
        ("share: stalls of the window's cycles.",),
    )


def object_name(item: MemoryObject) -> str:
    """``"weights layer_7_weights"``; an object that is called as its kind is named once."""
    return " ".join(dict.fromkeys((item.kind, item.name)))


def by_region(view: View) -> Table:
    """The same by region."""
    regions: dict[str, list[MemoryObject]] = defaultdict(list)
    for item in view.recording.memory:
        regions[item.region].append(item)
    rows: list[Row] = [(region, *_figures(view, items)) for region, items in regions.items()]
    rows.sort(key=lambda row: -(row[4] + row[5]))
    rows.append(("(not stalled by a memory)", *_unstalled(view)))
    whole = ("all", *_figures(view, view.recording.memory)[:-1], 1.0)
    return Table("region", "Memory, by region", (Column("region", "region"), *FIGURES), tuple(rows), whole)


def stall_cycles(item: MemoryObject) -> int:
    """Cycles that its accesses and fetches stalled."""
    return item.data_stall_cycles + item.fetch_stall_cycles


def _unstalled(view: View) -> Row:
    """The window's cycles without the memories' stalls, as a share; their own columns stay empty."""
    total = view.recording.cycles
    rest = total - sum(stall_cycles(item) for item in view.recording.memory)
    return (None, None, None, None, None, None, rest / total if total else 0.0)


def _figures(view: View, items: list[MemoryObject] | tuple[MemoryObject, ...]) -> Row:
    total = view.recording.cycles
    stalls = sum(stall_cycles(item) for item in items)
    return (
        sum(item.loads for item in items),
        sum(item.stores for item in items),
        sum(item.fetches for item in items),
        sum(item.data_stall_cycles for item in items),
        sum(item.fetch_stall_cycles for item in items),
        sum(item.misses for item in items),
        stalls / total if total else 0.0,
    )


def high_water(view: View) -> Table:
    """The most that was in use of stacks, heaps and arenas, and where the program was then."""
    rows: list[Row] = []
    for item in view.recording.high_water:
        known = item.context != NO_INDEX and item.context < len(view.recording.contexts)
        rows.append(
            (
                item.kind,
                item.name,
                item.used_bytes,
                item.size_bytes if item.size_bytes > 0 else None,
                item.used_bytes / item.size_bytes if item.size_bytes > 0 else None,
                item.at_cycles if item.at_cycles >= 0 else None,
                PATH_SEPARATOR.join(view.path(item.context)) if known else "",
            )
        )
    columns = (
        Column("kind", "kind"),
        Column("name", "name"),
        Column("used_bytes", "most used", BYTES, "bytes"),
        Column("size_bytes", "size", BYTES, "bytes"),
        Column("share", "share", SHARE),
        Column("at_cycles", "at cycle", COUNT, "cycles"),
        Column("path", "call path at the peak"),
    )
    return Table("high water", "High-water marks", columns, tuple(rows))


def caches(view: View) -> Table:
    """Hits and misses."""
    rows: list[Row] = [
        (item.name, item.hits, item.misses, item.hits / (item.hits + item.misses or 1))
        for item in view.recording.caches
    ]
    columns = (
        Column("cache", "cache"),
        Column("hits", "hits", COUNT),
        Column("misses", "misses", COUNT),
        Column("share", "hit rate", SHARE),
    )
    return Table("cache", "Caches", columns, tuple(rows))
