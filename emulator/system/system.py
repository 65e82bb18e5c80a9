"""The system side of a Cortex-M in one object: what the machine builds and maps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from emulator.clock.clock import Clock
from emulator.clock.ramp import Touch
from emulator.errors import GuestFault
from emulator.system.cache import CacheControl, Maintain
from emulator.system.core import CoreRegisters, MemoryFault
from emulator.system.debug import DEMCR, DebugControl
from emulator.system.dwt import Dwt
from emulator.system.exception_state import ExceptionState, LeftToPython
from emulator.system.exception_table import NMI, SYSTICK, ExceptionTable
from emulator.system.exceptions import ExceptionUnit
from emulator.system.faults import FaultKind, FaultRecord, FaultStatus
from emulator.system.features import Architecture, features_of
from emulator.system.fpu import CPACR, CPACR_FPU, FPDSCR_NO_TAIL, FloatingPointControl
from emulator.system.itm import ITM_END, STIM0, Itm
from emulator.system.mpu import Mpu
from emulator.system.nvic import STIR, ExternalLine, Nvic
from emulator.system.pmu import Pmu
from emulator.system.protection import ProtectionMap
from emulator.system.registers import RegisterBlock
from emulator.system.scb import SystemControl
from emulator.system.stack_frame import CONTROL_FPCA, CONTROL_NPRIV, XPSR_NUMBER, XPSR_THUMB
from emulator.system.systick import SysTick
from emulator.system.tpiu import Tpiu
from emulator.system.turned_on import LeftOut
from emulator.timing.model import ExceptionTiming

QUIET_PAGES = (0xE0002000, 0xE0041000, 0xE00FF000)
CORESIGHT_ID_OFFSET = 0xF00


def _no_unmodelled(_address: int, _access: str) -> None:
    pass


def _no_maintenance(_cache: str, _operation: str, _address: int | None) -> None:
    pass


def _no_enable(_cache: str, _on: bool) -> None:
    pass


class System:
    """NVIC, SCB, SysTick, DWT, ITM, MPU, FPU registers and the exception model of one core.

    ``interrupts``: external lines. ``vector_table``: VTOR at reset. ``add_cycles(n)`` must
    advance ``clock.now()`` by n at once. ``on_change()`` is called whenever the answer of
    :meth:`preempts` or :meth:`blocked_only_by_masks`, or what code may do, may have changed;
    ``exceptions_changed()`` in its place where only exceptions have, ``state`` is where they are kept.
    ``touch()``: a read just made changes with time or changed state. ``overhead()``: see :class:`Dwt`.
    ``systick_reference_hz``: the external reference of SysTick (``None``: there is none).
    ``maintain_cache(cache, operation, address)`` and ``enable_cache(cache, on)`` tell of the
    M7's L1 caches.
    ``unmodelled(address, access)`` is told of registers that are not modelled, ``turned_on(address,
    words)`` of features, by the write that turns one on (:mod:`emulator.system.turned_on`).
    ``trace_at_reset``: see :class:`DebugControl`. ``dwt_lock``: a core whose DWT may have a
    software lock has it. ``refuse(address)``: the access being served is a
    bus fault, and has no effect.

    :meth:`take_exception`, :meth:`exception_return`, :meth:`svc` and :meth:`raise_fault`
    are called between blocks, never from within a register access; they may serve clock
    deadlines that fall into the entry or exit.
    """

    def __init__(
        self,
        core: CoreRegisters,
        clock: Clock,
        *,
        core_name: str,
        interrupts: int,
        priority_bits: int,
        has_fpu: bool,
        vector_table: int,
        exception_timing: ExceptionTiming,
        add_cycles: Callable[[int], None],
        on_change: Callable[[], None],
        request_reset: Callable[[str], None],
        itm_output: Callable[[int, int], None] | None = None,
        touch: Touch = lambda _ramp=None: None,
        overhead: Callable[[], tuple[int, int, int]] = lambda: (0, 0, 0),
        fpu_is_double: bool = False,
        mpu_regions: int | None = None,
        instruction_cache_bytes: int = 0,
        data_cache_bytes: int = 0,
        systick_reference_hz: Callable[[], int] | None = None,
        systick_calibration: int | None = None,
        unmodelled: Callable[[int, str], None] = _no_unmodelled,
        turned_on: Callable[[int, str], None] = _no_unmodelled,
        maintain_cache: Maintain = _no_maintenance,
        enable_cache: Callable[[str, bool], None] = _no_enable,
        trace_at_reset: bool = False,
        dwt_lock: bool = True,
        refuse: Callable[[int], None] = lambda _address: None,
        exceptions_changed: Callable[[], None] | None = None,
        state: ExceptionState | None = None,
    ) -> None:
        self._state = ExceptionState() if state is None else state
        self._core = core
        self._touch = touch
        self._unmodelled = unmodelled
        self._refuse = refuse
        features = features_of(core_name)
        self.features = features if dwt_lock else replace(features, has_software_lock=False)
        self.table = ExceptionTable(interrupts, priority_bits, exceptions_changed or on_change, self._state)
        self.nvic = Nvic(self.table, self.features, self._newly_pending, turned_on)
        self.systick = SysTick(clock, self._pend_systick, touch, systick_reference_hz, systick_calibration)
        self.debug = DebugControl(self.features, trace_at_reset=trace_at_reset)
        trace_enabled = self._trace_enabled
        self._left_out = LeftOut(self.features, turned_on, trace_enabled, self._stimulus_enabled)
        self.dwt = Dwt(self.features, clock, trace_enabled, touch, overhead, self._counts_exceptions)
        tpiu = Tpiu(self.features)
        self.itm = Itm(
            self.features, clock, trace_enabled, itm_output, self.is_unprivileged, tpiu.byte_cycles
        )
        self.faults = FaultStatus(self.features)
        self.scb = SystemControl(
            self.features,
            self.table,
            vector_table=vector_table,
            masks=self._masks,
            ipsr=self._ipsr,
            sync=self.systick.sync,
            request_reset=request_reset,
            cache_enable=enable_cache,
            reconfigured=on_change,
        )
        self.fpu = FloatingPointControl(
            self.features,
            has_fpu=has_fpu,
            is_double=fpu_is_double,
            context_in_use=self._fp_context_in_use,
            lazily_saved=self._lazily_saved,
            access_changed=on_change,
            state=self._state,
        )
        regions = self.features.mpu_regions if mpu_regions is None else mpu_regions
        self.mpu = Mpu(self.features, regions, self._protection_changed)
        self._on_change = on_change
        self.exceptions = ExceptionUnit(
            core,
            self.features,
            clock,
            table=self.table,
            nvic=self.nvic,
            scb=self.scb,
            fpu=self.fpu,
            faults=self.faults,
            debug=self.debug,
            dwt=self.dwt,
            timing=exception_timing,
            add_cycles=add_cycles,
            set_event=self.send_event,
            protection=self.protection_map,
        )
        self._clock, self._slept_cycles = clock, 0
        self.pmu = Pmu(
            self.features, clock, trace_enabled, touch, self._executing_cycles, overhead, turned_on
        )
        self._blocks: dict[str, RegisterBlock] = {
            "nvic": self.nvic,
            "systick": self.systick,
            "debug": self.debug,
            "dwt": self.dwt,
            "itm": self.itm,
            "tpiu": tpiu,
            "faults": self.faults,
            "scb": self.scb,
            "fpu": self.fpu,
            "mpu": self.mpu,
            "cache": CacheControl(self.features, instruction_cache_bytes, data_cache_bytes, maintain_cache),
        }
        if self.pmu.names:
            self._blocks["pmu"] = self.pmu
        self._by_address = {address: block for block in self._blocks.values() for address in block.names}

    # -- glue between the blocks -----------------------------------------------------------
    def _trace_enabled(self) -> bool:
        return self.debug.trace_enabled

    def _stimulus_enabled(self, register: int) -> bool:
        return self.itm.port_enabled((register - STIM0) // 4)

    def _masks(self) -> tuple[int, ...]:
        return self.exceptions.masks()

    def _ipsr(self) -> int:
        return self._core.get("ipsr") & XPSR_NUMBER

    def allows_fpu(self) -> bool:
        """Whether CPACR lets the running code use floating point."""
        return self.fpu.accessible(unprivileged=self.is_unprivileged())

    def has_coprocessors(self, numbers: Iterable[int]) -> None:
        """Devices answer these coprocessors' instructions."""
        self._left_out.serve(CPACR, self.fpu.has_coprocessors(numbers))

    def allows_coprocessor(self, number: int) -> bool:
        """Whether there is one, of 0 to 7, and CPACR lets the running code use it."""
        return self.fpu.coprocessor_accessible(number, unprivileged=self.is_unprivileged())

    def is_unprivileged(self) -> bool:
        """Thread mode with CONTROL.nPRIV."""
        return not self._ipsr() and bool(self._core.get("control") & CONTROL_NPRIV)

    def protection_map(self) -> ProtectionMap:
        """What the MPU allows the running code; off, it is the default memory map."""
        mpu = self.mpu
        if mpu.enabled and (mpu.checks_hard_fault or self.execution_priority >= 0):
            return mpu.map()
        return mpu.off_map

    def _fp_context_in_use(self) -> bool:
        return bool(self._core.get("control") & CONTROL_FPCA)

    def _lazily_saved(self) -> None:
        self.exceptions.lazily_saved()

    def _newly_pending(self) -> None:
        if self.scb.event_on_pend:
            self._state.event = 1

    def _protection_changed(self) -> None:
        """The MPU, or all settings."""
        self._on_change()
        self._state.leave_to_python(LeftToPython.PROTECTION, self.mpu.is_armed)

    def _counts_exceptions(self, counts: bool) -> None:
        self._state.leave_to_python(LeftToPython.COUNTER, counts)

    def _pend_systick(self) -> None:
        if not self.table.is_pending(SYSTICK):
            self.table.set_pending(SYSTICK)
            self._newly_pending()

    def _executing_cycles(self) -> int:
        return self._clock.now() - self._state.exception_cycles - self._slept_cycles

    # -- registers -------------------------------------------------------------------------
    def refuses(self, address: int, *, is_store: bool) -> bool:
        """Refuse what unprivileged code may not reach of the private peripheral bus: all but few registers.

        The ITM answers it (ITM_TPR says what a store does there), and STIR takes its stores with
        CCR.USERSETMPEND (ARMv7-M ARM B3.1.1, C1.7; ARMv8-M ARM B11.1).
        """
        if not self._core.get("control") & CONTROL_NPRIV or not self.is_unprivileged():
            return False
        if address < ITM_END or (address & ~3 == STIR and is_store and self.scb.lets_users_pend):
            return False
        self._refuse(address)
        return True

    def read(self, address: int, size_bytes: int) -> int:
        """A load of 1, 2 or 4 bytes."""
        block = self._by_address.get(address & ~3)
        if block is None:
            self._note_unmodelled(address, "read")
            return 0
        word = block.read_word(address & ~3) & 0xFFFFFFFF
        return word >> 8 * (address & 3) & ((1 << 8 * size_bytes) - 1)

    def write(self, address: int, size_bytes: int, value: int) -> None:
        """A store of 1, 2 or 4 bytes."""
        word_address = address & ~3
        block = self._by_address.get(word_address)
        on = self._left_out.written(word_address, value << 8 * (address & 3))
        if block is None:
            if not on:
                self._note_unmodelled(address, "write")
            return
        shift = 8 * (address & 3)
        mask = ((1 << 8 * size_bytes) - 1) << shift & 0xFFFFFFFF
        block.write_word(word_address, value << shift & mask, mask)
        if word_address == DEMCR:
            self.dwt.update_running()
            self.pmu.update_running()

    def _note_unmodelled(self, address: int, access: str) -> None:
        page, offset = address & ~0xFFF, address & 0xFFF
        is_identification = offset >= CORESIGHT_ID_OFFSET and page != 0xE000E000
        if page not in QUIET_PAGES and not is_identification:
            self._unmodelled(address, access)

    def register_name(self, address: int) -> str:
        """The register's name in the Arm manuals, for reports."""
        word_address = address & ~3
        block = self._by_address.get(word_address)
        if block is not None:
            return block.names[word_address]
        return self._left_out.name(word_address) or f"system register 0x{address:08x}"

    # -- interrupts --------------------------------------------------------------------------
    def external_line(self, number: int) -> ExternalLine:
        """The input of external interrupt ``number``; ``ValueError`` beyond the last."""
        return self.nvic.line(number)

    def pend_nmi(self) -> None:
        """Make NMI pending (a clock security system, say)."""
        self.table.set_pending(NMI)

    def preempts(self) -> bool:
        """Whether a pending, enabled exception must be taken before the next instruction."""
        return self.table.candidate is not None and self.exceptions.preempts()

    def blocked_only_by_masks(self) -> int | None:
        """What a native hook must watch for, or ``None``.

        A pending exception would preempt the running code, but for PRIMASK, BASEPRI or
        FAULTMASK, which firmware changes unseen. The value is the exception's priority
        with all its subpriority and unimplemented bits set, so that plain comparisons
        decide: it is blocked exactly while ``FAULTMASK & 1``, or ``value >= 0`` and
        (``PRIMASK & 1`` or ``BASEPRI != 0 and value >= BASEPRI``). -1 stands for
        HardFault, which FAULTMASK alone blocks; NMI is never blocked.
        """
        candidate = self.table.candidate
        if candidate is None or self.exceptions.preempts():
            return None
        priority = self.table.preemption_priority(candidate)
        return priority if priority < 0 else priority | (self.table.group_size - 1)

    def take_exception(self) -> None:
        """Enter the best pending exception; does nothing when none preempts.

        Raises :class:`GuestFault` when the core locks up on the way.
        """
        self.exceptions.take()

    def exception_return(self, exc_return: int, came_from: int | None = None) -> bool:
        """PC hit ``exc_return`` in handler mode (bit 0 does not matter), loaded by ``came_from``.

        True: SCR.SLEEPONEXIT puts the core to sleep as WFI does. Raises
        :class:`GuestFault` when a fault on the way locks the core up.
        """
        return self.exceptions.exception_return(exc_return, came_from)

    def svc(self) -> None:
        """SVC was executed; PC is the instruction after it."""
        self.exceptions.svc()

    def raise_fault(
        self, kind: FaultKind, *, pc: int | None = None, address: int | None = None, detail: str = ""
    ) -> bool:
        """Raise a synchronous fault at ``pc`` (default: the core's PC).

        False: nothing was entered, because CCR.BFHFNMIGN ignores bus faults here; go on
        after the access. Raises :class:`GuestFault` on lockup.
        """
        if pc is not None:
            self._core.set("pc", pc & ~1)
        return self.exceptions.fault(kind, address=address, detail=detail)

    @property
    def last_fault(self) -> FaultRecord | None:
        """The latest fault since reset."""
        return self.exceptions.last_fault

    @property
    def fault_chain(self) -> tuple[FaultRecord, ...]:
        """Those whose handlers have not returned, the first one first; or the latest, if all have."""
        latest = () if self.last_fault is None else (self.last_fault,)
        return tuple(self.exceptions.chain.records) or latest

    @property
    def locked_up(self) -> bool:
        """A fault came that no handler can take."""
        return self.exceptions.chain.locked_up

    @property
    def execution_priority(self) -> int:
        """-2 in NMI, -1 in HardFault, 256 in plain thread mode."""
        return self.exceptions.execution_priority()

    # -- sleep and events ----------------------------------------------------------------------
    def wake_pending(self) -> bool:
        """Whether WFI wakes, or falls through: PRIMASK does not count."""
        self.systick.sync()
        candidate = self.table.candidate
        if candidate is None:
            return False
        _primask, basepri, faultmask = self.exceptions.masks()
        return self.table.preemption_priority(candidate) < self.table.masked_priority(0, basepri, faultmask)

    def send_event(self) -> None:
        """SEV, or an event from outside."""
        self._state.event = 1

    def wait_for_event(self) -> bool:
        """WFE: True when it falls through (event register set, now cleared), False: sleep."""
        event, self._state.event = bool(self._state.event), 0
        return event or self.exceptions.preempts()

    wake_event = wait_for_event
    """While a WFE sleeps: whether it wakes now."""

    def slept(self, cycles: int) -> None:
        """Tell DWT_SLEEPCNT that the core slept for ``cycles``."""
        self.dwt.slept_cycles(cycles)
        self._slept_cycles += cycles

    # -- clock changes ---------------------------------------------------------------------------
    def before_clock_change(self) -> None:
        """Frequencies are about to change (SysTick folds its count)."""
        self.systick.before_clock_change()

    def clock_changed(self) -> None:
        """Frequencies have changed (SysTick plans anew)."""
        self.systick.clock_changed()

    # -- reset and snapshots -----------------------------------------------------------------------
    def reset(self) -> None:
        """Every register to its reset value; lines that are still asserted pend again."""
        self.table.reset()
        for block in self._blocks.values():
            block.reset()
        self.exceptions.reset()
        self._state.event = 0
        self._protection_changed()

    def start_at(self, entry: int, stack_pointer: int, *, enable_fpu: bool) -> None:
        """Core registers as after reset; SP and PC as a debugger sets them that starts a program."""
        self._set_reset_registers(stack_pointer & ~3, entry & ~1)
        if enable_fpu:
            self.fpu.write_word(CPACR, CPACR_FPU, CPACR_FPU)

    def reset_core(self) -> None:
        """Core registers as after reset; SP and PC from the vector table.

        Raises :class:`GuestFault` when there is no vector table, or no Thumb address in it.
        """
        table = self.scb.vector_table
        try:
            stack_pointer = int.from_bytes(self._core.read_memory(table, 4), "little")
            entry = int.from_bytes(self._core.read_memory(table + 4, 4), "little")
        except MemoryFault as error:
            raise GuestFault(
                f"no memory at the vector table 0x{table:08x}",
                next_step="load an image that is linked for this board, or give its base address",
            ) from error
        if not entry & 1:
            raise GuestFault(
                f"the reset vector at 0x{table + 4:08x} is 0x{entry:08x}, which is no Thumb address",
                next_step="is an image loaded there, and linked for this board's flash?",
            )
        self._set_reset_registers(stack_pointer & ~3, entry & ~1)

    def _set_reset_registers(self, stack_pointer: int, entry: int) -> None:
        core = self._core
        core.set("ipsr", NMI)  # handler mode first: CONTROL can't be written unprivileged
        core.set("control", 0)
        core.set("ipsr", 0)
        core.set("control", 0)
        core.set("xpsr", XPSR_THUMB)
        core.set("psp", 0)
        core.set("sp", stack_pointer)
        core.set_many(tuple(f"r{n}" for n in range(13)), (0,) * 13)
        core.set("primask", 0)
        if self.features.is_mainline:
            core.set("basepri", 0)
            core.set("faultmask", 0)
        if self.features.architecture is Architecture.V8M:
            core.set("msplim", 0)
            core.set("psplim", 0)
        if core.has_fpu:
            core.set("fpscr", FPDSCR_NO_TAIL if self.features.has_mve else 0)
        if self.features.has_mve:
            core.set("vpr", 0)
        core.set("lr", 0xFFFFFFFF)
        core.set("pc", entry)

    def save(self) -> dict[str, Any]:
        """State for a snapshot; deadlines are saved by the clock, core registers by the core."""
        state = {name: block.save() for name, block in self._blocks.items()}
        return state | {
            "table": self.table.save(),
            "exceptions": self.exceptions.save(),
            "event": bool(self._state.event),
            "slept_cycles": self._slept_cycles,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put a saved state back."""
        for name, block in self._blocks.items():
            block.load(state[name])
        self.exceptions.load(state["exceptions"])
        self._state.event = int(state["event"])
        self._slept_cycles = state["slept_cycles"]
        self.table.load(state["table"])
        self._protection_changed()
