"""When an operator of TensorFlow Lite Micro's interpreter begins and ends.

The interpreter calls an operator's ``invoke`` and then gives back what the operator has allocated, which
is the operator's, too: the library's own profiler counts it so. Where a profiler is at work in the
firmware, an operator lasts from the moment at which it reads the time to the next one.
"""

from __future__ import annotations

from enum import Enum, auto

from emulator.image.demangle import demangle
from emulator.image.model import Image, Symbol
from emulator.profiling.observed import Stretches
from emulator.profiling.observed_calls import ObservedCalls
from emulator.profiling.profiler_events import watch_events
from emulator.profiling.tflm import Interpreter

INTERPRETERS = (
    "tflite::MicroInterpreterGraph::InvokeSubgraph(int)",
    "tflite::MicroGraph::InvokeSubgraph(int)",
    "tflite::MicroInterpreter::Invoke()",
)
"""Functions that call the operators: since 2025, since 2021, before. (The last calls the others now.)"""
GIVES_BACK = "tflite::MicroAllocator::ResetTempAllocations()"
CLONE = " [clone"


class _Phase(Enum):
    IDLE = auto()
    TIMED = auto()  # the profiler has read the time
    RUNNING = auto()  # in the operator
    RAN = auto()  # it has returned
    GIVING_BACK = auto()


class InterpreterLoop:
    """Follows the loop over the operators of an interpreter."""

    def __init__(self, stretches: Stretches, interpreter: Interpreter, gives_back: set[int]) -> None:
        self._stretches = stretches
        self._interpreter = interpreter
        self._gives_back = gives_back
        self._phase = _Phase.IDLE
        self._is_timed = False

    def entered(self) -> None:
        """A subgraph begins; an operator may run one of its own, whose operators are part of it."""
        if self._phase is not _Phase.RUNNING:
            self._interpreter.entered()

    def called(self, target: int) -> bool:
        """The loop calls a function."""
        if self._phase is _Phase.RAN and not self._is_timed:
            if target in self._gives_back:
                self._phase = _Phase.GIVING_BACK
                return True
            self._end()
        facts = self._interpreter.operator(target)
        if facts is None:
            return False
        self._is_timed = self._phase is _Phase.TIMED
        if self._is_timed:
            self._stretches.name(target, facts)
        else:
            self._stretches.begin(target, facts)
        self._phase = _Phase.RUNNING
        return True

    def returned(self) -> None:
        """What it called has returned."""
        if self._phase is _Phase.GIVING_BACK or not (self._gives_back or self._is_timed):
            self._end()
        else:
            self._phase = _Phase.RAN

    def event_begins(self, _tag: str) -> None:
        """The profiler begins an event."""
        if self._phase in (_Phase.IDLE, _Phase.TIMED, _Phase.RAN):
            if self._phase is _Phase.RAN:
                self._end()
            self._stretches.begin(0, {})
            self._phase = _Phase.TIMED

    def event_ends(self) -> None:
        """The profiler ends one."""
        if self._phase is _Phase.RAN:
            self._end()
        elif self._phase is _Phase.TIMED:
            self._stretches.drop()
            self._phase = _Phase.IDLE

    def _end(self) -> None:
        self._stretches.end()
        self._phase = _Phase.IDLE


def watch_interpreter(stretches: Stretches, image: Image | None, symbols: list[Symbol]) -> bool:
    """Watch the operators of an image with the library; False when it has no such function."""
    callers = [s for s in symbols if demangle(s.name).partition(CLONE)[0] in INTERPRETERS]
    segments = image.segments if image is not None else ()

    def is_constant(address: int) -> bool:
        return any(segment.address <= address < segment.end for segment in segments)

    gives_back = {s.address for s in symbols if demangle(s.name) == GIVES_BACK}
    loop = InterpreterLoop(stretches, Interpreter(stretches.core, is_constant), gives_back)
    for caller in callers:
        stretches.watch(caller.address, loop.entered)
        ObservedCalls(stretches, loop.called, loop.returned).watch(caller.address, caller.size_bytes)
    if callers:
        watch_events(stretches, symbols, loop.event_begins, loop.event_ends)
    return bool(callers)
