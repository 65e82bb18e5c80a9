"""One inference of any image, found by its calls: timed on the machine, and on Unicorn alone.

The function that a firmware calls once for each inference and that executes most is the inference,
whatever its name is. The machine is timed from its entry to its return. Plain Unicorn gets a copy
of memory and registers at the entry, and runs the same call with nothing hooked.
"""

from __future__ import annotations

import gc
import math
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benches.protocol.host import READY
from benches.speed.measure import bare_core, run_plain
from benches.speed.rows import PLAIN, Speed, host_seconds
from benches.speed.subjects import Session, Subject, open_session
from emulator.engine.core import Core
from emulator.errors import CheckFailed
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine

FEW, MORE = 1, 4
"""Inferences of two commands whose calls are compared."""
REPLY_PATIENCE_S = 60.0
MOST_IN_A_TURN = 100
REGISTERS = (*(f"r{n}" for n in range(13)), "sp", "lr", "fpscr", *(f"s{n}" for n in range(32)))


def inference_function(subject: Subject, hook: str) -> int:
    """Where the function begins that is called once an inference. Raises CheckFailed."""
    session = open_session(subject, "count", hook)
    few, more = _calls(session, FEW), _calls(session, MORE)
    once = [f for f, (calls, _) in more.items() if calls - few.get(f, (0, 0))[0] == MORE - FEW]
    if not once:
        raise CheckFailed("no function is called once for each inference", where=subject.title)
    return max(once, key=lambda function: more[function][1])


def _calls(session: Session, inferences: int) -> dict[int, tuple[int, int]]:
    """Calls of each function, and the instructions that they and their callees executed."""
    machine = session.machine
    debug = machine.image.debug if machine.image is not None else None
    starts = {s.address & ~1 for s in debug.symbols() if s.is_function} if debug is not None else set()
    contexts = machine.hook.contexts
    contexts.start(starts, machine.core.get("pc") & ~1, machine.core.get("ipsr") & 0x1FF)
    session.host.infer(inferences, 0)
    rows = contexts.rows()
    contexts.stop()
    inclusive = [row.instructions for row in rows]
    for number in range(len(rows) - 1, -1, -1):  # callers stand before callees
        if rows[number].parent >= 0:
            inclusive[rows[number].parent] += inclusive[number]
    calls: Counter[int] = Counter()
    executed: Counter[int] = Counter()
    for number, row in enumerate(rows):
        calls[row.function] += row.calls
        executed[row.function] += inclusive[number]
    return {function: (calls[function], executed[function]) for function in calls}


class EmulatedInference:
    """A machine that is asked for inferences by its serial protocol; they alone are timed."""

    def __init__(
        self, subject: Subject, function: int, timing: str, hook: str, prices_folder: Path | None = None
    ) -> None:
        self.session = open_session(subject, timing, hook, prices_folder)
        self.machine = self.session.machine
        self._function = function
        self._timing = timing

    def one(self) -> Speed:
        """Ask for an inference and time it, from its function's entry to its return."""
        self.stand_at_entry()
        back = self.machine.core.get("lr") & ~1
        speed = self._timed(lambda: _run_to(self.machine, back))
        self._hear_out()
        return speed

    def turn(self, inferences: int, cycles: int) -> Speed:
        """Ask for some inferences, and time what passes in ``cycles`` from the first one's entry.

        Nothing stops between them: whoever runs a machine for a moment pays for its beginning, too.
        """
        self.stand_at_entry(inferences)
        speed = self._timed(lambda: _run_for(self.machine, cycles))
        self._hear_out()
        return speed

    def stand_at_entry(self, inferences: int = 1) -> None:
        """Ask for inferences, and stop before the first one's first instruction."""
        self.session.channel.send(f"infer {inferences} 0%".encode("ascii"))
        _run_to(self.machine, self._function)

    def _timed(self, run: Callable[[], None]) -> Speed:
        before = self.machine.counts
        started = host_seconds()
        run()
        seconds = host_seconds() - started
        after = self.machine.counts
        instructions, cycles = after.instructions - before.instructions, after.cycles - before.cycles
        return Speed(self._timing, instructions, seconds, cycles)

    def _hear_out(self) -> None:
        while self.session.channel.receive_line(REPLY_PATIENCE_S).text != READY:
            pass


def _run_for(machine: Machine, cycles: int) -> None:
    """Lines of the console interrupt a run. Raises CheckFailed when the firmware stops before."""
    end = machine.counts.cycles + cycles
    while (left := end - machine.counts.cycles) > 0:
        reason = machine.run(max_cycles=left)
        if reason not in (StopReason.INTERRUPTED, StopReason.MAX_CYCLES):
            raise CheckFailed(f"inferences ended before their time: {reason.value}")


def _run_to(machine: Machine, address: int) -> None:
    """Lines of the console interrupt a run. Raises CheckFailed when the address is not reached."""
    while (reason := machine.run_to(address)) is not StopReason.BREAK:
        if reason is not StopReason.INTERRUPTED:
            raise CheckFailed(f"the inference at {address:#x} was not reached: {reason.value}")


@dataclass(frozen=True, slots=True)
class FirstInferences:
    """Milliseconds with memory timing: medians.

    ``unseen_ms``: of the first inference of an image that has never been run, ``seen_ms``: of one whose
    blocks a run before has kept on disk, ``later_ms``: of a fourth one.
    """

    unseen_ms: float
    seen_ms: float
    later_ms: float


def first_inferences(subject: Subject, function: int, hook: str, turns: int) -> FirstInferences:
    """Some fresh machines, each with and without what another one has kept."""
    unseen: list[float] = []
    seen: list[float] = []
    later: list[float] = []
    for _ in range(turns):
        with tempfile.TemporaryDirectory(prefix="boardless-") as folder:
            for firsts in (unseen, seen):
                inference = EmulatedInference(subject, function, "memory", hook, Path(folder))
                first, *_warm, last = (inference.one().host_s * 1e3 for _ in range(MORE))
                firsts.append(first)
                later.append(last)
                del inference
                gc.collect()  # the file is written when the machine goes
    return FirstInferences(statistics.median(unseen), statistics.median(seen), statistics.median(later))


class PlainInference:
    """The same call on Unicorn with the board's memories and no hook. ``first_s``: with its translation."""

    def __init__(self, subject: Subject, function: int, hook: str) -> None:
        emulated = EmulatedInference(subject, function, "count", hook)
        machine = emulated.machine
        self.instructions = emulated.one().instructions
        emulated.stand_at_entry()
        self._core = bare_core(machine.board)
        for mine, theirs in zip(self._core.memories, machine.core.memories, strict=True):
            if not mine.region.alias_of:
                mine.buffer[:] = theirs.buffer[:]
        self._registers = {name: machine.core.get(name) for name in _registers(machine.core)}
        self._function = function
        self.first_s = self._run()  # translates

    def turn(self, inferences: int) -> Speed:
        """Time so many inferences."""
        seconds = sum(self._run() for _ in range(inferences))
        return Speed(PLAIN, self.instructions * inferences, seconds)

    def _run(self) -> float:
        for name, value in self._registers.items():
            self._core.set(name, value)
        return run_plain(self._core, self._function, self._registers["lr"] & ~1)


def _registers(core: Core) -> tuple[str, ...]:
    return REGISTERS if core.has_fpu else tuple(n for n in REGISTERS if n[0] != "s" or n == "sp")


def inferences_of_a_turn(plain: PlainInference, turn_s: float) -> int:
    """How many take ``turn_s`` of the host's time on plain Unicorn."""
    return max(1, min(MOST_IN_A_TURN, math.ceil(turn_s / plain.turn(1).host_s)))
