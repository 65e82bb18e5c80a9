"""The same inference with other memories, another core parameter or another clock.

Another clock is priced from the counts of the run as it is: the same instructions take the
same cycles, and only what waits for a device (a character time, a timer) takes other ones.
Wait states and caches interact with prefetch and with each other, so for them the inference
runs again; the firmware's time stamps steer nothing, so it runs the same instructions.
What the firmware itself writes into the flash interface does not change a given parameter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from benches.measure.performance import PerformanceSession
from benches.measure.profiled_window import ProfiledWindow, profile_inference
from benches.suite.input_files import InputData
from emulator.board.model import Accelerator, Board
from emulator.errors import UsageError
from emulator.profiling import CycleStack
from emulator.timing.cores import core_model

if TYPE_CHECKING:
    from emulator.machine.machine import Machine

RERUN, STORED = "re-run", "stored counts"
SIDES = {"icache": "instruction", "dcache": "data"}
CACHE_WORDS = ("size", "ways", "enabled")
ACCELERATOR_WORDS = ("wait_states", "read_bytes", "line_bytes", "prefetch", "instruction_cache", "data_cache")
SCALES = {"": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20}
HERTZ = {"": 1, "hz": 1, "khz": 1_000, "mhz": 1_000_000, "ghz": 1_000_000_000}
SWITCH = {"on": 1, "off": 0}


@dataclass(frozen=True, slots=True)
class Changes:
    """What is changed: a board, and accelerator parameters that the firmware may not set back."""

    texts: tuple[str, ...]
    board: Board
    pins: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """One inference: ``cycles`` at ``clock_hz``, ``waiting_cycles`` of them."""

    instructions: int
    cycles: int
    waiting_cycles: int
    clock_hz: int
    stack: CycleStack
    results: str

    @property
    def latency_us(self) -> float:
        """Microseconds at the clock."""
        return self.cycles / self.clock_hz * 1e6

    def as_json(self) -> dict[str, Any]:
        """The figures in a report."""
        return {
            "instructions": self.instructions,
            "cycles": self.cycles,
            "waiting_cycles": self.waiting_cycles,
            "clock_hz": self.clock_hz,
            "latency_us": self.latency_us,
            "cycles_by_cause": self.stack.as_json(),
        }


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One inference as it is and with the changes, and how the second was found."""

    changes: tuple[str, ...]
    how: str
    as_it_is: Figures
    changed: Figures

    @property
    def same_results(self) -> bool:
        """The changed run printed the same results."""
        return self.as_it_is.results == self.changed.results

    def as_json(self) -> dict[str, Any]:
        """The comparison as it stands under ``what_if``."""
        return {
            "changes": list(self.changes),
            "how": self.how,
            "same_results": self.same_results,
            "as_it_is": self.as_it_is.as_json(),
            "changed": self.changed.as_json(),
        }


# -- what the user writes ----------------------------------------------------------------------
def parse_hertz(text: str) -> int:
    """``"80MHz"`` in hertz. Raises :class:`UsageError`."""
    match = re.fullmatch(r"([0-9.]+)\s*([kmg]?hz)?", text.strip().lower())
    hertz = round(float(match[1]) * HERTZ[match[2] or ""]) if match and match[1].count(".") <= 1 else 0
    if hertz <= 0:
        raise UsageError(f"{text!r} is not a frequency", where="--clock", next_step="Write it as 80MHz.")
    return hertz


def parse_changes(texts: Sequence[str], board: Board) -> Changes:
    """``("flash.wait_states=2", "icache.size=8K")`` for a board. Raises :class:`UsageError`."""
    changes = Changes(tuple(texts), board)
    for text in texts:
        match = re.fullmatch(r"(\w+)\.(\w+)=(\w+)", text.replace(" ", ""))
        if match is None:
            raise _error(text, "it is not of the form NAME.PARAMETER=VALUE", board)
        changes = _change(changes, text, match[1], match[2], _value(text, match[3], board))
    return changes


def _value(text: str, word: str, board: Board) -> int:
    if word.lower() in SWITCH:
        return SWITCH[word.lower()]
    match = re.fullmatch(r"(0x[0-9a-f]+|[0-9]+)(kb?|mb?)?", word.lower())
    if match is None:
        raise _error(text, f"{word!r} is not a number, a size such as 8K, on or off", board)
    return int(match[1], 0) * SCALES[match[2] or ""]


def _change(changes: Changes, text: str, name: str, parameter: str, value: int) -> Changes:
    board = changes.board
    accelerator = next((a for a in board.accelerators if a.name == name), None)
    if accelerator is not None:
        if parameter not in (*ACCELERATOR_WORDS, *accelerator.parameters):
            raise _error(text, f"{name} has no parameter {parameter}", board)
        return _pinned(changes, name, {parameter: value})
    if name in SIDES:
        return _cache_change(changes, text, SIDES[name], parameter, value)
    if name == "core":
        if parameter not in core_parameter_names(board.core):
            raise _error(text, f"the core of {board.name} has no parameter {parameter}", board)
        parameters = {**board.core_parameters, parameter: value}
        return replace(changes, board=replace(board, core_parameters=parameters))
    region = next((r for r in board.regions if r.name == name), None)
    if region is None or parameter != "wait_states":
        raise _error(text, f"{board.name} has no {name}.{parameter}", board)
    if region.accelerator or region.alias_of:
        behind = region.accelerator or region.alias_of
        raise _error(text, f"{name} is behind {behind}: write {behind}.wait_states", board)
    regions = tuple(replace(r, wait_states=value) if r.name == name else r for r in board.regions)
    return replace(changes, board=replace(board, regions=regions))


class _AskedFor(dict[str, int]):
    """An empty mapping that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __bool__(self) -> bool:
        return True

    def get(self, name: str, default: Any = None) -> Any:
        self.names.append(name)
        return default


def core_parameter_names(core: str) -> tuple[str, ...]:
    """The parameters that a core's timing model reads, such as ``multiplier``."""
    asked = _AskedFor()
    core_model(core, asked)
    return tuple(dict.fromkeys(asked.names))


def _cache_change(changes: Changes, text: str, side: str, parameter: str, value: int) -> Changes:
    board = changes.board
    found = _with_cache(board, side)
    if found is None:
        raise _error(text, f"{board.name} has no {side} cache", board)
    if parameter not in CACHE_WORDS:
        raise _error(text, f"a cache has {', '.join(CACHE_WORDS)}", board)
    if parameter == "enabled":
        return _pinned(changes, found.name, {f"{side}_cache": value})
    if parameter == "ways":
        return _pinned(changes, found.name, {f"{side}_ways": value})
    values = {**found.parameters, **changes.pins.get(found.name, {})}
    line_bytes = max(values.get("line_bytes", 0), values.get("read_bytes", 8))
    lines = value // line_bytes
    ways = values.get(f"{side}_ways", lines)
    sets = lines // max(1, min(ways, lines))
    if lines < 1 or value % line_bytes or sets & (sets - 1) or lines % sets:
        raise _error(text, f"{value} bytes are not a power of two of sets of {line_bytes}-byte lines", board)
    return _pinned(changes, found.name, {f"{side}_lines": lines})


def _with_cache(board: Board, side: str) -> Accelerator | None:
    """The accelerator whose cache of that side is meant: the core's own before the flash's."""
    found = [a for a in board.accelerators if a.parameters.get(f"{side}_lines")]
    return next((a for a in found if a.kind == "l1"), found[0] if found else None)


def _pinned(changes: Changes, name: str, parameters: dict[str, int]) -> Changes:
    pins = {**changes.pins, name: {**changes.pins.get(name, {}), **parameters}}
    return replace(changes, pins=pins)


def _error(text: str, what: str, board: Board) -> UsageError:
    names = [f"{a.name}.{parameter}" for a in board.accelerators for parameter in a.parameters]
    names += [f"{r.name}.wait_states" for r in board.regions if not r.accelerator and not r.alias_of]
    names += [f"{word}.size" for word, side in SIDES.items() if _with_cache(board, side)]
    names += [f"core.{parameter}" for parameter in core_parameter_names(board.core)]
    return UsageError(what, where=f"--what-if {text}", next_step=f"{board.name} has: {', '.join(names)}.")


# -- what comes out ----------------------------------------------------------------------------
def compare(
    make_machine: Callable[[Board], Machine],
    board: Board,
    data: InputData,
    changes: Changes,
    clock_hz: int | None,
) -> WhatIf:
    """Profile one inference as it is, and with the changes.

    ``make_machine`` gives a machine of a board with the image loaded.
    """

    def choose(_session: PerformanceSession) -> InputData:
        return data

    machine = make_machine(board)
    as_it_is = changed = _figures(profile_inference(machine, choose), machine.clock.core_hz)
    how = STORED
    if changes.texts:
        machine = make_machine(changes.board)
        for name, parameters in changes.pins.items():
            machine.memory_map.pin(name, **parameters)
        changed = _figures(profile_inference(machine, choose), machine.clock.core_hz)
        how = RERUN
    texts = changes.texts
    if clock_hz is not None:
        changed = at_clock(changed, clock_hz)
        texts = (*texts, f"clock={clock_hz / 1e6:g}MHz")
        how = how if how == STORED else f"{RERUN}, clock from its counts"
    return WhatIf(texts, how, as_it_is, changed)


def _figures(window: ProfiledWindow, clock_hz: int) -> Figures:
    totals = window.profile.totals
    return Figures(
        totals.instructions,
        totals.cycles,
        window.profile.waiting_cycles,
        clock_hz,
        window.profile.stack,
        window.results,
    )


def at_clock(figures: Figures, clock_hz: int) -> Figures:
    """The same at another clock: what waits for a device waits as long as before, in seconds."""
    waiting = round(figures.waiting_cycles * clock_hz / figures.clock_hz)
    return replace(
        figures,
        cycles=figures.cycles - figures.waiting_cycles + waiting,
        waiting_cycles=waiting,
        clock_hz=clock_hz,
    )
