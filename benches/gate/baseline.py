"""The baseline: figures as text that a review can read, sorted, one value a line.

kws.made_by = nucleo-l4r5zi, memory, models 834bff708251, board 1f0c2d3e4f5a
kws.cycles = 6300123
kws.function:depthwise_3x3 = 2400567
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benches.gate.figures import Figures
from emulator.errors import UsageError
from emulator.files import OutputFile, read_text

HEAD = (
    "# What `boardless check` compares with; `boardless check --update` writes it.",
    "# Simulated and unofficial: modelled figures, not measured on a board.",
)
MADE_BY = "made_by"
BETWEEN = " = "


@dataclass(frozen=True, slots=True)
class Before:
    """A measurement's figures as they were."""

    made_by: str
    values: Mapping[str, int]


def read_baseline(file: Path) -> dict[str, Before]:
    """By measurement. Raises UsageError that names the line; a file that is not there has none."""
    if not file.exists():
        return {}
    made_by: dict[str, str] = {}
    values: dict[str, dict[str, int]] = {}
    for number, line in enumerate(read_text(file, what="baseline").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        key, between, value = line.rpartition(BETWEEN)
        name, dot, figure = key.partition(".")
        problem = "" if between and dot and name and figure else "this is not `measurement.figure = value`"
        if figure == MADE_BY:
            made_by[name] = value.strip()
        elif not problem and not value.strip().isdecimal():
            problem = f"{value.strip()!r} is not a count"
        if problem:
            raise UsageError(
                problem,
                where=f"{file}, line {number}",
                next_step="mend the line, or write all anew with --update",
            )
        if figure != MADE_BY:
            values.setdefault(name, {})[figure] = int(value)
    return {name: Before(made_by.get(name, ""), found) for name, found in values.items()}


def write_baseline(
    output: OutputFile, found: Mapping[str, Figures], kept: Mapping[str, Before], order: Sequence[str]
) -> None:
    """Write the figures; of measurements in ``order`` that found none, what was there stays.

    ``order``: the measurements that there are. Raises UsageError when the file can't be written.
    """
    lines: list[str] = []
    for name in sorted(order):
        if name in found:
            made_by, values = found[name].made_by, found[name].values
        elif name in kept:
            made_by, values = kept[name].made_by, kept[name].values
        else:
            continue
        lines.append(f"{name}.{MADE_BY}{BETWEEN}{made_by}")
        lines += [f"{name}.{figure}{BETWEEN}{values[figure]}" for figure in sorted(values)]
    output.write_text("\n".join((*HEAD, *lines, "")))
