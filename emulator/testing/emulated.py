"""An emulated device under test."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from emulator.clock.clock import PICOSECONDS_PER_SECOND
from emulator.device import RESET_PIN
from emulator.engine.counts import Counts
from emulator.errors import UsageError
from emulator.machine.call import FunctionCalls
from emulator.machine.machine import Machine
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.model import Recording
from emulator.testing.channel import Channel
from emulator.testing.dut import Dut, Firmware
from emulator.testing.failure import sections_of
from emulator.testing.memory_view import MemoryView
from emulator.testing.pins import Pins
from emulator.testing.stand import Stand


class EmulatedDut(Dut):
    """For one test, on a stand that others have used. ``records``: what the test does is recorded."""

    def __init__(self, stand: Stand, *, records: bool = False) -> None:
        stand.clear()
        self._stand = stand
        self._machine = stand.machine
        self._records = records
        self._recorder: Recorder | None = None
        self._memory = MemoryView(stand.machine)
        self.board = stand.machine.board
        self.console = stand.console
        self._begin()

    def load_firmware(self, firmware: Firmware) -> None:
        """Load and boot, or go back to where that had come to."""
        self._stop_recorder()
        self._stand.load(firmware)
        self.image = firmware.path
        self._begin()
        if self._records:
            self._recorder = Recorder(self._machine)

    def _begin(self) -> None:
        self._began, self._began_picoseconds = self._machine.counts, self._machine.clock.picoseconds()

    def reset(self) -> None:
        """Reset by the reset pin; memory and time stay."""
        self._machine.request_reset("a test", RESET_PIN)

    def recording(self, title: str) -> Recording | None:
        """What the test has done since it loaded its image; None when nothing is recorded."""
        return None if self._recorder is None else self._recorder.end(Labels(title))

    def close(self) -> None:
        """Follow no more."""
        self._stop_recorder()

    def _stop_recorder(self) -> None:
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    def sections(self) -> list[tuple[str, str]]:
        """Console, place, backtrace, what was injected."""
        return sections_of(self._machine, self._stand.injector.done)

    # -- the emulator ------------------------------------------------------------------------
    @property
    def machine(self) -> Machine:
        """The emulated board itself."""
        return self._machine

    @property
    def passed(self) -> Counts:
        """Since the test began."""
        return self._machine.counts - self._began

    @property
    def cycles(self) -> int:
        """Core cycles since the test began."""
        return self.passed.cycles

    @property
    def instructions(self) -> int:
        """Instructions since the test began."""
        return self.passed.instructions

    @property
    def seconds(self) -> float:
        """Modelled time since the test began."""
        return (self._machine.clock.picoseconds() - self._began_picoseconds) / PICOSECONDS_PER_SECOND

    @property
    def memory(self) -> MemoryView:
        """Memory by address, slice and variable."""
        return self._memory

    @property
    def gpio(self) -> Pins:
        """Pins by name."""
        return self._stand.pins

    def serial(self, name: str) -> Channel:
        """Another serial port than the console."""
        return self._stand.channel(self._machine.itm if name == "itm" else self._machine.serial(name))

    def run(self, seconds: float) -> None:
        """Let modelled time pass. Raises GuestFault."""
        self._stand.runs.run(seconds)

    @property
    def call(self) -> FunctionCalls:
        """``call("function", ...)`` calls one function of the firmware."""
        return self._machine.call

    def profile(self, title: str = "a stretch of a test", **options: Any) -> AbstractContextManager[Any]:
        """Record a ``with`` block."""
        if self._recorder is not None:
            raise UsageError(
                "the whole test is recorded already, for its limits",
                next_step="profile in a test without boardless_limits",
            )
        profiled: AbstractContextManager[Any] = self._machine.profile(title, **options)
        return profiled

    def interrupt(self, which: int | str, *, at_cycles: int | None = None) -> None:
        """Pend an interrupt."""
        self._stand.injector.interrupt(which, self._absolute(at_cycles))

    def flip_memory(self, place: int | str, bit: int, *, at_cycles: int | None = None) -> None:
        """Flip a bit of memory."""
        self._stand.injector.flip_memory(self._memory.address_of(place), bit, self._absolute(at_cycles))

    def flip_register(self, name: str, bit: int, *, at_cycles: int | None = None) -> None:
        """Flip a bit of a core register."""
        self._stand.injector.flip_register(name, bit, self._absolute(at_cycles))

    def brown_out(self, *, at_cycles: int | None = None, loses_memory: bool = False, seed: int = 0) -> None:
        """A power-on reset."""
        self._stand.injector.brown_out(self._absolute(at_cycles), loses_memory=loses_memory, seed=seed)

    def _absolute(self, at_cycles: int | None) -> int | None:
        return None if at_cycles is None else self._began.cycles + at_cycles
