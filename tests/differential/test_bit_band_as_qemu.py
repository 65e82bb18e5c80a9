"""Bit-band aliases of SRAM and peripherals: the same answers as QEMU's MPS2 boards give."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from emulator import Machine, StopReason
from tests.machine.firmware import build

SOURCE = r"""
typedef unsigned char u8;
typedef unsigned short u16;
static volatile u32 word;
static void number(u32 n) { for (int i = 28; i >= 0; i -= 4) put("0123456789abcdef"[n >> i & 15]); put(' '); }
static u32 alias(u32 address, u32 bit)
{
    u32 base = address & 0xFFF00000;
    return base + 0x02000000 + (address - base) * 32 + bit * 4;
}
#define W(a, b) (*(volatile u32 *)alias(a, b))
#define H(a, b) (*(volatile u16 *)alias(a, b))
#define B(a, b) (*(volatile u8 *)alias(a, b))
static void leave(void)
{
    register u32 r0 __asm__("r0") = 0x18;
    register u32 r1 __asm__("r1") = 0x20026;
    __asm__ volatile("bkpt 0xAB" :: "r"(r0), "r"(r1) : "memory");
}
static void words(u32 address)
{
    volatile u32 *target = (volatile u32 *)address;
    *target = 0x5A0FC3A5;
    for (u32 i = 0; i < 32; i++) number(W(address, i));
    for (u32 i = 0; i < 32; i += 3) { W(address, i) = 0xFFFFFFFE | i; number(*target); }
    put('\n');
}
static void parts(u32 address) /* QEMU's devices take words alone */
{
    volatile u32 *target = (volatile u32 *)address;
    for (u32 i = 0; i < 32; i++) number(H(address, i) << 8 | B(address, i));
    for (u32 i = 1; i < 32; i += 3) { H(address, i) = (u16)(i >> 1); number(*target); }
    for (u32 i = 2; i < 32; i += 3) { B(address, i) = (u8)(i >> 1); number(*target); }
    put('\n');
}
void main(void)
{
    words((u32)&word);
    parts((u32)&word);
    words(0x40000008); /* RELOAD of a timer that does not run */
    REG(0x40005008) = 0x41; /* CTRL of another UART */
    W(0x40005008, 1) = 1; number(REG(0x40005008));
    W(0x40005008, 0) = 0; number(REG(0x40005008)); number(W(0x40005008, 6));
    print("end\n\n\n"); /* the last ones may still be on their way */
    leave();
}
"""


@pytest.mark.parametrize(("board", "core"), [("mps2-an385", "cortex-m3"), ("mps2-an386", "cortex-m4")])
def test_same_as_qemu(tmp_path: Path, board: str, core: str) -> None:
    qemu = shutil.which("qemu-system-arm")
    assert qemu is not None, "qemu-system-arm is not installed: make test says how"
    elf = build(tmp_path, SOURCE, core=core)
    reference = subprocess.run(
        [qemu, "-M", board, "-display", "none", "-monitor", "none", "-serial", "stdio", "-semihosting",
         "-kernel", str(elf)],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    expected = reference.stdout.strip()
    assert expected.endswith(b"end")
    for hook in ("native", "python"):
        machine = Machine(board, hook=hook)
        machine.load(elf)
        assert machine.run(wall_limit=60) is StopReason.EXIT
        assert bytes(machine.console.output).strip() == expected
        assert not machine.unmodelled
