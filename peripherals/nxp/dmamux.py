"""DMAMUX of i.MX RT1060: which request a channel of the eDMA has.

IMXRT1060RM, chapter "Direct Memory Access Multiplexer". A device's request is the signal ``dma:NAME``;
which number it has is the board's matter. The chosen one is on ``edma_request:CHANNEL``. Triggers of PIT
are not modelled, and told; a source that no model makes is told, too.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.register_device import Register, RegisterDevice

CHANNELS = 32
ENABLE, TRIGGERED, ALWAYS = 1 << 31, 1 << 30, 1 << 29
SOURCE = 0x7F


class DmamuxParameters(DeviceParameters, frozen=True):
    """The devices' requests."""

    requests: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=0, le=SOURCE)]],
        about("The number of each device's request, by its wire.", example={"lpuart1_TX": 2}),
    ] = msgspec.field(default_factory=dict)


class Dmamux(RegisterDevice):
    """The multiplexer."""

    PARAMETERS = DmamuxParameters
    parameters: DmamuxParameters
    REGISTERS = tuple(
        Register(4 * n, f"CHCFG{n}", writable=0xE000007F, on_write="chosen") for n in range(CHANNELS)
    )
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._wires = {number: f"dma:{wire}" for wire, number in self.parameters.requests.items()}
        for wire in self._wires.values():
            context.signals.watch(wire, lambda _level: self._drive())

    def reset(self) -> None:
        """No channel has a request."""
        super().reset()
        self._drive()

    def chosen(self, written: int, _old: int) -> None:
        """CHCFGn."""
        name = f"CHCFG{self.access_offset // 4}"
        if written & ENABLE and written & TRIGGERED:
            self.report(name, "write", "requests at PIT's triggers")
        elif written & ENABLE and not written & ALWAYS and written & SOURCE not in self._wires:
            self.report(name, "write", f"request {written & SOURCE}, which no model makes")
        self._drive()

    def _drive(self) -> None:
        for number in range(CHANNELS):
            value = self.values[f"CHCFG{number}"]
            wire = self._wires.get(value & SOURCE)
            level = 0
            if value & ENABLE:
                level = 1 if value & ALWAYS else self.context.signals.get(wire) if wire else 0
            self.context.signals.set(f"edma_request:{number}", level)
