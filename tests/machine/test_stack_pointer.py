"""SP has no bits 1:0 (ARMv7-M ARM B1.4.1), whichever instruction writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine, StopReason
from tests.machine.firmware import build

WAYS = {
    "mov": "adds r0, r2, #3\n mov sp, r0",
    "add": "movs r0, #7\n add sp, r0\n subs r0, #3\n negs r0, r0\n add sp, r0",
    "sub": "sub.w sp, sp, #5\n add.w sp, sp, #10",
    "ldr": "adds r0, r2, #2\n str r0, [r1]\n ldr.w sp, [r1]",
    "mov behind a block's end": "adds r0, r2, #1\n mov sp, r0\n b 1f\n1:",
    "mov, push and pop": "adds r0, r2, #3\n mov sp, r0\n push {r0, r3}\n pop {r0, r3}",
}
SOURCE = r"""
volatile u32 place, before, behind;
void main(void)
{
    __asm__ volatile("mov r2, sp\n mov r1, %0\n" WAY "\n mov r0, sp\n mov sp, r2\n"
                     "str r2, [%1]\n str r0, [%2]"
                     :: "r"(&place), "r"(&before), "r"(&behind) : "r0", "r1", "r2", "r3", "memory", "cc");
    print(before == behind ? "same\nend\n" : "other\nend\n");
}
"""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("hook", ["native", "python"])
def test_it_holds_multiples_of_four(tmp_path: Path, hook: str, way: str) -> None:
    words = '#define WAY "' + WAYS[way].replace("\n", "\\n") + '"\n'
    elf = build(tmp_path, words + SOURCE)
    machine = Machine("virtual-m4", hook=hook)
    machine.load(elf)
    assert machine.run(until="end\n", max_cycles=1_000_000) is StopReason.UNTIL
    assert machine.console.take() == b"same\nend\n"
