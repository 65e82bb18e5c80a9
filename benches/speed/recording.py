"""What recording costs: the same inferences with and without a recorder, and the recording's making."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benches.speed.inference import Firmware, function_address, timed_inferences
from benches.speed.measure import timed_call
from benches.speed.rows import Speed
from emulator.machine.machine import Machine
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.store import write_recording
from emulator.reporting.costs import by_function
from emulator.reporting.view import View

WAYS = ("not recorded", "call paths", "recorded")
"""Nothing is followed; calls and exceptions alone; all that a recording holds."""


@dataclass(frozen=True, slots=True)
class RecordingCost:
    """Host seconds behind the run, of a recording of one inference: to make it, its first table, its file."""

    made_s: float
    table_s: float
    written_s: float
    file_bytes: int


def inference_recorded(firmware: Firmware, hook: str, inferences: int, way: str) -> Speed:
    """Some inferences with memory timing, one warm-up before them, followed in one of :data:`WAYS`."""
    machine = firmware.ready_machine("memory", hook)
    timed_call(machine, function_address(machine))
    with _followed(machine, way):
        return timed_inferences(machine, inferences, way)


@contextmanager
def _followed(machine: Machine, way: str) -> Iterator[None]:
    if way == "recorded":
        recorder = Recorder(machine)
        yield
        recorder.close()
    elif way == "call paths":
        debug = machine.image.debug if machine.image is not None else None
        starts = {s.address & ~1 for s in debug.symbols() if s.is_function} if debug is not None else set()
        machine.hook.contexts.start(starts, machine.core.get("pc") & ~1, 0)
        yield
        machine.hook.contexts.stop()
    else:
        yield


def recording_cost(firmware: Firmware, hook: str) -> RecordingCost:
    """Record one inference; what comes behind it takes so long."""
    machine = firmware.ready_machine("memory", hook)
    recorder = Recorder(machine)
    timed_call(machine, function_address(machine))
    started = time.perf_counter()
    recording = recorder.end(Labels("one inference"))
    made = time.perf_counter()
    recorder.close()
    by_function(View(recording))
    table = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.blr"
        write_recording(recording, file)
        return RecordingCost(made - started, table - made, time.perf_counter() - table, file.stat().st_size)
