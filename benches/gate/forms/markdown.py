"""A summary in Markdown: GitHub's step summary, a comment on a pull or merge request."""

from __future__ import annotations

from benches.gate.verdict import Judged, MeasurementVerdict, Verdict, part_words, shown, state_words
from emulator.errors import EXIT_CHECK_FAILED, EXIT_OK
from emulator.reporting.figures import unit_of
from emulator.reporting.questions import UNOFFICIAL

HEADS = {EXIT_OK: "nothing got worse", EXIT_CHECK_FAILED: "something got worse"}
UNCHECKED = "something could not be checked"


def markdown(verdict: Verdict) -> str:
    """The page."""
    parts = [f"## Boardless: {HEADS.get(verdict.exit_code, UNCHECKED)}", "", UNOFFICIAL, ""]
    for measurement in verdict.measurements:
        parts += _measurement(measurement)
    return "\n".join(parts)


def _measurement(measurement: MeasurementVerdict) -> list[str]:
    parts = [f"### {_plain(measurement.name)}", ""]
    if measurement.figures is None:
        return [
            *parts,
            "Not measured:",
            "",
            *(f"    {line}" for line in measurement.problem.splitlines()),
            "",
        ]
    figures = measurement.figures
    parts += [f"{_plain(figures.title)}, `{figures.image}` on {_plain(figures.board)}", ""]
    parts += [*(f"* {_plain(note)}" for note in measurement.notes), *([""] if measurement.notes else [])]
    parts += ["| figure | now | before | change | |", "|---|---:|---:|---:|---|"]
    parts += [_row(item) for item in shown(measurement.judged)]
    if measurement.changes:
        parts += ["", "<details><summary>Where the cycles changed</summary>", ""]
        parts += [*(f"* {_plain(part_words(change))}" for change in measurement.changes), "", "</details>"]
    return [*parts, ""]


def _row(item: Judged) -> str:
    unit = unit_of(item.figure)
    name = item.figure if unit == item.figure else f"{item.figure} ({unit})"
    share = f" ({100 * item.share:+.2f} %)" if item.share is not None and item.change else ""
    cells = (
        _plain(name),
        "-" if item.now is None else f"{item.now:,}",
        "-" if item.before is None else f"{item.before:,}",
        f"{item.change:+,}{share}" if item.change else "",
        f"**{state_words(item)}**"
        if item.state.is_regression or item.state.is_unchecked
        else state_words(item),
    )
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Text of firmware as text: no table cell, no tag, no emphasis comes of it."""
    for special in "\\`*_{}[]<>#|&":
        text = text.replace(special, f"\\{special}")
    return text
