"""Streaming wake word (sww01): its frames, its truth files, and how its official runner counts.

Sources: mlcommons/tiny benchmark/runner (streaming_ww_utils.py, sww_data_dir) and the interface board's
firmware, 2026-05.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from emulator.errors import UsageError
from emulator.files import read_text
from peripherals.instruments.edge_recorder import TICKS_PER_MS, is_recorded, recorded_ticks

NAME, MODEL_NAME, TITLE = "sww", "sww01", "streaming wake word"
FRAME_SAMPLES = 512
RATE_HZ = 16_000
DETECTION_THRESHOLD = 115
"""A device pulses its detection pin for an int8 score above this."""
LATE_SECONDS = 2.0
"""So long after a word a detection counts for it: the runner adds a second, twice."""
SUPPRESSED_MS = 1000
"""A false positive takes those along that follow it within this time."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One file of a test: when its wake words begin and end, in seconds of the file."""

    wav_file: str
    detection_windows: tuple[tuple[float, float], ...]
    length_s: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """Beginnings of the words that were heard and missed, and the false detections, in seconds."""

    true_positives: tuple[float, ...]
    false_negatives: tuple[float, ...]
    false_positives: tuple[float, ...]

    @property
    def counts(self) -> tuple[int, int, int]:
        """True positives, false negatives, false positives."""
        return len(self.true_positives), len(self.false_negatives), len(self.false_positives)


def read_truth(path: Path) -> tuple[Truth, ...]:
    """Read a test description (sww_*_test.json). Raises UsageError for what is none."""
    step = "give one like the benchmark's sww_short_test.json: a list of files with detection_windows"
    try:
        entries = msgspec.json.decode(read_text(path), type=list[dict[str, Any]])
        found = tuple(_truth(entry) for entry in entries)
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError, TypeError, ValueError) as error:
        words = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"is no test description: {words}", where=str(path), next_step=step) from error
    if not found:
        raise UsageError("names no file", where=str(path), next_step=step)
    return found


def _truth(entry: dict[str, Any]) -> Truth:
    windows = tuple((float(start), float(stop)) for start, stop in entry["detection_windows"])
    length = entry.get("length_sec")
    return Truth(str(entry["wav_file"]), windows, None if length is None else float(length))


def recorded_ms(pulses: Sequence[int], begins: int) -> list[int]:
    """What the interface board writes down of pulses (picoseconds) since ``begins``, in milliseconds."""
    recorded: list[int] = []
    for pulse in pulses:
        moment = recorded_ticks(pulse, begins) // TICKS_PER_MS
        if is_recorded(moment, recorded):
            recorded.append(moment)
    return recorded


def score(detections_ms: Sequence[int], windows: Sequence[tuple[float, float]]) -> Score:
    """Count as the official runner does; the first detection marks the beginning of the run."""
    times = [moment - detections_ms[0] for moment in detections_ms[1:]] if detections_ms else []
    heard: list[float] = []
    missed: list[float] = []
    for start, stop in windows:
        inside = [t for t in times if start <= t / 1000 <= stop + LATE_SECONDS]
        (heard if inside else missed).append(start)
        times = [t for t in times if t not in inside]
    false: list[int] = []
    for moment in times:
        if not false or moment > false[-1] + SUPPRESSED_MS:
            false.append(moment)
    return Score(tuple(heard), tuple(missed), tuple(moment / 1000 for moment in false))


def printed_scores(lines: Sequence[str]) -> tuple[int, ...]:
    """The int8 score of each frame, where a device prints them in answer to ``stop``; empty where not."""
    text = " ".join(lines)
    found = re.search(r"target activations:\s*\[([-\d,\s]*)\]", text)
    return tuple(int(word) for word in re.findall(r"-?\d+", found[1])) if found else ()
