"""A device under test, as tests see it. What only an emulated one can do says so on a real board.

There it takes the same arguments, to no end.
"""

# ruff: noqa: ARG002 -- that is why

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, overload

from emulator.board.model import Board
from emulator.errors import NotOnABoard
from emulator.image.launch import Loaded, added_files
from emulator.image.together import AddedFile
from emulator.testing.channel import TIMEOUT_S, Channel
from emulator.testing.noise import Noise

if TYPE_CHECKING:
    from emulator.machine.call import FunctionCalls
    from emulator.machine.machine import Machine
    from emulator.testing.memory_view import MemoryView
    from emulator.testing.pins import Pins


@dataclass(frozen=True, slots=True)
class Firmware:
    """An image and how it boots. ``boot``: the text with which it is ready; None: nothing of it has run.

    ``files``: further ones of the chip's memory. ``start``: where it begins instead of by its vectors.
    """

    path: Path
    base: int | None = None
    symbols: Path | None = None
    boot: str | None = None
    timeout_s: float = TIMEOUT_S
    files: tuple[AddedFile, ...] = ()
    start: int | None = None

    def paths(self) -> list[Path]:
        """Every file that it is made of."""
        symbols = [] if self.symbols is None else [self.symbols]
        return [self.path, *symbols, *(file.path for file in self.files)]


class Dut(ABC):
    """A board with firmware on it. ``console``: its serial line; the methods of the same names use it."""

    board: Board
    console: Channel
    image: Path | None = None
    root: Path = Path()
    """Where images are looked for first; then, where the program was started."""

    # -- what every device can do ------------------------------------------------------------
    @abstractmethod
    def load_firmware(self, firmware: Firmware) -> None:
        """Load an image, and boot it."""

    def load(
        self,
        image: str | Path,
        *,
        boot: str | None = None,
        base: int | None = None,
        symbols: str | Path | None = None,
        timeout: float = TIMEOUT_S,
        load: Sequence[Loaded] = (),
        start: int | None = None,
    ) -> None:
        """Load an image, and run it until its console has sent ``boot``. Raises ImageError, CheckFailed.

        ``load`` and ``start``: as :meth:`boardless.Machine.load` has them.
        """
        second = None if symbols is None else self._file(symbols)
        files = tuple(replace(file, path=self._file(file.path)) for file in added_files(load))
        self.load_firmware(Firmware(self._file(image), base, second, boot, timeout, files, start))

    @abstractmethod
    def reset(self) -> None:
        """Reset by the reset pin."""

    def write(self, data: bytes | str) -> None:
        """Send bytes to the console (text: as UTF-8)."""
        self.console.write(data)

    @overload
    def expect(self, pattern: str | re.Pattern[str], timeout: float = TIMEOUT_S) -> re.Match[str]: ...
    @overload
    def expect(self, pattern: bytes | re.Pattern[bytes], timeout: float = TIMEOUT_S) -> re.Match[bytes]: ...

    def expect(self, pattern: Any, timeout: float = TIMEOUT_S) -> Any:
        """Wait for a regular expression on the console: :meth:`emulator.testing.channel.Channel.expect`."""
        return self.console.expect(pattern, timeout)

    def expect_exact(self, text: bytes | str, timeout: float = TIMEOUT_S) -> None:
        """Wait for this very text on the console."""
        self.console.expect_exact(text, timeout)

    def noise(
        self, flips: float = 0.0, losses: float = 0.0, seed: int = 0, *, received: bool = False
    ) -> Noise:
        """Disturb what is written to the console from now on, or in a ``with`` block; shares of it.

        ``received``: what the console sends, in place of that.
        """
        console = self.console
        noise = Noise(flips, losses, seed, console.be_quiet)
        if received:
            console.reception = noise
        else:
            console.disturbance = noise
        return noise

    @abstractmethod
    def close(self) -> None:
        """The test is over."""

    @abstractmethod
    def sections(self) -> list[tuple[str, str]]:
        """For the report of a test that failed: titles and texts."""

    # -- what needs the emulator -------------------------------------------------------------
    @property
    def machine(self) -> Machine:
        """The emulated board itself: docs/python.md."""
        self._needs_the_emulator("machine")

    @property
    def cycles(self) -> int:
        """Core cycles since the test began, the boot that precedes it not among them."""
        self._needs_the_emulator("cycles")

    @property
    def instructions(self) -> int:
        """Instructions since the test began."""
        self._needs_the_emulator("instructions")

    @property
    def seconds(self) -> float:
        """Modelled time since the test began."""
        self._needs_the_emulator("seconds")

    @property
    def memory(self) -> MemoryView:
        """Memory by address, slice and variable."""
        self._needs_the_emulator("memory")

    @property
    def gpio(self) -> Pins:
        """Pins by name."""
        self._needs_the_emulator("gpio")

    def serial(self, name: str) -> Channel:
        """Another serial port than the console: a device's name, or ``"itm"``."""
        self._needs_the_emulator(f"serial({name!r})")

    def run(self, seconds: float) -> None:
        """Let modelled time pass."""
        self._needs_the_emulator(f"run({seconds:g})")

    @property
    def call(self) -> FunctionCalls:
        """``call("function", ...)`` calls one function of the firmware."""
        self._needs_the_emulator("call()")

    def profile(self, title: str = "a stretch of a test", **options: Any) -> AbstractContextManager[Any]:
        """Record a ``with`` block: :meth:`emulator.machine.machine.Machine.profile`."""
        self._needs_the_emulator("profile()")

    def interrupt(self, which: int | str, *, at_cycles: int | None = None) -> None:
        """Pend an interrupt: its number, its handler's name, or ``"NMI"``, ``"SysTick"``, ``"PendSV"``.

        ``at_cycles``, here and below: when :attr:`cycles` is so many; at once by default.
        """
        self._needs_the_emulator("interrupt()")

    def flip_memory(self, place: int | str, bit: int, *, at_cycles: int | None = None) -> None:
        """Flip a bit of a variable, or of what lies at an address; bit 8 is the lowest of the next byte."""
        self._needs_the_emulator("flip_memory()")

    def flip_register(self, name: str, bit: int, *, at_cycles: int | None = None) -> None:
        """Flip a bit of a core register: ``"r0"`` to ``"r12"``, ``"sp"``, ``"lr"``, ``"pc"``, ``"s0"`` ..."""
        self._needs_the_emulator("flip_register()")

    def brown_out(self, *, at_cycles: int | None = None, loses_memory: bool = False, seed: int = 0) -> None:
        """Let the supply dip: a power-on reset, with RAM kept or filled with noise."""
        self._needs_the_emulator("brown_out()")

    def _file(self, name: str | Path) -> Path:
        path = self.root / name
        return path if path.exists() else Path(name)

    def _needs_the_emulator(self, what: str) -> NoReturn:
        raise NotOnABoard(
            f"dut.{what} needs the emulator; {self.board.name} is a real board",
            next_step="run this test without --dut-port",
        )
