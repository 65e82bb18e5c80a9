"""Records a benchmark's inference: the window between the firmware's own time stamps, or edges of its pins.

As in :mod:`benches.measure.profiled_window` it is played twice from one snapshot, so that it begins and
ends at the first blocks after the stamps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benches.measure.performance import PerformanceSession
from benches.measure.pin_recorder import Pulse
from benches.measure.profiled_window import Conversation, go_to_window, run_to_cycle
from benches.measure.streaming import StreamingSession
from benches.suite.input_files import InputData
from emulator.machine.machine import Machine
from emulator.profiling.recorded_run import to_function, to_return
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.model import Recording
from peripherals.instruments.wave_file import WaveFile


def record_inference(
    recorder: Recorder,
    machine: Machine,
    choose_input: Callable[[PerformanceSession], InputData],
    labels: Labels,
    function: str | None = None,
    warmups: int = 0,
) -> Recording:
    """Boot a benchmark image, load an input, record one inference, or one call of a function in it.

    ``warmups``: inferences before it, which fill the caches; a function's first call may be in them.
    ``recorder``: of the machine, as it is after reset; it is closed.

    Raises ProtocolError when the image does not speak the benchmark's protocol.
    """
    try:
        session = PerformanceSession(machine)
        conversation = Conversation((choose_input(session),), warmups=warmups)
        return _record(recorder, machine, session, conversation, labels, function)
    finally:
        recorder.close()


def record_conversation(
    recorder: Recorder, machine: Machine, conversation: Conversation, labels: Labels
) -> Recording:
    """Boot a benchmark image and record the last window of a conversation; as above."""
    try:
        return _record(recorder, machine, PerformanceSession(machine), conversation, labels, None)
    finally:
        recorder.close()


def record_frame(
    recorder: Recorder, session: StreamingSession, sound: WaveFile, frame: Pulse, labels: Labels
) -> Recording:
    """Record one frame of a sound that was played before, on another machine: the same up to the last cycle.

    ``recorder``: of the session's machine, as it was after reset; it is closed.
    """
    machine = session.machine
    try:
        session.begin(sound)
        run_to_cycle(machine, frame.begin.cycles)
        recorder.begin()
        run_to_cycle(machine, frame.end.cycles)
        return recorder.end(labels)
    finally:
        recorder.close()


def _record(
    recorder: Recorder,
    machine: Machine,
    session: PerformanceSession,
    conversation: Conversation,
    labels: Labels,
    function: str | None,
) -> Recording:
    conversation.play(session)
    title = conversation.title(session.benchmark.name)
    if function is not None:
        session.channel.send(conversation.command)
        call = to_function(machine, function, keeps_on=lambda: True)  # each line interrupts
        recorder.begin()
        to_return(machine, None, keeps_on=lambda: True)
        return recorder.end(replace(labels, title=f"{call} in {title}"))
    window = go_to_window(machine, session, conversation)
    recorder.begin()
    run_to_cycle(machine, window.end_cycles)
    return recorder.end(replace(labels, title=title))
