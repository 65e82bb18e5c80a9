"""One sound of ``boardless bench sww``: from a machine to a measured run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benches.build.firmware import shipped_model
from benches.measure.pin_recorder import OPTION, Pulse, find_pins
from benches.measure.streaming import Listening, StreamingSession
from benches.measure.window_energy import joules_between
from benches.protocol.host import ProtocolError
from benches.runs.job import sha256_of
from benches.runs.streaming_rows import StreamingEnergy, StreamingGolden, StreamingRun
from benches.silicon.streaming_catalog import StreamingRow, streaming_row
from benches.suite.golden_runtimes import GoldenUnavailable
from benches.suite.wake_word import FRAME_SAMPLES, NAME, Truth, printed_scores, recorded_ms, score
from benches.suite.wake_word_golden import golden_scores
from emulator.board.model import Board
from emulator.files import read_bytes
from emulator.machine.energy import EnergyMeter
from peripherals.instruments.wave_file import WaveFile, parse_wave

PICOSECONDS = 1e12
CHANNELS = 2
EVENTS = 2


@dataclass(frozen=True, slots=True)
class Sound:
    """What is played, and what is to be heard in it, if that is known."""

    path: Path
    wave: WaveFile
    truth: Truth | None = None


@dataclass(frozen=True, slots=True)
class StreamingJob:
    """``pins``: what the user names, by role. ``model``: for the golden comparison."""

    image: Path
    pins: Mapping[str, str]
    model: Path | None = None
    error_ppm: float = 0.0


def read_sound(path: Path, truth: Truth | None = None) -> Sound:
    """Read a WAV file. Raises UsageError."""
    return Sound(path, parse_wave(read_bytes(path, what="sound"), str(path)), truth)


def run_sound(
    job: StreamingJob,
    session: StreamingSession,
    sound: Sound,
    progress: Callable[[float], None] = lambda _seconds: None,
    meter: EnergyMeter | None = None,
) -> StreamingRun:
    """Play a sound and look at what the device did. ``meter``: its energy, too.

    Raises ProtocolError when no frame was heard, UsageError when a pin can't be told from others.
    """
    machine, sha256 = session.machine, sha256_of(job.image)
    published = streaming_row(sha256)
    clock_hz = machine.clock.core_hz
    listening = session.listen(sound.wave, progress)
    if not listening.moves.edges:
        raise ProtocolError(
            "the device did nothing with the sound: no pin moved while it was played",
            where=machine.where(),
            next_step="does the firmware's `start` turn on the SAI that the board's audio pins lead to?",
        )
    named = _who_names_pins(job, published, machine.board)
    pins = find_pins(listening.moves, named)
    frames = _frames(listening.moves.pulses(pins.processing, 1), pins.processing, sound)
    pulses = [pulse.begin.picoseconds for pulse in listening.moves.pulses(pins.detection, 0)]
    detections = recorded_ms(pulses, listening.began.picoseconds)
    heard = _frames_of(pulses[1:], frames)
    return StreamingRun(
        board=machine.board.name,
        core=machine.board.core,
        clock_hz=clock_hz,
        image=str(job.image),
        image_sha256=sha256,
        vendor=session.vendor,
        audio=str(sound.path),
        length_s=sound.wave.seconds,
        error_ppm=job.error_ppm,
        began=listening.began.picoseconds,
        frames=tuple(frames),
        frame_s=FRAME_SAMPLES / sound.wave.rate_hz / (1 + job.error_ppm / 1e6),
        detection_frames=heard,
        detections_ms=tuple(detections),
        instructions=listening.ended.instructions - listening.began.instructions,
        cycles=listening.ended.cycles - listening.began.cycles,
        pins=pins,
        hook=machine.hook.kind,
        score=None if sound.truth is None else score(detections, sound.truth.detection_windows),
        golden=_golden(job, sound, heard, printed_scores(listening.lines)),
        energy=None if meter is None else _energy(listening, meter, named),
        published=published,
    )


def _who_names_pins(
    job: StreamingJob, published: StreamingRow | None, board: Board
) -> list[tuple[str, Mapping[str, str]]]:
    """The user, then the catalogue, then the board's file."""
    return [
        (OPTION, job.pins),
        ("catalogue of published images", {} if published is None else published.pins),
        ("board file", board.desk_pins()),
    ]


def _frames(pulses: Sequence[Pulse], pin: str, sound: Sound) -> list[Pulse]:
    if len(pulses) >= EVENTS:
        return list(pulses)
    raise ProtocolError(
        f"the device worked on {len(pulses)} frames of {sound.wave.seconds:g} s of sound",
        where=f"processing pin {pin}",
        next_step="a sound of several frames of 32 ms is needed; is it the right pin (--processing-pin)?",
    )


def _frames_of(pulses: Sequence[int], frames: Sequence[Pulse]) -> tuple[int, ...]:
    """In which frame each pulse came."""
    starts = [frame.begin.picoseconds for frame in frames]
    return tuple(max(0, bisect_right(starts, pulse) - 1) for pulse in pulses)


def _golden(job: StreamingJob, sound: Sound, heard: Sequence[int], printed: Sequence[int]) -> StreamingGolden:
    """Detections frame by frame, and scores where the device prints them."""
    if job.model is None:
        return StreamingGolden(reason="the image's model is not known: give it with --model FILE")
    try:
        golden = golden_scores(
            job.model, sound.wave.samples[0::CHANNELS], known=job.model == shipped_model(NAME)
        )
    except GoldenUnavailable as unavailable:
        return StreamingGolden(reason=str(unavailable))
    wanted = set(golden.detections) - {0}  # the first frame always pulses
    missing, extra = sorted(wanted - set(heard)), sorted(set(heard) - wanted)
    differences = [abs(shown - score) for shown, score in zip(printed, golden.scores, strict=False)]
    return StreamingGolden(
        match=not missing and not extra,
        runtime=golden.runtime,
        missing=tuple(missing),
        extra=tuple(extra),
        scores=len(differences),
        max_score_difference=max(differences, default=0),
    )


def _energy(
    listening: Listening, meter: EnergyMeter, named: Sequence[tuple[str, Mapping[str, str]]]
) -> StreamingEnergy:
    """Between the last two events of the time-stamp pin, as the official runner has it."""
    facts = meter.facts
    pin = next((pin for _who, pins in named if (pin := pins.get("timestamp"))), "")
    events = [edge.picoseconds for edge in listening.events.edges.get(pin, ()) if edge.level]
    start, stop, window = listening.started.picoseconds, listening.stopped.picoseconds, "start to stop"
    if len(events) >= EVENTS:
        start, stop, window = events[-2], events[-1], f"the last two events of {pin}"
    return StreamingEnergy(
        joules=joules_between(meter, start, stop),
        seconds=(stop - start) / PICOSECONDS,
        supply_mv=facts.supply_mv,
        regulator=facts.regulator,
        window=window,
        source=dict(facts.sources)["run_microamps"],
        start=start,
        stop=stop,
    )
