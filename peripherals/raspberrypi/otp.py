"""One-time programmable memory of RP2350 (datasheet 13): rows of 24 bits, read with ECC or raw.

A row with ECC gives 16 bits, two rows a word. Those that a board names hold its values, the others 0; the
control registers are kept, and programming is told as not modelled. Raw rows show the data without its ECC.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from emulator.device import Device, DeviceParameters
from emulator.schema.table import about

ROWS = 4096
RAW = 0x4000
ROW_MASK = 0xFFFF
Row = Annotated[int, msgspec.Meta(ge=0, le=ROW_MASK)]


class OtpParameters(DeviceParameters, frozen=True):
    """What was programmed."""

    rows: Annotated[
        dict[str, Row], about("Values of rows by their numbers, others hold 0.", example={"0": 0x1234})
    ] = msgspec.field(default_factory=dict)


class OtpData(Device):
    """Four windows: with ECC, raw, and each guarded, which is the same here."""

    PARAMETERS = OtpParameters
    parameters: OtpParameters
    size_bytes = 0x10000
    STATE: ClassVar[tuple[str, ...]] = ()

    def reset(self) -> None:
        """It forgets nothing."""

    def row(self, number: int) -> int:
        """The data of a row."""
        return self.parameters.rows.get(str(number), 0)

    def read(self, offset: int, size_bytes: int) -> int:
        """A load: two rows, or a raw one."""
        place = offset & ~3 & (2 * RAW - 1)
        if place >= RAW:
            word = self.row((place - RAW) // 4)
        else:
            word = self.row(place // 2) | self.row(place // 2 + 1) << 16
        return word >> 8 * (offset & 3) & (1 << 8 * size_bytes) - 1

    def write(self, offset: int, size_bytes: int, value: int) -> None:  # noqa: ARG002
        """A store is a bus error on the chip; here it is told."""
        self.context.unmodelled(offset, "write", "programming of OTP rows")

    def save(self) -> None:
        """Nothing changes."""

    def load(self, state: object) -> None:
        """Nothing has changed."""

    def register_name(self, offset: int) -> str:
        """The row."""
        place = offset & (2 * RAW - 1)
        return f"row {(place - RAW) // 4 if place >= RAW else place // 2}"
