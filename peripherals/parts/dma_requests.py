"""A peripheral's request wires to a DMA controller, as levels.

A vendor's device adds when it wants a transfer. A serial device's wires are the signals ``dma:NAME_RX``
and ``dma:NAME_TX``. The level of a wire is the number of transfers that are wanted. So that a stream of
data need not be handed over word by word, a controller says on ``dma_room:NAME`` how many transfers from
the device it will serve at once before its next flag, and changes ``dma_asked:NAME`` before its counters
are looked at.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.device import DeviceContext, Signals


class DmaRequests:
    """The two request wires of a serial device."""

    def __init__(self, context: DeviceContext, name: str) -> None:
        self._signals = context.signals
        self._receive, self._send = f"dma:{name}_RX", f"dma:{name}_TX"

    def set(self, *, receive: bool, send: bool) -> None:
        """Ask, or stop asking, for received data to be fetched and for data to send."""
        self._signals.set(self._receive, int(receive))
        self._signals.set(self._send, int(send))

    def exchange(self, wanted: Callable[[], tuple[bool, bool]]) -> None:
        """Ask for what a device that receives as it sends wants: for what came to be fetched, then for more.

        ``wanted()`` gives both; it is asked again once what came has been fetched, which may have brought
        data to send, too.
        """
        receive, send = wanted()
        self.set(receive=receive, send=send and not receive)
        if receive:
            receive, send = wanted()
            self.set(receive=receive, send=send)


class StreamRequest:
    """The device's side of one request for a stream of received data, on the wire ``dma:NAME``.

    ``room_changed()``: the controller serves more or fewer transfers than before; ``asked()``:
    somebody is about to look at its counters. A multiplexer is the device for what stands behind
    it, on ``dma_request:NUMBER``.
    """

    def __init__(
        self,
        context: DeviceContext,
        wire: str,
        *,
        room_changed: Callable[[], None],
        asked: Callable[[], None],
    ) -> None:
        self._signals = context.signals
        self._wire = wire
        self._room, asked_wire = _answers(wire)
        context.signals.watch(self._room, lambda _room: room_changed())
        context.signals.watch(asked_wire, lambda _level: asked())

    @property
    def room(self) -> int:
        """So many transfers are served at once, before the controller's next flag."""
        return self._signals.get(self._room)

    def want(self, transfers: int) -> None:
        """Ask for so many transfers."""
        self._signals.set(self._wire, transfers)


class RequestWires:
    """A controller's side of one request: ``dma_request:NUMBER`` behind a multiplexer, or ``dma:NAME``."""

    def __init__(self, signals: Signals, wire: str) -> None:
        self._signals = signals
        self.name = wire
        self._room, self._asked = _answers(wire)

    @property
    def wanted(self) -> int:
        """So many transfers are asked for."""
        return self._signals.get(self.name)

    def make_room(self, transfers: int) -> None:
        """Say how many will be served at once before the next flag."""
        self._signals.set(self._room, transfers)

    def ask(self) -> None:
        """Let what is not handed over yet be handed over."""
        self._signals.set(self._asked, 1 - self._signals.get(self._asked))


def until_flag(left: int, half: int) -> int:
    """How much is left until a controller's next flag: that of ``half``, or that of the end."""
    return left - half if left > half else left


def _answers(wire: str) -> tuple[str, str]:
    """The wires by which a controller answers a request's."""
    kind, _, name = wire.partition(":")
    return f"{kind}_room:{name}", f"{kind}_asked:{name}"
