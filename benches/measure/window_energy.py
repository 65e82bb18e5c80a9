"""What a board draws between the two time stamps of a window of inferences."""

from __future__ import annotations

from benches.protocol.host import InferenceWindow, ProtocolError
from emulator.machine.energy import EnergyMeter
from emulator.machine.machine import Machine


def metered(machine: Machine) -> EnergyMeter:
    """A meter that follows the machine from now on. Raises UsageError for a board without a model."""
    meter = machine.energy_meter()
    machine.execution.between_slices = meter.update
    return meter


def stamps_of(machine: Machine, window: InferenceWindow) -> tuple[int, int] | None:
    """The moments of the firmware's own time stamps in picoseconds; None without any."""
    if window.began is None or window.counts is None:
        return None
    first = window.began.cycles
    return machine.clock.picoseconds(first), machine.clock.picoseconds(first + window.counts.cycles)


def joules_between(meter: EnergyMeter, start: int, stop: int) -> float:
    """What was drawn between two moments in picoseconds."""
    meter.update()
    return meter.energy_at(stop) - meter.energy_at(start)


class FallingEdges:
    """Modelled time of each falling edge of a pin, in picoseconds."""

    def __init__(self, machine: Machine, pin: str) -> None:
        self.seen: list[int] = []
        self.machine = machine
        if pin:
            machine.signals.watch(pin, self._changed)

    def _changed(self, level: int) -> None:
        if not level:
            self.seen.append(self.machine.clock.picoseconds())


def moments_of(machine: Machine, edges: FallingEdges, window: InferenceWindow) -> tuple[int, int]:
    """Begin and end of a window in picoseconds: the last two edges, else the firmware's time stamps.

    Raises :class:`ProtocolError` when there are neither.
    """
    if len(edges.seen) >= 2:
        return edges.seen[-2], edges.seen[-1]
    stamps = stamps_of(machine, window)
    if stamps is None:
        raise ProtocolError("the device neither pulsed its time-stamp pin nor printed time stamps")
    return stamps
