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
SINGLE_FEATURES, DOUBLE_FEATURES = (0x10110021, 0x11000011, 0x40), (0x10110221, 0x12000011, 0x40)
"""MVFR0 to MVFR2 of Unicorn's Cortex-M33 and of its Cortex-M7."""
NO_TAIL = 4
SATURATED, TAIL_SHIFT, FLUSHES_HALVES = 1 << 27, 16, 1 << 19
STATUS_BITS = SATURATED | 7 << TAIL_SHIFT | FLUSHES_HALVES
"""Of FPSCR, which Unicorn does not have."""


class VectorState(c.Structure):
    """See vector_state.h for what each field is."""

    vpr: int
    saturated: int
    tail_size: int
    default_status: int
    access: int
    traps_unaligned: int
    fault: int
    fault_address: int
    has_rounded_otherwise: int
    raised: int
    flushes_halves: int

    _fields_ = tuple(
        (name, c.c_uint32)
        for name in (
            *("vpr", "saturated", "tail_size", "default_status", "access"),
            *("traps_unaligned", "fault", "fault_address", "has_rounded_otherwise"),
            *("raised", "flushes_halves"),
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    def reset(self) -> None:
        """As after a reset: FPSCR.LTPSIZE is 4."""
        self.vpr = self.saturated = self.default_status = self.raised = self.flushes_halves = 0
        self.tail_size = NO_TAIL

    @property
    def status(self) -> int:
        """FPSCR's bits QC, LTPSIZE and FZ16, and flags that are raised beside Unicorn's."""
        flushes = FLUSHES_HALVES if self.flushes_halves else 0
        return (SATURATED if self.saturated else 0) | self.tail_size << TAIL_SHIFT | flushes | self.raised

    @status.setter
    def status(self, value: int) -> None:
        self.settle_status(value)
        self.tail_size = value >> TAIL_SHIFT & 7

    def settle_status(self, fpscr: int) -> None:
        """What a VMSR of FPSCR writes of these: not LTPSIZE; Unicorn's FPSCR has got the flags."""
        self.saturated = int(bool(fpscr & SATURATED))
        self.flushes_halves = int(bool(fpscr & FLUSHES_HALVES))
        self.raised = 0

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


def open_double_precision(registers: RegisterFile | None) -> bool:
    """Let Unicorn's Cortex-M33, which stands in for a Cortex-M55, execute double precision; whether it does.

    Hardware: MVFR0 and MVFR1 say which floating point a core has. Unicorn 2.1.4: its M33 has that of single
    precision; the translator asks its copies of both, behind the registers. They become the M7's.
    tests/engine/test_vector_floats.py runs it; an M55 of Unicorn's own needs none of it.
    """
    if registers is None:
        return False
    single, double = (
        bytes((c.c_uint32 * len(words))(*words)) for words in (SINGLE_FEATURES, DOUBLE_FEATURES)
    )
    state = bytes((c.c_uint8 * STATE_BYTES).from_address(c.addressof(registers)))
    at, opened = state.find(single), state.find(double)  # further ones are those of other engines
    if opened >= 0 and (at < 0 or opened < at):
        return True
    if at >= 0:
        c.memmove(c.addressof(registers) + at, double, len(double))
    return at >= 0
