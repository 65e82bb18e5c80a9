"""Every problem of a TOML table against its declaration: unknown keys, types, ranges, partners.

msgspec decides whether a value is right; the words are ours, so that each names the dotted key,
the reason, the nearest known key and the next step.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from emulator.errors import BoardError
from emulator.schema.table import Problem, Table, fields_of
from emulator.schema.words import (
    bare,
    choices,
    example,
    expected,
    is_plain,
    is_table,
    nearest,
    shown,
    suggest,
)

AnyTable = TypeVar("AnyTable", bound=Table)
ALL_KEYS = 24
"""As many known keys are listed; of more only the nearest ones."""
NEAREST_KEYS = 8
ACCELERATOR = "accelerator"


@dataclass(frozen=True, slots=True)
class Reference:
    """A text that names something of the board: ``what`` it is (``"clock"``), and the name.

    ``by_default``: nobody wrote it.
    """

    key: str
    what: str
    name: str
    by_default: bool = False


def problems_of(kind: type[Table], value: object) -> list[Problem]:
    """All problems of a table, by keys relative to it.

    Only a table without any is looked at as a whole (:meth:`Table.contradictions`).
    """
    try:
        table = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return list(_table(kind, value)) or [Problem("", str(error))]
    return list(_contradictions(table))


def read_table(kind: type[AnyTable], value: Mapping[str, Any], key: str) -> AnyTable:
    """The table that stands under ``key``, or BoardError with its first problem."""
    problems = problems_of(kind, value)
    if problems:
        problem = problems[0].below(key)
        raise BoardError(problem.what, where=problem.key, next_step=problem.next_step)
    return msgspec.convert(value, kind)


def unknown_key(key: str, known: Iterable[str]) -> Problem:
    """The problem of a key that a table can't have."""
    names = list(known)
    if not names:
        return Problem(key, "unknown key; nothing can be set here", "take it away")
    return Problem(key, f"unknown key{suggest(key, names)}", f"known here: {listed(key, names)}")


def listed(word: str, known: Iterable[str]) -> str:
    """The known names in words: all, or when there are many those that are nearest to ``word``."""
    names = list(known)
    if len(names) <= ALL_KEYS:
        return ", ".join(names) or "none"
    return f"{', '.join(difflib.get_close_matches(word, names, n=NEAREST_KEYS, cutoff=0))} ..."


def references(kind: type[Table], value: Any, *, defaults: bool = False) -> Iterator[Reference]:
    """Yield every text of a table that the declaration says names something of the board.

    None for a value that is no table: :func:`problems_of` says so. ``defaults``: those of the table's
    own fields too that are not given.
    """
    if not isinstance(value, Mapping):
        return
    for name, (what, inner) in _naming_fields(kind).items():
        item, by_default = value.get(name), False
        if defaults and name not in value:
            field, by_default = fields_of(kind)[name], True
            item = field.default_factory() if callable(field.default_factory) else field.default
        if what and isinstance(item, str) and (item or not _may_be_empty(fields_of(kind)[name], what)):
            yield Reference(name, what, item, by_default)
        elif what and isinstance(item, list):
            for number, text in enumerate(item):
                if isinstance(text, str) and text:
                    yield Reference(f"{name}.{number}", what, text, by_default)
        elif inner is not None and isinstance(item, Mapping):
            is_one = is_table(bare(fields_of(kind)[name].type)[0])
            for key, entry in {"": item}.items() if is_one else item.items():
                if isinstance(entry, Mapping):
                    prefix = f"{name}.{key}".rstrip(".")
                    yield from (replace(r, key=f"{prefix}.{r.key}") for r in references(inner, entry))


def _may_be_empty(field: msgspec.structs.FieldInfo, what: str) -> bool:
    """Whether ``""`` names nothing there, as it does where it is the default, and of an accelerator."""
    return field.default in ("", msgspec.UNSET) or what == ACCELERATOR


@functools.cache
def _naming_fields(kind: type[Table]) -> Mapping[str, tuple[str, type[Table] | None]]:
    """The fields that name something, or hold tables that do: what they name, and those tables' kind."""
    found: dict[str, tuple[str, type[Table] | None]] = {}
    for name, field in fields_of(kind).items():
        plain, said = bare(field.type)
        item = bare(get_args(plain)[1])[0] if get_origin(plain) is dict else plain
        inner = item if is_table(item) and _naming_fields(item) else None
        one = bare(get_args(plain)[0])[1] if get_origin(plain) is list else said
        what = (one.extra or {}).get("names_a", "")
        if what or inner is not None:
            found[name] = what, inner
    return found


def _contradictions(table: Table) -> Iterator[Problem]:
    """What the tables inside contradict; the table itself is looked at when they don't."""
    found: list[Problem] = []
    for attribute, name in zip(table.__struct_fields__, table.__struct_encode_fields__, strict=True):
        value = getattr(table, attribute)
        if isinstance(value, Table):
            found += [problem.below(name) for problem in _contradictions(value)]
        elif isinstance(value, dict):
            for key, item in value.items():
                if isinstance(item, Table):
                    found += [problem.below(f"{name}.{key}") for problem in _contradictions(item)]
    yield from found or table.contradictions()


def value_problems(kind: Any, value: object) -> Iterator[Problem]:
    """Yield the problems of one value; the empty key is the value itself."""
    plain, _said = bare(kind)
    origin = get_origin(plain)
    if is_table(plain):
        yield from problems_of(plain, value)
    elif origin is dict and isinstance(value, dict):
        name_kind, item_kind = get_args(plain)
        for name, item in value.items():
            yield from (problem.below(name) for problem in _leaf(name_kind, name, "the name "))
            yield from (problem.below(name) for problem in value_problems(item_kind, item))
    elif origin is list and isinstance(value, list):
        for number, item in enumerate(value):
            yield from (problem.below(str(number)) for problem in value_problems(get_args(plain)[0], item))
    else:
        yield from _leaf(kind, value, "")


def _table(kind: type[Table], value: object) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem("", f"must be a table, not {shown(value)}")
        return
    fields = fields_of(kind)
    meant: list[str] = []
    for name, item in value.items():
        if name not in fields:
            meant += nearest(name, fields)
            yield unknown_key(name, fields)
        else:
            for problem in value_problems(fields[name].type, item):
                step = problem.next_step or _advice(name, fields[name].type)
                yield replace(problem, next_step=step).below(name)
    for name, field in fields.items():
        if field.required and name not in value and name not in meant:
            yield _missing(name, field.type)


def _missing(name: str, kind: Any) -> Problem:
    step = f"add {name} = {shown(example(kind), kind)}" if is_plain(kind) else f"add [{name}.NAME]"
    return Problem(name, f"missing: {_meaning(kind)}", step)


def _advice(name: str, kind: Any) -> str:
    """What a key is, and how it may be written."""
    if not is_plain(kind):
        return (
            f"{_meaning(kind)}: each is a table, [{name}.NAME]" if _is_of_tables(kind) else f"write [{name}]"
        )
    return f"{_meaning(kind)}; for example {name} = {shown(example(kind), kind)}"


def _is_of_tables(kind: Any) -> bool:
    return get_origin(bare(kind)[0]) is dict


def _meaning(kind: Any) -> str:
    """The first sentence of a field's meaning, as a part of a sentence."""
    meaning = (bare(kind)[1].description or "").split(". ")[0].rstrip(".")
    return meaning[:1].lower() + meaning[1:] if meaning[1:2].islower() or meaning[1:2] == " " else meaning


def _leaf(kind: Any, value: object, subject: str) -> Iterator[Problem]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        near = suggest(value, map(str, choices(kind))) if isinstance(value, str) else ""
        yield Problem("", f"{subject}must be {expected(kind)}, not {shown(value, kind)}{near}")
