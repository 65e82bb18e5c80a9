"""Board support packages: the folders of ``firmware/bsp`` that hold a ``bsp.toml``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from benches.build.toolchain import CORES
from emulator.board.model import Board, Region
from emulator.board.reader import load_board
from emulator.errors import BoardError, UsageError
from emulator.files import read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KEYS = {
    "title", "boards", "core", "sources", "calibration_sources", "origin", "memory", "console", "defines",
    "prebuilt", "audio_sources",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Memory:
    """A stretch of memory that the linker fills."""

    origin: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ConsoleClock:
    """What the console's UART makes its pace of: ``clock_hz`` times ``parts``, divided.

    ``least_divider`` to ``most_divider``, and a prescaler of up to ``most_prescaler`` before them.
    ``clock_hz`` 0: the board's own clock, which is not known yet.
    """

    clock_hz: int
    parts: int
    least_divider: int
    most_divider: int
    most_prescaler: int

    def slowest_baud(self) -> int:
        """Baud at the largest divider, rounded up."""
        return -(-self.clock_hz * self.parts // (self.most_divider * self.most_prescaler))

    def fastest_baud(self) -> int:
        """Baud at the smallest divider, rounded down."""
        return self.clock_hz * self.parts // self.least_divider


@dataclass(frozen=True, slots=True)
class BoardSupport:
    """A board support package.

    ``boards``: the emulated boards that the image runs on. ``sources``: C files, relative
    to the firmware folder; ``calibration_sources``: more of them for the calibration firmware.
    ``defines``: preprocessor constants for all of them. ``unmeasured``: memories that it leaves switched off.
    ``audio_sources``: more for streaming wake word, where an audio input is driven.
    ``prebuilt``: whether the package ships its images; others are built when they are wanted.
    """

    name: str
    title: str
    boards: tuple[str, ...]
    core: str
    sources: tuple[str, ...]
    flash: Memory
    ram: Memory
    stack_bytes: int
    console: ConsoleClock
    defines: Mapping[str, int]
    calibration_sources: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()
    prebuilt: bool = True
    audio_sources: tuple[str, ...] = ()

    def check_baud(self, baud: int) -> None:
        """Raise :class:`UsageError` for a pace that the console's clock can't be divided to."""
        slowest, fastest = self.console.slowest_baud(), self.console.fastest_baud()
        if not slowest <= baud <= fastest:
            raise UsageError(
                f"the console of {self.name} can't be divided to {baud} baud: from its clock of"
                f" {self.console.clock_hz} Hz it makes {slowest} to {fastest}",
                where="--baud",
                next_step="leave --baud away, or give one of these",
            )


def firmware_folder() -> Path:
    """Find the C sources: inside the installed package, or beside it in a checkout."""
    installed = Path(str(resources.files("benches"))) / "firmware"
    checkout = Path(str(resources.files("benches"))).parent / "firmware"
    folder = installed if installed.is_dir() else checkout
    if not (folder / "linker" / "firmware.ld").is_file():
        raise UsageError(
            "the firmware's C sources are not installed",
            where=str(folder),
            next_step="reinstall boardless, or run from a checkout of its repository",
        )
    return folder


def list_support() -> list[str]:
    """Names of the board support packages."""
    return sorted(path.parent.name for path in (firmware_folder() / "bsp").glob("*/bsp.toml"))


def load_support(name: str) -> BoardSupport:
    """Read a board support package by its own name or by a board's that it serves.

    Raises :class:`UsageError` for an unknown name, :class:`BoardError` for a damaged file.
    """
    packages = all_support()
    for package in packages:
        if package.name == name:
            return _with_clock(package, package.boards[0])
    for package in packages:
        if name in package.boards:
            return _with_clock(package, name)
    boards = sorted({board for package in packages for board in package.boards})
    raise UsageError(f"no board support package for {name!r}", next_step=f"known: {', '.join(boards)}")


def all_support() -> list[BoardSupport]:
    """All of them as their files have them, by name."""
    return [_read(firmware_folder() / "bsp" / name / "bsp.toml") for name in list_support()]


def _with_clock(package: BoardSupport, board: str) -> BoardSupport:
    """The package with the clock of a board for its console, if it has none of its own."""
    if package.console.clock_hz:
        return package
    return replace(package, console=replace(package.console, clock_hz=load_board(board).nominal_hz))


def support_for(board: Board) -> BoardSupport:
    """Find the package for any board, also for a user's own copy of a shipped board.

    A board that no package names takes the package of a shipped board with the same devices
    at the same addresses and the same console, if possible of the same core. Raises :class:`UsageError`.
    """
    packages = all_support()
    for package in packages:
        if board.name in (package.name, *package.boards):
            return _with_clock(package, package.boards[0])
    devices = devices_of(board)
    alike = [
        (shipped.core != board.core, package.name, package)
        for package in packages
        for shipped in map(load_board, package.boards)
        if devices_of(shipped) <= devices and shipped.console == board.console
    ]
    if not alike:
        raise UsageError(
            f"no board support package drives the devices of {board.name}",
            next_step="name one with `boardless build --bsp`, or write one: firmware/README.md says how",
        )
    package = min(alike)[2]
    return _with_clock(package, package.boards[0])


def devices_of(board: Board) -> set[tuple[str, int]]:
    """Its devices' types and addresses."""
    return {(entry.type, entry.base) for entry in board.devices}


def _read(path: Path) -> BoardSupport:
    try:
        table: dict[str, Any] = tomllib.loads(read_text(path, error=BoardError))
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"is not valid TOML: {error}", where=str(path)) from error
    unknown = sorted(set(table) - KEYS)
    if unknown:
        raise BoardError(f"unknown key {unknown[0]!r}", where=str(path),
                         next_step=f"known: {', '.join(sorted(KEYS))}")  # fmt: skip
    try:
        memory = table["memory"]
        return BoardSupport(
            name=path.parent.name,
            title=table["title"],
            boards=tuple(table["boards"]),
            core=table["core"],
            sources=tuple(table["sources"]),
            flash=Memory(**memory["flash"]),
            ram=Memory(**memory["ram"]),
            stack_bytes=memory["stack_bytes"],
            console=_console(table["console"]),
            defines=table["defines"],
            calibration_sources=tuple(table.get("calibration_sources", ())),
            prebuilt=bool(table.get("prebuilt", True)),
            audio_sources=tuple(table.get("audio_sources", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BoardError(f"missing or malformed key: {error}", where=str(path)) from error


def _console(table: Mapping[str, Any]) -> ConsoleClock:
    least, most = (int(value) for value in table["divider"])
    return ConsoleClock(
        table.get("clock_hz", 0), table.get("parts", 1), least, most, table.get("prescaler", 1)
    )


def fitted(support: BoardSupport, board: Board) -> BoardSupport:
    """Lay the package's linker regions over a board's own flash and RAM, and take its core.

    Flash is the region that the core boots from, RAM the one where the package has it, or else the first
    other one of kind ``ram`` that is no alias. Code for a core without its float unit is that for a
    Cortex-M3. Raises :class:`BoardError` when the board has no such region.
    """
    flash, ram = linker_memories(board)
    usual = board.region_at(support.ram.origin)
    if usual is not None and usual.kind == "ram" and not usual.alias_of:
        ram = _rest(usual, support.ram.origin)
    return replace(
        support,
        name=board.name,
        core=_core(support, board),
        flash=flash,
        ram=ram,
        console=_console_of(support, board),
    )


def linker_memories(board: Board) -> tuple[Memory, Memory]:
    """A board's flash from where it boots, and its first RAM. Raises :class:`BoardError`.

    Where it boots from a ROM, the flash is where that looks for an image.
    """
    start = board.vector_table
    flash = board.region_at(start)
    if flash is not None and flash.kind == "rom" and board.image_bases:
        start = board.image_bases[0]
        flash = board.region_at(start)
    ram = next((r for r in board.regions if r.kind == "ram" and not r.alias_of and r is not flash), None)
    if flash is None or ram is None:
        raise BoardError("has no RAM region, or none that holds its vector table", where=board.file)
    if flash.alias_of:  # the image is linked where the bytes really are
        original = next(r for r in board.regions if r.name == flash.alias_of)
        start, flash = start - flash.base + original.base, original
    return _rest(flash, start), _rest(ram, ram.base)


def _console_of(support: BoardSupport, board: Board) -> ConsoleClock:
    """The package's console on another board: at the board's clock when the firmware reads that."""
    own = _read(firmware_folder() / "bsp" / support.name / "bsp.toml").console
    return own if own.clock_hz else replace(own, clock_hz=board.nominal_hz)


def _core(support: BoardSupport, board: Board) -> str:
    core = board.core.removeprefix("cortex-")
    if board.fpu == "none" and CORES[core][1]:
        return "m3"
    return "m0" if core == "m0plus" and support.core == "m0" else core


def _rest(region: Region, start: int) -> Memory:
    return Memory(start, region.end - start)
