"""Records windows of a machine's run: what passed, by whom, as a :class:`Recording`.

Calls are followed from the moment at which a recorder is made (best: right after a reset, so that
every caller is known); a window begins and ends between two blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emulator import __version__
from emulator.engine.contexts import ContextCount, ContextKind
from emulator.errors import UsageError
from emulator.machine.machine import Machine
from emulator.profiling.call_tree import CallTree, passed_contexts
from emulator.profiling.counting import CountDifference, CountState
from emulator.profiling.exception_log import ExceptionLog
from emulator.profiling.fold import Profile, fold
from emulator.profiling.functions import function_starts
from emulator.profiling.instructions import addresses_of, code_of, jumps_of
from emulator.profiling.memory_watch import MemoryWatch
from emulator.profiling.operator_work import Work
from emulator.profiling.operators import watch_operators
from emulator.profiling.places import Places
from emulator.profiling.serial_log import SerialLog
from emulator.profiling.sources import find_sources
from emulator.recording.model import (
    CacheCounts,
    Context,
    ExceptionCount,
    HighWater,
    Identity,
    Instruction,
    Mark,
    Operator,
    Recording,
)
from emulator.system.exception_table import exception_name
from emulator.system.stack_frame import XPSR_NUMBER
from emulator.timing.version import models_version


@dataclass(frozen=True, slots=True)
class _Begin:
    """A machine at a window's begin."""

    counts: CountState
    contexts: list[ContextCount]
    caches: Mapping[str, tuple[int, int]]
    jumps: Mapping[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Window:
    """What passed in a window, before it is given names. ``begin_cycles``: of the machine's clock."""

    begin_cycles: int
    passed: CountDifference
    profile: Profile
    contexts: list[ContextCount]
    caches: Mapping[str, tuple[int, int]]
    jumps: Mapping[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Labels:
    """What a recording says of itself.

    ``title``: the window in words. ``band(profile)``: the figures' error band as JSON has it.
    ``source_roots``: folders below which source files are looked for. ``works``: of the network's
    operators in order, from its model's file, say.
    """

    title: str
    band: Callable[[Profile], Any] = lambda _profile: None
    source_roots: tuple[Path, ...] = ()
    marks: tuple[Mark, ...] = field(default=())
    works: tuple[Work, ...] = field(default=())


class Recorder:
    """Follows one machine. ``recording = recorder.end(Labels("..."))`` ends a window that ``begin`` began.

    Recording changes no modelled figure. A snapshot that is restored must be of a moment at which
    the recorder followed already, and a window must not hold a restoration. :meth:`close` when done.
    ``begins``: a window begins at once; else calls are followed, and the rest from :meth:`begin` on, which is
    quicker where many interrupts come before. A handler that runs at the begin is no row of the interrupts'.
    ``operators_from``: the function whose direct calls are a network's operators, where neither an
    interpreter nor markers tell. Raises UsageError when there is no such function, and while another
    recorder follows the machine.
    """

    def __init__(self, machine: Machine, operators_from: str | None = None, *, begins: bool = True) -> None:
        self._machine = machine
        engine = machine.engine
        self._contexts = engine.hook.contexts
        if self._contexts.enabled:
            raise UsageError("the machine is being recorded already", next_step="end that recording first")
        self._log = ExceptionLog(engine, machine.system, machine.clock)
        self._serial = SerialLog(machine.serial_ports, engine.hook, machine.clock)
        debug = machine.image.debug if machine.image is not None else None
        starts = {s.address & ~1 for s in debug.symbols() if s.is_function} if debug is not None else set()
        pc, ipsr = engine.core.get_many(("pc", "ipsr"))
        self._contexts.start(starts, pc & ~1, ipsr & XPSR_NUMBER)
        self._log.follow()
        self._operators = watch_operators(engine, machine.image, operators_from)
        self._memory = MemoryWatch(engine, machine.image, self._contexts.current)
        self._begin: _Begin | None = None
        if begins:
            self.begin()

    def close(self) -> None:
        """Follow no more."""
        self._contexts.stop()
        if self._operators is not None:
            self._operators.stop()
        self._memory.stop()
        self._log.detach()
        self._serial.close()

    def begin(self) -> None:
        """A window begins here; an earlier one is forgotten."""
        engine = self._machine.engine
        if self._begin is None:
            self._log.attach()
        self._log.clear(running=bool(engine.core.get("ipsr") & XPSR_NUMBER))
        self._serial.clear()
        if self._operators is not None:
            self._operators.clear()
        self._memory.begin()
        self._begin = _Begin(
            CountState.of(engine),
            self._contexts.rows(),
            dict(engine.memory_map.cache_counts()),
            self._contexts.jumps(),
        )

    def window(self) -> Window:
        """What has passed since :meth:`begin`."""
        assert self._begin is not None
        engine, begin = self._machine.engine, self._begin
        passed = CountState.of(engine) - begin.counts
        caches = {
            name: (hits - begin.caches.get(name, (0, 0))[0], misses - begin.caches.get(name, (0, 0))[1])
            for name, (hits, misses) in engine.memory_map.cache_counts().items()
        }
        contexts = passed_contexts(self._contexts.rows(), begin.contexts)
        jumps = {key: count - begin.jumps.get(key, 0) for key, count in self._contexts.jumps().items()}
        return Window(begin.counts.totals.cycles, passed, fold(engine, passed), contexts, caches, jumps)

    def end(self, labels: Labels) -> Recording:
        """The window from :meth:`begin` to here."""
        window = self.window()
        tree = CallTree(window.contexts)
        places = self._places(window, tree)
        code = code_of(window.profile, places)
        calls = tree.calls()
        plans = self._machine.engine.automaton.plans
        jumps = jumps_of(window.passed, plans, {(call.source, call.target) for call in calls}, window.jumps)
        totals = window.passed.totals
        contexts = tree.contexts(places.function_at)
        recording = Recording(
            identity=self._identity(labels, window),
            cycles=totals.cycles,
            instructions=totals.instructions,
            outside=_outside(window.profile),
            waiting_instructions=totals.skipped_instructions,
            functions=places.functions,
            code=code,
            jumps=(*jumps, *calls),
            contexts=contexts,
            marks=self._marks(window, labels),
            operators=self._operator_rows(window, places, labels),
            memory=self._memory.rows(window.passed),
            high_water=self._high_water(window, tree, contexts),
            caches=tuple(CacheCounts(name, *counts) for name, counts in sorted(window.caches.items())),
            exceptions=self._exceptions(window, places),
            console=self._serial.text(self._machine.console.name),
            sources=self._sources(code, labels),
            interrupted_instructions=totals.instructions
            - totals.skipped_instructions
            - sum(item.count for item in code),
        )
        recording.check()
        return recording

    # -- names -------------------------------------------------------------------------------------
    def _places(self, window: Window, tree: CallTree) -> Places:
        addresses = addresses_of(window.profile) | set(tree.addresses())
        starts: Iterable[int] = function_starts(plan.block for plan in self._machine.engine.automaton.plans)
        entered = {c.function for c in window.contexts if c.kind is not ContextKind.MAIN}
        return Places(self._machine.image, addresses, {*starts, *entered})

    def _identity(self, labels: Labels, window: Window) -> Identity:
        machine = self._machine
        image = machine.image
        return Identity(
            title=labels.title,
            image=Path(image.path).name if image is not None else "",
            image_sha256=image.sha256 if image is not None else "",
            board=machine.board.name,
            core=machine.board.core,
            timing=machine.timing,
            clock_hz=machine.clock.core_hz,
            boardless=__version__,
            models=models_version(),
            band=labels.band(window.profile),
            board_facts=board_facts(machine),
        )

    def _sources(self, code: tuple[Instruction, ...], labels: Labels) -> dict[str, str]:
        image = self._machine.image
        debug = image.debug if image is not None else None
        if image is None or debug is None:
            return {}
        files = {item.file: item.address for item in reversed(code) if item.file}
        folders = {file: debug.folder_at(address) for file, address in files.items()}
        return find_sources(folders, labels.source_roots, Path(image.path))

    # -- what happened -----------------------------------------------------------------------------
    def _exceptions(self, window: Window, places: Places) -> tuple[ExceptionCount, ...]:
        preempted: dict[int, dict[str, int]] = {}
        for (number, context), times in self._log.preempted_contexts.items():
            row = window.contexts[context]
            if row.kind is ContextKind.EXCEPTION:
                name = exception_name(row.site)
            else:
                function = places.function_at(row.function)
                name = places.functions[function].name if function >= 0 else f"0x{row.function:08x}"
            names = preempted.setdefault(number, {})
            names[name] = names.get(name, 0) + times
        return tuple(
            ExceptionCount(
                number,
                exception_name(number),
                sums.count,
                sums.cycles,
                sums.worst_cycles,
                sums.worst_latency_cycles,
                sums.best_latency_cycles,
                preempted.get(number, {}),
            )
            for number, sums in sorted(self._log.handlers.items())
        )

    def _high_water(
        self, window: Window, tree: CallTree, contexts: tuple[Context, ...]
    ) -> tuple[HighWater, ...]:
        image = self._machine.image
        debug = image.debug if image is not None else None
        arena = self._operators.arena(debug) if self._operators is not None else None
        marks = self._memory.marks(contexts, window.begin_cycles, tree)
        return (*marks, *((arena,) if arena is not None else ()))

    def _operator_rows(self, window: Window, places: Places, labels: Labels) -> tuple[Operator, ...]:
        if self._operators is None:
            return ()
        return self._operators.rows(places, window.begin_cycles, labels.works)

    def _marks(self, window: Window, labels: Labels) -> tuple[Mark, ...]:
        handlers = [
            Mark(
                "exception",
                exception_name(each.number),
                each.begin_cycles,
                each.end_cycles,
                "exceptions",
                {"number": each.number, "latency_cycles": each.latency_cycles},
            )
            for each in self._log.handled
        ]
        found = [*handlers, *self._serial.marks()]
        shifted = (_shifted(mark, window) for mark in found)
        return tuple(sorted((*shifted, *labels.marks), key=lambda m: (m.begin_cycles, m.end_cycles)))


def _shifted(mark: Mark, window: Window) -> Mark:
    """The mark in cycles from the window's begin, cut to it."""
    begin = max(0, mark.begin_cycles - window.begin_cycles)
    end = min(window.passed.totals.cycles, mark.end_cycles - window.begin_cycles)
    return replace(mark, begin_cycles=min(begin, end), end_cycles=end)


def _outside(profile: Profile) -> dict[str, int]:
    """Cycles that no instruction holds, by cause."""
    totals = profile.totals
    found = {
        "exception": totals.exception_cycles,
        "waiting": totals.skipped_cycles,
        "asleep": totals.sleep_cycles,
        "interrupted": profile.interrupted_cycles,
    }
    return {cause: cycles for cause, cycles in found.items() if cycles}


def board_facts(machine: Machine) -> dict[str, Any]:
    """What reports need of a board: its memories, and what stands in front of them, as it is set up now."""
    board = machine.board
    values = machine.engine.memory_map.values()
    return {
        "title": board.title,
        "fpu": board.fpu,
        "core_parameters": dict(board.core_parameters),
        "regions": [
            {
                "name": region.name,
                "base": region.base,
                "size_bytes": region.size_bytes,
                "kind": region.kind,
                "bus": region.bus,
                "wait_states": region.wait_states,
                "accelerator": board.accelerator_of(region),
                "alias_of": region.alias_of,
            }
            for region in board.regions
        ],
        "accelerators": [
            {"name": a.name, "kind": a.kind, "parameters": values.get(a.name, dict(a.parameters))}
            for a in board.accelerators
        ],
    }
