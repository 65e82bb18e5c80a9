"""Modelled against published duty cycles: images of streaming wake word, each with a second of noise.

What a frame costs hardly depends on what is heard (on STM32L4R5 0.2 % between silence and noise), so that
no recording is needed: noise from a seed is played, and the pins that the catalogue names are watched.
"""

from __future__ import annotations

import random
import statistics
import time
from array import array
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from benches.silicon.image_sources import FoundImage
from benches.silicon.row_figure import DUTY_CYCLE, FRAME, POWER, RowFigure
from benches.silicon.streaming_catalog import StreamingRow
from benches.silicon.validate import OK, ValidatedRow, ValidateOptions, machine_of, meter_for, run_found
from benches.suite.wake_word import FRAME_SAMPLES, NAME

if TYPE_CHECKING:
    from benches.measure.pin_recorder import Pulse
    from benches.measure.streaming import Listening
    from emulator.machine.energy import EnergyMeter
    from peripherals.instruments.wave_file import WaveFile

FRAMES = 40
SEED = 9767
LOUDNESS = 4000
PICOSECONDS_PER_MS, PICOSECONDS = 1e9, 1e12


def validate_streaming(row: StreamingRow, options: ValidateOptions) -> ValidatedRow:
    """Run one row. Never raises but for an interruption: what went wrong is in the row."""
    return run_found(row, options, _run, blank_streaming_row)


def blank_streaming_row(row: StreamingRow, status: str, detail: str) -> ValidatedRow:
    """A row without figures of ours."""
    return ValidatedRow(
        version=row.version,
        submitter=row.submitter,
        system=row.system,
        benchmark=NAME,
        mode=row.mode,
        board=row.board,
        core=row.core,
        path=row.path,
        streaming=_figures(row),
        status=status,
        detail=detail,
    )


def _figures(
    row: StreamingRow,
    frame_ms: float | None = None,
    duty_cycle: float | None = None,
    power_mw: float | None = None,
) -> tuple[RowFigure, ...]:
    published = (
        (FRAME, row.processing_ms, frame_ms),
        (DUTY_CYCLE, None if row.duty_cycle is None else 100 * row.duty_cycle, duty_cycle),
        (POWER, row.power_mw, power_mw),
    )
    return tuple(RowFigure(name, value, modelled) for name, value, modelled in published if value)


def _run(row: StreamingRow, found: FoundImage, options: ValidateOptions) -> ValidatedRow:
    from benches.measure.streaming import StreamingSession  # noqa: PLC0415 - loads the engine

    machine = machine_of(row, found, row.board, options.timing, options.hook)
    meter = meter_for(row.power_mw, machine)
    session = StreamingSession(machine)
    clock_hz = machine.clock.core_hz
    began = time.perf_counter()
    listening = session.listen(noise())
    host_s = time.perf_counter() - began
    pulses = listening.moves.pulses(row.processing_pin, 1)
    frame_ms = statistics.fmean(pulse.picoseconds for pulse in pulses) / PICOSECONDS_PER_MS
    power_mw = None if meter is None else _power_mw(row, meter, listening)
    return replace(
        blank_streaming_row(row, OK, "" if len(pulses) >= FRAMES - 1 else f"heard {len(pulses)} frames only"),
        core=machine.board.core,
        clock_hz=clock_hz,
        instructions=(listening.ended.instructions - listening.began.instructions) // len(pulses),
        inferences=len(pulses),
        host_s=host_s,
        board_s=(listening.ended.picoseconds - listening.began.picoseconds) / PICOSECONDS,
        streaming=_figures(row, frame_ms, 100 * frame_ms / _period_ms(pulses), power_mw),
    )


def noise() -> WaveFile:
    """Frames of noise on both channels, always the same."""
    from peripherals.instruments.wave_file import WaveFile  # noqa: PLC0415 - with the engine

    values = random.Random(SEED)
    samples = array("H")
    for _ in range(FRAMES * FRAME_SAMPLES):
        value = values.randint(-LOUDNESS, LOUDNESS) & 0xFFFF
        samples.extend((value, value))
    return WaveFile(samples)


def _period_ms(pulses: Sequence[Pulse]) -> float:
    starts = [pulse.begin.picoseconds for pulse in pulses]
    return statistics.fmean(later - earlier for earlier, later in pairwise(starts)) / PICOSECONDS_PER_MS


def _power_mw(row: StreamingRow, meter: EnergyMeter, listening: Listening) -> float:
    """Between whole frames: what comes before the first and after the last is the conversation's."""
    from benches.measure.window_energy import joules_between  # noqa: PLC0415 - loads the engine

    starts = [pulse.begin.picoseconds for pulse in listening.moves.pulses(row.processing_pin, 1)]
    return joules_between(meter, starts[0], starts[-1]) / (starts[-1] - starts[0]) * 1e15
