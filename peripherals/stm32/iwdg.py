"""Independent watchdog (RM0432, chapter "Independent watchdog"); same in all families.

Starts at the key 0xCCCC, counts LSI ticks, and resets the system when it is not reloaded in
time, or reloaded too early for its window. Prescaler and reload updates are done at once.
"""

from __future__ import annotations

from emulator.device import ClockedParameters, ClockName, DeviceContext
from peripherals.parts.watchdog import Watchdog
from peripherals.register_device import Register, RegisterDevice, read_only

KEY_UNLOCK, KEY_RELOAD, KEY_START = 0x5555, 0xAAAA, 0xCCCC
MAXIMUM = 0xFFF
FIRST_DIVIDER, LAST_DIVIDER = 4, 256


class IwdgParameters(ClockedParameters, frozen=True):
    """What it counts."""

    clock: ClockName = "lsi"


class Iwdg(RegisterDevice):
    """The watchdog."""

    PARAMETERS = IwdgParameters
    parameters: IwdgParameters
    REGISTERS = (
        Register(0x00, "KR", writable=0, on_write="key_written"),
        Register(0x04, "PR", writable=0, on_write="prescaler_written"),
        Register(0x08, "RLR", MAXIMUM, writable=0, on_write="reload_written"),
        read_only(0x0C, "SR"),
        Register(0x10, "WINR", MAXIMUM, writable=0, on_write="window_written"),
    )
    STATE = ("_unlocked", "_started")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._unlocked = False
        self._started = False
        self._dog = Watchdog(context, self.parameters.clock, cause="iwdg", title="the independent watchdog")

    def reset(self) -> None:
        """Stop: only a system reset can."""
        super().reset()
        self._unlocked = self._started = False
        self._dog.stop()

    def key_written(self, written: int, _old: int) -> None:
        """KR: start, reload or unlock."""
        self._unlocked = written == KEY_UNLOCK
        if written == KEY_START:
            self._started = True
            self._reload()
        elif written == KEY_RELOAD and self._started:
            left = self._dog.ticks_left() // self._divider()
            if self.values["WINR"] < MAXIMUM and left > self.values["WINR"]:
                self._dog.bite("was fed before its window")
            self._reload()

    def prescaler_written(self, written: int, _old: int) -> None:
        """PR: divider, while unlocked."""
        self._store("PR", written & 0x7)

    def reload_written(self, written: int, _old: int) -> None:
        """RLR: reload value, while unlocked."""
        self._store("RLR", written & MAXIMUM)

    def window_written(self, written: int, _old: int) -> None:
        """WINR: window, while unlocked; writing it reloads."""
        self._store("WINR", written & MAXIMUM)

    def _store(self, register: str, value: int) -> None:
        if not self._unlocked:
            self.report(register, "write", "the register is locked")
            return
        self.values[register] = value
        if self._started:
            self._reload()

    def _divider(self) -> int:
        return min(FIRST_DIVIDER << self.values["PR"], LAST_DIVIDER)

    def _reload(self) -> None:
        self._dog.feed((self.values["RLR"] + 1) * self._divider())
