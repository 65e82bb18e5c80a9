"""An lcov tracefile: how often each line and function ran. Lines that never ran are not in a recording."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from emulator.reporting.view import View


def lcov(view: View) -> str:
    """The text; a line ran as often as the one of its instructions that ran most.

    A function was entered as often as its first instruction ran; once, if that was before the window.
    """
    return "".join(f"{line}\n" for line in _lines(view))


def _lines(view: View) -> Iterator[str]:
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    entries: dict[int, int] = {}
    for item in view.recording.code:
        if item.file and item.line:
            lines = counts[item.file]
            lines[item.line] = max(lines.get(item.line, 0), item.count)
        functions = view.recording.functions
        if 0 <= item.function < len(functions) and functions[item.function].address == item.address:
            entries[item.function] = item.count
    yield "TN:boardless"
    for file in sorted(counts):
        yield f"SF:{file}"
        placed = [
            (i, f) for i, f in enumerate(view.recording.functions) if f.file == file and i in view.code_of
        ]
        for index, function in placed:
            yield f"FN:{function.line},{_flat(view.name(index))}"
        for index, _ in placed:
            yield f"FNDA:{entries.get(index, 1)},{_flat(view.name(index))}"
        yield f"FNF:{len(placed)}"
        yield f"FNH:{sum(1 for index, _ in placed if entries.get(index, 1))}"
        for line, count in sorted(counts[file].items()):
            yield f"DA:{line},{count}"
        yield f"LF:{len(counts[file])}"
        yield f"LH:{sum(1 for count in counts[file].values() if count)}"
        yield "end_of_record"


def _flat(name: str) -> str:
    return " ".join(name.split())
