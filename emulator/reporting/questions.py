"""The questions that a recording answers, by the words of ``--by``, and all answers in one document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.recording.model import Identity, Recording
from emulator.reporting.causes import by_cause
from emulator.reporting.costs import by_function, by_instruction, by_interrupt, by_line, by_path
from emulator.reporting.loops import hottest_loops
from emulator.reporting.memories import by_memory, by_region, caches, high_water
from emulator.reporting.operators import by_kind, by_operator
from emulator.reporting.table import Table
from emulator.reporting.view import View

DOCUMENT_SCHEMA = 1
UNOFFICIAL = "Simulated and unofficial: modelled figures, not measured on a board."
QUESTIONS: Mapping[str, Callable[[View], Table]] = {
    "function": by_function,
    "line": by_line,
    "instruction": by_instruction,
    "operator": by_operator,
    "path": by_path,
    "memory": by_memory,
    "interrupt": by_interrupt,
    "cause": by_cause,
}
"""Each table's rows sum to the window's cycles."""
FURTHER: Mapping[str, Callable[[View], Table]] = {
    "operator kind": by_kind,
    "region": by_region,
    "loop": hottest_loops,
    "high water": high_water,
    "cache": caches,
}
"""Tables that go with the others; those without rows are left out."""


def recording_tables(recording: Recording) -> dict[str, Table]:
    """All tables of a recording by name."""
    view = View(recording)
    return {name: make(view) for name, make in {**QUESTIONS, **FURTHER}.items()}


def document(view: View, tables: list[Table]) -> dict[str, Any]:
    """What ``--json`` writes. ``schema``: changes when a key's meaning does."""
    recording = view.recording
    return {
        "schema": DOCUMENT_SCHEMA,
        "kind": "boardless report",
        "note": UNOFFICIAL,
        "identity": identity_json(recording.identity),
        "cycles": recording.cycles,
        "instructions": recording.instructions,
        "outside": dict(recording.outside),
        "tables": {table.name: table.as_json() for table in tables},
    }


def identity_json(identity: Identity) -> dict[str, Any]:
    """What identifies a recording, without the board's facts."""
    return {
        "title": identity.title,
        "image": identity.image,
        "image_sha256": identity.image_sha256,
        "board": identity.board,
        "core": identity.core,
        "timing": identity.timing,
        "clock_hz": identity.clock_hz,
        "boardless": identity.boardless,
        "models": identity.models,
        "error_band": identity.band,
    }
