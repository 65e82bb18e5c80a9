"""Crash reports: registers, cause in words, the place, and a backtrace."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from emulator.board.model import Board
from emulator.board.register_map import RegisterMap
from emulator.engine.core import Core
from emulator.errors import GuestFault
from emulator.image.attributes import core_problem
from emulator.image.model import Image
from emulator.image.place import place_of
from emulator.system.exception_table import exception_name
from emulator.system.faults import FaultKind, FaultRecord

BACKTRACE_DEPTH = 16
STACK_WORDS_SCANNED = 256
NEAR_STACK_BYTES = 0x100
NO_MEMORY_KINDS = (FaultKind.BUS_DATA, FaultKind.BUS_DATA_IMPRECISE, FaultKind.BUS_INSTRUCTION)
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


def backtrace_lines(core: Core, image: Image | None, pc: int, lr: int, sp: int) -> list[str]:
    """The same as a report shows it."""
    trace = backtrace(core, pc, lr, sp)
    return ["backtrace (likely):", *(f"  #{n} {place_of(image, address)}" for n, address in enumerate(trace))]


def _after_call(core: Core, address: int) -> bool:
    memory = core.memory_at(address - 4)
    if memory is None or address < memory.region.base + 4:
        return False
    first = int.from_bytes(core.read_memory(address - 4, 2), "little")
    second = int.from_bytes(core.read_memory(address - 2, 2), "little")
    is_bl = first & 0xF800 == BL_HIGH and second & 0xD000 == BL_LOW
    return is_bl or second & 0xFF87 == 0x4780


def crash_report(
    core: Core,
    faults: Sequence[FaultRecord],
    image: Image | None,
    *,
    locked_up: bool = False,
    board: Board | None = None,
    names: RegisterMap | None = None,
) -> GuestFault:
    """The crash that the firmware is in, as the error to raise.

    ``faults``: the first one, then those that came while it was handled; empty when it waits for
    ever in an exception without one. ``locked_up``: no handler could take the last one. ``board``:
    what it runs on, for advice. ``names``: what its registers are called.
    """
    names = names or RegisterMap()
    where = place_of(image, core.get("pc"))
    if not faults:
        number = core.get("ipsr") & 0x1FF
        return GuestFault(
            f"the firmware waits for ever in exception {number}",
            where=where,
            report=_registers(core.registers()),
        )
    first = faults[0]
    hint = _stack_hint(core, first, first.sp)
    lines = [first.report() + hint, f"at: {place_of(image, first.pc)}"]
    register = "" if first.address is None else names.name(first.address)
    if register:
        lines.append(f"0x{first.address:08x} is {register}, by the board's register map")
    lines += backtrace_lines(core, image, first.pc, first.lr, first.sp)
    for earlier, later in pairwise(faults):
        lines += _what_followed(earlier, later, image)
    if not locked_up:
        lines.append(f"now in: {where}")
    what = f"the firmware crashed{': stack overflow' if hint else ''}: {first.summary}"
    if locked_up:
        what = f"the core locked up: {first.summary}"
    if len(faults) > 1:
        what += f"; while that was handled: {faults[-1].summary}"
    next_step = _advice(first, image, board)
    if locked_up:
        next_step = "a fault inside HardFault, NMI or with FAULTMASK set has no handler; see the report"
    return GuestFault(what, where=place_of(image, first.pc), next_step=next_step, report="\n".join(lines))


def _advice(fault: FaultRecord, image: Image | None, board: Board | None) -> str:
    """What to do about it."""
    if board is not None and fault.kind in (FaultKind.UNDEFINED_INSTRUCTION, FaultKind.NO_COPROCESSOR):
        problem = core_problem(image.build, board) if image is not None and image.build is not None else ""
        if problem:
            return f"it was {problem}: rebuild it for this core, or choose its board with --board"
        if fault.kind is FaultKind.NO_COPROCESSOR and board.fpu != "none":
            return "start-up code opens the FPU in CPACR (0xE000ED88, bits 23:20) before its first use"
    if board is not None and board.register_map and fault.kind in NO_MEMORY_KINDS:
        return (
            "has the chip a memory, a ROM or a device there? then the board's file needs it: [regions.NAME]"
        )
    return "the report has the registers, the cause and the likely callers"


def _what_followed(earlier: FaultRecord, later: FaultRecord, image: Image | None) -> list[str]:
    """What the handler of one fault did until the next: how long it ran, and how far it came."""
    cycles = later.cycle - earlier.cycle
    did = f"{exception_name(earlier.handler)}'s handler "
    if later.came_from is not None:
        did += f"returned at {place_of(image, later.came_from)}"
    elif later.running == earlier.handler:
        did += f"came to {place_of(image, later.pc)}"
    elif cycles:
        did += f"was preempted: {exception_name(later.running)} came to {place_of(image, later.pc)}"
    else:
        did += "could not be entered"
    return [
        "",
        f"then: {did}, {cycles:,} cycles after that fault (its entry included)",
        later.report(),
        f"at: {place_of(image, later.pc if later.came_from is None else later.came_from)}",
    ]


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
