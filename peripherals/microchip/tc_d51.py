"""TC of SAM D5x/E5x (datasheet DS60001507, chapter 48). What is written to a buffer is in force at once."""

from __future__ import annotations

from peripherals.microchip.any_tc import FLAG_SHIFT, FLAGS, STATUS_SHIFT, AnyTc
from peripherals.register_device import Register, read_only

PERIOD_SHIFT = 24


class TcD51(AnyTc):
    """One TC; its waveform stands in a register of its own."""

    STOPPED, READY, COMMAND_SHIFT = 1 << 0, 0, 5
    REGISTERS = (
        Register(0x00, "CTRLA", writable=0x1B330FFF, on_write="control_changed"),
        Register(0x04, "CTRLB", writable=0x31370000, on_read="control_b", on_write="control_b_written"),
        Register(0x08, "INTFLAG", STOPPED << STATUS_SHIFT, writable=0, w1c=FLAGS << FLAG_SHIFT,
                 on_read="flags", on_write="enables_written"),
        Register(0x0C, "WAVE", writable=0x01000303),
        read_only(0x10, "SYNCBUSY"),
        Register(0x14, "COUNT", on_read="count", on_write="count_written"),
        Register(0x18, "PER", 0xFF << PERIOD_SHIFT, writable=0xFF << PERIOD_SHIFT, on_write="changed"),
        Register(0x1C, "CC0", on_write="changed"),
        Register(0x20, "CC1", on_write="changed"),
        Register(0x2C, "PERBUF", 0xFF << PERIOD_SHIFT, writable=0xFF << PERIOD_SHIFT, on_write="buffered"),
        Register(0x30, "CCBUF0", on_write="buffered"),
        Register(0x34, "CCBUF1", on_write="buffered"),
    )  # fmt: skip

    def waveform(self) -> int:
        """WAVE.WAVEGEN."""
        return self.field("WAVE", 0, 2)

    def period(self) -> int:
        """PER, the highest byte of its word."""
        return self.values["PER"] >> PERIOD_SHIFT

    def buffered(self, _written: int, _old: int) -> None:
        """PERBUF, CCBUFn."""
        source, target = {0x2C: ("PERBUF", "PER"), 0x30: ("CCBUF0", "CC0"), 0x34: ("CCBUF1", "CC1")}[
            self.access_offset
        ]
        self.values[target] = self.values[source]
