"""The figures of a measurement, by name: what a limit may name and a baseline has a line for.

Headlines: ``cycles``, ``instructions``, ``stack``, ``heap``, ``arena`` (most bytes in use), ``flash`` and
``ram`` (bytes of the image), ``latency:EXCEPTION`` (worst, in cycles). Parts of the cycles, to say where a
change is: ``cause:NAME``, ``function:NAME``, ``operator:INDEX NAME``, ``outside:CAUSE``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.board.model import Board
from emulator.image.model import Image
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


@dataclass(frozen=True, slots=True)
class Figures:
    """What a measurement found.

    ``title``: the window in words. ``values`` by name. ``made_by``: what its cycles depend on besides the
    image, in words: figures of another are not compared. ``band``: of the cycles, as JSON has it.
    ``places``: of functions, where their most expensive line is; relative in the repository.
    """

    title: str
    image: str
    board: str
    made_by: str
    values: Mapping[str, int]
    band: Any = None
    clock_hz: int = 0
    places: Mapping[str, Place] = field(default_factory=dict)


def unit_of(name: str) -> str:
    """What a figure counts."""
    return UNITS.get(name.partition(":")[0], "cycles")


def is_part(name: str) -> bool:
    """Whether it says where cycles are, and is judged only where a limit names it."""
    return name.partition(":")[0] in PARTS


def depends_on_models(name: str) -> bool:
    """Whether another version of the timing models may change it."""
    return unit_of(name) == "cycles"


def figures_of(
    recording: Recording, image: Image | None, board: Board, made_by: str, repository: Path
) -> Figures:
    """All figures of a recording and its image."""
    values = {"cycles": recording.cycles, "instructions": recording.instructions}
    for item in recording.high_water:
        values[item.kind] = max(values.get(item.kind, 0), item.used_bytes)
    for exception in recording.exceptions:
        values[f"latency:{exception.name}"] = exception.worst_latency_cycles
    if image is not None:
        values |= _sizes(image, board)
    names = _function_names(recording)
    values |= _parts(recording, names)
    identity = recording.identity
    return Figures(
        identity.title,
        identity.image,
        identity.board,
        made_by,
        values,
        identity.band,
        identity.clock_hz,
        _places(recording, names, repository),
    )


def _sizes(image: Image, board: Board) -> dict[str, int]:
    """Bytes of flash that the image fills, and of RAM that it lays claim to."""
    flash = [region for region in board.regions if region.kind == "flash"]
    ram = [region for region in board.regions if region.kind != "flash"]
    sizes = {
        "flash": sum(len(s.data) for s in image.segments if any(r.base <= s.address < r.end for r in flash))
    }
    reserved = [part for part in image.reserved if any(r.base <= part.address < r.end for r in ram)]
    if reserved:
        sizes["ram"] = sum(part.size_bytes for part in reserved)
    return sizes


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


def _places(recording: Recording, names: list[str], repository: Path) -> dict[str, Place]:
    """By function, the line that costs most."""
    lines: dict[int, Counter[Place]] = {}
    for item in recording.code:
        if item.line and 0 <= item.function < len(names):
            lines.setdefault(item.function, Counter())[_place(item, repository)] += item.cycles
    return {f"function:{names[index]}": count.most_common(1)[0][0] for index, count in lines.items()}


def _place(item: Instruction, repository: Path) -> Place:
    file = Path(item.file)
    inside = file.is_relative_to(repository)
    return Place(file.relative_to(repository).as_posix() if inside else item.file, item.line)
