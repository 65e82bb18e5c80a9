"""What decides which exception is taken and how, as both sides of the engine see it. Twin: exception_state.h.

One truth in one place: the system's registers and the exception model keep their state here, and the
native hook (emulator/engine/hooks/exceptions.h) reads and writes the same memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import MutableSequence
from enum import IntFlag
from typing import Any

MOST_EXCEPTIONS = 512
WORD_BITS = 64
WORDS = MOST_EXCEPTIONS // WORD_BITS
MASK_BYTES = MOST_EXCEPTIONS // 8
Mask = ctypes.c_uint64 * WORDS
NUMBERS = (
    *("count", "group_size", "priority_mask", "generation", "left_to_python", "is_mainline", "is_v8"),
    *("has_fpu", "vector_table", "configuration", "sleep_control", "event", "fp_context"),
    *("fp_frame_address", "owed_cycles", "entry_cycles", "exit_cycles", "tail_chain_cycles"),
    "fp_frame_cycles",
)
FIELDS: list[tuple[str, Any]] = [
    *((name, Mask) for name in ("pending_words", "active_words", "enabled_words", "level_words")),
    ("exception_cycles", ctypes.c_uint64),
    ("priorities", ctypes.c_int16 * MOST_EXCEPTIONS),
    *((name, ctypes.c_uint32) for name in NUMBERS),
]


class LeftToPython(IntFlag):
    """Why no exception is entered or left natively."""

    PROTECTION = 1  # the MPU has been enabled
    WATCHER = 2  # somebody follows entries and returns
    COUNTER = 4  # DWT_EXCCNT counts
    FAULT = 8  # a fault is being dealt with
    PENDING = 16  # somebody is told of what becomes pending
    COMPARISON = 32  # the two ways are compared


class ExceptionState(ctypes.Structure):
    """``ExceptionState`` in exception_state.h.

    Masks by exception number; ``levels``: of the external lines, by interrupt number.
    ``exception_cycles``: spent on entries and returns so far. ``generation``: counts what was changed
    natively. ``configuration``: CCR; ``sleep_control``: SCR; ``event``: the event register;
    ``fp_context``: FPCCR. ``owed_cycles``: to be spent by the next entry or return.
    """

    exception_cycles: int
    priorities: MutableSequence[int]
    count: int
    group_size: int
    priority_mask: int
    generation: int
    left_to_python: int
    is_mainline: int
    is_v8: int
    has_fpu: int
    vector_table: int
    configuration: int
    sleep_control: int
    event: int
    fp_context: int
    fp_frame_address: int
    owed_cycles: int
    entry_cycles: int
    exit_cycles: int
    tail_chain_cycles: int
    fp_frame_cycles: int
    pending_words: ctypes.Array[ctypes.c_uint64]
    active_words: ctypes.Array[ctypes.c_uint64]
    enabled_words: ctypes.Array[ctypes.c_uint64]
    level_words: ctypes.Array[ctypes.c_uint64]

    _fields_ = FIELDS

    def leave_to_python(self, reason: LeftToPython, holds: bool) -> None:
        """Say whether a reason holds from now on."""
        others = self.left_to_python & ~reason
        self.left_to_python = others | reason if holds else others


def mask_of(words: ctypes.Array[ctypes.c_uint64]) -> int:
    """A mask as one number."""
    return int.from_bytes(words, "little")


def put_mask(words: ctypes.Array[ctypes.c_uint64], mask: int) -> None:
    """Store a mask; bits beyond the last exception are dropped."""
    ctypes.memmove(words, (mask & (1 << MOST_EXCEPTIONS) - 1).to_bytes(MASK_BYTES, "little"), MASK_BYTES)
