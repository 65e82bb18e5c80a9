"""The runner's files for streaming wake word; forms as in :mod:`benches.runs.official_files`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benches.protocol.host import Profile
from benches.runs.official_conversation import PowerTrace, System
from benches.runs.official_files import MARK, energy_lines, joined, log_head, power_json
from benches.runs.official_tree import OfficialFiles
from benches.runs.streaming_rows import RUNNER_FRAMES, StreamingRun, duty_cycle_as_recorded
from benches.suite.wake_word import Score, Truth
from peripherals.instruments.edge_recorder import recorded_ticks

TICK_S = 10e-6


@dataclass(frozen=True, slots=True)
class OfficialSound:
    """A sound that was played, what was to be heard in it, and how the device did."""

    run: StreamingRun
    truth: Truth
    score: Score
    profile: Profile
    system: System
    power: PowerTrace | None = None

    @property
    def length_s(self) -> float:
        """As the test's description says, else the file's."""
        return self.run.length_s if self.truth.length_s is None else self.truth.length_s


def streaming_files(sounds: Sequence[OfficialSound]) -> OfficialFiles:
    """The three files of a conversation. ``sounds``: one or more."""
    return OfficialFiles(_log(sounds), _results(sounds), json.dumps([_entry_json(sound) for sound in sounds]))


def streaming_headline(sounds: Sequence[OfficialSound]) -> str:
    """What it comes to, in the words of results.txt."""
    return "; ".join(line for sound in sounds for line in _lines(sound))


def _results(sounds: Sequence[OfficialSound]) -> str:
    lines = [f"# {MARK}"]
    powers = [(sound.power, 1) for sound in sounds if sound.power is not None]
    if powers:
        lines += energy_lines(powers)
    for sound in sounds:
        lines += _lines(sound)
    return joined(lines)


def _lines(sound: OfficialSound) -> list[str]:
    heard, missed, false = sound.score.counts
    duty = duty_cycle_as_recorded(sound.run.frames, sound.run.began)
    return [
        f"Accuracy: {heard} True positives, {missed} False negatives, {false} False positives",
        f"Average duty cycle: {duty.share:1.5}",
        f"Average period: {duty.period_s:1.5} s",
        f"Estimated throughput: {duty.throughput:1.5} inf./sec.",
    ]


def _entry_json(sound: OfficialSound) -> dict[str, Any]:
    run, truth = sound.run, sound.truth
    duty = duty_cycle_as_recorded(run.frames, run.began)
    frames = run.frames[:RUNNER_FRAMES]
    content: dict[str, Any] = {
        "infer": {
            "wav_file": truth.wav_file,
            "detection_windows": [list(window) for window in truth.detection_windows],
            "length_sec": sound.length_s,
            "detections": list(run.detections_ms),
            "iterations": 1,
            "warmups": 0,
        },
        "dutycycle": {
            "duty_cycle": duty.share,
            "period": duty.period_s,
            "processing_time": duty.processing_s,
            "start_times_s": [_recorded_s(run, frame.begin.picoseconds) for frame in frames],
            "stop_times_s": [_recorded_s(run, frame.end.picoseconds) for frame in frames],
        },
        "activations": [],
    }
    if sound.power is not None and run.energy is not None:
        content["power"] = power_json(sound.power, 1, run.energy.supply_mv)
    return {**content, "mode": "p" if sound.power is None else "e", "note": MARK}


def _recorded_s(run: StreamingRun, picoseconds: int) -> float:
    """As the interface board keeps a moment: ticks of 10 us since the sound began."""
    return recorded_ticks(picoseconds, run.began) * TICK_S


def _log(sounds: Sequence[OfficialSound]) -> str:
    first = sounds[0]
    lines = log_head(first.system, first.run.vendor, first.profile)
    for sound in sounds:
        lines += [
            f"Playing {sound.truth.wav_file} (length = {sound.length_s}s)...",
            "... done",
            str(list(sound.run.detections_ms)),
        ]
        if sound.power is not None:
            lines.append(f"samples:{len(sound.power.samples)} timestamps:{len(sound.power.events)}")
        lines += [
            f"== File {sound.truth.wav_file} ({sound.length_s:2.1f} s) ==",
            *_lines(sound),
            f"False negatives: {list(sound.score.false_negatives)}",
            f"False positives: {list(sound.score.false_positives)}",
        ]
    return joined([*lines, MARK])
