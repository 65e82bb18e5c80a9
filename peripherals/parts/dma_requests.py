"""A peripheral's request wires to a DMA controller, as levels.

A vendor's device adds when it wants a transfer. The wires are the signals ``dma:NAME_RX`` and
``dma:NAME_TX``.
"""

from __future__ import annotations

from emulator.device import DeviceContext


class DmaRequests:
    """The two request wires of a serial device."""

    def __init__(self, context: DeviceContext, name: str) -> None:
        self._signals = context.signals
        self._receive, self._send = f"dma:{name}_RX", f"dma:{name}_TX"

    def set(self, *, receive: bool, send: bool) -> None:
        """Ask, or stop asking, for received data to be fetched and for data to send."""
        self._signals.set(self._receive, int(receive))
        self._signals.set(self._send, int(send))
