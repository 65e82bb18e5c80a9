"""System Control Block: identification, ICSR, VTOR, AIRCR, SCR, CCR, handler priorities.

ARMv7-M Architecture Reference Manual B3.2; ARMv6-M B3.2 has a subset.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.system.exception_table import (
    BUS_FAULT,
    DEBUG_MONITOR,
    FIRST_EXTERNAL,
    MEM_MANAGE,
    NMI,
    PENDSV,
    SVCALL,
    SYSTICK,
    USAGE_FAULT,
    ExceptionTable,
    bits_of,
)
from emulator.system.features import (
    CCR_BFHFNMIGN,
    CCR_DC,
    CCR_DIV_0_TRP,
    CCR_IC,
    CCR_NONBASETHRDENA,
    CCR_STKALIGN,
    CCR_STKOFHFNMIGN,
    CCR_UNALIGN_TRP,
    CCR_USERSETMPEND,
    ID_BASE,
    ID_NAMES,
    CoreFeatures,
)
from emulator.system.registers import merge

ACTLR = 0xE000E008
CPUID = 0xE000ED00
ICSR = 0xE000ED04
VTOR = 0xE000ED08
AIRCR = 0xE000ED0C
SCR = 0xE000ED10
CCR = 0xE000ED14
SHPR1 = 0xE000ED18
SHPR2 = 0xE000ED1C
SHPR3 = 0xE000ED20
SHCSR = 0xE000ED24

VECTKEY = 0x05FA
VECTKEYSTAT = 0xFA05
AIRCR_VECTCLRACTIVE = 1 << 1
AIRCR_SYSRESETREQ = 1 << 2
SCR_SLEEPONEXIT = 1 << 1
SCR_SLEEPDEEP = 1 << 2
SCR_SEVONPEND = 1 << 4

ICSR_SET = {31: NMI, 28: PENDSV, 26: SYSTICK}
ICSR_CLEAR = {27: PENDSV, 25: SYSTICK}
ICSR_ISRPENDING = 1 << 22
ICSR_RETTOBASE = 1 << 11

SHCSR_ACTIVE = {
    0: MEM_MANAGE,
    1: BUS_FAULT,
    3: USAGE_FAULT,
    7: SVCALL,
    8: DEBUG_MONITOR,
    10: PENDSV,
    11: SYSTICK,
}
SHCSR_PENDING = {12: USAGE_FAULT, 13: MEM_MANAGE, 14: BUS_FAULT, 15: SVCALL}
SHCSR_ENABLE = {16: MEM_MANAGE, 17: BUS_FAULT, 18: USAGE_FAULT}
SHPR_EXCEPTIONS = {
    SHPR1: (MEM_MANAGE, BUS_FAULT, USAGE_FAULT, None),
    SHPR2: (None, None, None, SVCALL),
    SHPR3: (DEBUG_MONITOR, None, PENDSV, SYSTICK),
}
SHPR_EXCEPTIONS_V6M = {
    SHPR2: (None, None, None, SVCALL),
    SHPR3: (None, None, PENDSV, SYSTICK),
}


class SystemControl:
    """The SCB over the exception table.

    ``masks()`` gives (primask, basepri, faultmask), ``ipsr()`` the running exception,
    ``sync()`` brings SysTick up to date before pending bits are looked at.
    ``cache_enable(cache, on)`` is called when CCR.IC or CCR.DC change, ``reconfigured()`` when
    CCR.UNALIGN_TRP does. VTOR, CCR and SCR lie in the table's state.
    """

    def __init__(
        self,
        core: CoreFeatures,
        table: ExceptionTable,
        *,
        vector_table: int,
        masks: Callable[[], tuple[int, ...]],
        ipsr: Callable[[], int],
        sync: Callable[[], None],
        request_reset: Callable[[str], None],
        cache_enable: Callable[[str, bool], None],
        reconfigured: Callable[[], None],
    ) -> None:
        self._reconfigured = reconfigured
        self._core = core
        self._table = table
        self._state = table.state
        self._reset_vector_table = vector_table
        self._masks = masks
        self._ipsr = ipsr
        self._sync = sync
        self._request_reset = request_reset
        self._cache_enable = cache_enable
        self._shpr = SHPR_EXCEPTIONS if core.is_mainline else SHPR_EXCEPTIONS_V6M
        self.names = {
            ACTLR: "ACTLR", CPUID: "CPUID", ICSR: "ICSR", AIRCR: "AIRCR", SCR: "SCR", CCR: "CCR",
            SHPR2: "SHPR2", SHPR3: "SHPR3", SHCSR: "SHCSR",
        }  # fmt: skip
        if core.vtor_mask:
            self.names[VTOR] = "VTOR"
        if core.is_mainline:
            self.names[SHPR1] = "SHPR1"
            self.names |= {ID_BASE + 4 * i: name for i, name in enumerate(ID_NAMES)}
        self.reset()

    def reset(self) -> None:
        """Reset values; the exception table is reset by the system."""
        self._state.vector_table = self._reset_vector_table
        self._auxiliary = 0
        self._state.sleep_control = 0
        self._state.configuration = self._core.ccr_reset

    # -- what others ask -----------------------------------------------------------------
    @property
    def vector_table(self) -> int:
        """VTOR."""
        return self._state.vector_table

    def configured(self, ccr_bit: int) -> bool:
        """Whether a bit of CCR is set."""
        return bool(self._state.configuration & ccr_bit)

    @property
    def aligns_stack(self) -> bool:
        """CCR.STKALIGN."""
        return self.configured(CCR_STKALIGN)

    @property
    def traps_divide_by_zero(self) -> bool:
        """CCR.DIV_0_TRP."""
        return self.configured(CCR_DIV_0_TRP)

    @property
    def traps_unaligned(self) -> bool:
        """CCR.UNALIGN_TRP of a core on which that is a choice; ARMv6-M always traps."""
        return self._core.is_mainline and self.configured(CCR_UNALIGN_TRP)

    @property
    def lets_users_pend(self) -> bool:
        """CCR.USERSETMPEND: unprivileged code may write STIR."""
        return self.configured(CCR_USERSETMPEND)

    @property
    def ignores_bus_faults_at_hard_fault(self) -> bool:
        """CCR.BFHFNMIGN."""
        return self.configured(CCR_BFHFNMIGN)

    @property
    def ignores_limits_at_hard_fault(self) -> bool:
        """CCR.STKOFHFNMIGN."""
        return self.configured(CCR_STKOFHFNMIGN)

    @property
    def allows_unbalanced_return(self) -> bool:
        """CCR.NONBASETHRDENA."""
        return self.configured(CCR_NONBASETHRDENA)

    @property
    def sleeps_on_exit(self) -> bool:
        """SCR.SLEEPONEXIT."""
        return bool(self._state.sleep_control & SCR_SLEEPONEXIT)

    @property
    def sleeps_deeply(self) -> bool:
        """SCR.SLEEPDEEP."""
        return bool(self._state.sleep_control & SCR_SLEEPDEEP)

    @property
    def event_on_pend(self) -> bool:
        """SCR.SEVONPEND."""
        return bool(self._state.sleep_control & SCR_SEVONPEND)

    # -- reading -------------------------------------------------------------------------
    def read_word(self, address: int) -> int:
        """Read a register."""
        if address in self._shpr:
            numbers = self._shpr[address]
            return sum(self._table.priorities[n] << 8 * i for i, n in enumerate(numbers) if n is not None)
        if address == ICSR:
            return self._interrupt_state()
        if address == SHCSR:
            return self._handler_state()
        simple = {
            CPUID: self._core.cpuid,
            VTOR: self.vector_table,
            AIRCR: VECTKEYSTAT << 16 | self._table.priority_group << 8,
            SCR: self._state.sleep_control,
            CCR: self._state.configuration,
            ACTLR: self._auxiliary,
        }
        return simple.get(address, self._core.identification.get(address, 0))

    def _interrupt_state(self) -> int:
        self._sync()
        table = self._table
        value = self._ipsr() & 0x1FF
        running = 1 << value if value else 0
        if self._core.is_mainline and not table.active & ~running:
            value |= ICSR_RETTOBASE
        value |= self._visible_pending() << 12
        if table.pending >> FIRST_EXTERNAL:
            value |= ICSR_ISRPENDING
        return value | sum(1 << bit for bit, n in ICSR_SET.items() if table.is_pending(n))

    def _visible_pending(self) -> int:
        """VECTPENDING heeds BASEPRI and FAULTMASK, but not PRIMASK."""
        best = self._table.best_pending()
        if best is None:
            return 0
        _primask, basepri, faultmask = self._masks()
        priority = self._table.preemption_priority(best)
        if faultmask and priority >= -1:
            return 0
        if basepri and priority >= self._table.group_priority(basepri & self._table.priority_mask):
            return 0
        return best

    def _handler_state(self) -> int:
        table = self._table
        if not self._core.is_mainline:
            return 1 << 15 if table.is_pending(SVCALL) else 0
        value = sum(1 << bit for bit, n in SHCSR_ACTIVE.items() if table.is_active(n))
        value |= sum(1 << bit for bit, n in SHCSR_PENDING.items() if table.is_pending(n))
        return value | sum(1 << bit for bit, n in SHCSR_ENABLE.items() if table.is_enabled(n))

    # -- writing -------------------------------------------------------------------------
    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write a register."""
        if address in self._shpr:
            for i, number in enumerate(self._shpr[address]):
                if number is not None and mask >> 8 * i & 0xFF:
                    self._table.set_priority(number, value >> 8 * i & 0xFF)
        elif address == ICSR:
            self._write_interrupt_state(value & mask)
        elif address == VTOR:
            self._state.vector_table = merge(self.vector_table, value, mask) & self._core.vtor_mask
        elif address == AIRCR:
            self._write_reset_control(value & mask)
        elif address == SCR:
            self._state.sleep_control = merge(self._state.sleep_control, value, mask & 0x16)
        elif address == CCR:
            self._write_configuration(value, mask)
        elif address == SHCSR:
            self._write_handler_state(value, mask)
        elif address == ACTLR and self._core.is_mainline:
            self._auxiliary = merge(self._auxiliary, value, mask)

    def _write_interrupt_state(self, value: int) -> None:
        self._sync()
        for bit, number in ICSR_CLEAR.items():
            if value >> bit & 1:
                self._table.clear_pending(number)
        for bit, number in ICSR_SET.items():
            if value >> bit & 1:
                self._table.set_pending(number)

    def _write_reset_control(self, value: int) -> None:
        if value >> 16 != VECTKEY:
            return
        if self._core.is_mainline:
            self._table.set_priority_group(value >> 8 & 7)
            if value & AIRCR_VECTCLRACTIVE:
                for number in bits_of(self._table.active):
                    self._table.set_active(number, False)
        if value & AIRCR_SYSRESETREQ:
            self._request_reset("AIRCR.SYSRESETREQ")

    def _write_configuration(self, value: int, mask: int) -> None:
        old = self._state.configuration
        new = self._state.configuration = merge(old, value, mask & self._core.ccr_writable)
        if (old ^ new) & CCR_UNALIGN_TRP:
            self._reconfigured()
        for bit, cache in ((CCR_IC, "instruction"), (CCR_DC, "data")):
            if (old ^ new) & bit:
                self._cache_enable(cache, bool(new & bit))

    def _write_handler_state(self, value: int, mask: int) -> None:
        if not self._core.is_mainline:
            return
        for bit, number in SHCSR_ENABLE.items():
            if mask >> bit & 1:
                self._table.set_enabled(1 << number, bool(value >> bit & 1))
        for bit, number in SHCSR_PENDING.items():
            if mask >> bit & 1:
                change = self._table.set_pending if value >> bit & 1 else self._table.clear_pending
                change(number)
        for bit, number in SHCSR_ACTIVE.items():
            if mask >> bit & 1 and bool(value >> bit & 1) != self._table.is_active(number):
                self._table.set_active(number, bool(value >> bit & 1))

    # -- snapshots -----------------------------------------------------------------------
    def save(self) -> Any:
        """State for a snapshot."""
        return (self.vector_table, self._auxiliary, self._state.sleep_control, self._state.configuration)

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._state.vector_table, self._auxiliary, self._state.sleep_control, configuration = state
        self._state.configuration = configuration
