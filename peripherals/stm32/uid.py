"""Unique ID, flash size and package words in the STM32's engineering bytes.

RM0432, chapter "Device electronic signature": UID at 0x1FFF7590, flash size in
KiB at 0x1FFF75E0, package at 0x1FFF7500. Other families have them elsewhere, so the
board's parameters give each word's offset.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from emulator.device import DeviceParameters
from emulator.schema.table import about
from peripherals.parts.parameters import Word
from peripherals.register_device import Register, RegisterDevice, read_only

UNIQUE_ID = (0x0042_0031, 0x4C34_5005, 0x2050_3335)


Offset = Annotated[int, msgspec.Meta(ge=0, le=0xFFF, extra={"hexadecimal": True})]


class SignatureParameters(DeviceParameters, frozen=True):
    """Where the words are from the device's base, and what they say."""

    uid: Annotated[Offset, about("Offset of the 96-bit unique identity.", example=0x590)]
    flash_size: Annotated[Offset, about("Offset of the flash size.", example=0x5E0)]
    flash_kib: Annotated[int, about("The flash size.", unit="KiB", at_least=1, at_most=0xFFFF, example=2048)]
    package: (
        Annotated[Offset, about("Offset of the package code.", by_default="none", example=0x500)]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    package_code: Annotated[int, about("The package code.", at_least=0, at_most=0xFFFF, example=1)] = 0
    words: Annotated[
        dict[Annotated[str, msgspec.Meta(pattern="^(0x)?[0-9A-Fa-f]+$", extra={"form": "an offset"})], Word],
        about("Further words by their offsets, as texts.", example={"0x5F4": 1}),
    ] = msgspec.field(default_factory=dict)


class ElectronicSignature(RegisterDevice):
    """Read-only words."""

    PARAMETERS = SignatureParameters
    parameters: SignatureParameters

    def register_table(self) -> tuple[Register, ...]:
        """Lay the words out where this family has them."""
        parameters = self.parameters
        words = [(parameters.uid + 4 * i, f"UID{i}", word) for i, word in enumerate(UNIQUE_ID)]
        words.append((parameters.flash_size, "FLASH_SIZE", parameters.flash_kib))
        if parameters.package is not msgspec.UNSET:
            words.append((parameters.package, "PACKAGE", parameters.package_code))
        for written, value in parameters.words.items():
            words.append((int(written, 0), f"WORD_{written}", value))
        rows: dict[int, Register] = {}
        for offset, name, value in words:
            below = rows.get(offset & ~3)
            shared = below.reset if below else 0
            full_name = f"{below.name}+{name}" if below else name
            rows[offset & ~3] = read_only(offset & ~3, full_name, shared | value << 8 * (offset & 3))
        return tuple(rows.values())
