"""VPR and what else of Armv8.1-M Unicorn does not keep, shared with C; where Unicorn keeps the vectors.

Twin: vector_state.h, and ``VectorDoors`` in interpret.h.
"""

from __future__ import annotations

import ctypes as c
from pathlib import Path

from unicorn import Uc
from unicorn import arm_const as arm

from emulator.engine.register_file import RegisterFile

SINGLES = tuple(getattr(arm, f"UC_ARM_REG_S{n}") for n in range(32))
MAGIC = tuple(0x3F8A0000 + 0x01010101 * n & 0xFFFFFFFF for n in range(32))
STATE_BYTES = 0x4000
"""Of Unicorn's CPU state behind R0: the vectors lie in its first 5 KiB in 2.1.4."""
NO_TAIL = 4
SATURATED, TAIL_SHIFT = 1 << 27, 16
STATUS_BITS = SATURATED | 7 << TAIL_SHIFT


class VectorState(c.Structure):
    """See vector_state.h for what each field is."""

    vpr: int
    saturated: int
    tail_size: int
    default_status: int
    access: int
    traps_unaligned: int
    is_protected: int
    fault: int
    fault_address: int
    has_rounded_otherwise: int

    _fields_ = tuple(
        (name, c.c_uint32)
        for name in (
            *("vpr", "saturated", "tail_size", "default_status", "access"),
            *("traps_unaligned", "is_protected", "fault", "fault_address", "has_rounded_otherwise"),
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    def reset(self) -> None:
        """As after a reset: FPSCR.LTPSIZE is 4."""
        self.vpr = self.saturated = self.default_status = 0
        self.tail_size = NO_TAIL

    @property
    def status(self) -> int:
        """FPSCR's bits QC and LTPSIZE."""
        return (SATURATED if self.saturated else 0) | self.tail_size << TAIL_SHIFT

    @status.setter
    def status(self, value: int) -> None:
        self.saturated = int(bool(value & SATURATED))
        self.tail_size = value >> TAIL_SHIFT & 7

    def save(self) -> bytes:
        """State for a snapshot."""
        return bytes(self)

    def load(self, saved: bytes) -> None:
        """Put a saved state back."""
        c.memmove(c.addressof(self), saved, len(saved))


Vectors = c.Array[c.c_uint32]


def find_vectors(uc: Uc, registers: RegisterFile | None) -> Vectors | None:
    """A view of S0 to S31, four to a vector, in Unicorn's CPU state; None when it is not found for certain.

    As :func:`emulator.engine.register_file.find_register_file` finds the core's registers: known values are
    written and looked for, and a second one must appear at the same place.
    """
    if registers is None:
        return None
    saved = [uc.reg_read(n) for n in SINGLES]
    for n, value in zip(SINGLES, MAGIC, strict=True):
        uc.reg_write(n, value)
    pattern = bytes((c.c_uint32 * 32)(*MAGIC))
    try:
        with Path("/proc/self/mem").open("rb", buffering=0) as memory:
            memory.seek(c.addressof(registers))
            at = (memory.read(STATE_BYTES) or b"").find(pattern)
        if at < 0:
            return None
        found = (c.c_uint32 * 32).from_address(c.addressof(registers) + at)
        uc.reg_write(SINGLES[5], 0x13579BDF)
        return found if found[5] == 0x13579BDF else None
    except OSError:
        return None
    finally:
        for n, value in zip(SINGLES, saved, strict=True):
            uc.reg_write(n, value)
