"""Periodic Interrupt Timer of i.MX RT1060: four down counters.

IMXRT1060RM, chapter "Periodic Interrupt Timer". A period is LDVAL + 1 clocks. A chained channel counts the
wraps of the one before it; LTMR64 reads channels 1 and 0 as one. Parameter ``clock``.
"""

from __future__ import annotations

from functools import partial

from emulator.device import ClockedParameters, DeviceContext
from peripherals.parts.banked import BankedDevice
from peripherals.parts.down_counter import DownCounter
from peripherals.register_device import Register, read_only

CHANNELS = 4
DISABLED, ENABLE, INTERRUPT, CHAINED = 1 << 1, 1 << 0, 1 << 1, 1 << 2


def _rows(number: int) -> tuple[Register, ...]:
    base, name = 0x100 + 0x10 * number, f"TIMER{number}_"
    return (
        Register(base, f"{name}LDVAL", on_write="load_written"),
        read_only(base + 4, f"{name}CVAL", on_read="count"),
        Register(base + 8, f"{name}TCTRL", writable=0x7, on_write="control_written"),
        Register(base + 12, f"{name}TFLG", writable=0, w1c=1, on_read="flag", on_write="flag_written"),
    )


class Pit(BankedDevice):
    """The timer."""

    PARAMETERS = ClockedParameters
    parameters: ClockedParameters
    LINES = ("global",)
    BANK_BYTES, FIRST_BANK = 0x10, 0x100
    REGISTERS = (
        Register(0x00, "MCR", DISABLED, writable=0x3, on_write="module_written"),
        read_only(0xE0, "LTMR64H", on_read="high"),
        read_only(0xE4, "LTMR64L", on_read="low"),
        *(row for n in range(CHANNELS) for row in _rows(n)),
    )
    STATE = ("_low", "_chained")
    PARTS = ("_counters",)
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._low = 0  # of the lifetime, as it was when its upper half was read
        self._chained = [0] * CHANNELS  # counts of chained channels
        self._counters = [
            DownCounter(context, f"zero{n}", self.parameters.clock, partial(self._zero, n))
            for n in range(CHANNELS)
        ]

    def reset(self) -> None:
        """All stop."""
        super().reset()
        self._low, self._chained = 0, [0] * CHANNELS
        for counter in self._counters:
            counter.reset(0, 0)

    # -- effects ---------------------------------------------------------------------------
    def module_written(self, _written: int, _old: int) -> None:
        """MCR: the clock of all."""
        for number in range(CHANNELS):
            self._run(number)

    def load_written(self, written: int, _old: int) -> None:
        """LDVAL: for the next period; a stopped channel starts with it."""
        counter, number = self._counters[self.bank], self.bank
        if self._runs(number):
            counter.set(reload=written)
        else:
            counter.set(reload=written, count=written)

    def control_written(self, _written: int, old: int) -> None:
        """TCTRL: a channel that is switched on starts with LDVAL."""
        number = self.bank
        if self.values[f"TIMER{number}_TCTRL"] & ENABLE and not old & ENABLE:
            value = self.values[f"TIMER{number}_LDVAL"]
            self._chained[number] = value
            self._counters[number].set(count=value, reload=value)
        self._run(number)

    def count(self) -> int:
        """CVAL."""
        return self._count(self.bank)

    def flag(self) -> int:
        """TFLG, up to date."""
        self._counters[self.bank].catch_up()
        return self.values[f"TIMER{self.bank}_TFLG"]

    def flag_written(self, _written: int, _old: int) -> None:
        """TFLG: the next zero is told again."""
        self._refresh(self.bank)
        self._counters[self.bank].plan()

    def high(self) -> int:
        """LTMR64H: the upper half; the lower one is kept for the next read."""
        self._low = self._count(0)
        return self._count(1)

    def low(self) -> int:
        """LTMR64L: of when LTMR64H was read."""
        return self._low

    # -- inside ----------------------------------------------------------------------------
    def _is_chained(self, number: int) -> bool:
        return bool(number and self.values[f"TIMER{number}_TCTRL"] & CHAINED)

    def _runs(self, number: int) -> bool:
        on = self.values[f"TIMER{number}_TCTRL"] & ENABLE and not self.values["MCR"] & DISABLED
        return bool(on) and not self._is_chained(number)

    def _run(self, number: int) -> None:
        self._refresh(number)
        self._counters[number].set(running=self._runs(number))
        if number:
            self._refresh(number - 1)
            self._counters[number - 1].plan()

    def _count(self, number: int) -> int:
        if self._is_chained(number):
            self._count(number - 1)
            return self._chained[number]
        return self._counters[number].count()

    def _feeds(self, number: int) -> bool:
        """Whether each of its zeros is counted by the next channel."""
        return number + 1 < CHANNELS and self._is_chained(number + 1)

    def _zero(self, number: int) -> None:
        self.set_bits(f"TIMER{number}_TFLG", 1)
        self._refresh(number)
        if self._feeds(number) and self.values[f"TIMER{number + 1}_TCTRL"] & ENABLE:
            if self._chained[number + 1]:
                self._chained[number + 1] -= 1
            else:
                self._chained[number + 1] = self.values[f"TIMER{number + 1}_LDVAL"]
                self._zero(number + 1)

    def _refresh(self, number: int) -> None:
        told = bool(self.values[f"TIMER{number}_TFLG"] & 1)
        self._counters[number].options.pending = told and not self._feeds(number)
        self.line("global").set_level(
            any(
                self.values[f"TIMER{n}_TFLG"] & 1 and self.values[f"TIMER{n}_TCTRL"] & INTERRUPT
                for n in range(CHANNELS)
            )
        )
