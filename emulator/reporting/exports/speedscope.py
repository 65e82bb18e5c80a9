"""speedscope's own format, by its published schema: a weighted profile of the call tree, operators in time.

https://www.speedscope.app/file-format-schema.json
"""

from __future__ import annotations

import json
from typing import Any

from emulator.reporting.view import View

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(view: View) -> str:
    """The JSON text. The first profile's weights sum to the recording's cycles."""
    frames: list[dict[str, Any]] = []
    numbers: dict[tuple[str, int], int] = {}
    profiles = [_call_tree(view, frames, numbers)]
    if view.recording.operators:
        profiles.append(_operators(view, frames, numbers))
    identity = view.recording.identity
    return json.dumps(
        {
            "$schema": SCHEMA,
            "name": f"{identity.title} on {identity.board} (simulated and unofficial)",
            "exporter": f"boardless {identity.boardless}",
            "activeProfileIndex": 0,
            "shared": {"frames": frames},
            "profiles": profiles,
        },
        separators=(",", ":"),
    )


def _call_tree(
    view: View, frames: list[dict[str, Any]], numbers: dict[tuple[str, int], int]
) -> dict[str, Any]:
    stacks: dict[int, list[int]] = {}
    samples, weights = [], []
    for number in view.top_down():
        context = view.contexts[number]
        known = view.recording.functions[context.function] if context.function >= 0 else None
        frame: dict[str, Any] = {"name": view.context_name(number)}
        if known is not None and known.file:
            frame["file"] = known.file
            if known.line:
                frame["line"] = known.line
        key = (frame["name"], context.function)
        if key not in numbers:
            numbers[key] = len(frames)
            frames.append(frame)
        stacks[number] = [*stacks.get(context.parent, ()), numbers[key]]
        if context.self_cycles:
            samples.append(stacks[number])
            weights.append(context.self_cycles)
    return {
        "type": "sampled",
        "name": "call paths, cycles",
        "unit": "none",
        "startValue": 0,
        "endValue": sum(weights),
        "samples": samples,
        "weights": weights,
    }


def _operators(
    view: View, frames: list[dict[str, Any]], numbers: dict[tuple[str, int], int]
) -> dict[str, Any]:
    """Operators one after the other, as an evented profile."""
    events: list[dict[str, Any]] = []
    at = 0
    for operator in sorted(view.recording.operators, key=lambda item: item.begin_cycles):
        key = (f"{operator.index} {operator.name}", -2)
        if key not in numbers:
            numbers[key] = len(frames)
            frames.append({"name": key[0]})
        begin = max(operator.begin_cycles, at)
        at = begin + operator.cycles
        events.append({"type": "O", "at": begin, "frame": numbers[key]})
        events.append({"type": "C", "at": at, "frame": numbers[key]})
    return {
        "type": "evented",
        "name": "operators in time, cycles",
        "unit": "none",
        "startValue": 0,
        "endValue": max(at, view.recording.cycles),
        "events": events,
    }
