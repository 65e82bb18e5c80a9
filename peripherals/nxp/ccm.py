"""Clock Control Module of i.MX RT1060 (IMXRT1060RM, chapter "Clock Control Module", figure "Clock Tree").

Switches and dividers behind the PLLs; all clocks that devices run from are published here: "core" (which is
AHB_CLK_ROOT), "ipg", "perclk", "uart" and others. The PLLs' own frequencies come on ``clock:NAME``. A
divider's handshake (CDHIPR) is over at once; gates (CCGR) are stored, and stop nothing.
The bus of the on-chip RAM runs at the peripherals' clock (NXP AN12437): told to its accelerators.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.nxp.ccm_analog import CRYSTAL_HZ, OUTPUTS
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.register_device import Register, RegisterDevice, read_only

LOW_HZ = 32_768
ROOTS = (
    "core", "ipg", "perclk", "uart", "semc", "flexspi", "flexspi2", "lpspi", "lpi2c", "osc24m", "ckil",
)  # fmt: skip
GATES = (0xFFFFFFFF, 0xFFFFFFFF, 0xFC3FFFFF, 0xFFFFFFCF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
STORED = (
    ("CSCMR2", 0x20, 0x13192F06), ("CS1CDR", 0x28, 0xEC102C1), ("CS2CDR", 0x2C, 0x7336C1),
    ("CDCDR", 0x30, 0x33F71F92), ("CSCDR3", 0x3C, 0x30841), ("CLPCR", 0x54, 0x79), ("CISR", 0x58, 0),
    ("CIMR", 0x5C, 0xFFFFFFFF), ("CCOSR", 0x60, 0xA0001), ("CGPR", 0x64, 0xFE62), ("CMEOR", 0x88, 0xFFFFFFFF),
    ("CCR", 0x00, 0x401107F),
)  # fmt: skip
SHAPES = (
    ("CCSR", 0x0C, 0x100), ("CACRR", 0x10, 0x1), ("CBCDR", 0x14, 0xA8300), ("CBCMR", 0x18, 0x2DAE8324),
    ("CSCMR1", 0x1C, 0x4900000), ("CSCDR1", 0x24, 0x6490B00), ("CSCDR2", 0x38, 0x29150),
)  # fmt: skip
OSCILLATOR_READY = 0x10
MOST_DIVIDER = 512


class CcmParameters(DeviceParameters, frozen=True):
    """The memories behind the on-chip bus."""

    memories: Annotated[
        list[Annotated[str, about("An accelerator.", names_a="accelerator", example="ocram")]],
        about("The accelerators of the memories on the bus at the clock ipg.", example=["ocram"]),
    ] = msgspec.field(default_factory=lambda: ["ocram"])


class Ccm(RegisterDevice):
    """The module."""

    PARAMETERS = CcmParameters
    parameters: CcmParameters
    LINES = ("line1", "line2")
    REGISTERS = (
        *(Register(offset, name, reset) for name, offset, reset in STORED),
        *(Register(offset, name, reset, on_write="changed") for name, offset, reset in SHAPES),
        read_only(0x08, "CSR", OSCILLATOR_READY),
        read_only(0x48, "CDHIPR"),
        *(Register(0x68 + 4 * n, f"CCGR{n}", reset) for n, reset in enumerate(GATES)),
    )
    PARTS = ("_outputs",)
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._outputs = ClockOutputs(context.clocks)
        for clock in OUTPUTS:
            context.signals.watch(f"clock:{clock}", lambda _hz: self.refresh())

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """PLLs, their dividers, the roots."""
        return (*OUTPUTS, *ROOTS)

    def reset(self) -> None:
        """Everything from the crystal."""
        super().reset()
        self._outputs.forget()
        self.refresh()

    def changed(self, _written: int, _old: int) -> None:
        """A switch or a divider."""
        self.refresh()

    def refresh(self) -> None:
        """Bring all frequencies up to date."""
        hz = {clock: self.context.signals.get(f"clock:{clock}") for clock in OUTPUTS}
        hz["osc24m"], hz["ckil"] = CRYSTAL_HZ, LOW_HZ
        core = self._periph_hz(hz) // self._divider("CBCDR", 10, 3)
        hz["core"] = core or self._outputs.last_hz("core", self.context.clock.core_hz)
        hz["ipg"] = hz["core"] // self._divider("CBCDR", 8, 2)
        hz["perclk"] = (CRYSTAL_HZ if self._bit("CSCMR1", 6) else hz["ipg"]) // self._divider("CSCMR1", 0, 6)
        hz["uart"] = self._from("CSCDR1", 6, 1, (hz["pll3"] // 6, CRYSTAL_HZ)) // self._divider(
            "CSCDR1", 0, 6
        )
        hz["semc"] = self._semc_pre_hz(hz) // self._divider("CBCDR", 16, 3)
        hz["flexspi"] = self._from(
            "CSCMR1", 29, 2, (self._semc_pre_hz(hz), hz["pll3"], hz["pll2_pfd2"], hz["pll3_pfd0"])
        ) // self._divider("CSCMR1", 23, 3)
        hz["flexspi2"] = self._from(
            "CBCMR", 8, 2, (hz["pll2_pfd2"], hz["pll3_pfd0"], hz["pll3_pfd1"], hz["pll2"])
        ) // self._divider("CBCMR", 29, 3)
        hz["lpspi"] = self._from(
            "CBCMR", 4, 2, (hz["pll3_pfd1"], hz["pll3_pfd0"], hz["pll2"], hz["pll2_pfd2"])
        ) // self._divider("CBCMR", 26, 3)
        hz["lpi2c"] = self._from("CSCDR2", 18, 1, (hz["pll3"] // 8, CRYSTAL_HZ)) // self._divider(
            "CSCDR2", 19, 6
        )
        self._outputs.publish(hz)
        divider = min(MOST_DIVIDER, max(1, -(-hz["core"] // hz["ipg"])))
        for memory in self.parameters.memories:
            self.context.tuning.configure(memory, bus_divider=divider)

    # -- inside ----------------------------------------------------------------------------
    def _bit(self, register: str, bit: int) -> bool:
        return bool(self.values[register] >> bit & 1)

    def _divider(self, register: str, shift: int, width: int) -> int:
        return self.field(register, shift, width) + 1

    def _from(self, register: str, shift: int, width: int, sources: tuple[int, ...]) -> int:
        return sources[self.field(register, shift, width)]

    def _periph_hz(self, hz: dict[str, int]) -> int:
        """PERIPH_CLK: what the core's clock is divided from."""
        if self._bit("CBCDR", 25):
            sources = (hz["pll3"], CRYSTAL_HZ, CRYSTAL_HZ, 0)
            return self._from("CBCMR", 12, 2, sources) // self._divider("CBCDR", 27, 3)
        arm = hz["pll1"] // self._divider("CACRR", 0, 3)
        return self._from("CBCMR", 18, 2, (hz["pll2"], hz["pll2_pfd2"], hz["pll2_pfd0"], arm))

    def _semc_pre_hz(self, hz: dict[str, int]) -> int:
        if not self._bit("CBCDR", 6):
            return self._periph_hz(hz)
        return hz["pll3_pfd1"] if self._bit("CBCDR", 7) else hz["pll2_pfd2"]
