"""System resources of PSoC 6: clock paths, FLL, PLLs and the roots of the high-frequency clocks.

PSoC 6 registers TRM (CY8C6xxA), chapter "SRSS". Modelled: IMO, ECO, external and
low-frequency sources, path multiplexers, the FLL of path 0 and the PLLs of the paths after it
with bypass and lock, root multiplexers and dividers, the low-frequency clock. Oscillators, FLL
and PLLs are ready and locked as soon as they are enabled. Not modelled, and reported: the clock
calibration counters. Clocks: ``hf0`` to ``hf5``, ``path0`` to ``path5``, ``lf``. What the
cores and peripherals make of ``hf0`` is in :mod:`peripherals.infineon.cpuss`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import Register, read_only

IMO_HZ, ILO_HZ, WCO_HZ = 8_000_000, 32_000, 32_768
PATHS, ROOTS, PLLS = range(6), range(6), range(2)
ENABLE = 1 << 31
PATH_SOURCES = ("imo", "extclk", "eco", "althf", "dsi")
SLOW_SOURCES = {16: "ilo", 17: "wco", 18: "altlf", 19: "pilo"}
LOW_FREQUENCY_SOURCES = ("ilo", "wco", "altlf", "pilo")
BYPASS_REFERENCE, BYPASS_OUTPUT = 2, 3
FLL_LOCKED, FLL_CCO_READY, PLL_LOCKED = 1 << 0, 1 << 2, 1 << 0
ECO_OK, ECO_READY = 1 << 0, 1 << 1
CALIBRATION_DONE = 1 << 31


class SrssParameters(DeviceParameters, frozen=True):
    """Crystals and clocks that the board fits; 0: not fitted."""

    eco_hz: Annotated[
        int, about("The external crystal.", unit="Hz", at_least=0, at_most=35_000_000, example=17_203_200)
    ] = 0
    extclk_hz: Annotated[
        int,
        about("A clock at the EXT_CLK pin.", unit="Hz", at_least=0, at_most=100_000_000, example=24_000_000),
    ] = 0
    wco_hz: Annotated[
        int, about("The watch crystal.", unit="Hz", at_least=0, at_most=100_000, example=WCO_HZ)
    ] = WCO_HZ


class SrssClocks(ReadyDevice):
    """The clock part of SRSS, offsets from its own base (SRSS base + 0x300)."""

    PARAMETERS = SrssParameters
    parameters: SrssParameters
    REGISTERS = (
        *(Register(4 * i, f"CLK_DSI_SELECT{i}", writable=0x1F, on_write="clock_changed") for i in PATHS),
        *(Register(0x40 + 4 * i, f"CLK_PATH_SELECT{i}", writable=7, on_write="clock_changed") for i in PATHS),
        *(
            Register(0x80 + 4 * i, f"CLK_ROOT_SELECT{i}", writable=0x8000003F, on_write="clock_changed")
            for i in ROOTS
        ),
        Register(0x200, "CLK_SELECT", writable=0xFF03, on_write="clock_changed"),
        Register(0x204, "CLK_TIMER_CTL", 0x70000, writable=0x80FF0301),
        Register(0x20C, "CLK_ILO_CONFIG", 0x80000000, writable=0x80000001),
        Register(0x210, "CLK_IMO_CONFIG", 0x80000000, writable=ENABLE),
        Register(0x214, "CLK_OUTPUT_FAST", writable=0x0FFF0FFF),
        Register(0x218, "CLK_OUTPUT_SLOW", writable=0xFF),
        Register(0x21C, "CLK_CAL_CNT1", CALIBRATION_DONE, writable=0, on_write="calibration_started"),
        read_only(0x220, "CLK_CAL_CNT2"),
        Register(0x22C, "CLK_ECO_CONFIG", 0x2, writable=0x80000002, on_write="clock_changed"),
        read_only(0x230, "CLK_ECO_STATUS"),
        Register(0x23C, "CLK_PILO_CONFIG", 0x80, writable=0xE00003FF),
        Register(0x280, "CLK_FLL_CONFIG", 0x01000000, writable=0x8103FFFF, on_write="clock_changed"),
        Register(0x284, "CLK_FLL_CONFIG2", 0x00020001, writable=0x01FF1FFF, on_write="clock_changed"),
        Register(0x288, "CLK_FLL_CONFIG3", 0x2800, writable=0x301FFFFF, on_write="clock_changed"),
        Register(0x28C, "CLK_FLL_CONFIG4", 0xFF, writable=0xC1FF07FF, on_write="clock_changed"),
        read_only(0x290, "CLK_FLL_STATUS"),
        *(
            Register(
                0x300 + 4 * i, f"CLK_PLL_CONFIG{i}", 0x20116, writable=0xB81F1F7F, on_write="clock_changed"
            )
            for i in PLLS
        ),
        *(read_only(0x340 + 4 * i, f"CLK_PLL_STATUS{i}") for i in PLLS),
    )
    READY = (
        Ready("CLK_ECO_STATUS", ECO_OK | ECO_READY, "CLK_ECO_CONFIG", ENABLE, "eco"),
        Ready("CLK_FLL_STATUS", FLL_CCO_READY, "CLK_FLL_CONFIG4", ENABLE),
        Ready("CLK_FLL_STATUS", FLL_LOCKED, "CLK_FLL_CONFIG", ENABLE, "fll"),
        *(
            Ready(f"CLK_PLL_STATUS{i}", PLL_LOCKED, f"CLK_PLL_CONFIG{i}", ENABLE, f"path{i + 1}")
            for i in PLLS
        ),
    )
    PARTS = ("_outputs",)
    size_bytes = 0x400

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._sources = {
            "imo": IMO_HZ,
            "extclk": self.parameters.extclk_hz,
            "eco": self.parameters.eco_hz,
            "ilo": ILO_HZ,
            "wco": self.parameters.wco_hz,
            "pilo": WCO_HZ,
        }
        self._outputs = ClockOutputs(context.clocks)

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """Paths, roots and the low-frequency clock."""
        return (*(f"path{path}" for path in PATHS), *(f"hf{root}" for root in ROOTS), "lf")

    def reset(self) -> None:
        """Every path and root from IMO."""
        super().reset()
        self._outputs.forget()
        self._publish()

    # -- effects ---------------------------------------------------------------------------
    def clock_changed(self, _written: int, _old: int) -> None:
        """Follow a write to any register that shapes the clocks."""
        self._publish()

    def calibration_started(self, _written: int, _old: int) -> None:
        """CLK_CAL_CNT1: counting is over at once, without a result."""
        self.report("CLK_CAL_CNT1", "write", "clock calibration counters")

    # -- ReadyDevice -------------------------------------------------------------------------
    def source_runs(self, source: str) -> bool:
        """The crystal is fitted; the FLL's oscillator is on and its path has a clock; a PLL's path has."""
        if source == "eco":
            return self._sources["eco"] > 0
        if source == "fll":
            return bool(self.values["CLK_FLL_STATUS"] & FLL_CCO_READY and self._reference_hz(0))
        return self._reference_hz(int(source.removeprefix("path"))) > 0

    # -- inside ----------------------------------------------------------------------------
    def _reference_hz(self, path: int) -> int:
        """What the path's multiplexer selects, before FLL or PLL."""
        choice = self.field(f"CLK_PATH_SELECT{path}", 0, 3)
        source = PATH_SOURCES[choice] if choice < len(PATH_SOURCES) else ""
        if source == "dsi":
            source = SLOW_SOURCES.get(self.values[f"CLK_DSI_SELECT{path}"], "")
        if source == "eco" and not self.values["CLK_ECO_STATUS"] & ECO_READY:
            return 0
        return self._sources.get(source, 0)

    def _path_hz(self, path: int) -> int:
        reference_hz = self._reference_hz(path)
        if path == 0:
            output_hz = self._fll_hz(reference_hz)
            locked = self.values["CLK_FLL_STATUS"] & FLL_LOCKED
            bypass = self.field("CLK_FLL_CONFIG3", 28, 2)
        elif path - 1 in PLLS:
            output_hz = self._pll_hz(path - 1, reference_hz)
            locked = self.values[f"CLK_PLL_STATUS{path - 1}"] & PLL_LOCKED
            bypass = self.field(f"CLK_PLL_CONFIG{path - 1}", 28, 2)
        else:
            return reference_hz
        if bypass == BYPASS_REFERENCE:
            return reference_hz
        return output_hz if locked or bypass == BYPASS_OUTPUT else reference_hz

    def _fll_hz(self, reference_hz: int) -> int:
        divider = self.field("CLK_FLL_CONFIG2", 0, 13) * (self.field("CLK_FLL_CONFIG", 24, 1) + 1)
        return reference_hz * self.field("CLK_FLL_CONFIG", 0, 18) // max(1, divider)

    def _pll_hz(self, number: int, reference_hz: int) -> int:
        register = f"CLK_PLL_CONFIG{number}"
        divider = self.field(register, 8, 5) * self.field(register, 16, 5)
        return reference_hz * self.field(register, 0, 7) // max(1, divider)

    def _publish(self) -> None:
        clocks = {f"path{path}": self._path_hz(path) for path in PATHS}
        for root in ROOTS:
            register = f"CLK_ROOT_SELECT{root}"
            runs = root == 0 or self.values[register] & ENABLE
            path_hz = clocks.get(f"path{self.field(register, 0, 4)}", 0)
            clocks[f"hf{root}"] = path_hz >> self.field(register, 4, 2) if runs else 0
        low = LOW_FREQUENCY_SOURCES[self.field("CLK_SELECT", 0, 2)]
        clocks["lf"] = self._sources.get(low, 0)
        if not clocks["hf0"]:
            self.report("CLK_ROOT_SELECT0", "write", "the core's clock would stop; it keeps the last one")
            clocks["hf0"] = self._outputs.last_hz("hf0", IMO_HZ)
        self._outputs.publish(clocks)
