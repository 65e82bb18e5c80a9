"""Chrome's trace events (JSON): the timeline, counters, and the call tree as a flame graph.

Times are microseconds of the modelled clock; each slice's ``args`` hold its cycles as whole numbers.
"""

from __future__ import annotations

import json
from typing import Any

from emulator.reporting.timeline import BEGIN, END, MOMENT, Track, call_paths, counters, events, tracks
from emulator.reporting.view import View

TIMELINE, SUMMED = 1, 2
"""Two processes, since only one of them is in order of time."""
MICROSECONDS = 1e6
PHASES = {BEGIN: "B", END: "E", MOMENT: "i"}


def chrome_trace(view: View) -> str:
    """The JSON text."""
    identity = view.recording.identity
    scale = MICROSECONDS / (identity.clock_hz or 1)
    found = [
        _name("process_name", TIMELINE, 0, f"{identity.title} on {identity.board}"),
        _name("process_name", SUMMED, 0, "call paths (summed, not in order of time)"),
    ]
    for thread, track in enumerate(tracks(view), start=1):
        found += _track(track, TIMELINE, thread, scale)
    found += _track(call_paths(view), SUMMED, 1, scale)
    for counter in counters(view):
        found += [
            {
                "ph": "C",
                "pid": TIMELINE,
                "tid": 0,
                "ts": at * scale,
                "name": counter.name,
                "args": {counter.unit or "value": value},
            }
            for at, value in counter.values
        ]
    other = {
        "cycles": view.recording.cycles,
        "clock_hz": identity.clock_hz,
        "image": identity.image,
        "note": "simulated and unofficial",
    }
    return json.dumps(
        {"traceEvents": found, "displayTimeUnit": "ns", "otherData": other}, separators=(",", ":")
    )


def _name(kind: str, process: int, thread: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "pid": process, "tid": thread, "name": kind, "args": {"name": name}}


def _track(track: Track, process: int, thread: int, scale: float) -> list[dict[str, Any]]:
    found = [_name("thread_name", process, thread, track.name)]
    for at_cycles, kind, item in events(track):
        event = {
            "ph": PHASES[kind],
            "pid": process,
            "tid": thread,
            "name": item.name,
            "ts": at_cycles * scale,
        }
        if kind != END:
            event["args"] = {"cycles": item.end - item.begin, **item.facts}
        if kind == MOMENT:
            event["s"] = "t"
        found.append(event)
    return found
