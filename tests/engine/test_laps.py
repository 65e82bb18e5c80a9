"""Random loops of one block over RAM and flash: both hooks, to the last cycle, wherever a slice ends.

The native hook counts laps of such loops without looking at their data, prices only what goes to lines
that are missed, and remembers where data lie; the Python hook has none of these short cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from emulator.board.model import Region
from tests.engine.program import FLASH, RAM, Bench, bench

DATA = FLASH + 0x1000
RAM_BYTES = 0x10000
SLOW = Region("slow", RAM + RAM_BYTES, 0x10000, "ram", wait_states=3)
"""Into which loops run that begin at the end of RAM."""
OTHER = Region("other", RAM + 0x100000, 0x10000, "ram")
CODE_BASE, FLASH_BASE, STRIDE, COUNTER = 0, 3, 8, 6
RAM_BASES = (1, 2)
LDR, STR, LDRB, STRB, LDRH, STRH, LDRD, LDM = 0xF850, 0xF840, 0xF810, 0xF800, 0xF830, 0xF820, 0xE9D0, 0xE890
LOADS = {LDR: 4, LDRB: 1, LDRH: 2}
STORES = {STR: 4, STRB: 1, STRH: 2}
OFFSET_FORM, POST_INDEXED = 0x80, 0xB00
NEXT_BLOCK, SVC = 0xE7FF, 0xDF00
TURNS, LOOPS = 12, 5


def access(random: Random, bases: Sequence[int]) -> list[int]:
    """One load or store of r4 (and r5): at an offset, or behind which the base moves on."""
    base = random.choice(bases)
    kinds = LOADS if base == FLASH_BASE else {**LOADS, **STORES}
    kind = random.choice((*kinds, LDR, LDRD, LDM))
    if kind == LDRD:
        return [kind | base, 4 << 12 | 5 << 8 | random.randrange(8)]
    if kind == LDM:
        return [kind | base, 0b110000]
    if random.random() < 0.5:
        return [kind | base, 4 << 12 | POST_INDEXED | random.choice((1, 2, 4, 4, 4, 8, 16))]
    return [kind + OFFSET_FORM | base, 4 << 12 | random.randrange(0, 48, kinds[kind])]


def loop(random: Random) -> list[int]:
    """``movs r6, #n``, then a block that runs round so many times."""
    body: list[int] = []
    bases = random.choice(((FLASH_BASE, *RAM_BASES), RAM_BASES))
    for _ in range(random.randrange(1, 8)):
        body += access(random, bases)
    if random.random() < 0.4:
        base = random.choice(bases)
        body.append(0x4400 | STRIDE << 3 | base)  # add rN, r8
    body.append(0x3801 | COUNTER << 8)  # subs r6, #1
    body.append(0xD100 | (-len(body) - 2) & 0xFF)  # bne
    return [0x2000 | COUNTER << 8 | random.choice((1, 2, 3, 7, 30)), NEXT_BLOCK, *body]


def run(
    hook: str,
    core: str,
    seed: int,
    *,
    footprint: bool = False,
    slices: bool = False,
    at_the_end: bool = False,
) -> Bench:
    random, lengths = Random(seed), Random(seed)
    words = [word for _ in range(LOOPS) for word in loop(random)]
    subject = bench(hook, "memory", core_name=core, beside=[SLOW, OTHER])
    subject.core.load_memory(FLASH, b"".join(word.to_bytes(2, "little") for word in [*words, SVC]))
    if footprint:
        subject.hook.footprint.start(sorted((0, DATA, RAM, RAM + 0x800)))
    for _ in range(TURNS):
        misaligned = random.choice((0, 0, 0, 1, 2)) if not any(w >> 4 in (0xE9D, 0xE89) for w in words) else 0
        for base in RAM_BASES:
            memory = random.choice((RAM, RAM, OTHER.base))
            place = RAM + RAM_BYTES - 0x100 if at_the_end else memory + 0x400 * base
            subject.core.set(f"r{base}", place + 4 * random.randrange(64) + misaligned)
        subject.core.set(f"r{FLASH_BASE}", DATA + 4 * random.randrange(64) + misaligned)
        subject.core.set(f"r{STRIDE}", random.choice((0, 4, 8, 12, 64, 0xFFFFFFFC)))
        subject.core.set("pc", FLASH | 1)
        subject.run(lengths.choice((7, 40, 150)) if slices else None)
    return subject


def figures(subject: Bench) -> tuple[object, ...]:
    blocks = range(len(subject.automaton.plans))
    stalls = [subject.hook.event_stalls(block) for block in blocks]
    parts = [(subject.hook.event_bus(block), subject.hook.event_unaligned(block)) for block in blocks]
    return subject.totals(), subject.hook.path_counts(), stalls, parts


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m7", "cortex-m33"])
def test_both_hooks_price_loops_alike(core: str, seed: int) -> None:
    assert figures(run("native", core, seed)) == figures(run("python", core, seed))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m7", "cortex-m33"])
def test_laps_end_where_data_leave_their_memory(core: str, seed: int) -> None:
    native, python = (run(hook, core, seed, at_the_end=True) for hook in ("native", "python"))
    assert figures(native) == figures(python)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m7", "cortex-m33"])
def test_laps_end_where_a_slice_does(core: str, seed: int) -> None:
    sliced = figures(run("native", core, seed, slices=True))
    assert sliced == figures(run("python", core, seed, slices=True))
    assert sliced == figures(run("native", core, seed))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m7", "cortex-m33"])
def test_counting_where_data_go_changes_no_figure(core: str, seed: int) -> None:
    native, python = (run(hook, core, seed, footprint=True) for hook in ("native", "python"))
    assert figures(native) == figures(python) == figures(run("native", core, seed))
    assert native.hook.footprint.rows() == python.hook.footprint.rows()
