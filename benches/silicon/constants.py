"""How many figures the core models have, and how each is known: counted from the tables themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emulator.timing.cores import (
    armv7m_rows,
    cortex_m4,
    cortex_m7_rows,
    cortex_m33,
    cortex_m55_rows,
    cortex_m85_rows,
    fetch_queue,
)
from emulator.timing.cores.registry import MODELS, core_model
from emulator.timing.cores.table import Rule, Table

ARMV7M_RULES = (armv7m_rows.RULES, fetch_queue.RULES, {"other memory": armv7m_rows.OTHER_MEMORY})
RULES: Mapping[str, Sequence[Mapping[str, Rule]]] = {
    "cortex-m3": ARMV7M_RULES,
    "cortex-m4": (*ARMV7M_RULES, {"same base": cortex_m4.SAME_BASE_HIDES}),
    "cortex-m7": (
        cortex_m7_rows.RULES,
        {kind.name: rule for kind, rule in cortex_m7_rows.DOUBLE_CYCLES.items()},
    ),
    "cortex-m33": (cortex_m33.RULES,),
    "cortex-m55": (
        cortex_m55_rows.RULES,
        {kind.name: rule for kind, rule in cortex_m55_rows.DOUBLE_LATENCIES.items()},
    ),
    "cortex-m85": (
        cortex_m85_rows.RULES,
        {kind.name: rule for kind, rule in cortex_m85_rows.DOUBLE_CYCLES.items()},
    ),
}
"""Penalties and latencies beside the tables; the M0 and M0+ have none."""


@dataclass(frozen=True, slots=True)
class CoreFigures:
    """The figures of a core by status: rows of its table, and rules."""

    core: str
    rows: Mapping[str, int]
    rules: Mapping[str, int]


def core_figures() -> list[CoreFigures]:
    """All cores."""
    return [
        CoreFigures(
            core,
            Counter(row.status for row in table_of(core).rows),
            Counter(rule.status for rules in RULES.get(core, ()) for rule in rules.values()),
        )
        for core in MODELS
    ]


def table_of(core: str) -> Table:
    """The timing table of a core's model."""
    table = getattr(core_model(core), "table", None)
    assert isinstance(table, Table), core
    return table
