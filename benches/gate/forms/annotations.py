"""Marks at source lines: GitHub's workflow commands, and GitLab's code quality report.

Formats: docs.github.com, "Workflow commands for GitHub Actions"; docs.gitlab.com, "Code Quality",
"Code Quality report format".
"""

from __future__ import annotations

import hashlib
from typing import Any

from benches.gate.verdict import MeasurementVerdict, Verdict, part_words, words_of
from emulator.reporting.figures import Place


def github(verdict: Verdict) -> str:
    """A line a regression, for a workflow's console; on the line where most of it is, where that is known."""
    lines = []
    for measurement in verdict.measurements:
        place = _place(measurement)
        where = f"file={_property(place.file)},line={place.line}," if place is not None else ""
        for text in _messages(measurement):
            lines.append(
                f"::error {where}title={_property(f'boardless: {measurement.name}')}::{_message(text)}\n"
            )
    return "".join(lines)


def gitlab(verdict: Verdict, specification: str) -> list[dict[str, Any]]:
    """The report's entries; what has no source line lies in the specification."""
    entries = []
    for measurement in verdict.measurements:
        place = _place(measurement) or Place(specification, 1)
        for text in _messages(measurement):
            mark = hashlib.sha256(f"{measurement.name}\n{text.split(',')[0]}".encode()).hexdigest()
            entries.append(
                {
                    "description": f"{measurement.name}: {text} (simulated and unofficial)",
                    "check_name": "boardless",
                    "fingerprint": mark,
                    "severity": "major",
                    "location": {"path": place.file, "lines": {"begin": place.line}},
                }
            )
    return entries


def _messages(measurement: MeasurementVerdict) -> list[str]:
    if measurement.problem:
        return [f"could not be measured: {measurement.problem}"]
    parts = "; ".join(part_words(change) for change in measurement.changes[:2])
    found = [words_of(item) for item in (*measurement.regressions, *measurement.unchecked)]
    return [f"{words}. {parts}" if parts and words.startswith("cycles") else words for words in found]


def _place(measurement: MeasurementVerdict) -> Place | None:
    """The line of the function that grew most; relative, as CI systems want it."""
    grown = [change for change in measurement.changes if change.place is not None and change.cycles > 0]
    return grown[0].place if grown and measurement.regressions else None


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
