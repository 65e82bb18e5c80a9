"""Parameters that devices of several kinds declare: their meaning said once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import msgspec

from emulator.device import DeviceParameters
from emulator.schema.checks import unknown_key
from emulator.schema.table import Problem, about
from peripherals.register_device import Register

MAX_WORD = 0xFFFFFFFF
Word = Annotated[int, msgspec.Meta(ge=0, le=MAX_WORD, extra={"hexadecimal": True})]
ResetValues = Annotated[
    dict[str, Word],
    about(
        "Reset values by register name, where this instance differs from the others.",
        example={"MODER": 0xABFFFFFF},
    ),
]


class TunedParameters(DeviceParameters, frozen=True):
    """Of a flash or cache controller, whose registers reach the memory model."""

    accelerator: Annotated[
        str,
        about('The accelerator that its registers tune; "": none.', names_a="accelerator", example="flash"),
    ] = "flash"


def unknown_registers(table: str, named: Iterable[str], registers: Iterable[str]) -> Iterator[Problem]:
    """Yield the names of a parameter ``table`` that are no register of the device."""
    known = list(registers)
    for name in named:
        if name not in known:
            yield unknown_key(name, known).below(table)


def unknown_resets(parameters: Mapping[str, Any], rows: Iterable[Register]) -> Iterator[Problem]:
    """Yield the reset values of registers that are not in a device's table."""
    yield from unknown_registers("resets", parameters.get("resets", {}), (row.name for row in rows))
