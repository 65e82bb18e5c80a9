"""CMSDK system controller (Arm DDI 0479, "System controller"), as on the MPS2 FPGA images.

Modelled: the reset information. Remapping, power management and the external memory interface
are storage; the reset of a processor that locks up is not modelled and is reported.
"""

from __future__ import annotations

from emulator.device import POWER_ON, RESET_PIN, SOFTWARE
from peripherals.arm.identity import identity_rows
from peripherals.parts.reset_flags import flags_after_reset
from peripherals.register_device import Register, RegisterDevice

SYSRESETREQ, ALL_FLAGS = 1 << 0, 0x7
RESET_FLAGS = {POWER_ON: 0, RESET_PIN: 0, SOFTWARE: SYSRESETREQ}
PART = 0x826


class CmsdkSyscon(RegisterDevice):
    """The controller; its reset flags are cleared by writing 1, and by the board's reset."""

    REGISTERS = (
        Register(0x00, "REMAP", 1, writable=1),
        Register(0x04, "PMUCTRL", writable=1),
        Register(0x08, "RESETOP", writable=1, on_write="option_written"),
        Register(0x0C, "EMICTRL", writable=0x0107FF0F),
        Register(0x10, "RSTINFO", writable=0, w1c=ALL_FLAGS),
        *identity_rows(PART),
    )
    size_bytes = 0x1000

    def reset(self) -> None:
        """Remember why the system was reset."""
        before = self.values["RSTINFO"]
        super().reset()
        self.values["RSTINFO"] = flags_after_reset(
            self.context.signals, before, RESET_FLAGS, clears=(POWER_ON, RESET_PIN)
        )

    def option_written(self, written: int, _old: int) -> None:
        """RESETOP: reset the system when the processor locks up."""
        if written & 1:
            self.report("RESETOP", "write", "a reset when the processor locks up")
