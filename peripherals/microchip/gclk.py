"""GCLK of SAM D21 (datasheet DS40001882, chapter 15): one window on generators, one on devices' clocks."""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.microchip.any_gclk import AnyGclk, divisor
from peripherals.register_device import Register

ENABLED, RESET, GENERATOR_ENABLED, POWER_OF_TWO = 1 << 14, 1 << 0, 1 << 16, 1 << 20
RESET_CONTROLS = {0: GENERATOR_ENABLED | 6 << 8, 2: GENERATOR_ENABLED | 3 << 8}
RESET_CLOCKS = {3: ENABLED | 2 << 8}


class Gclk(AnyGclk):
    """The generic clock controller. CTRL, STATUS and CLKCTRL share a word."""

    SOURCES = ("xosc", "", "gclk1", "osculp32k", "osc32k", "xosc32k", "osc8m", "dfll48m", "dpll96m")
    GENERATORS = 9
    DEVICES = {  # noqa: RUF012
        0: "dfll_reference", 1: "dpll_reference", 3: "wdt", 4: "rtc", 5: "eic", 6: "usb", 0x13: "sercom_slow",
        **{0x14 + n: f"sercom{n}" for n in range(6)},
        0x1A: "tcc0", 0x1B: "tc3", 0x1C: "tc4", 0x1D: "tc6", 0x1E: "adc", 0x21: "dac",
    }  # fmt: skip
    REFERENCES = ("dfll_reference", "dpll_reference")
    REGISTERS = (
        Register(0x00, "CLKCTRL", writable=0xCF3F0000, on_read="selected_clock", on_write="clock_written"),
        Register(0x04, "GENCTRL", writable=0x003F1F0F, on_read="selected_generator",
                 on_write="generator_written"),
        Register(0x08, "GENDIV", writable=0x00FFFF0F, on_read="selected_divider", on_write="divider_written"),
    )  # fmt: skip
    STATE = ("_clocks", "_controls", "_dividers")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._clocks: dict[int, int] = {}
        self._controls: dict[int, int] = {}
        self._dividers: dict[int, int] = {}

    def reset(self) -> None:
        """Generator 0 from OSC8M, 2 from OSCULP32K, which is the watchdog's."""
        super().reset()
        self._clocks, self._controls = dict(RESET_CLOCKS), dict(RESET_CONTROLS)
        self._dividers = {}
        self._outputs.forget()
        self.refresh()

    # -- effects ---------------------------------------------------------------------------
    def clock_written(self, written: int, _old: int) -> None:
        """CLKCTRL, or its ID alone: which clock is meant, and what it is; CTRL.SWRST."""
        if written & RESET:
            self.reset()
        elif self.access_bytes > 1:
            value = self.values["CLKCTRL"] >> 16
            self._clocks[value & 0x3F] = value
            self.refresh()

    def generator_written(self, _written: int, _old: int) -> None:
        """GENCTRL, or its ID alone."""
        value = self.values["GENCTRL"]
        if self.access_bytes > 1:
            self._controls[value & 15] = value
            self.refresh()

    def divider_written(self, _written: int, _old: int) -> None:
        """GENDIV, or its ID alone."""
        value = self.values["GENDIV"]
        if self.access_bytes > 1:
            self._dividers[value & 15] = value >> 8 & 0xFFFF
            self.refresh()

    def selected_clock(self) -> int:
        """CLKCTRL of the clock that was named last."""
        number = self.values["CLKCTRL"] >> 16 & 0x3F
        return (self._clocks.get(number, 0) & ~0x3F | number) << 16

    def selected_generator(self) -> int:
        """GENCTRL of the generator that was named last."""
        number = self.values["GENCTRL"] & 15
        return self._controls.get(number, 0) & ~15 | number

    def selected_divider(self) -> int:
        """GENDIV of the generator that was named last."""
        number = self.values["GENDIV"] & 15
        return self._dividers.get(number, 0) << 8 | number

    def generator(self, number: int) -> tuple[str, int]:
        """GENCTRL and GENDIV."""
        control, divider = self._controls.get(number, 0), self._dividers.get(number, 0)
        source = control >> 8 & 31
        on = control & GENERATOR_ENABLED and source < len(self.SOURCES)
        return self.SOURCES[source] if on else "", divisor(divider, bool(control & POWER_OF_TWO))

    def generator_of(self, number: int) -> int | None:
        """CLKCTRL."""
        clock = self._clocks.get(number, 0)
        return clock >> 8 & 15 if clock & ENABLED else None
