"""Where cycles went since a moment, by function: a fold over the counters that the engine keeps anyway."""

from __future__ import annotations

from emulator.image.demangle import demangle
from emulator.image.model import Symbol
from emulator.machine.machine import Machine
from emulator.profiling.counting import CountState
from emulator.profiling.fold_by_function import FoldByFunction

MOST_ROWS = 20
UNKNOWN = -1


class FlatProfile:
    """Of one machine; a block counts when it has ended."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._fold = FoldByFunction(machine.engine, self._owner)
        self._before = CountState.of(machine.engine)

    def restart(self) -> None:
        """Count from now on."""
        self._before = CountState.of(self._machine.engine)

    def _symbol(self, address: int) -> Symbol | None:
        image = self._machine.image
        return None if image is None or image.debug is None else image.debug.symbol_at(address)

    def _owner(self, address: int) -> int:
        symbol = self._symbol(address)
        return UNKNOWN if symbol is None else symbol.address

    def _name(self, owner: int) -> str:
        symbol = self._symbol(owner)
        return "(no symbol)" if symbol is None else demangle(symbol.name)

    def table(self) -> str:
        """Rows of text, most cycles first."""
        passed = CountState.of(self._machine.engine) - self._before
        by_function: dict[str, int] = {}
        for (owner, _cause, _who), cycles in self._fold.costs(passed).items():
            name = self._name(owner)
            by_function[name] = by_function.get(name, 0) + cycles
        totals = passed.totals
        for name, cycles in (
            ("(exception entry and exit)", totals.exception_cycles),
            ("(waiting loops, skipped)", totals.skipped_cycles),
            ("(asleep)", totals.sleep_cycles),
        ):
            if cycles:
                by_function[name] = cycles
        if not totals.cycles:
            return "nothing has run since\n"
        rows = sorted(by_function.items(), key=lambda row: (-row[1], row[0]))
        lines = [f"{'cycles':>14} {'share':>7}  function"]
        lines += [
            f"{cycles:>14,} {cycles / totals.cycles:>7.1%}  {name}" for name, cycles in rows[:MOST_ROWS]
        ]
        if len(rows) > MOST_ROWS:
            rest = sum(cycles for _, cycles in rows[MOST_ROWS:])
            lines.append(f"{rest:>14,} {rest / totals.cycles:>7.1%}  {len(rows) - MOST_ROWS} more")
        lines.append(f"{totals.cycles:>14,} {1:>7.1%}  in all, {totals.instructions:,} instructions")
        return "\n".join(lines) + "\n"
