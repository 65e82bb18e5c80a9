"""What every nRF peripheral is: tasks that are triggered, events that happen, shortcuts, one line.

Sources: nRF52840 and nRF52832 product specifications, chapter "Peripheral interface"; nRF5340's, chapters
"Peripheral interface" and "DPPI". A class names its tasks and events with their offsets. Task ``START`` is
the method ``task_start``, a numbered one, ``CAPTURE3``, ``task_capture(3)``; :meth:`EventDevice.fire` lets
an event happen. An event's bit in INTEN is its place behind 0x100, in words. What is wired to a device by
PPI hears of its events on the signal ``event:ADDRESS``, which changes each time; it says on
``listens:ADDRESS`` that it does. With ``dppi``, tasks and events have SUBSCRIBE and PUBLISH registers:
a channel is the signal ``dppi:NUMBER``, alive while ``dppi_on:NUMBER`` is high.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.register_device import Register, RegisterDevice, clears, sets

EVENTS_FROM, TO_WIRING, WIRED, CHANNEL = 0x100, 0x80, 1 << 31, 0xFF
SHORTS, INTEN, INTENSET, INTENCLR = 0x200, 0x300, 0x304, 0x308


@dataclass(frozen=True, slots=True)
class Short:
    """Bit ``bit`` of SHORTS: the event triggers the task."""

    bit: int
    event: str
    task: str


class EventParameters(DeviceParameters, frozen=True):
    """How its tasks and events are wired to others'."""

    dppi: Annotated[
        bool, about("Whether tasks and events have SUBSCRIBE and PUBLISH registers.", example=True)
    ] = False


def numbered(name: str, count: int, offset: int) -> dict[str, int]:
    """Offsets of tasks or events of which there are several, by their names."""
    return {f"{name}{i}": offset + 4 * i for i in range(count)}


class EventDevice(RegisterDevice):
    """Tasks, events, shortcuts and the interrupt; ``REGISTERS`` holds what is particular.

    ``tasks()``, ``events()`` and ``shorts()`` may depend on parameters.
    """

    PARAMETERS: ClassVar[type[DeviceParameters]] = EventParameters
    parameters: EventParameters
    LINES: ClassVar[tuple[str, ...]] = ("global",)
    TASKS: ClassVar[Mapping[str, int]] = {}
    EVENTS: ClassVar[Mapping[str, int]] = {}
    SHORTCUTS: ClassVar[tuple[Short, ...]] = ()
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._tasks = {offset: name for name, offset in self.tasks().items()}
        self._events = {  # bit in INTEN, address
            name: (1 << (offset - EVENTS_FROM >> 2), f"{context.base + offset:08x}")
            for name, offset in self.events().items()
        }
        self._shorts: dict[str, list[Short]] = {}
        for short in self.shorts():
            self._shorts.setdefault(short.event, []).append(short)
        self._heard: set[int] = set()  # channels of DPPI

    # -- what a class says -----------------------------------------------------------------
    def tasks(self) -> Mapping[str, int]:
        """Tasks and their offsets."""
        return self.TASKS

    def events(self) -> Mapping[str, int]:
        """Events and their offsets."""
        return self.EVENTS

    def shorts(self) -> tuple[Short, ...]:
        """The shortcuts between them."""
        return self.SHORTCUTS

    def register_table(self) -> tuple[Register, ...]:
        """Tasks, events, wiring, shortcuts, interrupt enables; then what is particular."""
        return (*self._common_rows(), *self.REGISTERS)

    def _common_rows(self) -> Iterator[Register]:
        bits = 0
        for name, offset in self.tasks().items():
            yield Register(offset, f"TASKS_{name}", writable=0)
            yield from self._wiring(f"SUBSCRIBE_{name}", offset)
        for name, offset in self.events().items():
            bits |= 1 << (offset - EVENTS_FROM >> 2)
            yield Register(offset, f"EVENTS_{name}", writable=1, on_write="event_written")
            yield from self._wiring(f"PUBLISH_{name}", offset)
        shorts = self.shorts()
        if shorts:
            mask = sum(1 << short.bit for short in shorts)
            yield Register(SHORTS, "SHORTS", writable=mask, on_write="rewired")
        if self.events():
            yield Register(INTEN, "INTEN", writable=bits, on_write="rewired")
            yield sets(INTENSET, "INTENSET", "INTEN", bits, shows="INTEN")
            yield clears(INTENCLR, "INTENCLR", "INTEN", bits, shows="INTEN")

    def _wiring(self, name: str, offset: int) -> Iterator[Register]:
        if self.parameters.dppi:
            yield Register(offset + TO_WIRING, name, writable=WIRED | CHANNEL, on_write="rewired")

    # -- RegisterDevice ----------------------------------------------------------------------
    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Trigger a task, or store; then the line follows."""
        task = self._tasks.get(offset)
        if task is None:
            super().write(offset, size_bytes, value)
        elif value & 1:
            self.trigger(task)
        self.refresh_line()

    def load(self, state: Any) -> None:
        """Put a saved state back, and hear of the channels that it listens to."""
        super().load(state)
        self._hear()

    # -- effects -----------------------------------------------------------------------------
    def event_written(self, _written: int, _old: int) -> None:
        """EVENTS_...: firmware has cleared one, or pretends that it happened."""
        self.attention_changed()

    def rewired(self, _written: int, _old: int) -> None:
        """SHORTS, INTEN, SUBSCRIBE_..., PUBLISH_...: who wants to know of which event."""
        self._hear()
        self.attention_changed()

    def attention_changed(self) -> None:
        """Another event than before is worth a deadline; a device that plans by that says."""

    # -- for subclasses ----------------------------------------------------------------------
    def trigger(self, task: str) -> None:
        """Perform a task, whoever asked for it."""
        name, number = re.fullmatch(r"(\w*?)(\d*)", task).groups()  # type: ignore[union-attr]
        if number:
            getattr(self, f"task_{name.lower()}")(int(number))
        else:
            getattr(self, f"task_{name.lower()}")()

    def fire(self, event: str) -> None:
        """Let an event happen: its register, its shortcuts, what is wired to it, the line."""
        self.values[f"EVENTS_{event}"] = 1
        for short in self._shorts.get(event, ()):
            if self.values["SHORTS"] >> short.bit & 1:
                self.trigger(short.task)
        address, signals = self._events[event][1], self.context.signals
        if signals.get(f"listens:{address}"):
            signals.set(f"event:{address}", 1 - signals.get(f"event:{address}"))
        if self.parameters.dppi and self.values[f"PUBLISH_{event}"] & WIRED:
            channel = self.values[f"PUBLISH_{event}"] & CHANNEL
            if signals.get(f"dppi_on:{channel}"):
                signals.set(f"dppi:{channel}", 1 - signals.get(f"dppi:{channel}"))
        self.refresh_line()

    def matters(self, event: str) -> bool:
        """Whether the event would change anything if it happened now."""
        if not self.values[f"EVENTS_{event}"]:
            return True
        if any(self.values["SHORTS"] >> short.bit & 1 for short in self._shorts.get(event, ())):
            return True
        if self.parameters.dppi and self.values[f"PUBLISH_{event}"] & WIRED:
            return True
        return self.context.signals.get(f"listens:{self._events[event][1]}") != 0

    def refresh_line(self) -> None:
        """Assert the line while an enabled event's register is set."""
        enabled = self.values.get("INTEN", 0)
        asserted = enabled and any(
            enabled & bit and self.values[f"EVENTS_{name}"] for name, (bit, _address) in self._events.items()
        )
        self.line("global").set_level(bool(asserted))

    # -- inside ------------------------------------------------------------------------------
    def _hear(self) -> None:
        """Watch every channel that a task is subscribed to; a wire is watched once, for good."""
        if not self.parameters.dppi:
            return
        for name in self._tasks.values():
            wiring = self.values[f"SUBSCRIBE_{name}"]
            channel = wiring & CHANNEL
            if wiring & WIRED and channel not in self._heard:
                self._heard.add(channel)
                self.context.signals.watch(f"dppi:{channel}", partial(self._channel_changed, channel))

    def _channel_changed(self, channel: int, _level: int) -> None:
        for name in self._tasks.values():
            if self.values[f"SUBSCRIBE_{name}"] & (WIRED | CHANNEL) == WIRED | channel:
                self.trigger(name)
        self.refresh_line()
