"""A test stand: one emulated board for many tests. An image boots once; each test begins at its snapshot."""

from __future__ import annotations

from pathlib import Path

from emulator.board.model import Board
from emulator.errors import ImageError
from emulator.links.endpoint import SerialEndpoint
from emulator.machine.machine import Machine
from emulator.machine.snapshot import Snapshot
from emulator.testing.dut import Firmware
from emulator.testing.injection import Injector
from emulator.testing.machine_channel import MachineChannel
from emulator.testing.modelled_time import TimedRuns
from emulator.testing.pins import Pins

Key = tuple[Firmware, tuple[tuple[int, int], ...]]


class Stand:
    """A machine and what tests touch it with. ``boots``: how many times an image has booted."""

    def __init__(self, board: Board, *, timing: str = "memory", hook: str = "auto") -> None:
        self.machine = Machine(board, timing=timing, hook=hook)
        self.runs = TimedRuns(self.machine)
        self.pins = Pins(self.machine, self.runs)
        self.injector = Injector(self.machine)
        self._channels: dict[str, MachineChannel] = {}
        self.console = self.channel(self.machine.console)
        self.boots = 0
        self._blank = self.machine.snapshot()
        self._booted: dict[Key, Snapshot] = {}

    def channel(self, endpoint: SerialEndpoint) -> MachineChannel:
        """The channel of a serial port."""
        if endpoint.name not in self._channels:
            self._channels[endpoint.name] = MachineChannel(self.machine, endpoint, self.runs)
        return self._channels[endpoint.name]

    def load(self, firmware: Firmware) -> None:
        """The image as it is when it has booted; a file that has changed boots anew.

        Raises ImageError, CheckFailed.
        """
        key = _key(firmware)
        if key in self._booted:
            self.machine.restore(self._booted[key])
        else:
            self.clear()
            self.machine.load(
                firmware.path,
                base=firmware.base,
                symbols=firmware.symbols,
                load=firmware.files,
                start=firmware.start,
            )
            if firmware.boot is not None:
                self.console.expect_exact(firmware.boot, firmware.timeout_s)
            self.boots += 1
            self._booted[key] = self.machine.snapshot()
        self.forget()

    def clear(self) -> None:
        """No image, nothing in memory."""
        self.machine.restore(self._blank)
        self.forget()

    def forget(self) -> None:
        """What an earlier test has seen, sent, planned."""
        for channel in self._channels.values():
            channel.unread.clear()
            channel.be_quiet()
        self.pins.forget()
        self.injector.forget()


def _key(firmware: Firmware) -> Key:
    return firmware, tuple(_age(path) for path in firmware.paths())


def _age(path: Path) -> tuple[int, int]:
    """When a file was written, and its size: another file of that name has others. Raises ImageError."""
    try:
        status = path.stat()
    except OSError as error:
        raise ImageError(
            f"can't be read: {error.strerror}",
            where=str(path),
            next_step="paths begin where pytest's root directory is; is the firmware built?",
        ) from error
    return status.st_mtime_ns, status.st_size
