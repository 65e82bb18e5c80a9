"""Types, values and near misses in the words of a message."""

from __future__ import annotations

import difflib
import json
import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from emulator.schema.table import ADDRESS, Table

PAGES = 0x1000
"""Sizes that are multiples of it are read in hexadecimal."""
IN_HEXADECIMAL = 0x10
WITH_SEPARATORS = 100_000
NEAREST = 2
"""Names of which one half was written: so many are offered."""
NOTHING = (msgspec.UnsetType, type(None))
"""The kinds of a field that was left out; TOML has no value for them."""


def suggest(word: str, known: Iterable[str]) -> str:
    """Name a near miss as ``"; did you mean 'x'?"``, or nothing."""
    near = nearest(word, known)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known names that may have been meant, at most two."""
    names = list(known)
    near = [name for name in names if word in name.split("_")][:NEAREST]
    return near or difflib.get_close_matches(word, names, n=1, cutoff=0.5)


def bare(kind: Any) -> tuple[Any, msgspec.Meta]:
    """A field's type without what is said about it, and all of that in one."""
    metas: list[msgspec.Meta] = []
    while True:
        if get_origin(kind) is Annotated:
            kind, *said = get_args(kind)
            metas = [*(meta for meta in said if isinstance(meta, msgspec.Meta)), *metas]
        elif get_origin(kind) in (Union, types.UnionType):
            (kind,) = (part for part in get_args(kind) if part not in NOTHING)
        else:
            break
    names = ("ge", "le", "multiple_of", "pattern", "description", "examples")
    said_of = {name: value for meta in metas for name in names if (value := getattr(meta, name)) is not None}
    extra = {name: text for meta in metas for name, text in (meta.extra or {}).items()}
    return kind, msgspec.Meta(**said_of, extra=extra)


def expected(kind: Any) -> str:
    """What a value must be, such as ``"a whole number from 0 to 15"``."""
    plain, said = bare(kind)
    form = (said.extra or {}).get("form")
    if form:
        return str(form)
    origin = get_origin(plain)
    if origin is not None:
        return _composed(origin, get_args(plain))
    if plain is int:
        return _number(kind, said)
    if is_table(plain):
        return "a table"
    return {bool: "true or false", str: "text"}[plain]


def is_plain(kind: Any) -> bool:
    """Whether a field is one key, not a table of its own or a table of tables."""
    plain, _said = bare(kind)
    return not is_table(bare(get_args(plain)[1])[0] if get_origin(plain) is dict else plain)


def is_table(plain: Any) -> bool:
    """Whether a type is a kind of table (``dict[str, int]``, a type on Python 3.10, is none)."""
    return get_origin(plain) is None and isinstance(plain, type) and issubclass(plain, Table)


def choices(kind: Any) -> tuple[Any, ...]:
    """The values of a type that lists them, else none."""
    plain, _said = bare(kind)
    return get_args(plain) if get_origin(plain) is Literal else ()


def shown(value: Any, kind: Any = None) -> str:
    """A value as a TOML file would have it; ``kind``: the type of its field."""
    plain, said = bare(kind)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return _hexadecimal(value, said) or (f"{value:_}" if value >= WITH_SEPARATORS else str(value))
    if isinstance(value, dict):
        inner = get_args(plain)[1] if get_origin(plain) is dict else None
        items = (f"{name} = {shown(item, inner)}" for name, item in value.items())
        return f"{{ {', '.join(items)} }}" if value else "{}"
    if isinstance(value, list):
        inner = get_args(plain)[0] if get_origin(plain) is list else None
        return f"[{', '.join(shown(item, inner) for item in value)}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def example(kind: Any) -> Any:
    """The example that a field's declaration gives, else the first of its choices, else None."""
    _plain, said = bare(kind)
    if said.examples:
        return said.examples[0]
    return next(iter(choices(kind)), None)


def _hexadecimal(value: int, said: msgspec.Meta) -> str:
    """The value in hexadecimal where that is how its field is read, else nothing."""
    extra = said.extra or {}
    if extra.get("unit") == ADDRESS:
        return f"0x{value:08X}"
    return f"0x{value:X}" if extra.get("hexadecimal") or (said.multiple_of or 0) >= PAGES else ""


def _composed(origin: Any, parts: tuple[Any, ...]) -> str:
    if origin is Literal:
        return _choice(parts)
    if origin is list:
        return "a list" if parts[0] is Any else f"a list, each {expected(parts[0])}"
    return "a table" if parts[1] is Any else f"a table, each value {expected(parts[1])}"


def _choice(values: tuple[Any, ...]) -> str:
    if values == (0, 1):
        return "0 (off) or 1 (on)"
    words = [shown(value) for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _number(kind: Any, said: msgspec.Meta) -> str:
    words = "a whole number"
    if said.multiple_of:
        multiple = int(said.multiple_of)
        words = f"a multiple of {multiple if multiple < IN_HEXADECIMAL else hex(multiple)}"
    if said.ge is None:
        return words
    if said.le is None:
        return f"{words}, {said.ge} or more"
    return f"{words} from {shown(said.ge, kind)} to {shown(said.le, kind)}"
