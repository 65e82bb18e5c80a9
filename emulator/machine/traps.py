"""What ended a run other than the hook: exceptions, faults, WFI, breakpoints.

Unicorn reports these through two hooks and its error codes; tests/unicorn_traps pins down
which it uses for what. The block that ended this way is closed here, whole or in part.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from unicorn import UcError
from unicorn import unicorn_const as ucc

from emulator.engine.core import EXC_RETURN_FROM, RUN_UNTIL
from emulator.engine.engine import Engine
from emulator.machine.coprocessors import Coprocessors
from emulator.machine.halts import Halts
from emulator.machine.operand_traps import OperandTraps
from emulator.machine.protection import Protection
from emulator.machine.requests import RunRequests
from emulator.machine.sleep import Sleep
from emulator.system.faults import FaultKind
from emulator.system.protection import Right, default_rights
from emulator.system.semihosting import SemihostResult
from emulator.system.system import System

WFI, WFE, YIELD = 0xBF30, 0xBF20, 0xBF10
WIDE_HINT, WIDE_HINT_SECOND = 0xF3AF, 0x8000
SEMIHOSTING_IMMEDIATE = 0xAB
BRANCH_EDGE = 1


class Excp(IntEnum):
    """QEMU's exception numbers as UC_HOOK_INTR gives them (target/arm/cpu.h)."""

    UNDEFINED = 1
    SVC = 2
    PREFETCH_ABORT = 3
    DATA_ABORT = 4
    BKPT = 7
    EXCEPTION_EXIT = 8
    NOCP = 17
    INVSTATE = 18
    STKOF = 19
    LAZYFP = 20
    LSERR = 21
    UNALIGNED = 22


FAULTS = {
    Excp.UNDEFINED: FaultKind.UNDEFINED_INSTRUCTION,
    Excp.NOCP: FaultKind.NO_COPROCESSOR,
    Excp.INVSTATE: FaultKind.INVALID_STATE,
    Excp.STKOF: FaultKind.STACK_LIMIT,
    Excp.UNALIGNED: FaultKind.UNALIGNED,
}


VECTOR_FAULTS = (
    FaultKind.UNDEFINED_INSTRUCTION, FaultKind.UNDEFINED_INSTRUCTION, FaultKind.NO_COPROCESSOR,
    FaultKind.INVALID_STATE, FaultKind.UNALIGNED, FaultKind.BUS_DATA, FaultKind.MEMORY_DATA,
)  # fmt: skip
"""By their numbers in emulator/engine/vector/vector_state.h; there is no number 0."""
Semihosting = Callable[[int, int], SemihostResult]
"""Serves a semihosting call: operation (r0), parameter (r1)."""


class TrapHandler:
    """Turns Unicorn's ways of ending a run into what the core does.

    ``abandoned(pc)`` is told of a block that ends before the instruction at ``pc``, while it can
    still be looked at.
    """

    def __init__(
        self,
        engine: Engine,
        system: System,
        sleep: Sleep,
        requests: RunRequests,
        *,
        semihosting: Semihosting,
        abandoned: Callable[[int], None],
        protection: Protection,
        operands: OperandTraps,
        halts: Halts,
        coprocessors: Coprocessors,
    ) -> None:
        self._halts = halts
        self._coprocessors = coprocessors
        self._engine = engine
        self._core = engine.core
        self._hook = engine.hook
        self._automaton = engine.automaton
        self._system = system
        self._sleep = sleep
        self._requests = requests
        self._semihosting = semihosting
        self._abandoned = abandoned
        self._bad_address: int | None = None
        self._protection = protection
        self._operands = operands
        engine.core.watch_bad_accesses(self._on_bad_access)
        if engine.vectors is not None:
            engine.vectors.refuses = self._refuses_interpreter

    def _on_bad_access(self, address: int) -> None:
        self._bad_address = address

    def handle(self, error: UcError | None) -> None:
        """Serve what ended the run; the next run starts from the new PC."""
        interrupt, self._hook.interrupt = self._hook.interrupt, 0
        trap = self._operands.take()
        pc = self._core.get("pc")
        if self._core.vector_state is not None and self._core.vector_state.fault:
            self._vector_fault(pc)
            return
        refusal = self._protection.take_refusal(pc)
        refused, self._requests.refused = self._requests.refused, None
        if refused is not None:
            self._refused(*refused, pc)
        elif trap is not None:
            self._fault(trap.kind, pc if trap.pc is None else trap.pc, trap.address, trap.detail)
        elif refusal is not None:
            self._fault(refusal.kind, pc, refusal.address, refusal.detail)
        elif interrupt:
            self._exception(interrupt, pc)
        elif error is not None:
            self._error(error, pc)
        elif pc == RUN_UNTIL:
            self._at_the_end(pc)
        else:
            self._waited(pc)

    def _refuses_interpreter(self, address: int, size_bytes: int, is_store: bool) -> bool:
        """Whether protection refuses an access of the interpreter of Armv8.1-M."""
        vectors = self._engine.vectors
        for at in (address, address + size_bytes - 1):
            refusal = self._protection.refuses(at, is_store=is_store)
            if refusal is not None and vectors is not None:
                vectors.refusal = refusal.detail
                return True
        return False

    def _vector_fault(self, pc: int) -> None:
        """The interpreter of Armv8.1-M stands before an instruction that it can't execute."""
        state = self._core.vector_state
        assert state is not None
        kind, address, state.fault = VECTOR_FAULTS[state.fault], state.fault_address, 0
        if kind is FaultKind.MEMORY_DATA:
            refusal = self._engine.vectors.refusal if self._engine.vectors is not None else ""
            self._fault(kind, pc, address, refusal)
        else:
            self._fault(kind, pc, address if kind in (FaultKind.UNALIGNED, FaultKind.BUS_DATA) else None)

    def _at_the_end(self, pc: int) -> None:
        """A branch to where Unicorn is told to stop: it does, every time, and executes nothing.

        In a handler the address is an EXC_RETURN; elsewhere nothing can be fetched there, as from
        every address of the system space.
        """
        if self._core.get("ipsr"):
            self._exception(Excp.EXCEPTION_EXIT, pc)
            return
        self._automaton.finish(BRANCH_EDGE)
        self._no_fetch(pc)

    def _refused(self, instruction: int | None, address: int, pc: int) -> None:
        """A device refused an access; in an IT block Unicorn has gone on, as a buffered store lets it."""
        if instruction in (pc, None):
            self._fault(FaultKind.BUS_DATA, pc, address)
        else:
            self._automaton.finish()
            self._fault(FaultKind.BUS_DATA_IMPRECISE, pc, None)

    def left_thumb_state(self) -> None:
        """A branch to an even address: the block there does not run, INVSTATE is raised."""
        pc = self._core.get("pc")
        self._automaton.finish(BRANCH_EDGE)
        self._fault(FaultKind.INVALID_STATE, pc, None)

    def refused_fetch(self) -> None:
        """The block at PC does not run: protection refuses its first instruction."""
        pc = self._core.get("pc")
        refusal = self._protection.fetch_refusal(pc)
        self._fault(refusal.kind, pc, pc, refusal.detail)

    def _no_fetch(self, pc: int) -> None:
        """An address without code: nothing is fetched where the memory map is execute-never."""
        never = not default_rights(pc) & Right.EXECUTE
        self._fault(FaultKind.MEMORY_INSTRUCTION if never else FaultKind.BUS_INSTRUCTION, pc, pc)

    def _word(self, address: int) -> int:
        """A 32-bit encoding, its first half-word above."""
        return self._half_word(address) << 16 | self._half_word(address + 2)

    def _half_word(self, address: int) -> int:
        try:
            return int.from_bytes(self._core.read_memory(address, 2), "little")
        except Exception:  # noqa: BLE001 -- an unreadable address is no instruction
            return 0

    def _hint_before(self, pc: int) -> int:
        """The 16-bit encoding of the hint that ends at ``pc``, whichever of the two it has."""
        last = self._half_word(pc - 2)
        if last & 0xFFF0 == WIDE_HINT_SECOND and self._half_word(pc - 4) == WIDE_HINT:
            return 0xBF00 | (last & 15) << 4
        return last

    def _exception(self, number: int, pc: int) -> None:
        if pc >= EXC_RETURN_FROM:
            block = self._automaton.current_block()
            self._automaton.finish(BRANCH_EDGE)
            came_from = (self._hook.returns_from or None) if block is None else block.instructions[-1].address
            if self._system.exception_return(pc | 1, came_from):
                self._sleep.begin()
            self._engine.restart_pipeline()
        elif number == Excp.SVC:
            self._automaton.finish()
            self._system.svc()
            self._engine.restart_pipeline()
        elif number == Excp.BKPT:
            self._breakpoint(pc)
        elif number == Excp.NOCP and self._coprocessors.allows(self._word(pc)):
            self._coprocess(pc)
        elif number in FAULTS:
            self._fault(FAULTS[Excp(number)], pc, None)
        elif number == Excp.PREFETCH_ABORT:
            self._no_fetch(pc)
        elif self._bad_address is None:  # an exclusive, or any access of a Cortex-M0
            self._fault(FaultKind.UNALIGNED, pc, self._operands.address_at(pc))
        else:
            self._fault(FaultKind.BUS_DATA, pc, self._bad_address)

    def _coprocess(self, pc: int) -> None:
        """An instruction for a coprocessor of a device, which ends its block."""
        self._automaton.finish()
        if not self._coprocessors.execute(pc, self._word(pc)):
            self._fault(FaultKind.UNDEFINED_INSTRUCTION, pc, None)

    def _breakpoint(self, pc: int) -> None:
        if self._half_word(pc) & 0xFF != SEMIHOSTING_IMMEDIATE:
            instruction = self._automaton.instruction_at(pc)
            if self._halts.at_bkpt and instruction is not None:
                self._halts.halt_at(instruction)
                return
            self._fault(FaultKind.BREAKPOINT, pc, None)
            return
        self._automaton.finish()
        result = self._semihosting(*self._core.get_many(("r0", "r1")))
        self._core.set("r0", result.r0 & 0xFFFFFFFF)
        self._core.set("pc", pc + 2 | 1)
        if result.exit_code is not None:
            self._requests.exit_code = result.exit_code

    def _error(self, error: UcError, pc: int) -> None:
        if pc >= EXC_RETURN_FROM and self._core.get("ipsr"):  # how the M0's exception return ends
            self._exception(Excp.EXCEPTION_EXIT, pc)
        elif error.errno in (ucc.UC_ERR_FETCH_UNMAPPED, ucc.UC_ERR_FETCH_PROT):
            self._automaton.finish(BRANCH_EDGE)
            self._no_fetch(pc)
        elif error.errno == ucc.UC_ERR_INSN_INVALID:
            self._invalid(pc)
        elif error.errno in (ucc.UC_ERR_READ_UNMAPPED, ucc.UC_ERR_WRITE_UNMAPPED, ucc.UC_ERR_READ_PROT,
                             ucc.UC_ERR_WRITE_PROT):  # fmt: skip
            self._no_data(pc, is_store=error.errno in (ucc.UC_ERR_WRITE_UNMAPPED, ucc.UC_ERR_WRITE_PROT))
        elif error.errno in (ucc.UC_ERR_READ_UNALIGNED, ucc.UC_ERR_WRITE_UNALIGNED):
            self._fault(FaultKind.UNALIGNED, pc, self._bad_address)
        else:
            self._fault(FaultKind.UNDEFINED_INSTRUCTION, pc, None)

    def _no_data(self, pc: int, *, is_store: bool) -> None:
        """Nothing answers a load or store, or its memory refuses it; the MPU may have before."""
        address = self._bad_address
        refusal = None if address is None else self._protection.refuses(address, is_store=is_store)
        if refusal is not None:
            self._fault(refusal.kind, pc, refusal.address, refusal.detail)
        else:
            self._fault(FaultKind.BUS_DATA, pc, address)

    def _invalid(self, pc: int) -> None:
        """WFE and YIELD are invalid to Unicorn on M cores, with PC past them."""
        block = self._automaton.current_block()
        before = self._hint_before(pc)
        if before in (WFE, YIELD) and (block is None or block.end == pc):
            self._automaton.finish()
            if before == WFE and not self._system.wait_for_event():
                self._sleep.begin(for_event=True)
            return
        self._fault(FaultKind.UNDEFINED_INSTRUCTION, pc, None)

    def _waited(self, pc: int) -> None:
        """The run ended with no error: a WFI, with PC past it."""
        if self._hint_before(pc) == WFI:
            self._automaton.finish()
            if not self._system.wake_pending():
                self._sleep.begin()

    def _fault(self, kind: FaultKind, pc: int, address: int | None, detail: str = "") -> None:
        self._bad_address = None
        self._abandoned(pc)
        self._automaton.abandon_at(pc)
        self._sleep.end()
        try:
            self._system.raise_fault(kind, pc=pc, address=address, detail=detail)
        except Exception as error:  # noqa: BLE001 -- lockup: raised by the run loop, at its place
            self._requests.fail(error)
        self._engine.restart_pipeline()
