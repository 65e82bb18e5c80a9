"""Is a recording of the form that its classes declare? A file may hold anything where a number should be.

SQLite keeps whatever a column is given, and JSON has no types at all; so what was read is held to the
annotations, and every index to what it points into.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from emulator.recording.model import NO_INDEX, Recording


def check_form(recording: Recording) -> None:
    """Raise ValueError for a value of another type, an index of nothing, or callers in a circle."""
    for path, value, hint in _parts(recording, "recording"):
        if not _conforms(value, hint):
            raise ValueError(f"{path} is {str(value)[:40]!r}")
    functions, contexts = len(recording.functions), len(recording.contexts)
    for what, index, end in _indices(recording, functions, contexts):
        if not NO_INDEX <= index < end:
            raise ValueError(f"{what} {index} of {end}")
    _check_tree(recording)


def _parts(recording: Recording, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Each field of the recording and of its rows, with its annotation."""
    for name, hint in _hints(recording).items():
        value = getattr(recording, name)
        rows = value if isinstance(value, tuple) else (value,)
        if not (rows and is_dataclass(rows[0])):
            yield f"{path}.{name}", value, hint
            continue
        hints = _hints(rows[0])
        for number, row in enumerate(rows):
            for field_name, field_hint in hints.items():
                yield f"{path}.{name}[{number}].{field_name}", getattr(row, field_name), field_hint


def _hints(item: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(type(item))
    return {field.name: hints[field.name] for field in fields(item)}


def _conforms(value: Any, hint: Any) -> bool:
    if hint is Any:
        return True
    if hint in (int, str):
        return type(value) is hint
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        is_any_length = arguments[-1] is ...
        kinds = (arguments[0],) * len(value) if is_any_length else arguments
        return len(value) == len(kinds) and all(_conforms(v, k) for v, k in zip(value, kinds, strict=True))
    if not isinstance(value, Mapping):
        return isinstance(hint, type) and is_dataclass(hint) and isinstance(value, hint)
    key, content = arguments
    return all(_conforms(k, key) and _conforms(v, content) for k, v in value.items())


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
