"""Low-power timer of STM32 (RM0351 and RM0432, chapter "Low-power timer (LPTIM)").

The same block is in F410/F7/G0/G4/H7/L0/L4/WB. Modelled: a 16-bit counter on its kernel clock behind the
prescaler, single and continuous mode, compare and auto-reload matches, preload, interrupts. Not
modelled, and reported: external clock, count of an input's edges, encoder, triggers. Outputs do not reach
pins. ARROK and CMPOK come at once (on the chip after a few periods of the kernel clock).
"""

from __future__ import annotations

from emulator.device import ClockedParameters, DeviceContext
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.register_device import Register, RegisterDevice, read_only

CR_ENABLE, CR_SNGSTRT, CR_CNTSTRT, CR_COUNTRST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
CFGR_PRELOAD = 1 << 22
CFGR_NOT_MODELLED = (
    (1 << 0, "a clock from outside"),
    (3 << 17, "starting by a trigger"),
    (1 << 23, "counting an input's edges"),
    (1 << 24, "encoder mode"),
)
CMPM, ARRM, CMPOK, ARROK = 1 << 0, 1 << 1, 1 << 3, 1 << 4
ALL_FLAGS = 0x7F
LARGEST = 0xFFFF


class Lptim(RegisterDevice):
    """One low-power timer. A disabled one stands still at 0, and takes neither ARR nor CMP."""

    PARAMETERS = ClockedParameters
    parameters: ClockedParameters
    LINES = ("global",)
    REGISTERS = (
        read_only(0x00, "ISR", on_read="flags"),
        Register(0x04, "ICR", writable=0, on_write="flags_cleared"),
        Register(0x08, "IER", writable=ALL_FLAGS, on_write="interrupts_changed"),
        Register(0x0C, "CFGR", writable=0x01FEEEDF, on_write="mode_changed"),
        Register(0x10, "CR", writable=0x1F, on_write="control_changed"),
        Register(0x14, "CMP", writable=LARGEST, on_write="compare_written"),
        Register(0x18, "ARR", 1, writable=LARGEST, on_write="reload_written"),
        read_only(0x1C, "CNT", on_read="current_count"),
        Register(0x20, "OR"),
    )
    STATE = ("_compare", "_single")
    PARTS = ("_counter",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._compare = 0  # in force
        self._single = False
        self._counter = ClockedCounter(
            context,
            "event",
            self.parameters.clock,
            LARGEST,
            on_event=self._refresh,
            on_wrap=self._wrapped,
            on_span=self._counted,
            can_skip=self._nothing_new,
        )

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._compare, self._single = 0, False
        self._counter.restart(reload=1)

    # -- effects -----------------------------------------------------------------------------
    def control_changed(self, written: int, old: int) -> None:
        """CR: on and off, start, back to 0."""
        self._counter.catch_up()
        state, enabled = self._counter.state, self.values["CR"] & CR_ENABLE
        self.values["CR"] &= ~(CR_SNGSTRT | CR_CNTSTRT | CR_COUNTRST)
        if not enabled or not old & CR_ENABLE:
            state.running, state.count = False, 0
            self._counter.restart_prescaler()
        if enabled and written & CR_COUNTRST:
            state.count = 0
            self._counter.restart_prescaler()
        if enabled and written & (CR_SNGSTRT | CR_CNTSTRT):
            self._single = not written & CR_CNTSTRT
            if not state.running:
                state.running = True
                self._counter.restart_prescaler()
                self._load_preloads()
        self._refresh()

    def mode_changed(self, _written: int, _old: int) -> None:
        """CFGR: the prescaler; what else is not modelled."""
        self._counter.catch_up()
        self._counter.state.prescaler = (1 << self.field("CFGR", 9, 3)) - 1
        for bits, words in CFGR_NOT_MODELLED:
            if self.values["CFGR"] & bits:
                self.report("CFGR", "write", words)
        self._refresh()

    def interrupts_changed(self, _written: int, _old: int) -> None:
        """IER."""
        self._counter.catch_up()
        self._refresh()

    def flags(self) -> int:
        """ISR, up to date."""
        self._counter.catch_up()
        return self.values["ISR"]

    def flags_cleared(self, written: int, _old: int) -> None:
        """ICR: ones clear."""
        self._counter.catch_up()
        self.clear_bits("ISR", written & ALL_FLAGS)
        self._refresh()

    def compare_written(self, _written: int, old: int) -> None:
        """CMP: at once, or with the next period when preloaded."""
        self._register_written("CMP", old, CMPOK)

    def reload_written(self, _written: int, old: int) -> None:
        """ARR: the same."""
        self._register_written("ARR", old, ARROK)

    def current_count(self) -> int:
        """CNT at this very cycle."""
        return self._counter.read()

    # -- the counter's call-backs ------------------------------------------------------------
    def _counted(self, low: int, high: int) -> None:
        if low <= self._compare <= high:
            self.set_bits("ISR", CMPM)
        if low <= self._counter.state.reload <= high:
            self.set_bits("ISR", ARRM)

    def _wrapped(self) -> None:
        self._load_preloads()
        if self._single:
            self._counter.state.running = False

    def _nothing_new(self) -> bool:
        return self._counter.state.running and not self._awaited()

    # -- inside ------------------------------------------------------------------------------
    def _register_written(self, name: str, old: int, done: int) -> None:
        if not self.values["CR"] & CR_ENABLE:
            self.values[name] = old
            self.report(name, "write", "the timer is off, and takes none")
            return
        self._counter.catch_up()
        self.set_bits("ISR", done)
        if not (self.values["CFGR"] & CFGR_PRELOAD and self._counter.state.running):
            self._load_preloads()
        self._refresh()

    def _load_preloads(self) -> None:
        self._counter.state.reload = self.values["ARR"]
        self._compare = self.values["CMP"]

    def _awaited(self) -> list[int]:
        """Values at which a flag rises that is still clear."""
        flags, reload = self.values["ISR"], self._counter.state.reload
        compare = [] if flags & CMPM or self._compare > reload else [self._compare]
        return compare if flags & ARRM else [*compare, reload]

    def _refresh(self) -> None:
        """Bring the interrupt line and the next deadline up to date."""
        self.line("global").set_level(bool(self.values["ISR"] & self.values["IER"]))
        if awaited := self._awaited():
            self._counter.plan(awaited)
        elif self._single or self.values["CFGR"] & CFGR_PRELOAD:
            self._counter.plan()
        else:
            self._counter.plan_nothing()
