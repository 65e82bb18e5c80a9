"""Does a job: measures the windows of a machine, or builds an image. Runs in any process.

Nothing but the job decides what comes out: each window begins from the snapshot behind the machine's boot,
so a window's figures are the same with any others beside it.
"""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from benches.build.firmware import build_firmware
from benches.gate.figures import sizes_of
from benches.measure.performance import MeasuredWindow, PerformanceSession
from benches.measure.window_energy import joules_between, metered, stamps_of
from benches.protocol.host import ProtocolError
from benches.silicon.error_bands import band_words, read_bands
from benches.silicon.run_band import band_of_window
from benches.silicon.validate import synthetic_input
from benches.suite.benchmarks import find
from benches.suite.input_files import InputData, content_of_input
from benches.sweep.jobs import Answer, BuildJob, Job, MeasureJob, Result, Window, code_version
from emulator.errors import BoardlessError, LimitReached
from emulator.image.loader import image_of
from emulator.image.symbol_file import add_symbols
from emulator.machine.awaited_text import never_sent, run_to_text, run_until
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine
from emulator.profiling import CountState
from emulator.profiling.recorded_run import run_to_some_end, to_function, to_return

MAIN = "main"
READY = b"m-ready"
"""What a benchmark's firmware sends when it has booted: so it is among the image's bytes."""
OWN_FOLDER = re.compile(r"[^\s'\"]*boardless-sweep-[^/\s]*/")
MICRO = 1e6
PICOSECONDS_PER_US = 1e6
Figures = dict[str, Any]


def perform(job: Job) -> Answer:
    """Do it; what is wrong with it is in the answer."""
    results = (_built(job),) if isinstance(job, BuildJob) else tuple(_measured(job))
    return Answer(code_version(), results)


def _built(job: BuildJob) -> Result:
    try:
        with tempfile.TemporaryDirectory(prefix="boardless-sweep-") as made:
            model, out = Path(made) / Path(job.model.name).name, Path(made) / "firmware.elf"
            model.write_bytes(job.model.data)
            build_firmware(job.benchmark, model, job.support, out, job.options)
            return {"elf": base64.b64encode(out.read_bytes()).decode()}
    except (BoardlessError, OSError) as error:
        return {"failure": _words(error)}


def _measured(job: MeasureJob) -> Iterator[Result]:
    start: Start | None = None
    for window in job.windows:
        try:
            start = start or _started(job, window)
            yield {"figures": start.measure(window)}
        except (BoardlessError, OSError) as error:
            start = None  # whatever it stands in the middle of
            yield {"failure": _words(error)}


def _words(error: BoardlessError | OSError) -> str:
    """The error without the name of a folder that only this run had."""
    return OWN_FOLDER.sub("", str(error))


def _started(job: MeasureJob, window: Window) -> Start:
    """A machine where all windows of the job begin."""
    machine = Machine(job.board, timing=job.timing)
    file = job.firmware.file
    image = image_of(file.data, file.name, base=job.firmware.base, board=job.board)
    symbols = job.firmware.symbols
    if symbols is not None:
        with tempfile.TemporaryDirectory(prefix="boardless-sweep-") as made:
            path = Path(made) / Path(symbols.name).name
            path.write_bytes(symbols.data)
            image = add_symbols(image, path)
    machine.load(image)
    for name, parameters in job.pins:
        machine.engine.memory_map.pin(name, **dict(parameters))
    if window.begin == (None, False, False) and _speaks_the_protocol(machine, window):
        return _Inferences(machine)
    return _Runs(machine, window)


def _speaks_the_protocol(machine: Machine, window: Window) -> bool:
    if window.benchmark is not None or window.input is not None:
        return True
    return machine.image is not None and any(READY in segment.data for segment in machine.image.segments)


class Start(Protocol):
    """A machine that has been brought to where windows begin."""

    def measure(self, window: Window) -> Figures:
        """A window's figures. Raises BoardlessError; the machine is of no use then."""


class _Inferences:
    """Inferences of a benchmark, without the sending of the time stamps around them.

    From one snapshot, behind the input, one inference and then ``1 + N`` are measured; the difference is
    what N take behind a first.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._session = PerformanceSession(machine, counts=lambda: CountState.of(machine.engine))
        self._begin = machine.snapshot()

    def measure(self, window: Window) -> Figures:
        machine, session = self._machine, self._session
        machine.restore(self._begin)
        if window.benchmark is not None:
            session.expect(find(window.benchmark))
        item = synthetic_input(session.benchmark)
        if window.input is not None:
            name = window.input.name
            item = InputData(name, content_of_input(window.input.data, session.benchmark, name))
        session.host.load(item.data)
        loaded = machine.snapshot()
        short, short_joules = self._window(1)
        machine.restore(loaded)
        long, long_joules = self._window(1 + window.inferences)
        figures = _difference(short, long, window.inferences)
        if short_joules is not None and long_joules is not None:
            figures["energy_uj"] = (long_joules - short_joules) / window.inferences * MICRO
        band = band_of_window(machine, long, read_bands()) if machine.timing == "memory" else None
        figures |= _image_figures(machine)
        return figures | {"measured": session.benchmark.name, "error": band_words(band)}

    def _window(self, inferences: int) -> tuple[MeasuredWindow, float | None]:
        """A window and its energy in joules."""
        machine = self._machine
        meter = None if machine.board.energy is None else metered(machine)
        measured = self._session.measure_window("input", inferences, 0)
        stamps = stamps_of(machine, measured.window)
        joules = None if meter is None or stamps is None else joules_between(meter, *stamps)
        return measured, joules


def _difference(short: MeasuredWindow, long: MeasuredWindow, inferences: int) -> Figures:
    """What the longer window has beyond the shorter, per inference."""
    if (
        short.window.counts is None
        or long.window.counts is None
        or short.passed is None
        or long.passed is None
    ):
        raise ProtocolError("the image does not tell where its inference begins")
    counts = long.window.counts.since(short.window.counts)
    totals = long.passed.totals - short.passed.totals
    cycles = round(counts.cycles / inferences)
    return {
        "instructions": round(counts.instructions / inferences),
        "cycles": cycles,
        "waiting_cycles": round((totals.skipped_cycles + totals.sleep_cycles) / inferences),
        "clock_hz": long.clock_hz,
        "time_us": cycles / long.clock_hz * MICRO,
        "energy_uj": None,
        "output": long.window.results.text,
    }


class _Runs:
    """A stretch of any firmware's run, or a call of one of its functions."""

    def __init__(self, machine: Machine, window: Window) -> None:
        self._machine = machine
        if window.after is not None:
            run_to_text(machine, window.after.encode(), window.max_cycles)
        elif window.call is not None:
            to_function(machine, MAIN)
        self._begin = machine.snapshot()

    def measure(self, window: Window) -> Figures:
        machine = self._machine
        machine.restore(self._begin)
        output = ""
        if window.function is not None:
            to_function(machine, window.function, window.max_cycles)
        meter = None if machine.board.energy is None else metered(machine)
        before, began = CountState.of(machine.engine).totals, machine.clock.picoseconds()
        if window.call is not None:
            called = machine.call(window.call, *window.arguments)
            output = str(called.value)
        elif window.function is not None:
            to_return(machine, window.max_cycles)
        else:
            self._run(window)
        passed = CountState.of(machine.engine).totals - before
        ended = machine.clock.picoseconds()
        figures = {
            "instructions": passed.instructions,
            "cycles": passed.cycles,
            "waiting_cycles": passed.skipped_cycles + passed.sleep_cycles,
            "clock_hz": machine.clock.core_hz,
            "time_us": (ended - began) / PICOSECONDS_PER_US,
            "energy_uj": None if meter is None else joules_between(meter, began, ended) * MICRO,
            "output": output,
            "measured": _title(window),
            "error": "",
        }
        return figures | _image_figures(machine)

    def _run(self, window: Window) -> None:
        machine = self._machine
        if window.until is None and window.max_cycles is None:
            run_to_some_end(machine)
            return
        until = None if window.until is None else window.until.encode()
        reason = run_until(machine, until, window.max_cycles)
        if until is None or reason is StopReason.UNTIL:
            return
        if reason is StopReason.MAX_CYCLES:
            raise LimitReached(
                f"{window.until!r} did not come within {window.max_cycles:,} cycles",
                where=machine.where(),
                next_step="give more max_cycles, or another text",
            )
        raise never_sent(machine, until)


def _title(window: Window) -> str:
    if window.call is not None:
        return f"{window.call}({', '.join(map(str, window.arguments))})"
    return f"a call of {window.function}" if window.function is not None else "a run"


def _image_figures(machine: Machine) -> Figures:
    """What does not depend on the window."""
    assert machine.image is not None
    sizes = sizes_of(machine.image, machine.board)
    return {
        "flash_bytes": sizes["flash"],
        "ram_bytes": sizes.get("ram"),
        "board_name": machine.board.name,
        "core": machine.board.core,
    }
