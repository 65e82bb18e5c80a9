"""A transmitter at work, lent to the native hook. Twin: lent_output.h.

While a character is being shifted out and at most one more waits, what firmware finds is known: a status
word that says whether there is room, a data register that takes a character if there is. For the length
of a slice the native hook lets characters leave, each at its cycle, and skips the turns of loops that
wait for room; :mod:`emulator.machine.output_lending` lends it, takes it back, and hands over what has
left. The last character, one that somebody heeds, and everything else are the device's own.
"""

from __future__ import annotations

import ctypes
from collections.abc import MutableSequence

CHARACTERS = 256
MOST_SENT = 64
"""Characters at once."""
MOST_TURN_BLOCKS = 16
"""Of a waiting loop whose turns are skipped natively."""


class KnownTurn(ctypes.Structure):
    """``KnownTurn`` in lent_output.h: a turn of a waiting loop that begins at ``address``."""

    address: int
    n_blocks: int
    cycles: int
    instructions: int
    blocks: MutableSequence[int]
    _fields_ = (
        ("address", ctypes.c_uint32),
        ("n_blocks", ctypes.c_uint32),
        ("cycles", ctypes.c_uint32),
        ("instructions", ctypes.c_uint32),
        ("blocks", ctypes.c_uint32 * MOST_TURN_BLOCKS),
    )


class LentOutput(ctypes.Structure):
    """``LentOutput`` in lent_output.h.

    ``at``: the cycle at which the character that is being shifted out has left; ``other_deadline``: the
    earliest of anybody else; ``slice_end``: of the slice that runs; ``check_at``: when a waiting loop is
    looked for next. ``skipped_cycles``, ``skipped_instructions``: of turns that were not run.
    ``full_status``, ``ready_status``: the status word with and without a character that waits.
    ``writable``: bits of the data register ``data``; ``mask``: those of a character. ``is_held``: a
    character waits, ``held``; ``sending`` is on the wire. ``heeded``: by character, whether somebody wants
    to see it at once. ``count``: of ``characters``, which have left. ``may_skip``: turns; ``wants_look``:
    somebody waits in a loop that nobody has looked at yet.
    """

    at: int
    character_cycles: int
    other_deadline: int
    slice_end: int
    check_at: int
    skipped_cycles: int
    skipped_instructions: int
    is_lent: int
    data_address: int
    status_address: int
    full_status: int
    ready_status: int
    writable: int
    mask: int
    is_held: int
    held: int
    sending: int
    data: int
    count: int
    may_skip: int
    wants_look: int
    heeded: MutableSequence[int]
    characters: MutableSequence[int]
    _fields_ = (
        [
            (name, ctypes.c_uint64)
            for name in ("at", "character_cycles", "other_deadline", "slice_end", "check_at",
                         "skipped_cycles", "skipped_instructions")
        ]
        + [
            (name, ctypes.c_uint32)
            for name in ("is_lent", "data_address", "status_address", "full_status", "ready_status",
                         "writable", "mask", "is_held", "held", "sending", "data", "count", "may_skip",
                         "wants_look")
        ]
        + [("heeded", ctypes.c_uint8 * CHARACTERS), ("characters", ctypes.c_uint8 * MOST_SENT)]
    )  # fmt: skip

    def heed(self, heeded: bytes) -> None:
        """Set ``heeded``, as a whole: one by one takes long."""
        assert len(heeded) == CHARACTERS
        ctypes.memmove(ctypes.addressof(self.heeded), heeded, CHARACTERS)  # type: ignore[arg-type]
