"""The best cells under conditions: ``--best latency --under ram=64K``, for one or for all of an axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benches.sweep.figures import BY_NAME, OK, STATUS, Figure, find_figure
from benches.sweep.specification import Sweep
from emulator.errors import CheckFailed, UsageError
from emulator.reporting.table import Table

Record = Mapping[str, Any]
LATENCY = "latency"
ALWAYS = (LATENCY, "clock")
"""Figures that an answer shows in any case."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A limit. ``is_most``: the figure may be that at most, else at least. ``text``: as it was written."""

    figure: Figure
    value: float
    is_most: bool
    text: str

    def holds(self, value: float | None) -> bool:
        """Whether a figure keeps to it; one that is not known does not."""
        if value is None:
            return False
        return value <= self.value if self.is_most else value >= self.value

    @property
    def words(self) -> str:
        """As a user reads it."""
        return f"{self.figure.name} {'<=' if self.is_most else '>='} {self.text}"


@dataclass(frozen=True, slots=True)
class Question:
    """``best``: the figure. ``every``: axes for all of whose values the conditions must hold."""

    best: Figure
    conditions: tuple[Condition, ...] = ()
    every: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The question in words."""
        text = f"{'most' if self.best.more_is_better else 'least'} {self.best.name}"
        if self.conditions:
            text += f" with {' and '.join(condition.words for condition in self.conditions)}"
        return text + (f" for every {' and '.join(self.every)}" if self.every else "")


def read_question(
    sweep: Sweep, best: str, under: Sequence[str], over: Sequence[str], every: Sequence[str]
) -> Question:
    """The options as a question to this sweep. Raises UsageError."""
    names = [axis.name for axis in sweep.axes]
    for name in every:
        if name not in names:
            raise UsageError(
                f"the sweep has no axis {name!r}",
                where="--every",
                next_step=f"it has: {', '.join(names) or 'none'}",
            )
    conditions = [_condition(text, "--under", is_most=True) for text in under]
    conditions += [_condition(text, "--over", is_most=False) for text in over]
    return Question(find_figure(best, "--best"), tuple(conditions), tuple(dict.fromkeys(every)))


def _condition(text: str, option: str, *, is_most: bool) -> Condition:
    name, equals, value = text.partition("=")
    if not equals:
        example = "ram=64K" if is_most else "throughput=30"
        raise UsageError(f"{text!r} is no limit", where=option, next_step=f"write it as {example}")
    figure = find_figure(name.strip(), option)
    return Condition(figure, figure.parse(value, f"{option} {text}"), is_most, value.strip())


def answer(sweep: Sweep, table: Table, question: Question) -> Table:
    """The choices that keep to the conditions, the best first. Raises CheckFailed when there is none.

    A choice is a cell, or with ``every`` all cells that differ in those axes alone: its figures are then
    the worst of theirs.
    """
    axes = [axis.name for axis in sweep.axes if axis.name not in question.every]
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for record in table.records():
        groups.setdefault(tuple(record[name] for name in axes), []).append(record)
    shown = _shown(question)
    measured = {place: group for place, group in groups.items() if all(r[STATUS.key] == OK for r in group)}
    figures = {place: [_worst(figure, group) for figure in shown] for place, group in measured.items()}
    best = {place: value for place, (value, *_rest) in figures.items() if value is not None}
    kept = [place for place in best if _holds(question, measured[place])]
    if not kept:
        raise CheckFailed(
            f"none of {len(groups)} has {question.words}",
            where=str(sweep.file),
            next_step=_what_stands_in_the_way(question, groups, measured),
        )
    sign = -1 if question.best.more_is_better else 1
    latency = [figure.name for figure in shown].index(LATENCY)
    kept.sort(key=lambda place: (sign * best[place], figures[place][latency]))  # then the table's order
    columns = [column for column in table.columns if column.key in axes]
    columns += [figure.column for figure in shown]
    rows = tuple((*place, *figures[place]) for place in kept)
    title = f"Best: {question.words}"
    notes = (f"{len(kept)} of {len(groups)} do.",) if question.conditions else ()
    return Table("best", title, tuple(columns), rows, None, notes)


def _shown(question: Question) -> list[Figure]:
    """The figures that an answer shows, and what else a reader wants to know."""
    asked = [question.best, *(condition.figure for condition in question.conditions)]
    names = dict.fromkeys((*(figure.name for figure in asked), *ALWAYS))
    return [BY_NAME[name] for name in names]


def _worst(figure: Figure, group: Sequence[Record]) -> float | None:
    values = [record[figure.column.key] for record in group]
    if any(value is None for value in values):
        return None
    choose: Callable[[list[Any]], Any] = min if figure.more_is_better else max
    return float(choose(values)) if isinstance(values[0], float) else choose(values)


def _holds(question: Question, group: Sequence[Record]) -> bool:
    return all(c.holds(record[c.figure.column.key]) for c in question.conditions for record in group)


def _what_stands_in_the_way(
    question: Question, groups: Mapping[Any, Sequence[Record]], measured: Mapping[Any, Sequence[Record]]
) -> str:
    parts = []
    if len(groups) > len(measured):
        parts.append(f"{len(groups) - len(measured)} were not measured")
    for condition in question.conditions:
        key = condition.figure.column.key
        miss = sum(not all(condition.holds(r[key]) for r in group) for group in measured.values())
        if miss:
            parts.append(f"{miss} miss {condition.words}")
    if not parts:
        parts.append(
            f"{question.best.name} is not known of any (energy needs a board with an [energy] table)"
        )
    return "; ".join(parts)
