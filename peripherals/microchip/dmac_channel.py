"""One channel of the DMACs of SAM D21 and SAM D5x/E5x: descriptors in memory, a trigger after the other.

Descriptors are those of DS40001882 19.6.2 and DS60001507 22.6.2: of a channel the first one lies at BASEADDR,
16 bytes a channel, the others where DESCADDR says; what is left of the active one is written to WRBADDR. An
address that increments is given as its end. A trigger moves a beat (or a burst), a block, or all blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from emulator.device import DeviceContext, NothingAnswers

DESCRIPTOR_BYTES = 16
VALID, SOURCE_INCREMENTS, TARGET_INCREMENTS, STEP_OF_SOURCE = 1 << 0, 1 << 10, 1 << 11, 1 << 12
INTERRUPT, SUSPEND = 1, 2
"""BLOCKACT: bits of it."""
TRANSFER_ERROR, COMPLETE, SUSPENDED = 1 << 0, 1 << 1, 1 << 2
PENDING, BUSY, FETCH_ERROR = 1 << 0, 1 << 1, 1 << 2
BLOCK, BEAT, TRANSACTION = 0, 2, 3
"""TRIGACT."""
BEAT_CYCLES = 2
MOST_BLOCKS = 1 << 12
"""Blocks that one trigger moves at most: descriptors may be linked in a ring."""
LOW_HALF, ALL_BITS = 0xFFFF, 0xFFFFFFFF


@dataclass(slots=True)
class Descriptor:
    """A block transfer, and what is left of it."""

    control: int
    left: int
    source: int
    target: int
    following: int

    @property
    def beat_bytes(self) -> int:
        """BEATSIZE."""
        return 1 << min(self.control >> 8 & 3, 2)

    @property
    def block_action(self) -> int:
        """BLOCKACT."""
        return self.control >> 3 & 3

    def steps(self) -> tuple[int, int]:
        """By how much source and target go on with a beat."""
        step = self.beat_bytes << (self.control >> 13 & 7)
        of_source = bool(self.control & STEP_OF_SOURCE)
        source = step if of_source else self.beat_bytes
        target = self.beat_bytes if of_source else step
        return (
            source if self.control & SOURCE_INCREMENTS else 0,
            target if self.control & TARGET_INCREMENTS else 0,
        )


class Controller(Protocol):
    """What a channel needs of its controller."""

    context: DeviceContext
    values: dict[str, int]

    def wanted(self, source: int) -> int:
        """How many transfers a trigger's source asks for."""


class Channel:
    """Number ``number``; ``changed()``: its flags have changed."""

    def __init__(self, device: Controller, number: int, changed: Callable[[], None]) -> None:
        self._device, self._context, self.number = device, device.context, number
        self._changed = changed
        self._due = device.context.clock.deadline(f"{device.context.name}:channel{number}", self._serve)
        self.reset()

    def reset(self) -> None:
        """Off."""
        self.enabled = self.suspended = False
        self.source, self.action, self.burst = 0, BLOCK, 1
        self.flags = self.enables = self.errors = 0
        self.triggered = 0  # by software, and not served yet
        self._active: Descriptor | None = None
        self._due.disarm()

    @property
    def status(self) -> int:
        """CHSTATUS."""
        busy = BUSY if self.enabled and self._active is not None else 0
        return self.errors | busy | (PENDING if self._due.at_cycles is not None else 0)

    def enable(self, on: bool) -> None:
        """CHCTRLA.ENABLE: begin with the first descriptor, or stop where it is."""
        if on and not self.enabled:
            self._active, self.suspended, self.errors = None, False, 0
        if not on:
            self.triggered = 0
            self._due.disarm()
        self.enabled = on
        self.wake()

    def resume(self) -> None:
        """CHCTRLB.CMD."""
        self.suspended = False
        self.wake()

    def suspend(self) -> None:
        """CHCTRLB.CMD, a descriptor's BLOCKACT, or one that is not valid."""
        self.suspended = True
        self._raise(SUSPENDED)

    def trigger(self) -> None:
        """SWTRIGCTRL."""
        if self.enabled:
            self.triggered = 1
            self.wake()

    def wake(self) -> None:
        """Somebody may want something: it is served when its first beat is over."""
        asked = self.triggered or (self.source and self._device.wanted(self.source))
        is_idle = self.enabled and not self.suspended and self._due.at_cycles is None
        if asked and is_idle and self._fetched() is not None:
            self._due.arm_in(BEAT_CYCLES * self._beats())

    def save(self) -> dict[str, Any]:
        """State for a snapshot."""
        names = (
            "enabled",
            "suspended",
            "source",
            "action",
            "burst",
            "flags",
            "enables",
            "errors",
            "triggered",
        )
        state = {name: getattr(self, name) for name in names}
        return {**state, "active": self._active and asdict(self._active)}

    def load(self, state: dict[str, Any]) -> None:
        """Put a saved state back."""
        for name, value in state.items():
            if name != "active":
                setattr(self, name, value)
        self._active = Descriptor(**state["active"]) if state["active"] else None

    # -- inside ------------------------------------------------------------------------------
    def _beats(self) -> int:
        """How many beats the next trigger moves at least."""
        assert self._active is not None
        return min(self.burst, self._active.left) if self.action == BEAT else self._active.left

    def _serve(self) -> None:
        self.triggered = 0
        try:
            self._move()
        except NothingAnswers:
            self.enabled = False
            self._raise(TRANSFER_ERROR)
        self._write_back()
        self.wake()

    def _move(self) -> None:
        """What one trigger moves; with a beat a trigger, as long as the device asks."""
        for _ in range(MOST_BLOCKS):
            descriptor = self._fetched()
            if descriptor is None:
                return
            self._move_beats(descriptor, self._beats())
            if not descriptor.left:
                self._block_ended(descriptor)
            if not self.enabled or self.suspended or self.action == BLOCK:
                return
            if self.action == BEAT and not (self.source and self._device.wanted(self.source)):
                return

    def _move_beats(self, descriptor: Descriptor, beats: int) -> None:
        memory, size_bytes = self._context.memory, descriptor.beat_bytes
        source_step, target_step = descriptor.steps()
        for _ in range(beats):
            source = descriptor.source - source_step * descriptor.left & ALL_BITS
            target = descriptor.target - target_step * descriptor.left & ALL_BITS
            memory.write(target, size_bytes, memory.read(source, size_bytes))
            descriptor.left -= 1

    def _block_ended(self, descriptor: Descriptor) -> None:
        is_last = not descriptor.following
        if is_last:
            self.enabled = False
        else:
            self._active = self._read(descriptor.following)
        if descriptor.block_action & INTERRUPT or is_last:
            self._raise(COMPLETE)
        if descriptor.block_action & SUSPEND:
            self.suspend()

    def _fetched(self) -> Descriptor | None:
        """The active descriptor; None, and the channel suspended: it is not valid."""
        if self._active is None:
            self._active = self._read(self._device.values["BASEADDR"] + DESCRIPTOR_BYTES * self.number)
        if self._active is None or not self._active.control & VALID or not self._active.left:
            self._active, self.errors = None, FETCH_ERROR
            self.suspend()
            return None
        return self._active

    def _read(self, address: int) -> Descriptor | None:
        try:
            first, *rest = (self._context.memory.read(address + 4 * n, 4) for n in range(4))
        except NothingAnswers:
            return None
        return Descriptor(first & LOW_HALF, first >> 16, *rest)

    def _write_back(self) -> None:
        active = self._active
        if active is None:
            return
        address = self._device.values["WRBADDR"] + DESCRIPTOR_BYTES * self.number
        control = active.control if active.left else active.control & ~VALID
        words = (active.left << 16 | control, active.source, active.target, active.following)
        try:
            self._context.memory.write_all(address, b"".join(word.to_bytes(4, "little") for word in words))
        except NothingAnswers:
            self._raise(TRANSFER_ERROR)
        if not self.enabled:
            self._active = None

    def _raise(self, flag: int) -> None:
        self.flags |= flag
        self._changed()
