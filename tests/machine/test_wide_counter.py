"""Delays that read both words of RP2040's 64-bit timer in each turn are skipped; else nothing changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from emulator import Counts, Machine
from emulator.image.model import Image, Segment

FLASH, RAM = 0x1000_0000, 0x2000_0000
SOURCE = r"""
typedef unsigned int u32;
#define REG(a) (*(volatile u32 *)(a))
#define RAWH REG(0x40054024u)
#define RAWL REG(0x40054028u)
static u32 wait(u32 n);
u32 begin(u32 n)
{
    REG(0x4000F000u) = 1u << 21; /* RESETS: the timer is let go */
    while (!(REG(0x4000C008u) & 1u << 21)) { }
    REG(0x4005802Cu) = 1u << 9 | 6; /* WATCHDOG: its tick */
    return wait(n) - n;
}
"""
WAITS = {
    "the high word before the low one": """static u32 wait(u32 n)
        {
            u32 high = RAWH, target = RAWL + n;
            while (RAWH == high && RAWL < target) { }
            return RAWL - target + n;
        }""",
    "again until the high word has not changed": """static u32 now(void)
        {
            for (u32 high = RAWH;;) {
                u32 low = RAWL, next = RAWH;
                if (next == high) return low;
                high = next;
            }
        }
        static u32 wait(u32 n)
        { u32 first = now(), low; while ((low = now()) - first < n) { } return low - first; }""",
    "both words by one instruction": """static u32 wait(u32 n)
        {
            u32 target = RAWL + n, low;
            do {
                register u32 from __asm__("r3") = 0x40054024u;
                register u32 second __asm__("r1");
                __asm__ volatile("ldmia r3!, {r0, r1}" : "+r"(from), "=r"(second) : : "r0");
                low = second;
            } while (low < target);
            return low - target + n;
        }""",
}


def compiled(tmp_path: Path, source: str) -> bytes:
    """Its first function lies at the beginning."""
    c_file, elf, binary = (tmp_path / f"wait.{suffix}" for suffix in ("c", "elf", "bin"))
    c_file.write_text(source)
    flags = ["-mcpu=cortex-m0plus", "-mthumb", "-Os", "-ffreestanding", "-nostdlib", "-fno-toplevel-reorder"]
    linked = [f"-Wl,-Ttext={RAM:#x}", "-Wl,-ebegin", str(c_file), "-o", str(elf)]
    subprocess.run(["arm-none-eabi-gcc", *flags, *linked], check=True)
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", str(elf), str(binary)], check=True)
    return binary.read_bytes()


def waited(code: bytes, hook: str, *, skip: bool, us: int) -> tuple[Counts, int, int]:
    """Figures, by how much it was late in microseconds, and instructions that were not run."""
    machine = Machine("rpi-pico", hook=hook)
    machine.load(Image("empty", "", "bin", (Segment(FLASH, bytes(0x200)),)))
    machine.write_memory(RAM, code)
    machine.execution.skip_waiting = skip
    late = machine.call(RAM | 1, us, returns="uint32").value
    return machine.counts, late, machine.engine.outside.skipped_instructions


@pytest.mark.parametrize("kind", WAITS)
def test_turns_are_skipped_and_nothing_changes(cross_tools: None, tmp_path: Path, kind: str) -> None:
    code = compiled(tmp_path, SOURCE + WAITS[kind])
    counts, late, skipped = waited(code, "native", skip=True, us=20_000)
    assert waited(code, "native", skip=False, us=20_000) == (counts, late, 0)
    assert late <= 5
    assert skipped > 0.9 * counts.instructions
    assert waited(code, "python", skip=True, us=20_000) == (counts, late, skipped)
