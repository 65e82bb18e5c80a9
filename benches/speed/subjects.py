"""The images whose inferences are measured: the four shipped ones, and published development images."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benches.protocol.host import ProtocolHost
from benches.protocol.machine_channel import MachineChannel
from benches.silicon.catalog import CatalogRow, development_catalog
from benches.silicon.image_sources import FoundImage, find_image
from benches.silicon.validate import synthetic_input
from benches.suite import shipped
from benches.suite.benchmarks import SHIPPED, Benchmark, find
from benches.suite.input_files import load_inputs
from emulator.board.reader import load_board
from emulator.machine.machine import Machine

MEASURED_CORES = ("cortex-m4", "cortex-m7", "cortex-m33")


@dataclass(frozen=True, slots=True)
class Subject:
    """An image. ``make(timing, hook, prices_folder)``: a machine that has it.

    ``published_ms``: what its board took.
    """

    title: str
    size_bytes: int
    make: Callable[[str, str, Path | None], Machine]
    data: Callable[[], bytes]
    published_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A machine that has booted and taken an input."""

    machine: Machine
    channel: MachineChannel
    host: ProtocolHost


def open_session(subject: Subject, timing: str, hook: str, prices_folder: Path | None = None) -> Session:
    """Boot, and send the input."""
    machine = subject.make(timing, hook, prices_folder)
    channel = MachineChannel(machine)
    host = ProtocolHost(channel)
    host.wait_ready()
    host.load(subject.data())
    return Session(machine, channel, host)


def shipped_subjects(board: str) -> Iterator[Subject]:
    """The shipped image of each benchmark for a board, with the first shipped input."""
    for benchmark in SHIPPED:
        path = shipped.image_for(benchmark, load_board(board).name)
        yield Subject(
            benchmark.name,
            path.stat().st_size,
            partial(_shipped_machine, path, board),
            partial(_shipped_input, benchmark),
        )


def _shipped_machine(path: Path, board: str, timing: str, hook: str, prices_folder: Path | None) -> Machine:
    machine = Machine(board, timing=timing, hook=hook, prices_folder=prices_folder)
    machine.load(path)
    return machine


def _shipped_input(benchmark: Benchmark) -> bytes:
    return load_inputs([shipped.inputs_for(benchmark)], benchmark, limit=1)[0].data


def development_subjects(folders: Sequence[Path]) -> Iterator[Subject]:
    """The development images of Cortex-M4, M7 and M33 in performance mode that are in the folders."""
    for item in development_catalog():
        if item.core not in MEASURED_CORES or item.mode != "performance":
            continue
        found = find_image(item, folders)
        if found is not None:
            data = partial(_synthetic_input, item.benchmark)
            size = len(found.data)
            yield Subject(
                item.title, size, partial(_published_machine, item, found), data, item.published_latency_ms
            )


def _published_machine(
    item: CatalogRow, found: FoundImage, timing: str, hook: str, prices_folder: Path | None
) -> Machine:
    machine = Machine(item.board, timing=timing, hook=hook, prices_folder=prices_folder)
    with tempfile.TemporaryDirectory(prefix="boardless-") as folder:
        path = Path(folder) / Path(item.path).name
        path.write_bytes(found.data)
        machine.load(path, base=item.base)
    return machine


def _synthetic_input(benchmark: str) -> bytes:
    return synthetic_input(find(benchmark)).data
