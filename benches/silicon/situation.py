"""In what a figure was modelled: core, memories and their settings, clock, what cycles went into.

The error of a figure is known as far as images were measured in the same situation; what a run has
beyond all of them is named by :func:`beyond`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from emulator.board.model import Accelerator, Region

NO_MEMORY_SYSTEM = "no wait states"
OTHER_MEMORIES, CORE_PARAMETERS = "memories without an accelerator", "core"
WITHOUT_TIME = {"bit_band", "dwt_lock", "mpu_regions", "trace_at_reset"}
"""Core parameters that cost no cycle."""
FASTER = 1.01
"""A clock so much above the fastest measured one is another clock."""
TIMES_MORE = 2.0
"""A run may spend so many times the largest measured share on something: as linear as errors are."""
MOST_BEYOND = 0.10
"""So large a part of a run may be beyond what was measured. A tenth that is wrong by a fifth is 2 %."""
MOST_NAMED, WORTH_NAMING = 3, 0.01

Settings = Mapping[str, Mapping[str, int]]
"""By part of the memory system: its parameters as firmware had left them."""


class BoardWithMemory(Protocol):
    """The part of a board that decides which measurements are its own."""

    @property
    def core(self) -> str:
        """Its core, such as "cortex-m4"."""

    @property
    def accelerators(self) -> tuple[Accelerator, ...]:
        """What stands in front of its memories."""


class TimedBoard(BoardWithMemory, Protocol):
    """Also what else decides about cycles."""

    @property
    def regions(self) -> tuple[Region, ...]:
        """Its memories."""

    @property
    def core_parameters(self) -> Mapping[str, int]:
        """How its core was built."""


@dataclass(frozen=True, slots=True)
class Makeup:
    """What a window's cycles are made of: shares from 0 to 1, by words such as ``"load: load-use"``.

    Of the executed cycles. ``core``: by kind of instruction and the core's own causes; exceptions, too.
    ``memory``: stalls of the memory system, ``"load: flash (data)"``. Together they are 1.
    ``waiting``: of all cycles those asleep or in a waiting loop. ``executed_cycles``: the others.
    """

    core: Mapping[str, float]
    memory: Mapping[str, float]
    waiting: float = 0.0
    executed_cycles: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """``memory``: as :func:`memory_system`. ``first``: nothing of the same kind ran before the window."""

    core: str
    memory: str
    clock_hz: int
    settings: Settings
    makeup: Makeup
    first: bool = False


def memory_system(board: BoardWithMemory) -> str:
    """What a board's memories are priced by: the kinds of its accelerators and their read widths.

    ``"stm32-art 64 bit"``; ``"no wait states"`` for a board without any.
    """
    return " + ".join(sorted(_part(accelerator) for accelerator in board.accelerators)) or NO_MEMORY_SYSTEM


def settings_of(board: TimedBoard, values: Mapping[str, Mapping[str, int]]) -> Settings:
    """Parameters by part; ``values``: of the board's accelerators by name, as they are now."""
    settings: dict[str, Mapping[str, int]] = {}
    for accelerator in sorted(board.accelerators, key=lambda a: a.name):
        part = _part(accelerator)
        while part in settings:
            part += ", another"
        settings[part] = dict(values[accelerator.name])
    slow, first = (
        max((getattr(region, name) for region in board.regions), default=0)
        for name in ("wait_states", "first_load_cycles")
    )
    settings[OTHER_MEMORIES] = {"wait_states": slow, "first_load_cycles": first}
    parameters = {name: v for name, v in board.core_parameters.items() if name not in WITHOUT_TIME}
    return {**settings, CORE_PARAMETERS: parameters} if parameters else settings


def beyond(run: Situation, measured: Sequence[Situation]) -> list[str]:
    """What of a run none of the measured situations had, in words; nothing when all was.

    ``measured``: of the run's core. Those of its memory system, of which there is at least one, decide
    about clock, settings and stalls of memories; all of them about instructions.
    """
    if not run.makeup.core:
        return ["no cycle was executed"]
    own = [situation for situation in measured if situation.memory == run.memory]
    return [*_beyond_conditions(run, own), *_beyond_shares(run, measured, own)]


def with_cycles(situation: Situation, cycles: float) -> Situation:
    """The same for a stretch of known length in the window: what it did not execute it waited."""
    waiting = max(0.0, 1 - situation.makeup.executed_cycles / cycles) if cycles else 0.0
    return replace(situation, makeup=replace(situation.makeup, waiting=waiting))


# -- conditions --------------------------------------------------------------------------------
def _beyond_conditions(run: Situation, own: Sequence[Situation]) -> Iterable[str]:
    if run.first:
        yield "a first inference, with nothing like it before"
    fastest_hz = max(situation.clock_hz for situation in own)
    if run.clock_hz > FASTER * fastest_hz:
        yield f"{run.clock_hz / 1e6:g} MHz (measured: up to {fastest_hz / 1e6:g} MHz)"
    for part, parameters in run.settings.items():
        for name, value in parameters.items():
            known = [s.settings[part][name] for s in own if name in s.settings.get(part, {})]
            if not known:
                yield f"{name} = {value} of {part} (never measured)"
            elif not min(known) <= value <= max(known):
                span = f"{min(known)}" if min(known) == max(known) else f"{min(known)} to {max(known)}"
                yield f"{name} = {value} of {part} (measured: {span})"


# -- shares ------------------------------------------------------------------------------------------
def _beyond_shares(run: Situation, measured: Sequence[Situation], own: Sequence[Situation]) -> Iterable[str]:
    more = _more(run.makeup.core, [s.makeup.core for s in measured])
    more |= _more(run.makeup.memory, [s.makeup.memory for s in own])
    more |= _more({"waiting": run.makeup.waiting}, [])
    if sum(more.values()) <= MOST_BEYOND:
        return
    named = [words for words in sorted(more, key=lambda words: -more[words]) if more[words] > WORTH_NAMING]
    for words in named[:MOST_NAMED]:
        yield f"{100 * _share(run, words):.0f} % {words} (measured: {_most_measured(words, measured, own)})"
    if not named:
        yield f"{100 * sum(more.values()):.0f} % in many kinds of instruction and stall, each a little"


def _more(shares: Mapping[str, float], measured: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """By words: the part of a share that is more than :data:`TIMES_MORE` of any measured one."""
    most = {words: max((m.get(words, 0.0) for m in measured), default=0.0) for words in shares}
    return {
        words: share - TIMES_MORE * most[words]
        for words, share in shares.items()
        if share > TIMES_MORE * most[words]
    }


def _share(run: Situation, words: str) -> float:
    makeup = run.makeup
    return {"waiting": makeup.waiting, **makeup.core, **makeup.memory}[words]


def _most_measured(words: str, measured: Sequence[Situation], own: Sequence[Situation]) -> str:
    shares = [s.makeup.core.get(words, 0.0) for s in measured]
    shares += [s.makeup.memory.get(words, 0.0) for s in own]
    most = max(shares, default=0.0)
    return f"up to {100 * most:.1f} %" if most else "none"


def _part(accelerator: Accelerator) -> str:
    return f"{accelerator.kind} {8 * accelerator.parameters.get('read_bytes', 8)} bit"
