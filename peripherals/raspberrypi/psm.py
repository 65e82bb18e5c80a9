"""The power-on state machine (RP2040 datasheet 2.13, RP2350 7.4): which parts of the chip are out of reset.

The boot ROM is one of them: when the system is reset, its program is there. It is this package's own
(``firmware/bootrom``), with the documented entries at the documented addresses, and nothing of the chip's.
Modelled besides: the second core's reset, on the signal ``reset:core1``. Forcing another part off, or what
the watchdog resets (WDSEL), changes nothing: a watchdog resets the whole system.
"""

from __future__ import annotations

from importlib import resources
from typing import Annotated, Literal

from emulator.device import DeviceParameters
from emulator.schema.table import about
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register, read_only

ROM_BASE = 0x00000000


class PsmParameters(DeviceParameters, frozen=True):
    """The chip's boot ROM."""

    boot_rom: Annotated[Literal["rp2040", "rp2350"], about("Whose boot ROM it is.", example="rp2040")] = (
        "rp2040"
    )
    second_core: Annotated[
        int,
        about("The second core's bit, the last one.", at_least=1, at_most=31, example=16),
    ] = 16


class Psm(AtomicRegisters):
    """FRCE_ON, FRCE_OFF, WDSEL, DONE."""

    PARAMETERS = PsmParameters
    parameters: PsmParameters

    def register_table(self) -> tuple[Register, ...]:
        """As many parts as the chip has."""
        every = self._all()
        return (
            Register(0x00, "FRCE_ON", writable=every),
            Register(0x04, "FRCE_OFF", writable=every, on_write="forced_off"),
            Register(0x08, "WDSEL", writable=every),
            read_only(0x0C, "DONE", on_read="done"),
        )

    def reset(self) -> None:
        """Everything comes out of reset; the boot ROM holds its program."""
        super().reset()
        program = resources.files(__package__).joinpath(f"{self.parameters.boot_rom}.bin").read_bytes()
        self.context.flash.put(ROM_BASE, program)
        self._drive()

    def forced_off(self, _written: int, _old: int) -> None:
        """FRCE_OFF: the second core may be reset."""
        self._drive()

    def done(self) -> int:
        """DONE: what is out of reset."""
        return self._all() & ~self.values["FRCE_OFF"] | self.values["FRCE_ON"]

    def _all(self) -> int:
        return (2 << self.parameters.second_core) - 1

    def _drive(self) -> None:
        held = self.values["FRCE_OFF"] >> self.parameters.second_core & 1
        self.context.signals.set("reset:core1", held)
