"""The recordings of ``boardless bench --profile FILE``: one inference of each row's input, or one frame."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benches.cli.firmware_options import WARMUPS
from benches.measure.operator_works import works_of
from benches.measure.profiled_window import Conversation
from benches.measure.recorded_window import record_conversation, record_frame
from benches.measure.streaming import StreamingSession
from benches.runs.job import BenchJob
from benches.runs.rows import BenchRun
from benches.runs.streaming_job import Sound, StreamingJob
from benches.runs.streaming_rows import StreamingRun
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
        files[job] = _named(target, target.path.with_name(f"{target.path.stem}-{name}{target.path.suffix}"))
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


def sound_files(target: OutputFile | None, sounds: Sequence[Sound]) -> list[OutputFile | None]:
    """The file of each sound; of several each has the sound's name. Raises UsageError for a bad one."""
    if target is None or len(sounds) == 1:
        return [target for _ in sounds]
    path = target.path
    return [_named(target, path.with_name(f"{path.stem}-{sound.path.stem}{path.suffix}")) for sound in sounds]


def write_frame(
    output: OutputFile, run: StreamingRun, sound: Sound, job: StreamingJob, machine: Machine
) -> str:
    """Record the frame of a run that takes the median of cycles, and write it; gives it in words.

    ``machine``: another one, with the image loaded.
    """
    lengths = [frame.end.cycles - frame.begin.cycles for frame in run.frames]
    number = lengths.index(statistics.median_low(lengths))
    title = f"frame {number + 1} of {len(lengths)} of {sound.path.name}"
    labels = Labels(title, recorded_band(machine, first=False), works=works_of(job.image, job.model))
    recorder = Recorder(machine, begins=False)
    session = StreamingSession(machine, error_ppm=job.error_ppm)
    recording = record_frame(recorder, session, sound.wave, run.frames[number], labels)
    output.make(partial(write_recording, recording))
    return title


def _named(target: OutputFile, path: Path) -> OutputFile:
    output = OutputFile(path, target.what)
    output.try_out()
    return output
