"""GCLK of SAM D21 (datasheet DS40001882, chapter 15): generators, and which device has which.

Oscillators tell their frequencies on ``clock:NAME`` signals; a generator divides one of them. A device's
clock (CLKCTRL, by its number) is published under the device's name, the core's is generator 0 divided by
PM's CPUDIV (``divider:cpu``). References of the PLLs go back on ``clock:dfll_reference`` and
``clock:dpll_reference``. Everything switches at once: SYNCBUSY is never seen. Inputs from pins are nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.device import DeviceContext
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.register_device import Register, RegisterDevice

SOURCES = ("xosc", "", "gclk1", "osculp32k", "osc32k", "xosc32k", "osc8m", "dfll48m", "dpll96m")
"""GENCTRL.SRC."""
GENERATORS = 9
ENABLED, RESET, GENERATOR_ENABLED, POWER_OF_TWO = 1 << 14, 1 << 0, 1 << 16, 1 << 20
DEVICES = {
    0: "dfll_reference", 1: "dpll_reference", 3: "wdt", 4: "rtc", 5: "eic", 6: "usb", 0x13: "sercom_slow",
    **{0x14 + n: f"sercom{n}" for n in range(6)},
    0x1A: "tcc0", 0x1B: "tc3", 0x1C: "tc4", 0x1D: "tc6", 0x1E: "adc", 0x21: "dac",
}  # fmt: skip
"""CLKCTRL.ID: the device, or the first of two that share the clock."""
REFERENCES = ("dfll_reference", "dpll_reference")
RESET_CONTROLS = {0: GENERATOR_ENABLED | 6 << 8, 2: GENERATOR_ENABLED | 3 << 8}
RESET_CLOCKS = {3: ENABLED | 2 << 8}


class Gclk(RegisterDevice):
    """The generic clock controller. CTRL, STATUS and CLKCTRL share a word."""

    REGISTERS = (
        Register(0x00, "CLKCTRL", writable=0xCF3F0000, on_read="selected_clock", on_write="clock_written"),
        Register(0x04, "GENCTRL", writable=0x003F1F0F, on_read="selected_generator",
                 on_write="generator_written"),
        Register(0x08, "GENDIV", writable=0x00FFFF0F, on_read="selected_divider", on_write="divider_written"),
    )  # fmt: skip
    STATE = ("_clocks", "_controls", "_dividers")
    PARTS = ("_outputs",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._outputs = ClockOutputs(context.clocks)
        self._clocks: dict[int, int] = {}
        self._controls: dict[int, int] = {}
        self._dividers: dict[int, int] = {}
        for wire in (*(f"clock:{source}" for source in SOURCES if source), "divider:cpu"):
            context.signals.watch(wire, lambda _level: self.refresh())

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """The core's, the generators', the devices'."""
        return ("core", *(f"gclk{n}" for n in range(GENERATORS)), *DEVICES.values())

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

    def refresh(self) -> None:
        """Bring all frequencies up to date; generator 1 first, which may drive others."""
        signals = self.context.signals
        hz = {source: signals.get(f"clock:{source}") for source in SOURCES if source and source != "gclk1"}
        for number in (1, 0, *range(2, GENERATORS)):
            hz[f"gclk{number}"] = self._generated_hz(number, hz)
        for number, device in DEVICES.items():
            clock = self._clocks.get(number, 0)
            hz[device] = hz.get(f"gclk{clock >> 8 & 15}", 0) if clock & ENABLED else 0
        core = hz["gclk0"] >> signals.get("divider:cpu")
        hz["core"] = core or self._outputs.last_hz("core", self.context.clock.core_hz)
        self._outputs.publish({name: hz[name] for name in self.clocks()})
        for reference in REFERENCES:
            signals.set(f"clock:{reference}", hz[reference])

    def _generated_hz(self, number: int, hz: dict[str, int]) -> int:
        control, divider = self._controls.get(number, 0), self._dividers.get(number, 0)
        source = control >> 8 & 31
        if not control & GENERATOR_ENABLED or source >= len(SOURCES):
            return 0
        divides = 1 << divider + 1 if control & POWER_OF_TWO else max(1, divider)
        return hz.get(SOURCES[source], 0) // divides
