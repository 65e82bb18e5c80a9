"""Exception entry, return, tail-chaining, late arrival, supervisor calls and faults.

Time: every cycle is :class:`ExceptionTiming`'s. Deadlines that fall into an entry or an
exit are served at their own cycle, so an interrupt that arrives meanwhile is a late
arrival (no second stacking) or takes over from the unstacking (tail-chain), as in hardware.

Twin: exceptions.h, which enters and leaves handlers where nothing out of the ordinary comes in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emulator.clock.clock import Clock
from emulator.errors import GuestFault
from emulator.system.core import CoreRegisters, MemoryFault
from emulator.system.debug import DebugControl
from emulator.system.dwt import Dwt
from emulator.system.exception_state import LeftToPython
from emulator.system.exception_table import (
    DEBUG_MONITOR,
    HARD_FAULT,
    NMI,
    SVCALL,
    ExceptionTable,
    exception_name,
)
from emulator.system.exception_watcher import ExceptionWatcher
from emulator.system.fault_chain import FaultChain
from emulator.system.faults import (
    HFSR_DEBUGEVT,
    HFSR_FORCED,
    HFSR_VECTTBL,
    FaultKind,
    FaultRecord,
    FaultStatus,
)
from emulator.system.features import Architecture, CoreFeatures
from emulator.system.fpu import FloatingPointControl
from emulator.system.nvic import Nvic
from emulator.system.protection import SYSTEM_SPACE, ProtectionMap
from emulator.system.scb import SystemControl
from emulator.system.stack_frame import (
    EXC_RETURN_PSP,
    EXC_RETURN_STANDARD_FRAME,
    EXC_RETURN_THREAD,
    XPSR_NUMBER,
    XPSR_THUMB,
    ModeState,
    StackFrames,
)
from emulator.timing.model import ExceptionTiming

REPORT_REGISTERS = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc", "xpsr", "msp", "psp")


class ExceptionUnit:
    """Takes exceptions and returns from them.

    ``last_fault`` is the latest fault, if any; ``chain`` those that have not been dealt with.
    ``watcher`` is told of every entry and return, in the order in which time passes.
    """

    def __init__(
        self,
        core: CoreRegisters,
        features: CoreFeatures,
        clock: Clock,
        *,
        table: ExceptionTable,
        nvic: Nvic,
        scb: SystemControl,
        fpu: FloatingPointControl,
        faults: FaultStatus,
        debug: DebugControl,
        dwt: Dwt,
        timing: ExceptionTiming,
        add_cycles: Callable[[int], None],
        set_event: Callable[[], None],
        protection: Callable[[], ProtectionMap],
    ) -> None:
        self._core = core
        self._features = features
        self._clock = clock
        self._table = table
        self._nvic = nvic
        self._scb = scb
        self._fpu = fpu
        self._faults = faults
        self._debug = debug
        self._dwt = dwt
        self._timing = timing
        self._add_cycles = add_cycles
        self._set_event = set_event
        self._frames = StackFrames(core, features, scb, fpu, protection, self._ignores_limits)
        self._state = state = table.state
        state.is_mainline = int(features.is_mainline)
        state.is_v8 = int(features.architecture is Architecture.V8M)
        state.entry_cycles, state.exit_cycles = timing.entry, timing.exit
        state.tail_chain_cycles, state.fp_frame_cycles = timing.tail_chain, timing.fp_frame
        self.watcher: ExceptionWatcher | None = None
        self.chain = FaultChain(lambda holds: state.leave_to_python(LeftToPython.FAULT, holds))
        self.reset()

    def watch(self, watcher: ExceptionWatcher | None, *, of_python_alone: bool = False) -> None:
        """Tell ``watcher`` of every entry and return from now on.

        ``of_python_alone``: only of those that are not taken natively; what it does the native hook does too.
        """
        self.watcher = watcher
        self._state.leave_to_python(LeftToPython.WATCHER, watcher is not None and not of_python_alone)

    def reset(self) -> None:
        """Forget the last fault."""
        self.last_fault: FaultRecord | None = None
        self._returns_from: int | None = None
        self.chain.reset()
        self._state.owed_cycles = 0

    # -- priorities ----------------------------------------------------------------------
    def masks(self) -> tuple[int, ...]:
        """PRIMASK, BASEPRI and FAULTMASK; the latter two are 0 on ARMv6-M."""
        if not self._features.is_mainline:
            return (self._core.get("primask"), 0, 0)
        return self._core.get_many(("primask", "basepri", "faultmask"))

    def execution_priority(self) -> int:
        """The priority that a new exception must beat."""
        primask, basepri, faultmask = self.masks()
        return self._table.masked_priority(primask, basepri, faultmask)

    def _ignores_limits(self) -> bool:
        """CCR.STKOFHFNMIGN, in HardFault, NMI and with FAULTMASK set."""
        return self._scb.ignores_limits_at_hard_fault and self.execution_priority() < 0

    def _can_preempt(self, number: int) -> bool:
        return self._table.preemption_priority(number) < self.execution_priority()

    def preempts(self) -> bool:
        """Whether a pending exception must be taken now."""
        candidate = self._table.candidate
        return candidate is not None and self._can_preempt(candidate)

    # -- time ----------------------------------------------------------------------------
    def lazily_saved(self) -> None:
        """Hardware would have written the reserved FP frame: charge it at the next chance."""
        self._state.owed_cycles += self._timing.fp_frame

    def _spend(self, cycles: int, *, until_preempted: bool = False) -> bool:
        """Let ``cycles`` pass, serving deadlines on time. True: cut short by a preemption."""
        remaining = cycles + self._state.owed_cycles
        self._state.owed_cycles = 0
        clock = self._clock
        while remaining > 0:
            to_deadline = clock.next_cycles() - clock.now()
            step = min(remaining, max(1, to_deadline))
            self._add_cycles(step)
            self._dwt.exception_cycles(step)
            remaining -= step
            if step >= to_deadline:
                clock.run_due(clock.now())
                if until_preempted and self.preempts():
                    return True
        return False

    # -- entry ---------------------------------------------------------------------------
    def take(self) -> None:
        """Enter the best pending exception; the caller has asked :meth:`preempts`."""
        if self._table.candidate is not None:
            self._enter()

    def svc(self) -> None:
        """A supervisor call; PC is the instruction after it already."""
        if self._can_preempt(SVCALL):
            self._table.set_pending(SVCALL)
            self._enter()
        else:
            self.fault(FaultKind.SUPERVISOR_CALL)

    def _enter(self, *, thumb: bool = True) -> tuple[int, ...]:
        """Stack, let the entry's cycles pass, go to the best pending exception's handler."""
        self._fpu.fold()
        frame = self._frames.push(thumb=thumb)
        if self.watcher is not None:
            self.watcher.preempted(self._core.get("sp"))
        if frame.fault is not None:
            self._stacking_failed(frame.fault)
        eager_fp = frame.has_fp and not frame.is_lazy
        self._spend(self._timing.entry + (self._timing.fp_frame if eager_fp else 0))
        self._go_to_handler(frame.exc_return, frame.mode)
        return frame.words if frame.fault is None else ()

    def _stacking_failed(self, error: MemoryFault) -> None:
        kind = FaultKind.MEMORY_STACKING if error.by_protection else FaultKind.BUS_STACKING
        if error.by_limit:
            kind = FaultKind.STACK_LIMIT
        registers = self._registers()
        self._faults.note(kind, None)
        target = self._escalated(kind, error.address, registers, error.detail)
        self._table.set_pending(target)
        self._remember(self._record(kind, error.address, registers, target, detail=error.detail))

    def _go_to_handler(self, exc_return: int, mode: ModeState) -> None:
        """Activate the best pending exception and jump to its vector."""
        number = self._table.best_pending()
        if number is None:
            raise AssertionError("only firmware clears what is pending, and it does not run here")
        vector = self._read_vector(number)
        if vector is None:
            self._table.set_pending(HARD_FAULT)
            self._go_to_handler(exc_return, mode)
            return
        self._table.activate(number)
        self._set_event()
        self._core.clear_exclusive_monitor()
        self._frames.enter_handler(number, exc_return, vector & ~1, mode)
        if self.watcher is not None:
            self.watcher.entered(number, vector & ~1)
        if vector & 1 and vector < SYSTEM_SPACE:
            return
        detail = f"the vector of {exception_name(number)} is 0x{vector:08x}"
        if vector >= SYSTEM_SPACE:
            self.fault(FaultKind.MEMORY_INSTRUCTION, address=vector & ~1, detail=detail)
        else:
            self.fault(FaultKind.INVALID_STATE, address=vector, detail=detail)

    def _read_vector(self, number: int) -> int | None:
        """The vector; None when its read failed, which is HardFault's."""
        address = self._scb.vector_table + 4 * number
        try:
            return int.from_bytes(self._core.read_memory(address, 4), "little")
        except MemoryFault:
            kind = FaultKind.VECTOR_READ
            registers = self._registers()
            self._faults.hfsr |= HFSR_VECTTBL
            if number in (HARD_FAULT, NMI):
                raise self._lockup(kind, address, registers, "") from None
            self._table.clear_pending(number)
            self._remember(self._record(kind, address, registers, HARD_FAULT))
            return None

    # -- return --------------------------------------------------------------------------
    def exception_return(self, exc_return: int, came_from: int | None = None) -> bool:
        """Return from the running handler. True: SLEEPONEXIT wants the core to sleep.

        ``came_from``: the instruction that returns, for reports.
        """
        self._returns_from = came_from
        try:
            return self._return(exc_return)
        finally:
            self._returns_from = None

    def _return(self, exc_return: int) -> bool:
        exc_return = exc_return & ~1 if self._features.architecture is Architecture.V8M else exc_return | 1
        running = self._core.get("ipsr") & XPSR_NUMBER
        if running == 0:
            self.fault(FaultKind.MEMORY_INSTRUCTION, address=exc_return & ~1)
            return False
        self._fpu.fold()
        problem = self._return_problem(exc_return, running)
        if self.watcher is not None:
            self.watcher.ending()
        self._deactivate(running)
        if problem:
            self._fault_on_return(FaultKind.INVALID_RETURN, exc_return, None, problem)
            return False
        if self.preempts():
            self.chain.returned(running)
            self._tail_chain(exc_return)
            return False
        unstacks_fp = not exc_return & EXC_RETURN_STANDARD_FRAME and not self._fpu.lazy_save_pending
        cycles = self._timing.exit + (self._timing.fp_frame if unstacks_fp else 0)
        if self._spend(cycles, until_preempted=True):
            self.chain.returned(running)
            self._tail_chain(exc_return)
            return False
        return self._unstack(exc_return, running)

    def _return_problem(self, exc_return: int, running: int) -> str:
        """Why a return is invalid; empty when it is fine (ARMv7-M B1.5.8)."""
        is_v8 = self._features.architecture is Architecture.V8M
        fixed, kinds = (0xFFFFFF80, (0, 8, 0xC)) if is_v8 else (0xFFFFFFE0, (1, 9, 0xD))
        if exc_return & fixed != fixed or exc_return & 0xF not in kinds:
            return f"EXC_RETURN 0x{exc_return:08x} is damaged"
        if not exc_return & EXC_RETURN_STANDARD_FRAME and not self._fpu.has_fpu:
            return f"EXC_RETURN 0x{exc_return:08x} asks for an FP frame, and there is no FPU"
        if not self._table.is_active(running):
            return f"{exception_name(running)} is not active"
        nested = self._table.active.bit_count()
        if not exc_return & EXC_RETURN_THREAD:
            return "return to a handler, and none was preempted" if nested == 1 else ""
        if nested != 1 and not self._scb.allows_unbalanced_return:
            return "return to thread mode while another handler is active"
        return ""

    def _deactivate(self, running: int) -> None:
        self._table.set_active(running, False)
        if self._features.is_mainline and running != NMI:
            self._core.set("faultmask", 0)
        self._nvic.returned(running)

    def _tail_chain(self, exc_return: int) -> None:
        if self.watcher is not None:
            self.watcher.chained()
        self._spend(self._timing.tail_chain)
        self._go_to_handler(exc_return, self._frames.mode())

    def _unstack(self, exc_return: int, running: int) -> bool:
        try:
            popped = self._frames.read_frame(exc_return)
        except MemoryFault as error:
            kind = FaultKind.MEMORY_UNSTACKING if error.by_protection else FaultKind.BUS_UNSTACKING
            self._fault_on_return(kind, exc_return, error.address, error.detail)
            return False
        number = popped.xpsr & XPSR_NUMBER
        to_thread = bool(exc_return & EXC_RETURN_THREAD)
        if to_thread != (number == 0):
            detail = f"the stacked xPSR names {exception_name(number)}"
            self._fault_on_return(FaultKind.INVALID_RETURN, exc_return, None, detail)
            return False
        if self.watcher is not None:
            frame = self._core.get("psp" if exc_return & EXC_RETURN_PSP else "sp")
            self.watcher.returned(frame if to_thread else 0, popped.words[6] & ~1, popped.stack_pointer)
        self._frames.restore(exc_return, popped)
        self._set_event()
        self._core.clear_exclusive_monitor()
        if not popped.xpsr & XPSR_THUMB:
            self.fault(FaultKind.INVALID_STATE, detail="the stacked xPSR has T = 0")
            return False
        self.chain.returned(running)
        return to_thread and self._scb.sleeps_on_exit and not self._table.active

    def _fault_on_return(self, kind: FaultKind, exc_return: int, address: int | None, detail: str) -> None:
        """A fault found during a return: the frame stays, the handler is chained to."""
        registers = self._registers()
        self._faults.note(kind, address)
        target = self._escalated(kind, address, registers, detail)
        self._table.set_pending(target)
        self._remember(self._record(kind, address, registers, target, detail=detail))
        self._tail_chain(exc_return)

    # -- faults --------------------------------------------------------------------------
    def fault(self, kind: FaultKind, *, address: int | None = None, detail: str = "") -> bool:
        """Raise a synchronous fault at PC. False: CCR.BFHFNMIGN says to ignore it.

        Raises :class:`GuestFault` when the core would lock up.
        """
        ignorable = kind is FaultKind.BUS_DATA and self._scb.ignores_bus_faults_at_hard_fault
        if ignorable and self.execution_priority() < 0:
            self._faults.note(kind, address)
            return False
        registers = self._registers()
        self._faults.note(kind, address)
        target = self._escalated(kind, address, registers, detail)
        self._table.set_pending(target)
        record = self._record(kind, address, registers, target, detail=detail)
        self._remember(record)
        frame = self._enter(thumb=kind is not FaultKind.INVALID_STATE)
        entered = replace(record, frame=frame, cfsr=self._faults.cfsr, hfsr=self._faults.hfsr)
        self.chain.entered(record, entered)
        if self.last_fault is record:
            self.last_fault = entered
        return True

    def _remember(self, record: FaultRecord) -> None:
        self.last_fault = record
        self.chain.add(record)

    def _escalated(
        self, kind: FaultKind, address: int | None, registers: dict[str, int], detail: str = ""
    ) -> int:
        """The exception that handles the fault; raises when none can."""
        wanted = kind.exception if self._features.is_mainline else HARD_FAULT
        if kind is FaultKind.BREAKPOINT:
            self._debug.breakpoint_hit()
            wanted = DEBUG_MONITOR if self._debug.monitor_enabled else HARD_FAULT
        if wanted != HARD_FAULT and self._table.is_enabled(wanted) and self._can_preempt(wanted):
            return wanted
        self._faults.hfsr |= HFSR_DEBUGEVT if kind is FaultKind.BREAKPOINT else HFSR_FORCED
        if not self._can_preempt(HARD_FAULT):
            raise self._lockup(kind, address, registers, detail)
        return HARD_FAULT

    def _registers(self) -> dict[str, int]:
        return dict(zip(REPORT_REGISTERS, self._core.get_many(REPORT_REGISTERS), strict=True))

    def _record(
        self,
        kind: FaultKind,
        address: int | None,
        registers: dict[str, int],
        handler: int,
        *,
        detail: str = "",
    ) -> FaultRecord:
        return FaultRecord(
            kind=kind,
            pc=registers["pc"] & ~1,
            address=address,
            running=registers["xpsr"] & XPSR_NUMBER,
            handler=handler,
            cfsr=self._faults.cfsr,
            hfsr=self._faults.hfsr,
            registers=registers,
            detail=detail,
            cycle=self._clock.now(),
            came_from=self._returns_from,
        )

    def _lockup(
        self, kind: FaultKind, address: int | None, registers: dict[str, int], detail: str
    ) -> GuestFault:
        record = self._record(kind, address, registers, 0, detail=detail)
        earlier = self.chain.records[:]
        self._remember(record)
        report = "\n\n".join([*(fault.report() for fault in earlier), record.report()])
        return GuestFault(
            f"the core locked up: {record.summary}",
            next_step="a fault inside HardFault, NMI or with FAULTMASK set has no handler; see the report",
            report=report,
        )

    # -- snapshots -----------------------------------------------------------------------
    def save(self) -> Any:
        """State for a snapshot."""
        return (self.last_fault, self._state.owed_cycles, self.chain.save())

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self.last_fault, self._state.owed_cycles, chain = state
        self.chain.load(chain)
