"""Runs a function in a process of its own, for figures that belong to a whole process."""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from emulator.files import read_text

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
KILOBYTES_PER_MB = 1e6 / 1024
STATUS = Path("/proc/self/status")


def in_fresh_process(
    function: Callable[Parameters, Result], *arguments: Parameters.args, **options: Parameters.kwargs
) -> Result:
    """Call a module's function in an interpreter that starts for it."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments, **options).result()


def most_resident_mb() -> float:
    """The most memory that this process has had so far, in 10^6 bytes.

    Linux's ``ru_maxrss`` also holds what the process had before it began this program: its parent's.
    """
    if STATUS.exists():
        peak = next(line for line in read_text(STATUS).splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) / KILOBYTES_PER_MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES_PER_MB
