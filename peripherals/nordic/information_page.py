"""A page of factory information (FICR): words that never change, all ones where nothing is said.

What the manuals leave open but start-up code reads (part variant and revision at 0x130 and 0x134, by
which it finds the chip's errata) stands in the families' files, with its source.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from emulator.device import Device, DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.parameters import Word

ERASED = 0xFFFFFFFF


class InformationParameters(DeviceParameters, frozen=True):
    """Its words."""

    registers: Annotated[
        dict[str, Word], about("Offsets of the words that have names.", example={"INFO_PART": 0x100})
    ] = msgspec.field(default_factory=dict)
    values: Annotated[
        dict[str, Word],
        about("What named words hold; the others are all ones.", example={"INFO_PART": 0x52840}),
    ] = msgspec.field(default_factory=dict)


class InformationPage(Device):
    """The page."""

    PARAMETERS = InformationParameters
    parameters: InformationParameters
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        names = self.parameters.registers
        self._names = {offset: name for name, offset in names.items()}
        self._words = {names[name]: value for name, value in self.parameters.values.items() if name in names}

    def reset(self) -> None:
        """It never changes."""

    def read(self, offset: int, size_bytes: int) -> int:
        """A word, or a part of one."""
        value = self._words.get(offset & ~3, ERASED)
        return value >> 8 * (offset & 3) & (1 << 8 * size_bytes) - 1

    def write(self, offset: int, size_bytes: int, value: int) -> None:  # noqa: ARG002
        """Factory information can't be written."""
        self.context.unmodelled(offset, "write", "factory information")

    def save(self) -> Any:
        """Give nothing: it never changes."""
        return None

    def load(self, state: Any) -> None:
        """Take nothing."""

    def register_name(self, offset: int) -> str:
        """The word's name, or its offset."""
        return self._names.get(offset & ~3, f"+0x{offset & ~3:x}")
