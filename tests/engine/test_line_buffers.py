"""STM32G0's flash behind one bus: each rule of stm32_line_buffers alone, then in loops on the board."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine
from emulator.timing.memory.memory_system import MemorySystem, Rules, TimedRegion
from emulator.timing.memory.port import FETCH, LOAD, STORE

FLASH = 0x08000000
WAITS = 2
READ = WAITS + 1
LINE = 8
LINES = 4


def memory(*, prefetch: int = 1, cache: int = 1) -> MemorySystem:
    system = MemorySystem()
    system.regions = [TimedRegion(FLASH, FLASH + 0x1000, 0, 0, 1, free=False)]
    system.ports[0].configure(WAITS, 3, prefetch)
    system.ports[0].rules = Rules.STM32_LINE_BUFFERS
    system.caches[0].shape(cache, 1, LINES, 3)
    return system


def fetch(system: MemorySystem, line: int, t: int) -> int:
    return system.access(FLASH + LINE * line, t, FETCH)


def test_a_miss_waits_for_its_read_and_the_line_in_the_buffer_for_nothing() -> None:
    system = memory()
    assert fetch(system, 0, 100) == WAITS
    assert system.access(FLASH + 4, 110, FETCH) == 0


def test_the_next_line_is_read_while_the_current_one_executes() -> None:
    system = memory()
    fetch(system, 0, 100)  # 100..102, then line 1 in 103..105
    assert fetch(system, 1, 104) == 1
    assert fetch(system, 2, 109) == 0  # 106..108
    assert fetch(system, 3, 200) == 0


def test_without_prefetch_every_line_waits() -> None:
    system = memory(prefetch=0, cache=0)
    assert [fetch(system, n, 100 + 10 * n) for n in range(3)] == [WAITS] * 3


def test_four_lines_that_were_executed_stay_and_what_is_read_ahead_pushes_none_out() -> None:
    system = memory()
    assert fetch(system, 0, 100) == WAITS
    for n in range(1, LINES):  # line 4 is read ahead behind the last
        assert fetch(system, n, 100 + 10 * n) == 0
    for n in range(LINES):
        assert fetch(system, n, 200 + n) == 0
        assert system.access(FLASH + 0x100, 200 + n, LOAD) >= WAITS, "the array is free for data"


def test_a_fifth_line_takes_the_place_of_the_least_recently_used() -> None:
    system = memory()
    for n, line in enumerate((0, 10, 20, 30, 40)):
        assert fetch(system, line, 100 + 20 * n) == WAITS
    assert fetch(system, 10, 200) == 0
    assert fetch(system, 0, 220) == WAITS


def test_without_the_cache_a_jump_back_misses() -> None:
    system = memory(cache=0)
    fetch(system, 0, 100)
    fetch(system, 1, 110)
    assert fetch(system, 0, 120) == WAITS


def test_every_datum_is_a_read_of_its_own() -> None:
    system = memory()
    assert [system.access(FLASH + 0x100, t, LOAD) for t in (100, 110)] == [WAITS] * 2
    assert system.access(FLASH + 0x100, 120, STORE) == 0


def test_a_datum_waits_for_the_prefetch_in_progress() -> None:
    for late, wait in ((1, 2), (2, 1), (3, 0)):
        system = memory()
        fetch(system, 0, 100)  # line 1 is read in 103..105
        assert system.access(FLASH + 0x100, 103 + late, LOAD) == wait + WAITS
        assert fetch(system, 1, 120) == 0


def test_a_prefetch_that_has_not_begun_waits_for_the_datum() -> None:
    system = memory()
    fetch(system, 0, 100)
    assert system.access(FLASH + 0x100, 103, LOAD) == WAITS  # 103..105, line 1 in 106..108
    assert fetch(system, 1, 107) == 1


def test_a_read_ahead_from_a_hit_waits_for_the_one_in_progress() -> None:
    system = memory()
    fetch(system, 0, 100)
    fetch(system, 10, 110)  # line 11 is read in 113..115
    assert fetch(system, 0, 115) == 0  # line 1 again in 116..118
    assert fetch(system, 1, 117) == 1


def test_the_next_line_is_asked_for_with_the_address_of_the_one_before() -> None:
    system = memory()
    fetch(system, 0, 100)
    fetch(system, 1, 110)  # asked for in 109: line 2 in 109..111
    assert fetch(system, 2, 111) == 0


def test_at_zero_wait_states_nothing_stalls() -> None:
    system = memory()
    system.ports[0].configure(0, 3, 1)
    assert [system.access(FLASH + 64 * n, 100, n % 2) for n in range(4)] == [0] * 4


NOP, LDR, SUBS, BNE_BACK, BX_LR = 0xBF00, 0x680A, 0x3801, 0xD100, 0x4770
"""``ldr r2,[r1]``, ``subs r0,#1``, ``bne``, ``bx lr``; r0 counts, r1 points to flash."""


def loop(body: list[int]) -> bytes:
    """``body``, SUBS, BNE back to its start, in a new line of flash; then BX LR."""
    back = -(len(body) + 1 + 2) & 0xFF
    words = [*body, SUBS, BNE_BACK | back, BX_LR, *[NOP] * 16]
    return b"".join(word.to_bytes(2, "little") for word in words)


def cycles_a_turn(tmp_path: Path, hook: str, body: list[int], **parameters: int) -> int:
    """What one more turn costs once the loop runs."""
    image = tmp_path / "loop.bin"
    image.write_bytes(bytes.fromhex("00100020 01010008").ljust(0x100, b"\xff") + loop(body))
    counts = []
    for turns in (20, 21):
        machine = Machine("nucleo-g0b1re", hook=hook)
        settings = {"wait_states": WAITS, "instruction_cache": 1, "prefetch": 1, **parameters}
        machine.engine.memory_map.pin("flash", **settings)
        machine.load(image, base=FLASH)
        called = machine.call(FLASH + 0x101, turns, FLASH + 0x400, max_cycles=10_000)
        counts.append(called.counts.cycles)
    return counts[1] - counts[0]


LOOPS = [
    ([NOP] * 13, {}, 16, "14 of 1, BNE 2: four lines stay"),
    ([LDR, *[NOP] * 12], {}, 19, "16, LDR 1 more, 2 waits: no read ahead is in a datum's way"),
    ([*[NOP] * 12, LDR], {}, 19, "wherever it stands"),
    ([NOP] * 14, {}, 20, "17; BNE has the line behind it fetched: the fifth, the start's read takes 1 + 2"),
    ([NOP] * 14, {"instruction_cache": 0}, 20, "17; the start's read takes 3, the others are read ahead"),
    ([NOP] * 14, {"prefetch": 0}, 27, "17; the start, three lines and the line behind BNE miss: 5 x 2"),
    ([LDR, *[NOP] * 17], {}, 29, "22; the start 3, the datum waits 2 for the line that is read ahead, and 2"),
    ([NOP, LDR, *[NOP] * 16], {}, 28, "a cycle later it waits one less"),
    ([NOP, NOP, LDR, *[NOP] * 15], {}, 27, "and two later not at all"),
]  # fmt: skip


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize(("body", "parameters", "cycles", "why"), LOOPS, ids=[case[-1] for case in LOOPS])
def test_loops(
    tmp_path: Path, hook: str, body: list[int], parameters: dict[str, int], cycles: int, why: str
) -> None:
    assert cycles_a_turn(tmp_path, hook, body, **parameters) == cycles, why
