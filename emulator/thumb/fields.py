"""What all decoders share: bit fields, register masks, building an Instruction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from emulator.thumb.instruction import FLAGS, PC, S_BASE, Instruction, Kind, MemoryAccess

PC_BIT = 1 << PC


class Place(NamedTuple):
    """Where an instruction stands: what its own bits do not say."""

    address: int
    size_bytes: int
    condition: int | None
    in_it_block: bool


Handler = Callable[[int, Place], Instruction]
"""A decoder of one encoding group: (opcode, place) -> instruction."""


def sign_extend(value: int, bits: int) -> int:
    """Read the low ``bits`` of ``value`` as a signed number."""
    sign = 1 << (bits - 1)
    return (value & (sign - 1)) - (value & sign)


def immediate12(opcode: int) -> int:
    """i:imm3:imm8 of a 32-bit data-processing encoding (A5.3.1, A5.3.3)."""
    return (opcode >> 26 & 1) << 11 | (opcode >> 12 & 7) << 8 | opcode & 0xFF


def expand_immediate(imm12: int) -> int:
    """ThumbExpandImm of the Arm ARM (A5.3.2)."""
    byte = imm12 & 0xFF
    if imm12 >> 10 == 0:
        return (byte, byte << 16 | byte, byte << 24 | byte << 8, byte * 0x01010101)[imm12 >> 8 & 3]
    rotation = imm12 >> 7
    value = 0x80 | imm12 & 0x7F
    return (value >> rotation | value << (32 - rotation)) & 0xFFFFFFFF


def register_at(opcode: int, position: int) -> int:
    """Mask of the core register named by the four bits at ``position``."""
    return 1 << (opcode >> position & 15)


def single(number: int) -> int:
    """Mask of S<number>."""
    return 1 << (S_BASE + number)


def double(number: int) -> int:
    """Mask of D<number>: its two singles."""
    return 3 << (S_BASE + 2 * number)


def build(
    place: Place, opcode: int, kind: Kind, name: str, reads: int = 0, writes: int = 0, **more: Any
) -> Instruction:
    """Make an instruction; a condition reads the flags, and a written PC leaves the line."""
    address, size_bytes, condition, in_it_block = place
    if condition is not None:
        reads |= FLAGS
    if writes & PC_BIT:
        more["writes_pc"] = True
    return Instruction(
        address, size_bytes, opcode, kind, reads, writes, condition, in_it_block, name=name, **more
    )


def unknown(opcode: int, place: Place) -> Instruction:
    """Make the instruction of an undefined or undecoded encoding."""
    return build(place, opcode, Kind.UNKNOWN, "unknown")


def transfer(
    place: Place, opcode: int, kind: Kind, name: str, data: int, memory: MemoryAccess, **more: Any
) -> Instruction:
    """Make a load or store of the registers in the mask ``data``."""
    address = 1 << memory.base
    if memory.index is not None:
        address |= 1 << memory.index
    written_base = 1 << memory.base if memory.writeback is not None else 0
    if memory.is_store:
        return build(
            place,
            opcode,
            kind,
            name,
            address | data,
            written_base | more.pop("also_writes", 0),
            memory=memory,
            address_reads=address,
            store_reads=data,
            **more,
        )
    return build(
        place,
        opcode,
        kind,
        name,
        address,
        written_base | data,
        memory=memory,
        address_reads=address,
        load_writes=data,
        **more,
    )


def branch(place: Place, opcode: int, target: int, *, link: bool = False) -> Instruction:
    """Make B or BL to ``target``; its condition is the place's."""
    if link:
        return build(
            place, opcode, Kind.CALL, "bl", 0, PC_BIT | 1 << 14, target=target & 0xFFFFFFFF, link=True
        )
    return build(place, opcode, Kind.BRANCH, "b", 0, PC_BIT, target=target & 0xFFFFFFFF)
