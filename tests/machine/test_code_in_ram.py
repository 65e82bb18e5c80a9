"""Code that runs from RAM, is changed there, and is entered without the Thumb bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine, StopReason
from tests.machine.firmware import build

SOURCE = r"""
static volatile unsigned short code[2] __attribute__((aligned(4)));
static u32 table[16] __attribute__((aligned(128)));
typedef int (*function)(void);
static int call(int value)
{
    code[0] = 0x2000 | value; /* movs r0, #value */
    code[1] = 0x4770;         /* bx lr */
    __asm__ volatile("dsb\n isb" ::: "memory");
    return ((function)((u32)code | 1))();
}
static void usage(void) { put(REG(0xE000ED28) == 1u << 17 ? 'V' : '!'); print("end\n"); for (;;) { } }
void main(void)
{
    for (int i = 0; i < 16; i++) table[i] = ((u32 *)0)[i];
    table[6] = (u32)usage;
    REG(0xE000ED08) = (u32)table;
    REG(0xE000ED24) |= 1u << 18; /* UsageFault */
#ifdef EVEN_FIRST
    ((function)((u32)code & ~1u))();
#endif
    put('0' + call(3)); put('0' + call(3)); put('0' + call(5));
    ((function)((u32)code & ~1u))();
}
"""


@pytest.mark.parametrize(("first", "said"), [("", b"335Vend\n"), ("#define EVEN_FIRST\n", b"Vend\n")])
def test_code_in_ram_runs_as_written_last(tmp_path: Path, first: str, said: bytes) -> None:
    elf = build(tmp_path, first + SOURCE)
    counts = []
    for hook in ("native", "python"):
        machine = Machine("virtual-m4", hook=hook)
        machine.load(elf)
        assert machine.run(until="end\n", max_cycles=10_000_000) is StopReason.UNTIL
        assert machine.console.take() == said
        counts.append(machine.counts)
    assert counts[0] == counts[1]
