"""``python -m benches.speed``: the speed bench as a table and as JSON."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from benches.runs.report import UNOFFICIAL
from benches.speed import recording
from benches.speed.inference import Firmware, inference_emulated, inference_plain, shipped_firmware
from benches.speed.measure import (
    QEMU,
    TIMINGS,
    Speed,
    best_in_turns,
    convolution_emulated,
    convolution_plain,
    convolution_qemu,
)
from benches.speed.protection import MOST_OF_THE_TIME, SETUPS, inference_protected
from benches.speed.recording import inference_recorded, recording_cost
from benches.speed.serial import serial_cost
from emulator import __version__
from emulator.board.reader import load_board
from emulator.cli.command import ProgramCommand
from emulator.cli.options import board_option, hook_option, json_option
from emulator.cli.parameter_types import Count
from emulator.cli.tables import table_console
from emulator.errors import BoardlessError
from emulator.files import OutputFile

GOALS = {"count": 0.7, "core": 0.7, "memory": 0.25}
"""Least share of plain Unicorn's speed on the convolution kernel."""
TABLE_WIDTH = 110
MOST_REPETITIONS = 0x7FFFFFFF


@click.command(cls=ProgramCommand)
@board_option
@hook_option
@click.option("--repeat", type=Count(), default=3, show_default=True, help="Best of so many.")
@click.option(
    "--repetitions",
    type=Count(most=MOST_REPETITIONS),
    default=1500,
    show_default=True,
    help="Of the convolution kernel.",
)
@click.option("--inferences", type=Count(), default=5, show_default=True, help="Inferences of kws.")
@json_option
def main(
    *, board: str, hook: str, repeat: int, repetitions: int, inferences: int, json_file: OutputFile | None
) -> None:
    """Time the convolution kernel and a kws inference in every way, and a start to m-ready."""
    on_stderr = json_file is not None and json_file.is_standard_output
    console = table_console(TABLE_WIDTH, on_stderr=on_stderr)
    kernel = convolution_speeds(board, hook, repeat, repetitions)
    console.print(speed_table("convolution kernel", kernel))
    report: dict[str, Any] = {
        "boardless": __version__,
        "note": UNOFFICIAL,
        "host": host_facts(),
        "board": board,
        "convolution": speeds_json(kernel),
    }
    try:
        firmware = shipped_firmware(board)
        speeds = inference_speeds(firmware, hook, repeat, inferences)
        console.print(speed_table(f"{inferences} kws inferences", speeds))
        board_s = (speeds[-1].cycles or 0) / inferences / load_board(board).nominal_hz
        host_s = speeds[-1].host_s / inferences
        protected = protected_speeds(firmware, hook, repeat, inferences)
        for speed in protected[1:]:
            times = speed.host_s / protected[0].host_s
            console.print(
                f"with an MPU ({speed.way}): {times:.2f} times the time, goal <= {MOST_OF_THE_TIME}"
            )
        recorded = recorded_speeds(firmware, hook, repeat, inferences)
        for speed in recorded[1:]:
            times = speed.host_s / recorded[0].host_s
            console.print(f"{speed.way}: {times:.2f} times the time, goal <= {recording.MOST_OF_THE_TIME}")
        cost = recording_cost(firmware, hook)
        console.print(
            f"a recording of one kws inference: made in {cost.made_s:.2f} s,"
            f" first table {cost.table_s:.2f} s, written in {cost.written_s:.2f} s,"
            f" {cost.file_bytes / 1e6:.1f} MB"
        )
        serial = serial_cost(firmware, hook, repeat)
        start_s = min(seconds_to_ready(firmware) for _ in range(repeat))
        console.print(
            f"one kws inference: host {host_s:.4f} s, board {board_s:.4f} s (simulated, unofficial)"
        )
        console.print(
            f"one byte of input: host {serial.host_s * 1e3:.3f} ms, with every turn of waiting loops run"
            f" {serial.every_turn_s * 1e3:.3f} ms, board {serial.board_s * 1e3:.3f} ms (simulated)"
        )
        console.print(f"from command to m-ready: {start_s:.2f} s")
        report["kws_recorded"] = {**speeds_json(recorded), **asdict(cost)}
        report["kws_protected"] = speeds_json(protected)
        report["kws"] = {**speeds_json(speeds), "host_s": host_s, "board_s": board_s}
        report["serial_byte"] = asdict(serial)
        report["start_to_ready_s"] = start_s
    except BoardlessError as error:
        console.print(str(error), markup=False)
    if json_file is not None:
        json_file.write_json(report)


def convolution_speeds(board: str, hook: str, repeat: int, repetitions: int) -> list[Speed]:
    """Plain Unicorn, the three timing depths, and QEMU when installed."""
    emulated = [partial(convolution_emulated, board, timing, hook, repetitions) for timing in TIMINGS]
    speeds = best_in_turns(repeat, [partial(convolution_plain, board, repetitions), *emulated])
    qemu = convolution_qemu(repeat, repetitions)
    return speeds if qemu is None else [*speeds, qemu]


def inference_speeds(firmware: Firmware, hook: str, repeat: int, inferences: int) -> list[Speed]:
    """Plain Unicorn and the three timing depths, memory last."""
    emulated = [partial(inference_emulated, firmware, timing, hook, inferences) for timing in TIMINGS]
    return best_in_turns(repeat, [partial(inference_plain, firmware, inferences), *emulated])


def protected_speeds(firmware: Firmware, hook: str, repeat: int, inferences: int) -> list[Speed]:
    """With memory timing: no MPU, then each of the usual setups."""
    ways = [partial(inference_protected, firmware, "memory", hook, inferences, setup) for setup in SETUPS]
    return best_in_turns(repeat, ways)


def recorded_speeds(firmware: Firmware, hook: str, repeat: int, inferences: int) -> list[Speed]:
    """With memory timing: not recorded, with call paths, with all that a recording holds."""
    ways = [partial(inference_recorded, firmware, hook, inferences, way) for way in recording.WAYS]
    return best_in_turns(repeat, ways)


def speed_table(title: str, speeds: Sequence[Speed]) -> Table:
    """One row a way, each with its share of plain Unicorn's speed."""
    table = Table(title=f"{title} (cycles: simulated and unofficial)", title_justify="left")
    table.add_column("way")
    for name in ("instructions", "host s", "MIPS", "of plain Unicorn", "goal", "modelled cycles"):
        table.add_column(name, justify="right")
    for speed in speeds:
        goal = GOALS.get(speed.way)
        table.add_row(
            speed.way,
            f"{speed.instructions:,}",
            f"{speed.host_s:.3f}",
            f"{speed.mips:.0f}",
            f"{speed.mips / speeds[0].mips:.2f}",
            "" if goal is None else f">= {goal}",
            "" if speed.cycles is None else f"{speed.cycles:,}",
        )
    return table


def speeds_json(speeds: Sequence[Speed]) -> dict[str, Any]:
    """The same figures by way."""
    return {
        speed.way: {
            "instructions": speed.instructions,
            "host_s": speed.host_s,
            "mips": speed.mips,
            "of_plain": speed.mips / speeds[0].mips,
            "cycles": speed.cycles,
        }
        for speed in speeds
    }


def seconds_to_ready(firmware: Firmware) -> float:
    """Host seconds of ``boardless run IMAGE --until m-ready``, the interpreter's start included.

    With the modules' bytecode on disk, as an installation has it.
    """
    installed = shutil.which("boardless", path=str(Path(sys.executable).parent))
    program = [installed] if installed else [sys.executable, "-m", "emulator.cli.main"]
    command = [*program, "run", str(firmware.path), "--board", firmware.board, "--until", "m-ready"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, env=environment)
    return time.perf_counter() - started


def host_facts() -> dict[str, str]:
    """What the figures were measured on."""
    facts = {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "unicorn": importlib.metadata.version("unicorn"),
    }
    if shutil.which(QEMU):
        told = subprocess.run([QEMU, "--version"], check=True, capture_output=True, text=True)
        facts["qemu"] = told.stdout.splitlines()[0]
    return facts


if __name__ == "__main__":
    main(prog_name="python -m benches.speed")
