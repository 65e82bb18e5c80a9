"""The same inferences with other memories, another core parameter or another clock.

The window is the one that ``boardless bench`` shows: the same conversation is played again, up
to the same input's window with its warm-ups, as the board is and once for each set of changes.

Another clock is priced from the counts of a run: the same instructions take the same cycles, and
only what waits for a device (a character time, a timer) takes other ones. Wait states and caches
interact with prefetch and with each other, so for them the inferences run again; the firmware's
time stamps steer nothing, so it runs the same instructions. What the firmware itself writes into
the flash interface does not change a given parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benches.measure.changes import Changes
from benches.measure.profiled_window import Conversation, profile_conversation
from emulator.board.model import Board
from emulator.machine.machine import Machine
from emulator.profiling import CycleStack

RERUN, STORED = "re-run", "stored counts"


@dataclass(frozen=True, slots=True)
class Figures:
    """A window of inferences: its totals at ``clock_hz``; ``waiting_cycles`` of them waited.

    ``stack``: the window's cycles by cause. Per inference, rounded: the properties.
    """

    inferences: int
    total_instructions: int
    total_cycles: int
    total_waiting_cycles: int
    clock_hz: int
    stack: CycleStack
    results: str

    @property
    def instructions(self) -> int:
        """Instructions per inference."""
        return round(self.total_instructions / self.inferences)

    @property
    def cycles(self) -> int:
        """Cycles per inference."""
        return round(self.total_cycles / self.inferences)

    @property
    def waiting_cycles(self) -> int:
        """Cycles per inference that waited for a device."""
        return round(self.total_waiting_cycles / self.inferences)

    @property
    def latency_us(self) -> float:
        """Microseconds per inference at the clock."""
        return self.cycles / self.clock_hz * 1e6

    def as_json(self) -> dict[str, Any]:
        """The figures in a report: per inference, the cycles by cause of the whole window."""
        return {
            "instructions": self.instructions,
            "cycles": self.cycles,
            "waiting_cycles": self.waiting_cycles,
            "clock_hz": self.clock_hz,
            "latency_us": self.latency_us,
            "inferences": self.inferences,
            "cycles_by_cause": self.stack.as_json(),
        }


@dataclass(frozen=True, slots=True)
class ChangedRun:
    """The window with one set of changes, and how it was found."""

    changes: tuple[str, ...]
    how: str
    figures: Figures
    same_results: bool

    def as_json(self) -> dict[str, Any]:
        """The row as it stands under ``rows``."""
        return {
            "changes": list(self.changes),
            "how": self.how,
            "same_results": self.same_results,
            **self.figures.as_json(),
        }


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The bench row's window as it is, and with each set of changes."""

    as_it_is: Figures
    rows: tuple[ChangedRun, ...]

    def as_json(self) -> dict[str, Any]:
        """The comparison as it stands under ``what_if``."""
        return {"as_it_is": self.as_it_is.as_json(), "rows": [row.as_json() for row in self.rows]}


def compare(
    make_machine: Callable[[Board], Machine],
    board: Board,
    conversation: Conversation,
    changes: Sequence[Changes],
    clocks_hz: Sequence[int],
) -> WhatIf:
    """Profile a window as it is, with each set of changes, and at each clock.

    ``make_machine`` gives a machine of a board with the image loaded. With changes and clocks
    there is a row for each pair; with clocks alone their rows come from the run as it is.
    """
    as_it_is = _figures(make_machine(board), conversation)
    rows: list[ChangedRun] = []
    for change in changes or (Changes((), board),):
        figures, how = as_it_is, STORED
        if change.texts:
            machine = make_machine(change.board)
            for name, parameters in change.pins.items():
                machine.engine.memory_map.pin(name, **parameters)
            figures, how = _figures(machine, conversation), RERUN
        same = figures.results == as_it_is.results
        rows += [
            ChangedRun(
                (*change.texts, f"clock={clock_hz / 1e6:g}MHz"),
                how if how == STORED else f"{RERUN}, clock from its counts",
                at_clock(figures, clock_hz),
                same,
            )
            for clock_hz in clocks_hz
        ] or [ChangedRun(change.texts, how, figures, same)]
    return WhatIf(as_it_is, tuple(rows))


def _figures(machine: Machine, conversation: Conversation) -> Figures:
    window, measured = profile_conversation(machine, conversation)
    return Figures(
        conversation.inferences,
        measured.instructions,
        measured.cycles,
        window.profile.waiting_cycles,
        machine.clock.core_hz,
        window.profile.stack,
        window.results,
    )


def at_clock(figures: Figures, clock_hz: int) -> Figures:
    """The same at another clock: what waits for a device waits as long as before, in seconds."""
    waiting = round(figures.total_waiting_cycles * clock_hz / figures.clock_hz)
    return replace(
        figures,
        total_cycles=figures.total_cycles - figures.total_waiting_cycles + waiting,
        total_waiting_cycles=waiting,
        clock_hz=clock_hz,
    )
