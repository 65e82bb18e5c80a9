"""What a what-if changes, as the user writes it: ``flash.wait_states=2``, ``icache.size=8K``, ``80MHz``.

A parameter that is given several values makes a sweep: one set of changes for each of them, and
for several such parameters one for each combination.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from emulator.board.model import Accelerator, Board
from emulator.board.parameter_checks import (
    accelerator_parameter_names,
    check_accelerator,
    check_core_parameters,
    check_region,
    core_parameter_names,
)
from emulator.errors import BoardError, UsageError

SIDES = {"icache": "instruction", "dcache": "data"}
CACHE_WORDS = ("size", "ways", "enabled")
SCALES = {"": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20}
HERTZ = {"hz": 1, "khz": 1_000, "mhz": 1_000_000, "ghz": 1_000_000_000}
HIGHEST_HERTZ = 4_000_000_000
SWITCH = {"on": 1, "off": 0}


@dataclass(frozen=True, slots=True)
class Changes:
    """What is changed: a board, and accelerator parameters that the firmware may not set back."""

    texts: tuple[str, ...]
    board: Board
    pins: dict[str, dict[str, int]] = field(default_factory=dict)


def parse_hertz(text: str) -> int:
    """``"80MHz"`` in hertz. Raises :class:`UsageError`: the unit must be there."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([kmg]?hz)?", text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is not a frequency", where="--clock", next_step="Write it as 80MHz.")
    if match[2] is None:
        raise UsageError(
            f"{text!r} has no unit",
            where="--clock",
            next_step=f"Write {text.strip()}MHz, or {text.strip()}Hz.",
        )
    hertz = round(float(match[1]) * HERTZ[match[2]])
    if not 0 < hertz <= HIGHEST_HERTZ:
        raise UsageError(
            f"{text!r} is no core clock",
            where="--clock",
            next_step=f"Give one from 1Hz to {HIGHEST_HERTZ // HERTZ['ghz']}GHz, such as 80MHz.",
        )
    return hertz


def parse_changes(texts: Sequence[str], board: Board) -> tuple[Changes, ...]:
    """``("flash.wait_states=2", "icache.size=8K")`` for a board: the sets of changes to try.

    Parameters with one value are in every set; those with several make one set for each
    combination, in the order in which they were written. Raises :class:`UsageError`.
    """
    values: dict[tuple[str, str], list[str]] = {}
    for text in texts:
        match = re.fullmatch(r"(\w+)\.(\w+)=(\w+)", text.replace(" ", ""))
        if match is None:
            raise _error(text, "it is not of the form NAME.PARAMETER=VALUE", board)
        written = values.setdefault((match[1], match[2]), [])
        if match[3] not in written:
            written.append(match[3])
    return tuple(_changes(board, combination) for combination in _combinations(values))


def _combinations(values: dict[tuple[str, str], list[str]]) -> Iterator[list[tuple[str, str, str]]]:
    for words in itertools.product(*values.values()):
        if words:
            yield [(*key, word) for key, word in zip(values, words, strict=True)]


def _changes(board: Board, combination: Sequence[tuple[str, str, str]]) -> Changes:
    changes = Changes(tuple(f"{name}.{parameter}={word}" for name, parameter, word in combination), board)
    for text, (name, parameter, word) in zip(changes.texts, combination, strict=True):
        changes = _change(changes, text, name, parameter, _value(text, word, board))
    try:
        _check(changes, board)
    except BoardError as error:
        where = f"{' '.join(changes.texts)}: {error.where}"
        raise UsageError(error.what, where=f"--what-if {where}", next_step=error.next_step) from error
    return changes


def _check(changes: Changes, before: Board) -> None:
    """Raise BoardError for a value that a board file could not have either."""
    for accelerator in before.accelerators:
        pins = changes.pins.get(accelerator.name, {})
        check_accelerator(replace(accelerator, parameters={**accelerator.parameters, **pins}))
    check_core_parameters(before.core, changes.board.core_parameters)
    for region in changes.board.regions:
        if region not in before.regions:
            check_region(region)


def _value(text: str, word: str, board: Board) -> int:
    if word.lower() in SWITCH:
        return SWITCH[word.lower()]
    match = re.fullmatch(r"(0x[0-9a-f]+|[0-9]+)(kb?|mb?)?", word.lower())
    if match is None:
        raise _error(text, f"{word!r} is not a number, a size such as 8K, on or off", board)
    return int(match[1], 0) * SCALES[match[2] or ""]


def _change(changes: Changes, text: str, name: str, parameter: str, value: int) -> Changes:
    board = changes.board
    accelerator = next((a for a in board.accelerators if a.name == name), None)
    if accelerator is not None:
        if parameter not in accelerator_parameter_names(accelerator.kind):
            raise _error(text, f"{name} has no parameter {parameter}", board)
        return _pinned(changes, name, {parameter: value})
    if name in SIDES:
        return _cache_change(changes, text, SIDES[name], parameter, value)
    if name == "core":
        if parameter not in core_parameter_names(board.core):
            raise _error(text, f"the core of {board.name} has no parameter {parameter}", board)
        parameters = {**board.core_parameters, parameter: value}
        return replace(changes, board=replace(board, core_parameters=parameters))
    region = next((r for r in board.regions if r.name == name), None)
    if region is None or parameter != "wait_states":
        raise _error(text, f"{board.name} has no {name}.{parameter}", board)
    if region.accelerator or region.alias_of:
        behind = region.accelerator or region.alias_of
        raise _error(text, f"{name} is behind {behind}: write {behind}.wait_states", board)
    regions = tuple(replace(r, wait_states=value) if r.name == name else r for r in board.regions)
    return replace(changes, board=replace(board, regions=regions))


def _cache_change(changes: Changes, text: str, side: str, parameter: str, value: int) -> Changes:
    board = changes.board
    found = _with_cache(board, side)
    if found is None:
        raise _error(text, f"{board.name} has no {side} cache", board)
    if parameter not in CACHE_WORDS:
        raise _error(text, f"a cache has {', '.join(CACHE_WORDS)}", board)
    if parameter == "enabled":
        return _pinned(changes, found.name, {f"{side}_cache": value})
    if parameter == "ways":
        return _pinned(changes, found.name, {f"{side}_ways": value})
    values = {**found.parameters, **changes.pins.get(found.name, {})}
    line_bytes = max(values.get("line_bytes", 0), values.get("read_bytes", 8))
    lines = value // line_bytes
    ways = values.get(f"{side}_ways", lines)
    sets = lines // max(1, min(ways, lines))
    if lines < 1 or value % line_bytes or sets & (sets - 1) or lines % sets:
        raise _error(text, f"{value} bytes are not a power of two of sets of {line_bytes}-byte lines", board)
    return _pinned(changes, found.name, {f"{side}_lines": lines})


def _with_cache(board: Board, side: str) -> Accelerator | None:
    """The accelerator whose cache of that side is meant: the core's own before the flash's."""
    found = [a for a in board.accelerators if a.parameters.get(f"{side}_lines")]
    return next((a for a in found if a.kind == "l1"), found[0] if found else None)


def _pinned(changes: Changes, name: str, parameters: dict[str, int]) -> Changes:
    pins = {**changes.pins, name: {**changes.pins.get(name, {}), **parameters}}
    return replace(changes, pins=pins)


def _error(text: str, what: str, board: Board) -> UsageError:
    names = [f"{a.name}.{parameter}" for a in board.accelerators for parameter in a.parameters]
    names += [f"{r.name}.wait_states" for r in board.regions if not r.accelerator and not r.alias_of]
    names += [f"{word}.size" for word, side in SIDES.items() if _with_cache(board, side)]
    names += [f"core.{parameter}" for parameter in core_parameter_names(board.core)]
    return UsageError(what, where=f"--what-if {text}", next_step=f"{board.name} has: {', '.join(names)}.")
