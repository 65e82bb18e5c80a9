"""Searches for the parameters with which the model counts what a board counted.

The error of a board is the mean over kernels of the relative difference of their cycles. Waits are
solved for together, as the model's cycles are about linear in them; caches, widths and switches are
tried value by value, on their own and, where that does not help, with the waits solved anew for each.
What need not change stays as the board file has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from benches.calibration.forward import figures
from benches.calibration.parameters import Parameter, parameters_of, variants
from emulator.board.model import Board

EXACT = 1e-9
SAME = 1e-6
"""Errors that differ by less tell nothing apart."""
LEAST_CYCLES = 16.0
"""Shorter kernels weigh as if they took so long."""
MOST_ROUNDS = 6
PROMISING = 8.0
"""Of the least error: what another shape of a cache may have before its size is looked for."""


class Search:
    """Moves a board's parameters until its counts are the measured ones.

    ``model``: cycles of a board, for each of ``cycles`` as measured; ``used``: whether one counts.
    ``kept``: parameters that are known, and not moved. ``progress`` is told how far it is.
    """

    def __init__(
        self,
        model: Callable[[Board], Sequence[float]],
        cycles: Sequence[float],
        used: Sequence[bool],
        kept: Iterable[Parameter] = (),
        progress: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._model = model
        self._kept = tuple(kept)
        self._progress = progress
        self._cycles = np.array(cycles)
        self._weights = np.array(used) / np.maximum(self._cycles, LEAST_CYCLES) / max(1, sum(used))
        self.seen: dict[tuple[object, ...], tuple[Board, float]] = {}
        """Every board that was run and its error, by its figures."""

    def error(self, board: Board | None) -> float:
        """Mean relative difference; infinite for a board that can't be."""
        if board is None:
            return math.inf
        key = figures(board)
        if key not in self.seen:
            self.seen[key] = board, float(np.abs(self._differences(board)).sum())
        return self.seen[key][1]

    def _differences(self, board: Board) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = (np.array(self._model(board)) - self._cycles) * self._weights
        return found

    def _better(self, board: Board, than: Board) -> bool:
        return self.error(board) < self.error(than) - SAME

    def free(self, board: Board) -> tuple[Parameter, ...]:
        """What may be moved."""
        return tuple(p for p in parameters_of(board) if p not in self._kept)

    def run(self, start: Board) -> Board:
        """The best board that is found from this one."""
        parameters = self.free(start)
        waits = [p for p in parameters if p.numeric]
        others = [p for p in parameters if not p.numeric]
        board = self.solve(start, waits)
        for _ in range(MOST_ROUNDS):
            before = board
            for parameter in parameters:
                board = self._best(board, parameter)
            board = self.solve(board, waits)
            if not self._better(board, before):
                board = self._with_waits(board, others, waits)
            if not self._better(board, before):
                board = self._reshaped(board, waits)
            self._progress(f"error {100 * self.error(board):.3f} % after {len(self.seen)} boards")
            if self.error(board) < EXACT or not self._better(board, before):
                break
        return self._back_to(start, board, waits)

    # -- one parameter ---------------------------------------------------------------------
    def _best(self, board: Board, parameter: Parameter) -> Board:
        """The board with the parameter's best value; its own when none is better."""
        if self.error(board) < EXACT:
            return board
        best = board
        for other in self._climb(board, parameter) if parameter.numeric else self._others(board, parameter):
            if self._better(other, best):
                best = other
        return best

    def _others(self, board: Board, parameter: Parameter) -> Iterator[Board]:
        for value in parameter.values:
            if value != parameter.of(board):
                yield from (v for v in variants(board, parameter, value) if self.movable(board, v))

    def movable(self, board: Board, other: Board) -> bool:
        """Whether no parameter that is kept goes along."""
        return all(p.of(board) == p.of(other) for p in self._kept)

    def _climb(self, board: Board, parameter: Parameter) -> Iterator[Board]:
        """Up and down as long as it gets better: the error has one valley along a wait."""
        for step in (1, -1):
            at: Board | None = board
            value = parameter.of(board)
            while at is not None and value + step in parameter.values:
                value += step
                further = parameter.on(board, value)
                if further is not None:
                    yield further
                if self.error(further) > self.error(at) + SAME:
                    break
                at = further

    # -- waits -----------------------------------------------------------------------------
    def solve(self, board: Board, waits: Sequence[Parameter]) -> Board:
        """Waits by least squares of the differences, whole cycles, as long as that helps."""
        for _ in range(MOST_ROUNDS):
            if self.error(board) < EXACT:
                return board
            moved = self._solved(board, waits)
            if moved is None or not self._better(moved, board):
                return board
            board = moved
        return board

    def _solved(self, board: Board, waits: Sequence[Parameter]) -> Board | None:
        differences = self._differences(board)
        slopes: dict[Parameter, npt.NDArray[np.float64]] = {}
        for parameter in waits:
            for step in (1, -1):
                value = parameter.of(board) + step
                other = parameter.on(board, value) if value in parameter.values else None
                if other is not None:
                    slopes[parameter] = (self._differences(other) - differences) * step
                    break
        slopes = {p: slope for p, slope in slopes.items() if np.abs(slope).sum() > SAME}
        if not slopes:
            return None
        steps = np.linalg.lstsq(np.array(list(slopes.values())).T, -differences, rcond=None)[0]
        moved: Board | None = board
        for parameter, step in zip(slopes, steps, strict=True):
            wanted = parameter.of(board) + round(float(step))
            value = min(max(wanted, parameter.values[0]), parameter.values[-1])
            moved = moved and parameter.on(moved, value)
        return moved

    def _with_waits(self, board: Board, others: Sequence[Parameter], waits: Sequence[Parameter]) -> Board:
        """Each other parameter's values again, the waits solved anew for each."""
        best = board
        for parameter in others:
            for other in list(self._others(best, parameter)):
                if self.error(best) < EXACT:
                    return best
                solved = self.solve(other, waits)
                if self._better(solved, best):
                    best = solved
        return best

    def _reshaped(self, board: Board, waits: Sequence[Parameter]) -> Board:
        """Each width of lines and reads with each setting of the prefetch, the waits solved anew for each."""
        best = board
        lines = [p for p in self.free(board) if p.name.endswith("_lines")]
        free = [p for p in self.free(board) if p.name in ("line_bytes", "read_bytes", "prefetch")]
        for table in dict.fromkeys(p.table for p in free):
            moved = [board]
            for parameter in (p for p in free if p.table == table):
                moved = [m for b in moved for m in (b, *self._others(b, parameter))]
            for other in moved:
                if self.error(best) < EXACT:
                    return best
                solved = self.solve(other, waits)
                if self.error(solved) < PROMISING * self.error(best):
                    for parameter in lines:
                        solved = self._best(solved, parameter)
                if self._better(solved, best):
                    best = solved
        return best

    # -- what need not change ----------------------------------------------------------------
    def _back_to(self, start: Board, board: Board, waits: Sequence[Parameter]) -> Board:
        """As many parameters as possible as they were at the start, at no greater error."""
        held: list[Parameter] = []
        for parameter in self.free(board):
            value = parameter.of(start)
            if parameter.of(board) == value:
                continue
            back = parameter.on(board, value)
            if back is None:
                continue
            if self.error(back) > self.error(board) + SAME:
                rest = [w for w in waits if w is not parameter and w not in held]
                back = self.solve(back, rest)
            if self.error(back) <= self.error(board) + SAME:
                board = back
                held.append(parameter)
        return board
