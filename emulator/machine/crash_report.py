"""Crash reports: registers, cause in words, the place, and a backtrace."""

from __future__ import annotations

from emulator.engine.core import Core
from emulator.errors import GuestFault
from emulator.image.model import Image
from emulator.image.place import place_of
from emulator.system.faults import FaultKind, FaultRecord

BACKTRACE_DEPTH = 16
STACK_WORDS_SCANNED = 256
NEAR_STACK_BYTES = 0x100
BL_HIGH, BL_LOW = 0xF000, 0xD000


def backtrace(core: Core, pc: int, lr: int, sp: int) -> list[int]:
    """Likely return addresses: PC, LR, then stack words that follow a call instruction.

    A heuristic, as no unwind tables are read: a word counts when it is odd, lies in code,
    and the instruction before it is BL or BLX.
    """
    found = [pc & ~1]
    if lr < 0xF0000000 and lr & 1 and _after_call(core, lr & ~1):
        found.append(lr & ~1)
    for i in range(STACK_WORDS_SCANNED):
        memory = core.memory_at(sp + 4 * i)
        if memory is None or len(found) >= BACKTRACE_DEPTH:
            break
        word = int.from_bytes(core.read_memory(sp + 4 * i, 4), "little")
        if word & 1 and _after_call(core, word & ~1) and word & ~1 != found[-1]:
            found.append(word & ~1)
    return found


def _after_call(core: Core, address: int) -> bool:
    memory = core.memory_at(address - 4)
    if memory is None or address < memory.region.base + 4:
        return False
    first = int.from_bytes(core.read_memory(address - 4, 2), "little")
    second = int.from_bytes(core.read_memory(address - 2, 2), "little")
    is_bl = first & 0xF800 == BL_HIGH and second & 0xD000 == BL_LOW
    return is_bl or second & 0xFF87 == 0x4780


def crash_report(core: Core, fault: FaultRecord | None, image: Image | None) -> GuestFault:
    """The fault that the firmware sits in, as the error to raise.

    ``fault``: the latest one; None when it waits for ever in an exception without one.
    """
    where = place_of(image, core.get("pc"))
    if fault is None:
        number = core.get("ipsr") & 0x1FF
        return GuestFault(
            f"the firmware waits for ever in exception {number}",
            where=where,
            report=_registers(core.registers()),
        )
    sp, lr = fault.registers["sp"], fault.registers["lr"]
    hint = _stack_hint(core, fault, sp)
    lines = [fault.report() + hint]
    lines.append(f"at: {place_of(image, fault.pc)}")
    lines.append(f"now in: {where}")
    lines.append("backtrace (likely):")
    lines += [f"  #{n} {place_of(image, a)}" for n, a in enumerate(backtrace(core, fault.pc, lr, sp))]
    return GuestFault(
        f"the firmware crashed{': stack overflow' if hint else ''}: {fault.summary}",
        where=place_of(image, fault.pc),
        next_step="the report has the registers, the cause and the likely callers",
        report="\n".join(lines),
    )


def _stack_hint(core: Core, fault: FaultRecord, sp: int) -> str:
    address = fault.address
    memory = core.memory_at(sp)
    if memory is None or memory.region.kind != "ram":
        return f"\nthe stack pointer 0x{sp:08x} has left RAM: a stack overflow"
    guarded = fault.kind in (FaultKind.MEMORY_DATA, FaultKind.MEMORY_STACKING)
    if (
        address is not None
        and abs(address - sp) < NEAR_STACK_BYTES
        and (guarded or core.memory_at(address) is None)
    ):
        return f"\nthe address is near the stack pointer 0x{sp:08x}: a stack overflow"
    return ""


def _registers(registers: dict[str, int]) -> str:
    cells = [f"{name:>9} 0x{value:08x}" for name, value in registers.items()]
    return "\n".join("  ".join(cells[i : i + 4]) for i in range(0, len(cells), 4))
