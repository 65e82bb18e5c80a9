"""Instructions that trap where Unicorn 2.1.4 lets them pass: by their operands, or absent from the core.

An instruction that the core lacks, or an FPU's that CPACR keeps closed; a division by zero with
CCR.DIV_0_TRP, an unaligned access that must be aligned: the hook tells of each before it executes. A
code hook can stop the core there, but for an IT block, whose translation
runs to its end (tests/unicorn_traps/test_code_hooks_and_host_memory.py); its registers are put back
then to what they were, and what its store has overwritten. What stores behind it in that IT block
have written stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from emulator.engine.absent import uses_fpu
from emulator.engine.alignment import address_of, required_alignment
from emulator.engine.core import GENERAL
from emulator.engine.engine import Engine
from emulator.engine.hook import Stop
from emulator.machine.protection import Refusal
from emulator.system.faults import FaultKind
from emulator.system.system import System
from emulator.thumb.conditions import condition_holds
from emulator.thumb.decode import ItState
from emulator.thumb.instruction import Block, Instruction, Kind

FLOATING_POINT = (*(f"s{n}" for n in range(32)), "fpscr")
FLAG_BITS = (31, 30, 29, 28)  # N, Z, C, V


@dataclass(frozen=True, slots=True)
class OperandTrap:
    """The instruction at ``pc`` (None: where the core stands) traps.

    ``address``: of the datum, if that is why.
    """

    kind: FaultKind
    pc: int | None
    address: int | None
    detail: str = ""


class OperandTraps:
    """Looks at suspects; :meth:`take` gives the trap that has stopped the core.

    ``refusal_of(instruction)``: what protection has against it.
    """

    def __init__(
        self,
        engine: Engine,
        system: System,
        refusal_of: Callable[[Instruction], Refusal | None],
    ) -> None:
        self._refusal_of = refusal_of
        self._core = engine.core
        self._hook = engine.hook
        self._automaton = engine.automaton
        self._system = system
        self._control = system.scb
        self._found: OperandTrap | None = None
        self._names = (*GENERAL, "xpsr", *(FLOATING_POINT if engine.core.has_fpu else ()))
        self._registers: tuple[int, ...] = ()
        self._in_it: int | None = None  # the instruction in an IT block that has trapped, it seems
        self._target: tuple[int, bytes] | None = None  # what its store overwrites
        self._elsewhere: set[int] = set()  # it is one of these if the core stands there
        engine.automaton.on_suspect = self._look

    def _look(self, address: int) -> None:
        block, instruction = self._automaton.current_block(), self._automaton.instruction_at(address)
        if block is None or instruction is None or self._found is not None:
            return
        found = self.trap_of(instruction)
        if found is not None:
            self._stop_before(block, instruction, found)

    def refuse(self, refusal: Refusal) -> None:
        """Protection refuses the access that is being made.

        Unicorn goes back to before its instruction, but for an IT block: there it is one whose
        condition holds and whose registers, which are those of now, give this address.
        """
        block = self._automaton.current_block()
        if block is None or self._found is not None:
            return
        makers = [i for i in block.instructions if self._makes(i, refusal)]
        conditional = [i for i in makers if i.in_it_block and self._holds(i.condition)]
        found = OperandTrap(refusal.kind, None, refusal.address, refusal.detail)
        self._stop_before(block, conditional[0] if conditional else None, found)
        self._elsewhere = {i.address for i in makers if not i.in_it_block}

    def _bytes_at(self, instruction: Instruction | None) -> tuple[int, bytes] | None:
        """What a store is about to overwrite, if a memory holds it: (address, bytes)."""
        access = instruction.memory if instruction is not None else None
        if instruction is None or access is None or not access.is_store:
            return None
        address = address_of(instruction, self._register)
        held = self._core.held_at(address, access.size_bytes * access.count)
        return None if held is None else (address, held)

    def _makes(self, instruction: Instruction, refusal: Refusal) -> bool:
        access = instruction.memory
        if access is None or access.is_store is not refusal.is_store:
            return False
        first = address_of(instruction, self._register)
        return (refusal.address - first) & 0xFFFFFFFF < access.size_bytes * access.count

    def _holds(self, condition: int | None) -> bool:
        if condition is None:
            return True
        xpsr = self._core.get("xpsr")
        return bool(condition_holds(condition, *(bool(xpsr >> bit & 1) for bit in FLAG_BITS)))

    def _stop_before(self, block: Block, instruction: Instruction | None, found: OperandTrap) -> None:
        self._found, self._elsewhere = found, set()
        self._in_it = instruction.address if instruction is not None and instruction.in_it_block else None
        self._registers = self._core.get_many(self._names) if self._in_it is not None else ()
        if self._in_it is not None:
            self._target = self._bytes_at(instruction)
            state = _it_state(block, self._in_it)
            self._registers = self._in_it_block(self._registers, state)
        self._hook.stop_code = Stop.TRAP
        self._core.uc.emu_stop()

    def trap_of(self, instruction: Instruction) -> OperandTrap | None:
        """Why ``instruction``, about to execute, traps; None: it does not."""
        missing = self._automaton.absent.fault_of(instruction)
        if uses_fpu(instruction) and not self._system.allows_fpu():
            missing = FaultKind.NO_COPROCESSOR
        if missing is not None:
            return OperandTrap(missing, instruction.address, None)
        refusal, refused = self._refusal_of(instruction), None
        if refusal is not None:
            refused = OperandTrap(refusal.kind, instruction.address, refusal.address, refusal.detail)
        if refused is not None and refused.kind is FaultKind.MEMORY_INSTRUCTION:
            return refused
        if instruction.kind is Kind.DIVIDE:
            if self._control.traps_divide_by_zero and not self._register(instruction.opcode & 15):
                return OperandTrap(FaultKind.DIVIDE_BY_ZERO, instruction.address, None)
            return None
        strict = required_alignment(instruction, everywhere=self._control.traps_unaligned)
        if strict and (address := address_of(instruction, self._register)) & strict:
            return OperandTrap(FaultKind.UNALIGNED, instruction.address, address)
        return refused

    def take(self) -> OperandTrap | None:
        """The trap that was found; the core's registers are those before its instruction."""
        found, self._found = self._found, None
        if found is None or self._in_it is None or self._core.get("pc") in self._elsewhere:
            return found
        self._core.set_many(self._names, self._registers)
        if self._target is not None:
            self._core.load_memory(*self._target)
        return replace(found, pc=self._in_it)

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
        return (*registers[:at], state.put_in(registers[at]), *registers[at + 1 :])


def _it_state(block: Block, address: int) -> ItState:
    """ITSTATE of the instruction at ``address``."""
    state = ItState(block.it)
    for instruction in block.instructions:
        if instruction.address == address:
            break
        state = ItState(instruction.it_mask) if instruction.kind is Kind.IT else state.advanced()
    return state
