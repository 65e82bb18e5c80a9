"""IT blocks of instructions that Unicorn executes, lacks, and takes for others end alike on QEMU and here.

They stand at any address: blocks of Unicorn's begin and end inside them.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from batches import HELIUM_INTEGER, compare

BLOCKS, MANY_PROGRAMS, MANY_SEEDS = 40, 60, range(3, 23)
CONDITIONS = ("eq", "ne", "hi", "ls", "gt", "le", "mi", "pl", "cs", "cc", "ge", "lt")
COMPARES = ("cmp {r}, {r}", "cmp {r}, {r}", "tst {r}, #{byte}")
PLAIN = (
    "mov{c} {r}, #{byte}", "add{c}.w {r}, {r}, {r}", "ssat{c} {r}, #{bits}, {r}", "vmrs{c} {r}, p0",
    "vmsr{c} p0, {r}", "ldr{c} {r}, [r9, #{word}]", "str{c} {r}, [r9, #{word}]",
    "smlabb{c} {r}, {r}, {r}, {r}",
)  # fmt: skip
UNICORNS = (
    "sdiv{c} {r}, {r}, {r}", "umaal{c} r0, r1, {r}, {r}", "uadd8{c} {r}, {r}, {r}", "vadd{c}.f32 s1, s2, s3",
)  # fmt: skip
SHIFTS = (
    "lsll{c} {even}, {odd}, #{bits}", "asrl{c} {even}, {odd}, #{bits}", "sqshl{c} {r}, #{bits}",
    "srshr{c} {r}, #{bits}", "lsll{c} {even}, {odd}, r8", "urshrl{c} {even}, {odd}, #{bits}",
)  # fmt: skip
BETWEEN = ("smlad r0, r1, r2, r3", "vadd.i32 q0, q1, q2", "csel r1, r2, r3, gt", "nop", "udiv r3, r4, r5",
           "asrl r2, r3, #5")  # fmt: skip


class ItBlocks:
    """Programs as :class:`vector_programs.VectorProgramGenerator` makes them: of IT blocks alone."""

    def __init__(self, _flavour: object, random: Random, *_scratch: object, interrupted: bool) -> None:
        assert not interrupted
        self._random = random

    def program(self, label: str, blocks: int) -> str:
        lines = ["push {r12, lr}", "sub r9, r10, #64"]
        for _ in range(blocks):
            lines += self._block()
        lines.append("pop {r12, pc}")
        head = f".global {label}\n.type {label}, %function\n{label}:\n"
        return head + "\n".join(lines) + "\n.align 2\n"

    def _block(self) -> list[str]:
        random = self._random
        chosen = random.randrange(len(CONDITIONS))
        condition, inverse = CONDITIONS[chosen], CONDITIONS[chosen ^ 1]
        more = "".join(random.choice("te") for _ in range(random.randrange(4)))
        templates = PLAIN + SHIFTS + UNICORNS + random.choice((SHIFTS, UNICORNS))
        lines = [self._filled(random.choice(COMPARES)), f"it{more} {condition}"]
        lines += [
            self._filled(random.choice(templates), condition if which == "t" else inverse)
            for which in "t" + more
        ]
        return lines + random.sample(BETWEEN, random.random() < 0.3)

    def _filled(self, template: str, condition: str = "") -> str:
        random = self._random
        while "{r}" in template:
            template = template.replace("{r}", f"r{random.randrange(8)}", 1)
        return template.format(
            c=condition, byte=random.randrange(256), bits=random.randrange(1, 32),
            word=random.randrange(0, 32, 4), even=f"r{random.randrange(0, 8, 2)}",
            odd=f"r{random.randrange(1, 8, 2)}",
        )  # fmt: skip


def compare_blocks(qemu: str, folder: Path, seed: int, programs: int, timing: str) -> None:
    compare(
        qemu, HELIUM_INTEGER, folder, seed, programs,
        statements=BLOCKS, kind=ItBlocks, hook="native", timing=timing,
    )  # fmt: skip


@pytest.mark.parametrize(("timing", "programs"), [("count", 24), ("memory", 8)])
def test_as_qemu(cross_tools: None, qemu: str, tmp_path: Path, timing: str, programs: int) -> None:
    compare_blocks(qemu, tmp_path, 1, programs, timing)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY_SEEDS)
def test_many_as_qemu(cross_tools: None, qemu: str, tmp_path: Path, seed: int) -> None:
    compare_blocks(qemu, tmp_path, seed, MANY_PROGRAMS, "count")
