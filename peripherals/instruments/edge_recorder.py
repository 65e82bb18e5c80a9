"""What the interface board writes down of a streaming device's pins, by its own timer.

Its timer has ticks of 10 us, from a crystal of its own. An edge of the processing pin is kept as a tick,
the first 100 of either kind; a falling edge of the detection pin in milliseconds, unless it comes within
10 ms of the last one that was kept. Source: the interface board's firmware in mlcommons/tiny, 2026-05
(``DeviceUnderTest.cpp``, ``InterfaceMenu.cpp``).
"""

from __future__ import annotations

from collections.abc import Sequence

from emulator.clock.clock import Clock

PICOSECONDS_PER_TICK = 10**7
TICKS_PER_MS = 100
DEAD_TIME_MS = 10
"""A pulse within this time of the last one that was taken is ignored."""
MOST_DETECTIONS, MOST_FRAMES = 10_000, 100
VALUES_A_LINE = 8
BILLION = 10**9


def recorded_ticks(picoseconds: int, begins: int, error_ppb: int = 0) -> int:
    """A moment as the board's timer has it, since ``begins``; it is too fast by ``error_ppb`` of 10^9."""
    return (picoseconds - begins) * (BILLION + error_ppb) // (PICOSECONDS_PER_TICK * BILLION)


def is_recorded(milliseconds: int, recorded: Sequence[int]) -> bool:
    """Whether a detection is kept behind ``recorded``; none is dead time's in the first 10 ms."""
    return not recorded or milliseconds < DEAD_TIME_MS or milliseconds - recorded[-1] > DEAD_TIME_MS


class EdgeRecorder:
    """Told of each change of the two pins; it answers in the text that the board prints.

    ``error_ppm``: by how much the board's crystal is too fast. It records from power-on, and anew from
    :meth:`restart` on.
    """

    def __init__(self, clock: Clock, *, error_ppm: float = 0.0) -> None:
        self._clock = clock
        self._error_ppb = round(error_ppm * 1000)
        self.restart()

    def restart(self) -> None:
        """Forget everything, and set the timer to zero."""
        self._begins = self._clock.picoseconds()
        self.detections_ms: list[int] = []
        self.starts: list[int] = []
        self.stops: list[int] = []

    def processing_changed(self, level: int) -> None:
        """The processing pin has a new level."""
        ticks = self.starts if level else self.stops
        if len(ticks) < MOST_FRAMES:
            ticks.append(self._now())

    def detection_changed(self, level: int) -> None:
        """The detection pin has a new level."""
        if level or len(self.detections_ms) >= MOST_DETECTIONS:
            return
        moment = self._now() // TICKS_PER_MS
        if is_recorded(moment, self.detections_ms):
            self.detections_ms.append(moment)

    def detections_text(self) -> str:
        """The answer to ``print_detections``."""
        lines = "".join(f"{moment},\r\n" for moment in self.detections_ms)
        return f"Detection Timestamps (ms)\r\n{lines}"

    def duty_cycle_text(self) -> str:
        """The answer to ``print_dutycycle``: times in ticks, whatever its head lines say."""
        starts, stops = values_text(self.starts), values_text(self.stops)
        return f"Duty cycle start times (s)\r\n{starts}\r\nDuty cycle stop times (s)\r\n{stops}"

    def _now(self) -> int:
        return recorded_ticks(self._clock.picoseconds(), self._begins, self._error_ppb)


def values_text(values: Sequence[int]) -> str:
    """Eight values a line, each with a comma and a blank; an unfinished line stays open."""
    return "".join(
        f"{value}, " if number % VALUES_A_LINE else f"{value}, \r\n"
        for number, value in enumerate(values, start=1)
    )
