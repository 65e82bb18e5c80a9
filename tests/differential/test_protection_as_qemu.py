"""Random MPU regions and accesses: the same faults at the same addresses as QEMU's MPS2 boards have."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from emulator import Machine, StopReason
from tests.machine.firmware import MPS2, build

AREA, AREA_V8, AREA_BYTES = 0x20020000, 0x38020000, 0x8000
CONFIGURATIONS, ACCESSES, REGIONS = 24, 120, 5
PRIVDEFENA = 4
WITH_SUBREGIONS = 12
"""Of RASR.SIZE. QEMU 7.2 takes what holds in a smaller disabled subregion for all of its page of 1 KiB."""
SOURCE = r"""
typedef unsigned char u8;
struct region { u32 base, attributes; };
static const struct region regions[][REGIONS] = { %(regions)s };
static const struct region usual[3] = { %(usual)s }; /* code, data and stack, devices */
static const u8 controls[] = { %(controls)s };
static const u32 accesses[][2] = { %(accesses)s };
static volatile u32 skip, hash, faults;
static void number(u32 n) { for (int i = 28; i >= 0; i -= 4) put("0123456789abcdef"[n >> i & 15]); put(' '); }
static void mix(u32 n) { hash = (hash ^ n) * 0x01000193; }
void fault(u32 *frame)
{
    mix(REG(0xE000ED28)); mix(REG(0xE000ED34)); mix(frame[0]); mix(frame[1]);
    REG(0xE000ED28) = REG(0xE000ED28);
    frame[6] += skip;
    faults++;
}
__attribute__((naked)) static void on_fault(void) { __asm__ volatile("mov r0, sp\n b fault"); }
static u32 table[16] __attribute__((aligned(128)));
static void access(u32 address, u32 kind)
{
    register u32 r0 __asm__("r0") = address;
    register u32 r1 __asm__("r1") = 0x11;
    skip = kind == 4 || kind == 5 ? 4 : 2;
    switch (kind) {
    case 0: __asm__ volatile("ldr r1, [r0]\n nop" : "+r"(r0), "+r"(r1) :: "memory"); break;
    case 1: __asm__ volatile("str r1, [r0]\n nop" : "+r"(r0), "+r"(r1) :: "memory"); break;
    case 2: __asm__ volatile("ldrb r1, [r0]\n nop" : "+r"(r0), "+r"(r1) :: "memory"); break;
    case 3: __asm__ volatile("strh r1, [r0]\n nop" : "+r"(r0), "+r"(r1) :: "memory"); break;
    case 4: __asm__ volatile("ldrt r1, [r0]\n nop" : "+r"(r0), "+r"(r1) :: "memory"); break;
    case 5: __asm__ volatile("strt r1, [r0]\n nop" : "+r"(r0), "+r"(r1) :: "memory"); break;
    default: __asm__ volatile("stmia r0!, {r1, r2, r3}\n nop" : "+r"(r0) : "r"(r1) : "memory"); break;
    }
    mix(r0);
}
void main(void)
{
    u32 n = 0;
    for (u32 i = 0; i < 16; i++) table[i] = (u32)on_fault;
    REG(0xE000ED08) = (u32)table;
    REG(0xE000ED24) |= 0x70000;
    for (u32 c = 0; c < sizeof controls; c++) {
        hash = 0x811C9DC5; faults = 0;
        REG(0xE000ED94) = 0;
        for (u32 r = 0; r < REGIONS; r++) {
            REG(0xE000ED98) = r + 3;
            REG(0xE000ED9C) = regions[c][r].base;
            REG(0xE000EDA0) = regions[c][r].attributes;
        }
        for (u32 r = 0; r < 3; r++) {
            REG(0xE000ED98) = r;
            REG(0xE000ED9C) = usual[r].base;
            REG(0xE000EDA0) = usual[r].attributes;
        }
        REG(0xE000ED94) = controls[c];
        __asm__ volatile("dsb\n isb");
        for (u32 a = 0; a < ACCESSES; a++, n++) access(accesses[n][0], accesses[n][1]);
        number(faults); number(hash); put('\n');
    }
    REG(0xE000ED94) = 0;
    print("end\n\n\n"); /* the last ones may still be on their way */
    register u32 r0 __asm__("r0") = 0x18;
    register u32 r1 __asm__("r1") = 0x20026;
    __asm__ volatile("bkpt 0xAB" :: "r"(r0), "r"(r1) : "memory");
}
"""


USUAL = "{0, 0x0600002B}, {0x20000000, 0x03000021}, {0x40000000, 0x03000039}"
USUAL_V8 = "{0x10000006, 0x103FFFE1}, {0x38000002, 0x3801FFE1}, {0x40000002, 0x5FFFFFE1}"
SECURE = {
    "0x0 :": "0x10000000 :",
    "0x20000000": "0x38000000",
    "0x20010000": "0x38010000",
    "0x40004000u": "0x50200000u",
}
"""Code, RAM, stack and console of AN505, whose core boots in Secure state; ours has no other."""


def v7_region(random: Random) -> tuple[int, int]:
    """Base and RASR."""
    size = random.choice((4, 5, 6, 7, 9, 10, 11, 12, 12, 13))
    base = (AREA + random.randrange(0, AREA_BYTES)) & -(2 << size)
    subregions = random.getrandbits(8) if size >= WITH_SUBREGIONS and random.random() < 0.7 else 0
    access = random.choice((0, 1, 2, 3, 5, 6))
    return base, access << 24 | subregions << 8 | size << 1 | int(random.random() < 0.9)


def v8_region(random: Random) -> tuple[int, int]:
    """RBAR and RLAR."""
    base = AREA_V8 + 32 * random.randrange(AREA_BYTES // 32)
    size = 32 * random.choice((1, 1, 2, 5, 16, 128, 200))
    return base | random.randrange(4) << 1, base + size - 32 | int(random.random() < 0.9)


def source(seed: int, *, is_v8: bool) -> str:
    """A program that tries random accesses in random regions of some 32 KiB."""
    random = Random(seed)
    regions, accesses = [], []
    for _ in range(CONFIGURATIONS):
        chosen = [v8_region(random) if is_v8 else v7_region(random) for _ in range(REGIONS)]
        regions.append("{" + ", ".join(f"{{{b:#x}, {a:#x}}}" for b, a in chosen) + "}")
        near = [base for base, _ in chosen]
        for _ in range(ACCESSES):
            around = random.choice(near) + random.randrange(-64, 4096) if random.random() < 0.8 else None
            area = AREA_V8 if is_v8 else AREA
            address = area + random.randrange(0, AREA_BYTES) if around is None else around
            accesses.append(f"{{{address & ~3:#x}, {random.randrange(7)}}}")
    controls = ", ".join(str(1 | random.choice((0, PRIVDEFENA))) for _ in range(CONFIGURATIONS))
    filled = {"regions": ",\n".join(regions), "controls": controls, "accesses": ",\n".join(accesses)}
    filled["usual"] = USUAL_V8 if is_v8 else USUAL
    return f"#define REGIONS {REGIONS}\n#define ACCESSES {ACCESSES}\n{SOURCE % filled}"


@pytest.mark.parametrize(
    ("board", "core", "seed"),
    [
        ("mps2-an385", "cortex-m3", 1),
        ("mps2-an386", "cortex-m4", 2),
        ("mps2-an500", "cortex-m7", 3),
        ("mps2-an505", "cortex-m33", 4),
    ],
)
def test_same_as_qemu(tmp_path: Path, board: str, core: str, seed: int) -> None:
    qemu = shutil.which("qemu-system-arm")
    assert qemu is not None, "qemu-system-arm is not installed: make test says how"
    is_v8 = core == "cortex-m33"
    elf = build(tmp_path, source(seed, is_v8=is_v8), core=core, places=SECURE if is_v8 else MPS2)
    reference = subprocess.run(
        [qemu, "-M", board, "-display", "none", "-monitor", "none", "-serial", "stdio", "-semihosting",
         "-kernel", str(elf)],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=True,
    )  # fmt: skip
    expected = reference.stdout.strip().splitlines()
    assert expected[-1] == b"end"
    assert sum(int(line.split()[0], 16) for line in expected[:-1]) > CONFIGURATIONS * ACCESSES // 8
    for hook, timing in (("native", "memory"), ("python", "memory"), ("native", "count")):
        machine = Machine(board, hook=hook, timing=timing)
        machine.load(elf)
        assert machine.run(wall_limit=60) is StopReason.EXIT
        assert bytes(machine.console.output).strip().splitlines() == expected
