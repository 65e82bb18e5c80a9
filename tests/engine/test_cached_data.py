"""Random loads and stores through small data caches: both hooks, to the last cycle.

The native hook prices a block's data at once when all of it is in the cache; here blocks with
several bases, sizes and multiples meet caches from which lines come and go, dirty ones too.
"""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from tests.engine import program
from tests.engine.program import FLASH, RAM, Bench, bench

BASES = (0, 1, 2)
LDR, STR, LDRB, STRB, LDRH, STRH = 0xF8D0, 0xF8C0, 0xF890, 0xF880, 0xF8B0, 0xF8A0
SIZES = {LDR: 4, STR: 4, LDRB: 1, STRB: 1, LDRH: 2, STRH: 2}
LDRD, STRD, LDM, STM = 0xE9D0, 0xE9C0, 0xE890, 0xE880
NEXT_BLOCK, SVC = 0xE7FF, 0xDF00
TURNS, BLOCKS = 40, 6


def access(random: Random) -> list[int]:
    """One load or store into r4 to r6, at one of the bases."""
    base = random.choice(BASES)
    kind = random.choice((*SIZES, LDR, LDR, STR, LDRD, STRD, LDM, STM))
    if kind in SIZES:
        return [kind | base, 4 << 12 | random.randrange(0, 96, SIZES[kind])]
    if kind in (LDRD, STRD):
        return [kind | base, 4 << 12 | 5 << 8 | random.randrange(24)]
    return [kind | base, 0b1110000]


def code(random: Random) -> bytes:
    words: list[int] = []
    for _ in range(BLOCKS):
        for _ in range(random.randrange(1, 16)):
            words += access(random)
        words.append(NEXT_BLOCK)
    return b"".join(word.to_bytes(2, "little") for word in [*words, SVC])


def run(hook: str, core: str, seed: int) -> Bench:
    random = Random(seed)
    subject = bench(hook, "memory", core_name=core)
    subject.core.load_memory(FLASH, code(random))
    lines = random.choice((8, 16, 40))
    for _ in range(TURNS):
        for base in BASES:
            misaligned = random.choice((0, 0, 0, 0, 0, 1, 2))
            subject.core.set(f"r{base}", RAM + 0x400 * base + 4 * random.randrange(8 * lines) + misaligned)
        subject.core.set("pc", FLASH | 1)
        subject.run()
    return subject


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("core", "ways"), [("cortex-m7", 4), ("cortex-m7", 2), ("cortex-m4", 0)])
def test_both_hooks_price_cached_data_alike(
    monkeypatch: pytest.MonkeyPatch, core: str, ways: int, seed: int
) -> None:
    memories = program.MEMORIES[core]
    if ways:
        tuned = {**memories[0].parameters, "data_lines": 32, "data_ways": ways, "instruction_lines": 64}
        memories = (dataclasses.replace(memories[0], parameters=tuned), *memories[1:])
    monkeypatch.setitem(program.MEMORIES, core, memories)
    native, python = (run(hook, core, seed) for hook in ("native", "python"))
    assert native.totals() == python.totals()
    for block in range(len(native.automaton.plans)):
        assert native.hook.event_stalls(block) == python.hook.event_stalls(block)
