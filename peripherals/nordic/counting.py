"""What TIMER and RTC of nRF52 and nRF53 share: a count with compare registers, and tasks that capture it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from emulator.device import DeviceParameters
from emulator.schema.table import about
from peripherals.nordic.event_device import EventDevice, EventParameters
from peripherals.parts.clocked_counter import ClockedCounter


class CountingParameters(EventParameters, frozen=True):
    """Which one it is."""

    compares: Annotated[
        int, about("Capture and compare registers.", unit="registers", at_least=1, at_most=8, example=6)
    ] = 4


class CountingDevice(EventDevice):
    """Makes ``_counter``, and plans its next event in :meth:`attention_changed`.

    What the count has reached happens before a store or a task changes what it is compared with.
    """

    PARAMETERS: ClassVar[type[DeviceParameters]] = CountingParameters
    parameters: CountingParameters
    PARTS = ("_counter",)
    _counter: ClockedCounter

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Trigger a task, or store."""
        self._counter.catch_up()
        super().write(offset, size_bytes, value)

    def trigger(self, task: str) -> None:
        """Perform a task, whoever asked for it."""
        self._counter.catch_up()
        super().trigger(task)

    def task_capture(self, number: int) -> None:
        """The count goes to CC[n]."""
        self.values[f"CC{number}"] = self._counter.state.count
        self.attention_changed()

    def compare_written(self, _written: int, _old: int) -> None:
        """CC[n]."""
        self.attention_changed()

    def compares(self) -> range:
        """The numbers of its compare registers."""
        return range(self.parameters.compares)
