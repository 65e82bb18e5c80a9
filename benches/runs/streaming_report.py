"""The tables that ``boardless bench sww`` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table

from benches.runs.report import UNOFFICIAL
from benches.runs.streaming_rows import Spread, StreamingRun
from benches.suite.wake_word import TITLE

SHOWN = 8
"""Detections and missed frames that are listed."""

Cells = tuple[str, str, str, str]


def streaming_table(run: StreamingRun) -> Table:
    """One run: figure, simulated, published, ratio; the last two where the image was published."""
    table = Table(title=f"Boardless {TITLE} ({UNOFFICIAL})", title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column("simulated", overflow="fold")
    if run.published is not None:
        table.add_column("published", justify="right", no_wrap=True)
        table.add_column("ratio", justify="right", no_wrap=True)
    for cells in _rows(run):
        table.add_row(*cells[: len(table.columns)])
    return table


def _rows(run: StreamingRun) -> Iterator[Cells]:
    published = run.published
    yield "board", f"{run.board} ({run.core})", published.system if published else "", ""
    yield "image", f"{Path(run.image).name} [{run.vendor}]", "", ""
    yield "sound", f"{Path(run.audio).name}, {run.length_s:g} s", "", ""
    yield "frames", f"{len(run.frames)} of {run.frames_played}", "", ""
    yield (
        "ms a frame",
        _spread(run.processing_ms, ".3f"),
        _published(published.processing_ms if published else None, ".3f"),
        _published(run.published_ratio, ".3f"),
    )
    yield "cycles a frame", _spread(run.processing_cycles, ",.0f"), "", ""
    yield "instructions a frame", _spread(run.processing_instructions, ",.0f"), "", ""
    yield (
        "duty cycle",
        f"{run.duty.share:.5f}",
        _published(published.duty_cycle if published else None, ".5f"),
        "",
    )
    yield (
        "period",
        f"{run.duty.period_s * 1e3:.3f} ms",
        _published(published.period_ms if published else None, ".3f"),
        "",
    )
    yield "throughput", f"{run.duty.throughput:.3f} inf./sec.", "", ""
    yield "detections", _detections(run), "", ""
    yield "result", _score(run), "", ""
    yield "instructions", f"{run.instructions:,} in {run.cycles:,} cycles", "", ""
    yield "golden", golden_words(run), "", ""
    if run.energy is not None:
        energy = run.energy
        yield "supply", f"{energy.supply_mv / 1000:g} V {energy.regulator}", "", ""
        yield (
            "power",
            f"{energy.power_mw:.3f} mW",
            _published(published.power_mw if published else None, ".3f"),
            _published(run.power_ratio, ".3f"),
        )
        yield "energy", f"{energy.microjoules:.1f} uJ in {energy.seconds:.3f} s", "", ""


def golden_words(run: StreamingRun) -> str:
    """The golden comparison in words."""
    golden = run.golden
    if golden.match is None:
        return "not checked"
    scores = ""
    if golden.scores:
        scores = f"; {golden.scores} printed scores differ by at most {golden.max_score_difference}"
    if golden.match:
        return f"match: {len(run.detection_frames)} detections in the same frames{scores}"
    parts = [("missing in", golden.missing), ("too many in", golden.extra)]
    told = "; ".join(f"{words} frames {_listed(frames)}" for words, frames in parts if frames)
    return f"MISMATCH: {told}{scores}"


def missed_lines(run: StreamingRun) -> list[str]:
    """A line for each frame that took longer than a frame of sound lasts, and what a runner would warn of."""
    lines = [
        f"missed deadline: frame {m.number} at {m.seconds:.3f} s took {m.processing_ms:.3f} ms"
        f" of {m.period_ms:.3f} ms"
        for m in run.missed[:SHOWN]
    ]
    if len(run.missed) > SHOWN:
        lines.append(f"missed deadline: {len(run.missed) - SHOWN} more frames")
    if run.jitters:
        periods = run.periods_ms
        lines.append(
            f"frames came between {periods.least:.3f} and {periods.greatest:.3f} ms after each other: the"
            " benchmark's runner warns of more than 2 %"
        )
    return lines


def _detections(run: StreamingRun) -> str:
    moments = [f"{(ms - run.detections_ms[0]) / 1000:.3f}" for ms in run.detections_ms[1:]]
    if not moments:
        return "none"
    shown = ", ".join(moments[:SHOWN]) + (", ..." if len(moments) > SHOWN else "")
    return f"{len(moments)}: {shown} s after the first frame"


def _score(run: StreamingRun) -> str:
    if run.score is None:
        return "what is to be heard is not known: give it with --truth FILE.json"
    heard, missed, false = run.score.counts
    return f"{heard} true positives, {missed} false negatives, {false} false positives"


def _spread(values: Spread, form: str) -> str:
    return f"{values.median:{form}} (min {values.least:{form}}, max {values.greatest:{form}})"


def _published(value: float | None, form: str) -> str:
    return "-" if value is None else f"{value:{form}}"


def _listed(frames: Sequence[int]) -> str:
    return ", ".join(map(str, frames[:SHOWN])) + (" ..." if len(frames) > SHOWN else "")
