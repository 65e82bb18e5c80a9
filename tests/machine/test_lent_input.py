"""Characters that the native hook lets come: the same figures and characters as one by one in Python."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import Machine
from tests.machine.firmware import build

PORT = "usart2"
PLACES = {"0x0 :": "0x8000000 :"}
SOURCE = r"""
#define USART(o) REG(0x40004400 + (o))
static u32 table[16 + 64] __attribute__((aligned(512)));
static volatile u32 sum, count, errors, ticks_seen, sink[8];
static void work(u32 n) { for (u32 i = 0; i < n; i++) sink[i & 7] += i; }
static void received(void)
{
    if (USART(0x1C) & 8) { errors++; USART(0x20) = 8; }
    %(taking)s (USART(0x1C) & 0x20) { sum = sum * 31 + USART(0x24); count++; %(width)s }
    USART(0x20) = %(clears)s;
    if ((count & 31) == 7) work(%(late)d);
}
static void tick(void) { ticks_seen = ticks_seen * 3 + count; work(%(tick)d); }
void main(void)
{
    for (int i = 0; i < 80; i++) table[i] = ((u32 *)0x08000000)[i < 16 ? i : 3];
    table[15] = (u32)tick; table[16 + 38] = (u32)received;
    REG(0xE000ED08) = (u32)table;
    USART(0x0C) = 35;                                   /* 115200 of 4 MHz */
    USART(4) = %(match)du << 24;
    USART(8) = %(overrun)d << 12;
    USART(0) = 0xD | %(interrupt)d << 5;
    REG(0xE000E104) = 1u << 6;
    *(volatile unsigned char *)0xE000E426 = 0x40;
    if (%(systick)d) { REG(0xE000E014) = %(systick)d; REG(0xE000E018) = 0; REG(0xE000E010) = 7; }
    u32 seen = 0;
    for (;;) {
        %(wait)s
        work(%(busy)d);
    }
}
"""
WAITS = (
    '__asm__ volatile("cpsid i"); if (seen == count) __asm__ volatile("wfi"); __asm__ volatile("cpsie i");'
    " seen = count;",
    '__asm__ volatile("wfi");',
    "while (seen == count) { } seen = count;",
)
POLL = "while (!(USART(0x1C) & 0x20)) { } sum = sum * 31 + USART(0x24); count++;"


def firmware(seed: int) -> str:
    rng = random.Random(seed)
    polls = rng.random() < 0.25
    return SOURCE % {
        "taking": rng.choice(("while", "if")),
        "width": rng.choice(("", "sum ^= *(volatile unsigned char *)0x4000441C;")),
        "clears": rng.choice(("0xF", "0x1F", "0x0", "0x20040")),
        "late": rng.choice((0, 10, 300)),
        "tick": rng.choice((0, 20)),
        "match": rng.choice((0, 0, 65)),
        "overrun": rng.choice((0, 0, 1)),
        "interrupt": 0 if polls else 1,
        "systick": rng.choice((0, 0, 999, 7_777)),
        "wait": POLL if polls else rng.choice(WAITS),
        "busy": rng.choice((0, 5, 60)),
    }


def nothing_is_lent(machine: Machine) -> None:
    machine.execution._slices._lending._lenders = []


def outcome(
    elf: Path, seed: int, hook: str, prepare: Callable[[Machine], None] = lambda _machine: None
) -> tuple[list[Any], int]:
    """What a machine is behind each piece of input, and how many characters came natively."""
    machine = Machine("nucleo-l4r5zi", hook=hook)
    machine.load(elf)
    lending, lent = machine.execution._slices._lending, [0]
    told = lending.on_taken

    def taken(check_at: int) -> None:
        lent[0] += machine.engine.input.taken
        told(check_at)

    lending.on_taken = taken
    prepare(machine)
    rng = random.Random(seed)
    found: list[Any] = []
    for _ in range(6):
        machine.run(max_cycles=rng.randrange(500, 12_000))
        machine.serial(PORT).feed(rng.randbytes(rng.choice((1, 2, 3, 40, 70))))
        machine.run(max_cycles=rng.choice((900, 9_000, 30_000)))
        memory = [bytes(m.view) for m in machine.core.memories if m.region.kind == "ram"]
        figures = (machine.counts, machine.engine.outside.save(), machine.engine.reads.activity)
        devices = machine.devices[PORT].save()
        found.append((*figures, machine.core.registers(), memory, devices, machine.clock.save()))
    return found, lent[0]


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(n, marks=pytest.mark.slow) for n in range(6, 60))]
)
def test_whoever_lets_them_come(tmp_path: Path, seed: int) -> None:
    elf = build(tmp_path, firmware(seed), places=PLACES)
    natively, lent = outcome(elf, seed, "native")
    assert lent > 10 or seed > 5  # some read no faster than one by one
    for hook, prepare in (
        ("native", nothing_is_lent),
        ("native", lambda machine: machine.execution.set_slice(1_777)),
        ("python", lambda _machine: None),
    ):
        other, count = outcome(elf, seed, hook, prepare)
        assert not (count and (prepare is nothing_is_lent or hook == "python"))
        for mine, theirs in zip(natively, other, strict=True):
            assert mine == theirs
