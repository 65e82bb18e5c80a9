"""What an idle firmware waits for: the registers that its waiting loop reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emulator.bus.bus import Bus
from emulator.image.model import Image
from emulator.image.place import place_of

MODELLED, STORED_ONLY, UNKNOWN = "modelled", "stored only", "not modelled"


@dataclass(frozen=True, slots=True)
class AwaitedRegister:
    """A register in a waiting loop.

    ``model``: "modelled", "stored only" or "not modelled". ``note``: what its address means besides.
    """

    device: str
    register: str
    address: int
    pc: int
    model: str
    note: str = ""

    def words(self, image: Image | None) -> str:
        """A sentence for the end of a run."""
        place = place_of(image, self.pc)
        text = f"for {self.device} {self.register}"
        if self.register != f"0x{self.address:08x}":
            text += f" (0x{self.address:08x})"
        if self.model == MODELLED:
            return f"{text}, read at {place}"
        note = f" ({self.note})" if self.note else ""
        return f"{text}, read again and again at {place}: this register is {self.model}{note}"


def awaited_register(bus: Bus, address: int, pc: int) -> AwaitedRegister:
    """Describe one register of a loop."""
    slot = bus.device_at(address)
    if slot is None:
        known = address >= 0xE0000000 and (address, "read", "") not in bus.unmodelled
        device = "the core's" if address >= 0xE0000000 else "no device"
        model = MODELLED if known else UNKNOWN
        return AwaitedRegister(device, f"0x{address:08x}", address, pc, model, bus.alias_note(address))
    model = STORED_ONLY if getattr(slot[2], "stores_only", False) else MODELLED
    if model == MODELLED and (address, "read", "") in bus.unmodelled:
        model = UNKNOWN
    return AwaitedRegister(slot[3], slot[2].register_name(address - slot[0]), address, pc, model)


def awaited_registers(bus: Bus, reads: Iterable[tuple[int, int]]) -> list[AwaitedRegister]:
    """The registers that one turn of a waiting loop reads; ``reads``: (address, pc) of each read."""
    first_places: dict[int, int] = {}
    for address, pc in reads:
        first_places.setdefault(address, pc)
    return [awaited_register(bus, *place) for place in first_places.items()]
