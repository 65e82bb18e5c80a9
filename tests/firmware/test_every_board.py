"""Every board that the project describes has firmware of ours, which computes the golden outputs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from benches.build.firmware import SHIPPED, BuildOptions, build_firmware, shipped_model
from benches.build.support import list_support, load_support, support_for
from benches.runs.job import run_performance, shipped_job
from benches.suite import benchmarks
from benches.suite.shipped import image_for, image_for_board
from emulator import Machine
from emulator.board.reader import list_boards, load_board
from emulator.errors import ImageError, UsageError

TOO_SMALL = ("nucleo-f103rb", "stm32f103c8")
"""20 KB of RAM, where the smallest arena, keyword spotting's, takes 25."""
WITHOUT_ROOM = {
    ("vww", "nrf52-dk"), ("ic", "nrf52-dk"), ("vww", "disco-l475vg-iot01a"), ("vww", "nucleo-l476rg"),
    ("vww", "arduino-zero"), ("ic", "arduino-zero"), ("ad", "arduino-zero"),
}  # fmt: skip
"""Their first RAM, of 32, 64 and 96 KB, holds less than these arenas of 61 and 84 KB, buffer and stack; or
their flash, of 256 KB, less than ad's weights of 265."""
BUILT = [
    board
    for name in list_support()
    if not load_support(name).prebuilt
    for board in load_support(name).boards
    if board not in TOO_SMALL
]
CHARACTER_S = 10 / 115_200
"""At most so long a window goes on behind the device's own."""
LARGE = [
    (benchmark, board)
    for benchmark in SHIPPED
    if benchmark != "kws"
    for board in BUILT
    if (benchmark, board) not in WITHOUT_ROOM
]


def _check(benchmark_name: str, board: str) -> None:
    benchmark = benchmarks.find(benchmark_name)
    machine = Machine(board, strict=True)
    job = replace(shipped_job(benchmark, board), count=1)
    machine.load(job.image)
    run = run_performance(job, machine)
    assert run.measurement.golden.match
    assert machine.clock.core_hz == load_board(board).nominal_hz
    assert machine.unmodelled == []
    cycles = sum(window.cycles for window in run.measurement.windows) / len(run.measurement.windows)
    device_cycles = (run.device_latency_us or 0) * machine.clock.core_hz / 1e6
    assert device_cycles == pytest.approx(cycles, rel=0.01, abs=CHARACTER_S * machine.clock.core_hz)


@pytest.mark.parametrize("board", list_boards())
def test_a_package_serves_it(board: str) -> None:
    package = support_for(load_board(board))
    assert board in package.boards
    core = load_board(board).core.removeprefix("cortex-")
    older = {"m85": "m55"}.get(core, "m0")  # whose code runs on it
    assert package.core in (core, older)


@pytest.mark.parametrize("board", BUILT)
def test_keyword_spotting(board: str, cross_tools: None) -> None:
    _check("kws", board)


@pytest.mark.parametrize(
    ("benchmark_name", "board"), [*(("kws", board) for board in TOO_SMALL), *sorted(WITHOUT_ROOM)]
)
def test_a_board_without_room_is_told(benchmark_name: str, board: str, cross_tools: None) -> None:
    with pytest.raises(ImageError, match=f"the RAM of {board} has room for|but the flash of {board} has"):
        image_for_board(benchmarks.find(benchmark_name), load_board(board))


@pytest.mark.slow
@pytest.mark.parametrize(("benchmark_name", "board"), LARGE)
def test_the_other_benchmarks(benchmark_name: str, board: str, cross_tools: None) -> None:
    _check(benchmark_name, board)


@pytest.mark.parametrize("board", ["nucleo-u575zi-q", "stm32f4-discovery", "cy8cproto-062-4343w"])
def test_the_console_at_another_pace(board: str, cross_tools: None) -> None:
    """9600 baud, as energy mode has it."""
    image = image_for_board(benchmarks.find("kws"), load_board(board)).with_name("slow.elf")
    build_firmware("kws", shipped_model("kws"), load_support(board), image, BuildOptions(mode="energy"))
    machine = Machine(board)
    machine.load(image)
    machine.run(until=b"m-ready\r\n")
    assert machine.console.baud == pytest.approx(9600, rel=0.005)
    machine.console.feed(b"name%")
    machine.run(until=b"m-ready\r\n")
    assert re.search(rb"m-name-dut-\[boardless\]\r\n", bytes(machine.console.output))


def test_no_image_of_them_is_shipped() -> None:
    with pytest.raises(UsageError, match="no prebuilt kws image"):
        image_for(benchmarks.find("kws"), "nucleo-g0b1re")
