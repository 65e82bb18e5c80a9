"""One published image, priced with every combination of the fitted constants that it depends on.

A machine boots and gets its input once for each combination of what a core and a bus matrix are built
with; parameters of accelerators are set in the booted machine, before the windows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benches.measure.performance import PerformanceSession
from benches.silicon.catalog import CatalogRow
from benches.silicon.fitted_constants import FittedConstant, with_values
from benches.silicon.image_sources import FoundImage, find_image
from benches.silicon.validate import FAILED, inferences_of, machine_of, synthetic_input
from benches.suite.benchmarks import find
from emulator.board.model import Board
from emulator.board.reader import load_board
from emulator.errors import BoardlessError

if TYPE_CHECKING:
    from emulator.machine.machine import Machine

Values = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RepricedRow:
    """A row's ratios, modelled over published cycles, by the values of the constants that matter to it.

    ``constants``: their names, in the order of the values; the other constants leave its cycles alone.
    ``problem``: why there is nothing of it.
    """

    row: CatalogRow
    constants: tuple[str, ...] = ()
    ratios: Mapping[Values, float] = field(default_factory=dict)
    problem: str = ""

    @property
    def family(self) -> tuple[str, str]:
        """Who built the image, and of what network."""
        return self.row.submitter, self.row.benchmark

    def ratio(self, values: Mapping[str, int]) -> float:
        """The ratio with these values, by the constants' names."""
        return self.ratios[tuple(values[name] for name in self.constants)]


@dataclass(frozen=True, slots=True)
class Reprice:
    """Prices rows in this process; it can be sent to another one."""

    folders: tuple[Path, ...]
    constants: tuple[FittedConstant, ...]
    hook: str = "auto"

    def __call__(self, row: CatalogRow) -> RepricedRow:
        """Run an image with all values of its constants. What went wrong is in the result."""
        try:
            found = find_image(row, self.folders)
            if found is None:
                return RepricedRow(row, problem=f"{row.path} is in none of the folders")
            runs = _Runs(row, found, load_board(row.board), self.hook)
            matter = runs.that_matter([constant for constant in self.constants if constant.is_refitted])
            ratios = runs.ratios(matter, itertools.product(*(constant.values for constant in matter)))
        except BoardlessError as error:
            return not_repriced(row, FAILED, str(error).splitlines()[0])
        return RepricedRow(row, tuple(constant.name for constant in matter), ratios)


def not_repriced(row: CatalogRow, _status: str, problem: str) -> RepricedRow:
    """A row without ratios."""
    return RepricedRow(row, problem=problem)


class _Runs:
    """Prices an image with other constants; a booted machine serves all parameters of accelerators."""

    def __init__(self, row: CatalogRow, found: FoundImage, board: Board, hook: str) -> None:
        self._row = row
        self._found = found
        self._board = board
        self._hook = hook
        self._machines: list[tuple[Board, BootedImage]] = []

    def that_matter(self, constants: Sequence[FittedConstant]) -> list[FittedConstant]:
        """Those whose lowest and highest values, the others as they are, give other cycles."""
        matter = []
        for constant in constants:
            if constant.stands_on(self._board):
                ends = self.ratios([constant], [(constant.values[0],), (constant.values[-1],)])
                if len(set(ends.values())) > 1:
                    matter.append(constant)
        return matter

    def ratios(
        self, constants: Sequence[FittedConstant], combinations: Iterable[Values]
    ) -> dict[Values, float]:
        """The ratio for each combination of values, the constants that are not named as they are."""
        boards = {values: with_values(self._board, constants, values) for values in combinations}
        return {values: self._booted(board).ratio(board) for values, board in boards.items()}

    def _booted(self, board: Board) -> BootedImage:
        """The machine that differs from this board in parameters of accelerators alone."""
        built = replace(board, accelerators=self._board.accelerators)
        for known, session in self._machines:
            if known == built:
                return session
        session = BootedImage(self._row, machine_of(self._row, self._found, built, hook=self._hook))
        self._machines.append((built, session))
        return session


class BootedImage:
    """A machine that has booted and has its input."""

    def __init__(self, row: CatalogRow, machine: Machine) -> None:
        self._row = row
        self._machine = machine
        self._session = PerformanceSession(self._machine)
        benchmark = find(row.benchmark)
        self._session.expect(benchmark)
        self._session.host.load(synthetic_input(benchmark).data)
        self._ready = self._machine.snapshot()

    def ratio(self, board: Board) -> float:
        """Modelled over published cycles with this board's parameters of accelerators.

        What the firmware has programmed since, such as wait states, stays as it is.
        """
        changes = {
            accelerator.name: dict(set(accelerator.parameters.items()) - set(own.parameters.items()))
            for accelerator, own in zip(board.accelerators, self._machine.board.accelerators, strict=True)
        }
        inferences = inferences_of(self._row)
        short, long = (self._window(count, changes) for count in (1, 1 + inferences))
        return (long - short) / inferences / self._row.cycles_at(self._machine.clock.core_hz)

    def _window(self, inferences: int, changes: Mapping[str, Mapping[str, int]]) -> int:
        self._machine.restore(self._ready)
        for accelerator, parameters in changes.items():
            self._machine.engine.memory_map.configure(accelerator, **parameters)
        counts = self._session.host.infer(inferences, 1).counts
        assert counts is not None  # of an image in performance mode, which prints time stamps
        return counts.cycles
