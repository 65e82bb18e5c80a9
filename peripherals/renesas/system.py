"""SYSTEM of RA8D1: clock generation, register protection, reset flags (R01UH0995, chapters 6, 8 and 12).

Published clocks: "core" (CPUCLK), "iclk", "pclka" to "pclke", "bclk", "fclk", "sciclk", and the oscillators
"hoco", "moco", "loco", "mosc", "sosc". Writes to protected registers change nothing until PRCR has let them
in, under its key. Oscillators and PLLs are stable as soon as they run, and a clock selection is in force at
once. Low power modes, voltage detection, battery backup and power domains are kept registers.
Numbers of fields and dividers agree with Renesas' FSP (bsp_clocks.h, R7FA8D1BH.h).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.register_device import Register, RegisterDevice

HOCO, MOCO, LOCO, MOSC, SOSC, PLL1P, PLL2P, PLL1Q, PLL1R, PLL2Q, PLL2R = range(11)
MOCO_HZ, LOW_HZ = 8_000_000, 32_768
CLOCKS = (
    "core", "iclk", "pclka", "pclkb", "pclkc", "pclkd", "pclke", "bclk", "fclk", "sciclk",
    "hoco", "moco", "loco", "mosc", "sosc",
)  # fmt: skip
SYSTEM_DIVIDERS: Mapping[int, int] = {
    0: 1, 1: 2, 2: 4, 3: 8, 4: 16, 5: 32, 6: 64, 8: 3, 9: 6, 10: 12, 11: 24,
}  # fmt: skip
PLL_HALF_DIVIDERS: Mapping[int, int] = {
    0: 2, 1: 4, 2: 6, 3: 8, 4: 10, 5: 12, 7: 16, 8: 18, 9: 3, 15: 32,
}  # fmt: skip
"""Twice what PLODIVP, Q and R divide by: 9 is 1.5."""
PERIPHERAL_DIVIDERS: Mapping[int, int] = {0: 1, 1: 2, 2: 4, 3: 6, 4: 8, 5: 3, 6: 5, 7: 10, 8: 16, 9: 32}
PLL_OUTPUTS: Mapping[int, tuple[str, int]] = {
    PLL1P: ("PLLCCR", 0), PLL1Q: ("PLLCCR", 4), PLL1R: ("PLLCCR", 8),
    PLL2P: ("PLL2CCR", 16), PLL2Q: ("PLL2CCR", 20), PLL2R: ("PLL2CCR", 24),
}  # fmt: skip
"""The register of the PLL behind each output, and where its divider stands in PLLCCR2."""
THIRDS_AND_HALF = ((0, 1), (1, 3), (2, 3), (1, 2))
"""PLLMULNF: what is added to the multiplier."""
FIELDS = (
    ("pclkd", 0),
    ("pclkc", 4),
    ("pclkb", 8),
    ("pclka", 12),
    ("bclk", 16),
    ("pclke", 20),
    ("iclk", 24),
    ("fclk", 28),
)
STOP = 1
SELECT_SHIFT, STOP_HIGH = 16, 1 << 16
HOCO_STABLE, MOSC_STABLE, PLL1_STABLE, PLL2_STABLE = 1 << 0, 1 << 3, 1 << 5, 1 << 6
REQUEST, READY = 1 << 6, 1 << 7
KEY, PRCR_SHIFT = 0xA5, 16
"""PRCR stands in the upper half of its word, the key above it."""
CLOCK, LOW_POWER, VOLTAGE, SECURITY = 0, 1, 3, 4
PROTECTED = (  # first offset, last, the bit of PRCR
    (0x0C, 0x11, LOW_POWER), (0x20, 0x7F, CLOCK), (0xA0, 0xA0, LOW_POWER), (0xA2, 0xA5, CLOCK),
    (0xAA, 0xAA, LOW_POWER), (0xE0, 0xE3, VOLTAGE), (0x110, 0x142, LOW_POWER), (0x3C4, 0x3E7, SECURITY),
    (0x400, 0x403, CLOCK), (0xA50, 0xA50, CLOCK),
    (0xA00, 0xA38, LOW_POWER), (0xA58, 0xA74, VOLTAGE), (0xB04, 0xB0C, CLOCK),
    (0xB20, 0xB24, VOLTAGE), (0xC00, 0xC01, CLOCK), (0xC40, 0xC4F, LOW_POWER),
)  # fmt: skip
MOST_DIVIDER = 512
KEPT = (
    ("SBYCR", 0x0C), ("FLSCR", 0x10), ("OSTDCR", 0x40), ("EBCKOCR", 0x50),
    ("ADCCKDIVCR", 0x58), ("GPTCKDIVCR", 0x5C), ("MOCOUTCR", 0x60), ("USBCKDIVCR", 0x6C),
    ("I3CCKDIVCR", 0x70), ("MOMCR", 0xA50),
    ("USBCKCR", 0x74), ("I3CCKCR", 0x78), ("MOSCSCR", 0x7C), ("OPCCR", 0xA0), ("HOCOWTCR", 0xA4),
    ("SOPCCR", 0xA8), ("SYRACCR", 0xCC), ("LVD1CR1", 0xE0), ("CRVSYSCR", 0xF0), ("PDCTRGD", 0x110),
    ("PDRAMSCR", 0x140), ("RSTSAR", 0x3C4), ("LPMSAR", 0x3C8), ("BBFSAR", 0x3D0), ("PGCSAR", 0x3D8),
    ("RSCSAR", 0x3E4), ("PRCR_NS", 0x3FC), ("STCONR", 0x40C), ("LVD1CMPCR", 0xA58), ("LVD2CMPCR", 0xA5C),
    ("LVD1CR0", 0xA70), ("LVD2CR0", 0xA74), ("VBTBPCR1", 0xA88), ("LPSCR", 0xA90), ("SSCR1", 0xA98),
    ("LVOCR", 0xAB0), ("PLL1LDOCR", 0xB04), ("PLL2LDOCR", 0xB08), ("HOCOLDOCR", 0xB0C), ("LVD1FCR", 0xB20),
    ("LVD2FCR", 0xB24), ("SOSCCR", 0xC00), ("VBTBER", 0xC40), ("VBTBPCR2", 0xC44), ("VBTADSR", 0xC48),
    ("VBTICTLR", 0xC4C), ("FWEPROR", 0xA54),
)  # fmt: skip


class SystemParameters(DeviceParameters, frozen=True):
    """Oscillators that a board has, and the memories on the bus at ICLK."""

    mosc_hz: Annotated[
        int, about("The crystal of the main oscillator; 0: none.", unit="Hz", at_least=0, example=20_000_000)
    ] = 0
    hoco_hz: Annotated[
        int,
        about(
            "The high-speed oscillator, as the option OFS1 chooses it.",
            unit="Hz",
            at_least=1,
            example=48_000_000,
        ),
    ] = 48_000_000
    memories: Annotated[
        list[Annotated[str, about("An accelerator.", names_a="accelerator", example="flash")]],
        about("The accelerators of the memories on the bus at ICLK.", example=["flash"]),
    ] = msgspec.field(default_factory=list)


class System(RegisterDevice):
    """The registers of R_SYSTEM. Those that share a word are one here: SCKDIVCR2 and SCKSCR, say."""

    PARAMETERS = SystemParameters
    parameters: SystemParameters
    REGISTERS = (
        Register(0x20, "SCKDIVCR", on_write="changed"),
        Register(0x24, "SCKDIVCR2", MOCO << SELECT_SHIFT, writable=0x0007000F, on_write="changed"),
        Register(0x28, "PLLCCR", STOP_HIGH, writable=0x0001FFD3, on_write="changed"),
        Register(0x30, "MOSCCR", STOP_HIGH, writable=0x00010001, on_write="changed"),
        Register(0x34, "HOCOCR", STOP_HIGH, writable=0x00010000, on_write="changed"),
        Register(0x38, "MOCOCR", writable=0x07FF0101, on_write="changed"),
        Register(0x3C, "OSCSF", writable=0xBF7F0000, on_read="stable"),
        Register(0x48, "PLL2CCR", STOP_HIGH, writable=0x0001FFD3, on_write="changed"),
        Register(0x4C, "PLLCCR2", writable=0x0FFF0FFF, on_write="changed"),
        Register(0x54, "SCICKDIVCR", writable=0x0F070F07 | REQUEST << 8 | REQUEST << 24, on_read="sci_clock",
                 on_write="changed"),
        Register(0x3F8, "PRCR", writable=0, on_write="let_in"),
        Register(0x400, "LOCOCR", writable=0xFF01, on_write="changed"),
        Register(0xC0, "RSTSR1", writable=0, w0c=0xFFFFFFFF),
        Register(0xA40, "RSTSR0", 0x1, writable=0, w0c=0xFF),
        Register(0xA44, "RSTSR2", writable=0x1),
        Register(0xA48, "RSTSR3", writable=0x10),
        *(Register(offset, name) for name, offset in KEPT),
    )  # fmt: skip
    PARTS = ("_outputs",)
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._outputs = ClockOutputs(context.clocks)

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """All that it makes."""
        return CLOCKS

    def reset(self) -> None:
        """The middle-speed oscillator, undivided."""
        super().reset()
        self._outputs.forget()
        self._refresh()

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Protected registers take nothing while PRCR is against it."""
        bit = next((bit for first, last, bit in PROTECTED if first <= offset <= last), None)
        if bit is None or self.values["PRCR"] >> PRCR_SHIFT + bit & 1:
            super().write(offset, size_bytes, value)

    # -- effects -----------------------------------------------------------------------------
    def let_in(self, written: int, _old: int) -> None:
        """PRCR: under its key, which registers take writes."""
        if written >> 24 == KEY:
            self.values["PRCR"] = written & 0x3B << PRCR_SHIFT

    def stable(self) -> int:
        """OSCSF: what runs is stable."""
        flags = {
            HOCO_STABLE: self._runs("HOCOCR"),
            MOSC_STABLE: self._runs("MOSCCR") and self.parameters.mosc_hz > 0,
            PLL1_STABLE: self._runs("PLLCCR") and self._vco_hz("PLLCCR") > 0,
            PLL2_STABLE: self._runs("PLL2CCR") and self._vco_hz("PLL2CCR") > 0,
        }
        return self.values["OSCSF"] | sum(flag for flag, is_set in flags.items() if is_set)

    def sci_clock(self) -> int:
        """SCICKCR, SPICKCR: a request to change the clock is granted at once."""
        value = self.values["SCICKDIVCR"]
        for shift in (8, 24):
            value |= READY << shift if value & REQUEST << shift else 0
        return value

    def changed(self, _written: int, _old: int) -> None:
        """An oscillator, a PLL, a selection, a divider."""
        self._refresh()

    # -- inside ------------------------------------------------------------------------------
    def _runs(self, register: str) -> bool:
        return not self.values[register] & STOP_HIGH

    def _vco_hz(self, register: str) -> int:
        """What a PLL multiplies its input to."""
        value = self.values[register]
        source = self._oscillator_hz(HOCO if value & 1 << 4 else MOSC)
        above, below = THIRDS_AND_HALF[value >> 6 & 3]
        multiplier = (value >> 8 & 0xFF) + 1
        return source * (multiplier * below + above) // below // ((value & 3) + 1)

    def _oscillator_hz(self, number: int) -> int:
        parameters = self.parameters
        return {
            HOCO: parameters.hoco_hz if self._runs("HOCOCR") else 0,
            MOCO: MOCO_HZ if not self.values["MOCOCR"] & STOP else 0,
            LOCO: LOW_HZ if not self.values["LOCOCR"] & STOP else 0,
            MOSC: parameters.mosc_hz if self._runs("MOSCCR") else 0,
            SOSC: LOW_HZ if not self.values["SOSCCR"] & STOP else 0,
        }[number]

    def _source_hz(self, number: int) -> int:
        """A clock by the number that SCKSCR and the peripherals' selections have for it."""
        if number <= SOSC:
            return self._oscillator_hz(number)
        if number not in PLL_OUTPUTS:
            return 0
        register, shift = PLL_OUTPUTS[number]
        if not self._runs(register):
            return 0
        return 2 * self._vco_hz(register) // PLL_HALF_DIVIDERS.get(self.field("PLLCCR2", shift, 4), 2)

    def _refresh(self) -> None:
        """Bring all frequencies up to date."""
        source = self._source_hz(self.field("SCKDIVCR2", SELECT_SHIFT, 3))
        core = source // SYSTEM_DIVIDERS.get(self.field("SCKDIVCR2", 0, 4), 1)
        hz = {"core": core or self._outputs.last_hz("core", self.context.clock.core_hz)}
        for name, shift in FIELDS:
            hz[name] = source // SYSTEM_DIVIDERS.get(self.field("SCKDIVCR", shift, 4), 1)
        sci = self._source_hz(self.field("SCICKDIVCR", 8, 4))
        hz["sciclk"] = sci // PERIPHERAL_DIVIDERS.get(self.field("SCICKDIVCR", 0, 3), 1)
        for name, number in (("hoco", HOCO), ("moco", MOCO), ("loco", LOCO), ("mosc", MOSC), ("sosc", SOSC)):
            hz[name] = self._oscillator_hz(number)
        self._outputs.publish(hz)
        divider = min(MOST_DIVIDER, max(1, -(-hz["core"] // max(1, hz["iclk"]))))
        for memory in self.parameters.memories:
            self.context.tuning.configure(memory, bus_divider=divider)
