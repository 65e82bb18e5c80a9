"""The operators of a network as they run, one after the other, in any of the usual runtimes.

TensorFlow Lite Micro's interpreter calls each operator's ``invoke``, and its structures in memory tell
which that is; our own firmware marks its layers; generated code (X-CUBE-AI and its like) calls a
function a layer from one frame, which the user names; else a profiler in the firmware tells of its events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emulator.engine.engine import Engine
from emulator.errors import UsageError
from emulator.image.demangle import demangle
from emulator.image.model import DebugInfo, Image, Symbol
from emulator.image.names import find_function
from emulator.profiling.counting import Totals
from emulator.profiling.fold_by_function import FoldByFunction
from emulator.profiling.functions import name_of
from emulator.profiling.observed import Stretch, Stretches
from emulator.profiling.observed_calls import ObservedCalls, calls_in
from emulator.profiling.operator_work import NOT_KNOWN, Work
from emulator.profiling.places import Places
from emulator.profiling.profiler_events import watch_events
from emulator.profiling.tflm_arena import arena_mark, find_arena
from emulator.profiling.tflm_operators import watch_interpreter
from emulator.recording.model import HighWater, Operator

NO_ADDRESS = -1
LAYER_BEGIN, LAYER_END = "boardless_layer_begin", "boardless_layer_end"


@dataclass(slots=True)
class OperatorWatch:
    """Watches operators from its making to :meth:`stop`; then :meth:`rows` says what they cost.

    ``source``: who tells of them, in words.
    """

    source: str
    _engine: Engine
    _stretches: Stretches

    @property
    def count(self) -> int:
        """How many have ended so far."""
        return len(self._stretches.found)

    def clear(self) -> None:
        """Forget those that have ended."""
        self._stretches.clear()

    def stop(self) -> None:
        """Watch no more."""
        self._stretches.stop()

    def rows(self, places: Places, begin_cycles: int, works: Sequence[Work] = ()) -> tuple[Operator, ...]:
        """A row for each operator. ``begin_cycles``: of the window, on the machine's clock.

        ``works``: of the model's operators in order, where a file tells more than the firmware; they are
        left aside when their number or names are other ones than ran.
        """
        found = [each for each in self._stretches.found if each.begin_cycles >= begin_cycles]
        fitting = works if _fit(found, works) else ()
        folded = FoldByFunction(self._engine, places.function_at)
        return tuple(
            self._row(n, each, places, begin_cycles, folded, fitting[n % len(fitting)] if fitting else None)
            for n, each in enumerate(found)
        )

    def arena(self, debug: DebugInfo | None) -> HighWater | None:
        """The tensor arena of TensorFlow Lite Micro's interpreter and the tensors of its operators."""
        facts = [each.facts for each in self._stretches.found if each.facts.get("work") is not None]
        for graph in dict.fromkeys(each.get("graph", 0) for each in facts):
            works = [each["work"] for each in facts if each.get("graph", 0) == graph]
            arena = find_arena(self._stretches.core, graph, works)
            if arena is not None:
                return arena_mark(arena, works, debug)
        return None

    def _row(
        self,
        index: int,
        stretch: Stretch,
        places: Places,
        begin_cycles: int,
        folded: FoldByFunction,
        described: Work | None,
    ) -> Operator:
        costs = folded.costs(stretch.passed)
        work: Work | None = described or stretch.facts.get("work")
        name = work.name if work is not None else stretch.facts.get("name", "")
        function = places.function_at(stretch.function)
        tensors = (*work.inputs, *work.outputs) if work is not None else ()
        return Operator(
            index=index,
            name=name or (places.functions[function].name if function >= 0 else f"operator {index}"),
            begin_cycles=stretch.begin_cycles - begin_cycles,
            cycles=stretch.passed.totals.cycles,
            instructions=stretch.passed.totals.instructions,
            costs=costs,
            inputs=tuple(map(str, work.inputs)) if work is not None else (),
            outputs=tuple(map(str, work.outputs)) if work is not None else (),
            macs=work.macs if work is not None else NOT_KNOWN,
            weight_bytes=work.weight_bytes if work is not None else NOT_KNOWN,
            activation_bytes=work.activation_bytes if work is not None else NOT_KNOWN,
            function=function,
            facts={
                "source": self.source,
                "outside": _outside(stretch.passed.totals, sum(costs.values())),
                "tensors": [[str(t), t.type, t.size_bytes, t.is_constant, t.address] for t in tensors],
            },
        )


def watch_operators(engine: Engine, image: Image | None, calls_of: str | None = None) -> OperatorWatch | None:
    """Watch the operators of a firmware that does not run at the moment; None when nothing tells of them.

    ``calls_of``: the function whose direct calls they are, one each. Raises :class:`UsageError` when there
    is no such function, or it calls nothing.
    """
    stretches = Stretches(engine)
    if calls_of is not None:
        return _generated_code(engine, image, stretches, calls_of)
    symbols = [s for s in image.debug.symbols() if s.is_function] if image is not None and image.debug else []
    for source, begin in (
        ("TensorFlow Lite Micro's interpreter", watch_interpreter),
        ("the firmware's layer markers", _watch_layers),
        ("the firmware's profiler", _watch_events),
    ):
        if begin(stretches, image, symbols):
            return OperatorWatch(source, engine, stretches)
    return None


# -- who tells -------------------------------------------------------------------------------
def _generated_code(
    engine: Engine, image: Image | None, stretches: Stretches, calls_of: str
) -> OperatorWatch:
    caller = find_function(image, calls_of)
    if not any(calls_in(engine.core, caller.address, caller.size_bytes)):
        raise UsageError(
            f"{demangle(caller.name)} calls no function",
            where="--operators-from",
            next_step="name the function that calls one function a layer, in turn",
        )
    debug = image.debug if image is not None else None

    def called(target: int) -> bool:
        symbol = debug.symbol_at(target) if debug is not None else None
        stretches.begin(target, {"name": name_of(target, symbol)})
        return True

    ObservedCalls(stretches, called, stretches.end).watch(caller.address, caller.size_bytes)
    return OperatorWatch(f"calls from {demangle(caller.name)}", engine, stretches)


def _watch_layers(stretches: Stretches, _image: Image | None, symbols: list[Symbol]) -> bool:
    named = {s.name: s for s in symbols if s.name in (LAYER_BEGIN, LAYER_END)}
    if len(named) != 2:
        return False
    begin = named[LAYER_BEGIN].address

    def layer_begins() -> None:
        stretches.begin(begin, {"name": f"layer {stretches.core.get('r0')}"})

    stretches.watch(begin, layer_begins)
    stretches.watch(named[LAYER_END].address, stretches.end)
    return True


def _watch_events(stretches: Stretches, _image: Image | None, symbols: list[Symbol]) -> bool:
    def begins(tag: str) -> None:
        stretches.begin(NO_ADDRESS, {"name": tag})

    return watch_events(stretches, symbols, begins, stretches.end)


# -- rows --------------------------------------------------------------------------------------
def _fit(found: Sequence[Stretch], works: Sequence[Work]) -> bool:
    if not works or len(found) % len(works):
        return False
    known = [each.facts.get("work") for each in found]
    names = [work.name if work is not None else "" for work in known]
    return all(name in ("", works[n % len(works)].name) for n, name in enumerate(names))


def _outside(totals: Totals, in_instructions: int) -> dict[str, int]:
    """Cycles that no instruction holds, by cause."""
    parts = {
        "exception": totals.exception_cycles,
        "waiting": totals.skipped_cycles,
        "asleep": totals.sleep_cycles,
    }
    parts["interrupted"] = totals.cycles - in_instructions - sum(parts.values())
    return {name: cycles for name, cycles in parts.items() if cycles}
