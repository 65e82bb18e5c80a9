"""A calibration from beginning to end: what was found, how surely, and what remains of each kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from benches.calibration.assembly_rows import AssemblyRows
from benches.calibration.counts import EMPTY, CountSet
from benches.calibration.forward import ForwardModel, check_same_image, figures
from benches.calibration.parameters import SWITCH, Parameter, parameters_of, with_caches
from benches.calibration.search import LEAST_CYCLES, SAME, Search
from emulator.board.model import Board

ASSEMBLY = "assembly"
MOST_TIES = 12
"""Boards that count the same, to be told of."""


@dataclass(frozen=True, slots=True)
class Found:
    """A parameter's value, and which others count as well.

    ``same``: other values, all else as it is, with which the kernels count the same: the value itself
    is not determined. ``together``: those with which they do when others change too.
    ``costs``: by how much the error grows with the nearest other value.
    """

    parameter: Parameter
    value: int
    before: int
    kept: bool
    same: tuple[int, ...]
    together: tuple[int, ...]
    costs: float

    @property
    def determined(self) -> bool:
        """No other value counts as well."""
        return not self.same and not self.together and not self.kept


@dataclass(frozen=True, slots=True)
class Residual:
    """One kernel: cycles of one run as measured and as modelled, an empty kernel's taken off."""

    title: str
    kernel: str
    measured: float
    modelled: float
    spread: int

    @property
    def error(self) -> float:
        """Relative, of what was measured."""
        return (self.modelled - self.measured) / max(self.measured, LEAST_CYCLES)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found. ``error``: the mean of the residuals' absolute values; ``error_before``: the file's."""

    board: Board
    found: tuple[Found, ...]
    residuals: tuple[Residual, ...]
    error: float
    error_before: float
    runs: int


def calibrate(
    board: Board,
    measured: CountSet,
    model: ForwardModel,
    *,
    assembly: AssemblyRows | None = None,
    kept: Iterable[str] = (),
    progress: Callable[[str], None] = lambda _line: None,
) -> Calibration:
    """Find the parameters of ``board`` with which ``model`` counts what was ``measured``.

    ``assembly``: functions whose measured cycles are to come out too. ``kept``: keys of parameters that
    are known. Raises UsageError for counts of another firmware.
    """
    check_same_image(measured, model.counts(board))
    start = with_caches(board)
    known = [p for p in parameters_of(start) if p.key in set(kept)]
    counted = [c.kernel != EMPTY for c in measured.counts]
    cycles, further = measured.kernel_cycles(), () if assembly is None else assembly.published_cycles

    def modelled_cycles(other: Board) -> tuple[float, ...]:
        return (*model.kernel_cycles(other), *(() if assembly is None else assembly.cycles(other)))

    used = [*counted, *(True for _ in further)]
    search = Search(modelled_cycles, (*cycles, *further), used, known, progress)
    best = search.run(start)
    found = tuple(_found(search, best, start, known))
    modelled = model.counts(best)
    residuals = tuple(
        Residual(count.title, count.kernel, cycles, own, count.spread)
        for count, cycles, own in zip(
            measured.counts, measured.kernel_cycles(), modelled.kernel_cycles(), strict=True
        )
        if count.kernel != EMPTY
    )
    if assembly is not None:
        rows = zip(assembly.titles, further, assembly.cycles(best), strict=True)
        residuals += tuple(Residual(title, ASSEMBLY, cycles, own, 0) for title, cycles, own in rows)
    return Calibration(best, found, residuals, search.error(best), search.error(start), model.runs)


def _found(search: Search, board: Board, start: Board, kept: Sequence[Parameter]) -> Iterator[Found]:
    """Each parameter, and which other values would count as well."""
    alone = {p: {} if p in kept else dict(_beside(search, board, p)) for p in parameters_of(board)}
    _look_for_ties(search, board)
    ties = [b for b, error in search.seen.values() if error <= search.error(board) + SAME]
    for parameter, errors in alone.items():
        value = parameter.of(board)
        same = tuple(sorted(v for v, e in errors.items() if e <= search.error(board) + SAME))
        among = {parameter.of(b) for b in ties} - {value, *same}
        costs = min((e for v, e in errors.items() if v not in same), default=0.0) - search.error(board)
        yield Found(
            parameter,
            value,
            parameter.of(start),
            parameter in kept,
            same,
            tuple(sorted(among)),
            max(0.0, costs),
        )


def _beside(search: Search, board: Board, parameter: Parameter) -> Iterator[tuple[int, float]]:
    """Other values and their errors: of waits the next ones, of others all."""
    value = parameter.of(board)
    near = (value - 1, value + 1) if parameter.numeric else parameter.values
    for other in near:
        if other in parameter.values and other != value:
            moved = parameter.on(board, other)
            if moved is not None:
                yield other, search.error(moved)


def _look_for_ties(search: Search, board: Board) -> None:
    """Have boards run that may count the same: one trade or one switch away from one that does."""
    error = search.error(board)
    waiting, met = [board], {figures(board)}
    while waiting and len(met) <= MOST_TIES:
        at = waiting.pop(0)
        for other in (*_trades(at), *_switched(search, at)):
            same = search.movable(at, other) and search.error(other) <= error + SAME
            if same and figures(other) not in met:
                met.add(figures(other))
                waiting.append(other)


def _switched(search: Search, board: Board) -> Iterator[Board]:
    for parameter in search.free(board):
        if parameter.values == SWITCH:
            moved = parameter.on(board, 1 - parameter.of(board))
            if moved is not None:
                yield moved


def _trades(board: Board) -> Iterator[Board]:
    """Boards on which a memory takes a cycle less and the way to it a cycle more, and the other way round."""
    by_key = {p.key: p for p in parameters_of(board)}
    for accelerator in board.accelerators:
        table = f"accelerators.{accelerator.name}.parameters"
        wait, bus = by_key.get(f"{table}.wait_states"), by_key.get(f"{table}.bus_cycles")
        if wait is None or bus is None:
            continue
        for step in (1, -1):
            values = wait.of(board) + step, bus.of(board) - step
            if values[0] in wait.values and values[1] in bus.values:
                moved = wait.on(board, values[0])
                moved = moved and bus.on(moved, values[1])
                if moved is not None:
                    yield moved
