"""Coprocessor instructions that a device of the board answers.

What the hardware does: the core passes CDP, MCR, MCRR, MRC and MRRC of a coprocessor from 0 to 7 to it
when CPACR allows; else NOCP is raised (ARMv8-M ARM B3.18, C2.4). What Unicorn 2.1.4 does: it raises
NOCP for all of them, and ends the block there. What we do: ask the device, and go on behind the
instruction, in the IT state that follows. tests/machine/test_coprocessors.py tells whether it holds.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.device import CoprocessorInstruction, Device, HasCoprocessors
from emulator.engine.core import GENERAL, Core
from emulator.system.system import System
from emulator.thumb.decode import ItState

APSR = 15
"""Rt of an MRC whose word's upper bits become the flags."""
FLAGS = 0xF0000000
MOST = 7


class Coprocessors:
    """Those of a machine's devices."""

    def __init__(self, core: Core, system: System, devices: Iterable[Device]) -> None:
        self._core = core
        self._system = system
        self._by_number: dict[int, HasCoprocessors] = {}
        for device in devices:
            if isinstance(device, HasCoprocessors):
                self._by_number |= dict.fromkeys(device.COPROCESSORS, device)
        system.has_coprocessors(self._by_number)

    def allows(self, opcode: int) -> bool:
        """Whether ``opcode`` is for one that there is, and that the running code may use."""
        return coprocessor_of(opcode) in self._by_number and self._system.allows_coprocessor(
            coprocessor_of(opcode)
        )

    def execute(self, pc: int, opcode: int) -> bool:
        """Execute an instruction that :meth:`allows`; the core stands behind it. False: it is undefined."""
        instruction = self._sent(opcode)
        answer = None
        if instruction is not None:
            answer = self._by_number[coprocessor_of(opcode)].coprocess(coprocessor_of(opcode), instruction)
        if instruction is None or answer is None:
            return False
        targets = (opcode >> 12 & 15, opcode >> 16 & 15)
        for register, value in zip(targets, answer, strict=False):
            self._put(register, value & 0xFFFFFFFF)
        self._advance_it()
        self._core.set("pc", pc + 4 | 1)
        return True

    def _sent(self, opcode: int) -> CoprocessorInstruction | None:
        """The instruction with what the core sends."""
        second = bool(opcode >> 28 & 1)
        first, m = opcode >> 16 & 15, opcode & 15
        target = opcode >> 12 & 15
        reads = bool(opcode >> 20 & 1)
        if opcode >> 21 & 0x7F == 0x62:  # MCRR, MRRC
            name = "mrrc" if reads else "mcrr"
            both = () if reads else (self._register(target), self._register(first))
            return CoprocessorInstruction(name, second, (opcode >> 4 & 15, 0), (0, m, 0), both)
        if opcode >> 24 & 15 != 0xE:  # LDC, STC
            return None
        if not opcode >> 4 & 1:
            opcodes = (opcode >> 20 & 15, opcode >> 5 & 7)
            return CoprocessorInstruction("cdp", second, opcodes, (first, m, target))
        values = () if reads else (self._register(target),)
        opcodes = (opcode >> 21 & 7, opcode >> 5 & 7)
        return CoprocessorInstruction("mrc" if reads else "mcr", second, opcodes, (first, m, 0), values)

    def _register(self, number: int) -> int:
        return self._core.get(GENERAL[number])

    def _put(self, register: int, value: int) -> None:
        if register == APSR:
            xpsr = self._core.get("xpsr")
            self._core.set("xpsr", xpsr & ~FLAGS | value & FLAGS)
        else:
            self._core.set(GENERAL[register], value)

    def _advance_it(self) -> None:
        xpsr = self._core.get("xpsr")
        state = ItState.of(xpsr)
        if state.value:
            self._core.set("xpsr", state.advanced().put_in(xpsr))


def coprocessor_of(opcode: int) -> int:
    """The coprocessor's number."""
    return opcode >> 8 & 15
