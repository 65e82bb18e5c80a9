"""Flash that its controller writes and erases: firmware's stores, changed code, MPU, snapshots, faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine, StopReason
from emulator.errors import GuestFault
from tests.machine.firmware import build

PAGE, RESULTS = 0x8000, 0x20004000
SLACK_CYCLES = 300
"""Of the calls and polls around: a store's time begins with its block."""
SOURCE = r"""
#define NVMC 0x4001E000u
#define PAGE 0x8000u
typedef int (*function)(void);
static void ready(void) { while (!REG(NVMC + 0x400)) { } }
static void program(u32 address, u32 value)
{
    REG(NVMC + 0x504) = 1;
    REG(address) = value;
    ready();
    REG(NVMC + 0x504) = 0;
}
static void erase(u32 page)
{
    REG(NVMC + 0x504) = 2;
    REG(NVMC + 0x508) = page;
    ready();
    REG(NVMC + 0x504) = 0;
}
static void say(u32 i, u32 value) { REG(0x20004000u + 4 * i) = value; }
static u32 table[16] __attribute__((aligned(128)));
static void fault(void) { say(9, REG(0xE000ED38)); for (;;) { } }
void main(void)
{
    for (int i = 0; i < 16; i++) table[i] = ((u32 *)0)[i];
    table[3] = (u32)fault;
    REG(0xE000ED08) = (u32)table;
#ifdef MPU
    REG(0xE000ED9C) = 0x00000010u | 0;  /* all of the address space, full access */
    REG(0xE000EDA0) = 3u << 24 | 31u << 1 | 1;
    REG(0xE000ED9C) = 0x20007000u | 0x11; /* and a page that nobody may touch */
    REG(0xE000EDA0) = 11u << 1 | 1;
    REG(0xE000ED94) = 5;
#endif
    u32 begin = REG(0xE0001004);
    program(PAGE, 0x47702000u | 3);            /* movs r0, #3; bx lr */
    say(0, REG(0xE0001004) - begin);
    say(1, ((function)(PAGE | 1))());
    program(PAGE, 0x47702001u);                /* only clears bits: 3 & 1 */
    say(2, ((function)(PAGE | 1))());
    begin = REG(0xE0001004);
    erase(PAGE);
    say(3, REG(0xE0001004) - begin);
    say(4, REG(PAGE));
    program(PAGE, 0x47702000u | 9);
    say(5, ((function)(PAGE | 1))());
    say(6, 0x600D);
    REG(PAGE + 8) = 5;                         /* closed: a bus fault */
}
"""
CYCLE_COUNTER = "#define COUNT REG(0xE000EDFC) |= 1u << 24; REG(0xE0001000) |= 1\n"


def run_to_the_fault(machine: Machine) -> None:
    with pytest.raises(GuestFault, match="0x00008008"):
        machine.run(wall_limit=60)


def results(machine: Machine) -> list[int]:
    data = machine.read_memory(RESULTS, 40)
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, 40, 4)]


@pytest.mark.usefixtures("cross_tools")
@pytest.mark.parametrize("defines", ["", "#define MPU\n"])
def test_it_takes_words_and_erases_pages(tmp_path: Path, defines: str) -> None:
    source = CYCLE_COUNTER + defines + SOURCE.replace("    u32 begin", "    COUNT;\n    u32 begin", 1)
    elf = build(tmp_path, source)
    counts = []
    for hook in ("native", "python"):
        machine = Machine("nrf52840-dk", hook=hook)
        machine.load(elf)
        run_to_the_fault(machine)
        written, first, second, erased, blank, third, done, _, _, fault = results(machine)
        assert (first, second, blank, third, done) == (3, 1, 0xFFFFFFFF, 9, 0x600D)
        assert written == pytest.approx(41 * 64, abs=SLACK_CYCLES)
        assert erased == pytest.approx(85_000 * 64, abs=SLACK_CYCLES)
        assert fault == PAGE + 8, "BFAR"
        assert machine.read_memory(PAGE + 8, 4) == b"\xff" * 4
        counts.append(machine.counts)
    assert counts[0] == counts[1]


@pytest.mark.usefixtures("cross_tools")
def test_a_snapshot_holds_it_and_a_reset_does_not_touch_it(tmp_path: Path) -> None:
    elf = build(tmp_path, SOURCE)
    machine = Machine("nrf52840-dk")
    machine.load(elf)
    before = machine.snapshot()
    run_to_the_fault(machine)
    written = machine.read_memory(PAGE, 4)
    machine.restore(before)
    assert machine.read_memory(PAGE, 4) == b"\xff" * 4
    run_to_the_fault(machine)
    assert machine.read_memory(PAGE, 4) == written
    machine.reset()
    assert machine.read_memory(PAGE, 4) == written


COUNTED = r"""
void main(void)
{
    REG(0x4001E540) = 0x101; /* ICACHECNF: the cache and its counters */
    for (volatile int i = 0; i < 100; i++) { }
    REG(0x20004000) = REG(0x4001E548); /* IHIT */
    REG(0x20004004) = REG(0x4001E54C); /* IMISS */
}
"""


@pytest.mark.usefixtures("cross_tools")
def test_firmware_reads_the_hits_and_misses_of_its_cache(tmp_path: Path) -> None:
    elf = build(tmp_path, COUNTED)
    counts = []
    for hook in ("native", "python"):
        machine = Machine("nrf52840-dk", hook=hook)
        machine.load(elf)
        assert machine.run(wall_limit=60) is StopReason.IDLE
        hits, misses, *_ = results(machine)
        assert hits > 100
        assert 2 <= misses < 20
        counts.append((hits, misses))
    assert counts[0] == counts[1]
