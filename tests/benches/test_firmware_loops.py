"""The loops that the speed bench measures do what it says of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benches.speed import firmware_loops
from benches.speed.firmware_loops import ALONE, BOARD, COUNTER, LOOPS, image, loop_speed, ways
from emulator.machine.machine import Machine

SOURCE = Path(firmware_loops.__file__).with_name("firmware_loops.s")
MILLISECOND = 25_000
TICKS, SWITCHES, DELAYS, PIN, TEXT = 0, 1, (2, 3, 4), 5, 6


def test_committed_bytes_are_the_assembly(tmp_path: Path) -> None:
    for command in (
        ["as", "-o", "loops.o", str(SOURCE)],
        ["ld", "-e", "0", "-Ttext=0", "-o", "loops.elf", "loops.o"],
        ["objcopy", "-O", "binary", "loops.elf", "loops.bin"],
    ):
        subprocess.run([f"arm-none-eabi-{command[0]}", *command[1:]], cwd=tmp_path, check=True)
    assert (tmp_path / "loops.bin").read_bytes() == firmware_loops.CODE


def counted(loop: int, milliseconds: int) -> int:
    machine = Machine(BOARD)
    machine.load(image(loop))
    machine.run(max_cycles=milliseconds * MILLISECOND)
    return int.from_bytes(machine.core.read_memory(COUNTER, 4), "little")


@pytest.mark.parametrize(
    ("loop", "least", "most"),
    [
        (TICKS, 199, 200),
        (SWITCHES, 19, 20),
        *((delay, 97, 100) for delay in DELAYS),
        (PIN, 30_000, 60_000),
        (TEXT, 6, 7),
    ],
)
def test_counts_what_it_does(loop: int, least: int, most: int) -> None:
    """In 20 ms: ticks, switches, delays of 200 us, looks at a pin, lines of 32 characters."""
    assert least <= counted(loop, 20) <= most


def test_both_threads_run() -> None:
    machine = Machine(BOARD)
    machine.load(image(SWITCHES))
    stacks = set()
    for _ in range(6):
        machine.run(max_cycles=MILLISECOND)
        stacks.add(machine.core.get("psp"))
    assert len(stacks) == 2


@pytest.mark.parametrize("loop", range(len(LOOPS)))
def test_both_hooks_agree(loop: int) -> None:
    speeds = [
        loop_speed(loop, hook, 2 * MILLISECOND, warm_cycles=MILLISECOND) for hook in ("native", "python")
    ]
    native, python = ((speed.way, speed.instructions, speed.cycles) for speed in speeds)
    assert native == python and len(ways("native", MILLISECOND)) == ALONE + 1
