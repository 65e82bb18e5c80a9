"""Reads of device registers that the native hook answers itself. Twin: remembered_reads.h.

A register that is read again with nothing in between is remembered, and read natively until Python has
anything to do with a device: a store, a read that takes something away, a deadline. So is a count of a
clock (:class:`emulator.clock.ramp.Ramp`) that was read twice as its device had said. What is counted of
reads, to notice who waits, is counted here by both.
"""

from __future__ import annotations

import ctypes

from emulator.clock.ramp import Ramp

MOST_REMEMBERED = 8
POLLS = 4
"""So many reads of one register, with nothing else in between, look like waiting."""
MIXED_POLLS = 12
"""So many reads of any registers do, too."""
TIME_POLLS = 16
"""So many reads of counters with nothing else in between look like a delay."""


class Remembered(ctypes.Structure):
    """One register, by address and size of its reads. ``is_sure``: of a counter, that it was read twice."""

    address: int
    size_bytes: int
    is_sure: int
    is_ramp: int
    mask: int
    value: int
    cycle: int
    until: int
    step: int
    numerator: int
    denominator: int
    phase: int
    _fields_ = [(name, ctypes.c_uint32) for name in ("address", "size_bytes", "is_sure", "is_ramp")] + [
        (name, ctypes.c_int64)
        for name in ("mask", "value", "cycle", "until", "step", "numerator", "denominator", "phase")
    ]

    def says(self, cycle: int) -> int:
        """The value of a read at ``cycle``."""
        if not self.is_ramp:
            return self.value
        clocks = ((cycle - self.cycle) * self.numerator + self.phase) // self.denominator
        return (self.value + self.step * clocks) & self.mask


class RememberedReads(ctypes.Structure):
    """``RememberedReads`` in remembered_reads.h.

    ``activity`` counts what an idle loop does not do: stores, reads that change something, and reads of
    what changes with time. ``polled``: the address that was read last, ``polls`` times; ``reads``: of any
    registers; ``touches``: of counters; each with nothing else in between. ``time_cycle``,
    ``time_instructions``: at the last read of a counter, if ``has_time``. ``access_serial``: the pass
    through a block whose accesses are served; those before instruction ``access_cursor`` were.
    """

    activity: int
    touched_activity: int
    polled_activity: int
    time_cycle: int
    time_instructions: int
    access_serial: int
    polled: int
    polls: int
    reads: int
    touches: int
    has_time: int
    access_cursor: int
    n: int
    _fields_ = (
        [
            (name, ctypes.c_uint64)
            for name in ("activity", "touched_activity", "polled_activity", "time_cycle", "time_instructions",
                         "access_serial")
        ]
        + [
            (name, ctypes.c_uint32)
            for name in ("polled", "polls", "reads", "touches", "has_time", "access_cursor", "n")
        ]
        + [("rows", Remembered * MOST_REMEMBERED)]
    )  # fmt: skip

    def forget(self) -> None:
        """Whatever was remembered may be otherwise now."""
        self.n = 0

    def remember(self, address: int, size_bytes: int, value: int, *, cycle: int, ramp: Ramp | None) -> None:
        """A read at ``cycle`` gave ``value``; it goes on as ``ramp`` says, or stays."""
        rows = self.rows
        found = next(
            (n for n in range(self.n) if (rows[n].address, rows[n].size_bytes) == (address, size_bytes)), None
        )
        if found is None:
            found = self.n if self.n < MOST_REMEMBERED else 0
            self.n = max(self.n, found + 1)
            rows[found].is_sure = rows[found].size_bytes = 0
        row = rows[found]
        known = row.size_bytes == size_bytes and row.is_ramp == (ramp is not None)
        row.is_sure = int(ramp is None or (known and row.says(cycle) == value and cycle < row.until))
        row.address, row.size_bytes, row.is_ramp, row.value = (
            address,
            size_bytes,
            int(ramp is not None),
            value,
        )
        if ramp is not None:
            row.mask = (1 << 8 * size_bytes) - 1
            row.step, row.numerator, row.denominator = ramp.step, ramp.numerator, ramp.denominator
            row.phase, row.until, row.cycle, row.value = ramp.phase, ramp.until, ramp.cycle, ramp.value
            row.mask &= ramp.mask
