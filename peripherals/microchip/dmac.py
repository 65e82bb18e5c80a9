"""DMAC of SAM D21 (datasheet DS40001882, chapter 19): twelve channels behind one window, which CHID moves."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.device import DeviceContext
from peripherals.microchip.any_dmac import ENABLE, RESET, AnyDmac
from peripherals.microchip.dmac_channel import Channel
from peripherals.register_device import Register

ID_SHIFT = 24


class Dmac(AnyDmac):
    """The controller; bytes that share a word are one register here."""

    CHANNELS, ID_MASK = 12, 15
    LINES = ("global",)
    REGISTERS = (
        *AnyDmac.SHARED,
        Register(0x3C, "CHID", writable=15 << ID_SHIFT, on_write="selected"),
        Register(0x40, "CHCTRLA", writable=0, on_read="control", on_write="control_written"),
        Register(0x44, "CHCTRLB", writable=0x00C03F7F, on_write="control_b_written"),
        Register(0x4C, "CHINT", writable=0, on_read="interrupts", on_write="interrupts_written"),
    )

    STATE = ("_controls",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._controls: dict[int, int] = {}  # CHCTRLB by channel

    def reset(self) -> None:
        """Every channel off, and triggered by nothing."""
        super().reset()
        self._controls = {}

    def line_channels(self) -> Mapping[str, int]:
        """One line for all."""
        return {"global": (1 << self.CHANNELS) - 1}

    # -- effects -----------------------------------------------------------------------------
    def control(self) -> int:
        """CHCTRLA."""
        self.context.touch()
        return ENABLE if self._selected().enabled else 0

    def control_written(self, written: int, _old: int) -> None:
        """CHCTRLA."""
        if written & RESET:
            self._controls.pop(self._selected().number, None)
            self.values["CHCTRLB"] = 0
        self.set_channel(self._selected(), written)

    def selected(self, _written: int, _old: int) -> None:
        """CHID: the window shows that channel's CHCTRLB."""
        self.values["CHCTRLB"] = self._controls.get(self._selected().number, 0)

    def control_b_written(self, written: int, _old: int) -> None:
        """CHCTRLB: what triggers it, how much a trigger moves, a command."""
        channel, value = self._selected(), self.values["CHCTRLB"]
        self._controls[channel.number] = value
        channel.source, channel.action = value >> 8 & 0x3F, value >> 22 & 3
        self.command(channel, written >> 24 & 3)
        channel.wake()

    def interrupts(self) -> int:
        """CHINTENCLR, CHINTENSET, CHINTFLAG, CHSTATUS."""
        return self.channel_interrupts(self._selected())

    def interrupts_written(self, written: int, _old: int) -> None:
        """The same."""
        self.channel_interrupts_written(self._selected(), written)

    def _selected(self) -> Channel:
        return self._channels[min(self.values["CHID"] >> ID_SHIFT, self.CHANNELS - 1)]
