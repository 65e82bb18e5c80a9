"""What recording costs: the same inferences with and without a recorder, and the recording's making."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benches.speed.fresh_process import most_resident_mb
from benches.speed.inference import Firmware, function_address, timed_inferences
from benches.speed.measure import timed_call
from benches.speed.rows import Speed
from benches.speed.subjects import Subject, open_session
from emulator.machine.machine import Machine
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.store import write_recording
from emulator.reporting.costs import by_function
from emulator.reporting.view import View

WAYS = ("not recorded", "call paths", "recorded")
"""Nothing is followed; calls and exceptions alone; all that a recording holds."""


@dataclass(frozen=True, slots=True)
class RecordingCost:
    """Host seconds of a recording of one inference: to make it, its first table, its file.

    ``run_s``: what following the run adds to the run's own.
    """

    run_s: float
    made_s: float
    table_s: float
    written_s: float
    file_bytes: int

    @property
    def beyond_s(self) -> float:
        """From the run as it would have been without a recorder to the first table."""
        return self.run_s + self.made_s + self.table_s


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


def recording_cost(subject: Subject, hook: str) -> RecordingCost:
    """Record one inference from its input to its results, behind one that is not recorded."""
    session = open_session(subject, "memory", hook)
    session.host.infer(1, 0)
    began = time.perf_counter()
    session.host.infer(1, 0)
    plain = time.perf_counter()
    recorder = Recorder(session.machine)
    session.host.infer(1, 0)
    recorded = time.perf_counter()
    recording = recorder.end(Labels("one inference"))
    made = time.perf_counter()
    recorder.close()
    by_function(View(recording))
    table = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.blr"
        write_recording(recording, file)
        written = time.perf_counter()
        return RecordingCost(
            run_s=recorded - plain - (plain - began),
            made_s=made - recorded,
            table_s=table - made,
            written_s=written - table,
            file_bytes=file.stat().st_size,
        )


def recorded_resident_mb(subject: Subject, hook: str) -> float:
    """The most memory that this process has had behind a recorded inference and its table, in 10^6 bytes."""
    recording_cost(subject, hook)
    return most_resident_mb()
