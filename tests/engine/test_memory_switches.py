"""STM32's bus matrix: what a load costs by the memory of the access before it, on both hooks.

A turn of each loop on top of its loads: SUBS 1, BNE 2. A lone load takes 2, another right behind
it 1 (DDI 0439D). STM32L4R5: going to another memory costs 1, and so does a load from SRAM2 or SRAM3
that follows no load there. STM32F407: going to another memory costs 1, coming back from flash nothing.
The matrix sees no access to the core's own registers: they cost no change, and are none.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from emulator import Machine

FLASH, CODE, TURNS = 0x08000000, 0x100, 20
SUBS, BX_LR, NOP = 0x3801, 0x4770, 0xBF00
FIRST, SECOND = 0x680B, 0x6814  # ldr r3, [r1]; ldr r4, [r2]
ADDS = 0x3501  # adds r5, #1
OTHER = 0x4051  # eors r1, r2
NEXT = 0xE7FF  # b to the next instruction: a block ends
SKIPPED = (SECOND, NEXT, 0x2800, 0xBF08, 0x680B)  # cmp r0, #0; it eq; ldreq r3, [r1]
L4, F4 = "nucleo-l4r5zi", "stm32f4-discovery"
TABLE, SRAM1, SRAM2, SRAM3 = FLASH + 0x800, 0x20000100, 0x20030100, 0x20040100
CYCCNT, GPIOA_IDR = 0xE0001004, 0x40020010
CASES = [
    (L4, (FIRST, ADDS), SRAM1, SRAM1, 6, "L4R5: lone loads from SRAM1"),
    (L4, (FIRST, ADDS), SRAM2, SRAM2, 7, "L4R5: from SRAM2 a cycle more"),
    (L4, (FIRST, ADDS), SRAM3, SRAM3, 7, "L4R5: and from SRAM3"),
    (L4, (FIRST, SECOND), SRAM1, SRAM1, 6, "L4R5: two in a row from SRAM1"),
    (L4, (FIRST, SECOND), SRAM3, SRAM3, 7, "L4R5: from SRAM3 only the first pays"),
    (L4, (FIRST, SECOND), SRAM1, SRAM3, 8, "L4R5: each goes to another memory"),
    (L4, (FIRST, SECOND), SRAM1, TABLE, 8, "L4R5: to flash and back"),
    (L4, (FIRST, OTHER), SRAM1, SRAM1 ^ SRAM3, 7, "L4R5: one load, from another memory each turn"),
    (L4, (FIRST, OTHER), SRAM1, TABLE ^ SRAM1, 7, "L4R5: one load, from flash every second turn"),
    (F4, (FIRST, OTHER), SRAM1, TABLE ^ SRAM1, 6.5, "F407: one load, from flash every second turn"),
    (L4, SKIPPED, SRAM1, SRAM1, 9, "L4R5: a load that its condition skips"),
    (F4, (FIRST, SECOND), SRAM1, SRAM1, 6, "F407: two in a row"),
    (F4, (FIRST, SECOND), SRAM1, TABLE, 7, "F407: to flash, and back for nothing"),
    (F4, (FIRST, SECOND), SRAM1, 0x10000100, 8, "F407: to the CCM RAM and back"),
    (F4, (FIRST, SECOND), SRAM1, CYCCNT, 6, "F407: the cycle counter is in no memory of the matrix"),
    (F4, (FIRST, SECOND), SRAM1, GPIOA_IDR, 8, "F407: a device behind the matrix is"),
    (L4, (FIRST, SECOND), SRAM1, CYCCNT, 6, "L4R5: the cycle counter is in no memory of the matrix"),
    (L4, (FIRST, SECOND), SRAM3, CYCCNT, 7, "L4R5: nor does it end a stay in SRAM3"),
]


def cycles_a_turn(folder: Path, hook: str, board: str, body: tuple[int, ...], *pointers: int) -> float:
    """What one more turn costs; r0 counts, r1 and r2 are the pointers."""
    loop = (*body, SUBS, 0xD100 | -(len(body) + 3) & 0xFF, BX_LR, NOP)
    image = folder / "switches.bin"
    code = struct.pack(f"<{len(loop)}H", *loop)
    image.write_bytes(
        struct.pack("<2I", 0x20001000, FLASH + CODE + 1).ljust(CODE, b"\xff") + code.ljust(0x1000, b"\0")
    )
    counts = []
    for turns in (TURNS, 2 * TURNS):
        machine = Machine(board, hook=hook)
        machine.load(image, base=FLASH)
        called = machine.call(FLASH + CODE + 1, turns, *pointers, max_cycles=10_000)
        counts.append(called.counts.cycles)
    return (counts[1] - counts[0]) / TURNS


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize(
    ("board", "body", "first", "second", "expected", "why"), CASES, ids=[c[-1] for c in CASES]
)
def test_turns(
    tmp_path: Path,
    hook: str,
    board: str,
    body: tuple[int, ...],
    first: int,
    second: int,
    expected: float,
    why: str,
) -> None:
    assert cycles_a_turn(tmp_path, hook, board, body, first, second) == expected, why


@pytest.mark.parametrize("hook", ["native", "python"])
def test_what_a_loop_paid_before_does_not_matter(tmp_path: Path, hook: str) -> None:
    """Its loads have been to other memories, and come back to one that is not the last that they met."""
    loop = (0x680B, 0x6814, SUBS, 0xD1FB, BX_LR, NOP)  # ldr r3, [r1]; ldr r4, [r2]; subs r0, #1; bne; bx lr
    image = tmp_path / "loop.bin"
    code = struct.pack(f"<{len(loop)}H", *loop)
    image.write_bytes(
        struct.pack("<2I", 0x20001000, FLASH + CODE + 1).ljust(CODE, b"\xff") + code.ljust(0x1000, b"\0")
    )
    ccm = 0x10000100

    def machine() -> Machine:
        made = Machine(F4, hook=hook)
        made.engine.memory_map.pin("flash", instruction_cache=1, data_cache=1)
        made.load(image, base=FLASH)
        return made

    def cycles(on: Machine, first: int, second: int) -> int:
        return on.call(FLASH + CODE + 1, TURNS, first, second, max_cycles=10_000).counts.cycles

    fresh, used = machine(), machine()
    for pointers in ((SRAM1, TABLE), (SRAM1, SRAM1), (ccm, TABLE), (ccm, SRAM1)):
        cycles(used, *pointers)
    cycles(fresh, ccm, SRAM1)
    assert cycles(used, ccm, SRAM1) == cycles(fresh, ccm, SRAM1) == TURNS * 8 + 1


def test_what_events_paid_is_told_at_any_moment(tmp_path: Path) -> None:
    """The native hook adds up later what a block pays again and again: whoever reads must not see that."""
    loop = (FIRST, SECOND, SUBS, 0xD1FB, BX_LR, NOP)
    image = tmp_path / "loop.bin"
    code = struct.pack(f"<{len(loop)}H", *loop)
    image.write_bytes(
        struct.pack("<2I", 0x20001000, FLASH + CODE + 1).ljust(CODE, b"\xff") + code.ljust(0x1000, b"\0")
    )
    machines = []
    for hook in ("native", "python"):
        machine = Machine(L4, hook=hook)
        machine.load(image, base=FLASH)
        machines.append(machine)
    native, python = (machine.hook for machine in machines)
    for pointers in ((SRAM1, SRAM3), (SRAM1, SRAM3), (SRAM1, SRAM1), (SRAM3, SRAM1), (SRAM1, TABLE)):
        for machine in machines:
            machine.call(FLASH + CODE + 1, TURNS, *pointers, max_cycles=10_000)
        blocks = range(1 + max(path.block for path in python.path_counts()))
        paid = [python.event_bus(block) for block in blocks]
        assert [native.event_bus(block) for block in blocks] == paid
        assert [native.event_stalls(block) for block in blocks] == [python.event_stalls(b) for b in blocks]
        assert bytes(native.counters().events) == bytes(python.counters().events)
        assert sum(map(sum, paid)) >= TURNS
