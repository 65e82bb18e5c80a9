"""How requests reach ST's DMA controllers: behind a multiplexer of its own, or by the controller's choice.

RM0432 chapter "DMA request multiplexer"; RM0008 (F1), tables "Summary of DMA1 requests for each
channel": a channel answers all that are wired to it; RM0351 (L4), DMA_CSELR, and RM0090 (F4),
DMA_SxCR.CHSEL: a channel or stream answers those of its selection.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated

import msgspec

from emulator.device import Signals
from emulator.schema.table import about
from peripherals.parts.dma_requests import RequestWires

Place = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-7](\.([0-9]|1[0-5]))?$",
        extra={"form": "a channel, or a channel and the selection as CHANNEL.SELECTION"},
    ),
]
Places = Annotated[
    dict[str, list[Place]],
    about(
        "Where each request arrives, by the name of its signal without dma: the channel or stream, and"
        " behind a point what selects the request there.",
        example={"USART1_RX": ["2.4", "5.4"]},
    ),
]


class Requests(ABC):
    """What reaches the channels of one controller."""

    @abstractmethod
    def wires(self) -> Iterable[str]:
        """The signals on which requests come."""

    @abstractmethod
    def wanted(self, number: int) -> int:
        """So many transfers are asked of a channel."""

    @abstractmethod
    def ask(self, number: int) -> None:
        """Let what is on its way to a channel be handed over."""

    @abstractmethod
    def tell_room(self, room: Mapping[int, int]) -> None:
        """Say how many transfers from a device each channel takes before its next flag."""


class MultiplexedRequests(Requests):
    """One output of a request multiplexer for each channel: ``outputs`` by the channel's number."""

    def __init__(self, signals: Signals, outputs: Mapping[int, int]) -> None:
        self._wires = {n: RequestWires(signals, f"dma_request:{output}") for n, output in outputs.items()}

    def wires(self) -> Iterable[str]:
        """Those of the outputs."""
        return [wires.name for wires in self._wires.values()]

    def wanted(self, number: int) -> int:
        """As the output says."""
        return self._wires[number].wanted

    def ask(self, number: int) -> None:
        """Through the multiplexer."""
        self._wires[number].ask()

    def tell_room(self, room: Mapping[int, int]) -> None:
        """To the multiplexer, output by output."""
        for number, wires in self._wires.items():
            wires.make_room(room[number])


class ChosenRequests(Requests):
    """The controller chooses: ``places`` as in :data:`Places`, ``selection(number)`` of a channel."""

    def __init__(
        self, signals: Signals, places: Mapping[str, Sequence[str]], selection: Callable[[int], int]
    ) -> None:
        self._selection = selection
        self._wires = {name: RequestWires(signals, f"dma:{name}") for name in places}
        self._arriving: dict[int, list[tuple[int | None, str]]] = {}
        for name, where in places.items():
            for place in where:
                number, _, selected = place.partition(".")
                arriving = self._arriving.setdefault(int(number), [])
                arriving.append((int(selected) if selected else None, name))

    def wires(self) -> Iterable[str]:
        """Those of the devices."""
        return [wires.name for wires in self._wires.values()]

    def wanted(self, number: int) -> int:
        """Of all that the channel answers: a request is as good as another."""
        return max((self._wires[name].wanted for name in self._chosen(number)), default=0)

    def ask(self, number: int) -> None:
        """Of each device that the channel answers."""
        for name in self._chosen(number):
            self._wires[name].ask()

    def tell_room(self, room: Mapping[int, int]) -> None:
        """To each device: what the channels that answer it take."""
        total = dict.fromkeys(self._wires, 0)
        for number, transfers in room.items():
            for name in self._chosen(number):
                total[name] += transfers
        for name, transfers in total.items():
            self._wires[name].make_room(transfers)

    def _chosen(self, number: int) -> list[str]:
        """What reaches a channel as it is set now."""
        selected = self._selection(number)
        return [name for one, name in self._arriving.get(number, ()) if one is None or one == selected]
