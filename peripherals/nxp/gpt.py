"""General Purpose Timer of i.MX RT1060 (IMXRT1060RM, chapter "General Purpose Timer"): one 32-bit counter up.

CLKSRC selects the peripheral clock, the high-frequency reference, the 32 kHz one or the crystal (24 MHz),
each behind PRESCALER + 1. It starts again at OCR1 unless FRR is set. Three compare channels; input capture,
outputs on pins and the external clock are not modelled, and told.
"""

from __future__ import annotations

from typing import Annotated, Any

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.register_device import ALL_BITS, Register, read_only

ENABLE, FROM_ZERO, FREE_RUN, RESET = 1 << 0, 1 << 1, 1 << 9, 1 << 15
CAPTURES_AND_OUTPUTS = 0xFFFF0000
STOPPED, PERIPHERAL, REFERENCE, EXTERNAL, LOW, CRYSTAL = range(6)
ROLLOVER = 1 << 5
COMPARE_1 = 0x10
KEPT_OVER_RESET = 0x000001FE | FREE_RUN | 1 << 10
CHANNELS = ("OCR1", "OCR2", "OCR3")


class GptParameters(DeviceParameters, frozen=True):
    """Its clocks."""

    clock: Annotated[str, about("The peripheral clock.", names_a="clock", example="ipg")] = "ipg"
    reference: Annotated[str, about("The high-frequency reference.", names_a="clock", example="perclk")] = (
        "perclk"
    )
    low: Annotated[str, about("The 32 kHz reference.", names_a="clock", example="ckil")] = "ckil"
    crystal: Annotated[str, about("The crystal.", names_a="clock", example="osc24m")] = "osc24m"


class Gpt(InterruptDevice):
    """One timer."""

    PARAMETERS = GptParameters
    parameters: GptParameters
    REGISTERS = (
        Register(0x00, "CR", writable=0xFFFF87FF, on_write="control_written"),
        Register(0x04, "PR", writable=0xFFFF, on_write="prescaler_written"),
        Register(0x08, "SR", writable=0, w1c=0x3F, on_read="status", on_write="status_written"),
        Register(0x0C, "IR", writable=0x3F, on_write="planned_anew"),
        *(
            Register(0x10 + 4 * n, name, ALL_BITS, on_write="compare_written")
            for n, name in enumerate(CHANNELS)
        ),
        read_only(0x1C, "ICR1"),
        read_only(0x20, "ICR2"),
        read_only(0x24, "CNT", on_read="count"),
    )
    INTERRUPTS = (Interrupt("global", "SR", "IR"),)
    PARTS = ("_counter",)
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        parameters = self.parameters
        self._clocks = {
            PERIPHERAL: parameters.clock,
            REFERENCE: parameters.reference,
            LOW: parameters.low,
            CRYSTAL: parameters.crystal,
        }
        self._counter = ClockedCounter(
            context,
            "counter",
            parameters.clock,
            ALL_BITS,
            on_event=self._plan,
            on_wrap=self._wrapped,
            on_span=self._counted,
            can_skip=lambda: not self._awaited(),
        )

    def reset(self) -> None:
        """Stopped at 0."""
        super().reset()
        self._counter.restart(reload=ALL_BITS)
        self._counter.state.prescaler = 0

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        super().load(state)
        self._counter.count_clock(self._clock())

    # -- effects -----------------------------------------------------------------------------
    def control_written(self, written: int, old: int) -> None:
        """CR: runs, from which clock; SWR resets all but the settings."""
        if written & CAPTURES_AND_OUTPUTS:
            self.report("CR", "write", "input capture and outputs on pins")
        if self._source() == EXTERNAL:
            self.report("CR", "write", "the external clock")
        self._counter.catch_up()
        self._counter.count_clock(self._clock())
        if written & RESET:
            self._reset_counter()
        state = self._counter.state
        starts = self.values["CR"] & ENABLE and not old & ENABLE
        if starts and self.values["CR"] & FROM_ZERO:
            state.count = 0
            self._counter.restart_prescaler()
        state.running = bool(self.values["CR"] & ENABLE) and self._source() in self._clocks
        self._adopt()

    def prescaler_written(self, _written: int, _old: int) -> None:
        """PR."""
        self._counter.catch_up()
        self._adopt()

    def compare_written(self, _written: int, old: int) -> None:
        """OCRn: a write of OCR1 begins a new period, unless the counter runs freely."""
        self._counter.catch_up()
        if (
            self.access_offset == COMPARE_1
            and not self.values["CR"] & FREE_RUN
            and old != self.values["OCR1"]
        ):
            self._counter.state.count = 0
        self._adopt()

    def status(self) -> int:
        """SR, up to date."""
        self._counter.catch_up()
        return self.values["SR"]

    def status_written(self, _written: int, _old: int) -> None:
        """SR: flags are told again."""
        self._plan()

    def planned_anew(self, _written: int, _old: int) -> None:
        """IR."""
        self._counter.catch_up()
        self._plan()

    def count(self) -> int:
        """CNT."""
        return self._counter.read()

    # -- inside ------------------------------------------------------------------------------
    def _source(self) -> int:
        return self.field("CR", 6, 3)

    def _clock(self) -> str:
        return self._clocks.get(self._source(), self.parameters.clock)

    def _reset_counter(self) -> None:
        """SWR: registers but the clock's selection and the modes go to their reset values."""
        kept = self.values["CR"] & KEPT_OVER_RESET
        self.reset()
        self.values["CR"] = kept

    def _adopt(self) -> None:
        state = self._counter.state
        divider = self.field("PR", 0, 12) + 1
        if self._source() == CRYSTAL:
            divider *= self.field("PR", 12, 4) + 1
        if state.prescaler != divider - 1:
            state.prescaler = divider - 1
            self._counter.restart_prescaler()
        state.reload = ALL_BITS if self.values["CR"] & FREE_RUN else self.values["OCR1"]
        self._plan()

    def _awaited(self) -> list[int]:
        """Counts at which a flag rises that is not set yet: firmware may poll it."""
        unset, last = ~self.values["SR"], self._counter.state.reload
        counts = [self.values[name] for n, name in enumerate(CHANNELS) if unset >> n & 1]
        wraps = [last] if unset & ROLLOVER and last == ALL_BITS else []
        return [count for count in counts if count <= last] + wraps

    def _plan(self) -> None:
        awaited = self._awaited()
        if awaited:
            self._counter.plan(awaited)
        else:
            self._counter.plan_nothing()

    def _counted(self, low: int, high: int) -> None:
        for number, name in enumerate(CHANNELS):
            if low <= self.values[name] <= high:
                self.raise_flags("SR", 1 << number)

    def _wrapped(self) -> None:
        if self._counter.state.reload == ALL_BITS:
            self.raise_flags("SR", ROLLOVER)
