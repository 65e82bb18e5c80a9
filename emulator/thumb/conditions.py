"""When an instruction with a condition is executed: ARMv7-M Architecture Reference Manual A7.3."""

from __future__ import annotations

from typing import Any

ALWAYS = 14
"""From here on: 15 stands for no condition either."""


def condition_holds(condition: int, n: Any, z: Any, c: Any, v: Any) -> Any:
    """Whether the condition holds under these flags: truth values, or arrays of them for many cases.

    A flag that the condition does not look at may be anything.
    """
    if condition >= ALWAYS:
        return True
    match condition >> 1:
        case 0:
            holds = z
        case 1:
            holds = c
        case 2:
            holds = n
        case 3:
            holds = v
        case 4:
            holds = c & (z ^ True)
        case 5:
            holds = n ^ v ^ True
        case _:
            holds = (n ^ v | z) ^ True
    return holds ^ bool(condition & 1)
