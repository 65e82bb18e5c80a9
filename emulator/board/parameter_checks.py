"""Checks of single parameters: those of a board file, and of whatever is laid over a board later.

For a change to a loaded board (a what-if, a sweep), with the very checks of the board file:

* :func:`check_accelerator` takes the accelerator as it would be, all changes laid over its
  parameters (``replace(accelerator, parameters={**accelerator.parameters, **changes})``);
* :func:`check_core_parameters` takes all ``core_parameters`` as they would be;
* :func:`check_region` takes a region as it would be (its ``wait_states``, say);
* :func:`accelerator_parameter_names` and :func:`core_parameter_names` say what there is.

All raise :class:`BoardError` with the dotted key, the reason, the nearest known key and the next
step; the ``*_problems`` functions give all problems instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from emulator.board.model import Accelerator, Region
from emulator.board.schema import RegionTable
from emulator.errors import BoardError
from emulator.schema.checks import problems_of, unknown_key
from emulator.schema.table import Problem, field_names
from emulator.schema.words import suggest
from emulator.timing.cores.registry import MODELS
from emulator.timing.memory.memory_system import KINDS


def accelerator_parameter_names(kind: str) -> tuple[str, ...]:
    """The parameters of accelerators of this kind, such as ``wait_states``; none of an unknown kind."""
    return field_names(KINDS[kind].parameters) if kind in KINDS else ()


def core_parameter_names(core: str) -> tuple[str, ...]:
    """What ``[core_parameters]`` of a board with this core may hold, such as ``multiplier``."""
    return field_names(MODELS[core].parameters)


def check_accelerator(accelerator: Accelerator) -> None:
    """Raise BoardError for an unknown kind or parameter, a value out of range, an impossible cache."""
    _raise_first(accelerator_problems(accelerator))


def check_core_parameters(core: str, parameters: Mapping[str, object]) -> None:
    """Raise BoardError when this core has no such parameter, it can't have this value, or lacks a partner."""
    _raise_first(core_parameter_problems(core, parameters))


def check_region(region: Region) -> None:
    """Raise BoardError for a value that a region can't have, such as 256 wait states."""
    entry = {k: v for k, v in dataclasses.asdict(region).items() if k in field_names(RegionTable) and v != ""}
    if not region.wait_states:
        del entry["wait_states"]
    entry["contents"] = region.contents.hex()
    if not region.contents:
        del entry["contents_at"]
    _raise_first([problem.below(f"regions.{region.name}") for problem in problems_of(RegionTable, entry)])


def accelerator_problems(accelerator: Accelerator) -> list[Problem]:
    """All problems of an accelerator, by dotted keys of the board file."""
    kind = KINDS.get(accelerator.kind)
    if kind is None:
        near = suggest(accelerator.kind, KINDS)
        problem = Problem("kind", f"unknown kind {accelerator.kind!r}{near}", f"one of: {', '.join(KINDS)}")
        return [problem.below(f"accelerators.{accelerator.name}")]
    found = [problem.below("parameters") for problem in problems_of(kind.parameters, accelerator.parameters)]
    for name in accelerator.sources:
        if name not in accelerator.parameters and name not in field_names(kind.parameters):
            found.append(unknown_key(name, field_names(kind.parameters)).below("sources"))
    return [problem.below(f"accelerators.{accelerator.name}") for problem in found]


def core_parameter_problems(core: str, parameters: Mapping[str, object]) -> list[Problem]:
    """All problems of ``[core_parameters]``, by dotted keys of the board file."""
    return [p.below("core_parameters") for p in problems_of(MODELS[core].parameters, parameters)]


def _raise_first(problems: list[Problem]) -> None:
    if problems:
        problem = problems[0]
        raise BoardError(problem.what, where=problem.key, next_step=problem.next_step)
