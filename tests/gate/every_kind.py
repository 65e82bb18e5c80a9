"""Firmware and a specification that bring up every kind of figure that the gate has."""

from __future__ import annotations

from pathlib import Path

from tests.machine.firmware import build
from tests.profiling.operator_firmware import interpreter

FIRMWARE = r"""
char room[512];
extern char end[] __attribute__((alias("room")));
static char *top;
u32 table[3] = {1, 2, 3};
volatile u32 seen, kept;
__attribute__((noinline)) void *_sbrk(int bytes) { char *old = top; top += bytes; return old; }
__attribute__((noinline)) u32 deep(u32 n)
{
    volatile u32 local[16];
    local[n & 15] = n;
    if (n) local[0] += deep(n - 1);
    return local[0] + n;
}
__attribute__((noinline)) void work(void) { for (u32 i = 1; i < 3000; i++) kept += kept / i + table[i % 3]; }
__attribute__((noinline)) u32 crc(const unsigned char *data, u32 size)
{
    u32 value = ~0u;
    while (size--) {
        value ^= *data++;
        for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ 0xEDB88320u : value >> 1;
    }
    return seen = ~value;
}
__attribute__((noinline)) void five(u32 a, float b, long long c, const u32 *d, const char *e)
{
    seen = a + (u32)(b * 2) + (u32)(c >> 32) + d[1] + (u32)e[1];
}
void main(void)
{
    top = end;
    table[0] = 1; table[1] = 2; table[2] = 3;
    print("ready\n");
    REG(0xE000E014u) = 4999; REG(0xE000E018u) = 0; REG(0xE000E010u) = 7;
    work();
    _sbrk(40); _sbrk(24); _sbrk(-24);
    deep(5);
    print("done\n");
    for (;;) { }
}
"""
SPECIFICATION = """
[measure.whole]
image = "app.elf"
board = "virtual-m4"
after = "ready"
until = "done"

[measure.first_call]
image = "app.elf"
board = "virtual-m4"
function = "work"

[measure.shallow]
image = "app.elf"
board = "virtual-m4"
call = "deep"
arguments = [3]

[measure.deeper]
image = "app.elf"
board = "virtual-m4"
call = "deep"
arguments = [5]

[measure.crc]
image = "app.elf"
board = "virtual-m4"
call = "crc"
arguments = [{ file = "data.bin" }, 300]

[measure.stretch]
image = "app.elf"
board = "virtual-m4"
after = "ready"
max_cycles = 20000

[measure.network]
image = "network.elf"
board = "virtual-m4"
after = "ready"
max_cycles = 60000
"""
DATA = bytes(range(100)) * 3


def build_all(place: Path) -> Path:
    """Images, data and specification in a folder."""
    build(place, FIRMWARE, "app")
    build(place, interpreter().replace("get();", "for (volatile int i = 0; i < 100; i++) { }"), "network")
    (place / "data.bin").write_bytes(DATA)
    (place / "boardless.toml").write_text(SPECIFICATION)
    return place
