"""Armv8.1-M beside Unicorn: what it computes and counts, whatever comes in between."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from emulator.errors import UsageError
from emulator.machine.machine import Machine

BOARD = """
title = "A Cortex-M55 with a flash and a RAM"
core = "cortex-m55"
fpu = "double"
reset_hz = 20_000_000
vector_table = 0
interrupts = 16
priority_bits = 3
console = "uart"
sources = ["no silicon"]
[regions.flash]
base = 0
size_bytes = 0x10000
kind = "flash"
bus = "code"
source = "chosen"
[regions.sram]
base = 0x20000000
size_bytes = 0x10000
kind = "ram"
bus = "system"
source = "chosen"
[devices.uart]
type = "peripherals.arm.cmsdk_uart:CmsdkUart"
base = 0x40000000
size_bytes = 0x1000
interrupts = { rx = 0, tx = 1 }
"""
OPEN_FPU = """
ldr r0, =0xE000ED88
ldr r1, =0x00F00000
str r1, [r0]
dsb
isb
"""
DATA, RESULT = 0x20000100, 0x20000800
EXIT = "movs r0, #0x18\nldr r1, =0x20026\nbkpt 0xab\n"
HEAD = ".syntax unified\n.thumb\n"
VECTORS = '.section .vectors, "a"\n.word 0x20010000\n.word reset + 1\n' + "".join(
    f".word fault{n} + 1\n" for n in range(2, 16)
)
CATCH_FAULTS = "ldr r0, =0xE000ED24\nldr r1, =0x70000\nstr r1, [r0]\n"
COMPILE = (
    "arm-none-eabi-gcc", "-nostdlib", "-march=armv8.1-m.main+mve.fp", "-mfloat-abi=hard", "-Wl,-e,reset",
)  # fmt: skip


@dataclass
class Bench:
    """Assembles programs, and runs them."""

    folder: Path
    board: Path = field(init=False)

    def __post_init__(self) -> None:
        self.board = self.folder / "board.toml"
        self.board.write_text(BOARD)

    def image(self, body: str, after: str = "", *, opens: bool = True) -> Path:
        """A program that begins with ``body``; a fault ends it with its number in r7."""
        source, made = self.folder / "program.s", self.folder / "program.elf"
        others = [n for n in range(2, 16) if f"fault{n}:" not in after]
        faults = "".join(f".thumb_func\nfault{n}: movs r7, #{n}\nb leave\n" for n in others)
        source.write_text(
            f"{HEAD}{VECTORS}.text\n.thumb_func\nreset:\n{CATCH_FAULTS}{OPEN_FPU if opens else ''}"
            f"{body}\nleave:\n{EXIT}{faults}{after}\n.ltorg\n"
        )
        script = self.folder / "link.ld"
        script.write_text("SECTIONS { . = 0; .text : { *(.vectors) *(.text) } }")
        subprocess.run(
            [*COMPILE, f"-Wl,-T,{script}", str(source), "-o", str(made)], check=True,
        )  # fmt: skip
        return made

    def machine(self, image: Path, **options: Any) -> Machine:
        machine = Machine(str(self.board), **options)
        machine.load(image)
        return machine

    def run(
        self, image: Path, data: bytes = b"", *, slice_cycles: int | None = None, **options: Any
    ) -> Machine:
        machine = self.machine(image, **options)
        if data:
            machine.write_memory(DATA, data)
        if slice_cycles is not None:
            machine.execution.set_slice(slice_cycles)
        machine.run(max_cycles=10_000_000)
        assert machine.exit_code == 0
        return machine


@pytest.fixture
def bench(cross_tools: None, tmp_path: Path) -> Bench:
    return Bench(tmp_path)


DOT = f"""
ldr r3, ={DATA}
ldr r4, ={DATA + 100}
movs r6, #0
movs r2, #43
wlstp.8 lr, r2, 1f
2: vldrb.u8 q0, [r3], #16
vldrb.u8 q1, [r4], #16
vmlava.s8 r6, q0, q1
letp lr, 2b
1:
"""


def signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def test_a_dot_product_of_43_bytes(bench: Bench) -> None:
    data = bytes(37 * n + 11 & 0xFF for n in range(200))
    machine = bench.run(bench.image(DOT), data)
    expected = sum(signed(a) * signed(b) for a, b in zip(data[:43], data[100:143], strict=True))
    assert machine.registers()["r6"] == expected & 0xFFFFFFFF
    assert machine.core.get("fpscr") >> 16 & 7 == 4  # LTPSIZE


def test_every_instruction_counts_once(bench: Bench) -> None:
    """Three turns: 3 x 4 instructions of the loop, beside those that are run once."""
    once = bench.run(bench.image("")).counts.instructions
    more = bench.run(bench.image(DOT)).counts.instructions
    assert more - once == 5 + 3 * 4


PREDICATED = f"""
ldr r3, ={DATA}
vldrw.u32 q0, [r3]
vmov.i32 q1, #0
movs r4, #3
vctp.32 r4
vpstet
vaddt.i32 q1, q1, q0
vmove.i32 q1, #0x77
vshlt.i32 q1, q1, #4
ldr r3, ={RESULT}
vstrw.32 q1, [r3]
vmrs r5, vpr
vcmp.s32 gt, q0, r4
vmrs r6, p0
vqadd.s32 q2, q0, q0
vmrs r7, fpscr
"""


def test_predicates(bench: Bench) -> None:
    words = (5, 0x7FFFFFFF, 0xFFFFFFFF, 9)
    machine = bench.run(bench.image(PREDICATED), b"".join(w.to_bytes(4, "little") for w in words))
    found = machine.read_memory(RESULT, 16)
    values = [int.from_bytes(found[n : n + 4], "little") for n in range(0, 16, 4)]
    assert values == [0x50, 0xFFFFFFF0, 0xFFFFFFF0, 0x77]
    registers = machine.registers()
    assert registers["r5"] == 0x0FFF  # the block has ended
    assert registers["r6"] == 0xF0FF
    assert registers["r7"] & 1 << 27  # QC: one sum was too large


LONG_SHIFTS = """
ldr r4, =0x80000001
ldr r3, =0xFFFFFFF0
movs r5, #0
asrl r4, r3, #4
smlad r5, r3, r4, r5
lsrl r4, r3, #8
"""


def test_shifts_that_unicorn_takes_for_others(bench: Bench) -> None:
    """The second one stands behind an instruction that is Unicorn's own, in one block."""
    registers = bench.run(bench.image(LONG_SHIFTS)).registers()
    pair = ((0xFFFFFFF0 << 32 | 0x80000001) - (1 << 64) >> 4 & (1 << 64) - 1) >> 8
    assert (registers["r4"], registers["r3"]) == (pair & 0xFFFFFFFF, pair >> 32)


SPLITS = """
ldr r4, =0x80000001
ldr r5, =0xFFFFFFF0
movs r6, #8
again: smlad r3, r4, r5, r6
lsll r4, r5, r6
subs r6, r6, #1
bne again
"""


@pytest.mark.parametrize("timing", ["count", "memory"])
def test_a_shift_behind_an_instruction_of_unicorns_in_a_loop(bench: Bench, timing: str) -> None:
    """Whoever plans blocks natively leaves it to Python whose they are."""
    once = bench.run(bench.image("")).counts.instructions
    machine = bench.run(bench.image(SPLITS), timing=timing)
    pair = (0xFFFFFFF0 << 32 | 0x80000001) << 36 & (1 << 64) - 1
    assert machine.registers()["r5"] == pair >> 32
    assert machine.counts.instructions - once == 3 + 8 * 4


FAULTS = {
    "no coprocessor": ("vadd.i8 q0, q0, q1", False, 1 << 19),
    "unaligned": (f"ldr r3, ={DATA + 2}\nvldrw.u32 q0, [r3]", True, 1 << 24),
    "no memory": ("mov r3, #0x60000000\nvldrb.u8 q0, [r3]", True, 1 << 15 | 1 << 9),
    "no tail predication": ("movs r3, #9\ndlstp.8 lr, r3\n1: nop\nle lr, 1b", True, 1 << 17),
    "no such instruction": (".inst.w 0xFF000FC0", True, 1 << 16),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(bench: Bench, name: str) -> None:
    body, opens, status = FAULTS[name]
    image = bench.image(f"{body}\nb leave\n.ltorg\n", opens=opens)
    machine = bench.run(image)
    assert machine.registers()["r7"] in (5, 6)
    cfsr = int.from_bytes(machine.read_memory(0xE000ED28, 4), "little")
    assert cfsr == status


LONG = f"""
ldr r8, =60
again:
{DOT.replace("1:", "3:").replace("1f", "3f").replace("2:", "4:").replace("2b", "4b")}
asrl r6, r5, #1
subs r8, r8, #1
bne again
"""


@pytest.mark.parametrize("timing", ["count", "memory"])
def test_figures_do_not_depend_on_slices(bench: Bench, timing: str) -> None:
    image, data = bench.image(LONG), bytes(200)
    whole = bench.run(image, data, timing=timing)
    for cycles in (1, 7, 100):
        other = bench.run(image, data, timing=timing, slice_cycles=cycles)
        assert other.counts == whole.counts
        assert other.registers() == whole.registers()


TICKING = f"""
ldr r0, =0xE000E014
movs r1, #97
str r1, [r0]
ldr r0, =0xE000E010
movs r1, #7
str r1, [r0]
ldr r8, =400
vmov.i32 q7, #0x55
movs r6, #0
again: ldr r3, ={DATA}
movs r2, #43
wlstp.8 lr, r2, 1f
2: vldrb.u8 q0, [r3], #16
vptet.s8 gt, q0, zr
vaddt.i8 q7, q7, q0
vsube.i8 q7, q7, q0
vaddt.i8 q7, q7, q7
letp lr, 2b
1: vmov r4, r5, q7[2], q7[0]
eors r6, r6, r4
subs r8, r8, #1
bne again
b leave
.ltorg
"""
SPOILS = """
.thumb_func
fault15: ldr r0, =0x20000010
ldr r1, [r0]
adds r1, r1, #1
str r1, [r0]
vmov.i8 q0, #3
vctp.8 r1
vpst
vaddt.i8 q1, q0, q0
movw r3, #0x1234
vmsr vpr, r3
bx lr
"""


def test_an_interrupt_keeps_vectors_and_predicates(bench: Bench) -> None:
    """The handler's own VPR and LTPSIZE are new ones, and those of the loop come back."""
    data = bytes(201 * n & 0xFF for n in range(200))
    quiet = TICKING.replace("movs r1, #7", "movs r1, #0")
    results = []
    for body in (TICKING, quiet):
        image = bench.image(body, SPOILS)
        machine = bench.run(image, data)
        ticks = int.from_bytes(machine.read_memory(0x20000010, 4), "little")
        results.append((machine.registers()["r6"], ticks))
    assert results[0][0] == results[1][0]
    assert results[0][1] > 20
    assert results[1][1] == 0


COPIES = """
ldr r5, =first
ldr r6, =0x20002000
bl copy
blx r4
mov r9, r0
ldr r5, =second
bl copy
blx r4
b leave
copy: vldrw.u32 q0, [r5]
vstrw.32 q0, [r6]
orr r4, r6, #1
dsb
isb
bx lr
.align 4
first: movs r0, #3
adds r0, r0, #4
bx lr
.align 4
second: movs r0, #50
adds r0, r0, #5
bx lr
.align 4
"""


def test_vectors_store_code_over_code(bench: Bench) -> None:
    registers = bench.run(bench.image(COPIES)).registers()
    assert registers["r9"] == 7
    copied = bench.image(COPIES.replace("b leave", "mov r8, r0\nb leave"))
    assert bench.run(copied).registers()["r8"] == 55


def test_a_snapshot_holds_them(bench: Bench) -> None:
    machine = Machine(str(bench.board))
    machine.load(bench.image(PREDICATED))
    machine.run(max_cycles=20)
    before = machine.snapshot()
    machine.core.set("vpr", 0x123456)
    machine.core.set("fpscr", 1 << 27 | 2 << 16)
    machine.restore(before)
    assert machine.core.get("vpr") == 0
    assert machine.core.get("fpscr") == 4 << 16


def test_without_the_native_hook_it_is_refused(bench: Bench) -> None:
    with pytest.raises(UsageError, match="without the native hook: Unicorn lacks"):
        Machine(str(bench.board), hook="python")
