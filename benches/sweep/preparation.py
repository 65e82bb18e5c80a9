"""From a cell's settings to a board and an image: read once, or built once, for all cells that have them."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from benches.build.firmware import BuildOptions
from benches.build.support import devices_of, fitted, support_for
from benches.build.toolchain import find_toolchain
from benches.measure.changes import parse_hertz
from benches.runs.job import DEFAULT_BOARD, image_job, require_known_base
from benches.suite.benchmarks import NAMES, find
from benches.suite.shipped import model_for, prebuilt_for_board, toolchain_here
from benches.sweep.jobs import BuildJob, Firmware, NamedBytes, Pins, Window
from benches.sweep.settings import BuildTable, SettingsTable
from benches.sweep.specification import Cell, Sweep
from emulator.board.model import Board
from emulator.board.reader import load_board, load_changed_board
from emulator.errors import BoardlessError
from emulator.files import read_bytes

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A cell that can be measured once its ``build``, if it has one, is done. ``clock_hz`` None: its own."""

    board: Board
    pins: Pins
    firmware: Firmware | None
    build: BuildJob | None
    window: Window
    timing: str
    clock_hz: int | None


@dataclass(slots=True)
class Preparation:
    """Prepares the cells of a sweep; what several of them have is read once."""

    sweep: Sweep
    _known: dict[tuple[str, str], object] = field(default_factory=dict)

    def prepare(self, cell: Cell) -> Prepared:
        """Read what a cell needs. Raises BoardlessError."""
        settings = cell.settings
        board = self._board(settings)
        firmware, build = None, None
        if settings.build is not None:
            build = self._build(settings.build, board)
        elif self._is_shipped(settings.image):
            firmware, build = self._shipped(str(settings.image), board)
        else:
            firmware = self._firmware(settings, board)
        clock_hz = None if settings.clock is None else parse_hertz(settings.clock)
        pins = pins_of(settings.parameters)
        return Prepared(board, pins, firmware, build, self._window(settings), settings.timing, clock_hz)

    # -- inside ----------------------------------------------------------------------------
    def _once(self, kind: str, key: object, make: Callable[[], Made]) -> Made:
        """What ``make`` gives the first time; an error is raised each time.

        A board's ``id`` may be in a key: boards stay, they are kept here, too.
        """
        place = kind, json.dumps(key, default=str, sort_keys=True)
        if place not in self._known:
            try:
                self._known[place] = make()
            except BoardlessError as error:
                self._known[place] = error
        found = self._known[place]
        if isinstance(found, BoardlessError):
            raise found
        return found  # type: ignore[return-value] # what was made under this place

    def _path(self, text: str) -> Path:
        return self.sweep.folder / text

    def _file(self, text: str, what: str) -> NamedBytes:
        path = self._path(text)
        return self._once("file", text, lambda: NamedBytes(path.name, read_bytes(path, what=what)))

    def _is_shipped(self, image: str | None) -> bool:
        return image in NAMES and not self._path(str(image)).exists()

    def _board(self, settings: SettingsTable) -> Board:
        name = settings.board or self._usual_board(settings)
        where = str(self._path(name)) if name.endswith(".toml") else name
        changes = settings.parameters

        def load() -> Board:
            if not changes:
                return load_board(where)
            return load_changed_board(where, changes, f"{self.sweep.file}: parameters")

        return self._once("board", (where, changes), load)

    def _usual_board(self, settings: SettingsTable) -> str:
        """That of a published image, else the one that all commands take."""
        if settings.image is None or self._is_shipped(settings.image):
            return DEFAULT_BOARD
        path = self._path(settings.image)
        return self._once("usual board", settings.image, lambda: image_job(path, None, None).board)

    def _firmware(self, settings: SettingsTable, board: Board) -> Firmware:
        assert settings.image is not None
        file = self._file(settings.image, "image")
        path, base = self._path(settings.image), settings.base
        self._once("base", (settings.image, base, id(board)), lambda: require_known_base(path, base, board))
        symbols = None if settings.symbols is None else self._file(settings.symbols, "symbol file")
        return Firmware(file, settings.base, symbols)

    def _shipped(self, name: str, board: Board) -> tuple[Firmware | None, BuildJob | None]:
        """The image that is there for such a board, or the build of one."""
        benchmark = find(name)
        place = name, _linked_for(board)
        prebuilt = self._once("prebuilt", place, lambda: prebuilt_for_board(benchmark, board))
        if prebuilt is None:
            return None, self._build(
                msgspec.convert({"benchmark": name, "toolchain": toolchain_here()}, BuildTable), board
            )
        data = self._once("shipped", prebuilt, lambda: read_bytes(prebuilt))
        return Firmware(NamedBytes(prebuilt.name, data)), None

    def _build(self, table: BuildTable, board: Board) -> BuildJob:
        support = self._once("support", _linked_for(board), lambda: fitted(support_for(board), board))
        path = model_for(find(table.benchmark)) if table.model is None else self._path(table.model)
        model = self._once("model", path, lambda: NamedBytes(path.name, read_bytes(path, what="model")))
        try:
            flags = tuple(shlex.split(table.flags))
        except ValueError:  # a quote that is not closed
            flags = (table.flags,)
        options = BuildOptions(table.core or "", table.toolchain, table.kernels, table.opt, flags=flags)
        core = table.core or support.core
        compiler = self._once("compiler", (table.toolchain, core), lambda: _version(table.toolchain, core))
        return BuildJob(table.benchmark, model, support, options, compiler)

    def _window(self, settings: SettingsTable) -> Window:
        given = None if settings.input is None else self._file(settings.input, "input")
        return Window(
            settings.benchmark,
            given,
            settings.inferences,
            settings.after,
            settings.until,
            settings.max_cycles,
            settings.function,
            settings.call,
            tuple(settings.arguments),
        )


def _linked_for(board: Board) -> list[object]:
    """What of a board decides which image suits it, and how one is linked."""
    regions = [(r.name, r.base, r.size_bytes, r.kind, r.alias_of) for r in board.regions]
    core = (board.name, board.core, board.fpu, board.vector_table, board.nominal_hz, board.console)
    return [core, regions, sorted(devices_of(board))]


def pins_of(parameters: Mapping[str, Any]) -> Pins:
    """What the specification says of accelerators: firmware that programs them does not change it."""
    accelerators = parameters.get("accelerators", {})
    given = {name: entry.get("parameters", {}) for name, entry in accelerators.items()}
    return tuple((name, tuple(values.items())) for name, values in given.items() if values)


def _version(toolchain: str, core: str) -> str:
    """What a compiler says that it is. Raises UsageError when there is none."""
    command = find_toolchain(toolchain, core).command
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    return done.stdout
