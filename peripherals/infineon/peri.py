"""Peripheral interconnect of PSoC 6: clock dividers and trigger multiplexers (TRM, "PERI").

Modelled: the 8-, 16-, 16.5- and 24.5-bit dividers of the peripheral clock and the selector of
each peripheral; clock ``pclkN`` is what peripheral clock number N gets (0 Hz when its divider
is off). A divider takes a new value at once. Trigger multiplexers and peripheral groups are
storage; a trigger made by software is reported.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.device import DeviceContext
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.register_device import Register, RegisterDevice

DIVIDERS = (  # name, first offset, how many, shift and width of the divisor, has a fraction
    ("DIV_8_CTL", 0x1000, 8, 8, False),
    ("DIV_16_CTL", 0x1400, 16, 16, False),
    ("DIV_16_5_CTL", 0x1800, 4, 16, True),
    ("DIV_24_5_CTL", 0x1C00, 1, 24, True),
)
SELECTORS = 64
COMMAND_DISABLE, COMMAND_ENABLE = 1 << 30, 1 << 31
GROUPS, TRIGGERS_1TO1 = 16, 16
TRIGGER_ACTIVATE = 1 << 31


def _divider_rows() -> tuple[Register, ...]:
    return tuple(
        Register(
            offset + 4 * i,
            f"{name}{i}",
            writable=(1 << width) - 1 << 8 | (0xF8 if fraction else 0),
            on_write="divider_changed",
        )
        for name, offset, count, width, fraction in DIVIDERS
        for i in range(count)
    )


class Peri(RegisterDevice):
    """The dividers; the rest is storage."""

    REGISTERS = (
        Register(0x200, "TIMEOUT_CTL", 0xFFFF, writable=0xFFFF),
        Register(0x220, "TR_CMD", writable=0x60001FFF, on_write="trigger_made"),
        Register(0x400, "DIV_CMD", 0x3FF03FF, writable=0x03FF03FF, on_write="divider_commanded"),
        *(
            Register(0xC00 + 4 * i, f"CLOCK_CTL{i}", 0x3FF, writable=0x3FF, on_write="divider_changed")
            for i in range(SELECTORS)
        ),
        *_divider_rows(),
        Register(0x2000, "ECC_CTL", 0x10000, writable=0xFF0507FF),
        *(Register(0x4000 + 0x20 * i, f"GR{i}_CLOCK_CTL", writable=0xFF00) for i in range(GROUPS)),
        *(Register(0x4010 + 0x20 * i, f"GR{i}_SL_CTL", 0xFFFF) for i in range(GROUPS)),
        *(
            Register(0x8000 + 0x400 * group + 4 * i, f"TR_GR{group}_TR_CTL{i}", writable=0x13FF)
            for group in range(GROUPS)
            for i in range(128)
        ),
        *(
            Register(0xC000 + 0x400 * group + 4 * i, f"TR_1TO1_GR{group}_TR_CTL{i}", writable=0x1301)
            for group in range(TRIGGERS_1TO1)
            for i in range(32)
        ),
    )
    PARTS = ("_outputs",)
    size_bytes = 0x10000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._outputs = ClockOutputs(context.clocks)
        context.clocks.on_change(self._publish)

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """What each peripheral clock number gets."""
        return tuple(f"pclk{number}" for number in range(SELECTORS))

    def reset(self) -> None:
        """Every divider off."""
        super().reset()
        self._outputs.forget()
        self._publish()

    # -- effects ---------------------------------------------------------------------------
    def divider_commanded(self, written: int, _old: int) -> None:
        """DIV_CMD: switch one divider on or off."""
        name, _offset, count, _width, _fraction = DIVIDERS[written >> 8 & 3]
        if written & 0xFF < count:
            register = f"{name}{written & 0xFF}"
            if written & COMMAND_DISABLE:
                self.clear_bits(register, 1)
            elif written & COMMAND_ENABLE:
                self.set_bits(register, 1)
        self._publish()

    def divider_changed(self, _written: int, _old: int) -> None:
        """A divisor or a peripheral's selector."""
        self._publish()

    def trigger_made(self, written: int, _old: int) -> None:
        """TR_CMD: nothing is connected."""
        if written & TRIGGER_ACTIVATE:
            self.report("TR_CMD", "write", "a trigger made by software")

    # -- inside ----------------------------------------------------------------------------
    def _divider_hz(self, kind: int, number: int, peri_hz: int) -> int:
        name, _offset, count, width, _fraction = DIVIDERS[kind]
        if number >= count or not self.values[f"{name}{number}"] & 1:
            return 0
        value = self.values[f"{name}{number}"]
        thirty_seconds = 32 * ((value >> 8 & (1 << width) - 1) + 1) + (value >> 3 & 0x1F)
        return peri_hz * 32 // thirty_seconds

    def _publish(self) -> None:
        peri_hz = self.context.clocks.hz("peri")
        clocks = {}
        for i in range(SELECTORS):
            selector = self.values[f"CLOCK_CTL{i}"]
            clocks[f"pclk{i}"] = self._divider_hz(selector >> 8, selector & 0xFF, peri_hz)
        self._outputs.publish(clocks)
