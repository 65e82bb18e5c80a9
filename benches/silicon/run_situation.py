"""In what situation a machine ran a window: from its counters to shares and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from benches.silicon.situation import Makeup, Situation, memory_system, settings_of, with_cycles
from emulator.machine.machine import Machine
from emulator.profiling import CountDifference, CountState, Profile, fold
from emulator.thumb.instruction import Instruction
from emulator.timing.model import Cause

if TYPE_CHECKING:
    from benches.measure.performance import MeasuredWindow

EXCEPTIONS = Cause.EXCEPTION.value


def situation_since(machine: Machine, passed: CountDifference) -> Situation:
    """The situation in which the counts of a window came to be."""
    return situation_of(machine, makeup_of(fold(machine.engine, passed)))


def situation_of_window(machine: Machine, window: MeasuredWindow, passed: CountDifference) -> Situation:
    """The situation of a measured window, by the counts of all its inferences, warm-ups among them."""
    inferences = window.window.inferences + window.window.warmups
    return with_cycles(situation_since(machine, passed), window.cycles * inferences)


def counter_of(machine: Machine) -> Callable[[], CountState] | None:
    """What a session reads counters with; None when the machine does not time memories."""
    return partial(CountState.of, machine.engine) if machine.timing == "memory" else None


def situation_of(machine: Machine, makeup: Makeup, *, first: bool = False) -> Situation:
    """A machine as it stands at the end of a window."""
    board = machine.board
    settings = settings_of(board, machine.engine.memory_map.values())
    return Situation(board.core, memory_system(board), machine.clock.core_hz, settings, makeup, first)


def makeup_of(profile: Profile) -> Makeup:
    """The shares of a folded window."""
    core: dict[str, int] = {EXCEPTIONS: profile.totals.exception_cycles}
    memory: dict[str, int] = {}
    for block in profile.blocks:
        for item in block.instructions:
            kind = kind_words(item.instruction)
            for key, cycles in item.stack.items():
                table = memory if key.waiting else core
                words = f"{kind}: {key.label}"
                table[words] = table.get(words, 0) + cycles
    total = sum(core.values()) + sum(memory.values())
    waiting = profile.waiting_cycles / profile.totals.cycles if profile.totals.cycles else 0.0
    return Makeup(_shares(core, total), _shares(memory, total), waiting, total)


def kind_words(instruction: Instruction) -> str:
    """``"load multiple"``, ``"fp multiply, 64 bit"``: as finely as rows of timing tell kinds apart."""
    words = instruction.kind.name.lower().replace("_", " ")
    return f"{words}, 64 bit" if instruction.double_precision else words


def _shares(cycles_by_words: Mapping[str, int], total: int) -> dict[str, float]:
    return {words: cycles / total for words, cycles in cycles_by_words.items() if cycles}
