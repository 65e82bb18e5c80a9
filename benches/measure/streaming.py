"""Streaming wake word on one machine: audio goes in, what the pins did comes out.

The order is the official runner's: ``stop``, ``start``, the sound, a quarter of a second, ``stop``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from benches.measure.pin_recorder import PinEdges, PinRecorder
from benches.protocol.host import Line, ProtocolError, ProtocolHost
from benches.protocol.machine_channel import MachineChannel
from benches.suite.wake_word import MODEL_NAME
from emulator.errors import UsageError
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine
from peripherals.instruments.audio_master import AllWires, AudioMaster, PlayedFrames
from peripherals.instruments.wave_file import WaveFile

STEP_SECONDS = 0.25
"""Of modelled time between two words about progress."""
AFTERWARDS_SECONDS = 0.25
LONGEST_SILENCE_SECONDS = 1e6
PICOSECONDS = 1e12


@dataclass(frozen=True, slots=True)
class Moment:
    """Totals at a moment."""

    picoseconds: int
    cycles: int
    instructions: int


@dataclass(frozen=True, slots=True)
class Listening:
    """What happened while a sound was played: ``began`` when its first frame did.

    ``started``: when the device was told to start, before that; ``stopped``: when it had said that it
    stopped. ``lines``: its answer to that. ``moves``: of the pins, from the sound's beginning until the
    device is told to stop; ``events``: from beginning to end.
    """

    started: Moment
    began: Moment
    ended: Moment
    stopped: Moment
    lines: tuple[str, ...]
    moves: PinEdges
    events: PinEdges


def audio_wires(machine: Machine) -> AllWires:
    """Every audio input of a machine: the benchmark's desk has one master, and firmware listens to one.

    Raises UsageError for a board without any.
    """
    if not machine.audio_inputs:
        raise UsageError(
            f"{machine.board.name} has no audio input that is modelled",
            where=machine.board.file,
            next_step="choose a board with a SAI, such as nucleo-l4r5zi",
        )
    return AllWires(machine.audio_inputs.values())


class StreamingSession:
    """A booted device that runs the benchmark.

    Raises what :class:`ProtocolHost` raises, and UsageError for firmware of another benchmark.
    """

    def __init__(self, machine: Machine, *, error_ppm: float = 0.0) -> None:
        self.machine = machine
        self._channel = MachineChannel(machine)
        self.host = ProtocolHost(self._channel)
        self.pins = PinRecorder(machine)
        self.master = AudioMaster(audio_wires(machine), machine.clock, error_ppm=error_ppm)
        self.host.wait_ready()
        self.vendor = self.host.name()
        model = self.host.profile().model
        if model != MODEL_NAME:
            raise UsageError(
                f"the device runs {model!r}, not streaming wake word ({MODEL_NAME})",
                next_step="leave `sww` out: `boardless bench --image FILE` asks the device what it runs",
            )

    def begin(self, sound: WaveFile) -> tuple[Moment, Moment, PlayedFrames]:
        """Tell the device to start, and begin to play: when it was told, when the sound began, its frames."""
        self.host.command("stop")
        self.pins.clear()
        started = self._moment()
        self.host.command("start")
        began = self._moment()
        return started, began, self.master.play(sound.samples)

    def listen(self, sound: WaveFile, progress: Callable[[float], None] = lambda _seconds: None) -> Listening:
        """Play a sound to its end; ``progress`` is told how many of its seconds have passed."""
        started, began, frames = self.begin(sound)
        end = frames.ends_at(frames.frames - 1)
        while (left := end - self.machine.clock.picoseconds()) > 0:
            self._run(min(STEP_SECONDS, left / PICOSECONDS))
            progress(sound.seconds * self.master.played_frames / frames.frames)
        ended = self._moment()
        self._run(AFTERWARDS_SECONDS)
        told = self.machine.clock.picoseconds()
        lines: Sequence[Line] = self.host.command("stop")
        self.master.stop()
        stopped = self._moment()
        return Listening(
            started, began, ended, stopped, tuple(line.text for line in lines),
            moves=self.pins.between(began.picoseconds, told),
            events=self.pins.between(started.picoseconds, stopped.picoseconds),
        )  # fmt: skip

    def _run(self, seconds: float) -> None:
        """Let so much time pass, whatever the device says meanwhile."""
        clock = self.machine.clock
        until = clock.picoseconds() + ceil(seconds * PICOSECONDS)
        while clock.picoseconds() < until:
            lines = self._channel.lines_came
            left = max(1, clock.cycles_at(until) - clock.now())
            reason = self.machine.run(max_cycles=left, quiet_seconds=LONGEST_SILENCE_SECONDS)
            if reason is StopReason.INTERRUPTED and self._channel.lines_came == lines:
                raise KeyboardInterrupt
            if reason is StopReason.EXIT:
                raise ProtocolError("the firmware ended itself while audio was played")

    def _moment(self) -> Moment:
        machine = self.machine
        return Moment(machine.clock.picoseconds(), machine.counts.cycles, machine.counts.instructions)
