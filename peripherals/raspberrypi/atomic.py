"""Registers with atomic aliases, as every APB and AHB-Lite block of RP2040 has them.

Source: RP2040 datasheet 2.1.2 "Atomic Register Access", 2.1.4 "Narrow IO Register Writes". A write at
+0x1000 toggles the bits written 1, at +0x2000 it sets and at +0x3000 it clears them; a read there gives
what the register itself does. A bit that is cleared by writing 1 sees the 1 in each of them. A write of a
byte or a halfword is one of the whole word, the datum in every lane.
"""

from __future__ import annotations

from typing import Annotated, Any

from emulator.device import Device, DeviceParameters
from emulator.schema.table import address
from peripherals.quiet import Quiet
from peripherals.register_device import ALL_BITS, RegisterDevice

ALIAS_BYTES = 0x1000
REGISTERS_MASK = ALIAS_BYTES - 1
PLAIN, TOGGLE, SET, CLEAR = range(4)
REPLICATE = {1: 0x01010101, 2: 0x00010001, 4: 1}


class AtomicRegisters(RegisterDevice):
    """Mixed in before the device's own base class."""

    size_bytes = 4 * ALIAS_BYTES

    def read(self, offset: int, size_bytes: int) -> int:
        """A load; each alias reads as the register itself."""
        return super().read(offset & REGISTERS_MASK, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """A store of the whole word, through an alias perhaps."""
        word = offset & REGISTERS_MASK & ~3
        data = value * REPLICATE[size_bytes] & ALL_BITS
        operation = offset // ALIAS_BYTES % 4
        if operation != PLAIN:
            row = self._rows.get(word)
            once = row.w1c if row else 0
            data = changed(operation, self.stored(word), data) & ~once | data & once
        super().write(word, 4, data)

    def stored(self, offset: int) -> int:
        """The word that the aliases change."""
        row = self._rows.get(offset)
        return self.values[row.name] if row else 0

    def register_name(self, offset: int) -> str:
        """Name the register, whichever alias it is reached by."""
        return super().register_name(offset & REGISTERS_MASK)


class AtomicQuiet(AtomicRegisters, Quiet):
    """:class:`peripherals.quiet.Quiet` with aliases."""

    stored = Quiet.stored


class AliasesParameters(DeviceParameters, frozen=True):
    """Which block's they are."""

    target: Annotated[int, address("The block's first register.", example=0x40034000)]


class AtomicAliases(Device):
    """The three aliases of a block of another maker's design, which knows none: from +0x1000 on."""

    PARAMETERS = AliasesParameters
    parameters: AliasesParameters
    size_bytes = 3 * ALIAS_BYTES

    def reset(self) -> None:
        """Hold nothing, forget nothing."""

    def read(self, offset: int, size_bytes: int) -> int:
        """A load, as from the block itself."""
        return self.context.memory.read(self.parameters.target + (offset & REGISTERS_MASK), size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Change the word."""
        place = self.parameters.target + (offset & REGISTERS_MASK & ~3)
        operation = offset // ALIAS_BYTES + 1
        data = value * REPLICATE[size_bytes] & ALL_BITS
        self.context.memory.write(place, 4, changed(operation, self.context.memory.read(place, 4), data))

    def save(self) -> Any:
        """Give nothing: the block saves itself."""
        return None

    def load(self, state: Any) -> None:
        """Take nothing."""

    def register_name(self, offset: int) -> str:
        """Name the address that is meant."""
        return f"0x{self.parameters.target + (offset & REGISTERS_MASK):08x}"


def changed(operation: int, old: int, data: int) -> int:
    """What a write to an alias makes of a word."""
    if operation == TOGGLE:
        return old ^ data
    return (old | data if operation == SET else old & ~data) & ALL_BITS
