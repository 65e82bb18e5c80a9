"""EIC of SAM D5x/E5x (datasheet DS60001507, chapter 23): a line for each input."""

from __future__ import annotations

from peripherals.microchip.any_eic import ALL_INPUTS, INPUTS, AnyEic
from peripherals.register_device import Register, clears, read_only, sets


class EicD51(AnyEic):
    """The controller; CTRLA and the NMI's registers are a word here."""

    EXCEPTIONS = {"PA08": None}  # noqa: RUF012
    CONTROL = "CTRLA"
    LINES = tuple(f"line{n}" for n in range(INPUTS))
    LINE_INPUTS = {f"line{n}": 1 << n for n in range(INPUTS)}  # noqa: RUF012
    REGISTERS = (
        Register(0x00, "CTRLA", writable=0x1F12, on_write="controlled"),
        read_only(0x04, "SYNCBUSY"),
        Register(0x08, "EVCTRL", writable=ALL_INPUTS),
        clears(0x0C, "INTENCLR", "INTENSET", ALL_INPUTS, shows="INTENSET"),
        sets(0x10, "INTENSET", "INTENSET", ALL_INPUTS, on_write="moved"),
        Register(0x14, "INTFLAG", writable=0, w1c=ALL_INPUTS, on_write="configured"),
        Register(0x18, "ASYNCH", writable=ALL_INPUTS),
        Register(0x1C, "CONFIG0", on_write="configured"),
        Register(0x20, "CONFIG1", on_write="configured"),
        Register(0x30, "DEBOUNCEN", writable=ALL_INPUTS),
        Register(0x34, "DPRESCALER", writable=0x100FF),
        read_only(0x38, "PINSTATE", on_read="levels"),
    )

    def levels(self) -> int:
        """PINSTATE."""
        return self._levels
