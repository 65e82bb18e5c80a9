"""What a board file says of its memories, as coordinates that a search can move along.

A parameter knows its key in the TOML, the values that are tried, and the board that has another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.board.model import Accelerator, Board
from emulator.board.parameter_checks import (
    accelerator_parameter_names,
    check_accelerator,
    check_core_parameters,
    core_parameter_names,
)
from emulator.errors import BoardError
from emulator.timing.cores.registry import MODELS
from emulator.timing.memory.memory_system import KINDS

FULL = 0
"""Ways of a cache that has as many as lines: the board file says nothing."""
SWITCH = (0, 1)
SIZES = tuple(1 << power for power in range(12))

ACCELERATOR_VALUES: Mapping[str, tuple[int, ...]] = {
    "instruction_cache": SWITCH,
    "data_cache": SWITCH,
    "instruction_lines": (*range(1, 8), *SIZES[3:]),
    "data_lines": (*range(1, 8), *SIZES[3:]),
    "instruction_ways": (FULL, 1, 2, 4, 8),
    "data_ways": (FULL, 1, 2, 4, 8),
    "wait_states": tuple(range(16)),
    "bus_cycles": tuple(range(32)),
    "line_bytes": (4, 8, 16, 32, 64, 128),
    "read_bytes": (4, 8, 16, 32, 64),
    "prefetch": SWITCH,
}
"""In the order in which they are tried: what a cache holds shows without knowing what a miss costs."""
CORE_VALUES: Mapping[str, tuple[int, ...]] = {
    "other_memory": tuple(range(9)),
    "leave_flash": tuple(range(9)),
    "multiplier": (1, 32),
    "same_base_hides": SWITCH,
    "static_prediction": SWITCH,
    "unaligned_load": tuple(range(9)),
}
REGION_WAIT_STATES = tuple(range(16))
FIRST_LOAD_CYCLES = tuple(range(9))
NUMERIC = ("wait_states", "bus_cycles", "other_memory", "leave_flash", "unaligned_load", "first_load_cycles")
"""Those of which a cycle more costs about a cycle more: solved for together."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One key of a board file. ``table``: ``"accelerators.flash.parameters"``; ``values``: what is tried."""

    table: str
    name: str
    values: tuple[int, ...]

    @property
    def key(self) -> str:
        """The whole key."""
        return f"{self.table}.{self.name}"

    @property
    def numeric(self) -> bool:
        """A cycle more of it costs about a cycle more."""
        return self.name in NUMERIC

    def of(self, board: Board) -> int:
        """Its value on a board, defaults included."""
        kind, _, rest = self.table.partition(".")
        if kind == "accelerators":
            accelerator = next(a for a in board.accelerators if a.name == rest.partition(".")[0])
            return accelerator_value(accelerator, self.name)
        if kind == "regions":
            return int(getattr(next(r for r in board.regions if r.name == rest), self.name))
        return core_value(board, self.name)

    def on(self, board: Board, value: int) -> Board | None:
        """The board with another value; None when no board can have it."""
        kind, _, rest = self.table.partition(".")
        try:
            if kind == "accelerators":
                return _with_accelerator(board, rest.partition(".")[0], self.name, value)
            if kind == "regions":
                changed: dict[str, Any] = {self.name: value}
                regions = tuple(replace(r, **changed) if r.name == rest else r for r in board.regions)
                return replace(board, regions=regions)
            parameters = {**board.core_parameters, self.name: value}
            if self.name == "other_memory" and not value:
                parameters.pop("leave_flash", None)
            check_core_parameters(board.core, parameters)
        except BoardError:
            return None
        return replace(board, core_parameters=parameters)


def variants(board: Board, parameter: Parameter, value: int) -> Iterator[Board]:
    """Boards with the value: all else as it is, and with what has to go along for a cache of the same size.

    A cache of longer lines has fewer, one of more ways has more; a line is no shorter than a read.
    """
    changed = parameter.on(board, value)
    if changed is not None:
        yield changed
    kind, _, rest = parameter.table.partition(".")
    if kind != "accelerators" or not value:
        return
    which, _, _ = rest.partition(".")
    accelerator = next(a for a in board.accelerators if a.name == which)
    now = accelerator.parameters
    together = {parameter.name: value}
    if parameter.name in ("read_bytes", "line_bytes"):
        line_bytes = accelerator_value(accelerator, "line_bytes")
        longer = max(value, line_bytes) if parameter.name == "read_bytes" else value
        if "line_bytes" in now:
            together["line_bytes"] = longer
        for lines in ("instruction_lines", "data_lines"):
            if now.get(lines):
                together[lines] = max(1, now[lines] * line_bytes // longer)
    elif parameter.name.endswith("_ways") and now.get(parameter.name):
        lines = parameter.name.replace("_ways", "_lines")
        together[lines] = max(1, now[lines] * value // now[parameter.name])
    if len(together) > 1:
        moved = _with_parameters(board, which, together)
        if moved is not None:
            yield moved


def _with_parameters(board: Board, which: str, parameters: Mapping[str, int]) -> Board | None:
    changed = tuple(
        replace(a, parameters={**a.parameters, **parameters}) if a.name == which else a
        for a in board.accelerators
    )
    try:
        for accelerator in changed:
            check_accelerator(accelerator)
    except BoardError:
        return None
    return replace(board, accelerators=changed)


def accelerator_value(accelerator: Accelerator, name: str) -> int:
    """A parameter's value, defaults included."""
    values = KINDS[accelerator.kind].parameters.completed(accelerator.parameters)
    if name in values:
        return int(values[name])
    return int(values["read_bytes"]) if name == "line_bytes" else FULL


def core_value(board: Board, name: str) -> int:
    """A parameter's value, defaults included."""
    given = board.core_parameters.get(name)
    if given is not None:
        return given
    if name == "leave_flash":
        return board.core_parameters.get("other_memory", 0)
    return int(getattr(MODELS[board.core].parameters(), name))


def _with_accelerator(board: Board, which: str, name: str, value: int) -> Board | None:
    if name.endswith("_ways") and value == FULL:
        changed = tuple(
            replace(a, parameters={n: v for n, v in a.parameters.items() if n != name})
            if a.name == which
            else a
            for a in board.accelerators
        )
        return replace(board, accelerators=changed)
    return _with_parameters(board, which, {name: value})


def with_caches(board: Board) -> Board:
    """The board with a line in each cache that its accelerators may have and it does not describe."""
    accelerators: list[Accelerator] = []
    for accelerator in board.accelerators:
        names = accelerator_parameter_names(accelerator.kind)
        lines = {
            f"{side}_lines": 1
            for side in ("instruction", "data")
            if f"{side}_lines" in names and not accelerator.parameters.get(f"{side}_lines")
        }
        shared = accelerator.kind == "l1" and any(a.kind == "l1" for a in accelerators)
        own = {} if shared else lines
        accelerators.append(replace(accelerator, parameters={**accelerator.parameters, **own}))
    return replace(board, accelerators=tuple(accelerators))


def parameters_of(board: Board) -> tuple[Parameter, ...]:
    """All that can be said of this board's memories, the coarse before the fine."""
    return (*_of_accelerators(board), *_of_regions(board), *_of_core(board))


def _of_accelerators(board: Board) -> Iterator[Parameter]:
    first_l1 = next((a.name for a in board.accelerators if a.kind == "l1"), "")
    for accelerator in board.accelerators:
        names = accelerator_parameter_names(accelerator.kind)
        fixed = {"line_bytes"} if accelerator.kind == "l1" else set()
        if accelerator.kind == "l1" and accelerator.name != first_l1:  # its caches are the first's
            fixed |= {name for name in names if name.startswith(("instruction_", "data_"))}
        for name, values in ACCELERATOR_VALUES.items():
            if name in names and name not in fixed:
                yield Parameter(f"accelerators.{accelerator.name}.parameters", name, values)


def _of_regions(board: Board) -> Iterator[Parameter]:
    for region in board.regions:
        if region.alias_of or region.kind not in ("flash", "ram"):
            continue
        if not board.accelerator_of(region):
            yield Parameter(f"regions.{region.name}", "wait_states", REGION_WAIT_STATES)
        if "other_memory" in core_parameter_names(board.core):
            yield Parameter(f"regions.{region.name}", "first_load_cycles", FIRST_LOAD_CYCLES)


def _of_core(board: Board) -> Iterator[Parameter]:
    names = core_parameter_names(board.core)
    for name, values in CORE_VALUES.items():
        if name in names:
            yield Parameter("core_parameters", name, values)
