"""What happened when: tracks of slices and moments, and values over time, in cycles of the window.

Marks come in the recording's order of time. The call tree has no time; its slices lie side by side
in the order of their cost, as a flame graph does, on a track that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.recording.model import NO_INDEX, Mark
from emulator.reporting.roofline import roof_of
from emulator.reporting.view import View

CALL_PATHS = "call paths, summed (widths are cycles; not in order of time)"
OPERATORS = "operators"
BEGIN, END, MOMENT = "begin", "end", "moment"


@dataclass(frozen=True, slots=True)
class Slice:
    """From ``begin`` to ``end``, in cycles; a moment has both alike. ``facts``: plain data."""

    name: str
    begin: int
    end: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Track:
    """Slices that nest or follow each other, by begin, the outer first."""

    name: str
    slices: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class Counter:
    """(cycle, value) from there on, until the next."""

    name: str
    unit: str
    values: tuple[tuple[int, float], ...]


def tracks(view: View) -> list[Track]:
    """The recording's marks by track, operators first; tracks whose slices overlap are split."""
    groups: dict[str, list[Slice]] = {}
    recording = view.recording
    if recording.operators and not any(mark.kind == "operator" for mark in recording.marks):
        groups[OPERATORS] = [
            Slice(
                f"{operator.index} {operator.name}",
                operator.begin_cycles,
                operator.begin_cycles + operator.cycles,
                {"cycles": operator.cycles, "instructions": operator.instructions, "MACs": operator.macs},
            )
            for operator in recording.operators
        ]
    for mark in recording.marks:
        groups.setdefault(mark.track or mark.kind, []).append(_slice(mark))
    found = []
    for name, slices in groups.items():
        for number, lane in enumerate(_lanes(slices)):
            found.append(Track(name if not number else f"{name} ({number + 1})", tuple(lane)))
    return found


def _slice(mark: Mark) -> Slice:
    return Slice(
        mark.name,
        mark.begin_cycles,
        max(mark.end_cycles, mark.begin_cycles),
        {"kind": mark.kind, **mark.facts},
    )


def _lanes(slices: list[Slice]) -> list[list[Slice]]:
    """Slices in lanes where each two nest or follow each other."""
    lanes: list[tuple[list[Slice], list[int]]] = []
    for item in sorted(slices, key=lambda item: (item.begin, -item.end)):
        lane = next((lane for lane in lanes if _fits(lane[1], item)), None)
        if lane is None:
            lane = ([], [])
            lanes.append(lane)
        lane[0].append(item)
        lane[1].append(item.end)
    return [slices for slices, _ in lanes]


def _fits(ends: list[int], item: Slice) -> bool:
    """Whether a slice nests in what is open, or follows it; ``ends`` of open slices, innermost last."""
    while ends and ends[-1] <= item.begin:
        ends.pop()
    return not ends or item.end <= ends[-1]


def events(track: Track) -> Iterator[tuple[int, str, Slice]]:
    """(cycle, :data:`BEGIN`, :data:`END` or :data:`MOMENT`, slice) in order; inner slices end first."""
    open_slices: list[Slice] = []
    for item in track.slices:
        while open_slices and open_slices[-1].end <= item.begin:
            yield open_slices[-1].end, END, open_slices.pop()
        if item.begin == item.end:
            yield item.begin, MOMENT, item
            continue
        yield item.begin, BEGIN, item
        open_slices.append(item)
    while open_slices:
        yield open_slices[-1].end, END, open_slices.pop()


def call_paths(view: View) -> Track:
    """The call tree as slices: each as wide as its cycles with callees, callees below from its begin on."""
    begins: dict[int, int] = {NO_INDEX: 0}
    used: dict[int, int] = {}
    slices = []
    waiting = sorted(view.children[NO_INDEX], key=lambda n: view.inclusive[n].cycles)
    while waiting:
        number = waiting.pop()
        context, sums = view.contexts[number], view.inclusive[number]
        begin = begins[context.parent] + used.get(context.parent, 0)
        used[context.parent] = used.get(context.parent, 0) + sums.cycles
        begins[number] = begin
        facts = {"self cycles": context.self_cycles, "cycles": sums.cycles, "calls": context.calls}
        slices.append(Slice(view.context_name(number), begin, begin + sums.cycles, facts))
        waiting.extend(sorted(view.children.get(number, ()), key=lambda n: view.inclusive[n].cycles))
    return Track(CALL_PATHS, tuple(slices))


def counters(view: View) -> list[Counter]:
    """Values over time: of operators, and of marks of the kind "counter"."""
    found: list[Counter] = []
    operators = sorted(view.recording.operators, key=lambda item: item.begin_cycles)
    if operators:
        rates, mac_rates = [], []
        for item in operators:
            end = item.begin_cycles + item.cycles
            rates += [
                (item.begin_cycles, item.cycles / item.instructions if item.instructions else 0.0),
                (end, 0.0),
            ]
            roof = roof_of(view, item)
            mac_rates += [(item.begin_cycles, roof.macs_a_cycle if roof else 0.0), (end, 0.0)]
        found.append(Counter("cycles per instruction", "CPI", tuple(rates)))
        if any(rate for _, rate in mac_rates):
            found.append(Counter("MACs per cycle", "MACs/cycle", tuple(mac_rates)))
    values: dict[str, list[tuple[int, float]]] = {}
    for mark in view.recording.marks:
        if mark.kind == "counter" and isinstance(mark.facts.get("value"), int | float):
            values.setdefault(mark.name, []).append((mark.begin_cycles, float(mark.facts["value"])))
    return [*found, *(Counter(name, "", tuple(sorted(series))) for name, series in values.items())]
