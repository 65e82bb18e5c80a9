"""Timing tables: one row per instruction class, each figure with its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from emulator.thumb.instruction import ARMV81M, Instruction, Kind
from emulator.timing.model import Cause

STATUSES = frozenset({"trm", "measured", "fitted", "guess"})
"""How a figure is known: Arm's manual, silicon, a fit to silicon totals, or not at all."""


class TableError(ValueError):
    """A timing table with a row that nothing backs, or a kind that no row covers."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """The price of one instruction class at zero wait states.

    ``cycles``: when it stays on the straight line. ``per_transfer``: added for each
    register transferred. ``refill``: added when it leaves the line. ``latency``: cycles
    from issue until a result can be used; ``occupies``: until its unit takes the next;
    ``reads_at``: cycles after issue at which operands are needed (these three only where
    the core's model looks at them). ``names``: only these mnemonics, all
    of the kind when empty. ``spread``: lowest and highest cycles where the operands'
    values decide and ``cycles`` is a middle value.
    """

    kind: Kind
    cycles: int
    status: str
    source: str
    per_transfer: int = 0
    refill: int = 0
    latency: int = 1
    occupies: int = 1
    reads_at: int = 0
    names: frozenset[str] = frozenset()
    cause: Cause = Cause.ISSUE
    spread: tuple[int, int] | None = None


class Rule(msgspec.Struct, frozen=True, gc=False):
    """One named penalty or latency in cycles."""

    cycles: int
    status: str
    source: str


class Table:
    """Rows by kind; rows with names go before the one without. Armv8.1-M's kinds have all rows or none."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = tuple(rows)
        self._by_kind: dict[Kind, tuple[Row, ...]] = {}
        for row in self.rows:
            check_evidence(f"{row.kind.name} {sorted(row.names)}", row.status, row.source)
            self._by_kind[row.kind] = (*self._by_kind.get(row.kind, ()), row)
        if not any(kind in self._by_kind for kind in ARMV81M):  # undefined to the core
            self._by_kind.update(dict.fromkeys(ARMV81M, self._by_kind.get(Kind.UNKNOWN, ())))
        missing = [kind.name for kind in Kind if all(row.names for row in self._by_kind.get(kind, ()))]
        if missing:
            raise TableError(f"no general row for {', '.join(missing)}")

    def row(self, instruction: Instruction) -> Row:
        """Find the row that prices ``instruction``."""
        rows = self._by_kind[instruction.kind]
        return next(row for row in rows if not row.names or instruction.name in row.names)


def check_evidence(what: str, status: str, source: str) -> None:
    """Raise TableError for a figure without a source or with an unknown status."""
    if status not in STATUSES:
        raise TableError(f"{what}: status {status!r} is none of {sorted(STATUSES)}")
    if not source.strip():
        raise TableError(f"{what}: no source")


def check_rules(rules: Mapping[str, Rule]) -> Mapping[str, Rule]:
    """Pass ``rules`` through if each has its evidence."""
    for name, rule in rules.items():
        check_evidence(name, rule.status, rule.source)
    return rules
