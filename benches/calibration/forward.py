"""The model as the forward model: the calibration firmware's counts on a board with other parameters.

A machine that has run the firmware once is set back and run again with other memories: its code stays
planned, so that a run takes a tenth of a second. Another width of the reads that bring code, or another
core, needs a machine of its own.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from benches.calibration.counts import Count, CountSet, parse_counts
from emulator.board.model import Board
from emulator.errors import LimitReached, UsageError
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine
from emulator.machine.snapshot import Snapshot

MOST_CYCLES = 4_000_000_000
ROW = struct.Struct("<10I")
REPEATS_SYMBOL, ROWS, ROW_COUNT, MEASURED = "repeats", "rows", "row_count", "calibration_measured"
BUS_MATRIX = ("other_memory", "leave_flash")
"""Parameters of the core that the memories alone see."""
LONGEST_NAME_BYTES = 64
MOST_MACHINES = 4


@dataclass(frozen=True, slots=True)
class _Ready:
    """A machine with the firmware loaded, and what it was then."""

    machine: Machine
    start: Snapshot


class ReadyMachines:
    """Machines with one ELF loaded, for boards that differ by their parameters."""

    def __init__(self, elf: Path) -> None:
        self._elf = elf
        self._ready: OrderedDict[tuple[object, ...], _Ready] = OrderedDict()

    def machine(self, board: Board) -> Machine:
        """One that stands at its reset, with the board's memories; good until the next is asked for."""
        shape = _shape(board)
        ready = self._ready.pop(shape, None)
        if ready is None:
            machine = Machine(board)
            machine.load(self._elf)
            ready = _Ready(machine, machine.snapshot())
        self._ready[shape] = ready
        while len(self._ready) > MOST_MACHINES:
            self._ready.popitem(last=False)
        ready.machine.restore(ready.start)
        ready.machine.engine.change_memories(board)
        return ready.machine


class ForwardModel:
    """Counts of one ELF on boards that differ by their parameters alone; each board is run once."""

    def __init__(self, elf: Path) -> None:
        self.elf = elf
        self.runs = 0
        self._machines = ReadyMachines(elf)
        self._known: dict[tuple[object, ...], tuple[float, ...]] = {}

    def kernel_cycles(self, board: Board) -> tuple[float, ...]:
        """What :meth:`CountSet.kernel_cycles` gives for the board."""
        key = figures(board)
        if key not in self._known:
            self.runs += 1
            self._known[key] = self._run(board).kernel_cycles()
        return self._known[key]

    def counts(self, board: Board) -> CountSet:
        """Counts on a machine of its own, as a fresh reset leaves it."""
        machine = Machine(board)
        machine.load(self.elf)
        return measured_counts(machine)

    def _run(self, board: Board) -> CountSet:
        return measured_counts(self._machines.machine(board))


def printed_counts(elf: Path, board: Board) -> str:
    """What the firmware prints on the board's console, emulated: one pass."""
    machine = Machine(board)
    machine.load(elf)
    if machine.run(until="calibration end", max_cycles=MOST_CYCLES) is StopReason.UNTIL:
        machine.run(until="\n", max_cycles=MOST_CYCLES)
    text = machine.console.take().decode("ascii", "replace")
    parse_counts(text, f"{elf} on {board.name}")
    return text


def measured_counts(machine: Machine) -> CountSet:
    """Run until everything is measured, and read the rows from memory."""
    stop = machine.run_to(machine.symbol(MEASURED).address, max_cycles=MOST_CYCLES)
    if stop is not StopReason.BREAK:
        raise LimitReached(f"the calibration firmware did not measure everything: {stop.value}")
    count = int.from_bytes(machine.read_memory(machine.symbol(ROW_COUNT).address, 4), "little")
    table = machine.read_memory(machine.symbol(ROWS).address, count * ROW.size)
    repeats = int.from_bytes(machine.read_memory(machine.symbol(REPEATS_SYMBOL).address, 4), "little")
    image = int.from_bytes(machine.read_memory(machine.symbol("image").address, 4), "little")
    texts: dict[int, str] = {0: ""}
    counts = tuple(_row(machine, row, repeats, texts) for row in ROW.iter_unpack(table))
    return CountSet(machine.board.core, counter_of(machine.board.core), f"{image:08x}", counts)


def counter_of(core: str) -> str:
    """What the firmware counts cycles with."""
    return "systick" if core in ("cortex-m0", "cortex-m0plus") else "cyccnt"


def _row(machine: Machine, row: tuple[int, ...], repeats: int, texts: dict[int, str]) -> Count:
    kernel, memory, other, keys = (_text(machine, address, texts) for address in row[:4])
    mode, *values = row[4:8]
    pairs = tuple(zip(keys.split(), values, strict=False))
    return Count(kernel, memory, other, mode, pairs, repeats, row[8], row[9])


def _text(machine: Machine, address: int, texts: dict[int, str]) -> str:
    if address not in texts:
        data = machine.read_memory(address, LONGEST_NAME_BYTES)
        texts[address] = data.partition(b"\0")[0].decode("ascii")
    return texts[address]


def _shape(board: Board) -> tuple[object, ...]:
    """What a machine is planned for: boards with the same may take turns on one."""
    core = {name: value for name, value in board.core_parameters.items() if name not in BUS_MATRIX}
    code = board.region_at(board.vector_table)
    accelerator = board.accelerator_of(code) if code is not None else ""
    reads = next((a.parameters.get("read_bytes", 8) for a in board.accelerators if a.name == accelerator), 0)
    waits = bool(code is not None and code.wait_states)
    return (*sorted(core.items()), reads, waits)


def figures(board: Board) -> tuple[object, ...]:
    """What boards of a search differ by."""
    return (
        tuple(sorted(board.core_parameters.items())),
        tuple((a.name, *sorted(a.parameters.items())) for a in board.accelerators),
        tuple((r.name, r.wait_states, r.first_load_cycles) for r in board.regions),
    )


def check_same_image(measured: CountSet, own: CountSet) -> None:
    """Raise UsageError when the counts are of another firmware than the one that runs here."""
    if measured.core != own.core:
        raise UsageError(f"the counts are of a {measured.core}, the board file says {own.core}")
    if measured.image != own.image or len(measured.counts) != len(own.counts):
        raise UsageError(
            f"the counts are of another build of the firmware: image {measured.image}, here {own.image}",
            next_step="name the ELF that ran on the board with --elf",
        )
