"""General PWM timer of RA8D1, 32 bits (R01UH0995, chapter "General PWM Timer"), as a timer.

GTCNT counts PCLKD through TPCS, up to GTPR and again from 0, or down. Compare registers A to F set flags and
raise events, as overflow and underflow do: CCMPA to CCMPF, OVF, UDF behind each other. Channels are started,
stopped and cleared by a bit each, through any channel's GTSTR, GTSTP and GTCLR, where GTSSR, GTPSR and GTCSR
let software do it. GTWP guards the others under its key. Triangle waves, buffers, outputs on pins, dead time,
hardware sources and conversions are not modelled, and told as far as firmware selects them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from emulator.device import ClockName, DeviceContext
from emulator.schema.table import about
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.parts.counter import DOWN, UP
from peripherals.register_device import ALL_BITS, Register
from peripherals.renesas.stoppable import StoppableDevice, StoppableParameters

COMPARES = ("GTCCRA", "GTCCRB", "GTCCRC", "GTCCRE", "GTCCRD", "GTCCRF")
"""In the order of their addresses: E stands before D."""
FLAG_ORDER = ("GTCCRA", "GTCCRB", "GTCCRC", "GTCCRD", "GTCCRE", "GTCCRF")
OVERFLOWED, UNDERFLOWED = 1 << 6, 1 << 7
OVERFLOW_EVENT, UNDERFLOW_EVENT = 6, 7
COUNTS, COUNTS_UP, BY_SOFTWARE = 1 << 0, 1 << 0, 1 << 31
KEY = 0xA5
PRESCALERS: Mapping[int, int] = {0: 1, 1: 2, 2: 4, 3: 8, 4: 16, 5: 32, 6: 64, 8: 256, 10: 1024}
STARTS, STOPS, CLEARS = "gpt:start", "gpt:stop", "gpt:clear"
KEPT = (
    ("GTUPSR", 0x1C), ("GTDNSR", 0x20), ("GTICASR", 0x24), ("GTICBSR", 0x28), ("GTIOR", 0x34),
    ("GTINTAD", 0x38), ("GTBER", 0x40), ("GTPBR", 0x68), ("GTPDBR", 0x6C), ("GTADTRA", 0x70),
    ("GTADTRB", 0x7C),
    ("GTDTCR", 0x88), ("GTDVU", 0x8C), ("GTDVD", 0x90), ("GTDBU", 0x94), ("GTDBD", 0x98), ("GTPC", 0xBC),
    ("GTBER2", 0xE0), ("GTOLBR", 0xE4),
)  # fmt: skip


class PwmTimerParameters(StoppableParameters, frozen=True):
    """Its clock and channel."""

    clock: Annotated[ClockName, about("What it counts.", names_a="clock", example="pclkd")] = "pclkd"
    channel: Annotated[
        int, about("Its bit in the registers of all channels.", at_least=0, at_most=31, example=0)
    ] = 0


class Gpt(StoppableDevice):
    """One channel."""

    PARAMETERS = PwmTimerParameters
    parameters: PwmTimerParameters
    REGISTERS = (
        Register(0x00, "GTWP", writable=0, on_write="guarded"),
        Register(0x04, "GTSTR", writable=0, on_read="running_channels", on_write="channels_started"),
        Register(0x08, "GTSTP", writable=0, on_read="running_channels", on_write="channels_stopped"),
        Register(0x0C, "GTCLR", writable=0, on_write="channels_cleared"),
        Register(0x10, "GTSSR"),
        Register(0x14, "GTPSR"),
        Register(0x18, "GTCSR"),
        Register(0x2C, "GTCR", writable=0x1F8F9F31, on_write="controlled"),
        Register(0x30, "GTUDDTYC", 1, on_write="controlled"),
        Register(0x3C, "GTST", 0x8000, writable=0, w0c=0xFF, on_write="planned_anew"),
        Register(0x48, "GTCNT", on_read="count", on_write="count_written"),
        *(Register(0x4C + 4 * n, name, ALL_BITS, on_write="planned_anew") for n, name in enumerate(COMPARES)),
        Register(0x64, "GTPR", ALL_BITS, on_write="controlled"),
        *(Register(offset, name) for name, offset in KEPT),
    )
    PARTS = ("_counter",)
    size_bytes = 0x100

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._counter = ClockedCounter(
            context,
            "counter",
            self.parameters.clock,
            ALL_BITS,
            on_event=self._plan,
            on_wrap=self._wrapped,
            on_span=self._counted,
            can_skip=lambda: False,
        )
        for name, register, effect in (
            (STARTS, "GTSSR", partial(self._run, True)),
            (STOPS, "GTPSR", partial(self._run, False)),
            (CLEARS, "GTCSR", self._clear),
        ):
            context.signals.watch(name, partial(self._told, register, effect))

    def reset(self) -> None:
        """Stopped at 0, up."""
        super().reset()
        self._counter.restart(reload=ALL_BITS)
        self._counter.state.prescaler = 0

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        super().load(state)
        self._plan()

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Guarded by GTWP, but for itself and the registers of all channels."""
        if offset < 0x10 or not self.values["GTWP"] & 1:
            super().write(offset, size_bytes, value)

    # -- effects -----------------------------------------------------------------------------
    def guarded(self, written: int, _old: int) -> None:
        """GTWP, under its key."""
        if written >> 8 & 0xFF == KEY:
            self.values["GTWP"] = written & 0x1F

    def running_channels(self) -> int:
        """GTSTR and GTSTP: a bit for each channel that counts; of this one alone."""
        return int(self._counter.state.running) << self.parameters.channel

    def channels_started(self, written: int, _old: int) -> None:
        """GTSTR."""
        self._tell(STARTS, written)

    def channels_stopped(self, written: int, _old: int) -> None:
        """GTSTP."""
        self._tell(STOPS, written)

    def channels_cleared(self, written: int, _old: int) -> None:
        """GTCLR."""
        self._tell(CLEARS, written)

    def controlled(self, _written: int, _old: int) -> None:
        """GTCR, GTUDDTYC, GTPR."""
        if self.field("GTCR", 16, 4):
            self.report("GTCR", "write", "another mode than saw waves")
        self._counter.catch_up()
        state = self._counter.state
        state.running = bool(self.values["GTCR"] & COUNTS)
        state.direction = UP if self.values["GTUDDTYC"] & COUNTS_UP else DOWN
        state.reload = self.values["GTPR"]
        prescaler = PRESCALERS.get(self.field("GTCR", 23, 4), 1) - 1
        if state.prescaler != prescaler:
            state.prescaler = prescaler
            self._counter.restart_prescaler()
        self._plan()

    def count(self) -> int:
        """GTCNT."""
        return self._counter.read()

    def count_written(self, _written: int, _old: int) -> None:
        """GTCNT."""
        self._counter.catch_up()
        self._counter.state.count = self.values["GTCNT"]
        self._plan()

    def planned_anew(self, _written: int, _old: int) -> None:
        """Flags or compare registers."""
        self._counter.catch_up()
        self._plan()

    # -- inside ------------------------------------------------------------------------------
    def _tell(self, name: str, channels: int) -> None:
        self.context.signals.set(name, channels)
        self.context.signals.set(name, 0)

    def _told(self, register: str, effect: Callable[[], None], channels: int) -> None:
        is_meant = channels >> self.parameters.channel & 1 and self.values[register] & BY_SOFTWARE
        if is_meant and not self.is_stopped:
            effect()

    def _run(self, running: bool) -> None:
        self._counter.catch_up()
        self.put_bits("GTCR", COUNTS, running)
        self._counter.state.running = running
        self._plan()

    def _clear(self) -> None:
        self._counter.catch_up()
        state = self._counter.state
        state.count = 0 if state.direction == UP else state.reload
        self._counter.restart_prescaler()
        self._plan()

    def _plan(self) -> None:
        self._counter.plan([self.values[name] for name in COMPARES])

    def _counted(self, low: int, high: int) -> None:
        for number, name in enumerate(FLAG_ORDER):
            if low <= self.values[name] <= high:
                self.set_bits("GTST", 1 << number)
                self.raise_event(number)

    def _wrapped(self) -> None:
        up = self._counter.state.direction == UP
        self.set_bits("GTST", OVERFLOWED if up else UNDERFLOWED)
        self.raise_event(OVERFLOW_EVENT if up else UNDERFLOW_EVENT)
