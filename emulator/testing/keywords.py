"""Robot Framework's keywords for a device under test: ``Library    boardless.Keywords    board=NAME``.

Nothing of Robot Framework is imported: it takes a class for a library, its methods for keywords ("Expect
Exact" is ``expect_exact``), and converts arguments by their annotations.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal, ParamSpec, TypeVar

from emulator.errors import BoardlessError, CheckFailed, UsageError
from emulator.testing.channel import TIMEOUT_S
from emulator.testing.dut import Dut
from emulator.testing.memory_view import NUMBERS
from emulator.testing.session import Devices, board_named

TIMEOUT = timedelta(seconds=TIMEOUT_S)
P = ParamSpec("P")
R = TypeVar("R")
Returns = Literal[
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "bool",
    "float",
    "double",
    "void",
]
Type = Literal[
    "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float", "double"
]  # fmt: skip


def told(keyword: Callable[P, R]) -> Callable[P, R]:
    """With what the device says for itself in Robot Framework's log, when the keyword fails."""

    @functools.wraps(keyword)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return keyword(*arguments, **options)
        except BoardlessError:
            library = arguments[0]
            assert isinstance(library, Keywords)
            for title, text in library._sections():
                print(f"*INFO* {title}\n{text}")
            raise

    return run


class Keywords:
    """Each test begins with the image booted, which is paid once a suite.

    ``board``: a name, or a board's TOML file. ``image``: what tests begin with; ``boot``: the text with
    which it is ready. ``port``: a real board is there, ``load`` and ``reset`` are the commands for it
    (docs/testing.md); a test that asks it for what only an emulated board can do is skipped. ``console``:
    another than the board's, such as ``rtt``.
    """

    ROBOT_LIBRARY_SCOPE = "SUITE"
    ROBOT_LISTENER_API_VERSION = 3

    def __init__(
        self,
        board: str,
        image: Path | None = None,
        boot: str | None = None,
        base: int | None = None,
        port: str | None = None,
        baud: int = 115_200,
        load: str | None = None,
        reset: str | None = None,
        console: str | None = None,
    ) -> None:
        self.ROBOT_LIBRARY_LISTENER = self
        self._board = board_named(board, Path(), console)
        self._image, self._boot, self._base = image, boot, base
        self._devices = Devices(Path(), port=port, baud=baud, load=load, reset=reset)
        self._dut: Dut | None = None

    # -- Robot Framework calls these ---------------------------------------------------------
    def _start_test(self, _data: object, _result: object) -> None:
        self._dut = None

    def _close(self) -> None:
        self._devices.close()

    @property
    def _device(self) -> Dut:
        """The test's device, loaded when it is first asked for, so that errors are the keyword's."""
        if self._dut is None:
            self._dut = self._devices.dut(self._board)
            if self._image is not None:
                self._dut.load(self._image, boot=self._boot, base=self._base)
        return self._dut

    def _sections(self) -> list[tuple[str, str]]:
        return [] if self._dut is None else self._dut.sections()

    # -- the device --------------------------------------------------------------------------
    @told
    def load_image(
        self, image: Path, boot: str | None = None, base: int | None = None, timeout: timedelta = TIMEOUT
    ) -> None:
        """Load another image, and run it until the console has sent ``boot``."""
        self._device.load(image, boot=boot, base=base, timeout=timeout.total_seconds())

    @told
    def reset_device(self) -> None:
        """Reset it by the reset pin."""
        self._device.reset()

    # -- the console -------------------------------------------------------------------------
    @told
    def write_to_device(self, text: str) -> None:
        r"""Send text to the console, as UTF-8; ``\n`` is a line's end."""
        self._device.write(text)

    @told
    def expect(self, pattern: str, timeout: timedelta = TIMEOUT) -> str | tuple[str, ...]:
        """Wait for a regular expression on the console; its groups, one as it is, or the whole match."""
        match = self._device.expect(pattern, timeout.total_seconds())
        groups = match.groups("")
        return groups[0] if len(groups) == 1 else groups or match[0]

    @told
    def expect_exact(self, text: str, timeout: timedelta = TIMEOUT) -> None:
        """Wait for this very text on the console."""
        self._device.expect_exact(text, timeout.total_seconds())

    @told
    def disturb_line(
        self, flips: float = 0.0, losses: float = 0.0, seed: int = 0, received: bool = False
    ) -> None:
        """Flip a bit of, or lose, a share of the characters that are written, or received, from now on."""
        self._device.noise(flips, losses, seed, received=received)

    # -- figures -----------------------------------------------------------------------------
    @told
    def get_cycles(self) -> int:
        """Core cycles since the test began."""
        return self._device.cycles

    @told
    def get_instructions(self) -> int:
        """Instructions since the test began."""
        return self._device.instructions

    @told
    def cycles_should_be_at_most(self, limit: int) -> None:
        """Fail when the test has taken more cycles until now."""
        _hold("the test", self._device.cycles, limit)

    @told
    def run_for(self, time: timedelta) -> None:
        """Let modelled time pass."""
        self._device.run(time.total_seconds())

    @told
    def call_function(
        self, function: str, *arguments: int | float, returns: Returns = "int32"
    ) -> int | float | None:
        """Call one function of the firmware; what it returned."""
        result = self._device.call(function, *arguments, returns=None if returns == "void" else returns)
        value: int | float | None = result.value
        return value

    @told
    def function_should_take_at_most(self, function: str, limit: int, *arguments: int | float) -> int:
        """Call one function, and fail when it takes more cycles; how many it took."""
        cycles: int = self._device.call(function, *arguments, returns=None).counts.cycles
        _hold(function, cycles, limit)
        return cycles

    # -- memory, pins, interrupts ------------------------------------------------------------
    @told
    def read_memory(self, place: int | str, type: Type = "uint32", index: int = 0) -> int | float:
        """A number at an address or in a variable; ``index`` of an array."""
        value: int | float = getattr(self._device.memory, _number_type(type))[place, index]
        return value

    @told
    def write_memory(
        self, place: int | str, value: int | float, type: Type = "uint32", index: int = 0
    ) -> None:
        """Write a number to an address or into a variable."""
        getattr(self._device.memory, _number_type(type))[place, index] = value

    @told
    def set_pin(self, pin: str, level: int) -> None:
        """Drive a pin from outside."""
        self._device.gpio[pin] = level

    @told
    def pin_should_be(self, pin: str, level: int) -> None:
        """Fail when a pin has another level."""
        found = self._device.gpio[pin]
        if found != level:
            raise CheckFailed(f"{pin} is {found}, and should be {level}")

    @told
    def wait_for_pin(self, pin: str, level: int, timeout: timedelta = TIMEOUT) -> None:
        """Run until a pin has this level."""
        self._device.gpio.expect(pin, level, timeout.total_seconds())

    @told
    def raise_interrupt(self, which: int | str, at_cycles: int | None = None) -> None:
        """Pend an interrupt: its number, its handler's name, or NMI, SysTick, PendSV."""
        self._device.interrupt(which, at_cycles=at_cycles)

    # -- faults ------------------------------------------------------------------------------
    @told
    def flip_memory_bit(self, place: int | str, bit: int, at_cycles: int | None = None) -> None:
        """Flip a bit of memory, at once or when the test has taken so many cycles."""
        self._device.flip_memory(place, bit, at_cycles=at_cycles)

    @told
    def flip_register_bit(self, register: str, bit: int, at_cycles: int | None = None) -> None:
        """Flip a bit of a core register."""
        self._device.flip_register(register, bit, at_cycles=at_cycles)

    @told
    def brown_out(self, at_cycles: int | None = None, loses_memory: bool = False) -> None:
        """Let the supply dip: a power-on reset, with RAM kept or lost."""
        self._device.brown_out(at_cycles=at_cycles, loses_memory=loses_memory)


def _hold(what: str, cycles: int, limit: int) -> None:
    if cycles > limit:
        raise CheckFailed(f"{what} took {cycles:,} cycles, over the limit of {limit:,} by {cycles - limit:,}")


def _number_type(name: str) -> str:
    if name not in NUMBERS:
        raise UsageError(f"no type {name!r}", next_step=f"use one of {', '.join(NUMBERS)}")
    return name
