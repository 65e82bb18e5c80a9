"""Power, basic watchdog and reset causes of PSoC 6's SRSS (registers TRM CY8C6xxA, "SRSS").

The references and regulators are ready at once. The watchdog's lock works as the manual says;
the boot core has switched the watchdog off before the application starts. Not modelled, and
reported: a watchdog that is switched on again, hibernation.
"""

from __future__ import annotations

from emulator.device import POWER_ON, RESET_PIN, SOFTWARE
from peripherals.infineon.interrupt_rows import interrupt_rows
from peripherals.infineon.lock import unlocked
from peripherals.parts.reset_flags import flags_after_reset
from peripherals.register_device import Register, RegisterDevice, read_only

POWER_MODE_ACTIVE = 1
LPM_READY, VREFBUF_OK, ACT_REF_OK = 1 << 5, 1 << 19, 1 << 31
READY = POWER_MODE_ACTIVE | LPM_READY | VREFBUF_OK | ACT_REF_OK
HIBERNATE = 1 << 31
RESET_FLAGS = {POWER_ON: 0, RESET_PIN: 0, SOFTWARE: 1 << 4}  # RES_CAUSE.RESET_SOFT
WDT_ENABLE, WDT_LOCK_SHIFT, WDT_LOCK = 1 << 0, 30, 3 << 30


class SrssPower(RegisterDevice):
    """The power and watchdog part of SRSS, at SRSS base."""

    REGISTERS = (
        Register(0x000, "PWR_CTL", READY, writable=0x7FF40000),
        Register(0x004, "PWR_HIBERNATE", writable=0xCFFEFFFF, on_write="hibernation"),
        Register(0x008, "PWR_LVD_CTL", writable=0xFF),
        Register(0x014, "PWR_BUCK_CTL", 0x5, writable=0xC0000007),
        Register(0x018, "PWR_BUCK_CTL2", writable=0xC0000007),
        read_only(0x01C, "PWR_LVD_STATUS", 1),
        *(Register(0x080 + 4 * i, f"PWR_HIB_DATA{i}") for i in range(16)),
        Register(0x180, "WDT_CTL", WDT_LOCK, writable=0, on_write="watchdog_written"),
        Register(0x184, "WDT_CNT", writable=0xFFFF),
        Register(0x188, "WDT_MATCH", 0x1000, writable=0xFFFFF),
    )
    size_bytes = 0x200

    def hibernation(self, _written: int, _old: int) -> None:
        """PWR_HIBERNATE: the token is kept."""
        if self.values["PWR_HIBERNATE"] & HIBERNATE:
            self.report("PWR_HIBERNATE", "write", "hibernation")

    def watchdog_written(self, written: int, old: int) -> None:
        """WDT_CTL: the lock first; enable only while it was open."""
        lock = unlocked(old >> WDT_LOCK_SHIFT, written >> WDT_LOCK_SHIFT)
        enable = (old if old & WDT_LOCK else written) & WDT_ENABLE
        if enable and not old & WDT_ENABLE:
            self.report("WDT_CTL", "write", "the basic watchdog")
        self.values["WDT_CTL"] = lock << WDT_LOCK_SHIFT | enable


class SrssResets(RegisterDevice):
    """The interrupt and reset-cause part of SRSS, at SRSS base + 0x700.

    RES_CAUSE holds causes until firmware clears them; a power-on and the reset pin (XRES) clear
    them all and have no flag of their own.
    """

    LINES = ("global",)
    REGISTERS = (
        *interrupt_rows(0x000, "SRSS_INTR", 0x23),
        Register(0x010, "SRSS_INTR_CFG", writable=3),
        Register(0x100, "RES_CAUSE", writable=0, w1c=0x1FF),
        Register(0x104, "RES_CAUSE2", writable=0, w1c=0xFFFFFFFF),
    )
    size_bytes = 0x200

    def reset(self) -> None:
        """Remember why the system was reset."""
        before = self.values["RES_CAUSE"]
        super().reset()
        self.values["RES_CAUSE"] = flags_after_reset(
            self.context.signals, before, RESET_FLAGS, clears=(POWER_ON, RESET_PIN)
        )
