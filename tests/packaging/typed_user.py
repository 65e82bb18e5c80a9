"""What a user may write with types: `mypy --strict` finds nothing, and every ``ignore`` is needed."""

from __future__ import annotations

import array
import ctypes
from pathlib import Path

import numpy as np
from typing_extensions import assert_type

import boardless
from boardless import (
    Board,
    BoardlessError,
    CallResult,
    Counts,
    Dut,
    GuestFault,
    Image,
    Machine,
    Recording,
    Report,
    Snapshot,
    StopReason,
    Symbol,
    Table,
    list_boards,
    load_board,
    read_recording,
    recording_tables,
)


def run(board: Board, path: str) -> Counts:
    machine = Machine(board, hook="auto")
    image: Image = machine.load(path)
    reason: StopReason = machine.run(until="m-ready", max_cycles=10**9)
    if reason is StopReason.MAX_CYCLES:
        print(image.path, machine, machine.where())
    ready: Snapshot = machine.snapshot()
    machine.console.feed(b"name%")
    assert_type(machine.console.take(), bytes)
    machine.restore(ready)
    return machine.counts


def test_firmware(dut: Dut) -> None:
    dut.load("a.elf", boot="ready")
    dut.write("name%")
    text: str = dut.expect(r"(\w+)", timeout=0.1)[1]
    data: bytes = dut.expect(rb"(\w+)")[1]
    assert text.encode() == data
    assert_type(dut.cycles, int)
    assert_type(dut.call("gain", 2.5, returns="float").value, float)
    assert_type(dut.memory[0x2000_0000], int)
    assert_type(dut.memory["buffer"], bytes)
    dut.memory.uint32["ticks"] = 5
    dut.gpio["PA5"] = 1
    dut.call("add", "text")  # type: ignore[call-overload]


def call(machine: Machine) -> float:
    total = assert_type(machine.call("add", 1, True, None, 2.5), CallResult[int])
    assert_type(total.value, int)
    assert_type(total.counts.cycles, int)
    assert_type(machine.call("gain", ctypes.c_double(0.5), returns="double").value, float)
    assert_type(machine.call("ready", returns="bool").value, bool)
    assert_type(machine.call(machine.symbol("start"), returns=None).value, None)
    table: Symbol = machine.symbol("table")
    machine.call(0x0800_0101, table, b"text\0", bytearray(8), array.array("h", [1]), returns="uint64")
    machine.call("scale", np.zeros(4, dtype=np.int8), np.int64(4), memoryview(b""), float_abi="hard")
    machine.call("add", "text")  # type: ignore[call-overload]
    machine.call("add", [1, 2])  # type: ignore[call-overload]
    machine.call("add", returns="int")  # type: ignore[call-overload]
    total.value.upper()  # type: ignore[attr-defined]
    boardless.Mashine("virtual-m4")  # type: ignore[attr-defined]
    return total.counts.cycles / total.counts.instructions


def ask(path: Path) -> int:
    recording: Recording = read_recording(path)
    report = Report(recording)
    table: Table = report.by("line", function="main")
    assert_type(report.export("collapsed"), bytes)
    assert_type(report.compare(Report("other.blr")), dict[str, Table])
    for row in recording_tables(recording)["function"]:
        print(row["function"], row["cycles"])
    report.by(1)  # type: ignore[arg-type]
    return len(table) + report.cycles + recording.functions[0].address


def main() -> None:
    for name in list_boards():
        board = load_board(name)
        print(boardless.__version__, board.core, board.regions[0].size_bytes)
        board.name = "other"  # type: ignore[misc]
    try:
        print(run(load_board("virtual-m4"), "firmware.elf").instructions)
    except GuestFault as fault:
        print(fault.report)
    except BoardlessError as error:
        print(error.what, error.next_step)
