"""Random number generator (RM0432, chapter "True random number generator").

Deterministic on purpose: after reset it always gives the same sequence, so that the same
image with the same input takes the same path. Numbers are ready at once.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.parts.pseudo_random import xorshift
from peripherals.register_device import Register, RegisterDevice, read_only

CR_RNGEN, CR_IE = 1 << 2, 1 << 3
CR_CONDRST = 1 << 30
SR_DRDY = 1 << 0
SEED = 0x2545F491


class Rng(RegisterDevice):
    """A 32-bit xorshift generator (Marsaglia, 2003) behind the RNG's registers."""

    LINES = ("global",)
    REGISTERS = (
        Register(0x00, "CR", on_write="control_changed"),
        Register(0x04, "SR", writable=0, w0c=0x60, on_read="status"),
        read_only(0x08, "DR", on_read="next_number"),
        Register(0x0C, "NSCR", 0x0003FFFF),
        Register(0x10, "HTCR", 0x000CAA74),
    )
    STATE = ("_state",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._state = SEED

    def reset(self) -> None:
        """Start the sequence again."""
        super().reset()
        self._state = SEED

    def control_changed(self, _written: int, _old: int) -> None:
        """CR: with interrupts on, a ready number asks for one."""
        ready = CR_RNGEN | CR_IE
        self.line("global").set_level(self.values["CR"] & ready == ready)

    def status(self) -> int:
        """SR: ready whenever the generator is on and not held in its own reset."""
        on = self.values["CR"] & (CR_RNGEN | CR_CONDRST) == CR_RNGEN
        return self.values["SR"] | (SR_DRDY if on else 0)

    def next_number(self) -> int:
        """DR: the next number."""
        self.context.consumed()
        if not self.values["CR"] & CR_RNGEN:
            return 0
        self._state = xorshift(self._state)
        return self._state
