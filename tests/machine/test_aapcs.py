"""Where arguments lie: the rules of AAPCS32 one by one, written out by hand."""

from __future__ import annotations

import struct

import pytest

from emulator.machine.aapcs import Scalar, place


def word(value: int) -> Scalar:
    return Scalar(value, 4)


def pair(value: int) -> Scalar:
    return Scalar(value, 8)


def single(value: int) -> Scalar:
    return Scalar(value, 4, is_float=True)


def double(value: int) -> Scalar:
    return Scalar(value, 8, is_float=True)


A, B = 0x1111111122222222, 0x3333333344444444

CASES = [
    ("four words", [word(1), word(2), word(3), word(4)], False, {"r0": 1, "r1": 2, "r2": 3, "r3": 4}, []),
    ("the fifth word is stacked", [word(n) for n in range(5)], False, {f"r{n}": n for n in range(4)}, [4, 0]),
    (
        "a pair begins at an even register, and r1 stays free",
        [word(1), pair(A)],
        False,
        {"r0": 1, "r2": A & 0xFFFFFFFF, "r3": A >> 32},
        [],
    ),
    (
        "a pair is never split, and what follows it goes to the stack",
        [word(1), word(2), word(3), pair(A), word(4)],
        False,
        {"r0": 1, "r1": 2, "r2": 3},
        [A & 0xFFFFFFFF, A >> 32, 4, 0],
    ),
    (
        "a stacked pair is aligned to eight bytes",
        [word(1), word(2), word(3), word(4), word(5), pair(A)],
        False,
        {"r0": 1, "r1": 2, "r2": 3, "r3": 4},
        [5, 0, A & 0xFFFFFFFF, A >> 32],
    ),
    (
        "soft: a double is a pair of words, a float a word",
        [single(1), double(A)],
        False,
        {"r0": 1, "r2": A & 0xFFFFFFFF, "r3": A >> 32},
        [],
    ),
    (
        "hard: floating point and integers are counted apart",
        [word(1), single(2), word(3), single(4)],
        True,
        {"r0": 1, "s0": 2, "r1": 3, "s1": 4},
        [],
    ),
    (
        "hard: a float fills the gap that a double's alignment left",
        [single(1), double(A), single(2), single(3)],
        True,
        {"s0": 1, "s2": A & 0xFFFFFFFF, "s3": A >> 32, "s1": 2, "s4": 3},
        [],
    ),
    (
        "hard: once a double is stacked, no float goes to the register that is left",
        [*[single(n) for n in range(15)], double(A), single(99)],
        True,
        {f"s{n}": n for n in range(15)},
        [A & 0xFFFFFFFF, A >> 32, 99, 0],
    ),
    (
        "hard: a stacked float leaves the core registers to the integers",
        [*[double(B) for _ in range(8)], single(7), word(1)],
        True,
        {**{f"s{n}": B & 0xFFFFFFFF if n % 2 == 0 else B >> 32 for n in range(16)}, "r0": 1},
        [7, 0],
    ),
]


@pytest.mark.parametrize(
    ("arguments", "hard", "registers", "stack"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_rules(arguments: list[Scalar], hard: bool, registers: dict[str, int], stack: list[int]) -> None:
    placement = place(arguments, hard_float=hard)
    assert placement.registers == registers
    assert bytes(placement.stack) == struct.pack(f"<{len(stack)}I", *stack)
