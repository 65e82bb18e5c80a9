"""The events of a profiler that the firmware has, such as TensorFlow Lite Micro's MicroProfiler."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from emulator.engine.core import Core
from emulator.image.demangle import demangle
from emulator.image.model import Symbol
from emulator.profiling.observed import Stretches
from emulator.profiling.observed_calls import calls_in
from emulator.system.core import MemoryFault

BEGIN_EVENT = re.compile(r"tflite::\w+::BeginEvent\(char const\*\)")
END_EVENT = re.compile(r"tflite::\w+::EndEvent\(unsigned (int|long)\)")
READ_TICKS = "tflite::GetCurrentTimeTicks()"
LONGEST_TAG_BYTES = 200


def watch_events(
    stretches: Stretches, symbols: Sequence[Symbol], begins: Callable[[str], None], ends: Callable[[], None]
) -> bool:
    """Have ``begins(tag)`` and ``ends()`` called when a profiler's events do; False: there is none.

    That is when it has read the time: where the clock's function has returned to the profiler's, else
    where the profiler's own begin.
    """
    clocks = {s.address for s in symbols if demangle(s.name) == READ_TICKS}

    def watch(symbol: Symbol, event: Callable[[], None]) -> None:
        calls = calls_in(stretches.core, symbol.address, symbol.size_bytes)
        read = next((call for call in calls if call.target in clocks), None)
        stretches.watch(symbol.address if read is None else read.end, event)

    first = [s for s in symbols if BEGIN_EVENT.fullmatch(demangle(s.name))]
    last = [s for s in symbols if END_EVENT.fullmatch(demangle(s.name))]
    if not (first and last):
        return False
    tags: list[str] = []
    for symbol in first:
        stretches.watch(symbol.address, lambda: tags.append(_tag_at(stretches.core)))
        watch(symbol, lambda: begins(tags.pop() if tags else ""))
    for symbol in last:
        watch(symbol, ends)
    return True


def _tag_at(core: Core) -> str:
    """The tag of an event that begins, r1 of its function; "" where it is no text."""
    address, data = core.get("r1"), bytearray()
    try:
        while len(data) < LONGEST_TAG_BYTES and core.memory_at(address) is not None:
            byte = core.read_memory(address + len(data), 1)
            if byte == b"\0":
                break
            data += byte
    except MemoryFault:
        return ""
    return data.decode("utf-8", errors="replace")
