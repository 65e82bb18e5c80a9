"""Characters that wait for a receiver, lent to the native hook. Twin: lent_input.h.

While nothing but characters happens to a receiver, what firmware finds in its registers is known: a status
word with or without a character, a data register whose read takes the character, an interrupt line. For
the length of a slice the native hook lets them come, each at its cycle, and wakes the core from WFI for
them; :mod:`emulator.machine.lending` lends them and takes back what is left. A character that finds no
room, what comes behind the last one, and everything else are the device's own.
"""

from __future__ import annotations

import ctypes
from collections.abc import MutableSequence

MOST_CHARACTERS = 128
"""At once: they are lent anew at each slice, and a slice ends where they do."""
WATCHED_CYCLES, AWAKE_CYCLES = 1_000, 20_000
"""Behind a character, and behind a sleep, a waiting loop is looked for so many cycles later."""


class LentInput(ctypes.Structure):
    """``LentInput`` in lent_input.h.

    ``at``: the cycle at which the next character has come, or would have; ``other_deadline``: the
    earliest of anybody else; ``slice_end``: of the slice that runs; ``check_at``: when a waiting loop is
    looked for next; ``quiet_cycles``: so many asleep say nothing yet; ``slept_cycles``: asleep so far.
    ``empty_status``, ``full_status``: the status word without and with a character. ``sticky``: flags
    that are set, which a store to ``clear_address`` clears. ``exception``: of its line, 0: none is
    asserted. ``is_held``: a character was not read yet, ``data``; ``last``: what a read gives without one.
    ``count``: of ``characters``; ``taken``: those that have come. ``is_asleep``: the core went to sleep, and
    nothing has woken it. ``busy``: bits of both status words that are set while a character is on its way:
    until the last has come, longer when another ``follows`` these.
    """

    at: int
    character_cycles: int
    other_deadline: int
    slice_end: int
    check_at: int
    quiet_cycles: int
    slept_cycles: int
    is_lent: int
    data_address: int
    status_address: int
    clear_address: int
    empty_status: int
    full_status: int
    sticky: int
    exception: int
    is_held: int
    data: int
    last: int
    count: int
    taken: int
    is_asleep: int
    busy: int
    follows: int
    characters: MutableSequence[int]
    _fields_ = (
        [
            (name, ctypes.c_uint64)
            for name in ("at", "character_cycles", "other_deadline", "slice_end", "check_at", "quiet_cycles",
                         "slept_cycles")
        ]
        + [
            (name, ctypes.c_uint32)
            for name in ("is_lent", "data_address", "status_address", "clear_address", "empty_status",
                         "full_status", "sticky", "exception", "is_held", "data", "last", "count", "taken",
                         "is_asleep", "busy", "follows")
        ]
        + [("characters", ctypes.c_uint16 * MOST_CHARACTERS)]
    )  # fmt: skip
