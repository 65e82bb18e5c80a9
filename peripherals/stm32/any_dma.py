"""What ST's two DMA controllers behind the request multiplexer have in common: when a channel is served.

RM0432 and RM0455, chapters on DMA. The older controller calls its channels streams.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from emulator.device import TIMING, DeviceContext
from peripherals.parts.dma_requests import RequestWires
from peripherals.register_device import RegisterDevice


class AnyDma(RegisterDevice):
    """The mechanics; a subclass gives the registers, and how an item is moved."""

    STATE: ClassVar[tuple[str, ...]] = ("_at", "_reload")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._serving = self._told = False
        self._at: dict[int, list[int]] = {}  # channel that is on -> [peripheral address, memory address]
        self._reload: dict[int, int] = {}
        self._wires: dict[int, RequestWires] = {}
        for number, output in self._outputs().items():
            wires = self._wires[number] = RequestWires(context.signals, f"dma_request:{output}")
            context.signals.watch(wires.name, self._requested)

    def reset(self) -> None:
        """Stop every channel."""
        super().reset()
        self._at.clear()
        self._reload.clear()
        self._tell_room()

    # -- for subclasses ------------------------------------------------------------------
    @abstractmethod
    def _outputs(self) -> Mapping[int, int]:
        """The output of the multiplexer that serves each channel, by the channel's number."""

    @abstractmethod
    def _wants(self, number: int) -> bool:
        """There is something to move, and a reason to."""

    @abstractmethod
    def _transfer(self, number: int) -> None:
        """Move one item, or all that a device has up to the channel's next flag."""

    @abstractmethod
    def _room(self, number: int) -> int:
        """How many transfers from a device are left until the channel's next flag."""

    @abstractmethod
    def _refresh(self) -> None:
        """Bring the interrupt lines up to date."""

    def _ask(self, number: int) -> None:
        """A channel's registers are about to be used: let what is on its way go there before."""
        if number in self._at and not self._serving:
            self._wires[number].ask()

    def _serve(self) -> None:
        """Move data while any channel that is on is requested."""
        if self._serving:
            return
        self._serving = True
        try:
            while (number := next((n for n in sorted(self._at) if self._wants(n)), None)) is not None:
                self._transfer(number)
        finally:
            self._serving = False
        self._tell_room()
        self._refresh()

    def _report_timing(self, register: str) -> None:
        """Once: what no transfer here does."""
        if not self._told:
            self._told = True
            self.report(register, TIMING, "transfers take no time and hold no bus")

    # -- inside ----------------------------------------------------------------------------
    def _requested(self, level: int) -> None:
        if level:
            self._serve()

    def _tell_room(self) -> None:
        for number, wires in self._wires.items():
            wires.make_room(self._room(number))
