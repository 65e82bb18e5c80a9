"""SYSCTRL of SAM D21 (datasheet DS40001882, chapter 17): oscillators, DFLL48M, FDPLL96M, brown-out detector.

Each oscillator runs, is ready and locks as soon as it is on: start-up times are not modelled. In open loop
the DFLL gives 48 MHz, as with its factory calibration; in closed loop its reference times MUL.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.register_device import Register, clears, read_only, sets

ENABLE = 1 << 1
XOSC_READY, XOSC32K_READY, OSC32K_READY, OSC8M_READY, DFLL_READY = (1 << n for n in range(5))
DFLL_LOCKED, BOD_READY, BOD_SYNCHRONIZED, DPLL_LOCKED = 3 << 6, 1 << 9, 1 << 11, 1 << 15
EVENTS = 0x38FFF
CLOSED_LOOP = 1 << 2
OPEN_LOOP_HZ, OSC8M_HZ, SLOW_HZ = 48_000_000, 8_000_000, 32_768
LOCKED, CLOCK_READY, PLL_ENABLED = 1 << 0, 1 << 1, 1 << 2
FRACTION_STEPS = 16


class SysctrlParameters(DeviceParameters, frozen=True):
    """What the board fits."""

    crystal_hz: Annotated[
        int, about("The crystal; 0: none.", unit="Hz", at_least=0, at_most=32_000_000, example=16_000_000)
    ] = 0


class Sysctrl(InterruptDevice):
    """The oscillators' controls."""

    PARAMETERS = SysctrlParameters
    parameters: SysctrlParameters
    REGISTERS = (
        clears(0x00, "INTENCLR", "INTENSET", EVENTS, shows="INTENSET"),
        sets(0x04, "INTENSET", "INTENSET", EVENTS),
        Register(0x08, "INTFLAG", writable=0, w1c=EVENTS),
        read_only(0x0C, "PCLKSR"),
        Register(0x10, "XOSC", 0x80, writable=0xFFC6, on_write="changed"),
        Register(0x14, "XOSC32K", 0x80, writable=0x17FE, on_write="changed"),
        Register(0x18, "OSC32K", 0x003F0080, writable=0x7F17CE, on_write="changed"),
        Register(0x1C, "OSCULP32K", 0x1F, writable=0x9F),
        Register(0x20, "OSC8M", 0x87070382, writable=0xCFFF03C2, on_write="changed"),
        Register(0x24, "DFLLCTRL", 0x80, writable=0xFFE, on_write="changed"),
        Register(0x28, "DFLLVAL"),
        Register(0x2C, "DFLLMUL", on_write="changed"),
        Register(0x30, "DFLLSYNC", writable=0x80),
        Register(0x34, "BOD33", writable=0x3FF35E),
        Register(0x3C, "VREG", writable=0x2040),
        Register(0x40, "VREF", writable=0x7FF0006),
        Register(0x44, "DPLLCTRLA", 0x80, writable=0xC2, on_write="changed"),
        Register(0x48, "DPLLRATIO", writable=0xF0FFF, on_write="changed"),
        Register(0x4C, "DPLLCTRLB", writable=0x7FF173F, on_write="changed"),
        read_only(0x50, "DPLLSTATUS"),
    )
    INTERRUPTS = (Interrupt("global", "INTFLAG", "INTENSET"),)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        for reference in ("dfll_reference", "dpll_reference"):
            context.signals.watch(f"clock:{reference}", lambda _hz: self.changed(0, 0))

    def reset(self) -> None:
        """OSC8M at 1 MHz, OSCULP32K."""
        super().reset()
        self.changed(0, 0)

    def changed(self, _written: int, _old: int) -> None:
        """Any of them: ready at once; GCLK hears how fast each runs."""
        values, tell = self.values, self.context.signals.set
        on = {name: bool(values[name] & ENABLE) for name in ("XOSC", "XOSC32K", "OSC32K", "OSC8M")}
        on["XOSC"] = on["XOSC"] and self.parameters.crystal_hz > 0
        dfll, dpll = self._dfll_hz(), self._dpll_hz(xosc32k=on["XOSC32K"], xosc=on["XOSC"])
        ready = (XOSC_READY if on["XOSC"] else 0) | (XOSC32K_READY if on["XOSC32K"] else 0)
        ready |= (OSC32K_READY if on["OSC32K"] else 0) | (OSC8M_READY if on["OSC8M"] else 0)
        ready |= DFLL_READY | BOD_SYNCHRONIZED | (BOD_READY if values["BOD33"] & ENABLE else 0)
        ready |= DFLL_LOCKED if dfll and values["DFLLCTRL"] & CLOSED_LOOP else 0
        ready |= DPLL_LOCKED if dpll else 0
        rising = ready & ~values["PCLKSR"]
        values["PCLKSR"] = ready
        values["DPLLSTATUS"] = LOCKED | CLOCK_READY | PLL_ENABLED if dpll else 0
        self.raise_flags("INTFLAG", rising)
        tell("clock:osculp32k", SLOW_HZ)
        tell("clock:xosc", self.parameters.crystal_hz if on["XOSC"] else 0)
        tell("clock:xosc32k", SLOW_HZ if on["XOSC32K"] else 0)
        tell("clock:osc32k", SLOW_HZ if on["OSC32K"] else 0)
        tell("clock:osc8m", OSC8M_HZ >> self.field("OSC8M", 8, 2) if on["OSC8M"] else 0)
        tell("clock:dfll48m", dfll)
        tell("clock:dpll96m", dpll)

    def _dfll_hz(self) -> int:
        control = self.values["DFLLCTRL"]
        if not control & ENABLE:
            return 0
        if not control & CLOSED_LOOP:
            return OPEN_LOOP_HZ
        return self.context.signals.get("clock:dfll_reference") * self.field("DFLLMUL", 0, 16)

    def _dpll_hz(self, *, xosc32k: bool, xosc: bool) -> int:
        if not self.values["DPLLCTRLA"] & ENABLE:
            return 0
        source, divider = self.field("DPLLCTRLB", 4, 2), self.field("DPLLCTRLB", 16, 11)
        if source == 0:
            reference = SLOW_HZ if xosc32k else 0
        elif source == 1:
            reference = self.parameters.crystal_hz // (2 * (divider + 1)) if xosc else 0
        else:
            reference = self.context.signals.get("clock:dpll_reference")
        steps = FRACTION_STEPS * (self.field("DPLLRATIO", 0, 12) + 1) + self.field("DPLLRATIO", 16, 4)
        return reference * steps // FRACTION_STEPS
