"""Micro-kernels of the M3's and M4's fetch queue: when 32-bit code waits for its words, and when not."""

from __future__ import annotations

import pytest

from emulator.thumb.decode import decode_block
from emulator.timing.cores import core_model
from emulator.timing.model import FALL_THROUGH, Cause, Step

CORES = ["cortex-m3", "cortex-m4"]
ADDS, ADD = "0130", "02f10102"  # adds r0,#1; add.w r2,r2,#1
LDR, STR, STRD = "d1f80030", "c1f80030", "c1e90034"  # ldr.w r3,[r1]; str.w r3,[r1]; strd r3,r4,[r1]
LDM, STM = "91e83800", "38c1"  # ldm r1,{r3-r5}; stm r1!,{r3-r5}

KERNELS = [
    (
        ADDS + ADD * 12,
        0x1000,
        0,
        "across word boundaries, but each gives back the word that the next fetch needs",
    ),
    (ADD * 12, 0x1000, 0, "aligned: a word each"),
    (ADD, 0x1002, 1, "two words for the first instruction behind a branch"),
    (ADD * 8, 0x1002, 1, "... and then one a cycle"),
    (ADDS * 3 + LDR + ADD * 2, 0x1000, 0, "2.5 words in the queue: enough for two behind a load"),
    (
        ADDS * 3 + LDR + ADD * 3,
        0x1000,
        1,
        "not for three: the fetch starts a cycle late (eprint 2025/523: +1)",
    ),
    (ADDS * 3 + LDR + ADD * 8, 0x1000, 1, "once for each load, however long the line"),
    (ADDS * 2 + LDR + ADD * 8, 0x1000, 0, "aligned: three words last until the fourth comes"),
    (ADDS * 3 + STR + ADD * 2, 0x1000, 0, "two behind a store"),
    (ADDS * 3 + STR + ADD * 4, 0x1000, 2, "a store's data phase holds the fetch back one cycle more"),
    (
        ADDS * 3 + STR + ADD * 8,
        0x1000,
        3,
        "who waits for that gives its room back late: the fifth waits too, once",
    ),
    (ADDS * 2 + STR + ADD * 8, 0x1000, 0, "aligned lines do not see it (AES key schedule: exact)"),
    (ADDS * 3 + STRD + ADD * 8, 0x1000, 3, "so does that of an STRD"),
    (ADDS * 2 + STM + ADD * 8, 0x1000, 3, "of an STM"),
    (ADDS * 3 + LDM + ADD * 8, 0x1000, 3, "and of an LDM"),
    (ADDS + LDM + ADDS + ADD * 8, 0x1000, 0, "not where a 16-bit instruction behind it aligns the line"),
]


def run(code: str, address: int, core: str) -> Step:
    model = core_model(core)
    return model.step(model.initial_state, decode_block(bytes.fromhex(code), address), 0, FALL_THROUGH)


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(("code", "address", "waits", "why"), KERNELS, ids=[k[3] for k in KERNELS])
def test_cycles_waited(code: str, address: int, waits: int, why: str, core: str) -> None:
    step = run(code, address, core)
    assert sum(n for pairs in step.costs for cause, n in pairs if cause is Cause.FETCH) == waits, why


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(("code", "address", "waits", "why"), KERNELS, ids=[k[3] for k in KERNELS])
def test_where_a_block_is_cut_does_not_matter(
    code: str, address: int, waits: int, why: str, core: str
) -> None:
    del waits, why
    model = core_model(core)
    whole = decode_block(bytes.fromhex(code), address)
    expected = run(code, address, core)
    for instruction in whole.instructions[1:]:
        cut = instruction.address - address
        first = decode_block(bytes.fromhex(code)[:cut], address)
        second = decode_block(bytes.fromhex(code)[cut:], address + cut)
        before = model.step(model.initial_state, first, 0, FALL_THROUGH)
        after = model.step(before.next_state, second, 0, FALL_THROUGH)
        assert before.cycles + after.cycles == expected.cycles
        assert after.next_state == expected.next_state
