"""Unprivileged code at the private peripheral bus: a BusFault, but for STIR and the ITM.

ARMv7-M Architecture Reference Manual B3.1.1 and C1.7.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine
from tests.machine.firmware import build

SOURCE = r"""
volatile u32 faults, status, where, loaded, frame_pc;
void skip(u32 *frame) {
    faults++; status = REG(0xE000ED28); where = REG(0xE000ED38);
    REG(0xE000ED28) = ~0u; frame_pc = frame[6];
    frame[6] += 4;
}
__attribute__((naked)) void on_bus_fault(void) { __asm__ volatile("mov r0, sp\n b skip"); }
__attribute__((aligned(128))) const void *const own[16] = {
    0, 0, on_hard_fault, on_hard_fault, on_hard_fault, on_bus_fault, on_hard_fault};
void main(void) {
    REG(0xE000ED08) = (u32)own; REG(0xE000ED24) = 7u << 16;
    REG(0xE000EDFC) = 1u << 24; REG(0xE0000FB0) = 0xC5ACCE55;
    REG(0xE0000E80) = 1; REG(0xE0000E00) = ~0u; REG(0xE0000E40) = TPR;
    REG(0xE000ED14) |= CCR;
    __asm__ volatile("movs r0, #1\n msr control, r0\n isb" ::: "r0");
    register u32 a __asm__("r1") = ADDRESS; register u32 v __asm__("r2") = VALUE;
    __asm__ volatile(ACCESS : "+r"(v) : "r"(a) : "memory");
    loaded = v;
    print("!");
}
"""
LDR, STR = "ldr.w r2, [r1]", "str.w r2, [r1]"
BOARDS = ("virtual-m3", "virtual-m4", "virtual-m7")
REFUSED = {
    "SCB_CPUID": 0xE000ED00, "SCB_VTOR": 0xE000ED08, "SysTick_CTRL": 0xE000E010, "NVIC_ISER": 0xE000E100,
    "MPU_CTRL": 0xE000ED94, "STIR": 0xE000EF00, "DWT_CYCCNT": 0xE0001004, "FPB": 0xE0002000,
    "TPIU": 0xE0040004, "ROM table": 0xE00FF000,
}  # fmt: skip
TEXT = 0x41


def run(folder: Path, board: str, access: str, address: int, *, ccr: int = 0, tpr: int = 0,
        hook: str = "auto") -> Machine:  # fmt: skip
    source = SOURCE.replace("ACCESS", f'"{access}"').replace("ADDRESS", hex(address))
    source = source.replace("VALUE", hex(TEXT)).replace("CCR;", f"{ccr};").replace("TPR", str(tpr))
    machine = Machine(board, hook=hook)
    machine.load(build(folder, source, core=machine.board.core))
    machine.run(until="!")
    return machine


def variable(machine: Machine, name: str) -> int:
    return int.from_bytes(machine.read_memory(machine.symbol(name).address, 4), "little")


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize("access", [LDR, STR])
@pytest.mark.parametrize("register", REFUSED)
def test_refused(tmp_path: Path, register: str, access: str, hook: str) -> None:
    address = REFUSED[register]
    machine = run(tmp_path, "virtual-m4", access, address, hook=hook)
    names = ("faults", "status", "where", "loaded")
    assert [variable(machine, name) for name in names] == [1, 0x8200, address, TEXT], "R2 keeps its value"
    assert variable(machine, "frame_pc") == machine.system.last_fault.pc
    assert machine.system.read(0xE000ED08, 4) == machine.symbol("own").address


@pytest.mark.parametrize("board", BOARDS)
def test_on_each_core(tmp_path: Path, board: str) -> None:
    assert variable(run(tmp_path, board, STR, REFUSED["NVIC_ISER"]), "faults") == 1


def test_stir_with_permission(tmp_path: Path) -> None:
    for access, faults in ((STR, 0), (LDR, 1)):
        machine = run(tmp_path, "virtual-m4", access, 0xE000EF00, ccr=2)
        assert variable(machine, "faults") == faults


def test_itm_by_its_privilege_register(tmp_path: Path) -> None:
    for tpr, shown in ((0, b"A"), (1, b""), (2, b"A")):
        machine = run(tmp_path, "virtual-m4", "strb.w r2, [r1]", 0xE0000000, tpr=tpr)
        assert (variable(machine, "faults"), machine.itm.take()) == (0, shown)
    machine = run(tmp_path, "virtual-m4", STR, 0xE0000E40, tpr=1)
    assert (variable(machine, "faults"), machine.system.read(0xE0000E40, 4)) == (0, 1), "it stays what it was"
    assert variable(run(tmp_path, "virtual-m4", LDR, 0xE0000000), "loaded") == 1, "room in the FIFO"
