"""What the page draws, as plain data: the flame graph, bars, the roofline, memory, the timeline.

Everything is a share of something, so that the page's boxes are as wide as their percentage, from a
telephone's screen to a wide one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.recording.model import NO_INDEX, MemoryObject
from emulator.reporting.roofline import PEAKS, Roof, roof_of
from emulator.reporting.timeline import Slice, tracks
from emulator.reporting.view import ISSUE, Stack, View, operator_stack, outside_name

MOST_FRAMES = 6000
MOST_SLICES = 1500
"""Of one track; the longest are kept."""
SMALLEST_SHARE = 1 / 20_000
FUNCTIONS_SHOWN = 12
PALETTE = 12
"""Colours of causes in the style sheet, c0 to c11; c0 is issue."""
OUTSIDE = PALETTE
"""The one of what is outside of instructions: c12, hatched."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar. ``share`` of the bar, 0 to 1; ``colour`` of the style sheet."""

    label: str
    value: int
    share: float
    colour: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A named bar of segments. ``share``: of the longest bar."""

    label: str
    value: int
    share: float
    segments: tuple[Segment, ...]
    text: str = ""


def flame(view: View) -> dict[str, Any]:
    """The call tree: names, and frames [parent, name, self cycles, cycles, calls], callers first.

    Frames that no screen could show are left out; their cycles are in those of their callers.
    """
    least = max(1, int(view.recording.cycles * SMALLEST_SHARE))
    names: dict[str, int] = {}
    frames: list[list[int]] = []
    places: dict[int, int] = {NO_INDEX: NO_INDEX}
    for number in view.top_down():
        context, sums = view.contexts[number], view.inclusive[number]
        if sums.cycles < least or context.parent not in places or len(frames) >= MOST_FRAMES:
            continue
        places[number] = len(frames)
        name = names.setdefault(view.context_name(number), len(names))
        frames.append([places[context.parent], name, context.self_cycles, sums.cycles, context.calls])
    return {"total": view.recording.cycles, "names": list(names), "frames": frames}


def colours(view: View) -> dict[str, int]:
    """A colour for each cause, the largest first; issue has the first one always."""
    sums: dict[str, int] = {}
    for figures in view.functions:
        for cause, cycles in figures.stack.items():
            sums[cause] = sums.get(cause, 0) + cycles
    stalls = sorted((cause for cause in sums if cause != ISSUE), key=lambda cause: -sums[cause])
    found = {ISSUE: 0, **{cause: 1 + n % (PALETTE - 1) for n, cause in enumerate(stalls)}}
    return {**found, **{outside_name(cause): OUTSIDE for cause in view.recording.outside}}


def function_bars(view: View, palette: Mapping[str, int]) -> list[Bar]:
    """The CPI stack of each of the hottest functions."""
    shown = [figures for figures in view.functions[:FUNCTIONS_SHOWN] if figures.self_cycles]
    longest = max((figures.self_cycles for figures in shown), default=1)
    return [
        Bar(
            view.name(figures.index),
            figures.self_cycles,
            figures.self_cycles / longest,
            segments(figures.stack, palette),
            f"CPI {figures.self_cycles / figures.instructions:.3f}" if figures.instructions else "",
        )
        for figures in shown
    ]


def operator_bars(view: View, palette: Mapping[str, int]) -> list[Bar]:
    """Each operator's cycles by cause."""
    operators = view.recording.operators
    longest = max((operator.cycles for operator in operators), default=1) or 1
    bars = []
    for operator in operators:
        roof = roof_of(view, operator)
        text = _roof_words(roof) if roof else ""
        stack = operator_stack(operator)
        name = f"{operator.index} {operator.name}"
        bars.append(Bar(name, operator.cycles, operator.cycles / longest, segments(stack, palette), text))
    return bars


def segments(stack: Stack, palette: Mapping[str, int]) -> tuple[Segment, ...]:
    """A stack as parts of a bar, issue first, then the largest."""
    total = sum(stack.values()) or 1
    ordered = sorted(stack.items(), key=lambda item: (item[0] != ISSUE, -item[1]))
    return tuple(Segment(cause, cycles, cycles / total, palette.get(cause, 0)) for cause, cycles in ordered)


# -- roofline --------------------------------------------------------------------------------
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 340.0, 220.0, 34.0, 26.0, 8.0
"""The drawing's size and margins, in its own units."""


@dataclass(frozen=True, slots=True)
class Roofline:
    """A drawing: ``roof`` as points, dots (x, y, label), ticks (position, text) of both axes."""

    roof: str
    dots: tuple[tuple[float, float, str], ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


def roofline(view: View) -> Roofline | None:
    """Both axes logarithmic: MACs a byte, MACs a cycle. None when no operator's MACs and bytes are known."""
    peak = PEAKS.get(view.recording.identity.core)
    roofs = [(operator, roof_of(view, operator)) for operator in view.recording.operators]
    known = [(operator, roof) for operator, roof in roofs if roof is not None and roof.macs_a_byte]
    if peak is None or not known:
        return None
    ridge = peak.macs_a_cycle / peak.bytes_a_cycle
    intensities = [roof.macs_a_byte or ridge for _, roof in known]
    x_from, x_to = _decades(min(*intensities, ridge), max(*intensities, ridge))
    y_from, y_to = _decades(min(roof.macs_a_cycle for _, roof in known), peak.macs_a_cycle * 1.5)

    def x(value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - 8) * (math.log10(value) - x_from) / (x_to - x_from), 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - BOTTOM - TOP) * (1 - (math.log10(value) - y_from) / (y_to - y_from)), 1)

    begin = max(10**x_from, 10**y_from / peak.bytes_a_cycle)
    corners = [(begin, begin * peak.bytes_a_cycle), (ridge, peak.macs_a_cycle), (10**x_to, peak.macs_a_cycle)]
    dots = [
        (
            x(roof.macs_a_byte or ridge),
            y(roof.macs_a_cycle),
            f"{operator.index} {operator.name}: {_roof_words(roof)}",
        )
        for operator, roof in known
    ]
    return Roofline(
        " ".join(f"{x(a)},{y(b)}" for a, b in corners),
        tuple(dots),
        tuple((x(10**n), f"{10**n:g}") for n in range(x_from, x_to + 1)),
        tuple((y(10**n), f"{10**n:g}") for n in range(y_from, y_to + 1)),
    )


def _roof_words(roof: Roof) -> str:
    return f"{roof.macs_a_cycle:.3f} MACs/cycle, {100 * roof.share:.1f} % of roof"


def _decades(least: float, most: float) -> tuple[int, int]:
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    return low, max(high, low + 1)


# -- memory ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Cell:
    """An object in a region's bar: wide as its size, hot as its stalls a byte (0 to 1)."""

    label: str
    share: float
    heat: float


@dataclass(frozen=True, slots=True)
class RegionBar:
    """A region and its objects by address. ``stall_cycles``: of all of them."""

    name: str
    used_bytes: int
    stall_cycles: int
    cells: tuple[Cell, ...]


def memory_map(view: View) -> list[RegionBar]:
    """Regions by address; widths are the square roots of sizes, so that small objects can be seen."""
    regions: dict[str, list[MemoryObject]] = {}
    for item in sorted(view.recording.memory, key=lambda item: item.address):
        regions.setdefault(item.region, []).append(item)
    hottest = max((_heat(item) for item in view.recording.memory), default=0.0) or 1.0
    bars = []
    for name, items in regions.items():
        widths = [math.sqrt(max(item.size_bytes, 1)) for item in items]
        cells = [
            Cell(_memory_label(item), width / sum(widths), (_heat(item) / hottest) ** 0.25)
            for item, width in zip(items, widths, strict=True)
        ]
        stalls = sum(item.data_stall_cycles + item.fetch_stall_cycles for item in items)
        bars.append(RegionBar(name, sum(item.size_bytes for item in items), stalls, tuple(cells)))
    return bars


def _heat(item: MemoryObject) -> float:
    return max(item.loads + item.stores + item.fetches, 0) / max(item.size_bytes, 1)


def _memory_label(item: MemoryObject) -> str:
    stalls = item.data_stall_cycles + item.fetch_stall_cycles
    accesses = item.loads + item.stores + item.fetches
    return (
        f"{item.kind} {item.name} at 0x{item.address:08x}: {item.size_bytes:,} bytes,"
        f" {accesses:,} accesses, {stalls:,} stall cycles"
    )


# -- timeline --------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Lane:
    """A track: boxes (left, width, label), in shares of the window. ``left_out``: too short to show."""

    name: str
    boxes: tuple[tuple[float, float, str], ...]
    left_out: int


def timeline(view: View) -> list[Lane]:
    """The recording's tracks."""
    total = view.recording.cycles or 1
    lanes = []
    for track in tracks(view):
        kept = sorted(track.slices, key=lambda item: item.begin - item.end)[:MOST_SLICES]
        boxes = [
            (item.begin / total, (item.end - item.begin) / total, _slice_label(item))
            for item in sorted(kept, key=lambda item: (item.begin, -item.end))
        ]
        lanes.append(Lane(track.name, tuple(boxes), len(track.slices) - len(kept)))
    return lanes


def _slice_label(item: Slice) -> str:
    length = f", {item.end - item.begin:,} cycles" if item.end > item.begin else ""
    return f"{item.name}: from cycle {item.begin:,}{length}"
