"""Flash behind one cache for fetches and data: what a line costs by what was read before it.

Loops over words of flash, called on boards with both hooks: one stream, two in turn, words of
every other line. Each count is a turn's or a line's; the rule that it comes from stands beside it.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from emulator import Machine

CODE, DATA, FAR = 0x100, 0x2000, 0x400
SUBS_BNE = {4: 0xD1FB, 8: 0xD1F9}
ONE_STREAM = (0xF851, 0x2B04)  # ldr r2, [r1], #4
TWO_STREAMS = (0xF8D1, 0x2400, 0xF851, 0x2B04)  # ldr.w r2, [r1, #0x400]; ldr r2, [r1], #4
OTHER_LINES = (0xF851, 0x2B20)  # ldr r2, [r1], #32
FLASHES = {"nucleo-u575zi-q": 0x08000000, "cy8cproto-062-4343w": 0x10000000}


def cycles(hook: str, folder: Path, board: str, loads: tuple[int, ...], turns: int, **flash: int) -> int:
    """What so many more turns cost, of a loop that runs from its cache."""
    base = FLASHES[board]
    loop = (*loads, 0x3801, SUBS_BNE[2 * len(loads)], 0x4770)  # ...; subs r0, #1; bne; bx lr
    code = struct.pack(f"<{len(loop)}H", *loop)
    start, stack = (0x2000, 0x08000400) if board.startswith("cy8") else (0, 0x20000400)
    vectors = struct.pack("<2I", stack, base + start + CODE + 1)
    image = folder / "stream.bin"
    image.write_bytes(vectors.ljust(CODE, b"\xff") + code.ljust(0x8000, b"\x00"))
    counts = []
    for more in (0, turns):
        machine = Machine(board, hook=hook)
        machine.engine.memory_map.pin("flash", instruction_cache=1, data_cache=1, **flash)
        machine.load(image, base=base + start)
        called = machine.call(base + start + CODE + 1, 40 + more, base + start + DATA, max_cycles=100_000)
        counts.append(called.counts.cycles)
    return counts[1] - counts[0]


WORDS, LINES = 64, 16
U575, PSOC = "nucleo-u575zi-q", "cy8cproto-062-4343w"
CASES = [
    (U575, ONE_STREAM, (4, 1), 4 * WORDS + 3 * LINES, "U575: each line was read ahead, 3 for the bus"),
    (U575, ONE_STREAM, (4, 0), 4 * WORDS + 7 * LINES, "U575: each line takes bus and 4 wait states"),
    (U575, TWO_STREAMS, (4, 1), 5 * WORDS + 7 * 2 * LINES, "U575: what is read ahead is the wrong stream's"),
    (U575, OTHER_LINES, (4, 0), (4 + 7) * WORDS, "U575: every other line, nothing is read ahead"),
    (U575, OTHER_LINES, (4, 1), (4 + 2 + 7) * WORDS, "U575: and waits 2 more for the line that is"),
    (PSOC, ONE_STREAM, (5, 1), 5 * WORDS + 4 * LINES, "PSoC 6: each line was read ahead, 4 for the bus"),
    (PSOC, TWO_STREAMS, (5, 1), 6 * WORDS + 9 * 2 * LINES, "PSoC 6: bus and 5 wait states"),
    (PSOC, OTHER_LINES, (5, 1), (5 + 2 + 9) * WORDS, "PSoC 6: and 2 for the line that is read ahead"),
]


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize(("board", "loads", "flash", "expected", "why"), CASES, ids=[c[-1] for c in CASES])
def test_streams(
    tmp_path: Path,
    hook: str,
    board: str,
    loads: tuple[int, ...],
    flash: tuple[int, int],
    expected: int,
    why: str,
) -> None:
    wait_states, prefetch = flash
    modelled = cycles(hook, tmp_path, board, loads, WORDS, wait_states=wait_states, prefetch=prefetch)
    assert modelled == expected, why
