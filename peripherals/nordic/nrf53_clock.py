"""Clock, power and reset control of nRF5340's application core (chapters "CLOCK", "POWER", "RESET").

As nRF52's (:mod:`peripherals.nordic.power_clock`), with more clocks: the core runs at 64 MHz after a reset,
and at 128 MHz when HFCLKCTRL says so. The audio and the 192 MHz clocks start at once. The network core is
not emulated: it stays held in reset, and releasing it is reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from emulator.device import POWER_ON, RESET_PIN, SOFTWARE
from peripherals.nordic.power_clock import HIGH_HZ, RUNNING, PowerClock
from peripherals.register_device import Register, read_only

HELD_OFF = 1
ALL_CAUSES = 0x30000FF


class Nrf53Clock(PowerClock):
    """CLOCK, POWER and RESET, which share their registers' space."""

    SOURCE_RC = 1
    CAUSES: ClassVar[Mapping[str, int]] = {
        POWER_ON: 0, RESET_PIN: 1 << 0, "watchdog": 1 << 1, SOFTWARE: 1 << 3,
    }  # fmt: skip
    TASKS: ClassVar = {
        "HFCLKSTART": 0x000, "HFCLKSTOP": 0x004, "LFCLKSTART": 0x008, "LFCLKSTOP": 0x00C, "CAL": 0x010,
        "HFCLKAUDIOSTART": 0x018, "HFCLKAUDIOSTOP": 0x01C, "HFCLK192MSTART": 0x020, "HFCLK192MSTOP": 0x024,
        "CONSTLAT": 0x078, "LOWPWR": 0x07C,
    }  # fmt: skip
    EVENTS: ClassVar = {
        "HFCLKSTARTED": 0x100, "LFCLKSTARTED": 0x104, "POFWARN": 0x108, "SLEEPENTER": 0x114,
        "SLEEPEXIT": 0x118, "DONE": 0x11C, "HFCLKAUDIOSTARTED": 0x120, "HFCLK192MSTARTED": 0x124,
    }  # fmt: skip
    REGISTERS = (
        read_only(0x30C, "INTPEND", on_read="pending"),
        Register(0x400, "RESETREAS", writable=0, w1c=ALL_CAUSES),
        read_only(0x408, "HFCLKRUN"),
        read_only(0x40C, "HFCLKSTAT", RUNNING),
        read_only(0x414, "LFCLKRUN"),
        read_only(0x418, "LFCLKSTAT"),
        read_only(0x41C, "LFCLKSRCCOPY", 1),
        read_only(0x450, "HFCLKAUDIORUN"),
        read_only(0x454, "HFCLKAUDIOSTAT"),
        read_only(0x458, "HFCLK192MRUN"),
        read_only(0x45C, "HFCLK192MSTAT"),
        Register(0x514, "HFCLKSRC", 1, writable=1),
        Register(0x518, "LFCLKSRC", 1, writable=3),
        Register(0x51C, "GPREGRET", writable=0xFF),
        Register(0x520, "GPREGRET2", writable=0xFF),
        Register(0x558, "HFCLKCTRL", 1, writable=3, on_write="divider_written"),
        Register(0x55C, "HFCLKAUDIO_FREQUENCY", 0x9BAE, writable=0xFFFF),
        Register(0x570, "HFCLKALWAYSRUN", writable=1),
        Register(0x574, "LFCLKALWAYSRUN", writable=1),
        Register(0x57C, "HFCLKAUDIOALWAYSRUN", writable=1),
        Register(0x580, "HFCLK192MSRC", 1, writable=1),
        Register(0x584, "HFCLK192MALWAYSRUN", writable=1),
        Register(0x5B8, "HFCLK192MCTRL", 2, writable=3),
        Register(0x614, "NETWORK_FORCEOFF", HELD_OFF, writable=HELD_OFF, on_write="network_switched"),
    )

    # -- tasks -------------------------------------------------------------------------------
    def task_hfclkaudiostart(self) -> None:
        """The audio clock."""
        self._start_other("HFCLKAUDIO")

    def task_hfclkaudiostop(self) -> None:
        """No audio clock."""
        self._stop_other("HFCLKAUDIO")

    def task_hfclk192mstart(self) -> None:
        """The clock of 192 MHz."""
        self._start_other("HFCLK192M")

    def task_hfclk192mstop(self) -> None:
        """No clock of 192 MHz."""
        self._stop_other("HFCLK192M")

    # -- effects -----------------------------------------------------------------------------
    def divider_written(self, _written: int, _old: int) -> None:
        """HFCLKCTRL: the core's divider."""
        self._publish()

    def network_switched(self, _written: int, _old: int) -> None:
        """NETWORK.FORCEOFF: nothing of the network core is there."""
        if not self.values["NETWORK_FORCEOFF"] & HELD_OFF:
            what = "the network core, which is not emulated: it never answers"
            self.report("NETWORK_FORCEOFF", "write", what)

    def pending(self) -> int:
        """INTPEND: events that happened and are enabled."""
        happened = sum(bit for name, (bit, _address) in self._events.items() if self.values[f"EVENTS_{name}"])
        return happened & self.values["INTEN"]

    # -- inside ------------------------------------------------------------------------------
    def _start_other(self, clock: str) -> None:
        self.values[f"{clock}RUN"], self.values[f"{clock}STAT"] = 1, RUNNING
        self.fire(f"{clock}STARTED")

    def _stop_other(self, clock: str) -> None:
        self.values[f"{clock}RUN"] = self.values[f"{clock}STAT"] = 0

    def _core_hz(self) -> int:
        return HIGH_HZ if self.values["HFCLKCTRL"] else 2 * HIGH_HZ
