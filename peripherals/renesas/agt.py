"""Low-power asynchronous timer of RA8D1, 16 bits (R01UH0995, chapter "Low Power Asynchronous ... Timer").

It counts down from AGT, underflows behind 0 and begins again; two compare registers. Counts PCLKB, a half or
an eighth of it, LOCO or the sub-clock through CKS. Events: underflow (AGTI), compare match A, B. Pins, pulse
measurement and the other channel's underflow as a clock are not modelled, and told.
"""

from __future__ import annotations

from typing import Annotated, Any

from emulator.device import ClockName, DeviceContext
from emulator.schema.table import about
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.parts.counter import DOWN
from peripherals.register_device import Register
from peripherals.renesas.stoppable import StoppableDevice, StoppableParameters

FULL = 0xFFFF
START, RUNS, STOP = 1 << 0, 1 << 1, 1 << 2
UNDERFLOWED, MATCHED_A, MATCHED_B = 1 << 5, 1 << 6, 1 << 7
FLAGS = UNDERFLOWED | MATCHED_A | MATCHED_B
ENABLES_A, ENABLES_B = 1 << 16, 1 << 20
PERIPHERAL, EIGHTH, HALF, LOW, SUB = 0, 1, 3, 4, 6
UNDERFLOW_EVENT, EVENT_A, EVENT_B = range(3)


class AgtParameters(StoppableParameters, frozen=True):
    """Its clocks."""

    clock: Annotated[ClockName, about("The peripheral clock.", names_a="clock", example="pclkb")] = "pclkb"
    low: Annotated[ClockName, about("AGTLCLK.", names_a="clock", example="loco")] = "loco"
    sub: Annotated[ClockName, about("AGTSCLK.", names_a="clock", example="sosc")] = "sosc"


class Agt(StoppableDevice):
    """One channel. Registers that share a word are one here: AGTCR, AGTMR1 and AGTMR2 in CTRL."""

    PARAMETERS = AgtParameters
    parameters: AgtParameters
    REGISTERS = (
        Register(0x00, "AGT", 0xFFFFFFFF, on_read="counts", on_write="counts_written"),
        Register(0x04, "AGTCMB", 0xFFFF, writable=0xFFFF, on_write="planned_anew"),
        Register(0x08, "CTRL", writable=0x00877F01, w0c=FLAGS, on_read="control", on_write="control_written"),
        Register(0x0C, "IO", on_write="compares_enabled"),
    )
    PARTS = ("_counter",)
    size_bytes = 0x100

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._counter = ClockedCounter(
            context,
            "counter",
            self.parameters.clock,
            FULL,
            on_event=self._plan,
            on_wrap=lambda: self._happened(UNDERFLOWED, UNDERFLOW_EVENT),
            on_span=self._counted,
            can_skip=lambda: False,
        )

    def reset(self) -> None:
        """Stopped, full."""
        super().reset()
        self._counter.restart(reload=FULL, count=FULL, direction=DOWN)
        self._counter.state.prescaler = 0

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        super().load(state)
        self._counter.count_clock(self._source()[0])

    # -- effects -----------------------------------------------------------------------------
    def counts(self) -> int:
        """AGT and AGTCMA."""
        return self._counter.read() | self.values["AGT"] & FULL << 16

    def counts_written(self, _written: int, _old: int) -> None:
        """AGT: the count and where it begins again; AGTCMA."""
        self._counter.catch_up()
        if not self.access_offset & 2:
            self._counter.state.reload = self._counter.state.count = self.values["AGT"] & FULL
        self._plan()

    def planned_anew(self, _written: int, _old: int) -> None:
        """AGTCMB."""
        self._counter.catch_up()
        self._plan()

    def control(self) -> int:
        """AGTCR, AGTMR1, AGTMR2."""
        self._counter.catch_up()
        return self.values["CTRL"] | (RUNS if self._counter.state.running else 0)

    def control_written(self, written: int, old: int) -> None:
        """Start and stop, flags, clock."""
        self._counter.catch_up()
        mode = self.field("CTRL", 8, 3)
        if mode:
            self.report("CTRL", "write", "another mode than timer mode")
        name, divider = self._source()
        if (self.values["CTRL"] ^ old) & 0x00077000:
            self._counter.count_clock(name)
            self._counter.state.prescaler = divider - 1
            self._counter.restart_prescaler()
        if written & STOP:
            self.clear_bits("CTRL", START | FLAGS)
            self._counter.state.count = self._counter.state.reload = FULL
        self._counter.state.running = bool(self.values["CTRL"] & START) and not mode
        self._plan()

    def compares_enabled(self, _written: int, _old: int) -> None:
        """AGTIOC, AGTISR, AGTCMSR, AGTIOSEL."""
        self._counter.catch_up()
        self._plan()

    # -- inside ------------------------------------------------------------------------------
    def _source(self) -> tuple[str, int]:
        """The clock that is counted, and its divider."""
        select, low_divider = self.field("CTRL", 12, 3), 1 << self.field("CTRL", 16, 3)
        names = self.parameters
        known = {
            PERIPHERAL: (names.clock, 1),
            EIGHTH: (names.clock, 8),
            HALF: (names.clock, 2),
            LOW: (names.low, low_divider),
            SUB: (names.sub, low_divider),
        }
        if select not in known:
            self.report("CTRL", "write", "the other channel's underflow as a clock")
        return known.get(select, (names.clock, 1))

    def _compares(self) -> tuple[tuple[int, int, int], ...]:
        """Value, flag and event of the compare registers that are enabled."""
        enabled = self.values["IO"]
        both = (
            (self.values["AGT"] >> 16, MATCHED_A, EVENT_A, ENABLES_A),
            (self.values["AGTCMB"], MATCHED_B, EVENT_B, ENABLES_B),
        )
        return tuple((value, flag, event) for value, flag, event, enable in both if enabled & enable)

    def _plan(self) -> None:
        self._counter.plan([value for value, _flag, _event in self._compares()])

    def _counted(self, low: int, high: int) -> None:
        for value, flag, event in self._compares():
            if low <= value <= high:
                self._happened(flag, event)

    def _happened(self, flag: int, event: int) -> None:
        self.set_bits("CTRL", flag)
        self.raise_event(event)
