"""Energy of a run: the board's power, integrated over modelled time.

Power changes when the firmware selects another core clock, when the core falls asleep or wakes, and
with the lines that caches bring in: what those of a stretch took is spread over the time in it that the
core was awake. All figures are simulated: a data sheet's typical currents, not a measurement.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import replace

from emulator.board.model import Board
from emulator.board.supply import EnergyFacts
from emulator.clock.clock import Clock
from emulator.device import ClockTree
from emulator.engine.counts import OutsideBlocks
from emulator.errors import UsageError

KEPT_CHANGES = 100_000
"""Changes of power that are kept; energy can be asked for moments since the oldest."""
JOULES_PER_UNIT = 1e-21
"""Nanowatts times picoseconds."""


def energy_facts_of(board: Board) -> EnergyFacts:
    """The board's ``[energy]`` table. Raises UsageError when it has none."""
    if board.energy is None:
        raise UsageError(
            f"{board.name} has no energy model",
            where=f"{board.file}: energy",
            next_step="choose a board with one, or add an [energy] table with currents and their sources",
        )
    return board.energy


class EnergyMeter:
    """Cumulated energy of a board.

    ``clock`` and ``clocks`` say how fast it runs, ``outside`` how long its core has slept,
    ``line_fills`` how many lines each accelerator's caches have brought in. Call
    :meth:`update` between slices (it calls itself before a change of clock); ask
    :meth:`energy_at` for any moment since. Raises UsageError for a board without a model.
    """

    def __init__(
        self,
        board: Board,
        clock: Clock,
        clocks: ClockTree,
        outside: OutsideBlocks,
        line_fills: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self.facts = energy_facts_of(board)
        self._line_fills = line_fills
        self._filled: Mapping[str, int] = {}
        self._clock = clock
        self._outside = outside
        self._cycles = self._slept = self._time = 0
        self._starts: list[int] = []  # picoseconds at which a stretch of constant power begins
        self._energies: list[int] = []  # cumulated until then
        self._powers: list[int] = []
        self._begin_anew()
        clocks.before_change(self.update)

    def now_picoseconds(self) -> int:
        """Modelled time up to which energy is known after an update."""
        self.update()
        return self._time

    @property
    def supply_mv(self) -> int:
        """The board's supply in millivolts."""
        return self.facts.supply_mv

    def set_supply(self, millivolts: int) -> None:
        """Feed the board with another voltage from now on (it matters behind an LDO)."""
        self.update()
        self.facts = replace(self.facts, supply_mv=millivolts)

    def update(self) -> None:
        """Account for everything up to now."""
        cycles, slept = self._clock.now(), self._outside.sleep_cycles
        if cycles < self._cycles or slept < self._slept:  # a snapshot was restored
            self._begin_anew()
            return
        now = self._clock.picoseconds(cycles)
        woke = self._clock.picoseconds(cycles - (slept - self._slept))
        core_hz = self._clock.core_hz
        running = self.facts.power_nanowatts(core_hz, asleep=False)
        if woke > self._time:
            running += self._energy_of_fills() // (woke - self._time)
        self._draw(running, woke)
        self._draw(self.facts.power_nanowatts(core_hz, asleep=True), now)
        self._cycles, self._slept = cycles, slept

    def energy_at(self, picoseconds: int) -> float:
        """Joules since the meter began; for a moment not later than the last update."""
        at = max(0, bisect_right(self._starts, picoseconds) - 1)
        return (self._energies[at] + self._powers[at] * (picoseconds - self._starts[at])) * JOULES_PER_UNIT

    def _energy_of_fills(self) -> int:
        """Of the lines brought in since it was asked for, in nanowatts times picoseconds."""
        if not self.facts.line_fill_picocoulombs:
            return 0
        before, self._filled = self._filled, self._line_fills()
        return sum(
            max(0, count - before.get(name, 0)) * self.facts.line_fill_energy(name)
            for name, count in self._filled.items()
        )

    def _begin_anew(self) -> None:
        self._filled = self._line_fills()
        self._cycles, self._slept = self._clock.now(), self._outside.sleep_cycles
        self._time = self._clock.picoseconds(self._cycles)
        self._starts[:] = [self._time]
        self._energies[:] = [0]
        self._powers[:] = [0]

    def _draw(self, power: int, until: int) -> None:
        if until <= self._time:
            return
        if power != self._powers[-1]:
            energy = self._energies[-1] + self._powers[-1] * (self._time - self._starts[-1])
            self._starts.append(self._time)
            self._energies.append(energy)
            self._powers.append(power)
            if len(self._starts) > 2 * KEPT_CHANGES:
                for kept in (self._starts, self._energies, self._powers):
                    del kept[:KEPT_CHANGES]
        self._time = until
