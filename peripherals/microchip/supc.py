"""SUPC of SAM D5x/E5x (datasheet DS60001507, chapter 19): regulators and brown-out detectors, ready at once.

The supply is never too low. Battery backup's pins are kept.
"""

from __future__ import annotations

from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import Register, clears, read_only, sets

BOD33_READY, BOD12_READY, REGULATOR_READY, CORE_READY = 1, 8, 1 << 8, 1 << 10
DETECTED = 1 << 1 | 1 << 4
ENABLE = 1 << 1


class Supc(InterruptDevice, ReadyDevice):
    """The supply controller."""

    REGISTERS = (
        clears(0x00, "INTENCLR", "INTENSET", 0x73F, shows="INTENSET"),
        sets(0x04, "INTENSET", "INTENSET", 0x73F),
        Register(0x08, "INTFLAG", writable=0, w1c=0x73F),
        read_only(0x0C, "STATUS", REGULATOR_READY | CORE_READY),
        Register(0x10, "BOD33", writable=0xFFFF7FFE),
        Register(0x14, "BOD12", writable=0x7FFE),
        Register(0x18, "VREG", 0x2, writable=0x07010087),
        Register(0x1C, "VREF", writable=0xF00CE),
        Register(0x20, "BBPS", writable=0x7),
        Register(0x24, "BKOUT", writable=0x3030303),
        read_only(0x28, "BKIN"),
    )
    INTERRUPTS = (
        Interrupt("global", "INTFLAG", "INTENSET", 0x73F & ~DETECTED),
        Interrupt("detection", "INTFLAG", "INTENSET", DETECTED),
    )
    READY = (
        Ready("STATUS", BOD33_READY, "BOD33", ENABLE),
        Ready("STATUS", BOD12_READY, "BOD12", ENABLE),
    )
