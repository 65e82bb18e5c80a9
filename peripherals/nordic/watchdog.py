"""WDT of nRF52 and nRF53 (product specifications, chapter "WDT"): starved, it resets the system.

It counts CRV + 1 periods of 32,768 Hz from START, or from the moment at which every enabled reload register
has been asked. Its configuration is locked once it runs; on an nRF52 nothing stops it but a reset. It goes
on while the core sleeps whatever CONFIG says, and the two periods between TIMEOUT and the reset are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from emulator.device import DeviceContext
from peripherals.nordic.event_device import EventDevice
from peripherals.parts.watchdog import Watchdog
from peripherals.register_device import Register, read_only

RELOAD, RELOADS, GRACE_TICKS, STOPPABLE, STOP_KEY = 0x6E524635, 8, 2, 1 << 6, 0x6E524635
LOCKED, RELOAD_REGISTERS = range(0x504, 0x510), range(0x600, 0x620)


class Wdt(EventDevice):
    """One watchdog."""

    TASKS: ClassVar = {"START": 0x000}
    EVENTS: ClassVar = {"TIMEOUT": 0x100}
    REGISTERS = (
        read_only(0x400, "RUNSTATUS"),
        read_only(0x404, "REQSTATUS", 1),
        Register(0x504, "CRV", 0xFFFFFFFF),
        Register(0x508, "RREN", 1, writable=0xFF),
        Register(0x50C, "CONFIG", 1, writable=0x49),
        Register(0x520, "TSEN"),
        *(Register(0x600 + 4 * i, f"RR{i}", writable=0) for i in range(RELOADS)),
    )

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._watchdog = Watchdog(
            context, "lfrc", cause="watchdog", title="watchdog", on_early=lambda: self.fire("TIMEOUT")
        )

    def tasks(self) -> Mapping[str, int]:
        """STOP exists on nRF53."""
        return {**self.TASKS, "STOP": 0x004} if self.parameters.dppi else self.TASKS

    def events(self) -> Mapping[str, int]:
        """STOPPED exists on nRF53."""
        return {**self.EVENTS, "STOPPED": 0x104} if self.parameters.dppi else self.EVENTS

    def reset(self) -> None:
        """It stands still."""
        super().reset()
        self._watchdog.stop()

    def task_start(self) -> None:
        """Run; a second START changes nothing."""
        if not self.values["RUNSTATUS"]:
            self.values["RUNSTATUS"] = 1
            self._feed()

    def task_stop(self) -> None:
        """Stand still, where CONFIG.STOPEN allows it and TSEN has its key."""
        if self.values["CONFIG"] & STOPPABLE and self.values["TSEN"] == STOP_KEY:
            self._watchdog.stop()
            self.values["RUNSTATUS"] = 0
            self.fire("STOPPED")

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """A running watchdog keeps its configuration; its reload registers are what is written to."""
        if offset in LOCKED and self.values["RUNSTATUS"]:
            return
        super().write(offset, size_bytes, value)
        if offset in RELOAD_REGISTERS:
            self._asked(offset - RELOAD_REGISTERS.start >> 2, value)

    def _asked(self, number: int, written: int) -> None:
        """RR[n]: with the key, one of those that must all be asked."""
        if written != RELOAD or not self.values["RREN"] >> number & 1:
            return
        self.clear_bits("REQSTATUS", 1 << number)
        if not self.values["REQSTATUS"] & self.values["RREN"]:
            self._feed()

    def _feed(self) -> None:
        self.values["REQSTATUS"] = self.values["RREN"]
        ticks = self.values["CRV"] + 1
        self._watchdog.feed(ticks + GRACE_TICKS, ticks)
