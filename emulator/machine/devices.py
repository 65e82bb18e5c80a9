"""Builds a board's devices, each with the few things that it gets, and puts them on the bus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emulator.board.device_types import device_class
from emulator.board.model import DeviceEntry
from emulator.bus.bus import Bus
from emulator.bus.register_access import RegisterAccesses
from emulator.clock.clock import Clock
from emulator.device import ClockTree, Device, DeviceContext, FlashArray, InterruptLine, Memory, Signals
from emulator.engine.memory_map import MemoryMap
from emulator.links.audio_input import AudioWires
from emulator.links.endpoint import SerialEndpoint


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the devices of one machine share.

    ``interrupt(number)``: an external interrupt's line. ``port_of(name)``: a device's serial port.
    ``audio_of(name)``: an audio input by its device's name, ``_`` and the device's own name for it.
    """

    bus: Bus
    memory: Memory
    tuning: MemoryMap
    accesses: RegisterAccesses
    clock: Clock
    clocks: ClockTree
    signals: Signals
    interrupt: Callable[[int], InterruptLine]
    port_of: Callable[[str], SerialEndpoint]
    audio_of: Callable[[str], AudioWires]
    request_reset: Callable[[str], None]
    flash: FlashArray


def add_device(entry: DeviceEntry, around: Surroundings) -> Device:
    """Build the device of one entry of the board file. Raises BoardError."""
    kind = device_class(entry.type)
    device = kind(_context(entry, around, has_serial=getattr(kind, "has_serial", False)))
    around.bus.add(entry, device)
    return device


class _ToldTuning:
    """Leads to the memory model; tells once of each thing that firmware turns on there and nothing models."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._told: set[str] = set()

    def configure(self, accelerator: str, **parameters: int) -> None:
        memory, address = self._around.tuning, self._around.accesses.written()
        if address is not None:  # else a reset, of which firmware knows nothing
            for words in memory.without_effect(accelerator, **parameters):
                if words not in self._told:
                    self._told.add(words)
                    self._around.bus.note(address, "write", words)
        memory.configure(accelerator, **parameters)

    def invalidate(self, accelerator: str, cache: str) -> None:
        self._around.tuning.invalidate(accelerator, cache)

    def hits_and_misses(self, accelerator: str, cache: str) -> tuple[int, int]:
        return self._around.tuning.hits_and_misses(accelerator, cache)


def _context(entry: DeviceEntry, around: Surroundings, *, has_serial: bool) -> DeviceContext:
    def unmodelled(offset: int, access: str, what: str) -> None:
        around.bus.note(entry.base + offset, access, what)

    return DeviceContext(
        name=entry.name,
        base=entry.base,
        clock=around.clock,
        clocks=around.clocks,
        memory=around.memory,
        tuning=_ToldTuning(around),
        signals=around.signals,
        interrupts={line: around.interrupt(number) for line, number in entry.interrupts.items()},
        serial=around.port_of(entry.name) if has_serial else None,
        parameters=entry.parameters,
        unmodelled=unmodelled,
        described=lambda offset: around.bus.register_map.word(entry.base + offset),
        request_reset=around.request_reset,
        audio=lambda name: around.audio_of(f"{entry.name}_{name}"),
        flash=around.flash,
        touch=around.accesses.touch,
        consumed=around.accesses.count_activity,
    )
