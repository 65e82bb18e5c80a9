"""The figures of a sweep by name: their columns, units, and whether less or more of them is better."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.errors import UsageError
from emulator.reporting.table import BYTES, COUNT, RATIO, Column

PLAIN: Mapping[str, float] = {"": 1, "k": 1e3, "m": 1e6}
SIZES: Mapping[str, float] = {"": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20}
TIMES_US: Mapping[str, float] = {"us": 1, "ms": 1e3, "s": 1e6}
CLOCKS: Mapping[str, float] = {"hz": 1, "khz": 1e3, "mhz": 1e6, "ghz": 1e9}
ENERGIES_UJ: Mapping[str, float] = {"uj": 1, "mj": 1e3, "j": 1e6}
QUANTITY = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)\s*([a-zA-Z]*)\s*")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``units``: what one may be written in, and how many of the column's they are."""

    name: str
    column: Column
    units: Mapping[str, float]
    more_is_better: bool = False

    def parse(self, text: str, where: str) -> float:
        """A quantity such as "64K" or "33.3ms" in the column's unit. Raises UsageError."""
        match = QUANTITY.fullmatch(text)
        scale = None if match is None else self.units.get(match[2].lower())
        if match is None or scale is None or not math.isfinite(value := float(match[1]) * scale):
            units = [unit for unit in self.units if unit]
            raise UsageError(
                f"{text!r} is no {self.name}",
                where=where,
                next_step=f"give a number{' or one' if '' in self.units else ''} with {', '.join(units)}",
            )
        return value


PER_SECOND = Column("per_second", "per second", RATIO, "1/s", is_detail=True)
INSTRUCTIONS = Column("instructions", "instructions", COUNT, "instructions", is_detail=True)
FIGURES = (
    Figure("latency", Column("latency_us", "latency", RATIO, "us"), TIMES_US),
    Figure("throughput", PER_SECOND, PLAIN, more_is_better=True),
    Figure("cycles", Column("cycles", "cycles", COUNT, "cycles"), PLAIN),
    Figure("instructions", INSTRUCTIONS, PLAIN),
    Figure("waiting", Column("waiting_cycles", "waiting", COUNT, "cycles", is_detail=True), PLAIN),
    Figure("clock", Column("clock_hz", "clock", COUNT, "Hz"), CLOCKS),
    Figure("energy", Column("energy_uj", "energy", RATIO, "uJ"), ENERGIES_UJ),
    Figure("flash", Column("flash_bytes", "flash", BYTES, "bytes"), SIZES),
    Figure("ram", Column("ram_bytes", "RAM", BYTES, "bytes"), SIZES),
)
BY_NAME: Mapping[str, Figure] = {figure.name: figure for figure in FIGURES}
OK, FAILED = "ok", "failed"
STATUS = Column("status", "status")
BEHIND = (
    Column("error", "error"),
    Column("measured", "measured", is_detail=True),
    Column("board_name", "board", is_detail=True),
    Column("board_core", "core", is_detail=True),
    Column("output", "output", is_detail=True),
    Column("reason", "reason"),
)
"""Columns behind the figures."""
KEYS = (STATUS.key, *(figure.column.key for figure in FIGURES), *(column.key for column in BEHIND))


def find_figure(name: str, where: str) -> Figure:
    """A figure by its name. Raises UsageError."""
    if name not in BY_NAME:
        raise UsageError(
            f"there is no figure {name!r}", where=where, next_step=f"there are: {', '.join(BY_NAME)}"
        )
    return BY_NAME[name]
