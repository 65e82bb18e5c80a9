"""A second fault does not hide the first: a report begins with what went wrong, then tells what followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine
from emulator.errors import GuestFault
from tests.machine.firmware import build

VECTORS = """
void handler(void);
__attribute__((aligned(128))) const void *const own[16] = {
    0, 0, handler, handler, handler, handler, handler};
#define USE REG(0xE000ED08) = (u32)own
"""
LOCKUP = """
void handler(void) { for (u32 i = 0; i < 100; i++) ticks++; REG(0x70000000) = ticks; for (;;) { } }
void main(void) { USE; print("x"); REG(0x60000000) = 1; }
"""
DAMAGED = """
void handler(void) {
    if ((REG(0xE000ED28) >> 18 & 1) == 0)
        __asm__ volatile("ldr r0, =0xfffffff3\\n bx r0");
    for (;;) { }
}
void main(void) { USE; REG(0xE000ED24) |= 7u << 16; REG(0x60000000) = 1; }
"""
LOST_FRAME = """
void handler(void) {
    static u32 turns;
    if (turns++ == 0)
        __asm__ volatile("ldr r0, =0x70000000\\n mov sp, r0\\n ldr r0, =0xfffffff9\\n bx r0");
    for (;;) { }
}
void main(void) { USE; REG(0xE000ED24) |= 7u << 16; REG(0x60000000) = 1; }
"""
DEALT_WITH = """
void skip(u32 *frame) { frame[6] += 2; REG(0xE000ED28) = 0xFFFFFFFFu; }
__attribute__((naked)) void handler(void) {
    __asm__ volatile("ldr r1, =0xE000ED28\\n ldr r0, [r1]\\n lsls r0, r0, #6\\n bmi 1f\\n"
                     "mov r0, sp\\n b skip\\n 1: b 1b");
}
void main(void) { USE;
    REG(0xE000ED24) |= 7u << 16;
    REG(0xE000ED14) |= 1u << 4;
    __asm__ volatile("ldr r0, =0x60000000\\n str r0, [r0]\\n movs r1, #0\\n udiv r0, r0, r1");
}
"""


def crash(folder: Path, source: str, hook: str = "auto") -> GuestFault:
    machine = Machine("virtual-m4", hook=hook)
    machine.load(build(folder, VECTORS + source))
    with pytest.raises(GuestFault) as caught:
        machine.run()
    return caught.value


def in_order(text: str, *words: str) -> None:
    at = -1
    for word in words:
        found = text.find(word, at + 1)
        assert found > at, (word, text)
        at = found


@pytest.mark.parametrize("hook", ["native", "python"])
def test_lockup(tmp_path: Path, hook: str) -> None:
    fault = crash(tmp_path, LOCKUP, hook)
    assert "the core locked up: data access where there is no memory (address 0x60000000)" in str(fault)
    assert "while that was handled: data access where there is no memory (address 0x70000000)" in str(fault)
    assert "main" in fault.where
    in_order(
        fault.report,
        "address 0x60000000", "in thread mode", "handler: HardFault", "r0 0x", " main+", "backtrace",
        "then: HardFault's handler came to", "cycles after", "address 0x70000000",
        "handler: none, the core locks up", "r0 0x", " handler+",
    )  # fmt: skip
    assert "now in" not in fault.report


def test_damaged_return_from_the_handler(tmp_path: Path) -> None:
    fault = crash(tmp_path, DAMAGED)
    assert str(fault).count("0x60000000") == 1
    assert "EXC_RETURN 0xfffffff3 is damaged" in str(fault)
    in_order(
        fault.report,
        "address 0x60000000", "handler: BusFault", " main+",
        "then: BusFault's handler returned at",
        "EXC_RETURN 0xfffffff3 is damaged", "handler: UsageFault", "INVPC", " handler+",
        "now in:",
    )  # fmt: skip


def test_frame_lost_by_the_handler(tmp_path: Path) -> None:
    fault = crash(tmp_path, LOST_FRAME)
    in_order(fault.report, "address 0x60000000", "then: BusFault's handler returned at", "UNSTKERR")


def test_frame_spoiled_by_the_handler(tmp_path: Path) -> None:
    """It returns to an xPSR without its Thumb bit."""
    fault = crash(tmp_path, LOST_FRAME.replace("0x70000000", "0x20000100"))
    in_order(fault.report, "address 0x60000000", "then: BusFault's handler returned at", "INVSTATE")


def test_no_stack_for_the_frame(tmp_path: Path) -> None:
    """The first fault's own frame can't be written: a fault of the entry, with its own exception."""
    source = (
        VECTORS
        + """
    void handler(void) { for (;;) { } }
    void main(void) { USE; __asm__ volatile("ldr r0, =0x70000000\\n mov sp, r0\\n str r0, [r0]"); }
    """
    )
    fault = crash(tmp_path, source.removeprefix(VECTORS))
    in_order(fault.report, "data access", "then: HardFault's handler could not be entered", "STKERR")


def test_a_fault_that_was_dealt_with_is_past(tmp_path: Path) -> None:
    """The bus fault's handler skips the store and returns; what is reported is the division."""
    fault = crash(tmp_path, DEALT_WITH)
    assert "division by zero" in str(fault)
    assert "0x60000000 " not in str(fault)
    assert "then:" not in fault.report


def test_a_snapshot_keeps_the_chain(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    image = machine.load(build(tmp_path, VECTORS + LOCKUP))
    machine.run_to(next(s.address for s in image.debug.symbols() if s.name == "handler"))
    inside = machine.snapshot()
    texts = []
    for _ in range(2):
        with pytest.raises(GuestFault) as caught:
            machine.run()
        texts.append((str(caught.value), caught.value.report))
        machine.restore(inside)
    assert texts[0] == texts[1]
    assert len(machine.system.fault_chain) == 1
    machine.reset()
    assert machine.system.fault_chain == ()
    assert not machine.system.locked_up
