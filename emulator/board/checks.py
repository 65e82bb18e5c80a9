"""Checks of a whole board: what no single key shows.

Each problem is raised as a :class:`BoardError` that a caller-given function makes from
the dotted key, the reason and the next step; the caller knows which file holds the key.
"""

from __future__ import annotations

import difflib
import importlib
import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, cast

from emulator.board.model import Board
from emulator.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.device import Device, DeviceContext

CORES = {
    "cortex-m0": ("none",),
    "cortex-m0plus": ("none",),
    "cortex-m3": ("none",),
    "cortex-m4": ("none", "single"),
    "cortex-m7": ("none", "single", "double"),
    "cortex-m33": ("none", "single"),
}
REGION_KINDS = ("flash", "ram", "rom")
PAGE_BYTES = 0x1000
ADDRESS_SPACE_BYTES = 1 << 32
SYSTEM_AREAS = (
    ("the core's ITM, DWT and FPB", 0xE0000000, 0xE0003000),
    ("the core's NVIC", 0xE000E000, 0xE000F000),
)
MAX_INTERRUPTS = 480


class MakeError(Protocol):
    """Makes the error for a key; the caller knows the key's file."""

    def __call__(self, key: str, what: str, next_step: str = "") -> BoardError:
        """Build, don't raise."""


def suggest(word: str, known: Iterable[str]) -> str:
    """Name a near miss as ``"; did you mean 'x'?"``, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def device_class(type_path: str) -> Callable[[DeviceContext], Device]:
    """Import the class behind ``"package.module:Class"``.

    Raises :class:`BoardError` when the module or the class does not exist.
    """
    module_name, colon, class_name = type_path.partition(":")
    if not (module_name and colon and class_name):
        raise BoardError(f"{type_path!r} is not of the form package.module:Class")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise BoardError(f"device type {type_path!r} can't be imported: {error}") from error
    if not hasattr(module, class_name):
        known = [name for name in vars(module) if isinstance(vars(module)[name], type)]
        raise BoardError(f"module {module_name} has no class {class_name!r}{suggest(class_name, known)}")
    return cast("Callable[[DeviceContext], Device]", getattr(module, class_name))


def check_board(board: Board, error: MakeError) -> None:
    """Raise the first problem found."""
    _check_core(board, error)
    _check_regions(board, error)
    _check_devices(board, error)
    _check_overlaps(board, error)


def _check_core(board: Board, error: MakeError) -> None:
    if board.core not in CORES:
        raise error(
            "core", f"unknown core {board.core!r}{suggest(board.core, CORES)}", f"known: {', '.join(CORES)}"
        )
    if board.fpu not in CORES[board.core]:
        raise error(
            "fpu", f"{board.core} can't have {board.fpu!r}", f"one of: {', '.join(CORES[board.core])}"
        )
    if board.reset_hz == 0:
        raise error(
            "reset_hz", "a clock of 0 Hz never ticks", "give the core's frequency after reset in hertz"
        )
    if not 2 <= board.priority_bits <= 8:
        raise error("priority_bits", f"Cortex-M has 2 to 8 priority bits, not {board.priority_bits}")
    if not 0 < board.interrupts <= MAX_INTERRUPTS:
        raise error("interrupts", f"must be 1 to {MAX_INTERRUPTS} lines, not {board.interrupts}")
    if board.region_at(board.vector_table) is None:
        raise error(
            "vector_table",
            f"0x{board.vector_table:08x} lies in no region",
            "the core reads SP and PC from there at reset",
        )


def _check_regions(board: Board, error: MakeError) -> None:
    regions = {region.name: region for region in board.regions}
    accelerators = [accelerator.name for accelerator in board.accelerators]
    for region in board.regions:
        key = f"regions.{region.name}"
        if region.alias_of:
            original = regions.get(region.alias_of)
            if original is None or original.alias_of:
                raise error(
                    f"{key}.alias_of",
                    f"no region {region.alias_of!r} to be an alias of{suggest(region.alias_of, regions)}",
                )
            if region.size_bytes > original.size_bytes:
                raise error(f"{key}.size_bytes", f"the alias is larger than {region.alias_of!r}")
        if region.kind not in REGION_KINDS:
            raise error(f"{key}.kind", f"unknown kind {region.kind!r}", f"one of: {', '.join(REGION_KINDS)}")
        if region.base % PAGE_BYTES or region.size_bytes % PAGE_BYTES or not region.size_bytes:
            raise error(f"{key}.base", "base and size must be multiples of 4 KiB, and the size not 0")
        if region.end > ADDRESS_SPACE_BYTES:
            raise error(f"{key}.size_bytes", "the region ends beyond 4 GiB")
        if region.accelerator and region.accelerator not in accelerators:
            raise error(
                f"{key}.accelerator",
                f"no accelerator {region.accelerator!r}{suggest(region.accelerator, accelerators)}",
                f"known in this board: {', '.join(accelerators) or 'none'}",
            )


def _check_devices(board: Board, error: MakeError) -> None:
    names = [device.name for device in board.devices]
    if board.console not in names:
        raise error(
            "console",
            f"no device {board.console!r}{suggest(board.console, names)}",
            f"devices: {', '.join(names)}",
        )
    for device in board.devices:
        key = f"devices.{device.name}"
        for line, number in device.interrupts.items():
            if number >= board.interrupts:
                raise error(
                    f"{key}.interrupts",
                    f"{line} = {number}, but the board has lines 0 to {board.interrupts - 1}",
                )
        if not device.size_bytes or device.base + device.size_bytes > ADDRESS_SPACE_BYTES:
            raise error(f"{key}.size_bytes", "the device is empty or ends beyond 4 GiB")
        try:
            device_class(device.type)
        except BoardError as cause:
            raise error(
                f"{key}.type", cause.what, "write it as package.module:Class, importable from here"
            ) from cause


def _check_overlaps(board: Board, error: MakeError) -> None:
    spans = [(r.base, r.end, f"regions.{r.name}") for r in board.regions]
    spans += [(d.base, d.base + d.size_bytes, f"devices.{d.name}") for d in board.devices]
    spans += [(start, end, name) for name, start, end in SYSTEM_AREAS]
    spans.sort()
    for (start, end, name), (next_start, next_end, next_name) in itertools.pairwise(spans):
        if next_start < end:
            key = next_name if "." in next_name else name
            raise error(
                f"{key}.base",
                f"{next_name} (0x{next_start:08x}-0x{next_end - 1:08x}) overlaps"
                f" {name} (0x{start:08x}-0x{end - 1:08x})",
                "move one of them, or take the inherited one away with remove = [...]",
            )
