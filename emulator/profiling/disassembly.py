"""Text of a block's instructions, by capstone."""

from __future__ import annotations

import capstone

from emulator.thumb.decode import code_bytes
from emulator.thumb.instruction import Block

UNNAMED = "(undefined)"


def block_text(block: Block) -> tuple[str, ...]:
    """One line for each instruction; IT conditions show when the block holds their IT."""
    engine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    engine.skipdata = True
    code = b"".join(code_bytes(i.opcode) for i in block.instructions)
    texts = {
        address: f"{mnemonic:7} {operands}".rstrip()
        for address, _size, mnemonic, operands in engine.disasm_lite(code, block.address)
    }
    return tuple(texts.get(i.address, i.name or UNNAMED) for i in block.instructions)
