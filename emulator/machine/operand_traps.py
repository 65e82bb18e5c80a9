"""Instructions that trap by their operands, where Unicorn 2.1.4 lets them pass.

A division by zero with CCR.DIV_0_TRP, an unaligned access that must be aligned: the hook tells of
each before it executes. A code hook can stop the core there, but for an IT block, whose translation
runs to its end (tests/unicorn_traps/test_code_hooks_and_host_memory.py); its registers are put back
then to what they were. What stores behind the instruction in that IT block have written stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.engine.alignment import address_of, required_alignment
from emulator.engine.core import GENERAL
from emulator.engine.engine import Engine
from emulator.engine.hook import Stop
from emulator.system.faults import FaultKind
from emulator.system.scb import SystemControl
from emulator.thumb.decode import ItState
from emulator.thumb.instruction import Block, Instruction, Kind

FLOATING_POINT = (*(f"s{n}" for n in range(32)), "fpscr")
IT_STATE = 0x0600FC00


@dataclass(frozen=True, slots=True)
class OperandTrap:
    """The instruction at ``pc`` traps; ``address``: of the datum, if that is why."""

    kind: FaultKind
    pc: int
    address: int | None


class OperandTraps:
    """Looks at suspects; :meth:`take` gives the trap that has stopped the core."""

    def __init__(self, engine: Engine, control: SystemControl) -> None:
        self._core = engine.core
        self._hook = engine.hook
        self._automaton = engine.automaton
        self._control = control
        self._found: OperandTrap | None = None
        self._names = (*GENERAL, "xpsr", *(FLOATING_POINT if engine.core.has_fpu else ()))
        self._registers: tuple[int, ...] = ()
        engine.automaton.on_suspect = self._look

    def _look(self, address: int) -> None:
        block, instruction = self._automaton.current_block(), self._automaton.instruction_at(address)
        if block is None or instruction is None or self._found is not None:
            return
        self._found = self.trap_of(instruction)
        if self._found is None:
            return
        self._registers = self._core.get_many(self._names) if instruction.in_it_block else ()
        if self._registers:
            self._registers = self._in_it_block(self._registers, _it_state(block, address))
        self._hook.stop_code = Stop.TRAP
        self._core.uc.emu_stop()

    def trap_of(self, instruction: Instruction) -> OperandTrap | None:
        """Why ``instruction``, about to execute, traps; None: it does not."""
        if instruction.kind is Kind.DIVIDE:
            if self._control.traps_divide_by_zero and not self._register(instruction.opcode & 15):
                return OperandTrap(FaultKind.DIVIDE_BY_ZERO, instruction.address, None)
            return None
        strict = required_alignment(instruction, everywhere=self._control.traps_unaligned)
        if strict and (address := address_of(instruction, self._register)) & strict:
            return OperandTrap(FaultKind.UNALIGNED, instruction.address, address)
        return None

    def take(self) -> OperandTrap | None:
        """The trap that was found; the core's registers are those before its instruction."""
        found, self._found = self._found, None
        if found is not None and self._registers:
            self._core.set_many(self._names, self._registers)
        return found

    def address_at(self, pc: int) -> int | None:
        """Where the load or store at ``pc`` goes, of a core that has stopped there."""
        instruction = self._automaton.instruction_at(pc)
        if instruction is None or instruction.memory is None:
            return None
        return address_of(instruction, self._register)

    def _register(self, number: int) -> int:
        return self._core.get(GENERAL[number])

    def _in_it_block(self, registers: tuple[int, ...], state: ItState) -> tuple[int, ...]:
        """Registers with xPSR's IT state, which a code hook does not see."""
        at = self._names.index("xpsr")
        bits = (state.value & 3) << 25 | (state.value >> 2) << 10
        return (*registers[:at], registers[at] & ~IT_STATE | bits, *registers[at + 1 :])


def _it_state(block: Block, address: int) -> ItState:
    """ITSTATE of the instruction at ``address``."""
    state = ItState()
    for instruction in block.instructions:
        if instruction.address == address:
            break
        state = ItState(instruction.it_mask) if instruction.kind is Kind.IT else state.advanced()
    return state
