"""OSCCTRL of SAM D5x/E5x (datasheet DS60001507, chapter 28): crystals, DFLL48M, two fractional PLLs.

Each runs, is ready and locks as soon as it is on and has what it needs: start-up times are not modelled. In
open loop the DFLL gives 48 MHz, in closed loop its reference times MUL.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.register_device import Register, clears, read_only, sets

ENABLE = 1 << 1
CLOSED_LOOP = 1 << 0
EVENTS = 0x0F0F1F0F
DFLL_READY, DFLL_LOCKED = 1 << 8, 3 << 10
PLL_LOCKED = (1 << 16, 1 << 24)
PLL_RATIO_CHANGED = (1 << 19, 1 << 27)
LOCKED, CLOCK_READY = 1 << 0, 1 << 1
PLL_BYTES, PLLS, CRYSTALS = 0x14, 2, 2
OPEN_LOOP_HZ, FRACTION_STEPS = 48_000_000, 32
REFERENCE, REFERENCE_XOSC32K, REFERENCE_XOSC0, REFERENCE_XOSC1 = range(4)


class OscctrlParameters(DeviceParameters, frozen=True):
    """What the board fits."""

    xosc0_hz: Annotated[
        int,
        about(
            "The crystal of XOSC0; 0: none.", unit="Hz", at_least=0, at_most=48_000_000, example=12_000_000
        ),
    ] = 0
    xosc1_hz: Annotated[
        int,
        about(
            "The crystal of XOSC1; 0: none.", unit="Hz", at_least=0, at_most=48_000_000, example=12_000_000
        ),
    ] = 0


def _pll_rows(number: int) -> tuple[Register, ...]:
    base = 0x30 + PLL_BYTES * number
    return (
        Register(base, f"DPLL{number}CTRLA", 0x80, writable=0xC2, on_write="changed"),
        Register(base + 0x04, f"DPLL{number}RATIO", writable=0x1F1FFF, on_write="ratio_written"),
        Register(base + 0x08, f"DPLL{number}CTRLB", 0x20, writable=0x07FFFFFF, on_write="changed"),
        read_only(base + 0x0C, f"DPLL{number}SYNCBUSY"),
        read_only(base + 0x10, f"DPLL{number}STATUS"),
    )


class Oscctrl(InterruptDevice):
    """The oscillators' controls. Line 0 and 1 are the crystals', 2 the DFLL's, 3 and 4 the PLLs'."""

    PARAMETERS = OscctrlParameters
    parameters: OscctrlParameters
    REGISTERS = (
        Register(0x00, "EVCTRL", writable=0x3),
        clears(0x04, "INTENCLR", "INTENSET", EVENTS, shows="INTENSET"),
        sets(0x08, "INTENSET", "INTENSET", EVENTS),
        Register(0x0C, "INTFLAG", writable=0, w1c=EVENTS),
        read_only(0x10, "STATUS"),
        *(Register(0x14 + 4 * n, f"XOSCCTRL{n}", 0x80, writable=0x0FF3FFC6, on_write="changed")
          for n in range(CRYSTALS)),
        Register(0x1C, "DFLLCTRLA", 0x82, writable=0xC2, on_write="changed"),
        Register(0x20, "DFLLCTRLB", writable=0xFF, on_write="changed"),
        Register(0x24, "DFLLVAL"),
        Register(0x28, "DFLLMUL", on_write="changed"),
        Register(0x2C, "DFLLSYNC", writable=0),
        *_pll_rows(0),
        *_pll_rows(1),
    )  # fmt: skip
    INTERRUPTS = (
        Interrupt("xosc0", "INTFLAG", "INTENSET", 0x05),
        Interrupt("xosc1", "INTFLAG", "INTENSET", 0x0A),
        Interrupt("dfll", "INTFLAG", "INTENSET", 0x1F00),
        Interrupt("dpll0", "INTFLAG", "INTENSET", 0x0F0000),
        Interrupt("dpll1", "INTFLAG", "INTENSET", 0x0F000000),
    )

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        for name in ("dfll_reference", "dpll0_reference", "dpll1_reference", "xosc32k"):
            context.signals.watch(f"clock:{name}", lambda _hz: self.changed(0, 0))

    def reset(self) -> None:
        """The DFLL in open loop."""
        super().reset()
        self.changed(0, 0)

    # -- effects ---------------------------------------------------------------------------
    def ratio_written(self, _written: int, _old: int) -> None:
        """DPLLnRATIO: in force at once."""
        number = (self.access_offset - 0x34) // PLL_BYTES
        self.changed(0, 0)
        self.set_bits("STATUS", PLL_RATIO_CHANGED[number])
        self.raise_flags("INTFLAG", PLL_RATIO_CHANGED[number])

    def changed(self, _written: int, _old: int) -> None:
        """Any of them: ready at once; GCLK hears how fast each runs."""
        dfll = self._dfll_hz()
        ready = DFLL_READY if self.values["DFLLCTRLA"] & ENABLE else 0
        ready |= DFLL_LOCKED if dfll and self.values["DFLLCTRLB"] & CLOSED_LOOP else 0
        frequencies = {"dfll48m": dfll}
        for n in range(CRYSTALS):
            frequencies[f"xosc{n}"] = self._crystal_hz(n)
            ready |= 1 << n if frequencies[f"xosc{n}"] else 0
        for n in range(PLLS):
            hz = frequencies[f"dpll{n}"] = self._pll_hz(n)
            self.values[f"DPLL{n}STATUS"] = LOCKED | CLOCK_READY if hz else 0
            ready |= PLL_LOCKED[n] if hz else 0
        rising = ready & ~self.values["STATUS"]
        self.values["STATUS"] = ready
        self.raise_flags("INTFLAG", rising)
        for name, hz in frequencies.items():
            self.context.signals.set(f"clock:{name}", hz)

    # -- inside ----------------------------------------------------------------------------
    def _crystal_hz(self, number: int) -> int:
        fitted = (self.parameters.xosc0_hz, self.parameters.xosc1_hz)[number]
        return fitted if self.values[f"XOSCCTRL{number}"] & ENABLE else 0

    def _dfll_hz(self) -> int:
        if not self.values["DFLLCTRLA"] & ENABLE:
            return 0
        if not self.values["DFLLCTRLB"] & CLOSED_LOOP:
            return OPEN_LOOP_HZ
        return self.context.signals.get("clock:dfll_reference") * self.field("DFLLMUL", 0, 16)

    def _pll_hz(self, number: int) -> int:
        if not self.values[f"DPLL{number}CTRLA"] & ENABLE:
            return 0
        source, divider = self.field(f"DPLL{number}CTRLB", 5, 3), self.field(f"DPLL{number}CTRLB", 16, 11)
        if source in (REFERENCE_XOSC0, REFERENCE_XOSC1):
            reference = self._crystal_hz(source - REFERENCE_XOSC0) // (2 * (divider + 1))
        else:
            name = "xosc32k" if source == REFERENCE_XOSC32K else f"dpll{number}_reference"
            reference = self.context.signals.get(f"clock:{name}")
        whole, parts = self.field(f"DPLL{number}RATIO", 0, 13), self.field(f"DPLL{number}RATIO", 16, 5)
        return reference * (FRACTION_STEPS * (whole + 1) + parts) // FRACTION_STEPS
