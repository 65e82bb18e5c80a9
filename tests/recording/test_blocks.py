"""Basic blocks over instructions that ran."""

from __future__ import annotations

from emulator.recording.blocks import blocks_of
from emulator.recording.model import Instruction, Jump
from tests.reporting.made import generated


def code(counts: dict[int, int], function: int = 0) -> list[Instruction]:
    return [
        Instruction(address, 2, "nop", function, "", 0, count, {("issue", ""): count})
        for address, count in counts.items()
    ]


def shape(blocks):
    return [(block.begin, block.end, block.count, block.cycles) for block in blocks]


def test_jumps_and_their_targets_are_borders():
    counts = dict.fromkeys((0, 2, 4, 6, 8, 10), 5)
    blocks = blocks_of(code(counts), [Jump(4, 8, "jump", 1)])
    assert shape(blocks) == [(0, 6, 5, 15), (6, 8, 5, 5), (8, 12, 5, 10)]


def test_a_call_comes_back():
    jumps = [Jump(2, 100, "call", 5), Jump(104, 4, "return", 5)]
    assert shape(blocks_of(code({0: 5, 2: 5, 4: 5}), jumps)) == [(0, 6, 5, 15)]


def test_another_count_another_function_and_a_gap_are_borders():
    mixed = [*code({0: 5, 2: 5, 4: 4, 8: 4}), *code({10: 4}, function=1)]
    assert shape(blocks_of(mixed, [])) == [(0, 4, 5, 10), (4, 6, 4, 4), (8, 10, 4, 4), (10, 12, 4, 4)]


def test_each_instruction_is_in_one_block():
    for seed in range(20):
        recording = generated(seed)
        blocks = blocks_of(recording.code, recording.jumps)
        items = [item for block in blocks for item in block.instructions]
        assert items == sorted(recording.code, key=lambda item: item.address)
        assert sum(block.cycles for block in blocks) == recording.instruction_cycles
