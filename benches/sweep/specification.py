"""What a sweep goes over: a TOML file in which each key that has a list is an axis.

    image = ["kws", "ad"]
    board = "virtual-m4"

    [parameters]
    regions.sram.wait_states = [0, 1]

All combinations are cells. ``[variants.AXIS.VALUE]`` tables make an axis whose values set several keys at
once. Relative paths begin where the specification lies.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benches.sweep.settings import BuildTable, SettingsTable
from emulator.errors import UsageError
from emulator.files import read_text
from emulator.schema.checks import problems_of, unknown_key
from emulator.schema.table import Problem, fields_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Flat = Mapping[str, Any]
"""Values by dotted keys: ``"image"``, ``"build.opt"``, ``"parameters.regions.sram.wait_states"``."""
MOST_CELLS = 100_000
TABLES = ("build", "parameters")
VARIANTS = "variants"
TITLE = "title"
EXAMPLE = 'give its values: [variants.memory."no cache"] with the keys that it sets'


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis. ``values``: each with what it sets. ``name`` and values are as the table shows them."""

    name: str
    values: tuple[tuple[Any, Flat], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination. ``place``: its value on each axis; ``settings`` are checked."""

    place: tuple[Any, ...]
    settings: SettingsTable


@dataclass(frozen=True, slots=True)
class Sweep:
    """A specification that was read. ``folder``: where its relative paths begin."""

    file: Path
    title: str
    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...]

    @property
    def folder(self) -> Path:
        """Where the specification lies."""
        return self.file.resolve().parent


def read_sweep(file: Path) -> Sweep:
    """Read and check a specification. Raises UsageError that names the file and the key."""
    text = read_text(file, what="specification")
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"is not valid TOML: {error}", where=str(file)) from error
    try:
        return _read(file, document)
    except _WrongError as wrong:
        problem = wrong.problem
        raise UsageError(problem.what, where=f"{file}: {problem.key}", next_step=problem.next_step) from None


class _WrongError(Exception):
    """A specification that is not right."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.what)


def _read(file: Path, document: Mapping[str, Any]) -> Sweep:
    title = document.get(TITLE, "")
    if not isinstance(title, str):
        raise _WrongError(Problem(TITLE, "must be text", 'for example title = "Which memory?"'))
    fixed: dict[str, Any] = {}
    axes: list[Axis] = []
    for key, value in document.items():
        if key == VARIANTS:
            axes += _variants(value)
        elif key != TITLE:
            for dotted, item in _flat(key, value):
                options = _options(dotted, item)
                if options is None:
                    fixed[dotted] = _right(dotted, item)
                else:
                    axes.append(options)
    _check_axes(axes)
    cells = tuple(_cells(fixed, axes))
    return Sweep(file, title, tuple(axes), cells)


def _flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The leaves of a table by their dotted keys."""
    if key.partition(".")[0] in TABLES and isinstance(value, dict):
        for name, item in value.items():
            yield from _flat(f"{key}.{name}", item)
    else:
        if key in TABLES:
            raise _WrongError(Problem(key, "must be a table", f"write [{key}]"))
        yield key, value


def _options(key: str, value: Any) -> Axis | None:
    """The axis that a list makes; None for a value."""
    if not isinstance(value, list):
        return None
    if key == "arguments" and not any(isinstance(item, list) for item in value):
        return None
    if not value:
        raise _WrongError(Problem(key, "an axis without values", "give one at least, or take the key away"))
    name = key.removeprefix("parameters.").removeprefix("build.")
    return Axis(name, tuple((_label(item), {key: _right(key, item)}) for item in value))


def _label(value: Any) -> Any:
    """A value as a table shows it."""
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _right(key: str, value: Any) -> Any:
    """A value that its key may have. Board keys are looked at with their board."""
    if key.partition(".")[0] == "parameters":
        if key == "parameters.family":
            step = "name boards instead: board = [...]"
            raise _WrongError(Problem(key, "a board's family is not changed", step))
        return value
    kind: type[SettingsTable | BuildTable] = SettingsTable
    table, dot, name = key.partition(".")
    if dot and table == "build":
        kind = BuildTable
    else:
        name = key
    known = fields_of(kind)
    if name not in known:
        names = (*known, TITLE, VARIANTS) if kind is SettingsTable else known
        problem = unknown_key(name, names)
        raise _WrongError(problem.below("build") if kind is BuildTable else problem)
    try:
        msgspec.convert(value, known[name].type)
    except msgspec.ValidationError:
        raise _WrongError(_first(kind, key, {name: value})) from None
    return value


def _first(kind: type[SettingsTable | BuildTable], key: str, table: Flat) -> Problem:
    """The problem of this key; others are missing there."""
    below = key.rpartition(".")[0]
    problems = [problem.below(below) if below else problem for problem in problems_of(kind, table)]
    return next(problem for problem in problems if problem.key.startswith(key))


def _variants(value: Any) -> Iterator[Axis]:
    if not isinstance(value, dict):
        raise _WrongError(Problem(VARIANTS, "must be tables", EXAMPLE))
    for name, entries in value.items():
        if not isinstance(entries, dict) or not entries:
            raise _WrongError(Problem(f"{VARIANTS}.{name}", "an axis without values", EXAMPLE))
        yield Axis(name, tuple((label, _variant(name, label, entry)) for label, entry in entries.items()))


def _variant(axis: str, label: str, entry: Any) -> Flat:
    where = f"{VARIANTS}.{axis}.{label}"
    if not isinstance(entry, dict):
        raise _WrongError(Problem(where, "must be a table", EXAMPLE))
    leaves = [leaf for key, value in entry.items() for leaf in _flat(key, value)]
    for key, value in leaves:
        if isinstance(value, list) and key != "arguments":
            raise _WrongError(
                Problem(f"{where}.{key}", "a list in a variant", "give the one value that it has")
            )
        try:
            _right(key, value)
        except _WrongError as wrong:
            raise _WrongError(wrong.problem.below(where)) from None
    return dict(leaves)


def _check_axes(axes: Sequence[Axis]) -> None:
    for name, times in Counter(axis.name for axis in axes).items():
        if times > 1:
            raise _WrongError(Problem(name, "two axes have this name", "call the variants otherwise"))
    setters: dict[str, str] = {}
    for axis in axes:
        labels = [label for label, _sets in axis.values]
        twice = next((label for label in labels if labels.count(label) > 1), None)
        if twice is not None:
            raise _WrongError(Problem(axis.name, f"{twice!r} stands there twice", "take one away"))
        for key in dict.fromkeys(key for _label, sets in axis.values for key in sets):
            if key in setters:
                what = f"is set by two axes, {setters[key]} and {axis.name}"
                raise _WrongError(Problem(key, what, "take it out of one of them"))
            setters[key] = axis.name
    count = math.prod(len(axis.values) for axis in axes)
    if count > MOST_CELLS:
        sizes = ", ".join(f"{axis.name}: {len(axis.values)}" for axis in axes)
        what = f"{count:,} cells, more than {MOST_CELLS:,} ({sizes})"
        raise _WrongError(Problem(axes[-1].name, what, "take values away, or make several sweeps"))


def _cells(fixed: Flat, axes: Sequence[Axis]) -> Iterator[Cell]:
    for combination in itertools.product(*(axis.values for axis in axes)):
        flat = dict(fixed)
        for _label, sets in combination:
            flat |= sets
        table = _nested(flat)
        problems = problems_of(SettingsTable, table)
        if problems:
            raise _WrongError(problems[0])
        yield Cell(tuple(label for label, _sets in combination), msgspec.convert(table, SettingsTable))


def _nested(flat: Flat) -> dict[str, Any]:
    """Tables of dotted keys."""
    table: dict[str, Any] = {}
    for dotted, value in flat.items():
        *parents, name = dotted.split(".")
        inner = table
        for parent in parents:
            inner = inner.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise _WrongError(Problem(dotted, f"{parent} is a value and a table", "take one away"))
        if isinstance(inner.get(name), dict):
            raise _WrongError(Problem(dotted, "is a value and a table", "take one away"))
        inner[name] = value
    return table
