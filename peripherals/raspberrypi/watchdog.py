"""The watchdog with its tick generator and scratch registers (RP2040 datasheet 4.7).

TICK divides clk_ref; CLOCKS publishes the result as the clock "tick", which the timer counts, too: the
divider is told on ``ticks:NAME``. The counter goes down by two at each tick (erratum RP2040-E1). RP2350's
(datasheet 12.9) has its tick from elsewhere, and goes down by one. Scratch registers and REASON survive
every reset but power-on and the RUN pin.
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import POWER_ON, RESET_PIN, DeviceContext, reset_cause
from peripherals.parts.watchdog import Watchdog as Dog
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register, read_only

TRIGGER, ENABLE, COUNT_MASK = 1 << 31, 1 << 30, 0xFFFFFF
TIMER, FORCE = 1 << 0, 1 << 1
TICK_ENABLE, TICK_RUNNING, CYCLES_MASK = 1 << 9, 1 << 10, 0x1FF
SCRATCH = tuple(f"SCRATCH{n}" for n in range(8))
CAUSE = "watchdog"


COUNTDOWN_ROWS = (
    Register(0x00, "CTRL", 0x7000000, writable=0xC7000000, on_read="control", on_write="control_written"),
    Register(0x04, "LOAD", writable=COUNT_MASK, on_write="loaded"),
    read_only(0x08, "REASON"),
    *(Register(0x0C + 4 * n, name) for n, name in enumerate(SCRATCH)),
)


class Countdown(AtomicRegisters):
    """The countdown, and what survives it: ``STEP`` a tick of the clock ``TICK``."""

    STEP: ClassVar[int]
    TICK: ClassVar[str]
    STATE = ("_left",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._left = 0  # of the count, while it stands still
        self._dog = Dog(context, self.TICK, cause=CAUSE, title="the watchdog")

    def reset(self) -> None:
        """Stop; keep what outlives this reset."""
        kept = {name: self.values[name] for name in (*SCRATCH, "REASON")}
        super().reset()
        signals = self.context.signals
        if not any(signals.get(reset_cause(cause)) for cause in (POWER_ON, RESET_PIN)):
            self.values.update(kept)
        if signals.get(reset_cause(CAUSE)) and not self.values["REASON"]:
            self.values["REASON"] = TIMER
        self._left = 0
        self._dog.stop()

    # -- effects ---------------------------------------------------------------------------
    def control(self) -> int:
        """CTRL, with the count in TIME."""
        count = self._dog.ticks_left() * self.STEP if self.values["CTRL"] & ENABLE else self._left
        if self.values["CTRL"] & ENABLE:
            self.context.touch()
        return self.values["CTRL"] | min(count, COUNT_MASK)

    def control_written(self, _written: int, old: int) -> None:
        """CTRL: start or stop, or reset now."""
        control = self.values["CTRL"]
        if control & TRIGGER:
            self.clear_bits("CTRL", TRIGGER)
            self.values["REASON"] = FORCE
            self._dog.bite("was triggered by the firmware")
        elif control & ENABLE and not old & ENABLE:
            self._feed()
        elif old & ENABLE and not control & ENABLE:
            self._left = self._dog.ticks_left() * self.STEP
            self._dog.stop()

    def loaded(self, _written: int, _old: int) -> None:
        """LOAD: feed it."""
        self._left, self.values["LOAD"] = self.values["LOAD"], 0
        if self.values["CTRL"] & ENABLE:
            self._feed()

    # -- inside ----------------------------------------------------------------------------
    def _feed(self) -> None:
        self.values["REASON"] = 0
        self._dog.feed(max(1, self._left // self.STEP))


class Watchdog(Countdown):
    """RP2040's, with the tick generator."""

    STEP, TICK = 2, "tick"
    REGISTERS = (
        *COUNTDOWN_ROWS,
        Register(0x2C, "TICK", TICK_ENABLE, writable=0x3FF, on_read="tick", on_write="tick_written"),
    )

    def reset(self) -> None:
        """No tick."""
        super().reset()
        self._tell()

    def tick(self) -> int:
        """TICK: it runs as soon as it is on."""
        return self.values["TICK"] | (TICK_RUNNING if self._divider() else 0)

    def tick_written(self, _written: int, _old: int) -> None:
        """TICK: how long a tick is."""
        self._tell()

    def _divider(self) -> int:
        on = self.values["TICK"] & TICK_ENABLE
        return self.values["TICK"] & CYCLES_MASK if on else 0

    def _tell(self) -> None:
        self.context.signals.set(f"ticks:{self.context.name}", self._divider())


class Rp2350Watchdog(Countdown):
    """RP2350's."""

    STEP, TICK = 1, "tick_watchdog"
    REGISTERS = COUNTDOWN_ROWS
