"""RTC, the real-time counter of nRF52 and nRF53 (product specifications, chapter "RTC").

24 bits behind a prescaler of 12, from LFCLK, which must run. Modelled: tick, overflow and compare events, of
which only those happen that INTEN or EVTEN asks for; capture and compare shortcuts (nRF53). A task takes
effect at once: on the chip START, STOP and CLEAR take up to two of LFCLK's periods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from emulator.device import DeviceContext
from emulator.schema.table import about
from peripherals.nordic.counting import CountingDevice, CountingParameters
from peripherals.nordic.event_device import Short, numbered
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.register_device import Register, clears, read_only, sets

LAST_COUNT, BEFORE_OVERFLOW, CLOCK = 0xFFFFFF, 0xFFFFF0, "lfclk"


class RtcParameters(CountingParameters, frozen=True):
    """Which one it is."""

    compares: Annotated[
        int, about("Compare registers.", unit="registers", at_least=1, at_most=4, example=4)
    ] = 4


class Rtc(CountingDevice):
    """One counter."""

    PARAMETERS = RtcParameters
    parameters: RtcParameters

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._counter = ClockedCounter(
            context,
            "count",
            CLOCK,
            LAST_COUNT,
            on_event=self._plan,
            on_wrap=self._wrapped,
            on_span=self._counted,
        )

    # -- what it has -------------------------------------------------------------------------
    def tasks(self) -> Mapping[str, int]:
        """Start, stop, clear, jump to the overflow; capture on nRF53."""
        plain = {"START": 0x000, "STOP": 0x004, "CLEAR": 0x008, "TRIGOVRFLW": 0x00C}
        return {
            **plain,
            **(numbered("CAPTURE", self.parameters.compares, 0x040) if self.parameters.dppi else {}),
        }

    def events(self) -> Mapping[str, int]:
        """Tick, overflow, compare."""
        return {"TICK": 0x100, "OVRFLW": 0x104, **numbered("COMPARE", self.parameters.compares, 0x140)}

    def shorts(self) -> tuple[Short, ...]:
        """Compare clears, on nRF53."""
        if not self.parameters.dppi:
            return ()
        return tuple(Short(i, f"COMPARE{i}", "CLEAR") for i in self.compares())

    def register_table(self) -> tuple[Register, ...]:
        """Add event enables, the count, the prescaler, compare registers."""
        rows = super().register_table()
        bits = next(row.writable for row in rows if row.name == "INTEN")
        return (
            *rows,
            Register(0x340, "EVTEN", writable=bits, on_write="rewired"),
            sets(0x344, "EVTENSET", "EVTEN", bits, shows="EVTEN"),
            clears(0x348, "EVTENCLR", "EVTEN", bits, shows="EVTEN"),
            read_only(0x504, "COUNTER", on_read="count"),
            Register(0x508, "PRESCALER", writable=0xFFF, on_write="prescaler_written"),
            *(
                Register(0x540 + 4 * i, f"CC{i}", writable=LAST_COUNT, on_write="compare_written")
                for i in self.compares()
            ),
        )

    def reset(self) -> None:
        """Stopped at 0."""
        super().reset()
        self._counter.restart(reload=LAST_COUNT)
        self._counter.state.prescaler = 0

    # -- tasks -------------------------------------------------------------------------------
    def task_start(self) -> None:
        """Count."""
        self._run(True)

    def task_stop(self) -> None:
        """Stand still."""
        self._run(False)

    def task_clear(self) -> None:
        """Back to 0."""
        self._jump(0)

    def task_trigovrflw(self) -> None:
        """To sixteen counts before the overflow."""
        self._jump(BEFORE_OVERFLOW)

    # -- effects -----------------------------------------------------------------------------
    def count(self) -> int:
        """COUNTER."""
        return self._counter.read()

    def prescaler_written(self, _written: int, _old: int) -> None:
        """PRESCALER: counts LFCLK's periods from 0 again."""
        self._counter.state.prescaler = self.values["PRESCALER"]
        self._counter.restart_prescaler()
        self._plan()

    def attention_changed(self) -> None:
        """Who wants to know of which event."""
        self._plan()

    # -- inside ------------------------------------------------------------------------------
    def _run(self, running: bool) -> None:
        self._counter.state.running = running
        self._plan()

    def _jump(self, count: int) -> None:
        self._counter.state.count = count
        self._counter.restart_prescaler()
        self._plan()

    def _happens(self, event: str) -> bool:
        return bool((self.values["INTEN"] | self.values["EVTEN"]) & self._events[event][0])

    def _plan(self) -> None:
        if self._happens("TICK") and self.matters("TICK") and self._counter.steps_to_wrap() is not None:
            self._counter.plan_after(1)
            return
        names = (f"COMPARE{i}" for i in self.compares())
        values = [self.values[f"CC{n[-1]}"] for n in names if self._happens(n) and self.matters(n)]
        if values or (self._happens("OVRFLW") and self.matters("OVRFLW")):
            self._counter.plan(values)
        else:
            self._counter.plan_nothing()

    def _counted(self, low: int, high: int) -> None:
        if self._happens("TICK"):
            self.fire("TICK")
        for i in self.compares():
            if low <= self.values[f"CC{i}"] <= high and self._happens(f"COMPARE{i}"):
                self.fire(f"COMPARE{i}")

    def _wrapped(self) -> None:
        if self._happens("OVRFLW"):
            self.fire("OVRFLW")
        self._plan()
