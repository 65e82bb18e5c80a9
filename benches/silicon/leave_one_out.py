"""How far the models are from images that had no part in them, as far as a refit can tell.

Images of one submitter and network are a family. For each family the fitted constants are found anew
from the images of all other families: the combination of declared values with the smallest mean
absolute error. Then the family is judged with what was found. Constants that share an image are
searched together, all their combinations; of equals the smallest values are taken, and so are the first
where no other image has a say.

What this leaves out: which rules the models have was chosen with all images known; only constants
are found anew.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benches.silicon.error_figures import ErrorFigures, error_figures
from benches.silicon.fitted_constants import FittedConstant
from benches.silicon.repriced_row import RepricedRow

Family = tuple[str, str]
WORTH_TELLING = 0.001
"""A row wants another value when that brings it nearer by a tenth of a percent."""


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """An image of a family that was left out. Ratios are modelled over published cycles.

    ``ratio``: with the constants as they are; ``left_out_ratio``: with those that the others give.
    """

    version: str
    path: str
    title: str
    ratio: float
    left_out_ratio: float

    @property
    def key(self) -> tuple[str, str]:
        """What no other row has."""
        return self.version, self.path


@dataclass(frozen=True, slots=True)
class LeftOutFamily:
    """A family (submitter, network), and what the other families make of the constants it depends on.

    ``refitted``: the values by the constants' names; ``changed``: those that are not as they are.
    """

    family: Family
    refitted: Mapping[str, int]
    changed: Mapping[str, int]
    rows: tuple[LeftOutRow, ...]

    def as_json(self) -> dict[str, Any]:
        """The family as it stands in a report."""
        return {
            "submitter": self.family[0],
            "network": self.family[1],
            "refitted": dict(self.refitted),
            "changed": dict(self.changed),
            "mean_abs_error": _mean_abs_error(row.ratio for row in self.rows),
            "left_out_mean_abs_error": _mean_abs_error(row.left_out_ratio for row in self.rows),
            "rows": [
                {
                    "version": row.version,
                    "path": row.path,
                    "title": row.title,
                    "ratio": row.ratio,
                    "left_out_ratio": row.left_out_ratio,
                }
                for row in self.rows
            ],
        }


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """All families.

    ``values``: the constants as they are, by name; ``best``: what all images together would choose;
    ``wanted``: by constant the images that alone, the other constants as they are, would choose another
    value, with that value. Images that want different ones contradict each other.
    """

    values: Mapping[str, int]
    families: tuple[LeftOutFamily, ...]
    best: Mapping[str, int]
    wanted: Mapping[str, Mapping[str, int]]

    @property
    def rows(self) -> tuple[LeftOutRow, ...]:
        """The rows of all families."""
        return tuple(row for family in self.families for row in family.rows)

    @property
    def figures(self) -> ErrorFigures:
        """With the constants as they are."""
        return error_figures([row.ratio for row in self.rows])

    @property
    def left_out_figures(self) -> ErrorFigures:
        """Of the rows that were left out."""
        return error_figures([row.left_out_ratio for row in self.rows])

    def as_json(self) -> dict[str, Any]:
        """The result as it stands under ``leave_one_out``."""
        return {
            "constants": dict(self.values),
            "best_for_all": dict(self.best),
            "wanted": {name: dict(rows) for name, rows in self.wanted.items()},
            "mean_abs_error": self.figures.mean_abs_error,
            "worst_abs_error": self.figures.worst_abs_error,
            "left_out_mean_abs_error": self.left_out_figures.mean_abs_error,
            "left_out_worst_abs_error": self.left_out_figures.worst_abs_error,
            "families": [family.as_json() for family in self.families],
        }


def leave_one_out(
    rows: Sequence[RepricedRow], constants: Sequence[FittedConstant], values: Mapping[str, int]
) -> LeaveOneOut:
    """Leave each family out in turn. ``values``: the constants as they are, by name."""
    by_name = {constant.name: constant for constant in constants}
    groups = [[by_name[name] for name in names] for names in _that_share_rows(rows)]
    families = sorted({row.family for row in rows})
    best: dict[str, int] = {}
    for group in groups:
        best |= refit(group, rows)
    return LeaveOneOut(
        values,
        tuple(_left_out(family, rows, groups, values) for family in families),
        best,
        {name: _wanted(by_name[name], rows, values) for name in best},
    )


def _wanted(
    constant: FittedConstant, rows: Sequence[RepricedRow], values: Mapping[str, int]
) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for row in rows:
        if constant.name in row.constants:
            errors = {
                value: abs(row.ratio({**values, constant.name: value}) - 1) for value in constant.values
            }
            best = min(constant.values, key=lambda value: errors[value])
            if errors[values[constant.name]] - errors[best] > WORTH_TELLING:
                wanted[row.row.title] = best
    return wanted


def _left_out(
    family: Family,
    rows: Sequence[RepricedRow],
    groups: Sequence[Sequence[FittedConstant]],
    values: Mapping[str, int],
) -> LeftOutFamily:
    own = [row for row in rows if row.family == family]
    others = [row for row in rows if row.family != family]
    matter = {name for row in own for name in row.constants}
    refitted: dict[str, int] = {}
    for group in groups:
        if any(constant.name in matter for constant in group):
            refitted |= refit(group, others)
    found = {**values, **refitted}
    left_out = tuple(
        LeftOutRow(row.row.version, row.row.path, row.row.title, row.ratio(values), row.ratio(found))
        for row in own
    )
    changed = {name: value for name, value in refitted.items() if value != values[name]}
    return LeftOutFamily(family, refitted, changed, left_out)


def refit(constants: Sequence[FittedConstant], rows: Sequence[RepricedRow]) -> dict[str, int]:
    """The values with the smallest mean absolute error over the rows that depend on these constants."""
    names = [constant.name for constant in constants]
    judges = [row for row in rows if set(row.constants) & set(names)]

    def error(values: Mapping[str, int]) -> float:
        return _mean_abs_error(row.ratio(values) for row in judges)

    combinations = itertools.product(*(constant.values for constant in constants))
    return min((dict(zip(names, values, strict=True)) for values in combinations), key=error)


def _mean_abs_error(ratios: Iterable[float]) -> float:
    return statistics.fmean([abs(ratio - 1) for ratio in ratios] or [0.0])


def _that_share_rows(rows: Sequence[RepricedRow]) -> Iterator[list[str]]:
    """Names of constants that one row or a chain of rows connects; each name once."""
    groups: list[set[str]] = []
    for row in rows:
        connected = [group for group in groups if group & set(row.constants)]
        groups = [group for group in groups if group not in connected]
        if row.constants:
            groups.append(set(row.constants).union(*connected))
    for group in groups:
        yield sorted(group)
