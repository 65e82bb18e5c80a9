"""The one clock: modelled core cycles, and the queue of absolute deadlines.

Nothing ticks. A device owns named :class:`Deadline` slots and arms each with an
absolute cycle; the machine stops at the earliest one and calls it. Two deadlines
at one cycle are served in the order in which their slots were made, so a run is
the same on every machine.

Time in seconds is derived: the core's frequency changes when firmware programs the
clock tree, so the clock keeps the cycle and the picosecond at which it last changed.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from typing import Any

NEVER = (1 << 63) - 1
PICOSECONDS_PER_SECOND = 10**12


class Deadline:
    """One owner's next event: an absolute cycle, or ``None`` while it is not armed.

    ``is_work``: the end of an operation that the firmware has begun, and not a tick.
    """

    __slots__ = ("_clock", "at_cycles", "callback", "is_work", "name", "number")

    def __init__(
        self, clock: Clock, name: str, number: int, callback: Callable[[], None], *, is_work: bool = False
    ) -> None:
        self._clock = clock
        self.name = name
        self.number = number
        self.callback = callback
        self.is_work = is_work
        self.at_cycles: int | None = None

    def arm(self, at_cycles: int) -> None:
        """Call back at ``at_cycles`` (absolute); replaces an earlier arming."""
        self._clock.schedule(self, at_cycles)

    def arm_in(self, cycles: int) -> None:
        """Call back ``cycles`` from now."""
        self.arm(self._clock.now() + cycles)

    def disarm(self) -> None:
        """Forget the arming, if any."""
        if self.at_cycles is not None:
            self._clock.schedule(self, None)


class Clock:
    """Core cycles since reset, the core's frequency, and the deadline queue."""

    def __init__(self, core_hz: int) -> None:
        self._core_hz = core_hz
        self._epoch_cycles = 0
        self._epoch_picoseconds = 0
        self._deadlines: list[Deadline] = []
        self._queue: list[tuple[int, int, Deadline]] = []  # of those armed: cycle, number of the slot, slot
        self._next_cycles = NEVER
        self.serving: int | None = None  # the cycle for which a slot is being called
        self._now: Callable[[], int] = lambda: 0
        self._next_changed: Callable[[int], None] = lambda _next_cycles: None

    # -- wiring, used by the machine ------------------------------------------------
    def attach(self, now: Callable[[], int], next_changed: Callable[[int], None]) -> None:
        """Give the clock its source of cycles, and the listener for a new next deadline."""
        self._now = now
        self._next_changed = next_changed

    # -- reading ---------------------------------------------------------------------
    def now(self) -> int:
        """The current cycle; inside a register access, the cycle of that very access."""
        return self._now()

    @property
    def core_hz(self) -> int:
        """Core clock in hertz, as the firmware has set it."""
        return self._core_hz

    def picoseconds(self, at_cycles: int | None = None) -> int:
        """Modelled time since reset in picoseconds, at ``at_cycles`` or now."""
        cycles = (self.now() if at_cycles is None else at_cycles) - self._epoch_cycles
        return self._epoch_picoseconds + cycles * PICOSECONDS_PER_SECOND // self._core_hz

    def seconds(self, at_cycles: int | None = None) -> float:
        """Modelled time since reset in seconds."""
        return self.picoseconds(at_cycles) / PICOSECONDS_PER_SECOND

    def cycles_at(self, picoseconds: int) -> int:
        """The first cycle at or after that time since reset, if the core's frequency stays as it is."""
        later = (picoseconds - self._epoch_picoseconds) * self._core_hz
        return self._epoch_cycles - -later // PICOSECONDS_PER_SECOND

    def set_core_hz(self, core_hz: int) -> None:
        """The firmware selected another core clock; time so far keeps its length."""
        if core_hz == self._core_hz:
            return
        now = self.now()
        self._epoch_picoseconds = self.picoseconds(now)
        self._epoch_cycles = now
        self._core_hz = core_hz

    def cycles_for(self, ticks: int, ticks_hz: int) -> int:
        """Core cycles, rounded up, that ``ticks`` of a clock of ``ticks_hz`` take."""
        return -(-ticks * self._core_hz // ticks_hz)

    def ticks_in(self, cycles: int, ticks_hz: int) -> int:
        """Whole ticks of a clock of ``ticks_hz`` that fit into ``cycles``."""
        return cycles * ticks_hz // self._core_hz

    # -- deadlines -------------------------------------------------------------------
    def deadline(self, name: str, callback: Callable[[], None], *, is_work: bool = False) -> Deadline:
        """Make a slot; call once, when the owner is built. ``name`` is unique (snapshots).

        ``is_work``: see :class:`Deadline`; the name is then ``"OWNER:..."``.
        """
        if any(slot.name == name for slot in self._deadlines):
            raise ValueError(f"deadline {name!r} exists already")
        slot = Deadline(self, name, len(self._deadlines), callback, is_work=is_work)
        self._deadlines.append(slot)
        return slot

    def next_cycles(self) -> int:
        """The earliest armed cycle, or :data:`NEVER`."""
        return self._next_cycles

    def has_work(self, owner: str) -> bool:
        """Whether an operation that an owner was told to begin comes to its end some time."""
        mine = f"{owner}:"
        return any(slot.is_work and slot.name.startswith(mine) for _cycles, _number, slot in self._queue)

    def schedule(self, slot: Deadline, at_cycles: int | None) -> None:
        """For the slots: the next call of one is at ``at_cycles``, or not any more."""
        if slot.at_cycles is not None:
            self._queue.remove((slot.at_cycles, slot.number, slot))
        slot.at_cycles = at_cycles
        if at_cycles is not None:
            insort(self._queue, (at_cycles, slot.number, slot))
        self.deadlines_changed()

    def deadlines_changed(self) -> None:
        """Tell the engine the earliest deadline."""
        self._next_cycles = self._queue[0][0] if self._queue else NEVER
        self._next_changed(self._next_cycles)

    def run_due(self, now_cycles: int) -> None:
        """Serve every deadline at or before ``now_cycles``, earliest first."""
        if self._next_cycles > now_cycles:
            return
        while self._queue and self._queue[0][0] <= now_cycles:
            self.serving, _number, slot = self._queue.pop(0)
            slot.at_cycles = None
            slot.callback()
        self.serving = None
        self.deadlines_changed()

    # -- snapshots -------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        """State for a snapshot."""
        return {
            "core_hz": self._core_hz,
            "epoch": (self._epoch_cycles, self._epoch_picoseconds),
            "deadlines": {s.name: s.at_cycles for s in self._deadlines},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put a saved state back."""
        self._core_hz = state["core_hz"]
        self._epoch_cycles, self._epoch_picoseconds = state["epoch"]
        for slot in self._deadlines:  # an instrument's may be younger than the snapshot
            slot.at_cycles = state["deadlines"].get(slot.name)
        self._queue = sorted((s.at_cycles, s.number, s) for s in self._deadlines if s.at_cycles is not None)
        self.deadlines_changed()
