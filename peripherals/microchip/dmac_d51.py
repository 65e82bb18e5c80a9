"""DMAC of SAM D5x/E5x (datasheet DS60001507, chapter 22): 32 channels, each with registers of its own."""

from __future__ import annotations

from collections.abc import Mapping

from peripherals.microchip.any_dmac import ENABLE, RESET, AnyDmac
from peripherals.microchip.dmac_channel import Channel
from peripherals.register_device import Register

FIRST, CHANNEL_BYTES, CHANNELS = 0x40, 0x10, 32
OWN_LINES = 4
"""Channels with a line of their own; the others share the next one."""


def _rows(number: int) -> tuple[Register, ...]:
    base = FIRST + CHANNEL_BYTES * number
    return (
        Register(
            base, f"CHCTRLA{number}", writable=0x3F307F42, on_read="control", on_write="control_written"
        ),
        Register(base + 0x04, f"CHCTRLB{number}", writable=0xF70300, on_write="command_written"),
        Register(
            base + 0x0C, f"CHINT{number}", writable=0, on_read="interrupts", on_write="interrupts_written"
        ),
    )


class DmacD51(AnyDmac):
    """The controller; bytes that share a word are one register here."""

    CHANNELS, ID_MASK = CHANNELS, 31
    LINES = tuple(f"line{n}" for n in range(OWN_LINES + 1))
    REGISTERS = (*AnyDmac.SHARED, *(row for n in range(CHANNELS) for row in _rows(n)))

    def line_channels(self) -> Mapping[str, int]:
        """The first channels have lines of their own."""
        own = {f"line{n}": 1 << n for n in range(OWN_LINES)}
        return {**own, f"line{OWN_LINES}": (1 << CHANNELS) - (1 << OWN_LINES)}

    # -- effects -----------------------------------------------------------------------------
    def control(self) -> int:
        """CHCTRLA."""
        self.context.touch()
        return self.values[f"CHCTRLA{self._meant().number}"]

    def control_written(self, written: int, _old: int) -> None:
        """CHCTRLA: what triggers it, how much a trigger moves, on or off."""
        channel = self._meant()
        value = self.values[f"CHCTRLA{channel.number}"]
        channel.source, channel.action = value >> 8 & 0x7F, value >> 20 & 3
        channel.burst = (value >> 24 & 15) + 1
        if written & RESET:
            self.values[f"CHCTRLA{channel.number}"] = 0
        self.set_channel(channel, written & RESET | value & ENABLE)

    def moved(self) -> None:
        """Flags have changed: a channel that is over shows that it is off."""
        for channel in self._channels:
            if not channel.enabled:
                self.clear_bits(f"CHCTRLA{channel.number}", ENABLE)
        super().moved()

    def command_written(self, written: int, _old: int) -> None:
        """CHCTRLB.CMD."""
        self.command(self._meant(), written & 3)

    def interrupts(self) -> int:
        """CHINTENCLR, CHINTENSET, CHINTFLAG, CHSTATUS."""
        return self.channel_interrupts(self._meant())

    def interrupts_written(self, written: int, _old: int) -> None:
        """The same."""
        self.channel_interrupts_written(self._meant(), written)

    def _meant(self) -> Channel:
        return self._channels[(self.access_offset - FIRST) // CHANNEL_BYTES]
