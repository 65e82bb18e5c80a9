"""What a device's output pins do, with the moments of their edges, and which pin is which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from emulator.board.device_types import device_class
from emulator.errors import UsageError
from emulator.machine.machine import Machine

OPTION = "option"
"""Who names a pin that is taken whether it moves or not."""
LONG_PICOSECONDS = 50 * 10**6
"""50 us: work on a frame takes longer, a marker or a detection's pulse does not."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A pin's new level, and the totals at that moment."""

    level: int
    picoseconds: int
    cycles: int
    instructions: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """From an edge to the next one back."""

    begin: Edge
    end: Edge

    @property
    def picoseconds(self) -> int:
        """How long it lasts."""
        return self.end.picoseconds - self.begin.picoseconds


class PinEdges:
    """Edges by the name of their pin."""

    def __init__(self, edges: Mapping[str, Sequence[Edge]]) -> None:
        self.edges = edges

    def pulses(self, pin: str, level: int) -> list[Pulse]:
        """The whole stretches at ``level``."""
        edges = self.edges.get(pin, ())
        pairs = pairwise(edges)
        return [Pulse(begin, end) for begin, end in pairs if begin.level == level and end.level != level]

    def rests_at(self, pin: str) -> int:
        """The level of a pin that moved, before it did."""
        return 1 - self.edges[pin][0].level


class PinRecorder:
    """Writes down the edges of every pin of the machine's ports, from now on."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._edges: dict[str, list[Edge]] = {}
        for entry in machine.board.devices:
            for pin in device_class(entry.type).pins(entry.name, entry.parameters):
                machine.signals.watch(pin, partial(self._moved, pin))

    def clear(self) -> None:
        """Forget what was."""
        self._edges.clear()

    def between(self, first: int, last: int) -> PinEdges:
        """The edges from one moment to another, in picoseconds."""
        found = {
            pin: [edge for edge in edges if first <= edge.picoseconds <= last]
            for pin, edges in self._edges.items()
        }
        return PinEdges({pin: edges for pin, edges in found.items() if edges})

    def _moved(self, pin: str, level: int) -> None:
        clock = self._machine.clock
        cycles = clock.now()
        edge = Edge(level, clock.picoseconds(cycles), cycles, self._machine.counts.instructions)
        self._edges.setdefault(pin, []).append(edge)


@dataclass(frozen=True, slots=True)
class StreamingPins:
    """Names of the pins of streaming firmware, and where each is from, in words."""

    processing: str
    detection: str
    origins: Mapping[str, str]


def find_pins(moves: PinEdges, named: Sequence[tuple[str, Mapping[str, str]]]) -> StreamingPins:
    """Which pins are which: ``named`` says who names some, first come first served; else by what moved.

    ``moves``: while a sound was played.

    Raises UsageError when a pin that nobody names can't be told from the others.
    """
    looks: dict[str, Callable[[str], bool]] = {
        "processing": lambda pin: is_processing(moves, pin),
        "detection": lambda pin: is_detection(moves, pin),
    }
    found: dict[str, str] = {}
    origins: dict[str, str] = {}
    for role, looks_right in looks.items():
        asked = ((who, pins.get(role, "")) for who, pins in named)
        origin, pin = next(((who, pin) for who, pin in asked if _holds(who, pin, moves)), ("", ""))
        if pin and pin not in moves.edges:
            raise UsageError(
                "this pin did not move while audio was played",
                where=f"--{role}-pin {pin}",
                next_step=f"pins that did: {_moved(moves)}",
            )
        if not pin:
            moving = [name for name in moves.edges if looks_right(name)]
            origin, pin = "found: the only pin that moves so", _only(role, moving, moves)
        found[role], origins[role] = pin, origin
    return StreamingPins(found["processing"], found["detection"], origins)


def _holds(who: str, pin: str, moves: PinEdges) -> bool:
    """A user is believed; a board's file may be of other firmware, whose pins don't move here."""
    return bool(pin) and (who == OPTION or pin in moves.edges)


def is_processing(moves: PinEdges, pin: str) -> bool:
    """It rests low and is high for long, again and again."""
    pulses = moves.pulses(pin, 1)
    long = [pulse for pulse in pulses if pulse.picoseconds > LONG_PICOSECONDS]
    return len(long) > 1 and moves.rests_at(pin) == 0 and 2 * len(long) > len(pulses)


def is_detection(moves: PinEdges, pin: str) -> bool:
    """It rests high and is low for a moment now and then."""
    pulses = moves.pulses(pin, 0)
    return (
        bool(pulses)
        and moves.rests_at(pin) == 1
        and all(pulse.picoseconds < LONG_PICOSECONDS for pulse in pulses)
    )


def _only(role: str, moving: Sequence[str], moves: PinEdges) -> str:
    if len(moving) == 1:
        return moving[0]
    moved = _moved(moves)
    several = (
        f"{', '.join(moving)} move as a {role} pin does" if moving else f"no pin moves as a {role} pin does"
    )
    raise UsageError(
        f"which pin says {'that a frame is being worked on' if role == 'processing' else 'what was heard'}"
        f" is not known: {several}",
        next_step=f"name it with --{role}-pin; pins that moved while audio was played: {moved}",
    )


def _moved(moves: PinEdges) -> str:
    return ", ".join(sorted(moves.edges)) or "none"
