"""What firmware does all day beside computing, a loop each: interrupts, switches, delays, polling, text.

The code of ``firmware_loops.s`` as bytes. A loop that waits is recognised and skipped, and its skipped
turns count as run: then the figure is far above what instructions can be executed at.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from functools import partial

from benches.speed.rows import Goal, Row, Speed, host_seconds, in_turns, median_mips, row
from emulator.errors import CheckFailed
from emulator.image.model import Image, Segment
from emulator.machine.machine import Machine

BOARD = "virtual-m4"
CODE = bytes.fromhex(
    "000001208700000041000000410000004100000041000000410000004100000041000000410000004100000041000000"
    "41000000410000006f00000043000000fee75748016801310160426852184a40d300d2180732033a93085a40d2180132"
    "4a40426083680bb14e4a13607047eff3098020e9f00f4c490a680860b2e8f00f82f309887047524f454c002020606060"
    "a060464e41f2883adfe807f00409243443525a7640f6c31000f068f86ce04ff08050a0604ff47f003d4908603d482061"
    "3d4981634ff08071c1633c4880f30988022080f31488bff36f8f46f2a71000f04df851e06ff07f4070600021b1600521"
    "3160b168b2688b1a03405345fad300f039f8f6e72e494ff0807008602d4d2e48286069686a68531a5345fbd300f02af8"
    "f7e74ff080454ff0ff30a8600120286069686a688b1a5345fbd300f01bf8f7e7224d2868c00702d400f014f8f9e7fee7"
    "4ff04025d92028610120a86020216868c007fcd411f1410028600139f7d100f001f8f3e7226801322260704770600020"
    "b06007203060704701200321401848404201c3095a40891801304140f6e700000001002004ed00e01001002010e000e0"
    "20ed00e0c03f00208801000000300020fced00e0001000e0010000400000014000000000"
)
LOOPS = (
    "10 kHz SysTick, handler of 20 instructions",
    "1 kHz PendSV switch of two threads",
    "delay on SysTick VAL",
    "delay on DWT CYCCNT",
    "delay on a timer's counter",
    "GPIO polled and counted",
    "text through a polled UART",
    "computing alone",
)
"""In the order of ``modes`` in the source."""
COUNTER = 0x20000100
GOAL = Goal(50, least=True, of_ratio=False)
WARM_CYCLES, CYCLES = 500_000, 10_000_000
ALONE = len(LOOPS) - 1
"""The loop that all interrupts interrupt: what they are compared with."""


def image(loop: int) -> Image:
    """The firmware that runs one of :data:`LOOPS`."""
    data = CODE[:-4] + struct.pack("<I", loop)
    return Image("firmware_loops.s", hashlib.sha256(data).hexdigest(), "bin", (Segment(0, data),), 0)


def loop_speed(loop: int, hook: str, cycles: int, *, warm_cycles: int = WARM_CYCLES) -> Speed:
    """Run a loop for so many modelled cycles, behind a warm-up. Raises CheckFailed when it stands still."""
    machine = Machine(BOARD, hook=hook)
    machine.load(image(loop))
    machine.run(max_cycles=warm_cycles)
    before, counted = machine.counts, _counted(machine)
    started = host_seconds()
    machine.run(max_cycles=cycles)
    seconds = host_seconds() - started
    passed = machine.counts - before
    if loop != ALONE and _counted(machine) == counted:
        raise CheckFailed(f"{LOOPS[loop]}: the loop stands still")
    return Speed(LOOPS[loop], passed.instructions, seconds, passed.cycles)


def ways(hook: str, cycles: int) -> list[Callable[[], Speed]]:
    """A run of each of :data:`LOOPS`, to be measured in turns."""
    return [partial(loop_speed, loop, hook, cycles) for loop in range(len(LOOPS))]


def loop_rows(hook: str, turns: int, cycles: int = CYCLES) -> Iterator[Row]:
    """Each loop beside the one that computes undisturbed."""
    speeds = in_turns(turns, ways(hook, cycles))
    alone = median_mips(speeds[LOOPS[ALONE]])
    for loop in LOOPS[:ALONE]:
        yield row(loop, "MIPS", median_mips(speeds[loop]), alone, GOAL)


def _counted(machine: Machine) -> int:
    return int.from_bytes(machine.core.read_memory(COUNTER, 4), "little")
