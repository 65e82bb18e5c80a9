"""What ST's two DMA controllers have in common: when a channel is served.

RM0008, RM0090, RM0351, RM0432 and RM0455, chapters on DMA. The one of F2, F4, F7 and H7 calls its
channels streams. Requests come through a multiplexer of its own, or by the controller's own choice
(:mod:`peripherals.stm32.dma_requests`).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from emulator.device import TIMING, DeviceContext
from peripherals.register_device import RegisterDevice
from peripherals.stm32.dma_requests import Requests


class AnyDma(RegisterDevice):
    """The mechanics; a subclass gives the registers, and how an item is moved."""

    STATE: ClassVar[tuple[str, ...]] = ("_at", "_reload")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._serving = self._told = False
        self._at: dict[int, list[int]] = {}  # channel that is on -> [peripheral address, memory address]
        self._reload: dict[int, int] = {}
        self._requests = self._connect()
        for wire in self._requests.wires():
            context.signals.watch(wire, self._requested)

    def reset(self) -> None:
        """Stop every channel."""
        super().reset()
        self._at.clear()
        self._reload.clear()
        self._tell_room()

    # -- for subclasses ------------------------------------------------------------------
    @abstractmethod
    def _connect(self) -> Requests:
        """The requests that reach its channels."""

    @abstractmethod
    def _numbers(self) -> range:
        """The numbers of its channels."""

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
            self._requests.ask(number)

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
        self._requests.tell_room({number: self._room(number) for number in self._numbers()})
