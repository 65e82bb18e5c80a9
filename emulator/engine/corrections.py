"""Instructions that Unicorn executes with another result than the hardware: put right around each.

What the hardware does, and what Unicorn 2.1.4 does instead (tests/unicorn_traps/test_corrections.py
tells when a correction can go):

* MSP and PSP have no bits 1:0 (ARMv7-M Architecture Reference Manual B1.4.1); MSR leaves them set in
  Unicorn. MSR ends a block: the pointers are rounded at the entry of the next one. So do moves,
  additions and loads that write SP from a register: it is rounded before the next instruction. All
  but ``mov sp, r7``, with which functions that were not optimised end: compilers keep r7 a multiple.
* A conversion from fixed point to floating point rounds to nearest (A7.7.224: FixedToFP with
  FPSCR.RMode left aside); Unicorn's obeys FPSCR.RMode. Only 32-bit numbers to single precision can
  be rounded at all. RMode is cleared before such a conversion and put back before the next
  instruction, by code hooks that are there only once firmware has set another mode than nearest.

* A STREX passes while the exclusive monitor is set, wherever it stores and whatever memory holds; Unicorn's
  only where the LDREX loaded, and what it loaded: :mod:`emulator.engine.exclusive_monitor`.

* On a core with MVE, FPSCR has QC and LTPSIZE, which Unicorn's has not: they are put into the register that a
  VMRS in an IT block has read, before the next instruction. Elsewhere emulator/engine/vector runs both.

A code hook on each MSR of a stack pointer, each VMSR and each STREX is all that other firmware pays.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from emulator.engine.alignment import address_of
from emulator.engine.core import FPSCR_ROUNDING_MODE, GENERAL, Core
from emulator.engine.hook import BlockHook, StopRequest
from emulator.thumb.fields import expand_immediate, immediate12
from emulator.thumb.instruction import PC, SP, Block, Instruction

STACK_POINTERS = ("msp", "psp")
SYSM_STACK_POINTERS = (8, 9)
"""SYSm of MSP and PSP in MSR (B5.2.3)."""
ADD_SUB_SP, MOV_SP_R7, IMMEDIATE = 0xB0, 0x46BD, 0b11110
"""ADD and SUB of SP and imm7 words; the end of a function with a frame pointer; wide ones with a constant."""
CONVERSION_MASK, CONVERSION = 0xFFBE0FD0, 0xEEBA0AC0
"""VCVT.F32.S32 and VCVT.F32.U32 with a number of fraction bits."""
VMRS_MASK, VMRS, VMSR = 0xFFFF0FFF, 0xEEF10A10, 0xEEE10A10
"""Of FPSCR; a core with MVE has others."""


class Corrections:
    """Watches the instructions of one core; ``instruction_at(address)``: of the current block."""

    def __init__(
        self, core: Core, hook: BlockHook, instruction_at: Callable[[int], Instruction | None]
    ) -> None:
        self._core = core
        self._hook = hook
        self._instruction_at = instruction_at
        self._watched: set[int] = set()
        self._conversions: list[Block] = []  # blocks whose conversions are not watched
        self._watches_conversions = False
        self._rounds_stacks = False
        self._behind_stack_pointers: set[int] = set()  # instructions behind one that writes SP
        self._rounding_mode = 0  # of FPSCR, while it is cleared for a conversion
        self._status_in: str | None = None  # the register that is being given FPSCR

    @staticmethod
    def concern(block: Block) -> bool:
        """Whether any instruction of the block is one of these."""
        return any(
            _writes_status(i)
            or _reads_status(i)
            or _writes_stack_pointer(i)
            or _moves_stack_pointer(i)
            or _is_exclusive_store(i)
            or _is_conversion(i)
            for i in block.instructions
        )

    def watch(self, block: Block) -> bool:
        """Watch what a new block needs; True when it must be translated anew."""
        addresses = {
            i.address
            for i in block.instructions
            if _writes_status(i) or _writes_stack_pointer(i) or _is_exclusive_store(i)
        }
        if self._core.vector_state is not None:
            addresses |= _around(block, _reads_status)
        if any(map(_is_conversion, block.instructions)):
            if self._watches_conversions:
                addresses |= _around(block, _is_conversion)
            else:
                self._conversions.append(block)
        behind = {later.address for i, later in pairwise(block.instructions) if _moves_stack_pointer(i)}
        if block.instructions and _moves_stack_pointer(block.instructions[-1]):
            addresses.add(block.instructions[-1].address)
        self._behind_stack_pointers |= behind
        addresses |= behind
        for address in addresses - self._watched:
            self._core.watch_code(address, self._reached)
        self._watched |= addresses
        return bool(addresses)

    def settle(self) -> None:
        """Between two stretches of emulation: put right what the last one left to do."""
        if self._rounds_stacks:
            self._rounds_stacks = False
            for name in STACK_POINTERS:
                value = self._core.get(name)
                if value & 3:
                    self._core.set(name, value & ~3)
        if self._rounding_mode:
            self._restore_rounding()
        self._complete_status()
        if self._core.vector_state is not None and self._core.vector_state.has_rounded_otherwise:
            self._core.has_rounded_otherwise = True
        if self._core.has_rounded_otherwise and not self._watches_conversions:
            self._watches_conversions = True
            blocks, self._conversions = self._conversions, []
            for block in blocks:
                self.watch(block)
                self._core.forget_code(block.address, block.size_bytes)

    def _reached(self, address: int) -> None:
        if self._rounding_mode:
            self._restore_rounding()
        self._complete_status()
        if address in self._behind_stack_pointers and self._core.get("sp") & 3:
            self._core.set("sp", self._core.get("sp") & ~3)
        instruction = self._instruction_at(address)
        if instruction is None:
            return
        if _is_conversion(instruction):
            self._round_to_nearest()
        elif _is_exclusive_store(instruction) and instruction.memory is not None:
            address = address_of(instruction, lambda n: self._core.get(GENERAL[n]))
            self._core.match_exclusive_monitor(address, instruction.memory.size_bytes)
        elif _reads_status(instruction) and self._core.vector_state is not None:
            self._status_in = GENERAL[instruction.opcode >> 12 & 15]
            self._hook.stop_request |= StopRequest.PYTHON  # nothing may come behind it in its block
        elif _writes_status(instruction):
            if self._core.vector_state is not None and instruction.in_it_block:
                self._core.vector_state.settle_status(self._source(instruction, 12))
            if self._source(instruction, 12) & FPSCR_ROUNDING_MODE and not self._watches_conversions:
                self._core.has_rounded_otherwise = True
                self._hook.stop_request |= StopRequest.PYTHON
        elif _moves_stack_pointer(instruction) or (  # the last of its block
            _writes_stack_pointer(instruction) and self._source(instruction, 16) & 3
        ):
            self._rounds_stacks = True
            self._hook.stop_request |= StopRequest.PYTHON

    def _complete_status(self) -> None:
        name, self._status_in = self._status_in, None
        if name is not None and self._core.vector_state is not None:
            self._core.set(name, self._core.get(name) | self._core.vector_state.status)

    def _source(self, instruction: Instruction, shift: int) -> int:
        return self._core.get(GENERAL[instruction.opcode >> shift & 15])

    def _round_to_nearest(self) -> None:
        status = self._core.get("fpscr")
        self._rounding_mode = status & FPSCR_ROUNDING_MODE
        if self._rounding_mode:
            self._core.set("fpscr", status & ~FPSCR_ROUNDING_MODE)
            self._hook.stop_request |= StopRequest.PYTHON  # nothing may come behind it in its block

    def _restore_rounding(self) -> None:
        mode, self._rounding_mode = self._rounding_mode, 0
        self._core.set("fpscr", self._core.get("fpscr") | mode)


def _writes_stack_pointer(instruction: Instruction) -> bool:
    return instruction.name == "msr" and instruction.opcode & 0xFF in SYSM_STACK_POINTERS


def _moves_stack_pointer(instruction: Instruction) -> bool:
    """It gives SP what may be no multiple of 4."""
    if not instruction.writes & 1 << SP or instruction.opcode == MOV_SP_R7:
        return False
    access = instruction.memory
    if access is not None:
        return bool(instruction.load_writes & 1 << SP or (access.writeback or 0) & 3)
    op = instruction.opcode
    if not instruction.is_wide:
        return op >> 8 != ADD_SUB_SP
    if op >> 27 == IMMEDIATE and not op >> 15 & 1 and op >> 16 & 15 == SP:  # ADD, SUB SP, SP, #constant
        imm12 = immediate12(op)
        return bool((imm12 if op >> 25 & 1 else expand_immediate(imm12)) & 3)
    return True


def _is_exclusive_store(instruction: Instruction) -> bool:
    access = instruction.memory
    return access is not None and access.exclusive and access.is_store


def _is_conversion(instruction: Instruction) -> bool:
    return instruction.opcode & CONVERSION_MASK == CONVERSION


def _writes_status(instruction: Instruction) -> bool:
    """VMSR of FPSCR."""
    return instruction.opcode & VMRS_MASK == VMSR


def _reads_status(instruction: Instruction) -> bool:
    """VMRS of FPSCR to a core register, in an IT block."""
    op = instruction.opcode
    return instruction.in_it_block and op & VMRS_MASK == VMRS and op >> 12 & 15 != PC


def _around(block: Block, concerns: Callable[[Instruction], bool]) -> set[int]:
    """These instructions, and behind each all up to the first that no condition may leave out."""
    addresses: set[int] = set()
    follows = False
    for instruction in block.instructions:
        if follows or concerns(instruction):
            addresses.add(instruction.address)
        follows = concerns(instruction) or (follows and instruction.condition is not None)
    return addresses
