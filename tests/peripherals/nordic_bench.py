"""What tests of the devices of nRF52 and nRF53 share: a bench with their clocks, tasks and events by name."""

from __future__ import annotations

from typing import Any

from device_bench import Bench, get, put

CORE_HZ, PERIPHERAL_HZ, LOW_HZ = 64_000_000, 16_000_000, 32_768
PERIPHERAL_CYCLES = CORE_HZ // PERIPHERAL_HZ
SECOND, MS, US = CORE_HZ, CORE_HZ // 1000, CORE_HZ // 1_000_000


def clocked_bench() -> Bench:
    bench = Bench(CORE_HZ)
    bench.clocks.frequencies.update(pclk16m=PERIPHERAL_HZ, lfclk=LOW_HZ, lfrc=LOW_HZ)
    return bench


def do(device: Any, task: str) -> None:
    put(device, f"TASKS_{task}", 1)


def happened(device: Any, event: str) -> bool:
    return bool(get(device, f"EVENTS_{event}"))


def clear(device: Any, event: str) -> None:
    put(device, f"EVENTS_{event}", 0)


def captured(timer: Any, number: int = 3) -> int:
    do(timer, f"CAPTURE{number}")
    return get(timer, f"CC{number}")
