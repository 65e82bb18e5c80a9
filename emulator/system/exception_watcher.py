"""What may be told of exceptions as they come and go: a recorder of what they cost."""

from __future__ import annotations

from typing import Protocol


class ExceptionWatcher(Protocol):
    """Follows entries and returns. Every figure is known: nothing may be changed."""

    def preempted(self, frame: int) -> None:
        """An entry begins; the state was stacked at ``frame``."""

    def entered(self, number: int, handler: int) -> None:
        """The handler at ``handler`` is about to begin."""

    def ending(self) -> None:
        """The running handler has returned; nothing has passed since."""

    def chained(self) -> None:
        """It is followed by another handler, without the state being unstacked."""

    def returned(self, frame: int, pc: int, stack_pointer: int) -> None:
        """Time for the return has passed. ``frame``: where a thread's state lay, 0: a handler goes on.

        ``pc``, ``stack_pointer``: what it goes on with.
        """
