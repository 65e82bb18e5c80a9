"""The picture of FIDELITY.md: every image's error against silicon, with the band of its core and memories.

``python -m benches.silicon.picture`` draws docs/pictures/fidelity.svg from the shipped error bands;
``python -m benches.silicon.picture REPORT.json -o FILE.svg`` the rows of a report that
``boardless validate --json`` wrote, energy images among them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import click

from benches.silicon.error_bands import BandTable, ErrorBand, read_bands
from emulator.cli.command import ProgramCommand
from emulator.cli.parameter_types import InputFile, OutputTarget
from emulator.errors import UsageError
from emulator.files import OutputFile, read_text

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "fidelity.svg"
WIDTH, NAMES_WIDTH, MARGIN, LINE, HEAD = 900, 420, 16, 18, 64
PLOT_MARGIN = 32
LEAST_PERCENT, STEP_PERCENT = 5, 5
STYLE = """
text { font: 12px sans-serif; fill: #24292f }
.head { font-weight: bold }
.small { font-size: 11px; fill: #57606a }
.band { fill: #54aeff; fill-opacity: 0.22 } .axis { stroke: #d0d7de } .zero { stroke: #57606a }
.fitted { fill: #0969da } .left-out { fill: none; stroke: #bc4c00; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
 text { fill: #e6edf3 } .small { fill: #9198a1 } .axis { stroke: #3d444d } .zero { stroke: #9198a1 }
 .fitted { fill: #4493f8 } .left-out { stroke: #f0883e }
}
"""


@dataclass(frozen=True, slots=True)
class Point:
    """An image: its error, and that of the constants that were fitted without its family, in percent."""

    name: str
    error: float
    left_out: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The images of a core and a memory system; ``band`` None where none was measured."""

    title: str
    band: ErrorBand | None
    points: tuple[Point, ...]


def shipped_groups(bands: BandTable) -> list[Group]:
    """All measured images, by their bands."""
    groups = []
    for band in bands.bands:
        key = (band.core, band.memory)
        images = [i for i in bands.images if (i.situation.core, i.situation.memory) == key]
        points = (Point(i.name, _percent(i.ratio), _percent(i.judged_ratio)) for i in images)
        groups.append(Group(f"{band.core}, {band.memory}", band, tuple(sorted(points, key=lambda p: p.name))))
    return groups


def report_groups(report: Mapping[str, Any], bands: BandTable) -> list[Group]:
    """A report's rows that ran, by the bands of their boards. Raises UsageError for what is no report."""
    try:
        rows = [row for row in report["rows"] if row["ratio"] is not None]
        of_board = {str(row["board"]): _band_of(row, bands) for row in reversed(rows) if _band_of(row, bands)}
        groups: dict[str, tuple[ErrorBand | None, list[Point]]] = {}
        for row in rows:
            band = _band_of(row, bands) or of_board.get(row["board"])
            title = f"{row['core']}, {band.memory if band else row['board']}"
            points = groups.setdefault(title, (band, []))[1]
            energy = " (energy)" if row["mode"] == "energy" else ""
            points.append(Point(_name(row) + energy, _percent(row["ratio"])))
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"no report of `boardless validate --json`: {error}", next_step="write one, and give its name"
        ) from error
    return [Group(title, band, tuple(points)) for title, (band, points) in sorted(groups.items())]


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['version']} {row['submitter']} {row['system']} {row['benchmark']}"


def _band_of(row: Mapping[str, Any], bands: BandTable) -> ErrorBand | None:
    return next((band for band in bands.bands if _name(row) in band.images), None)


def _percent(ratio: float) -> float:
    return 100 * (ratio - 1)


# -- drawing -----------------------------------------------------------------------------------
def draw(groups: Sequence[Group]) -> str:
    """An SVG: a line an image, its error to the right or left of zero, the band behind it."""
    most = _most_percent(groups)
    lines = sum(len(group.points) + 1 for group in groups)
    height = HEAD + lines * LINE + 2 * MARGIN
    root = Element(
        "svg", xmlns="http://www.w3.org/2000/svg", width=str(WIDTH), height=str(height),
        viewBox=f"0 0 {WIDTH} {height}", role="img",
    )  # fmt: skip
    SubElement(root, "title").text = "Modelled over published cycles, every image, with error bands"
    SubElement(root, "style").text = STYLE
    _text(root, MARGIN, 22, "Modelled against published cycles (simulated and unofficial)", "head")
    _legend(root, any(p.left_out is not None for g in groups for p in g.points))
    _axis(root, most, height)
    y: float = HEAD
    for group in groups:
        y = _group(root, group, y, most)
    indent(root, " ")
    return tostring(root, encoding="unicode") + "\n"


def _most_percent(groups: Iterable[Group]) -> int:
    errors = [abs(v) for g in groups for p in g.points for v in (p.error, p.left_out or 0)]
    errors += [100 * g.band.fraction for g in groups if g.band is not None]
    return max(LEAST_PERCENT, STEP_PERCENT * math.ceil(max(errors, default=0) / STEP_PERCENT))


def _x(percent: float, most: int) -> float:
    middle = (NAMES_WIDTH + WIDTH - PLOT_MARGIN) / 2
    return middle + percent / most * (WIDTH - PLOT_MARGIN - NAMES_WIDTH) / 2


def _text(root: Element, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
    attributes = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    if kind:
        attributes["class"] = kind
    SubElement(root, "text", attributes).text = text


def _dot(root: Element, x: float, y: float, kind: str, title: str) -> None:
    dot = SubElement(root, "circle", {"class": kind, "cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "4"})
    SubElement(dot, "title").text = title


def _line(root: Element, x: float, top: float, bottom: float, kind: str) -> None:
    SubElement(
        root,
        "line",
        {"class": kind, "x1": f"{x:.1f}", "x2": f"{x:.1f}", "y1": f"{top:.1f}", "y2": f"{bottom:.1f}"},
    )


def _box(root: Element, left: float, right: float, top: float, height: float) -> None:
    SubElement(
        root,
        "rect",
        {
            "class": "band",
            "x": f"{left:.1f}",
            "y": f"{top:.1f}",
            "width": f"{right - left:.1f}",
            "height": f"{height:.1f}",
        },
    )


def _legend(root: Element, has_left_out: bool) -> None:
    y = 42
    _dot(root, MARGIN + 5, y - 4, "fitted", "")
    _text(root, MARGIN + 15, y, "an image", "small")
    if has_left_out:
        _dot(root, MARGIN + 85, y - 4, "left-out", "")
        _text(root, MARGIN + 95, y, "constants fitted without its family", "small")
    _box(root, MARGIN + 300, MARGIN + 320, y - 11, 14)
    _text(root, MARGIN + 326, y, "error band", "small")


def _axis(root: Element, most: int, height: float) -> None:
    for percent in range(-most, most + 1, STEP_PERCENT):
        x = _x(percent, most)
        _line(root, x, HEAD - 6, height - MARGIN, "axis" if percent else "zero")
        _text(root, x, HEAD - 10, f"{percent:+d} %" if percent else "0", "small", "middle")


def _group(root: Element, group: Group, y: float, most: int) -> float:
    """Draw one below ``y``; where the next may begin."""
    band = group.band
    words = "" if band is None else f" {band.words} for {100 * band.percentile:.0f} %"
    _text(root, MARGIN, y + LINE - 5, f"{group.title}:{words}" if words else group.title, "head")
    y += LINE
    if band is not None:
        half = 100 * band.fraction
        _box(root, _x(-half, most), _x(half, most), y, LINE * len(group.points))
    for point in group.points:
        _text(root, MARGIN + 12, y + LINE - 5, point.name)
        middle = y + LINE / 2
        if point.left_out is not None:
            title = f"{point.name}, left out: {point.left_out:+.1f} %"
            _dot(root, _x(point.left_out, most), middle, "left-out", title)
        _dot(root, _x(point.error, most), middle, "fitted", f"{point.name}: {point.error:+.1f} %")
        y += LINE
    return y


@click.command(cls=ProgramCommand)
@click.argument("report", type=InputFile(), metavar="[REPORT.json]", required=False)
@click.option(
    "--output", "-o", type=OutputTarget("the picture"), metavar="FILE", help="[default: FIDELITY.md's own]"
)
def main(*, report: Path | None, output: OutputFile | None) -> None:
    """Draw modelled against published cycles, every image, with its error band."""
    bands = read_bands()
    if report is None:
        groups = shipped_groups(bands)
    else:
        try:
            groups = report_groups(json.loads(read_text(report)), bands)
        except ValueError as error:
            raise UsageError(f"no JSON: {error}", where=str(report)) from error
    output = output or OutputFile(PICTURE, "the picture")
    output.write_bytes(draw(groups).encode())


if __name__ == "__main__":
    main(prog_name="python -m benches.silicon.picture")
