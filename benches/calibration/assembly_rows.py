"""Functions with measured cycles, to be fitted too: rows of `boardless validate --assembly`'s catalogues."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benches.assembly.reader import AssemblyCatalog, AssemblyRow
from benches.assembly.run import AssemblyResult, call_row, find_elf, fit_offsets
from benches.calibration.forward import ReadyMachines, figures
from emulator.board.model import Board
from emulator.errors import UsageError


class AssemblyRows:
    """The rows of a board; their functions are called on boards with other parameters.

    Raises UsageError when the catalogue has none of this board, or an ELF is in none of the folders.
    """

    def __init__(self, catalog: AssemblyCatalog, folders: Sequence[Path], board: Board) -> None:
        names = {board.name, board.file, Path(board.file).name}
        self._rows = tuple(row for row in catalog.rows if row.board in names)
        if not self._rows:
            raise UsageError(
                f"no row is of {board.name}",
                where=str(catalog.folder),
                next_step=f"in the catalogue `board` is {board.name} or the file's name",
            )
        self._known: dict[tuple[object, ...], tuple[float, ...]] = {}
        self._machines: dict[str, ReadyMachines] = {}
        self._places = tuple(self._place(row, (catalog.folder, *folders)) for row in self._rows)

    def _place(self, row: AssemblyRow, folders: Sequence[Path]) -> ReadyMachines:
        path = find_elf(row.elf, folders)
        if path is None:
            raise UsageError(
                f"{row.elf} is in none of the folders", next_step="name its folder with --images"
            )
        return self._machines.setdefault(str(path), ReadyMachines(path))

    @property
    def titles(self) -> tuple[str, ...]:
        """A line for each row."""
        return tuple(row.title for row in self._rows)

    @property
    def published_cycles(self) -> tuple[float, ...]:
        """What was measured."""
        return tuple(row.published_cycles for row in self._rows)

    def cycles(self, board: Board) -> tuple[float, ...]:
        """What the model gives, offsets of the harness on top, those to be fitted for this very board."""
        key = figures(board)
        if key not in self._known:
            self._known[key] = self._called(board)
        return self._known[key]

    def _called(self, board: Board) -> tuple[float, ...]:
        results = [
            call_row(machines.machine(board), row)
            for row, machines in zip(self._rows, self._places, strict=True)
        ]
        return tuple(_modelled(result) for result in fit_offsets(results))


def _modelled(result: AssemblyResult) -> float:
    return float(result.modelled_cycles or 0)
