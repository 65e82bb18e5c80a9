"""Recordings from Python: a firmware's run, or what a machine does in a ``with`` block, as a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from emulator.board.model import Board
from emulator.errors import UsageError
from emulator.machine.machine import Machine
from emulator.profiling.recorded_run import Stretch, record_run
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.model import Recording
from emulator.reporting.report import Report


def profile(
    firmware: Machine | str | Path,
    board: Board | str | None = None,
    *,
    base: int | None = None,
    symbols: str | Path | None = None,
    after: bytes | str | None = None,
    until: bytes | str | None = None,
    max_cycles: int | None = None,
    function: str | None = None,
    operators_from: str | None = None,
    sources: Sequence[str | Path] = (),
    timing: str = "memory",
    hook: str = "auto",
) -> Report:
    """Record a run with every call in it, and report where its cycles went.

    ``firmware``: an image to load on ``board``, or a machine, which goes on from where it stands.
    The recording begins there, or when the console has sent ``after``; it ends when it has sent ``until``,
    ``max_cycles`` later, or when the firmware ends or idles. ``function``: one call of it instead, by
    name or address. ``operators_from``: the function whose calls are a network's operators, where no
    interpreter tells. ``sources``: folders in which source files lie that have moved.
    Figures are simulated and unofficial. Raises UsageError, BoardError, ImageError; CheckFailed when the
    begin never comes, LimitReached when a function does not return, GuestFault.
    """
    if isinstance(firmware, Machine):
        machine = firmware
    elif board is None:
        raise UsageError("an image needs a board", next_step='give its name: profile("firmware.elf", "NAME")')
    else:
        machine = Machine(board, timing=timing, hook=hook)
        machine.load(firmware, base=base, symbols=symbols)
    wanted = Stretch(_bytes(after), _bytes(until), max_cycles, function)
    labels = Labels("", source_roots=tuple(map(Path, sources)))
    recording, _reason = record_run(Recorder(machine, operators_from, begins=False), machine, wanted, labels)
    return Report(recording)


def _bytes(text: bytes | str | None) -> bytes | None:
    return text.encode() if isinstance(text, str) else text


class ProfiledBlock:
    """``with machine.profile() as profiled:`` records what the machine does in the block."""

    def __init__(
        self, machine: Machine, title: str, operators_from: str | None, sources: Sequence[str | Path]
    ) -> None:
        self._machine = machine
        self._title = title
        self._operators_from = operators_from
        self._sources = sources
        self._recorder: Recorder | None = None
        self._recording: Recording | None = None

    def __enter__(self) -> ProfiledBlock:
        self._recorder = Recorder(self._machine, self._operators_from)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._recorder is not None
        try:
            labels = Labels(self._title, source_roots=tuple(map(Path, self._sources)))
            self._recording = self._recorder.end(labels)
        finally:
            self._recorder.close()

    @property
    def recording(self) -> Recording:
        """The recording of the block, also of one that an error ended. Raises UsageError in it."""
        if self._recording is None:
            raise UsageError(
                "the block that is recorded has not ended", next_step="ask behind the `with` block"
            )
        return self._recording

    @property
    def report(self) -> Report:
        """Its tables, exports and page."""
        return Report(self.recording)
