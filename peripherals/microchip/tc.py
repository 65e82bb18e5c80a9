"""TC of SAM D21 (datasheet DS40001882, chapter 30)."""

from __future__ import annotations

from peripherals.microchip.any_tc import FLAG_SHIFT, FLAGS, STATUS_SHIFT, AnyTc
from peripherals.register_device import Register


class Tc(AnyTc):
    """One TC; its waveform stands in CTRLA."""

    STOPPED, READY, COMMAND_SHIFT = 1 << 3, 1 << 3, 6
    REGISTERS = (
        Register(0x00, "CTRLA", writable=0xC01F3F6F, on_write="control_changed"),
        Register(0x04, "CTRLB", writable=0x330000, on_read="control_b", on_write="control_b_written"),
        Register(0x08, "EVCTRL", writable=0x31370001),
        Register(0x0C, "INTFLAG", STOPPED << STATUS_SHIFT, writable=0, w1c=FLAGS << FLAG_SHIFT,
                 on_read="flags", on_write="enables_written"),
        Register(0x10, "COUNT", on_read="count", on_write="count_written"),
        Register(0x14, "PER", 0xFF, writable=0xFF, on_write="changed"),
        Register(0x18, "CC0", on_write="changed"),
        Register(0x1C, "CC1", on_write="changed"),
    )  # fmt: skip

    def waveform(self) -> int:
        """CTRLA.WAVEGEN."""
        return self.field("CTRLA", 5, 2)

    def period(self) -> int:
        """PER."""
        return self.values["PER"]
