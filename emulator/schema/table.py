"""How a table is declared: a struct whose fields say what they mean, their unit and their range.

    class TimerParameters(Table):
        bits: Annotated[Literal[16, 32], about("Width of the counter.", unit="bits")] = 16

The name, type, default and range stand in the field; msgspec checks values against them, and
``boardless boards --schema`` and ``docs/board-file.md`` are written from the same declaration.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

ADDRESS_SPACE_BYTES = 1 << 32
ADDRESS = "address"
"""The unit of an address: printed in hexadecimal."""

Switch = Literal[0, 1]
"""Off or on, where hardware has a bit for it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the value of a dotted key, and what to do about it.

    ``partners``: further keys that have a part in it. Of them all, the one that the board's own
    file has is where to mend it.
    """

    key: str
    what: str
    next_step: str = ""
    partners: tuple[str, ...] = ()

    def below(self, key: str) -> Problem:
        """The same problem, of a table that stands under ``key``."""
        own = f"{key}.{self.key}" if self.key else key
        partners = tuple(f"{key}.{partner}" for partner in self.partners)
        return Problem(own, self.what, self.next_step, partners)


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a board file. Subclasses are its kinds."""

    def contradictions(self) -> Iterator[Problem]:
        """Yield what no single key shows: a missing partner, two values that exclude each other.

        Called when every key is right for itself; keys of the problems are those of this table.
        """
        yield from ()


def about(
    meaning: str,
    *,
    unit: str = "",
    at_least: int | None = None,
    at_most: int | None = None,
    multiple_of: int | None = None,
    pattern: str | None = None,
    form: str = "",
    by_default: str = "",
    names_a: str = "",
    hexadecimal: bool = False,
    example: Any = None,
) -> msgspec.Meta:
    """Describe a field: its meaning, unit, limits, and an example as TOML would have it.

    ``pattern``: a regular expression that texts match; ``form``: the same in words.
    ``by_default``: what holds without the key, where no single value says it.
    ``names_a``: what of the board the text names, such as ``"clock"``. ``hexadecimal``: how the
    number is usually written.
    """
    extra = {"unit": unit, "form": form, "by_default": by_default, "names_a": names_a}
    limits: dict[str, Any] = {"ge": at_least, "le": at_most, "multiple_of": multiple_of, "pattern": pattern}
    return msgspec.Meta(
        **{name: limit for name, limit in limits.items() if limit is not None},
        description=meaning,
        examples=None if example is None else [example],
        extra={name: text for name, text in (*extra.items(), ("hexadecimal", hexadecimal)) if text},
        extra_json_schema={"x-unit": unit} if unit else None,
    )


def address(meaning: str, *, multiple_of: int | None = None, example: int | None = None) -> msgspec.Meta:
    """Describe a field that holds an address of the 32-bit address space."""
    return about(
        meaning,
        unit=ADDRESS,
        at_least=0,
        at_most=ADDRESS_SPACE_BYTES - 1,
        multiple_of=multiple_of,
        example=example,
    )


NAME_PATTERN = "^[A-Za-z][A-Za-z0-9_]*$"
PinName = Annotated[
    str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9_:]*$", extra={"form": "a pin's name such as PC13"})
]
Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN, extra={"form": "a name of letters, digits and _"})]
"""Of a region, a device, an accelerator, a wire: it stands in dotted keys."""


@functools.cache
def fields_of(kind: type[Table]) -> Mapping[str, msgspec.structs.FieldInfo]:
    """The fields of a kind of table by their keys, in the order of their declaration."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def field_names(kind: type[Table]) -> tuple[str, ...]:
    """The keys that a table of this kind may have, in the order of their declaration."""
    return tuple(fields_of(kind))
