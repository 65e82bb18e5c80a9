"""The recordings that ``boardless bench --profile FILE`` writes: one inference of each row's input."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benches.cli.firmware_options import WARMUPS
from benches.measure.operator_works import works_of
from benches.measure.profiled_window import Conversation
from benches.measure.recorded_window import record_conversation
from benches.runs.job import BenchJob
from benches.runs.rows import BenchRun
from benches.silicon.run_band import recorded_band
from benches.suite import shipped
from benches.suite.input_files import load_inputs
from emulator.files import OutputFile
from emulator.machine.machine import Machine
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.store import write_recording


def recording_files(target: OutputFile | None, jobs: Sequence[BenchJob]) -> dict[BenchJob, OutputFile]:
    """The file of each job; of several each has the benchmark's name. Raises UsageError for a bad one."""
    if target is None:
        return {}
    if len(jobs) == 1:
        return {jobs[0]: target}
    files = {}
    for number, job in enumerate(jobs):
        name = job.benchmark.name if job.benchmark is not None else str(number)
        path = target.path.with_name(f"{target.path.stem}-{name}{target.path.suffix}")
        files[job] = OutputFile(path, target.what)
        files[job].try_out()
    return files


def write_window(output: OutputFile, run: BenchRun, job: BenchJob, machine: Machine) -> None:
    """Record one inference of the input that the row shows, on a ``machine`` of its own, and write it."""
    benchmark, shown = run.measurement.benchmark, run.window
    folders = job.inputs or (shipped.inputs_for(benchmark),)
    inputs = load_inputs(folders, benchmark, limit=benchmark.bench_inputs)
    chosen = next(item for item in inputs if item.name == shown.input_name)
    labels = Labels("", recorded_band(machine, first=False), works=works_of(job.image, job.model))
    conversation = Conversation((chosen,), warmups=WARMUPS)
    recording = record_conversation(Recorder(machine, begins=False), machine, conversation, labels)
    output.make(partial(write_recording, recording))
