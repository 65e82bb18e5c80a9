"""What an idle firmware waits for: the registers that its waiting loop reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.machine.crash_report import place_of

if TYPE_CHECKING:
    from emulator.machine.machine import Machine

MODELLED, STORED_ONLY, UNKNOWN = "modelled", "stored only", "not modelled"


@dataclass(frozen=True, slots=True)
class AwaitedRegister:
    """A register in a waiting loop. ``model``: "modelled", "stored only" or "not modelled"."""

    device: str
    register: str
    address: int
    pc: int
    model: str

    def words(self, machine: Machine) -> str:
        """A sentence for the end of a run."""
        place = place_of(machine.image, self.pc)
        text = f"for {self.device} {self.register}"
        if self.register != f"0x{self.address:08x}":
            text += f" (0x{self.address:08x})"
        if self.model == MODELLED:
            return f"{text}, read at {place}"
        return f"{text}, read again and again at {place}: this register is {self.model}"


def awaited_register(machine: Machine, address: int, pc: int) -> AwaitedRegister:
    """Describe one register of a loop."""
    slot = machine.bus.device_at(address)
    if slot is None:
        known = address >= 0xE0000000 and (address, "read", "") not in machine.bus.unmodelled
        device = "the core's" if address >= 0xE0000000 else "no device"
        return AwaitedRegister(device, f"0x{address:08x}", address, pc, MODELLED if known else UNKNOWN)
    model = STORED_ONLY if getattr(slot[2], "stores_only", False) else MODELLED
    if model == MODELLED and (address, "read", "") in machine.bus.unmodelled:
        model = UNKNOWN
    return AwaitedRegister(slot[3], slot[2].register_name(address - slot[0]), address, pc, model)


def awaited_registers(machine: Machine) -> list[AwaitedRegister]:
    """The registers that the loop in which the firmware idles reads; none when it sleeps."""
    if machine.execution.asleep:
        return []
    first_places: dict[int, int] = {}
    for address, pc in machine.accesses.turn_reads:
        first_places.setdefault(address, pc)
    return [awaited_register(machine, *place) for place in first_places.items()]
