"""The signals that end a command which still has something to say: Ctrl-C, SIGTERM, SIGHUP."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def on_ending_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop()`` for each of them; what it raises interrupts whatever runs.

    A signal that is ignored stays so (``nohup``). In a thread other than the main one nothing
    changes: whoever runs us there handles signals.
    """

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    handled = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    try:
        before = {number: signal.signal(number, handle) for number in handled}
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
