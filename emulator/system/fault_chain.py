"""Faults whose handlers have not returned: the first one, and what went wrong while it was handled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.system.faults import FaultRecord

MOST_RECORDS = 8
"""A handler that never returns (a longjmp out of it) leaves its fault here; the first ones tell the most."""


class FaultChain:
    """Records in the order in which they were raised. ``on_change(there_are_some)``: they are others now."""

    def __init__(self, on_change: Callable[[bool], None] = lambda _some: None) -> None:
        self._on_change = on_change
        self.records: list[FaultRecord] = []
        self.locked_up = False

    def reset(self) -> None:
        """No fault is being handled."""
        self.records = []
        self.locked_up = False
        self._on_change(False)

    def add(self, record: FaultRecord) -> None:
        """A fault was raised; one that no handler can take locks the core up."""
        if len(self.records) == MOST_RECORDS:
            self.records.pop()
        self.records.append(record)
        self.locked_up = not record.handler
        self._on_change(True)

    def entered(self, record: FaultRecord, entered: FaultRecord) -> None:
        """What is known of ``record`` after its exception was entered."""
        self.records = [entered if known is record else known for known in self.records]

    def returned(self, number: int) -> None:
        """The handler of exception ``number`` has returned whole: its fault is dealt with."""
        if self.records:
            self.records = [record for record in self.records if record.handler != number]
            self._on_change(bool(self.records))

    def save(self) -> Any:
        """State for a snapshot."""
        return (list(self.records), self.locked_up)

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        records, self.locked_up = state
        self.records = list(records)
        self._on_change(bool(self.records))
