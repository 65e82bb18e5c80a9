"""What goes to a worker, and what comes back: plain data that any process of any host can take.

A job is one machine and the windows that it measures: it boots once, and each window begins from the
snapshot behind that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import unicorn

from benches.build.firmware import BuildOptions
from benches.build.support import BoardSupport, firmware_folder
from emulator.board.model import Board

Result = Mapping[str, Any]
"""Of a window: ``{"figures": {...}}``, or ``{"failure": "why"}``; of a build: ``{"elf": "base64"}``."""
PACKAGES = ("emulator", "peripherals", "benches")
SOURCES = ("*.py", "*.c", "*.h", "*.csv", "*.json")
FIRMWARE_SOURCES = ("*.c", "*.h", "*.s", "*.S", "*.ld", "*.toml")
FORM = 1
"""Of keys and results; another one makes what is kept worthless."""


@dataclass(frozen=True, slots=True)
class NamedBytes:
    """A file's name, whose ending tells what it is, and its content."""

    name: str
    data: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Firmware:
    """An image. ``base``: load address of a raw binary."""

    file: NamedBytes
    base: int | None = None
    symbols: NamedBytes | None = None

    def facts(self) -> dict[str, Any]:
        """What its run depends on; the ending of a name says what kind of file it is."""
        symbols = self.symbols and self.symbols.digest
        return {
            "image": self.file.digest,
            "kind": Path(self.file.name).suffix,
            "base": self.base,
            "symbols": symbols,
        }


@dataclass(frozen=True, slots=True)
class Window:
    """What is measured of a run: see :class:`benches.sweep.settings.SettingsTable`."""

    benchmark: str | None = None
    input: NamedBytes | None = None
    inferences: int = 1
    after: str | None = None
    until: str | None = None
    max_cycles: int | None = None
    function: str | None = None
    call: str | None = None
    arguments: tuple[float, ...] = ()

    @property
    def begin(self) -> tuple[str | None, bool, bool]:
        """Windows of one machine with the same begin start from one snapshot."""
        of_a_run = any(x is not None for x in (self.until, self.max_cycles, self.function, self.after))
        return self.after, self.call is not None, of_a_run

    def facts(self) -> dict[str, Any]:
        """What its figures depend on."""
        return {
            "benchmark": self.benchmark,
            "input": self.input and self.input.digest,
            "inferences": self.inferences,
            "after": self.after,
            "until": self.until,
            "max_cycles": self.max_cycles,
            "function": self.function,
            "call": self.call,
            "arguments": [repr(argument) for argument in self.arguments],
        }


Pins = tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
"""Parameters of accelerators that the firmware may not set back, by the accelerators' names."""


@dataclass(frozen=True, slots=True)
class MeasureJob:
    """One machine and its windows."""

    firmware: Firmware
    board: Board
    pins: Pins
    timing: str
    windows: tuple[Window, ...]

    def key(self, window: Window) -> str:
        """What a window's result is kept under: all that it depends on, digested."""
        board = asdict(self.board) | {"file": ""}
        facts = {
            "firmware": self.firmware.facts(),
            "board": board,
            "pins": self.pins,
            "timing": self.timing,
            "window": window.facts(),
        }
        return digest_of("window", facts)


@dataclass(frozen=True, slots=True)
class BuildJob:
    """Firmware to be built. ``compiler``: what it says of its version."""

    benchmark: str
    model: NamedBytes
    support: BoardSupport
    options: BuildOptions
    compiler: str

    @property
    def key(self) -> str:
        """What the image is kept under."""
        facts = {
            "benchmark": self.benchmark,
            "model": self.model.digest,
            "support": asdict(self.support),
            "options": asdict(self.options),
            "compiler": self.compiler,
            "sources": _firmware_version(),
        }
        return digest_of("build", facts)


Job = MeasureJob | BuildJob


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker sends back: a result for each window, and which version it runs."""

    version: str
    results: tuple[Result, ...]


def failed(job: Job, why: str) -> tuple[Result, ...]:
    """The results of a job that could not be done."""
    count = len(job.windows) if isinstance(job, MeasureJob) else 1
    return ({"failure": why},) * count


def digest_of(kind: str, facts: Any) -> str:
    """A digest of facts and of the program that turns them into a result."""
    whole = {"form": FORM, "kind": kind, "version": code_version(), "facts": facts}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()


@cache
def code_version() -> str:
    """A digest of our own sources and of Unicorn's version: with another one, nothing kept is used."""
    digest = hashlib.sha256(unicorn.__version__.encode())
    for package in PACKAGES:
        digest.update(_digest_of_folder(Path(str(resources.files(package))), SOURCES))
    return digest.hexdigest()


@cache
def _firmware_version() -> str:
    """A digest of the firmware's sources."""
    return _digest_of_folder(firmware_folder(), FIRMWARE_SOURCES).hex()


def _digest_of_folder(folder: Path, patterns: Sequence[str]) -> bytes:
    digest = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in folder.rglob(pattern)):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.digest()
