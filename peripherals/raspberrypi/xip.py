"""XIP_CTRL (RP2040 datasheet 2.6.3): the cache before the flash: on, off, flushed.

Hit and access counters read 0; streaming is told as not modelled.
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import Device
from peripherals.parts.parameters import TunedParameters
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register, read_only

ENABLE = 1 << 0
FLUSH_READY, FIFO_EMPTY = 1 << 0, 1 << 1
INVALIDATES = (0, 2)


class XipControl(AtomicRegisters):
    """The cache's switch and its flush."""

    PARAMETERS = TunedParameters
    parameters: TunedParameters
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "CTRL", 0x3, writable=0xB, on_write="control_written"),
        Register(0x04, "FLUSH", writable=0, on_write="flushed"),
        read_only(0x08, "STAT", FLUSH_READY | FIFO_EMPTY),
        Register(0x0C, "CTR_HIT", writable=0),
        Register(0x10, "CTR_ACC", writable=0),
        Register(0x14, "STREAM_ADDR", writable=0xFFFFFFFC),
        Register(0x18, "STREAM_CTR", writable=0x3FFFFF, on_write="stream_started"),
        read_only(0x1C, "STREAM_FIFO"),
    )

    def reset(self) -> None:
        """On and empty."""
        super().reset()
        self._empty()
        self.control_written(0, 0)

    def control_written(self, _written: int, _old: int) -> None:
        """CTRL: the cache serves accesses, or is plain memory."""
        on = self.values["CTRL"] & ENABLE
        self.context.tuning.configure(self.parameters.accelerator, instruction_cache=on)

    def flushed(self, written: int, _old: int) -> None:
        """FLUSH: empty it, at once."""
        if written & 1:
            self._empty()

    def stream_started(self, written: int, _old: int) -> None:
        """STREAM_CTR: words would come through the FIFO."""
        if written:
            self.report("STREAM_CTR", "write", "streaming from flash")
            self.values["STREAM_CTR"] = 0

    def _empty(self) -> None:
        self.context.tuning.invalidate(self.parameters.accelerator, "instruction")


class Rp2350XipControl(XipControl):
    """RP2350's (datasheet 4.4): maintenance is done by stores to its window (:class:`Maintenance`)."""

    REGISTERS = (
        Register(0x00, "CTRL", 0x83, writable=0xFFB, on_write="control_written"),
        read_only(0x08, "STAT", FIFO_EMPTY),
        *XipControl.REGISTERS[3:],
    )


class Maintenance(Device):
    """The window at 18000000h: a store invalidates or cleans lines; here every one empties the cache."""

    PARAMETERS = TunedParameters
    parameters: TunedParameters
    size_bytes = 0x400000

    def reset(self) -> None:
        """It holds nothing."""

    def read(self, offset: int, size_bytes: int) -> int:  # noqa: ARG002
        """Nothing is read."""
        return 0

    def write(self, offset: int, size_bytes: int, value: int) -> None:  # noqa: ARG002
        """Invalidate (0, 2), clean (1, 3), pin (7) by the address's low bits: what is gone is read again."""
        if offset & 7 in INVALIDATES:
            self.context.tuning.invalidate(self.parameters.accelerator, "instruction")

    def save(self) -> None:
        """Nothing changes."""

    def load(self, state: object) -> None:
        """Nothing has changed."""

    def register_name(self, offset: int) -> str:
        """The operation."""
        return f"operation {offset & 7}"
