"""Register accesses as the firmware makes them: their time, their place, and what polls.

Unicorn calls a device in the middle of a block. The wrappers made here say which access is
being served, so that the clock and reports can name its very cycle and instruction, keep
errors from unwinding through Unicorn, and notice a register that is read again and again.

Twin: register_reads.h, which answers reads of registers that are remembered
(:mod:`emulator.engine.remembered_reads`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from emulator.bus.access import AccessFinder
from emulator.clock.ramp import Ramp
from emulator.engine.counts import Counts
from emulator.engine.engine import Engine
from emulator.engine.remembered_reads import MIXED_POLLS, POLLS, TIME_POLLS, RememberedReads

Read = Callable[[int, int], int]
Write = Callable[[int, int, int], None]
POLLED, POLLED_AT = struct.Struct("=III"), RememberedReads.polled.offset  # type: ignore[attr-defined]
"""The address that was read last, how often, and reads in all: at once, each look at a field takes long."""
Remembers = Callable[[int], bool]
"""Whether a register that has just been read only shows what its device is like."""


class RegisterAccesses:
    """Serves loads and stores of device registers.

    ``on_polled``: one register was read :data:`POLLS` times with nothing else in between, or
    several were, :data:`MIXED_POLLS` times together; while a loop is looked at, in its turns.
    ``on_error(error)``: a device raised; the caller raises it after the slice.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        on_polled: Callable[[], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._hook = engine.hook
        self._automaton = engine.automaton
        self._core = engine.core
        self._on_polled = on_polled
        self._on_error = on_error
        self._finder = AccessFinder(engine)
        self._access: tuple[int, int, bool] | None = None
        self._access_cycle: int | None = None
        self._access_position = 0  # in its block, once its cycle is known
        self._counted = engine.reads
        self.lent: range | None = None  # addresses of a device that the hook serves
        self.taken_back: Callable[[], None] = lambda: None  # before anybody else does
        self.written_to: Callable[[int], None] = lambda _address: None  # behind each of the firmware's stores
        self._ramp: Ramp | None = None  # of the access being served
        self.polled: tuple[int, int] | None = None  # (address, pc) of the last register read again and again
        self.watched: tuple[int, int, int] | None = None  # (word address, pc, reads so far), for trials
        self.turn_reads: list[tuple[int, int]] = []  # (address, pc) in the turn of a loop
        self.turn_values: dict[tuple[int, int], int] = {}  # by address and size, in the turn of a loop
        self.turn_ramps: list[tuple[tuple[int, int], Ramp | None]] = []  # those that change with time

    @property
    def activity(self) -> int:
        """Counts what an idle loop does not do: stores, reads that change something."""
        return self._counted.activity

    @property
    def time_read(self) -> Counts | None:
        """Totals at the last read of a value that changes with time."""
        counted = self._counted
        return Counts(counted.time_instructions, counted.time_cycle) if counted.has_time else None

    def count_activity(self) -> None:
        """Something happened that an idle loop does not do."""
        self._counted.activity += 1
        self._counted.forget()

    def forget_reads(self) -> None:
        """Devices may be otherwise than they were."""
        self._counted.forget()

    def touch(self, ramp: Ramp | None = None) -> None:
        """The access being served read a value that changes with time; ``ramp``: how, where it is known."""
        counted = self._counted
        counted.touches = counted.touches + 1 if counted.activity == counted.touched_activity else 1
        counted.activity += 1
        counted.touched_activity = counted.activity
        counted.has_time = 1
        counted.time_instructions, counted.time_cycle = self._hook.instructions, self.now()
        self._ramp = ramp
        if self._hook.trace_enabled and self._access is not None:
            self.turn_ramps.append((self._access[:2], ramp))
        if counted.touches == TIME_POLLS and ramp is not None:
            self._on_polled()

    def begin_turn(self) -> None:
        """One turn of a loop is looked at from now on."""
        self.turn_ramps.clear()
        self.turn_values.clear()

    def now(self) -> int:
        """The cycle of the access being served; between blocks, the cycle reached."""
        if self._access is None:
            return self._hook.cycles
        if self._access_cycle is None:
            if self._hook.current < 0:
                return self._hook.cycles
            position = self._position(*self._access)
            self._access_cycle, self._access_position = self._automaton.now_at(position), position
            self._finder.done(position)
        return self._access_cycle

    def forget(self) -> None:
        """Hear that a snapshot was restored."""
        self._finder.forget()

    def written(self) -> int | None:
        """The address of the firmware's store that is being served, if any."""
        return self._access[0] if self._access is not None and self._access[2] else None

    def served(self) -> int | None:
        """Position in the current block of the access being served; between blocks, None."""
        if self._access is None or self._hook.current < 0:
            return None
        self.now()
        return self._access_position

    def here(self) -> int:
        """Address of the instruction that makes the access; between blocks, the PC."""
        block = self._automaton.current_block()
        if block is None:
            return self._core.get("pc")
        if self._access is not None:
            position = self._position(*self._access)
            if position < len(block.instructions):
                return block.instructions[position].address
        return block.address

    def _position(self, address: int, size_bytes: int, is_store: bool) -> int:
        return self._finder.position(address, size_bytes, is_store=is_store)

    def guarded_read(self, read: Read, remembers: Remembers = lambda _address: False) -> Read:
        """Wrap ``read(address, size)`` for Unicorn."""

        def guarded(address: int, size_bytes: int) -> int:
            if self.lent is not None and address in self.lent:
                self.taken_back()
            if self._access is not None:  # a DMA transfer or an alias: its time is the outer access's
                return read(address, size_bytes)
            self._access, self._access_cycle = (address, size_bytes, False), None
            self._count_poll(address)
            self._ramp, activity = None, self._counted.activity
            try:
                value = read(address, size_bytes)
            except BaseException as error:  # noqa: BLE001 -- it, Ctrl-C too, must not unwind through Unicorn
                self._on_error(error)
                return 0
            else:
                if self._hook.trace_enabled:
                    self.turn_values[address, size_bytes] = value
                elif self._counted.activity == activity:
                    if self._counted.polls > 1 and remembers(address) and self.watched is None:
                        self._counted.remember(address, size_bytes, value, cycle=0, ramp=None)
                elif self._ramp is not None:
                    self._remember_ramp(address, size_bytes, value, self._ramp)
                return value
            finally:
                self._access = None

        return guarded

    def guarded_write(self, write: Write) -> Write:
        """Wrap ``write(address, size, value)`` for Unicorn."""

        def guarded(address: int, size_bytes: int, value: int) -> None:
            if self.lent is not None:  # whatever is written may change it
                self.taken_back()
            self.count_activity()
            if self._access is not None:
                write(address, size_bytes, value)
                return
            self._access, self._access_cycle = (address, size_bytes, True), None
            try:
                write(address, size_bytes, value)
                self.written_to(address)
            except BaseException as error:  # noqa: BLE001 -- as above
                self._on_error(error)
            finally:
                self._access = None

        return guarded

    def _remember_ramp(self, address: int, size_bytes: int, value: int, ramp: Ramp) -> None:
        """The read gave the count of a clock, in a register of its own."""
        mask = (1 << 8 * size_bytes) - 1
        if address % 4 or ramp.value & mask != value or self.watched is not None or self._hook.current < 0:
            return
        self._counted.remember(address, size_bytes, value, cycle=self.now(), ramp=ramp)
        self._automaton.tell_loads()

    def _count_poll(self, address: int) -> None:
        counted = self._counted
        activity = counted.activity
        polled, polls, reads = POLLED.unpack_from(counted, POLLED_AT)
        if activity != counted.polled_activity:
            counted.polled_activity = activity
            polls = reads = 0
        elif address != polled:
            polls = 0
        polls, reads = polls + 1, reads + 1
        POLLED.pack_into(counted, POLLED_AT, address, polls, reads)
        looking = self._hook.trace_enabled
        if looking:
            self.turn_reads.append((address, self.here()))
        if self.watched is not None:
            word, pc, watched = self.watched
            self.watched = (word, pc, watched + (word == address & ~3 and pc == self.here()))
        if polls == POLLS:
            self.polled = (address, self.here())
        reads = len(self.turn_reads) if looking else reads
        if reads == MIXED_POLLS or (polls == POLLS and not looking):
            self._on_polled()
