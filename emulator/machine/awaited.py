"""What an idle firmware waits for: the registers that its waiting loop reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emulator.bus.bus import NO_DEVICE, Bus, Unmodelled
from emulator.engine.core import GENERAL, Core
from emulator.image.model import Image
from emulator.image.place import place_of
from emulator.thumb.tested_bits import MOST_INSTRUCTIONS, tested_bits

MOST_FIELDS_SHOWN = 4
MODELLED, STORED_ONLY, UNKNOWN = "modelled", "stored only", "not modelled"


@dataclass(frozen=True, slots=True)
class AwaitedRegister:
    """A register in a waiting loop.

    ``model``: "modelled", "stored only" or "not modelled". ``note``: what its address means besides.
    ``fields``: what the loop looks at of it, as far as the board's register map and the code tell.
    """

    device: str
    register: str
    address: int
    pc: int
    model: str
    note: str = ""
    fields: tuple[str, ...] = ()

    def words(self, image: Image | None) -> str:
        """A sentence for the end of a run."""
        place = place_of(image, self.pc)
        text = f"for {self.device} {self.register}"
        if self.register != f"0x{self.address:08x}":
            text += f" (0x{self.address:08x})"
        if self.fields:
            text += f", {field_words(self.fields)}"
        if self.model == MODELLED:
            return f"{text}, read at {place}"
        note = f" ({self.note})" if self.note else ""
        return f"{text}, read again and again at {place}: this register is {self.model}{note}"


def field_words(fields: Sequence[str]) -> str:
    """``"field READY"``, ``"fields A, B"``; of many the first few."""
    shown = [*fields[:MOST_FIELDS_SHOWN], *(["..."] if len(fields) > MOST_FIELDS_SHOWN else [])]
    return f"field{'s' if len(fields) > 1 else ''} {', '.join(shown)}"


def awaited_register(bus: Bus, address: int, pc: int, fields: tuple[str, ...] = ()) -> AwaitedRegister:
    """Describe one register of a loop."""
    device, register = bus.names(address)
    slot = bus.device_at(address)
    if slot is None:
        known = address >= 0xE0000000 and (address, "read", "") not in bus.unmodelled
        device = "the core's" if address >= 0xE0000000 else NO_DEVICE
        model = MODELLED if known else UNKNOWN
        return AwaitedRegister(device, register, address, pc, model, bus.alias_note(address), fields)
    model = STORED_ONLY if getattr(slot[2], "stores_only", False) else MODELLED
    if model == MODELLED and (address, "read", "") in bus.unmodelled:
        model = UNKNOWN
    return AwaitedRegister(device, register, address, pc, model, fields=fields)


def awaited_registers(bus: Bus, core: Core, reads: Iterable[tuple[int, int]]) -> list[AwaitedRegister]:
    """The registers that one turn of a waiting loop reads; ``reads``: (address, pc) of each read."""
    first_places: dict[int, int] = {}
    for address, pc in reads:
        first_places.setdefault(address, pc)
    return [
        awaited_register(bus, address, pc, read_fields(bus, core, address, pc, in_loop=True))
        for address, pc in first_places.items()
    ]


def read_fields(bus: Bus, core: Core, address: int, pc: int, *, in_loop: bool = False) -> tuple[str, ...]:
    """The fields that the code at ``pc`` looks at of what it reads from ``address``, by the board's map.

    ``in_loop``: the core stands in the loop around the read, so that registers hold what they will.
    """
    memory = core.memory_at(pc & ~1)
    if memory is None or not bus.register_map.name(address):
        return ()
    size = min(4 * (MOST_INSTRUCTIONS + 1), memory.end - (pc & ~1))
    code = core.read_memory(pc & ~1, size)
    bits = tested_bits(code, pc & ~1, (lambda number: core.get(GENERAL[number])) if in_loop else None)
    return tuple(bus.register_map.fields(address, bits << 8 * (address & 3)))


def access_fields(bus: Bus, core: Core, entry: Unmodelled) -> tuple[str, ...]:
    """The fields of an access that no model covers: those set by its stores, or looked at behind its load."""
    if entry.access == "write":
        return tuple(bus.register_map.fields(entry.address, entry.bits))
    return read_fields(bus, core, entry.address, entry.first_pc) if entry.access == "read" else ()
