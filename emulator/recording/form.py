"""Is a recording of the form that its classes declare? A file may hold anything where a number should be.

SQLite keeps whatever a column is given, and JSON has no types at all; so what was read is held to the
annotations, and every index to what it points into.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from emulator.recording.model import NO_INDEX, ROWS, Identity, Recording


def check_form(recording: Recording) -> None:
    """Raise ValueError for a value of another type, an index of nothing, or callers in a circle."""
    for path, item, rows in _tables(recording):
        for name, hint in _hints(item).items():
            conforms = _checker(hint)
            for number, row in enumerate(rows):
                if not conforms(value := getattr(row, name)):
                    raise ValueError(f"{path}[{number}].{name} is {str(value)[:40]!r}")
    functions, contexts = len(recording.functions), len(recording.contexts)
    for what, index, end in _indices(recording, functions, contexts):
        if not NO_INDEX <= index < end:
            raise ValueError(f"{what} {index} of {end}")
    _check_tree(recording)


def _tables(recording: Recording) -> Iterator[tuple[str, Any, Sequence[Any]]]:
    """(name, a row, rows) of the recording, its identity, and each of its tables."""
    yield "recording", recording, (recording,)
    yield "identity", recording.identity, (recording.identity,)
    for field in fields(recording):
        value = getattr(recording, field.name)
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            yield field.name, value[0], value


def _hints(item: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(type(item))
    return {field.name: hints[field.name] for field in fields(item)}


Checker = Callable[[Any], bool]
KINDS = (Identity, *ROWS.values())


def _checker(hint: Any) -> Checker:
    """What tells whether a value is of the form that an annotation says."""
    if hint is Any:
        return lambda _value: True
    if hint in (int, str):
        return lambda value: type(value) is hint
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return _tuple_checker(
            [_checker(a) for a in arguments if a is not ...], fixed=arguments[-1] is not ...
        )
    if hint in KINDS:  # looked at where its table is
        return lambda value: isinstance(value, hint)
    if origin is None:
        return _row_checker(hint)
    key, content = map(_checker, arguments)

    def mapping(value: Any) -> bool:
        return isinstance(value, Mapping) and all(key(k) and content(v) for k, v in value.items())

    return mapping


def _row_checker(kind: type) -> Checker:
    parts = [(name, _checker(hint)) for name, hint in typing.get_type_hints(kind).items()]
    return lambda value: isinstance(value, kind) and all(part(getattr(value, name)) for name, part in parts)


def _tuple_checker(parts: list[Checker], *, fixed: bool) -> Checker:
    def check(value: Any) -> bool:
        if not isinstance(value, tuple):
            return False
        if not fixed:
            return all(map(parts[0], value))
        return len(value) == len(parts) and all(part(v) for part, v in zip(parts, value, strict=True))

    return check


def _indices(recording: Recording, functions: int, contexts: int) -> Iterator[tuple[str, int, int]]:
    """(in words, index, what it must be below)."""
    for item in recording.code:
        yield "function", item.function, functions
        yield from (("function", frame.function, functions) for frame in item.inlined)
    for context in recording.contexts:
        yield "function", context.function, functions
        yield "context", context.parent, contexts
    for operator in recording.operators:
        yield "function", operator.function, functions
        yield from (("function", function, functions) for function, _, _ in operator.costs)
    for mark in recording.high_water:
        yield "context", mark.context, contexts


def _check_tree(recording: Recording) -> None:
    """Every context has a root above it."""
    rooted = [False] * len(recording.contexts)
    for number in range(len(rooted)):
        chain = set()
        at = number
        while at != NO_INDEX and not rooted[at]:
            if at in chain:
                raise ValueError(f"context {number} has no root")
            chain.add(at)
            at = recording.contexts[at].parent
        for seen in chain:
            rooted[seen] = True
