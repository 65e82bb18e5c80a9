"""The finished runs of ``boardless bench sww``, and how they stand in its JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from benches.measure.pin_recorder import Pulse, StreamingPins
from benches.silicon.streaming_catalog import StreamingRow
from benches.suite.wake_word import FRAME_SAMPLES, RATE_HZ, Score
from peripherals.instruments.edge_recorder import PICOSECONDS_PER_TICK, recorded_ticks

PICOSECONDS_PER_MS = 1e9
PICOSECONDS = 1e12
RUNNER_FRAMES = 100
"""The interface board keeps so many edges of each kind."""
JITTER_LIMIT = 0.02
"""The official runner warns when periods differ by more than this share of their mean."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, median and greatest of a figure."""

    least: float
    median: float
    greatest: float

    def as_json(self) -> dict[str, float]:
        """As it stands in the JSON."""
        return {"min": self.least, "median": self.median, "max": self.greatest}


def spread(values: Sequence[float]) -> Spread:
    """Of at least one value."""
    return Spread(min(values), statistics.median(values), max(values))


@dataclass(frozen=True, slots=True)
class DutyCycle:
    """As the official runner computes it: means in seconds."""

    processing_s: float
    period_s: float

    @property
    def share(self) -> float:
        """Part of the time in which the device works."""
        return self.processing_s / self.period_s

    @property
    def throughput(self) -> float:
        """Frames that it could do in a second."""
        return 1 / self.processing_s


def duty_cycle(frames: Sequence[Pulse]) -> DutyCycle:
    """Of two frames or more, by their exact moments."""
    return _duty_cycle([(f.begin.picoseconds, f.end.picoseconds) for f in frames], PICOSECONDS)


def duty_cycle_as_recorded(frames: Sequence[Pulse], begins: int) -> DutyCycle:
    """The same of what the interface board keeps: the first frames, in ticks of 10 us since ``begins``."""
    ticks = [
        (recorded_ticks(frame.begin.picoseconds, begins), recorded_ticks(frame.end.picoseconds, begins))
        for frame in frames[:RUNNER_FRAMES]
    ]
    return _duty_cycle(ticks, PICOSECONDS / PICOSECONDS_PER_TICK)


def _duty_cycle(moments: Sequence[tuple[int, int]], per_second: float) -> DutyCycle:
    starts = [start for start, _stop in moments]
    periods = [later - earlier for earlier, later in pairwise(starts)]
    on = statistics.fmean(stop - start for start, stop in moments)
    return DutyCycle(on / per_second, statistics.fmean(periods) / per_second)


@dataclass(frozen=True, slots=True)
class MissedFrame:
    """A frame on which the device worked for longer than until the next one was there."""

    number: int
    seconds: float
    """Since the sound began."""
    processing_ms: float
    period_ms: float


@dataclass(frozen=True, slots=True)
class StreamingGolden:
    """The device's detections against the golden interpreter's; ``match`` None: not compared."""

    match: bool | None = None
    runtime: str = ""
    reason: str = ""
    missing: tuple[int, ...] = ()
    """Frames in which only the golden interpreter heard something."""
    extra: tuple[int, ...] = ()
    """Frames in which only the device did."""
    scores: int = 0
    """Scores that the device printed, a frame each, and that were compared."""
    max_score_difference: int = 0


@dataclass(frozen=True, slots=True)
class StreamingEnergy:
    """What the board drew between the device's start and stop."""

    joules: float
    seconds: float
    supply_mv: int
    regulator: str
    window: str
    """Between what: the time-stamp pin's events, or the answers to start and stop."""
    source: str
    start: int = 0
    """Picoseconds, as the next."""
    stop: int = 0

    @property
    def power_mw(self) -> float:
        """On average."""
        return self.joules / self.seconds * 1e3

    @property
    def microjoules(self) -> float:
        """As the official runner has it: of the whole run, which counts as one inference."""
        return self.joules * 1e6


@dataclass(frozen=True, slots=True)
class StreamingRun:
    """One sound on one board with one image. ``frames``: the processing pin's pulses while it was played.

    ``began``, ``length_s``: when the sound began (picoseconds) and how long it lasts. ``detections_ms``: as
    the interface board writes them down, the first one marks the beginning. ``score``: None without a
    truth file. ``instructions``: from the beginning of the sound to its end.
    """

    board: str
    core: str
    clock_hz: int
    image: str
    image_sha256: str
    vendor: str
    audio: str
    length_s: float
    error_ppm: float
    began: int
    frames: tuple[Pulse, ...]
    frame_s: float
    detection_frames: tuple[int, ...]
    detections_ms: tuple[int, ...]
    instructions: int
    cycles: int
    pins: StreamingPins
    hook: str
    score: Score | None = None
    golden: StreamingGolden = StreamingGolden()
    energy: StreamingEnergy | None = None
    published: StreamingRow | None = None
    unmodelled: tuple[dict[str, Any], ...] = ()

    @property
    def frames_played(self) -> int:
        """Whole frames of the sound."""
        return round(self.length_s * RATE_HZ) // FRAME_SAMPLES

    @property
    def duty(self) -> DutyCycle:
        """Over all frames."""
        return duty_cycle(self.frames)

    @property
    def processing_ms(self) -> Spread:
        """Milliseconds a frame."""
        return spread([frame.picoseconds / PICOSECONDS_PER_MS for frame in self.frames])

    @property
    def processing_cycles(self) -> Spread:
        """Core cycles a frame."""
        return spread([frame.end.cycles - frame.begin.cycles for frame in self.frames])

    @property
    def processing_instructions(self) -> Spread:
        """Instructions a frame, but for those of the blocks in which the pin changes."""
        return spread([frame.end.instructions - frame.begin.instructions for frame in self.frames])

    @property
    def periods_ms(self) -> Spread:
        """Milliseconds from one frame's beginning to the next one's."""
        starts = [frame.begin.picoseconds for frame in self.frames]
        return spread([(b - a) / PICOSECONDS_PER_MS for a, b in pairwise(starts)])

    @property
    def jitters(self) -> bool:
        """Whether the official runner would warn of it."""
        periods = self.periods_ms
        return (periods.greatest - periods.least) / (self.duty.period_s * 1e3) > JITTER_LIMIT

    @property
    def missed(self) -> tuple[MissedFrame, ...]:
        """Frames that took longer than a frame of sound lasts."""
        period_ms = self.frame_s * 1e3
        return tuple(
            MissedFrame(
                number,
                (frame.begin.picoseconds - self.began) / PICOSECONDS,
                frame.picoseconds / PICOSECONDS_PER_MS,
                period_ms,
            )
            for number, frame in enumerate(self.frames)
            if frame.picoseconds / PICOSECONDS_PER_MS > period_ms
        )

    @property
    def published_ratio(self) -> float | None:
        """Our milliseconds a frame over the published ones."""
        if self.published is None or not self.published.processing_ms:
            return None
        return self.duty.processing_s * 1e3 / self.published.processing_ms

    @property
    def power_ratio(self) -> float | None:
        """Our mean power over the published one."""
        if self.energy is None or self.published is None or not self.published.power_mw:
            return None
        return self.energy.power_mw / self.published.power_mw

    def as_json(self) -> dict[str, Any]:
        """The run as it stands under ``runs``."""
        return {
            "benchmark": "sww",
            "mode": "performance" if self.energy is None else "energy",
            "board": self.board,
            "core": self.core,
            "clock_hz": self.clock_hz,
            "image": self.image,
            "image_sha256": self.image_sha256,
            "vendor": self.vendor,
            "audio": self.audio,
            "length_s": self.length_s,
            "audio_error_ppm": self.error_ppm,
            "frames": len(self.frames),
            "frames_played": self.frames_played,
            "processing_ms": self.processing_ms.as_json(),
            "cycles_per_frame": self.processing_cycles.as_json(),
            "instructions_per_frame": self.processing_instructions.as_json(),
            "period_ms": self.periods_ms.as_json(),
            "mean_processing_ms": self.duty.processing_s * 1e3,
            "mean_period_ms": self.duty.period_s * 1e3,
            "duty_cycle": self.duty.share,
            "throughput_per_s": self.duty.throughput,
            "as_the_runner": self._runner_json(),
            "jitters": self.jitters,
            "missed_frames": [
                {"frame": m.number, "seconds": m.seconds, "processing_ms": m.processing_ms}
                for m in self.missed
            ],
            "detections_ms": list(self.detections_ms),
            "detection_frames": list(self.detection_frames),
            "score": self._score_json(),
            "instructions": self.instructions,
            "cycles": self.cycles,
            "pins": {
                "processing": self.pins.processing,
                "detection": self.pins.detection,
                "origins": dict(self.pins.origins),
            },
            "golden": self._golden_json(),
            "energy": self._energy_json(),
            "published": self._published_json(),
            "unmodelled": list(self.unmodelled),
        }

    def _runner_json(self) -> dict[str, float]:
        recorded = duty_cycle_as_recorded(self.frames, self.began)
        return {
            "duty_cycle": recorded.share,
            "period_s": recorded.period_s,
            "throughput_per_s": recorded.throughput,
        }

    def _score_json(self) -> dict[str, Any] | None:
        if self.score is None:
            return None
        heard, missed, false = self.score.counts
        return {
            "true_positives": heard,
            "false_negatives": missed,
            "false_positives": false,
            "missed_at_s": list(self.score.false_negatives),
            "false_at_s": list(self.score.false_positives),
        }

    def _golden_json(self) -> dict[str, Any]:
        golden = self.golden
        return {
            "match": golden.match,
            "runtime": golden.runtime or None,
            "reason": golden.reason or None,
            "missing_frames": list(golden.missing),
            "extra_frames": list(golden.extra),
            "scores": golden.scores,
            "max_score_difference": golden.max_score_difference if golden.scores else None,
        }

    def _energy_json(self) -> dict[str, Any] | None:
        if self.energy is None:
            return None
        energy = self.energy
        return {
            "energy_uj": energy.microjoules,
            "power_mw": energy.power_mw,
            "seconds": energy.seconds,
            "supply_mv": energy.supply_mv,
            "regulator": energy.regulator,
            "window": energy.window,
            "source": energy.source,
        }

    def _published_json(self) -> dict[str, Any] | None:
        if self.published is None:
            return None
        return {
            "version": self.published.version,
            "submitter": self.published.submitter,
            "system": self.published.system,
            "processing_ms": self.published.processing_ms,
            "period_ms": self.published.period_ms,
            "duty_cycle": self.published.duty_cycle,
            "power_mw": self.published.power_mw,
            "ratio": self.published_ratio,
            "power_ratio": self.power_ratio,
        }
