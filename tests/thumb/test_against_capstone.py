"""The decoder against Capstone: every 16-bit encoding, and 32-bit ones from a fixed seed."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Iterator

import pytest

from emulator.thumb.decode import decode
from emulator.thumb.instruction import Instruction, Kind
from emulator.thumb.vector.decode import find
from tests.thumb.capstone_view import Disassembler, View

ADDRESS = 0x08001002
CORE_BUT_PC = 0x7FFF
FLOATS = 0xFFFFFFFF << 32
WIDE_SAMPLES = 80_000

# Where one side knows an encoding and the other does not, on purpose:
# bits that "should be" 0 or 1: we ignore them, Capstone takes the encoding as undefined.
LOOSE = re.compile(
    r"bf[ci]|blx|clrex|cps..|isb|dsb|dmb|sb|lda.*|stl.*|ldrex.*|strex.*|nop|[su]div|[su]sat(16)?|tb[bh]"
    r"|vcmpe?|vmov|vmrs|vmsr|mrs|msr|mul|mla|bx|sel|clz|it|adr|yield|wf[ei]|sev|csdb"
)
# A-profile, coprocessors 14 and 15, NEON (its bits overlap with undefined ones of ours).
FOREIGN = re.compile(
    r"aes.*|sha.*|crc32.*|hvc|smc|setpan|dcps\d|eret|rfe.*|srs.*|(ld|st)cl?2?|m[rc][rc]{1,2}2?|cdp2?|v.*"
    r"|blx|bxj|clrex|trap|ldrexd|strexd|ldaexd|stlexd|cps.*|hlt|pldw?|isb|dsb|dmb|msr|mrs|tsb|esb|sub|subs"
)
# Extends with bit 6 set, which we take as undefined.
EXTENDS = re.compile(r"[su]xta?(b|h|b16)")
# Register use that Capstone gets wrong with no simple correction:
# CLZ, REV and kin print the first of two fields that must be equal; MSR loses its operand;
# PLDW is a hint here; SVC is said to write LR.
WRONG_REGISTERS = re.compile(r"clz|rev(16|sh)?|rbit|msr|mrs|nop|svc|it|tt")


def wide_encodings() -> Iterator[int]:
    """32-bit encodings, richer where random bits would mostly be undefined."""
    generator = random.Random(20)
    for _ in range(WIDE_SAMPLES):
        first, second = generator.randrange(0xE800, 0x10000), generator.getrandbits(16)
        chance = generator.random()
        if first >> 10 & 3 == 3 and chance < 0.5:
            second = second & 0xF1FF | 0xA00
        elif first >> 8 == 0xFA and chance < 0.7:
            second |= 0xF000
        elif first >> 4 == 0xE8C or first >> 4 == 0xE8D:
            second |= 0xF0F if chance < 0.5 else 0xF00
        yield first << 16 | second


def one_side_only(mine: Instruction, theirs: View | None) -> str | None:
    """Why a difference in what is defined is not expected; None when it is."""
    if theirs is None:
        return None if LOOSE.fullmatch(mine.name) else "only we define it"
    if theirs.name == "udf" or FOREIGN.fullmatch(theirs.name) or EXTENDS.fullmatch(theirs.name):
        return None
    unpredictable = re.search(r"\b(pc|sp)\b", theirs.text) or "r" not in theirs.text
    one_register = theirs.register_list.bit_count() == 1
    return None if unpredictable or one_register else "only Capstone defines it"


def complaints(mine: Instruction, theirs: View) -> Iterator[str]:
    """All differences between two views of a defined instruction."""
    if mine.size_bytes != theirs.size_bytes:
        yield f"size {mine.size_bytes}"
    is_hint = mine.kind in (Kind.NOP, Kind.PRELOAD) and re.match(
        "ldr|pld", theirs.name
    )  # loads of "PC", unallocated
    if mine.name != theirs.name and not is_hint and not (mine.name == "add" and not mine.is_wide):
        yield f"name {mine.name}"
    compared = CORE_BUT_PC | FLOATS
    if not WRONG_REGISTERS.fullmatch(mine.name):
        if (mine.reads ^ theirs.reads) & compared:
            yield f"reads {mine.reads:x} not {theirs.reads:x}"
        if (mine.writes ^ theirs.writes) & compared:
            yield f"writes {mine.writes:x} not {theirs.writes:x}"
    yield from memory_complaints(mine, theirs)
    if mine.target is not None and mine.target != theirs.target:
        yield f"target {mine.target:x}"


def memory_complaints(mine: Instruction, theirs: View) -> Iterator[str]:
    """Differences in the access."""
    memory = mine.memory
    if memory is None:
        if theirs.memory is not None and mine.kind not in (Kind.PRELOAD, Kind.NOP):
            yield "no access"
        return
    transferred = mine.store_reads if memory.is_store else mine.load_writes
    if theirs.register_list:
        if transferred != theirs.register_list:
            yield f"list {transferred:x} not {theirs.register_list:x}"
        if memory.count != transferred.bit_count():
            yield f"count {memory.count}"
        return
    if theirs.memory is None:
        yield "an access"
        return
    base, index, shift, offset = theirs.memory
    if mine.kind is Kind.TABLE_BRANCH:
        shift, offset = memory.shift, memory.offset
    if (memory.base, memory.index, memory.shift, memory.offset) != (base, index, shift, offset):
        yield f"access {memory} not {theirs.memory}"
    if (memory.writeback is not None) != theirs.writes_back:
        yield f"write-back {memory.writeback}"


def compare(opcode: int, wide: bool, disassembler: Disassembler) -> tuple[bool, list[str]]:
    """Whether both define the encoding, and what differs."""
    data = struct.pack("<HH", opcode >> 16, opcode & 0xFFFF) if wide else struct.pack("<H", opcode)
    mine = decode(data, ADDRESS)
    if wide and find(opcode) is not None:  # Capstone 5 has no Armv8.1-M: test_vector_tables.py
        return False, []
    theirs = disassembler.view(opcode, wide, ADDRESS)
    assert mine.size_bytes == (4 if wide else 2)
    assert mine.opcode == opcode
    if theirs is None or mine.kind is Kind.UNKNOWN:
        if mine.kind is Kind.UNKNOWN and theirs is None:
            return False, []
        unexpected = one_side_only(mine, theirs)
        return False, [
            f"{opcode:#x} {theirs.text if theirs else mine.name}: {unexpected}"
        ] if unexpected else []
    if FOREIGN.fullmatch(theirs.name) and theirs.name != mine.name:
        return False, []
    return True, [f"{opcode:#x} {theirs.text}: {text}" for text in complaints(mine, theirs)]


@pytest.mark.parametrize("wide", [False, True])
def test_decoder_agrees_with_capstone(wide: bool) -> None:
    disassembler = Disassembler()
    both = 0
    found: list[str] = []
    encodings = wide_encodings() if wide else iter(range(0xE800))
    for opcode in encodings:
        compared, differences = compare(opcode, wide, disassembler)
        both += compared
        found += differences
    assert not found, f"{len(found)} differences:\n" + "\n".join(found[:40])
    assert both > (20_000 if wide else 58_000), "too few encodings were compared to mean anything"
