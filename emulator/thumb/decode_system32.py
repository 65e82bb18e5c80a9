"""32-bit branches and system instructions (ARMv7-M ARM, A5.3.4)."""

from __future__ import annotations

from emulator.thumb.fields import Place, branch, build, register_at, sign_extend, unknown
from emulator.thumb.instruction import FLAGS, Instruction, Kind

HINTS = {
    0: "nop",
    1: "yield",
    2: "wfe",
    3: "wfi",
    4: "sev",
    13: "pacbti",
    15: "bti",
    20: "csdb",
    29: "pac",
    45: "aut",
}
WAITS = frozenset({"wfe", "wfi"})
BARRIERS = {2: "clrex", 4: "dsb", 5: "dmb", 6: "isb", 7: "sb"}
APSR_REGISTERS = 4
"""MRS and MSR of system registers 0..3 (APSR, IAPSR, EAPSR, XPSR) touch the flags."""


def branch_or_system(opcode: int, place: Place) -> Instruction:
    """Everything with bits 31:27 = 11110 and bit 15 set."""
    form = opcode >> 12 & 5
    if form & 1:
        return _far_branch(opcode, place, link=form == 5)
    if form == 4:
        return unknown(opcode, place)
    condition = opcode >> 22 & 15
    if condition < 14:
        return _conditional_branch(opcode, place._replace(condition=condition))
    return _system(opcode, place)


def _far_branch(opcode: int, place: Place, *, link: bool) -> Instruction:
    """B.W, BL: bits I1 and I2 are stored as NOT(J EOR S)."""
    sign = opcode >> 26 & 1
    i1 = ~(opcode >> 13 ^ sign) & 1
    i2 = ~(opcode >> 11 ^ sign) & 1
    offset = sign << 24 | i1 << 23 | i2 << 22 | (opcode >> 16 & 0x3FF) << 12 | (opcode & 0x7FF) << 1
    return branch(place, opcode, place.address + 4 + sign_extend(offset, 25), link=link)


def _conditional_branch(opcode: int, place: Place) -> Instruction:
    """Bcc.W."""
    sign, j1, j2 = opcode >> 26 & 1, opcode >> 13 & 1, opcode >> 11 & 1
    offset = sign << 20 | j2 << 19 | j1 << 18 | (opcode >> 16 & 0x3F) << 12 | (opcode & 0x7FF) << 1
    return branch(place, opcode, place.address + 4 + sign_extend(offset, 21))


def _system(opcode: int, place: Place) -> Instruction:
    """MRS, MSR, hints, barriers, UDF."""
    operation = opcode >> 20 & 0x7F
    if operation in (0x38, 0x39):
        return _write_special(opcode, place)
    if operation == 0x3A:
        return _hint(opcode, place)
    if operation == 0x3B:
        name = BARRIERS.get(opcode >> 4 & 15)
        return unknown(opcode, place) if name is None else build(place, opcode, Kind.BARRIER, name)
    if operation in (0x3E, 0x3F):
        reads = FLAGS if opcode & 0xFF < APSR_REGISTERS else 0
        return build(place, opcode, Kind.SYSTEM, "mrs", reads, register_at(opcode, 8))
    if operation == 0x7F and opcode >> 12 & 7 == 2:
        return build(place, opcode, Kind.UNKNOWN, "udf")
    return unknown(opcode, place)


def _write_special(opcode: int, place: Place) -> Instruction:
    """MSR."""
    flags = opcode & 0xFF < APSR_REGISTERS
    return build(
        place,
        opcode,
        Kind.SYSTEM,
        "msr",
        register_at(opcode, 16),
        FLAGS if flags else 0,
        sets_flags=flags,
    )


def _hint(opcode: int, place: Place) -> Instruction:
    """NOP.W and its kin; DBG and unallocated hints are NOPs."""
    if opcode & 0x700:
        return unknown(opcode, place)
    name = HINTS.get(opcode & 0xFF, "nop")
    return build(place, opcode, Kind.WAIT if name in WAITS else Kind.NOP, name)
