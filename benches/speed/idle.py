"""A firmware that sleeps and is woken by SysTick ten times a second (``idle.s``), and what it costs."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from benches.speed.fresh_process import in_fresh_process, most_resident_mb
from benches.speed.rows import host_seconds
from emulator.image.model import Image, Segment
from emulator.machine.machine import Machine

CODE = bytes.fromhex("0448054941600721016030bffde70134704700bf10e000e07f1a0600")
BASE, STACK_TOP = 0x08000000, 0x20001000
VECTORS = struct.Struct("<16I")
HANDLER_OFFSET = 14
SYSTICK = 15
INTERRUPT_HZ = 10
DAY_S = 86_400
QUARTERS = 4


@dataclass(frozen=True, slots=True)
class IdleCost:
    """``host_s`` of some modelled idling; ``grown_mb``: of the peak of memory behind its first quarter."""

    host_s: float
    grown_mb: float
    interrupts: int


def image() -> Image:
    """The program behind its vectors."""
    vectors = [STACK_TOP, BASE + VECTORS.size | 1, *[BASE + VECTORS.size + HANDLER_OFFSET | 1] * 14]
    data = VECTORS.pack(*vectors) + CODE
    return Image("idle.s", hashlib.sha256(data).hexdigest(), "bin", (Segment(BASE, data),), BASE)


def idle_cost(board: str, hook: str, modelled_s: float) -> IdleCost:
    """Idle so long, in a process of its own."""
    return in_fresh_process(_idle, board, hook, modelled_s)


def _idle(board: str, hook: str, modelled_s: float) -> IdleCost:
    machine = Machine(board, hook=hook)
    machine.load(image())
    cycles = round(modelled_s * machine.clock.core_hz / QUARTERS)
    seconds, peaks = 0.0, []
    for _ in range(QUARTERS):
        started = host_seconds()
        machine.run(max_cycles=cycles, quiet_seconds=2 * modelled_s)
        seconds += host_seconds() - started
        peaks.append(most_resident_mb())
    return IdleCost(seconds, peaks[-1] - peaks[0], machine.core.get("r4"))
