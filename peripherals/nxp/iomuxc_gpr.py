"""General purpose registers of IOMUXC, as far as they do something.

IMXRT1060RM, chapter "IOMUXC GPR Memory Map". GPR26 to GPR29 give the pads of GPIO1 to GPIO4 to the fast
ports. GPR14, GPR16 and GPR17 divide the 16 banks of FlexRAM among ITCM, DTCM and OCRAM: stored. The memory
map has each of the three at its largest, so that what firmware divides them into is there; an access beyond
that is no fault, as it is on the chip.
"""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice

COUNT = 35
RESETS = {3: 0xF0F0, 10: 0x7, 15: 0xFFFFFFFF, 16: 0x00200003, 33: 0x7}
FAST_PORTS = {26: 1, 27: 2, 28: 3, 29: 4}


class IomuxcGpr(RegisterDevice):
    """The registers."""

    LINES = ("global",)
    REGISTERS = tuple(
        Register(
            4 * n,
            f"GPR{n}",
            RESETS.get(n, 0),
            on_write="pads_given" if n in FAST_PORTS else "",
        )
        for n in range(COUNT)
    )
    size_bytes = 0x4000

    def reset(self) -> None:
        """All pads are the slow ports'."""
        super().reset()
        for register in FAST_PORTS:
            self._give(register)

    def pads_given(self, _written: int, _old: int) -> None:
        """GPR26 to GPR29."""
        self._give(self.access_offset // 4)

    def _give(self, register: int) -> None:
        self.context.signals.set(f"fast_pins:{FAST_PORTS[register]}", self.values[f"GPR{register}"])
