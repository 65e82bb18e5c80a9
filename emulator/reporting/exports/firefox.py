"""Firefox's profiler: its processed profile (version 62), as profiler.firefox.com opens it.

The call tree is a thread whose samples weigh their cycles; each track of the timeline is a thread of
markers. What a version's tables hold: docs-developer/CHANGELOG-formats.md of firefox-devtools/profiler.
"""

from __future__ import annotations

import json
from typing import Any

from emulator.recording.model import NO_INDEX
from emulator.reporting.timeline import Slice, tracks
from emulator.reporting.view import View

GECKO_VERSION, PROCESSED_VERSION = 24, 62
MILLISECONDS = 1e3
MOMENT, INTERVAL = 0, 1
OTHER = 0


class _Strings:
    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))


def firefox(view: View) -> str:
    """The JSON text. The first thread's weights sum to the recording's cycles."""
    strings = _Strings()
    identity = view.recording.identity
    scale = MILLISECONDS / (identity.clock_hz or 1)
    shared, samples = _tables(view, strings, scale)
    threads = [_thread("call paths (weights are cycles)", 0, samples, [], strings, scale)]
    no_samples = {"length": 0, "stack": [], "timeDeltas": [], "weight": [], "weightType": "samples"}
    for number, track in enumerate(tracks(view), start=1):
        threads.append(_thread(track.name, number, no_samples, list(track.slices), strings, scale))
    return json.dumps(
        {
            "meta": _meta(view),
            "libs": [],
            "pages": [],
            "counters": [],
            "profilerOverhead": [],
            "shared": {**shared, "stringArray": list(strings.numbers)},
            "threads": threads,
        },
        separators=(",", ":"),
    )


def _meta(view: View) -> dict[str, Any]:
    identity = view.recording.identity
    return {
        "version": GECKO_VERSION,
        "preprocessedProfileVersion": PROCESSED_VERSION,
        "product": f"{identity.title} on {identity.board} (simulated and unofficial)",
        "interval": MILLISECONDS / (identity.clock_hz or 1),
        "startTime": 0.0,
        "processType": 0,
        "debug": False,
        "symbolicated": True,
        "usesOnlyOneStackType": True,
        "sourceCodeIsNotOnSearchfox": True,
        "pausedRanges": [],
        "extensions": {"length": 0, "baseURL": [], "id": [], "name": []},
        "categories": [{"name": "Other", "color": "grey", "subcategories": ["Other"]}],
        "sampleUnits": {"time": "ms", "eventDelay": "ms", "threadCPUDelta": "µs"},
        "markerSchema": [
            {
                "name": "boardless",
                "display": ["marker-chart", "marker-table", "timeline-overview"],
                "fields": [{"key": "cycles", "label": "Cycles", "format": "integer"}],
            }
        ],
    }


def _tables(view: View, strings: _Strings, scale: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """The shared tables, and the samples: one for each context that has cycles of its own."""
    sources: dict[str, int] = {}
    functions: dict[tuple[str, int], int] = {}
    frames: list[int] = []
    prefixes: list[int | None] = []
    lines: list[int | None] = []
    stacks: dict[int, int] = {}
    samples: dict[str, list[Any]] = {"stack": [], "timeDeltas": [], "weight": []}
    for number in view.top_down():
        context = view.contexts[number]
        key = (view.context_name(number), context.function)
        function = functions.setdefault(key, len(functions))
        stacks[number] = len(frames)
        frames.append(function)
        prefixes.append(None if context.parent == NO_INDEX else stacks[context.parent])
        if context.self_cycles:
            samples["stack"].append(stacks[number])
            samples["weight"].append(context.self_cycles)
            samples["timeDeltas"].append(context.self_cycles * scale)
    names, rows = [], []
    for name, index in functions:
        known = view.recording.functions[index] if 0 <= index < len(view.recording.functions) else None
        names.append(strings.number(name))
        rows.append(sources.setdefault(known.file, len(sources)) if known and known.file else None)
        lines.append(known.line or None if known else None)
    shared = {
        "stackTable": {"length": len(frames), "frame": frames, "prefix": prefixes},
        "frameTable": _frame_table(len(functions)),
        "funcTable": _function_table(names, rows, lines),
        "resourceTable": {"length": 0, "lib": [], "name": [], "host": [], "type": []},
        "nativeSymbols": {"length": 0, "address": [], "functionSize": [], "libIndex": [], "name": []},
        "sources": {
            "length": len(sources),
            "id": [None] * len(sources),
            "filename": [strings.number(file) for file in sources],
            "startLine": [1] * len(sources),
            "startColumn": [1] * len(sources),
            "sourceMapURL": [None] * len(sources),
        },
    }
    return shared, {"length": len(samples["stack"]), **samples, "weightType": "samples"}


def _frame_table(length: int) -> dict[str, Any]:
    """One frame a function."""
    return {
        "length": length,
        "address": [-1] * length,
        "inlineDepth": [0] * length,
        "category": [OTHER] * length,
        "subcategory": [0] * length,
        "func": list(range(length)),
        "nativeSymbol": [None] * length,
        "innerWindowID": [0] * length,
        "line": [None] * length,
        "column": [None] * length,
    }


def _function_table(names: list[int], sources: list[int | None], lines: list[int | None]) -> dict[str, Any]:
    length = len(names)
    return {
        "length": length,
        "name": names,
        "isJS": [False] * length,
        "relevantForJS": [False] * length,
        "resource": [-1] * length,
        "source": sources,
        "lineNumber": lines,
        "columnNumber": [None] * length,
    }


def _thread(
    name: str, number: int, samples: dict[str, Any], slices: list[Slice], strings: _Strings, scale: float
) -> dict[str, Any]:
    return {
        "name": name,
        "isMainThread": number == 0,
        "processType": "default",
        "processName": "firmware",
        "processStartupTime": 0.0,
        "processShutdownTime": None,
        "registerTime": 0.0,
        "unregisterTime": None,
        "pausedRanges": [],
        "pid": "1",
        "tid": str(number + 1),
        "showMarkersInTimeline": bool(slices),
        "samples": samples,
        "markers": {
            "length": len(slices),
            "category": [OTHER] * len(slices),
            "name": [strings.number(item.name) for item in slices],
            "phase": [MOMENT if item.begin == item.end else INTERVAL for item in slices],
            "startTime": [item.begin * scale for item in slices],
            "endTime": [None if item.begin == item.end else item.end * scale for item in slices],
            "data": [{"type": "boardless", "cycles": item.end - item.begin} for item in slices],
        },
    }
