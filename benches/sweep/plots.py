"""Pictures of a sweep: a figure over another with its Pareto front or over an axis, and heat maps."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benches.sweep.figures import BY_NAME, OK, STATUS
from benches.sweep.specification import Sweep
from benches.sweep.table import readable
from emulator.errors import UsageError
from emulator.reporting.questions import UNOFFICIAL
from emulator.reporting.table import Column, Table

FORMS = (".svg", ".png", ".pdf")
SIZE_INCHES = (8.0, 5.0)
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "boardless"}
"""Text stays text, and the same picture has the same bytes."""
NOTHING = "all"
MARKERS = "osD^vP*X"
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """What is drawn along a side. ``key``: the column; ``label``: with its unit.

    ``sign``: 1 when less of it is better, -1 when more is, 0 for an axis of the sweep. ``is_number``: else
    its values are words.
    """

    key: str
    label: str
    sign: int
    is_number: bool


class Picture:
    """The measured cells of a sweep, ready to be drawn. Raises UsageError when there is no matplotlib."""

    def __init__(self, sweep: Sweep, table: Table) -> None:
        try:
            import matplotlib  # noqa: PLC0415 -- optional, and slow to load
            from matplotlib.figure import Figure  # noqa: PLC0415
        except ImportError as error:
            raise UsageError(
                "pictures need matplotlib, which is not installed", next_step="pip install 'boardless[plots]'"
            ) from error
        self._sweep = sweep
        self._matplotlib = matplotlib
        self._figure_of = Figure
        self._heads = {column.key: column for column in readable(table).columns}
        records = [dict(zip(self._heads, row, strict=True)) for row in readable(table).rows]
        self._records = [record for record in records if record[STATUS.key] == OK]
        self._all, self._missing = len(records), len(records) - len(self._records)

    def check(self, x: str | None, y: str, by: str | None) -> None:
        """Raise UsageError for what is no figure or axis."""
        if x is not None:
            scale(self._sweep, self._heads, x, "--x")
        _require_figure(scale(self._sweep, self._heads, y, "--y"))
        if by is not None:
            _axis(self._sweep, by, "--by")

    def check_map(self, x: str, by: str) -> None:
        """Raise UsageError for what are no two axes."""
        if _axis(self._sweep, x, "--x") == _axis(self._sweep, by, "--by"):
            raise UsageError("a map needs two axes", where="--by", next_step="name another axis")

    def scatter(self, path: Path, x: str, y: str, by: str | None) -> bytes:
        """``y`` over ``x``, a colour for each value of axis ``by``.

        Over a figure: all cells and their Pareto front; over an axis lines, of several cells the worst.
        """
        along, up = scale(self._sweep, self._heads, x, "--x"), scale(self._sweep, self._heads, y, "--y")
        _require_figure(up)
        groups = self._groups(by, along, up)
        figure: Any = self._figure_of(figsize=SIZE_INCHES, layout="constrained")
        axes = figure.add_subplot()
        for number, (label, points) in enumerate(groups.items()):
            marker, line = MARKERS[number % len(MARKERS)], "none" if along.sign else "-"
            shown = label if len(groups) > 1 else None
            axes.plot(*zip(*points, strict=True), marker=marker, linestyle=line, label=shown, alpha=0.8)
        if along.sign:
            every = [point for points in groups.values() for point in points]
            front = pareto_front(every, along.sign, up.sign)
            where = "post" if along.sign * up.sign > 0 else "pre"
            axes.step(*zip(*front, strict=True), where=where, color="0.4", linewidth=1, label="Pareto front")
        axes.set_xlabel(along.label)
        axes.set_ylabel(up.label)
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, color="0.9")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(title=by, fontsize="small")
        return self._saved(figure, path, f"{up.label} over {along.label}")

    def heat(self, path: Path, x: str, y: str, by: str) -> bytes:
        """Axis ``by`` over axis ``x``; of several cells at one place the worst ``y``."""
        value = scale(self._sweep, self._heads, y, "--y")
        _require_figure(value)
        self.check_map(x, by)
        across, down = _axis(self._sweep, x, "--x"), _axis(self._sweep, by, "--by")
        columns = [label for label, _sets in self._sweep.axes[across].values]
        lines = [label for label, _sets in self._sweep.axes[down].values]
        points: list[tuple[Any, float]] = []
        for record in self._known(value):
            points.append(((str(record[by]), str(record[x])), record[value.key]))
        worst = dict(_worst(points, value.sign))
        figure: Any = self._figure_of(figsize=SIZE_INCHES, layout="constrained")
        axes = figure.add_subplot()
        cells = [[worst.get((str(a), str(b)), float("nan")) for b in columns] for a in lines]
        image = axes.imshow(cells, aspect="auto", cmap="viridis_r" if value.sign > 0 else "viridis")
        axes.set_xticks(range(len(columns)), [str(label) for label in columns], rotation=30, ha="right")
        axes.set_yticks(range(len(lines)), [str(label) for label in lines])
        axes.set_xlabel(x)
        axes.set_ylabel(by)
        for row, texts in enumerate(cells):
            for column, number in enumerate(texts):
                text = "-" if number != number else f"{number:.3g}"  # noqa: PLR0124 -- not a number
                box = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 1}
                axes.text(column, row, text, ha="center", va="center", fontsize="small", bbox=box)
        figure.colorbar(image, label=value.label)
        several = len(self._sweep.axes) > 2
        return self._saved(figure, path, f"{'Worst ' if several else ''}{value.label}")

    # -- inside ----------------------------------------------------------------------------
    def _known(self, *scales: Scale) -> Iterator[Mapping[str, Any]]:
        """The cells that have a value on all scales. Raises UsageError when none has."""
        known = [r for r in self._records if all(r[item.key] is not None for item in scales)]
        if not known:
            labels = " and ".join(item.label for item in scales)
            raise UsageError(f"no cell has {labels}", next_step="draw another figure: --x, --y")
        yield from known

    def _groups(self, by: str | None, along: Scale, up: Scale) -> dict[str, list[tuple[Any, float]]]:
        """Points by the value of an axis; along a sweep's axis in its order."""
        if by is not None:
            _axis(self._sweep, by, "--by")
        groups: dict[str, list[tuple[Any, float]]] = {}
        for record in self._known(along, up):
            label = NOTHING if by is None else str(record[by])
            x = record[along.key] if along.is_number else str(record[along.key])
            groups.setdefault(label, []).append((x, record[up.key]))
        if not along.sign:
            groups = {label: _worst(points, up.sign) for label, points in groups.items()}
        if along.is_number:
            for points in groups.values():
                points.sort()
        return groups

    def _saved(self, figure: Any, path: Path, what: str) -> bytes:
        title = self._sweep.title or self._sweep.file.name
        left_out = f" ({self._missing} of {self._all} cells could not be measured)" if self._missing else ""
        figure.suptitle(f"{title}: {what}{left_out}", fontsize="medium")
        figure.text(0.01, 0.005, UNOFFICIAL, fontsize="x-small", color="0.4")
        form = form_of(path)
        metadata = {"Date": None} if form == "svg" else None
        out = io.BytesIO()
        with self._matplotlib.rc_context(SETTINGS):
            figure.savefig(out, format=form, metadata=metadata)
        return out.getvalue()


def form_of(path: Path) -> str:
    """What kind of picture a file's name asks for. Raises UsageError."""
    if path.suffix.lower() not in FORMS:
        raise UsageError(
            "this is no kind of picture that can be drawn",
            where=str(path),
            next_step=f"name a file that ends in {', '.join(FORMS)}",
        )
    return path.suffix.lower().removeprefix(".")


def scale(sweep: Sweep, heads: Mapping[str, Column], name: str, option: str) -> Scale:
    """A figure, or an axis of the sweep. Raises UsageError."""
    axis = next((axis for axis in sweep.axes if axis.name == name), None)
    figure = BY_NAME.get(name)
    if figure is not None and (axis is None or name == "clock"):  # the axis has texts, the figure numbers
        sign = 0 if axis is not None else -1 if figure.more_is_better else 1
        return Scale(figure.column.key, heads[figure.column.key].title, sign, is_number=True)
    if axis is None:
        names = ", ".join([*BY_NAME, *(axis.name for axis in sweep.axes)])
        raise UsageError(
            f"there is no figure or axis {name!r}", where=option, next_step=f"there are: {names}"
        )
    return Scale(name, heads[name].title, 0, is_number=heads[name].is_number)


def pareto_front(points: Sequence[Point], x_sign: int, y_sign: int) -> list[Point]:
    """The points that no other is as good as in both, along the first; signs as in :class:`Scale`."""
    front: list[Point] = []
    for point in sorted(set(points), key=lambda p: (x_sign * p[0], y_sign * p[1])):
        if not front or y_sign * point[1] < y_sign * front[-1][1]:
            front.append(point)
    return front


def _worst(points: Sequence[tuple[Any, float]], sign: int) -> list[tuple[Any, float]]:
    """One point for each value of an axis: of several cells the worst."""
    worst: dict[Any, float] = {}
    for x, y in points:
        worst[x] = (max if sign > 0 else min)(worst.get(x, y), y)
    return list(worst.items())


def _axis(sweep: Sweep, name: str, option: str) -> int:
    names = [axis.name for axis in sweep.axes]
    if name not in names:
        raise UsageError(
            f"the sweep has no axis {name!r}",
            where=option,
            next_step=f"it has: {', '.join(names) or 'none'}",
        )
    return names.index(name)


def _require_figure(up: Scale) -> None:
    if not up.sign:
        raise UsageError(f"{up.label} is an axis", where="--y", next_step=f"draw one of {', '.join(BY_NAME)}")
