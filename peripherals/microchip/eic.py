"""EIC of SAM D21 (datasheet DS40001882, chapter 21): one line for all inputs."""

from __future__ import annotations

from peripherals.microchip.any_eic import ALL_INPUTS, AnyEic
from peripherals.register_device import Register, clears, sets


class Eic(AnyEic):
    """The controller; CTRL, STATUS and the NMI's registers are a word here."""

    EXCEPTIONS = {  # noqa: RUF012
        "PA08": None, "PA24": 12, "PA25": 13, "PA27": 15, "PA28": 8, "PA30": 10, "PA31": 11,
    }  # fmt: skip
    CONTROL = "CTRL"
    LINES = ("global",)
    LINE_INPUTS = {"global": ALL_INPUTS}  # noqa: RUF012
    REGISTERS = (
        Register(0x00, "CTRL", writable=0x000F0002, on_write="controlled"),
        Register(0x04, "EVCTRL", writable=0x3FFFF),
        clears(0x08, "INTENCLR", "INTENSET", ALL_INPUTS, shows="INTENSET"),
        sets(0x0C, "INTENSET", "INTENSET", ALL_INPUTS, on_write="moved"),
        Register(0x10, "INTFLAG", writable=0, w1c=ALL_INPUTS, on_write="configured"),
        Register(0x14, "WAKEUP", writable=0x3FFFF),
        Register(0x18, "CONFIG0", on_write="configured"),
        Register(0x1C, "CONFIG1", on_write="configured"),
    )
