"""True random number generator of i.MX RT1060 (IMXRT1060RM, chapter "TRNG").

Deterministic on purpose: the same image with the same input takes the same path. Sixteen words of entropy are
ready at once outside the programming mode; reading the last one begins the next sixteen. The statistics that
the self tests leave are reset values.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.parts.pseudo_random import xorshift
from peripherals.register_device import Register, RegisterDevice, read_only

PROGRAM, RESET_DEFAULTS, ENTROPY_VALID, OK_TO_STOP, ERROR = 1 << 16, 1 << 6, 1 << 10, 1 << 13, 1 << 12
WORDS, ENTROPY = 16, 0x40
SEED = 0x2545F491
INTERRUPT_ENTROPY = 1 << 1
RESETS = (
    ("SCMISC", 0x04, 0x10022), ("PKRRNG", 0x08, 0x9A3), ("PKRMAX", 0x0C, 0x6920), ("SDCTL", 0x10, 0xC8009C4),
    ("SBLIM", 0x14, 0x3F), ("FRQMIN", 0x18, 0x640), ("FRQMAX", 0x1C, 0x6400), ("SCML", 0x20, 0x10C0568),
    ("SCR1L", 0x24, 0xB20195), ("SCR2L", 0x28, 0x7A00DC), ("SCR3L", 0x2C, 0x58007D),
    ("SCR4L", 0x30, 0x40004B),
    ("SCR5L", 0x34, 0x2E002F), ("SCR6PL", 0x38, 0x2E002F), ("SEC_CFG", 0xA0, 0), ("INT_CTRL", 0xA4, 0x7),
)  # fmt: skip


class Trng(RegisterDevice):
    """A 32-bit xorshift generator (Marsaglia, 2003) behind the TRNG's registers."""

    LINES = ("global",)
    REGISTERS = (
        Register(0x00, "MCTL", 0x12001, on_read="control", on_write="control_written"),
        *(Register(offset, name, reset) for name, offset, reset in RESETS),
        read_only(0x3C, "STATUS"),
        *(read_only(ENTROPY + 4 * n, f"ENT{n}", on_read="next_word") for n in range(WORDS)),
        *(read_only(0x80 + 4 * n, f"PKRCNT{n}") for n in range(8)),
        Register(0xA8, "INT_MASK", on_write="mask_written"),
        read_only(0xAC, "INT_STATUS", on_read="interrupts"),
        read_only(0xF0, "VID1", 0x300301),
        read_only(0xF4, "VID2"),
    )
    STATE = ("_state",)
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._state = SEED

    def reset(self) -> None:
        """Start the sequence again."""
        super().reset()
        self._state = SEED

    def control(self) -> int:
        """MCTL: entropy is valid in the run mode."""
        value = self.values["MCTL"] & ~(ENTROPY_VALID | OK_TO_STOP)
        return value | OK_TO_STOP | (0 if value & PROGRAM else ENTROPY_VALID)

    def control_written(self, written: int, _old: int) -> None:
        """MCTL: back to default values, in the programming mode."""
        self.clear_bits("MCTL", RESET_DEFAULTS | ERROR)
        if written & RESET_DEFAULTS:
            for name, _offset, reset in RESETS:
                self.values[name] = reset
        self.mask_written(0, 0)

    def interrupts(self) -> int:
        """INT_STATUS."""
        return 0 if self.values["MCTL"] & PROGRAM else INTERRUPT_ENTROPY

    def mask_written(self, _written: int, _old: int) -> None:
        """INT_MASK."""
        self.line("global").set_level(bool(self.interrupts() & self.values["INT_MASK"]))

    def next_word(self) -> int:
        """ENTn: the next number."""
        self.context.consumed()
        if self.values["MCTL"] & PROGRAM:
            return 0
        self._state = xorshift(self._state)
        return self._state
