"""System Reset Controller of i.MX RT1060 (IMXRT1060RM, chapter "System Reset Controller"), with the boot ROM.

SRSR says why the system was reset; the general purpose registers outlive a reset. When the system is reset,
the boot ROM holds its program: this package's own (``firmware/bootrom``), nothing of the chip's.
"""

from __future__ import annotations

from importlib import resources
from typing import Annotated, Literal

from emulator.device import POWER_ON, RESET_PIN, SOFTWARE, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.reset_flags import flags_after_reset
from peripherals.register_device import Register, RegisterDevice, read_only

ROM_BASE = 0x00200000
POWER, LOCKUP_OR_REQUEST, USER, WATCHDOG, WATCHDOG_3 = 1 << 0, 1 << 1, 1 << 3, 1 << 4, 1 << 7
CAUSES = {
    POWER_ON: POWER,
    RESET_PIN: USER,
    SOFTWARE: LOCKUP_OR_REQUEST,
    "wdog": WATCHDOG,
    "wdog3": WATCHDOG_3,
}
INTERNAL_BOOT = 2 << 24
WAITS_FOR_DOWNLOAD = (
    "the boot ROM waits for a program over USB or a UART (serial downloader): the flash does not begin with a"
    " configuration block (FCFB at 0x60000000) and an image vector table (0xD1 at 0x60001000)"
)
KEPT = (*(f"GPR{n}" for n in range(1, 11)), "SRSR")


class SrcParameters(DeviceParameters, frozen=True):
    """The chip's boot ROM."""

    boot_rom: Annotated[Literal["imxrt1062"], about("Whose boot ROM it is.", example="imxrt1062")] = (
        "imxrt1062"
    )


class Src(RegisterDevice):
    """The controller."""

    PARAMETERS = SrcParameters
    parameters: SrcParameters
    LINES = ("global",)
    REGISTERS = (
        Register(0x00, "SCR", 0xA0480520),
        Register(0x04, "SBMR1", writable=0, on_write="waits_for_download"),
        Register(0x08, "SRSR", 0x1, writable=0, w1c=0xFFFFFFFF),
        read_only(0x1C, "SBMR2", INTERNAL_BOOT),
        *(Register(0x20 + 4 * (n - 1), f"GPR{n}") for n in range(1, 11)),
    )
    size_bytes = 0x4000

    def reset(self) -> None:
        """The ROM's program is there; flags say why."""
        kept = {name: self.values[name] for name in KEPT}
        super().reset()
        self.values.update(kept)
        self.values["SRSR"] = flags_after_reset(self.context.signals, kept["SRSR"], CAUSES)
        program = resources.files(__package__).joinpath(f"{self.parameters.boot_rom}.bin").read_bytes()
        self.context.flash.put(ROM_BASE, program)

    def waits_for_download(self, _written: int, _old: int) -> None:
        """SBMR1: read only on the chip; the boot ROM of this package says that it found no image."""
        self.report("SBMR1", "write", WAITS_FOR_DOWNLOAD)
