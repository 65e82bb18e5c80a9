"""Calls the functions of an assembly catalogue and compares their cycles with the published ones."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.assembly.reader import AssemblyCatalog, AssemblyRow
from benches.silicon.error_figures import ErrorFigures, error_figures
from benches.silicon.validate import ABSENT, FAILED, NOT_RUN, OK
from emulator.errors import BoardlessError, UsageError

if TYPE_CHECKING:
    from emulator.board.model import Board, Region
    from emulator.machine.machine import Machine

MOST_CYCLES = 1_000_000_000
START_CYCLE_COUNTER = "start_cycle_counter"


@dataclass(frozen=True, slots=True)
class AssemblyResult:
    """One row with what the model gave.

    ``function_cycles``: the call's, its return included, or what a function that times itself
    returned. ``modelled_cycles``: those plus ``offset``; ``ratio`` is modelled over published.
    ``status``: "ok", "failed", "absent" or "not run".
    """

    set: str
    elf: str
    function: str
    board: str
    core: str
    published_cycles: float
    offset: float | None = None
    fitted_offset: bool = False
    function_cycles: int | None = None
    modelled_cycles: float | None = None
    instructions: int | None = None
    ratio: float | None = None
    returned: int | None = None
    source: str = ""
    status: str = NOT_RUN
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        """The row as it stands under ``rows``."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AssemblyOptions:
    """How rows are run."""

    folders: tuple[Path, ...] = ()
    timing: str = "memory"
    hook: str = "auto"


def run_assembly(
    catalog: AssemblyCatalog,
    options: AssemblyOptions,
    progress: Callable[[AssemblyResult], None] = lambda _result: None,
) -> list[AssemblyResult]:
    """All rows in the catalogue's order; offsets to be fitted are fitted at the end."""
    results = []
    for row in catalog.rows:
        results.append(_run_row(row, catalog.folder, options))
        progress(results[-1])
    return fit_offsets(results)


def absent_elfs(catalog: AssemblyCatalog, options: AssemblyOptions) -> list[str]:
    """The ELFs of the rows whose ELF is in none of the folders, one entry a row."""
    folders = (catalog.folder, *options.folders)
    return [row.elf for row in catalog.rows if find_elf(row.elf, folders) is None]


def _run_row(row: AssemblyRow, folder: Path, options: AssemblyOptions) -> AssemblyResult:
    path = find_elf(row.elf, (folder, *options.folders))
    if path is None:
        return _blank(row, ABSENT, f"{row.elf} is in none of the folders")
    try:
        return _call(row, path, options, _board(row.board, folder))
    except BoardlessError as error:
        return _blank(row, FAILED, str(error).splitlines()[0])


def find_elf(name: str, folders: Iterable[Path]) -> Path | None:
    """The first file of that name in the folders."""
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _board(name: str, folder: Path) -> str:
    """A shipped board's name, or the path of a file that may lie beside the catalogue."""
    beside = folder / name
    return str(beside) if name.endswith(".toml") and beside.is_file() else name


def _blank(row: AssemblyRow, status: str, detail: str = "", core: str = "") -> AssemblyResult:
    return AssemblyResult(
        row.set,
        row.elf,
        row.function,
        row.board,
        core,
        row.published_cycles,
        row.offset,
        row.offset is None,
        source=row.source,
        status=status,
        detail=detail,
    )


def _call(row: AssemblyRow, path: Path, options: AssemblyOptions, board: str) -> AssemblyResult:
    from emulator.machine.machine import Machine  # noqa: PLC0415 - loads the engine

    machine = Machine(board, timing=options.timing, hook=options.hook)
    machine.load(path)
    return call_row(machine, row)


def call_row(machine: Machine, row: AssemblyRow) -> AssemblyResult:
    """Call a row's function on a machine with its ELF, and say what it took."""
    scratch = scratch_region(machine.board)
    if row.times_itself:
        _start_cycle_counter(machine, scratch)
    address = word_value(machine, row.function, scratch)
    arguments = tuple(word_value(machine, word, scratch) for word in row.arguments)
    for _ in range(row.warmups):
        _prepare(machine, scratch)
        machine.call(address, *arguments, returns="uint32", max_cycles=MOST_CYCLES)
    _prepare(machine, scratch)
    result = machine.call(address, *arguments, returns="uint32", max_cycles=MOST_CYCLES)
    return _with_offset(
        replace(
            _blank(row, OK, core=machine.board.core),
            function_cycles=result.value if row.times_itself else result.counts.cycles,
            instructions=result.counts.instructions,
            returned=result.value,
        ),
        row.offset,
    )


def _start_cycle_counter(machine: Machine, scratch: Region) -> None:
    """Call the ELF's function for it, if there is one: most harnesses leave that to the application."""
    debug = machine.image.debug if machine.image is not None else None
    if debug is not None and debug.symbol(START_CYCLE_COUNTER) is not None:
        _prepare(machine, scratch)
        machine.call(START_CYCLE_COUNTER)


def _prepare(machine: Machine, scratch: Region) -> None:
    """Stack at the end of the scratch memory, whatever the ELF's vectors say."""
    machine.core.set("sp", scratch.end - 8 & ~7)


def _with_offset(result: AssemblyResult, offset: float | None) -> AssemblyResult:
    if offset is None or result.function_cycles is None:
        return result
    modelled = result.function_cycles + offset
    return replace(result, offset=offset, modelled_cycles=modelled, ratio=modelled / result.published_cycles)


def scratch_region(board: Board) -> Region:
    """The board's largest RAM; raises :class:`UsageError` when it has none."""
    rams = [r for r in board.regions if r.kind == "ram" and not r.alias_of]
    if not rams:
        raise UsageError(f"{board.name} has no RAM", where=board.file)
    return max(rams, key=lambda r: (r.size_bytes, -r.base))


def word_value(machine: Machine, word: str, scratch: Region) -> int:
    """A number, a symbol's address or ``ram`` (the middle of the scratch memory), each with ``+N``."""
    name, _, plus = word.partition("+")
    try:
        added = int(plus, 0) if plus else 0
    except ValueError as error:
        raise UsageError(f"{plus!r} is not a number", where=f"argument {word}") from error
    if name == "ram":
        return scratch.base + scratch.size_bytes // 2 + added
    try:
        return (int(name, 0) + added) & 0xFFFFFFFF
    except ValueError:
        pass
    debug = machine.image.debug if machine.image is not None else None
    symbol = debug.symbol(name) if debug is not None else None
    if symbol is None:
        raise UsageError(
            f"the ELF has no symbol {name!r}", where=machine.image.path if machine.image is not None else ""
        )
    return symbol.address + added


# -- offsets and summary ---------------------------------------------------------------------
def fit_offsets(results: Sequence[AssemblyResult]) -> list[AssemblyResult]:
    """Give rows whose offset is to be fitted the median difference of their set on their core."""
    differences: dict[tuple[str, str], list[float]] = {}
    for r in results:
        if r.status == OK and r.fitted_offset and r.function_cycles is not None:
            differences.setdefault((r.set, r.core), []).append(r.published_cycles - r.function_cycles)
    return [
        _with_offset(r, statistics.median(differences[r.set, r.core]))
        if r.status == OK and r.fitted_offset
        else r
        for r in results
    ]


def summarize_sets(results: Iterable[AssemblyResult]) -> dict[tuple[str, str], ErrorFigures]:
    """Errors per core and set, over the rows that ran."""
    ratios: dict[tuple[str, str], list[float]] = {}
    for r in results:
        if r.ratio is not None:
            ratios.setdefault((r.core, r.set), []).append(r.ratio)
    return {key: error_figures(values) for key, values in sorted(ratios.items())}


def assembly_json(results: Sequence[AssemblyResult]) -> dict[str, Any]:
    """The ``--json`` file's content: rows and a summary per core and set."""
    return {
        "rows": [r.as_json() for r in results],
        "summary": [
            {"core": core, "set": name, **asdict(figures)}
            for (core, name), figures in summarize_sets(results).items()
        ],
    }
