"""GCLK of SAM D5x/E5x (datasheet DS60001507, chapter 14): a register for each generator and device."""

from __future__ import annotations

from peripherals.microchip.any_gclk import AnyGclk, divisor
from peripherals.register_device import Register, read_only

GENERATOR_ENABLED, POWER_OF_TWO, CHANNEL_ENABLED = 1 << 8, 1 << 12, 1 << 6
RESET = 1 << 0
DFLL = 6
CHANNELS = 48


class GclkD51(AnyGclk):
    """The generic clock controller."""

    SOURCES = ("xosc0", "xosc1", "", "gclk1", "osculp32k", "xosc32k", "dfll48m", "dpll0", "dpll1")
    GENERATORS = 12
    DEVICES = {  # noqa: RUF012
        0: "dfll_reference", 1: "dpll0_reference", 2: "dpll1_reference", 3: "slow", 4: "eic", 5: "freqm_msr",
        6: "freqm_ref", 7: "sercom0", 8: "sercom1", 9: "tc0", 10: "usb", 23: "sercom2", 24: "sercom3",
        25: "tcc0", 26: "tc2", 27: "can0", 28: "can1", 29: "tcc2", 30: "tc4", 31: "pdec", 32: "ac", 33: "ccl",
        34: "sercom4", 35: "sercom5", 36: "sercom6", 37: "sercom7", 38: "tcc4", 39: "tc6", 40: "adc0",
        41: "adc1", 42: "dac", 43: "i2s0", 44: "i2s1", 45: "sdhc0", 46: "sdhc1",
    }  # fmt: skip
    REFERENCES = ("dfll_reference", "dpll0_reference", "dpll1_reference")
    REGISTERS = (
        Register(0x00, "CTRLA", writable=0, on_write="controlled"),
        read_only(0x04, "SYNCBUSY"),
        Register(0x20, "GENCTRL0", GENERATOR_ENABLED | DFLL, writable=0xFFFF3F0F, on_write="changed"),
        *(Register(0x20 + 4 * n, f"GENCTRL{n}", writable=0xFFFF3F0F, on_write="changed")
          for n in range(1, GENERATORS)),
        *(Register(0x80 + 4 * n, f"PCHCTRL{n}", writable=0xCF, on_write="changed") for n in range(CHANNELS)),
    )  # fmt: skip

    def reset(self) -> None:
        """Generator 0 from the DFLL."""
        super().reset()
        self._outputs.forget()
        self.refresh()

    # -- effects ---------------------------------------------------------------------------
    def controlled(self, written: int, _old: int) -> None:
        """CTRLA.SWRST."""
        if written & RESET:
            self.reset()

    def changed(self, _written: int, _old: int) -> None:
        """GENCTRLn, PCHCTRLn."""
        self.refresh()

    def generator(self, number: int) -> tuple[str, int]:
        """GENCTRL."""
        control = self.values[f"GENCTRL{number}"]
        source = control & 15
        on = control & GENERATOR_ENABLED and source < len(self.SOURCES)
        divides = divisor(control >> 16, bool(control & POWER_OF_TWO))
        return self.SOURCES[source] if on else "", divides

    def generator_of(self, number: int) -> int | None:
        """PCHCTRL."""
        channel = self.values[f"PCHCTRL{number}"]
        return channel & 15 if channel & CHANNEL_ENABLED else None
