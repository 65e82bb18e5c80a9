"""Decode Thumb code: ARMv6-M, ARMv7E-M with FPv4-SP and FPv5, ARMv8-M mainline.

Also Armv8.1-M, with MVE's integer instructions: :mod:`emulator.thumb.vector`.
Encodings that the architecture leaves undefined become :attr:`Kind.UNKNOWN`; of the
unpredictable ones some do and some are read as their bits suggest. Whether a given core
has an instruction is not asked.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from emulator.thumb import decode32, decode_memory32, decode_system32, decode_vfp
from emulator.thumb.decode16 import HANDLERS
from emulator.thumb.fields import Handler, Place, unknown
from emulator.thumb.instruction import Block, Instruction, Kind

ALWAYS = 14
WIDE_FROM = 0xE800
"""First half-words from here on begin a 32-bit encoding."""


XPSR_IT_LOW, XPSR_IT_HIGH = 25, 10
XPSR_IT = 3 << XPSR_IT_LOW | 0x3F << XPSR_IT_HIGH
"""Where xPSR has ITSTATE's bits 1:0, and 7:2."""


class ItState(NamedTuple):
    """ITSTATE: 0 outside IT blocks, else condition << 4 | what is left of the mask."""

    value: int = 0

    @staticmethod
    def of(xpsr: int) -> ItState:
        """What an xPSR says."""
        return ItState(xpsr >> XPSR_IT_LOW & 3 | (xpsr >> XPSR_IT_HIGH & 0x3F) << 2)

    def put_in(self, xpsr: int) -> int:
        """An xPSR that says so."""
        return xpsr & ~XPSR_IT | (self.value & 3) << XPSR_IT_LOW | self.value >> 2 << XPSR_IT_HIGH

    @property
    def condition(self) -> int | None:
        """Condition of the next instruction; None outside IT blocks and for AL."""
        condition = self.value >> 4
        return condition if self.value and condition != ALWAYS else None

    def advanced(self) -> ItState:
        """State for the instruction after the next one."""
        if not self.value & 7:
            return ItState()
        return ItState(self.value & 0xE0 | self.value << 1 & 0x1F)


NO_IT = ItState()


def _wide_handler(top: int) -> Handler:
    """Choose the decoder of a 32-bit encoding by the bits 12:4 of its first half-word."""
    handler: Handler
    group, operation = top >> 7 & 3, top & 0x7F
    if group == 0:
        return unknown
    if operation & 0x40 and group != 2:
        handler = decode_vfp.floating_point
    elif group == 1:
        if operation & 0x20:
            handler = decode32.shifted_register
        else:
            handler = decode_memory32.dual if operation & 4 else decode_memory32.multiple
    elif group == 2:
        plain = operation & 0x20
        handler = _immediate_or_branch_plain if plain else _immediate_or_branch_modified
    elif not operation & 0x20:
        handler = decode_memory32.single
    elif not operation & 0x10:
        handler = decode32.register_data
    else:
        handler = decode32.long_multiply if operation & 8 else decode32.multiply
    return handler


def _immediate_or_branch_plain(opcode: int, place: Place) -> Instruction:
    if opcode & 0x8000:
        return decode_system32.branch_or_system(opcode, place)
    return decode32.plain_immediate(opcode, place)


def _immediate_or_branch_modified(opcode: int, place: Place) -> Instruction:
    if opcode & 0x8000:
        return decode_system32.branch_or_system(opcode, place)
    return decode32.modified_immediate(opcode, place)


LOOPS_AND_SELECTS = (0x089, 0x0A5, *range(0x100, 0x105))
"""Bits 28:20 of Armv8.1-M's encodings outside of those of coprocessors."""


def _with_tables(top: int) -> Handler:
    """A decoder that asks the tables of Armv8.1-M first where their encodings lie."""
    otherwise = _wide_handler(top)
    if top & 0xC0 != 0xC0 and top not in LOOPS_AND_SELECTS:
        return otherwise

    def decode_by_tables(opcode: int, place: Place) -> Instruction:
        from emulator.thumb.vector.decode import find, instruction_of  # noqa: PLC0415 -- its tables take time

        found = find(opcode)
        return otherwise(opcode, place) if found is None else instruction_of(found, opcode, place)

    return decode_by_tables


WIDE_HANDLERS: tuple[Handler, ...] = tuple(_with_tables(top) for top in range(512))


def code_bytes(opcode: int) -> bytes:
    """An instruction's bytes as they stand in memory."""
    if opcode < WIDE_FROM:
        return opcode.to_bytes(2, "little")
    return (opcode >> 16).to_bytes(2, "little") + (opcode & 0xFFFF).to_bytes(2, "little")


def decode(data: bytes, address: int, it: ItState = NO_IT) -> Instruction:
    """Decode the first instruction of ``data``, which stands at ``address``.

    ``it`` is the IT state that it executes in. Raises ValueError when ``data`` ends
    inside the instruction.
    """
    if len(data) < 2:
        raise ValueError(f"no whole instruction in {len(data)} bytes at 0x{address:08x}")
    first = data[0] | data[1] << 8
    if first < WIDE_FROM:
        return HANDLERS[first >> 8](first, Place(address, 2, it.condition, it.value != 0))
    if len(data) < 4:
        raise ValueError(f"32-bit instruction cut short at 0x{address:08x}")
    opcode = first << 16 | data[2] | data[3] << 8
    return WIDE_HANDLERS[first >> 4 & 0x1FF](opcode, Place(address, 4, it.condition, it.value != 0))


def decode_block(data: bytes, address: int, it: ItState = NO_IT) -> Block:
    """Decode exactly the bytes of a block entered at ``address`` in IT state ``it``.

    Raises ValueError when the last instruction is cut short.
    """
    halfwords = struct.unpack(f"<{len(data) // 2}H", data[: len(data) & ~1])
    instructions: list[Instruction] = []
    position, end, begins_in = 0, len(halfwords), it.value
    while position < end:
        first = halfwords[position]
        here = address + 2 * position
        condition, in_it_block = it.condition, it.value != 0
        if first < WIDE_FROM:
            instruction = HANDLERS[first >> 8](first, Place(here, 2, condition, in_it_block))
            position += 1
        else:
            if position + 1 == end:
                raise ValueError(f"32-bit instruction cut short at 0x{here:08x}")
            opcode = first << 16 | halfwords[position + 1]
            instruction = WIDE_HANDLERS[first >> 4 & 0x1FF](opcode, Place(here, 4, condition, in_it_block))
            position += 2
        instructions.append(instruction)
        if in_it_block:
            it = it.advanced()
        elif instruction.kind is Kind.IT:
            it = ItState(instruction.it_mask)
    return Block(address, len(data), tuple(instructions), begins_in)
