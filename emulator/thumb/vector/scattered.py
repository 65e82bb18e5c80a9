"""Gathers, scatters and interleaving accesses: how many data each has.

Twin: ``find_elements`` in interpreted_memory.h.
"""

from __future__ import annotations

from emulator.thumb.instruction import Instruction, Kind

VECTOR_BITS, WORD_BYTES, WORDS = 128, 4, 4
WIDTHS = {"vldrb": 1, "vstrb": 1, "vldrh": 2, "vstrh": 2}
"""Bytes of a datum; doubles go by words, and so do VLD2, VLD4 and their stores."""


def scattered(instruction: Instruction) -> tuple[int, int] | None:
    """How many data are accessed at most, and the bytes of each; None when they stand in a row."""
    if instruction.kind not in (Kind.VECTOR_LOAD, Kind.VECTOR_STORE) or instruction.memory is not None:
        return None
    size_bytes = WIDTHS.get(instruction.name, WORD_BYTES)
    return WORDS if size_bytes == WORD_BYTES else VECTOR_BITS // instruction.element_bits, size_bytes
