"""The core's regulator, brown-out detector and chip-level reset flags (RP2040 datasheet 2.10 and 2.12)."""

from __future__ import annotations

from emulator.device import POWER_ON, RESET_PIN
from peripherals.parts.reset_flags import flags_after_reset
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register

REGULATION_OK, ENABLE, HIGH_IMPEDANCE = 1 << 12, 1 << 0, 1 << 1
HAD_POR, HAD_RUN, RESTART_FLAG = 1 << 8, 1 << 16, 1 << 24


class VregAndChipReset(AtomicRegisters):
    """VREG, whose output is in regulation at once; BOD; why the chip was reset."""

    REGISTERS = (
        Register(0x00, "VREG", 0xB1, writable=0xF3),
        Register(0x04, "BOD", 0x91, writable=0xF1),
        Register(0x08, "CHIP_RESET", writable=0, w1c=RESTART_FLAG),
    )

    def reset(self) -> None:
        """Keep the flags of a reset that the chip itself has not seen."""
        before = self.values["CHIP_RESET"]
        super().reset()
        causes = {POWER_ON: HAD_POR, RESET_PIN: HAD_RUN}
        flags = flags_after_reset(self.context.signals, before, causes, clears=(POWER_ON, RESET_PIN))
        self.values["CHIP_RESET"] = flags
        self.settle()

    def settle(self) -> None:
        """VREG: ROK follows EN."""
        on = self.values["VREG"] & (ENABLE | HIGH_IMPEDANCE) == ENABLE
        self.put_bits("VREG", REGULATION_OK, on)
