"""The option that says how much is done at once, one way for every command that has it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from emulator.cli.parameter_types import Count

MOST_JOBS = 256


def usable_cores() -> int:
    """How many of the computer's cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def jobs_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--jobs``, as many as there are cores. ``what`` is done at once: "Rows", say."""
    return click.option(
        "--jobs",
        type=Count(most=MOST_JOBS),
        default=usable_cores,
        show_default="cores",
        help=f"{what} at once.",
    )
