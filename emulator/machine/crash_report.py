"""Crash reports: registers, cause in words, the place, and a backtrace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import GuestFault
from emulator.image.model import Image

if TYPE_CHECKING:
    from emulator.machine.machine import Machine

BACKTRACE_DEPTH = 16
STACK_WORDS_SCANNED = 256
BL_HIGH, BL_LOW = 0xF000, 0xD000


def place_of(image: Image | None, address: int) -> str:
    """``0x08000412 main+0x12 (main.c:34)``, as far as the image tells."""
    address &= ~1
    text = f"0x{address:08x}"
    if image is None or image.debug is None:
        return text
    symbol = image.debug.symbol_at(address)
    if symbol is not None:
        text += f" {symbol.name}+0x{address - symbol.address:x}"
    line = image.debug.line_at(address)
    if line is not None:
        text += f" ({line.file}:{line.line})"
    return text


def backtrace(machine: Machine, pc: int, lr: int, sp: int) -> list[int]:
    """Likely return addresses: PC, LR, then stack words that follow a call instruction.

    A heuristic, as no unwind tables are read: a word counts when it is odd, lies in code,
    and the instruction before it is BL or BLX.
    """
    found = [pc & ~1]
    if lr < 0xF0000000 and lr & 1 and _after_call(machine, lr & ~1):
        found.append(lr & ~1)
    for i in range(STACK_WORDS_SCANNED):
        memory = machine.core.memory_at(sp + 4 * i)
        if memory is None or len(found) >= BACKTRACE_DEPTH:
            break
        word = int.from_bytes(machine.core.read_memory(sp + 4 * i, 4), "little")
        if word & 1 and _after_call(machine, word & ~1) and word & ~1 != found[-1]:
            found.append(word & ~1)
    return found


def _after_call(machine: Machine, address: int) -> bool:
    memory = machine.core.memory_at(address - 4)
    if memory is None or address < memory.region.base + 4:
        return False
    first = int.from_bytes(machine.core.read_memory(address - 4, 2), "little")
    second = int.from_bytes(machine.core.read_memory(address - 2, 2), "little")
    is_bl = first & 0xF800 == BL_HIGH and second & 0xD000 == BL_LOW
    return is_bl or second & 0xFF87 == 0x4780


def crash_report(machine: Machine) -> GuestFault:
    """The fault that the firmware sits in, as the error to raise."""
    fault = machine.system.last_fault
    image = machine.image
    if fault is None:
        number = machine.core.get("ipsr") & 0x1FF
        return GuestFault(
            f"the firmware waits for ever in exception {number}",
            where=machine.where(),
            report=_registers(machine.registers()),
        )
    sp, lr = fault.registers["sp"], fault.registers["lr"]
    hint = _stack_hint(machine, fault.address, sp)
    lines = [fault.report() + hint]
    lines.append(f"at: {place_of(image, fault.pc)}")
    lines.append(f"now in: {machine.where()}")
    lines.append("backtrace (likely):")
    lines += [f"  #{n} {place_of(image, a)}" for n, a in enumerate(backtrace(machine, fault.pc, lr, sp))]
    return GuestFault(
        f"the firmware crashed{': stack overflow' if hint else ''}: {fault.summary}",
        where=place_of(image, fault.pc),
        next_step="the report has the registers, the cause and the likely callers",
        report="\n".join(lines),
    )


def _stack_hint(machine: Machine, address: int | None, sp: int) -> str:
    memory = machine.core.memory_at(sp)
    if memory is None or memory.region.kind != "ram":
        return f"\nthe stack pointer 0x{sp:08x} has left RAM: a stack overflow"
    if address is not None and abs(address - sp) < 0x100 and machine.core.memory_at(address) is None:
        return f"\nthe address is near the stack pointer 0x{sp:08x}: a stack overflow"
    return ""


def _registers(registers: dict[str, int]) -> str:
    cells = [f"{name:>9} 0x{value:08x}" for name, value in registers.items()]
    return "\n".join("  ".join(cells[i : i + 4]) for i in range(0, len(cells), 4))
