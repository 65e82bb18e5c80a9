"""The exact counts of a benchmark's inference as a profile.

A benchmark's window begins where the firmware reads its timer, in the middle of a block. So
the inference is played twice from one snapshot: once to learn the cycles at which its window
begins and ends, once to stop at the first blocks after them. Both runs are the same to the
last cycle; the profiled window differs from the measured one by parts of two blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benches.measure.performance import PerformanceSession
from benches.protocol.host import ProtocolError, Stamp
from benches.suite.input_files import InputData
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine
from emulator.profiling import CountState, Profile, fold

ENDS = (StopReason.IDLE, StopReason.EXIT, StopReason.WALL_LIMIT)


@dataclass(frozen=True, slots=True)
class ProfiledWindow:
    """A profile and in words what it is of. ``results``: what the inference printed."""

    profile: Profile
    title: str
    results: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A session in performance mode, up to the window of its last input.

    ``checked``: each input's window follows an inference of its own for the golden check, after
    which the input is sent again, unless the firmware ``keeps_input``.
    """

    inputs: tuple[InputData, ...]
    inferences: int = 1
    warmups: int = 0
    checked: bool = False
    keeps_input: bool = False

    def play(self, session: PerformanceSession) -> None:
        """Say everything that comes before the last window's ``infer``."""
        for item in self.inputs:
            session.host.load(item.data)
            if self.checked:
                session.host.infer(1, 0)
                if not self.keeps_input:
                    session.host.load(item.data)
            if item is not self.inputs[-1]:
                session.host.infer(self.inferences, self.warmups)

    @property
    def command(self) -> bytes:
        """What begins the last window."""
        return f"infer {self.inferences} {self.warmups}%".encode()

    def title(self, benchmark: str) -> str:
        """The last window in words."""
        number, noun = ("one", "inference") if self.inferences == 1 else (str(self.inferences), "inferences")
        return f"{number} {benchmark} {noun} of {self.inputs[-1].name}"


@dataclass(frozen=True, slots=True)
class FoundWindow:
    """A window that the firmware's time stamps bound. ``counts``: between them; ``results``: its output."""

    end_cycles: int
    counts: Stamp
    results: str


def profile_inference(
    machine: Machine, choose_input: Callable[[PerformanceSession], InputData]
) -> ProfiledWindow:
    """Boot a benchmark image, load an input, profile one inference.

    The machine stands at the window's end afterwards, in the middle of the conversation.
    Raises ProtocolError when the image does not speak the benchmark's protocol.
    """
    session = PerformanceSession(machine)
    return _profile_window(machine, session, Conversation((choose_input(session),)))[0]


def profile_conversation(machine: Machine, conversation: Conversation) -> tuple[ProfiledWindow, Stamp]:
    """Boot a benchmark image and profile the last window of a conversation; as above.

    Beside it the window's totals between the firmware's own time stamps, which the profile meets
    but for parts of two blocks.
    """
    return _profile_window(machine, PerformanceSession(machine), conversation)


def _profile_window(
    machine: Machine, session: PerformanceSession, conversation: Conversation
) -> tuple[ProfiledWindow, Stamp]:
    conversation.play(session)
    window = go_to_window(machine, session, conversation)
    first = CountState.of(machine.engine)
    run_to_cycle(machine, window.end_cycles)
    passed = CountState.of(machine.engine) - first
    title = conversation.title(session.benchmark.name)
    return ProfiledWindow(fold(machine.engine, passed), title, window.results), window.counts


def go_to_window(machine: Machine, session: PerformanceSession, conversation: Conversation) -> FoundWindow:
    """Infer once to see where the window lies, and go back to its begin.

    Raises ProtocolError when the image does not tell.
    """
    before = machine.snapshot()
    window = session.host.infer(conversation.inferences, conversation.warmups)
    if window.began is None or window.counts is None:
        raise ProtocolError("the image does not tell where its inference begins")
    machine.restore(before)
    session.channel.send(conversation.command)
    run_to_cycle(machine, window.began.cycles)
    return FoundWindow(window.began.cycles + window.counts.cycles, window.counts, window.results.text)


def run_to_cycle(machine: Machine, cycle: int) -> None:
    """Run to the first block that begins at ``cycle`` or later."""
    while machine.counts.cycles < cycle:
        reason = machine.run(max_cycles=cycle - machine.counts.cycles)
        if reason in ENDS:
            raise ProtocolError(f"the second run of the inference ended early ({reason.value})")
