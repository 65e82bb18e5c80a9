"""Limits of a test: what its firmware may take, held against what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from emulator.errors import UsageError
from emulator.recording.model import NO_INDEX, HighWater, Recording
from emulator.reporting.figures import PARTS, Place, is_part, places, recording_figures, unit_of
from emulator.reporting.questions import UNOFFICIAL
from emulator.reporting.view import View, outside_name

HEADLINES = ("cycles", "instructions", "stack", "heap", "arena")
KINDS = ("latency", *PARTS)
PLACES_SHOWN = 3


def read_limits(words: Mapping[str, object]) -> dict[str, int]:
    """By figure, from a marker's: ``cycles=50_000, latency={"SysTick": 40}``. Raises UsageError."""
    limits: dict[str, int] = {}
    for name, value in words.items():
        if name in HEADLINES and _is_count(value):
            limits[name] = int(str(value))
        elif name in KINDS and isinstance(value, Mapping) and all(map(_is_count, value.values())):
            limits |= {f"{name}:{one}": most for one, most in value.items()}
        else:
            raise UsageError(
                f"{name}={value!r} is no limit",
                where="boardless_limits",
                next_step=f"{', '.join(HEADLINES)} are counts; {', '.join(KINDS)} are like"
                ' latency={"SysTick": 40}',
            )
    return limits


def judge(recording: Recording, limits: Mapping[str, int], root: Path) -> str:
    """What is over its limit, and where; "" when nothing is. Raises UsageError for an unknown figure."""
    figures = recording_figures(recording)
    lines: list[str] = []
    for name, limit in limits.items():
        if name not in figures and not is_part(name):
            raise UsageError(
                f"there is no {name} in what the test did",
                where="boardless_limits",
                next_step=f"there are: {', '.join(n for n in figures if not is_part(n))}",
            )
        found = figures.get(name, 0)  # a part that did not happen took nothing
        if found > limit:
            unit = unit_of(name)
            words = f"{name} {found:,}" + ("" if unit == name else f" {unit}")
            lines.append(f"{words}, over the limit of {limit:,} by {found - limit:,}")
            lines += [f"  {line}" for line in _where(recording, name, figures, root)]
    return "\n".join((*lines, UNOFFICIAL)) if lines else ""


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _where(recording: Recording, name: str, figures: Mapping[str, int], root: Path) -> list[str]:
    lines = places(recording, root)
    if name in ("stack", "heap", "arena"):
        highest = max((w for w in recording.high_water if w.kind == name), key=lambda w: w.used_bytes)
        return _high_water(recording, highest)
    if name.startswith("latency:"):
        rows = [row for row in recording.exceptions if f"latency:{row.name}" == name]
        return [f"{r.count:,} times, in {r.best_latency_cycles:,} cycles at best" for r in rows]
    if name.startswith("function:"):
        return [f"at {lines[name].file}:{lines[name].line}"] if name in lines else []
    places_of_cycles = sorted(
        ((cycles, part) for part, cycles in figures.items() if part.startswith(("function:", "outside:"))),
        reverse=True,
    )
    return [_part_words(part, cycles, lines) for cycles, part in places_of_cycles[:PLACES_SHOWN]]


def _part_words(part: str, cycles: int, lines: Mapping[str, Place]) -> str:
    kind, _, name = part.partition(":")
    if kind == "outside":
        return f"{cycles:,} cycles {outside_name(name)}"
    place = f" ({lines[part].file}:{lines[part].line})" if part in lines else ""
    return f"{cycles:,} cycles in {name}{place}"


def _high_water(recording: Recording, highest: HighWater) -> list[str]:
    path = [] if highest.context == NO_INDEX else View(recording).path(highest.context)
    called = f", deepest in {' > '.join(path)}" if path else ""
    return [f"{highest.name}{called}"]
