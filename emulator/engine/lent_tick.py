"""SysTick's deadlines, lent to the native hook. Twin: lent_tick.h.

While nobody touches SysTick, its interrupt comes again and again after so many cycles. For the length of
a slice the native hook makes it pending by itself; :mod:`emulator.machine.tick_lending` lends the deadlines
and takes them back.
"""

from __future__ import annotations

import ctypes


class LentTick(ctypes.Structure):
    """``LentTick`` in lent_tick.h.

    ``at``: the cycle at which the counter is 0 the next time, and every ``period_cycles`` from then on;
    ``other_deadline``: the earliest of anybody else; ``slice_end``: of the slice that runs. ``served``: so
    many times it was 0, as was seen for the last time at ``served_at``, between two blocks.
    """

    at: int
    period_cycles: int
    other_deadline: int
    slice_end: int
    served_at: int
    is_lent: int
    served: int
    _fields_ = (
        *(
            (name, ctypes.c_uint64)
            for name in ("at", "period_cycles", "other_deadline", "slice_end", "served_at")
        ),
        ("is_lent", ctypes.c_uint32),
        ("served", ctypes.c_uint32),
    )
