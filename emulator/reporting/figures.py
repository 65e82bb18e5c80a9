"""The figures of a recording, by name: what a limit may name.

Headlines: ``cycles``, ``instructions``, ``stack``, ``heap``, ``arena`` (most bytes in use),
``latency:EXCEPTION`` (worst, in cycles). Parts of the cycles, to say where a change is: ``cause:NAME``,
``function:NAME``, ``operator:INDEX NAME``, ``outside:CAUSE``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from emulator.recording.model import Instruction, Recording
from emulator.reporting.comparison import distinct_name, plain_name
from emulator.reporting.view import View

LEAST_SHARE = 0.001
"""Functions and causes with a smaller share of the cycles have no line of their own."""
UNITS = {
    "instructions": "instructions",
    **dict.fromkeys(("stack", "heap", "arena", "flash", "ram"), "bytes"),
}
PARTS = ("cause", "function", "operator", "outside")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a source file; ``file`` "" when it is not known."""

    file: str
    line: int


def unit_of(name: str) -> str:
    """What a figure counts."""
    return UNITS.get(name.partition(":")[0], "cycles")


def is_part(name: str) -> bool:
    """Whether it says where cycles are, and is judged only where a limit names it."""
    return name.partition(":")[0] in PARTS


def depends_on_models(name: str) -> bool:
    """Whether another version of the timing models may change it."""
    return unit_of(name) == "cycles"


def recording_figures(recording: Recording) -> dict[str, int]:
    """All of a recording."""
    values = {"cycles": recording.cycles, "instructions": recording.instructions}
    for item in recording.high_water:
        values[item.kind] = max(values.get(item.kind, 0), item.used_bytes)
    for exception in recording.exceptions:
        values[f"latency:{exception.name}"] = exception.worst_latency_cycles
    return values | _parts(recording, _function_names(recording))


def places(recording: Recording, repository: Path) -> dict[str, Place]:
    """By function, the line that costs most; its file relative in ``repository``, when it lies there."""
    names = _function_names(recording)
    lines: dict[int, Counter[Place]] = {}
    for item in recording.code:
        if item.line and 0 <= item.function < len(names):
            lines.setdefault(item.function, Counter())[_place(item, repository)] += item.cycles
    return {f"function:{names[index]}": count.most_common(1)[0][0] for index, count in lines.items()}


def _function_names(recording: Recording) -> list[str]:
    """Names that stay the same from build to build; with the file where several functions have one."""
    count = Counter(plain_name(function.name) for function in recording.functions)
    several = {name for name, number in count.items() if number > 1}
    return [distinct_name(function, several) for function in recording.functions]


def _parts(recording: Recording, names: list[str]) -> dict[str, int]:
    least = recording.cycles * LEAST_SHARE
    parts: Counter[str] = Counter()
    view = View(recording)
    for figures in view.functions:
        if 0 <= figures.index < len(names):
            parts[f"function:{names[figures.index]}"] += figures.self_cycles
    for item in recording.code:
        for (cause, _waited), cycles in item.costs.items():
            parts[f"cause:{cause}"] += cycles
    for operator in recording.operators:
        parts[f"operator:{operator.index} {operator.name}"] = operator.cycles
    for cause, cycles in recording.outside.items():
        parts[f"outside:{cause}"] += cycles
    return {name: cycles for name, cycles in parts.items() if cycles >= least or name.startswith("operator:")}


def _place(item: Instruction, repository: Path) -> Place:
    file = Path(item.file)
    inside = file.is_relative_to(repository)
    return Place(file.relative_to(repository).as_posix() if inside else item.file, item.line)
