"""Whether the core sleeps, and what wakes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Sleep:
    """The core's sleep in WFI, WFE, or after a return with SCR.SLEEPONEXIT.

    ``for_event``: in WFE, which wakes by events, too.
    """

    asleep: bool = False
    for_event: bool = False

    def begin(self, *, for_event: bool = False) -> None:
        """Fall asleep."""
        self.asleep, self.for_event = True, for_event

    def end(self) -> None:
        """Wake up."""
        self.asleep = False

    def save(self) -> tuple[bool, bool]:
        """State for a snapshot."""
        return self.asleep, self.for_event

    def load(self, saved: tuple[bool, bool]) -> None:
        """Put a saved state back."""
        self.asleep, self.for_event = saved
