"""System control registers of Arm's IoT Kit (Arm ECM0601256, "System control register block").

Modelled: the reset syndrome and the software reset. Debug authentication, boot waits and the
wake-up controller are storage: the one processor has been started already.
"""

from __future__ import annotations

from emulator.device import POWER_ON, RESET_PIN, SOFTWARE, reset_cause
from peripherals.parts.reset_flags import flags_after_reset
from peripherals.register_device import Register, RegisterDevice, clears, read_only, sets

SYNDROME_FLAGS = 0x3FF
POR, SYSRSTREQ0, RESETREQ, SWRESETREQ = 1 << 0, 1 << 4, 1 << 8, 1 << 9
SWRESET = "swreset"
RESET_FLAGS = {POWER_ON: POR, SOFTWARE: SYSRSTREQ0, RESET_PIN: RESETREQ, SWRESET: SWRESETREQ}
DEBUG_BITS = 0xFF


class IotKitSysctl(RegisterDevice):
    """The register block; a flag of the syndrome is cleared by writing 0."""

    REGISTERS = (
        read_only(0x000, "SECDBGSTAT"),
        sets(0x004, "SECDBGSET", "SECDBGSTAT", DEBUG_BITS),
        clears(0x008, "SECDBGCLR", "SECDBGSTAT", DEBUG_BITS),
        Register(0x100, "RESET_SYNDROME", POR, writable=0, w0c=SYNDROME_FLAGS),
        Register(0x104, "RESET_MASK", writable=0x30),
        Register(0x108, "SWRESET", writable=0, on_write="reset_asked"),
        Register(0x10C, "GRETREG", writable=0xFFFF),
        Register(0x110, "INITSVRTOR0", 0x10000000),
        Register(0x118, "CPUWAIT", writable=1),
        Register(0x11C, "BUSWAIT", writable=1),
        Register(0x120, "WICCTRL", writable=1),
    )
    size_bytes = 0x1000

    def reset(self) -> None:
        """Remember why the system was reset."""
        before = self.values["RESET_SYNDROME"]
        super().reset()
        self.values["RESET_SYNDROME"] = flags_after_reset(self.context.signals, before, RESET_FLAGS)

    def reset_asked(self, written: int, _old: int) -> None:
        """SWRESET: reset the system."""
        if written & SWRESETREQ:
            self.context.signals.set(reset_cause(SWRESET), 1)
            self.context.request_reset(f"{self.context.name}: SWRESET")
