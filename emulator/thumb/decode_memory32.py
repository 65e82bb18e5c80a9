"""32-bit loads and stores (ARMv7-M ARM, A5.3.5 to A5.3.10; ARMv8-M LDA, STL, TT, SG)."""

# ruff: noqa: PLR0911 - a decoder returns at each form
from __future__ import annotations

from emulator.thumb.fields import PC_BIT, Place, build, register_at, transfer, unknown
from emulator.thumb.instruction import PC, SP, Instruction, Kind, MemoryAccess

SECURE_GATEWAY = 0xE97FE97F
SIZE_SUFFIXES = ("b", "h", "")
EXCLUSIVE_LOADS = {  # bits 7:4 of E8D: name, bytes, exclusive
    4: ("ldrexb", 1, True),
    5: ("ldrexh", 2, True),
    8: ("ldab", 1, False),
    9: ("ldah", 2, False),
    10: ("lda", 4, False),
    12: ("ldaexb", 1, True),
    13: ("ldaexh", 2, True),
    14: ("ldaex", 4, True),
}
EXCLUSIVE_STORES = {  # bits 7:4 of E8C
    4: ("strexb", 1, True),
    5: ("strexh", 2, True),
    8: ("stlb", 1, False),
    9: ("stlh", 2, False),
    10: ("stl", 4, False),
    12: ("stlexb", 1, True),
    13: ("stlexh", 2, True),
    14: ("stlex", 4, True),
}


def multiple(opcode: int, place: Place) -> Instruction:
    """LDM, STM, PUSH, POP (A5.3.5)."""
    direction, base, registers = opcode >> 23 & 3, opcode >> 16 & 15, opcode & 0xFFFF
    is_store = not opcode & 1 << 20
    count = registers.bit_count()
    bad_registers = 1 << SP | (PC_BIT if is_store else 0)
    if direction not in (1, 2) or base == PC or count < 2 or registers & bad_registers:
        return unknown(opcode, place)
    decrements = direction == 2
    step = -4 * count if decrements else 4 * count
    writes_back = bool(opcode & 1 << 21) and (is_store or not registers >> base & 1)
    memory = MemoryAccess(
        base,
        step if decrements else 0,
        4,
        count,
        is_store,
        writeback=step if writes_back else None,
    )
    name = ("stm" if is_store else "ldm") + ("db" if decrements else "")
    if base == SP and writes_back and decrements == is_store:
        name = "push" if is_store else "pop"
    kind = Kind.STORE_MULTIPLE if is_store else Kind.LOAD_MULTIPLE
    return transfer(place, opcode, kind, name, registers, memory)


def dual(opcode: int, place: Place) -> Instruction:
    """LDRD, STRD, exclusives, table branches, LDA, STL, TT, SG (A5.3.6)."""
    if opcode == SECURE_GATEWAY:
        return build(place, opcode, Kind.SYSTEM, "sg")
    if not opcode & (1 << 24 | 1 << 21):
        return _exclusive(opcode, place)
    base = opcode >> 16 & 15
    is_store = not opcode & 1 << 20
    before, writes_back = bool(opcode & 1 << 24), bool(opcode & 1 << 21)
    if base == PC and (writes_back or is_store):
        return unknown(opcode, place)
    offset = (opcode & 0xFF) * (4 if opcode & 1 << 23 else -4)
    memory = MemoryAccess(
        base, offset if before else 0, 4, 2, is_store, writeback=offset if writes_back else None
    )
    kind, name = (Kind.STORE_DOUBLE, "strd") if is_store else (Kind.LOAD_DOUBLE, "ldrd")
    return transfer(place, opcode, kind, name, register_at(opcode, 12) | register_at(opcode, 8), memory)


def _exclusive(opcode: int, place: Place) -> Instruction:
    """LDREX, STREX, TT and what shares bits 24, 21 = 0."""
    base = opcode >> 16 & 15
    data = register_at(opcode, 12)
    is_store = not opcode & 1 << 20
    if not opcode & 1 << 23:
        if is_store and opcode & 0xF000 == 0xF000:
            return build(place, opcode, Kind.SYSTEM, "tt", 1 << base, register_at(opcode, 8))
        memory = MemoryAccess(base, (opcode & 0xFF) * 4, 4, 1, is_store, exclusive=True)
        if is_store:
            status = register_at(opcode, 8)
            return transfer(place, opcode, Kind.STORE, "strex", data, memory, also_writes=status)
        return transfer(place, opcode, Kind.LOAD, "ldrex", data, memory)
    operation = opcode >> 4 & 15
    if not is_store and operation < 2:
        return _table_branch(opcode, place)
    row = (EXCLUSIVE_STORES if is_store else EXCLUSIVE_LOADS).get(operation)
    if row is None:
        return unknown(opcode, place)
    name, size_bytes, exclusive = row
    memory = MemoryAccess(base, 0, size_bytes, 1, is_store, exclusive=exclusive)
    if is_store:
        status = register_at(opcode, 0) if exclusive else 0
        return transfer(place, opcode, Kind.STORE, name, data, memory, also_writes=status)
    return transfer(place, opcode, Kind.LOAD, name, data, memory)


def _table_branch(opcode: int, place: Place) -> Instruction:
    """TBB, TBH; as a base PC is not aligned here, so its half-word goes into the offset."""
    base, index = opcode >> 16 & 15, opcode & 15
    halfwords = opcode >> 4 & 1
    offset = place.address & 2 if base == PC else 0
    memory = MemoryAccess(base, offset, 1 + halfwords, 1, False, index=index, shift=halfwords)
    address = 1 << base | 1 << index
    return build(
        place,
        opcode,
        Kind.TABLE_BRANCH,
        "tbh" if halfwords else "tbb",
        address,
        PC_BIT,
        memory=memory,
        address_reads=address,
    )


def single(opcode: int, place: Place) -> Instruction:
    """LDR, STR of a byte, half-word or word in every form (A5.3.7 to A5.3.10)."""
    is_store = not opcode & 1 << 20
    signed, size = opcode >> 24 & 1, opcode >> 21 & 3
    base = opcode >> 16 & 15
    if size == 3 or (signed and (is_store or size == 2)) or (is_store and base == PC):
        return unknown(opcode, place)
    memory = _address(opcode, base, 1 << size, is_store)
    if memory is None:
        return unknown(opcode, place)
    if not is_store and size < 2 and opcode >> 12 & 15 == PC and memory.writeback is None:
        return _preload(opcode, place, memory, bool(signed), size)
    name = ("str" if is_store else "ldrs" if signed else "ldr") + SIZE_SUFFIXES[size]
    if base != PC and opcode & 0x800F00 == 0xE00:
        name += "t"
    data = register_at(opcode, 12)
    if is_store:
        indexed = memory.index is not None
        return transfer(place, opcode, Kind.STORE, name, data, memory, stores_register_offset=indexed)
    return transfer(place, opcode, Kind.LOAD, name, data, memory)


def _address(opcode: int, base: int, size_bytes: int, is_store: bool) -> MemoryAccess | None:
    """Work out the addressing mode; None where the encoding is undefined."""
    if base == PC:
        offset = opcode & 0xFFF if opcode & 1 << 23 else -(opcode & 0xFFF)
        return MemoryAccess(PC, offset, size_bytes, 1, is_store)
    if opcode & 1 << 23:
        return MemoryAccess(base, opcode & 0xFFF, size_bytes, 1, is_store)
    if not opcode & 0x800:
        if opcode & 0x7C0:
            return None
        return MemoryAccess(base, 0, size_bytes, 1, is_store, index=opcode & 15, shift=opcode >> 4 & 3)
    before, upwards, writes_back = opcode & 0x400, opcode & 0x200, opcode & 0x100
    if not before and not writes_back:
        return None
    offset = opcode & 0xFF if upwards else -(opcode & 0xFF)
    return MemoryAccess(
        base,
        offset if before else 0,
        size_bytes,
        1,
        is_store,
        writeback=offset if writes_back else None,
    )


def _preload(opcode: int, place: Place, memory: MemoryAccess, signed: bool, size: int) -> Instruction:
    """PLD, PLI; unallocated hints are NOPs."""
    if size == 1:
        return build(place, opcode, Kind.NOP, "nop")
    address = 1 << memory.base
    if memory.index is not None:
        address |= 1 << memory.index
    return build(place, opcode, Kind.PRELOAD, "pli" if signed else "pld", address, address_reads=address)
