"""Text of a block's instructions, by capstone."""

from __future__ import annotations

import capstone

from emulator.thumb.instruction import Block, Instruction

UNNAMED = "(undefined)"


def block_text(block: Block) -> tuple[str, ...]:
    """One line for each instruction; IT conditions show when the block holds their IT."""
    engine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    engine.skipdata = True
    code = b"".join(code_bytes(i) for i in block.instructions)
    texts = {
        address: f"{mnemonic:7} {operands}".rstrip()
        for address, _size, mnemonic, operands in engine.disasm_lite(code, block.address)
    }
    return tuple(texts.get(i.address, i.name or UNNAMED) for i in block.instructions)


def code_bytes(instruction: Instruction) -> bytes:
    """The instruction's bytes as they stand in memory."""
    if not instruction.is_wide:
        return instruction.opcode.to_bytes(2, "little")
    return (instruction.opcode >> 16).to_bytes(2, "little") + (instruction.opcode & 0xFFFF).to_bytes(
        2, "little"
    )
