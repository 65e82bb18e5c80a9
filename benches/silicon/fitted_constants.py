"""The constants that were fitted, as data: where each stands, what it may be, which rows decided.

``fitted_constants.toml`` beside this file has them and says what its keys mean. A key of a board is
dotted, as in a board file: ``accelerators.flash.bus_cycles``, ``regions.sram3.first_load_cycles``,
``core_parameters.other_memory``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

from emulator.board.model import Board
from emulator.board.parameter_checks import core_parameter_names
from emulator.board.reader import load_board
from emulator.errors import BoardError
from emulator.schema.checks import read_table
from emulator.timing.cores.registry import MODELS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "fitted_constants.toml"
ACCELERATORS, REGIONS, CORE = "accelerators", "regions", "core_parameters"


@dataclass(frozen=True, slots=True)
class FittedConstant:
    """One constant.

    ``places``: by board the keys where it stands; ``values``: what a refit may choose from, empty when
    no published image had a part in it.
    """

    name: str
    granularity: str
    how: str
    fitted_to: tuple[str, ...]
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: tuple[int, ...] = ()

    @property
    def is_refitted(self) -> bool:
        """Whether published images decided about it."""
        return bool(self.values)

    def stands_on(self, board: Board) -> bool:
        """Whether the board has it."""
        return board.name in self.places

    def value_on(self, board: Board) -> int:
        """Its value as the board file has it. Raises BoardError when its places there differ, or are none."""
        values = {parameter_of(board, key) for key in self.places[board.name]}
        if len(values) != 1:
            raise BoardError(
                f"{self.name} has several values: {sorted(values)}",
                where=f"{board.file}: {', '.join(self.places[board.name])}",
                next_step=f"make them equal, or declare two constants in {FILE}",
            )
        return values.pop()


def fitted_constants() -> tuple[FittedConstant, ...]:
    """All that are declared."""
    text = resources.files("benches.silicon").joinpath(FILE).read_text(encoding="utf-8")
    return tuple(_constant(entry) for entry in tomllib.loads(text)["constant"])


def _constant(entry: Mapping[str, Any]) -> FittedConstant:
    return FittedConstant(
        entry["name"],
        entry["granularity"],
        entry["how"],
        tuple(entry["fitted_to"]),
        {board: tuple(keys) for board, keys in entry["places"].items()},
        tuple(entry.get("values", ())),
    )


def parameter_of(board: Board, key: str) -> int:
    """The value under a dotted key, its default when the file does not have it. Raises BoardError."""
    match key.split("."):
        case [str(room), str(name), str(parameter)] if room == ACCELERATORS:
            for accelerator in board.accelerators:
                if accelerator.name == name and parameter in accelerator.parameters:
                    return accelerator.parameters[parameter]
        case [str(room), str(name), str(parameter)] if room == REGIONS:
            for region in board.regions:
                if region.name == name:
                    return int(getattr(region, parameter))
        case [str(room), str(parameter)] if room == CORE and parameter in core_parameter_names(board.core):
            declared = read_table(MODELS[board.core].parameters, board.core_parameters, CORE)
            return int(getattr(declared, parameter))
    raise BoardError("there is no such key", where=f"{board.file}: {key}", next_step="see docs/board-file.md")


def with_parameter(board: Board, key: str, value: int) -> Board:
    """The board with another value under a dotted key that it has."""
    room, *rest = key.split(".")
    if room == CORE:
        return replace(board, core_parameters={**board.core_parameters, rest[0]: value})
    name, parameter = rest
    if room == REGIONS:
        changes: dict[str, Any] = {parameter: value}
        regions = (replace(r, **changes) if r.name == name else r for r in board.regions)
        return replace(board, regions=tuple(regions))
    accelerators = (
        replace(a, parameters={**a.parameters, parameter: value}) if a.name == name else a
        for a in board.accelerators
    )
    return replace(board, accelerators=tuple(accelerators))


def with_values(board: Board, constants: Sequence[FittedConstant], values: Sequence[int]) -> Board:
    """The board with these values of constants that stand on it. Raises BoardError for an impossible one."""
    for constant, value in zip(constants, values, strict=True):
        for key in constant.places[board.name]:
            board = with_parameter(board, key, value)
    read_table(MODELS[board.core].parameters, board.core_parameters, CORE)
    return board


def values_as_they_are(constants: Iterable[FittedConstant]) -> dict[str, int]:
    """By name the values that the boards' files have. Raises BoardError when a constant has several."""
    values: dict[str, int] = {}
    for constant in constants:
        on_boards = {board: constant.value_on(load_board(board)) for board in constant.places}
        if len(set(on_boards.values())) != 1:
            raise BoardError(
                f"{constant.name} differs from board to board: {on_boards}",
                where=FILE,
                next_step="make the boards equal, or declare a constant for each",
            )
        values[constant.name] = next(iter(on_boards.values()))
    return values
