"""results.txt, results.json and log.txt as the runner writes them, each marked as simulated.

Forms of mlcommons/tiny at 1afd2c9, benchmark/runner (main.py, script.py). Beside the mark, which scripts
that look for the runner's lines and keys pass over, one thing differs: the dates are modelled time since
the board's reset, as of the first of January, so that the same run gives the same files.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from benches.measure.accuracy import quality
from benches.protocol.host import Profile
from benches.runs.official_conversation import Entry, Mode, OfficialRun, PowerTrace, System
from benches.runs.report import UNOFFICIAL
from benches.suite.benchmarks import Metric
from emulator import __version__

MARK = f"Boardless {__version__}: {UNOFFICIAL}"
RULE = "-" * 57
SECONDS_PER_DAY = 86_400
LEAST_WINDOW_S = 10.0
SAMPLES_PER_S = 1000
THRESHOLDS = 100


def results_text(run: OfficialRun) -> str:
    """The whole of results.txt."""
    lines = {Mode.PERFORMANCE: _performance, Mode.ACCURACY: _accuracy, Mode.ENERGY: _energy}[run.mode](run)
    return joined([f"# {MARK}", *lines])


def headline(run: OfficialRun) -> str:
    """What a run comes to, in the words of its results.txt."""
    lines = results_text(run).splitlines()
    wanted = " = " if run.mode is Mode.ACCURACY else "Median"
    return "; ".join(line.partition("ulp-mlperf: ")[2] or line for line in lines if wanted in line)


def results_json(run: OfficialRun) -> str:
    """The whole of results.json: a list with one entry a window."""
    return json.dumps([_entry_json(run, entry, number) for number, entry in enumerate(run.entries)])


def log_text(run: OfficialRun) -> str:
    """The whole of log.txt."""
    lines = log_head(run.system, run.vendor, run.profile)
    for number, entry in enumerate(run.entries, start=1):
        lines += _log_lines(entry, number)
    return joined([*lines, *results_text(run).splitlines(), MARK])


def log_head(system: System, vendor: str, profile: Profile) -> list[str]:
    """The lines with which log.txt begins."""
    return [
        MARK,
        f"image {system.image}, SHA-256 {system.image_sha256}, on the emulated board {system.board}",
        f"Device name retrieved: {vendor}",
        f"Device profile retrieved: {profile.firmware}",
        f"Device model retrieved: {profile.model}",
    ]


def joined(lines: Sequence[str]) -> str:
    """Lines as a file's text."""
    return "".join(f"{line}\n" for line in lines)


def _stamp(seconds: float) -> str:
    days, rest = divmod(int(seconds), SECONDS_PER_DAY)
    return f"01{1 + days:02d}.{rest // 3600:02d}{rest // 60 % 60:02d}{rest % 60:02d}"


def _end(run: OfficialRun) -> str:
    return _stamp(run.entries[-1].done_s)


def _elapsed_us(entry: Entry) -> int:
    elapsed_us = entry.window.elapsed_us
    return 0 if elapsed_us is None else elapsed_us


def _throughput(entry: Entry) -> float:
    elapsed_us = _elapsed_us(entry)
    return entry.window.inferences / (elapsed_us / 1_000_000) if elapsed_us else 0.0


# -- results.txt ---------------------------------------------------------------------------
def _performance(run: OfficialRun) -> list[str]:
    lines = []
    for number, entry in enumerate(run.entries, start=1):
        seconds = _elapsed_us(entry) / 1e6
        lines += [
            f"Performance results for window {number}",
            f"    # Inferences : {entry.window.inferences}",
            f"    Runtime: {seconds} sec.",
            f"    Throughput: {_throughput(entry)} inf./sec.",
        ]
        if seconds > LEAST_WINDOW_S:
            lines.append("    Runtime requirements have been met.")
    median = statistics.median(_throughput(entry) for entry in run.entries)
    at = f"{_end(run)} ulp-mlperf: "
    return [*lines, f"{at}{RULE}", f"{at}Median throughput is {median:>10.3f} inf./sec.", f"{at}{RULE}"]


def _accuracy(run: OfficialRun) -> list[str]:
    by_file: dict[str, list[tuple[float, ...]]] = {}
    labels: dict[str, int] = {}
    for entry in run.entries:
        name = entry.file.path.name
        by_file.setdefault(name, []).append(entry.window.results.values)
        labels[name] = entry.file.label
    outputs = [_mean(vectors) for vectors in by_file.values()]
    truth = list(labels.values())
    figures = quality(run.benchmark, truth, outputs)
    if run.benchmark.metric is Metric.AUC:
        percent = _best_of_thresholds(truth, [vector[0] for vector in outputs])
    else:
        percent = 100 * (figures.top_1 or 0.0)
    at = f"{_end(run)} ulp-mlperf: "
    lines = [f"{at}Top 1% = {percent:2.1f}"]
    return lines if figures.auc is None else [*lines, f"{at}AUC = {figures.auc:.3f}"]


def _mean(vectors: list[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(math.fsum(column) / len(vectors) for column in zip(*vectors, strict=True))


def _best_of_thresholds(labels: list[int], scores: list[float]) -> float:
    """What the runner prints for anomaly detection: the best mean of precision and recall, in percent."""
    low, high = min(scores), max(scores)
    best = 0.0
    for step in range(THRESHOLDS):
        found = [score > low + step / THRESHOLDS * (high - low) for score in scores]
        true = sum(label == 1 and hit for label, hit in zip(labels, found, strict=True))
        false = sum(label == 0 and hit for label, hit in zip(labels, found, strict=True))
        positives = sum(label == 1 for label in labels)
        best = max(best, 50 * (true / (true + false + 1e-8) + true / (positives + 1e-8)))
    return best


def _energy(run: OfficialRun) -> list[str]:
    return energy_lines([(e.power, e.window.inferences) for e in run.entries if e.power is not None])


def energy_lines(windows: Sequence[tuple[PowerTrace, int]]) -> list[str]:
    """What results.txt says of energies: of each window's trace and its inferences."""
    lines, costs = ["Power Edition Output"], []
    for number, (power, inferences) in enumerate(windows):
        start, stop = power.events
        elapsed_s = stop / SAMPLES_PER_S - start / SAMPLES_PER_S
        costs.append(power.joules / inferences)
        remark = "" if elapsed_s >= LEAST_WINDOW_S else "  <<<< below minimum duration"
        lines += [
            f"Energy data for trial {number}",
            f"  Elapsed time  : {elapsed_s}{remark}",
            f"  Inferences    : {inferences}",
            f"  Power         : {1e3 * power.joules / elapsed_s if elapsed_s else 0.0:5.4f} mW.",
            f"  Total Energy  : {power.joules * 1e6:.3f} uJ",
            f"  Energy/Inf    : {costs[-1] * 1e6:.3f} uJ/inf",
        ]
    return [*lines, RULE, f"Median energy cost is {1e6 * statistics.median(costs):5.4f} uJ/inf.", RULE]


# -- results.json --------------------------------------------------------------------------
def _entry_json(run: OfficialRun, entry: Entry, number: int) -> dict[str, Any]:
    words = (*entry.file.words, None, None, None, None)
    content: dict[str, Any] = {
        "file": entry.file.path.name,
        "classes": words[0],
        "class": words[1],
        "bytes_to_send": words[2],
        "stride": words[3],
        "total_length": entry.segments,
        "infer": _infer_json(run, entry),
    }
    if entry.power is not None:
        content["power"] = power_json(entry.power, 2 * number + 1, run.supply_mv)
    return {**content, "mode": run.mode.value, "note": MARK}


def power_json(power: PowerTrace, first_event: int, supply_mv: int | None) -> dict[str, Any]:
    """A window's samples and events; the power monitor counts events through a whole run."""
    start, stop = power.events
    return {
        "samples": list(power.samples),
        "timestamps": [[str(first_event), start], [str(first_event + 1), stop]],
        "extracted_power": None,
        "voltage": f"{supply_mv}m",
    }


def _infer_json(run: OfficialRun, entry: Entry) -> dict[str, Any]:
    window = entry.window
    infer: dict[str, Any] = {}
    if window.start_us is not None:
        infer = {"start_time": window.start_us, "end_time": window.stop_us}
    infer["results"] = list(window.results.values)
    if run.mode is not Mode.ENERGY:
        infer["elapsed_time"] = _elapsed_us(entry)
    infer |= {"total_inferences": 1, "iterations": window.inferences, "warmups": window.warmups}
    return infer | {"throughput": _throughput(entry)} if run.mode is Mode.PERFORMANCE else infer


# -- log.txt -------------------------------------------------------------------------------
def _log_lines(entry: Entry, number: int) -> Iterator[str]:
    window = entry.window
    yield f"{_stamp(entry.begun_s)} ulp-mlperf: Loading file {entry.file.path.name} segment {entry.segment}"
    yield f"{_stamp(entry.loaded_s)} ulp-mlperf: Load complete."
    yield f"Running inference with {window.warmups}/{window.inferences} (warmup/measured) iterations ..."
    yield "done"
    if entry.power is not None:
        yield f"Captured samples:{len(entry.power.samples)} timestamps:{len(entry.power.events)}"
        return
    at = f"{_stamp(entry.done_s)} ulp-mlperf: "
    yield f"{at}Performance results for window {number}:"
    yield f"{at}  # Inferences : {window.inferences:>13}"
    yield f"{at}  Runtime      : {_elapsed_us(entry) / 1e6:>10.3f} sec."
    yield f"{at}  Throughput   : {_throughput(entry):>10.3f} inf./sec."
    yield f"{at}  m-results    : {list(window.results.values)}"
