"""What the speed bench measures: a declared list, one measure a kind, each with its rows and goals."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benches.speed import convolution, recording, vectors
from benches.speed.accuracy import accuracy_rows
from benches.speed.firmware_loops import loop_rows
from benches.speed.fresh_process import in_fresh_process, most_resident_mb
from benches.speed.idle import DAY_S, idle_cost
from benches.speed.inference import shipped_firmware
from benches.speed.measure import QEMU, convolution_emulated, convolution_plain, convolution_qemu
from benches.speed.protection import SETUPS, inference_protected
from benches.speed.rows import (
    PLAIN,
    TIMINGS,
    Goal,
    Row,
    added_rows,
    depth_rows,
    in_turns,
    median_mips,
    median_s,
    row,
)
from benches.speed.serial import serial_cost
from benches.speed.start import start_rows
from benches.speed.subjects import Subject, development_subjects, open_session, shipped_subjects
from benches.speed.whole_inference import (
    EmulatedInference,
    PlainInference,
    first_inferences,
    inference_function,
    inferences_of_a_turn,
)
from benches.suite.benchmarks import VISUAL_WAKE_WORDS

AHEAD_OF_BOARD = Goal(1)
FIRST_INFERENCE = Goal(2)
SERIAL_BYTE = Goal(0.02, of_ratio=False)
RESIDENT = Goal(120, of_ratio=False)
RECORDED = Goal(3, of_ratio=False)
WRITTEN = Goal(5, of_ratio=False)
RECORDED_RESIDENT = Goal(200, of_ratio=False)
LARGEST = VISUAL_WAKE_WORDS.name
WARM = 2
IDLE_DAY = Goal(120, of_ratio=False)
FLAT = Goal(1, of_ratio=False)
AHEAD_OF_QEMU = Goal(1, least=True)
AS_FAST_AS_M33 = Goal(0.9, least=True)
VECTOR_SHARE = 10
"""A kernel takes one of so many instructions of the convolution's."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which everything is measured.

    ``turns``: of each way. ``turn_s``: about how long one of an inference takes, in the host's time.
    ``repetitions``: of the convolution. ``idle_s``: modelled, scaled to a day. ``images``: folders of
    published images. ``share``: of the inputs of an accuracy run, scaled to all.
    """

    board: str
    hook: str
    turns: int
    turn_s: float
    repetitions: int
    idle_s: float
    images: tuple[Path, ...] = ()
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of figures. ``rows``: measured as they are asked for."""

    name: str
    about: str
    rows: Callable[[Conditions], Iterator[Row]]


def _convolution(of: Conditions) -> Iterator[Row]:
    emulated = [
        partial(convolution_emulated, of.board, timing, of.hook, of.repetitions) for timing in TIMINGS
    ]
    speeds = in_turns(of.turns, [partial(convolution_plain, of.board, of.repetitions), *emulated])
    yield from depth_rows("convolution kernel", speeds)
    if shutil.which(QEMU):
        found = [speed for _ in range(of.turns) if (speed := convolution_qemu(of.repetitions))]
        if found:
            yield row(f"convolution kernel: {QEMU}", "MIPS", median_mips(found), median_mips(speeds[PLAIN]))


def _vectors(of: Conditions) -> Iterator[Row]:
    if shutil.which(QEMU):
        yield from _vectors_beside_qemu(of)
    ways = [partial(vectors.convolution_on, board, of.repetitions) for board in vectors.SCALAR_BOARDS]
    speeds = in_turns(of.turns, ways)
    m55, m33 = (median_mips(speeds[board]) for board in vectors.SCALAR_BOARDS)
    yield row("Cortex-M55: the convolution kernel, beside a Cortex-M33", "MIPS", m55, m33, AS_FAST_AS_M33)


def _vectors_beside_qemu(of: Conditions) -> Iterator[Row]:
    for kernel in vectors.REPETITION:
        repetitions = max(
            1, of.repetitions * convolution.instructions(1) // vectors.REPETITION[kernel] // VECTOR_SHARE
        )
        ours = in_turns(of.turns, [partial(vectors.emulated, kernel, "memory", repetitions)])
        qemu = [speed for _ in range(of.turns) if (speed := vectors.kernel_qemu(kernel, repetitions))]
        goal = None if kernel == vectors.SCALAR else AHEAD_OF_QEMU
        if qemu:
            value = median_mips(ours["memory"])
            yield row(f"Cortex-M55: {kernel}, beside {QEMU}", "MIPS", value, median_mips(qemu), goal)


def _shipped(of: Conditions) -> Iterator[Row]:
    for subject in shipped_subjects(of.board):
        yield from _inference(of, subject)


def _development(of: Conditions) -> Iterator[Row]:
    for subject in development_subjects(of.images):
        yield from _inference(of, subject)


def _inference(of: Conditions, subject: Subject) -> Iterator[Row]:
    function = inference_function(subject, of.hook)
    plain = PlainInference(subject, function, of.hook)
    inferences = inferences_of_a_turn(plain, of.turn_s)
    emulated = [EmulatedInference(subject, function, timing, of.hook) for timing in TIMINGS]
    cycles = [max(way.one().cycles or 0 for _ in range(WARM)) * inferences for way in emulated]
    turns = [partial(way.turn, inferences, n) for way, n in zip(emulated, cycles, strict=True)]
    speeds = in_turns(of.turns, [partial(plain.turn, inferences), *turns])
    yield from depth_rows(subject.title, speeds)
    if subject.published_ms is not None:
        taken_ms = plain.instructions / median_mips(speeds["memory"]) / 1e3
        yield row(
            f"{subject.title}: an inference, its board", "ms", taken_ms, subject.published_ms, AHEAD_OF_BOARD
        )


def _first(of: Conditions) -> Iterator[Row]:
    for subject in (*shipped_subjects(of.board), *development_subjects(of.images)):
        function = inference_function(subject, of.hook)
        took = first_inferences(subject, function, of.hook, of.turns)
        what = f"{subject.title}: the first inference of"
        yield row(f"{what} a run, a later one", "ms", took.seen_ms, took.later_ms, FIRST_INFERENCE)
        yield row(f"{what} an image never run before", "ms", took.unseen_ms, took.later_ms)
        plain = PlainInference(subject, function, of.hook)
        later_ms = median_s([plain.turn(1) for _ in range(of.turns)]) * 1e3
        yield row(f"{what} {PLAIN}, a later one there", "ms", plain.first_s * 1e3, later_ms)


def _protection(of: Conditions) -> Iterator[Row]:
    firmware, inferences = shipped_firmware(of.board), _kws_inferences(of)
    ways = [partial(inference_protected, firmware, "memory", of.hook, inferences, setup) for setup in SETUPS]
    yield from added_rows("kws with an MPU", in_turns(of.turns, ways))


def _recording(of: Conditions) -> Iterator[Row]:
    firmware, inferences = shipped_firmware(of.board), _kws_inferences(of)
    ways = [
        partial(recording.inference_recorded, firmware, of.hook, inferences, way) for way in recording.WAYS
    ]
    yield from added_rows("kws followed", in_turns(of.turns, ways))
    subjects = {subject.title: subject for subject in shipped_subjects(of.board)}
    costs = {title: recording.recording_cost(subject, of.hook) for title, subject in subjects.items()}
    beyond = "recorded and its first table, beyond the run"
    for title, cost in costs.items():
        yield row(f"{title}: an inference {beyond}", "s", cost.beyond_s, goal=RECORDED)
    yield row(
        "their recordings written, all four", "s", sum(c.written_s for c in costs.values()), goal=WRITTEN
    )
    yield row("the files, all four", "MB", sum(cost.file_bytes for cost in costs.values()) / 1e6)
    value = in_fresh_process(recording.recorded_resident_mb, subjects[LARGEST], of.hook)
    yield row(f"{LARGEST}: resident memory behind its recording", "MB", value, goal=RECORDED_RESIDENT)


def _kws_inferences(of: Conditions) -> int:
    return max(1, round(of.turn_s / 0.02))


def _serial(of: Conditions) -> Iterator[Row]:
    cost = serial_cost(shipped_firmware(of.board), of.hook, of.turns)
    board_ms = cost.board_s * 1e3
    yield row("a byte of serial input, its wire", "ms", cost.host_s * 1e3, board_ms, SERIAL_BYTE)
    yield row("the same with every turn of waiting loops run", "ms", cost.every_turn_s * 1e3, board_ms)


def _accuracy(of: Conditions) -> Iterator[Row]:
    yield from accuracy_rows(of.board, of.share)


def _firmware(of: Conditions) -> Iterator[Row]:
    yield from loop_rows(of.hook, of.turns)


def _start(of: Conditions) -> Iterator[Row]:
    yield from start_rows(shipped_firmware(of.board), of.turns)


def _memory(of: Conditions) -> Iterator[Row]:
    subjects = tuple(development_subjects(of.images)) or tuple(shipped_subjects(of.board))
    largest = max(subjects, key=lambda subject: subject.size_bytes)
    value = in_fresh_process(resident_mb, largest, of.hook)
    yield row(f"resident memory behind an inference: {largest.title}", "MB", value, goal=RESIDENT)


def resident_mb(subject: Subject, hook: str) -> float:
    """The most memory that this process has had behind an inference with memory timing, in 10^6 bytes."""
    open_session(subject, "memory", hook).host.infer(1, 0)
    return most_resident_mb()


def _idle(of: Conditions) -> Iterator[Row]:
    cost = idle_cost(of.board, of.hook, of.idle_s)
    scaled = f"a day asleep, woken 10 times a second (scaled from {of.idle_s:g} s)"
    yield row(scaled, "s", cost.host_s * DAY_S / of.idle_s, float(DAY_S), IDLE_DAY)
    yield row("the same: memory grown behind the first quarter", "MB", cost.grown_mb, goal=FLAT)


MEASURES: Sequence[Measure] = (
    Measure(
        "convolution",
        "a convolution kernel on plain Unicorn, at three depths of timing, on QEMU",
        _convolution,
    ),
    Measure(
        "vectors", "kernels of a Cortex-M55 on QEMU, too; its scalar code beside a Cortex-M33's", _vectors
    ),
    Measure("shipped", "an inference of each shipped image at three depths, beside plain Unicorn", _shipped),
    Measure("images", "the same of each development image in --images, and beside its board", _development),
    Measure("first", "the first inference of each image beside later ones", _first),
    Measure("mpu", "what an MPU that is on costs", _protection),
    Measure("recording", "what following calls and recording cost", _recording),
    Measure("serial", "what a byte of input costs", _serial),
    Measure("accuracy", "accuracy runs on two processes", _accuracy),
    Measure(
        "firmware",
        "interrupts, switches, delays, polling and text on virtual-m4, beside computing",
        _firmware,
    ),
    Measure("start", "the start of the interpreter, of an import, of commands", _start),
    Measure("memory", "resident memory of the largest image", _memory),
    Measure("idle", "a day of sleep with an interrupt ten times a second", _idle),
)
