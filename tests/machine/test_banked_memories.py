"""Memories of which firmware says how many banks answer: i.MX RT1060's FlexRAM, divided while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine
from emulator.image.loader import load_image
from emulator.image.names import find_symbol
from emulator.system.core import MemoryFault
from tests.machine.firmware import build

RESULTS = 0x20004000
FUSED_ITCM, FUSED_DTCM, FUSED_OCRAM = 0x20000, 0x20020000, 0x202C0000
DTCM, OCRAM = 0x20040000, 0x202A0000
PRECISE_DATA, INSTRUCTION = 0x8200, 0x0100
PLACES = {
    "0x0 :": "0x60002000 :",
    "0x20000000": "0x20000000",
    "0x20010000": "0x20010000",
    "0x40004000u": "0x20008000u",
}
"""The console's registers are plain memory: what is said is what is left in RAM."""
SOURCE = r"""
#define GPR(n) REG(0x400AC000u + 4 * n)
#define CFSR REG(0xE000ED28)
static volatile u32 *said = (u32 *)0x20004000u;
static u32 status, address;
__attribute__((used)) void fault(u32 *frame)
{
    status = CFSR;
    address = REG(0xE000ED38);
    CFSR = status;
    frame[6] = status & 0x100 ? frame[5] & ~1u : frame[6] + 4;
}
static u32 table[16] __attribute__((aligned(128)));
__attribute__((naked)) static void on_fault(void) { __asm("mov r0, sp\n b fault"); }
__attribute__((naked, noinline)) static u32 load(u32 at) { __asm("ldr.w r0, [r0]\n bx lr"); }
__attribute__((naked, noinline)) static void store(u32 at, u32 value) { __asm("str.w r1, [r0]\n bx lr"); }
static void look(u32 end)
{
    status = address = 0;
    store(end - 4, end);
    *said++ = load(end - 4) == end && !status;
    load(end);
    *said++ = status;
    *said++ = address;
    status = 0;
    store(end, 1);
    *said++ = status;
}
static u32 call(u32 at) { status = 0; ((void (*)(void))(at | 1))(); return status; }
void main(void)
{
    said = (u32 *)0x20004000u;
    table[3] = (u32)on_fault;
    REG(0xE000ED08) = (u32)table;
    look(FUSED_ITCM);
    look(FUSED_DTCM);
    look(FUSED_OCRAM);
    REG(0x18000) = 0xBF004770u; /* bx lr */
    *said++ = call(0x18000);
    GPR(17) = 0x55AAAA0Fu; /* two banks of ITCM, two of nobody, eight of DTCM, four of OCRAM */
    GPR(16) = 0x00200007u;
    look(DTCM);
    look(OCRAM);
    *said++ = call(0x18000);
    GPR(17) = 0x55AAAAFFu;
    *said++ = call(0x18000);
    GPR(14) = 0x00800000u; /* the core's DTCM ends at 128 KB */
    look(FUSED_DTCM);
    for (;;) { }
}
"""
DEFINES = "".join(
    f"#define {name} {value:#x}u\n"
    for name, value in (
        ("FUSED_ITCM", FUSED_ITCM), ("FUSED_DTCM", FUSED_DTCM), ("FUSED_OCRAM", FUSED_OCRAM),
        ("DTCM", DTCM), ("OCRAM", OCRAM),
    )
)  # fmt: skip


def looked(end: int) -> list[int]:
    """What is there to ``end`` and no further says of itself."""
    return [1, PRECISE_DATA, end, PRECISE_DATA]


EXPECTED = [
    *(looked(FUSED_ITCM) + looked(FUSED_DTCM) + looked(FUSED_OCRAM)),
    0,
    *(looked(DTCM) + looked(OCRAM)),
    INSTRUCTION,
    0,
    *looked(FUSED_DTCM),
]


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("banks"), DEFINES + SOURCE, core="cortex-m7", places=PLACES)


def machine_with(firmware: Path, hook: str, board: str) -> Machine:
    machine = Machine(board, hook=hook)
    machine.load(firmware, start=find_symbol(load_image(firmware), "start").address & ~1)
    return machine


def said(machine: Machine) -> list[int]:
    data = machine.read_memory(RESULTS, 4 * len(EXPECTED))
    return [int.from_bytes(data[n : n + 4], "little") for n in range(0, len(data), 4)]


@pytest.mark.usefixtures("cross_tools")
@pytest.mark.parametrize("board", ["teensy-4.0", "mimxrt1060-evk"])
def test_flexram_answers_as_far_as_firmware_has_divided_it(firmware: Path, board: str) -> None:
    found = []
    for hook in ("native", "python"):
        machine = machine_with(firmware, hook, board)
        machine.run(max_cycles=300_000)
        assert said(machine) == EXPECTED
        found.append((machine.counts, machine.registers()))
    assert found[0] == found[1]


@pytest.mark.usefixtures("cross_tools")
def test_slices_and_snapshots_of_any_moment_go_on_alike(firmware: Path) -> None:
    whole = machine_with(firmware, "native", "teensy-4.0")
    whole.run(max_cycles=300_000)
    machine = machine_with(firmware, "native", "teensy-4.0")
    snapshots = [machine.snapshot()]
    for end in range(20_000, 300_000, 20_000):
        machine.run(max_cycles=end - machine.counts.cycles)
        snapshots.append(machine.snapshot())
    machine.run(max_cycles=300_000 - machine.counts.cycles)
    assert (machine.counts, said(machine)) == (whole.counts, EXPECTED)
    for snapshot in snapshots[::-1]:
        machine.restore(snapshot)
        machine.run(max_cycles=300_000 - machine.counts.cycles)
        assert (machine.counts, said(machine)) == (whole.counts, EXPECTED)


@pytest.mark.usefixtures("cross_tools")
def test_what_does_not_answer_is_none_of_a_debuggers_or_a_dmas(firmware: Path) -> None:
    machine = machine_with(firmware, "native", "teensy-4.0")
    assert machine.peek(FUSED_DTCM - 4, 8) == bytes(4)
    for access in (
        lambda: machine._parts.memory.read(FUSED_DTCM, 4),
        lambda: machine._parts.memory.write(FUSED_DTCM - 2, 4, 0),
    ):
        with pytest.raises(MemoryFault):
            access()
