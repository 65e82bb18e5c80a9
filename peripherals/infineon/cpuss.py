"""CPU subsystem of PSoC 6 (registers TRM CY8C6xxA, chapter "CPUSS"), as the Cortex-M4 sees it.

Modelled: the dividers that make the cores' and the peripherals' clock of ``hf0`` (``core``,
``slow``, ``peri``). The boot core (Cortex-M0+) is taken as sleeping after it has started the
Cortex-M4. Memories' power and wait-state registers are storage.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.parts.parameters import Word
from peripherals.register_device import Register, RegisterDevice, read_only

KEYED = 0xFA050000  # VECTKEYSTAT, read in the upper half of keyed registers
SLEEPING_DEEPLY, POWER_DONE = 0x3, 1 << 4


class CpussParameters(DeviceParameters, frozen=True):
    """Which part it is."""

    product_id: Annotated[Word, about("PRODUCT_ID: family, revision and silicon.", example=0x11010100)] = 0


class Cpuss(RegisterDevice):
    """Clock dividers and status of both cores."""

    PARAMETERS = CpussParameters
    parameters: CpussParameters
    REGISTERS = (
        read_only(0x0000, "IDENTITY"),
        read_only(0x0004, "CM4_STATUS", POWER_DONE),
        Register(0x0008, "CM4_CLOCK_CTL", writable=0xFF00, on_write="divider_written"),
        Register(0x000C, "CM4_CTL", writable=0x9F000000),
        *(read_only(0x0100 + 4 * i, f"CM4_INT{i}_STATUS") for i in range(8)),
        Register(0x0200, "CM4_VECTOR_TABLE_BASE", writable=0xFFFFFC00),
        *(Register(0x0240 + 4 * i, f"CM4_NMI_CTL{i}", 0x3FF, writable=0x3FF) for i in range(4)),
        Register(0x0300, "UDB_PWR_CTL", KEYED | 1, writable=3),
        Register(0x0304, "UDB_PWR_DELAY_CTL", 0x12C, writable=0x3FF),
        Register(0x1000, "CM0_CTL", KEYED | 2, writable=3),
        read_only(0x1004, "CM0_STATUS", SLEEPING_DEEPLY),
        Register(0x1008, "CM0_CLOCK_CTL", writable=0xFF00FF00, on_write="divider_written"),
        *(read_only(0x1100 + 4 * i, f"CM0_INT{i}_STATUS") for i in range(8)),
        Register(0x1120, "CM0_VECTOR_TABLE_BASE", 0x10000000, writable=0xFFFFFF00),
        *(Register(0x1140 + 4 * i, f"CM0_NMI_CTL{i}", 0x3FF, writable=0x3FF) for i in range(4)),
        Register(0x1200, "CM4_PWR_CTL", KEYED | 3, writable=3),
        Register(0x1204, "CM4_PWR_DELAY_CTL", 0x12C, writable=0x3FF),
        Register(0x1300, "RAM0_CTL0", 0x30001, writable=0x70303),
        read_only(0x1304, "RAM0_STATUS", 1),
        *(Register(0x1340 + 4 * i, f"RAM0_PWR_MACRO_CTL{i}", KEYED | 3, writable=3) for i in range(16)),
        Register(0x1380, "RAM1_CTL0", 0x30001, writable=0x70303),
        read_only(0x1384, "RAM1_STATUS", 1),
        Register(0x1388, "RAM1_PWR_CTL", KEYED | 3, writable=3),
        Register(0x13A0, "RAM2_CTL0", 0x30001, writable=0x70303),
        read_only(0x13A4, "RAM2_STATUS", 1),
        Register(0x13A8, "RAM2_PWR_CTL", KEYED | 3, writable=3),
        Register(0x13C0, "RAM_PWR_DELAY_CTL", 0x96, writable=0x3FF),
        Register(0x13C4, "ROM_CTL", 1, writable=0x303),
        Register(0x13C8, "ECC_CTL"),
        read_only(0x1400, "PRODUCT_ID"),
        read_only(0x1410, "DP_STATUS", 4),
        Register(0x1414, "AP_CTL", writable=0x70007),
        Register(0x1500, "BUFF_CTL", 1, writable=1),
        Register(0x1600, "SYSTICK_CTL", 0x40000147, writable=0xC3FFFFFF),
        read_only(0x1704, "MBIST_STAT"),
        Register(0x1800, "CAL_SUP_SET"),
        Register(0x1804, "CAL_SUP_CLR"),
        Register(0x2000, "CM0_PC_CTL", writable=0xF),
        *(Register(0x2040 + 4 * i, f"CM0_PC{i}_HANDLER") for i in range(4)),
        Register(0x20C4, "PROTECTION", writable=7),
        Register(0x2100, "TRIM_ROM_CTL"),
        Register(0x2104, "TRIM_RAM_CTL"),
    )
    PARTS = ("_outputs",)
    size_bytes = 0x8000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._outputs = ClockOutputs(context.clocks)
        context.clocks.on_change(self._publish)

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """The core's clock and those behind it."""
        return ("core", "peri", "slow")

    def register_table(self) -> tuple[Register, ...]:
        """Put this part's product number in."""
        product = self.parameters.product_id
        table = [row for row in self.REGISTERS if row.name != "PRODUCT_ID"]
        return (*table, read_only(0x1400, "PRODUCT_ID", product))

    def reset(self) -> None:
        """Undivided clocks."""
        super().reset()
        self._outputs.forget()
        self._publish()

    def divider_written(self, _written: int, _old: int) -> None:
        """CM4_CLOCK_CTL, CM0_CLOCK_CTL."""
        self._publish()

    def _publish(self) -> None:
        hf0 = self.context.clocks.hz("hf0")
        boot = self.values["CM0_CLOCK_CTL"]
        peri = hf0 // ((boot >> 24) + 1)
        clocks = {
            "core": hf0 // ((self.values["CM4_CLOCK_CTL"] >> 8) + 1),
            "peri": peri,
            "slow": peri // ((boot >> 8 & 0xFF) + 1),
        }
        self._outputs.publish(clocks)
