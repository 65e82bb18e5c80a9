"""What Capstone 5 says of an instruction, in this project's words, its mistakes put right.

The corrections were found by comparing with the ARMv7-M and ARMv8-M architecture manuals;
:meth:`Disassembler.view` names each.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from capstone import CS_ARCH_ARM, CS_MODE_MCLASS, CS_MODE_THUMB, CS_MODE_V8, Cs, CsInsn
from capstone.arm import ARM_CC_AL, ARM_CC_INVALID, ARM_OP_IMM, ARM_OP_MEM, ARM_SFT_LSL

from emulator.thumb.instruction import S_BASE

NAMED = {"sb": 9, "sl": 10, "fp": 11, "ip": 12, "sp": 13, "lr": 14, "pc": 15}
RENAMED = {
    **{"addw": "add", "subw": "sub", "vldmia": "vldm", "vstmia": "vstm", "fldmdbx": "vldmdb"},
    **{"fstmdbx": "vstmdb", "fldmiax": "vldm", "fstmiax": "vstm", "sevl": "nop", "pldw": "nop"},
    **{"trap": "udf", "tta": "tt", "ttt": "tt", "ttat": "tt", "dbg": "nop", "hint": "nop"},
}
REGISTER = re.compile(r"\b(?:r\d+|[sd]\d+|sb|sl|fp|ip|sp|lr|pc)\b")

READS_ALL_BUT_FIRST = re.compile(r"[su]sat(16)?|pkh[bt][bt]|[su]xta(b|h|b16)")
READS_ALL = re.compile(r"[su]mlal.*|smlsld.*|umaal|str[bh]t|b(l)?xns|vstm.*|vcvt[bt]|vmsr")


@dataclass(frozen=True)
class View:
    """One instruction as Capstone sees it; registers as masks without flags."""

    name: str
    text: str
    size_bytes: int
    reads: int
    writes: int
    memory: tuple[int, int | None, int, int] | None  # base, index, shift, offset of the access
    writes_back: bool
    register_list: int  # of a multiple transfer
    target: int | None  # the last constant: where a direct branch goes


class Disassembler:
    """Capstone set up for M-profile Thumb."""

    def __init__(self) -> None:
        self._capstone = Cs(CS_ARCH_ARM, CS_MODE_THUMB | CS_MODE_MCLASS | CS_MODE_V8)
        self._capstone.detail = True
        self._bits: dict[int, int] = {}

    def view(self, opcode: int, wide: bool, address: int) -> View | None:
        """Disassemble one instruction; None where Capstone finds it undefined.

        Put right: SSAT, PKH, SXTAB and their kin read all operands but the first; long
        accumulates, unprivileged stores, VSTM and VCVT to half precision read all; VLDM
        writes its list; STMDB with "!" writes its base; a store-unprivileged writes nothing; BLXNS writes LR;
        VMOV of a scalar touches one half; VMSR reads its operand; VPUSH and VPOP use SP.
        """
        data = struct.pack("<HH", opcode >> 16, opcode & 0xFFFF) if wide else struct.pack("<H", opcode)
        instruction = next(self._capstone.disasm(data, address, 1), None)
        return None if instruction is None else self._view(instruction)

    def _view(self, instruction: CsInsn) -> View:
        reads, writes = (self._mask(registers) for registers in instruction.regs_access())
        memory, target = self._operands(instruction)
        text = instruction.op_str
        name = plain_name(instruction)
        listed = _named(text[text.index("{") :]) if "{" in text else 0
        first = _named(text.split(",")[0])
        if READS_ALL_BUT_FIRST.fullmatch(name):
            reads = _named(text.partition(",")[2])
        elif READS_ALL.fullmatch(name):
            from_half = instruction.mnemonic.endswith((".f32.f16", ".f64.f16"))
            reads = _named(text.partition(",")[2] if from_half else text)
        if name.startswith("vldm"):
            writes = listed | (first if "!" in text else 0)
        elif name in ("vpush", "vpop"):
            stack = 1 << NAMED["sp"]
            reads, writes = (stack | listed, stack) if name == "vpush" else (stack, stack | listed)
        elif name == "stmdb":
            writes = first if "!" in text else 0
        elif re.fullmatch("str[bh]t", name):
            writes = 0
        elif name == "vmov" and (half := re.search(r"d(\d+)\[([01])\]", text)):
            one = 1 << (S_BASE + 2 * int(half[1]) + int(half[2]))
            reads, writes = (one, writes) if writes & 0xFFFF else (reads & 0xFFFF, one)
        elif name == "blxns":
            writes = 1 << NAMED["lr"]
        return View(
            name=name,
            text=f"{instruction.mnemonic} {text}",
            size_bytes=instruction.size,
            reads=reads,
            writes=writes,
            memory=memory,
            writes_back=bool(instruction.writeback),
            register_list=listed,
            target=target,
        )

    def _operands(self, instruction: CsInsn) -> tuple[tuple[int, int | None, int, int] | None, int | None]:
        memory = None
        target = None
        for operand in instruction.operands:
            if operand.type == ARM_OP_MEM:
                place = operand.mem
                index = self._number(place.index) if place.index else None
                shift = operand.shift.value if operand.shift.type == ARM_SFT_LSL else 0
                offset = 0 if "]," in instruction.op_str else place.disp
                memory = (self._number(place.base), index, shift, offset)
            elif operand.type == ARM_OP_IMM:
                target = operand.imm & 0xFFFFFFFF
        return memory, target

    def _number(self, register: int) -> int:
        return self._mask([register]).bit_length() - 1

    def _mask(self, registers: list[int]) -> int:
        mask = 0
        for register in registers:
            if register not in self._bits:
                self._bits[register] = _bit(self._capstone.reg_name(register))
            mask |= self._bits[register]
        return mask


def _named(text: str) -> int:
    """Mask of all registers that ``text`` names."""
    mask = 0
    for name in REGISTER.findall(text):
        mask |= _bit(name)
    return mask


def _bit(name: str) -> int:
    """Mask of a register by Capstone's name; 0 for flags and system registers."""
    if name in NAMED:
        return 1 << NAMED[name]
    letter, number = name[:1], name[1:]
    if not number.isdigit():
        return 0
    if letter == "d":
        return 3 << (S_BASE + 2 * int(number))
    return 1 << (int(number) + {"r": 0, "s": S_BASE}.get(letter, 256))


def plain_name(instruction: CsInsn) -> str:
    """Mnemonic without width, condition and flag suffix."""
    name = instruction.mnemonic.split(".")[0]
    if name.startswith("vsel"):
        return "vsel"
    if name.startswith("it"):
        return "it"
    if instruction.cc not in (ARM_CC_AL, ARM_CC_INVALID):
        name = name[:-2]
    if instruction.update_flags and name.endswith("s"):
        name = name[:-1]
    name = RENAMED.get(name, name)
    if name in ("add", "sub") and instruction.op_str.split(", ")[1:2] == ["pc"]:
        return "adr"
    return name
