"""Reads a catalogue of assembly functions with published cycles: CSV, or TOML with ``[[function]]`` tables.

Columns: ``elf`` (a path relative to the catalogue, or inside a folder of ``--images``),
``function`` (its symbol, or an address), ``board`` (a shipped one, or a TOML file, which may lie
beside the catalogue), ``published_cycles``. Optional: ``set`` (rows of one set share a harness),
``arguments``, ``offset``, ``harness``, ``warmups``, ``source``.

``arguments``: up to four words for r0 to r3: numbers, symbols of the ELF, or ``ram`` for
scratch memory on the board; each with ``+N``. ``offset``: what the published harness adds to
the function's own cycles, ``fit`` for the median difference of the set on that core. The
modelled figure that is compared is the function's, its return included, plus the offset.
``harness``: ``returned`` when the function reads the cycle counter itself, as the published harness
did, and returns what it found: that is the modelled figure then. When its ELF has a function
``start_cycle_counter``, that is called first. ``warmups``: calls before the one that counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from emulator.errors import UsageError
from emulator.files import finite_number, parse_rows, read_text

REQUIRED = ("elf", "function", "board", "published_cycles")
FIT = "fit"
RETURNED = "returned"
MOST_ARGUMENTS = 4


@dataclass(frozen=True, slots=True)
class AssemblyRow:
    """One function on one board; ``offset`` None: fitted to its set; ``times_itself``: it returns cycles."""

    set: str
    elf: str
    function: str
    arguments: tuple[str, ...]
    board: str
    published_cycles: float
    offset: float | None = 0.0
    warmups: int = 0
    source: str = ""
    times_itself: bool = False

    @property
    def title(self) -> str:
        """One line that names the row to a reader."""
        return f"{self.set} {self.function} on {self.board}".strip()


@dataclass(frozen=True, slots=True)
class AssemblyCatalog:
    """Rows, and the folder that their ELF paths are relative to."""

    rows: tuple[AssemblyRow, ...]
    folder: Path


def own_catalog() -> AssemblyCatalog:
    """The project's micro-kernels: what a rule predicts, and why."""
    return _beside("micro_kernels.csv")


def silicon_catalog() -> AssemblyCatalog:
    """Published assembly, with what silicon took."""
    return _beside("silicon.csv")


def _beside(name: str) -> AssemblyCatalog:
    return read_assembly_catalog(Path(str(resources.files("benches.assembly").joinpath(name))))


def read_assembly_catalog(path: Path) -> AssemblyCatalog:
    """Read a catalogue. Raises :class:`UsageError` that names the row and the column."""
    rows = parse_rows(read_text(path), "function", str(path), is_toml=path.suffix.lower() == ".toml")
    return AssemblyCatalog(
        tuple(_row(row, path, number) for number, row in enumerate(rows, start=1)), path.parent
    )


def _row(record: Mapping[str, str], path: Path, number: int) -> AssemblyRow:
    place = f"{path}, row {number}"
    for column in REQUIRED:
        if not record.get(column):
            raise UsageError(
                f"column {column!r} is missing or empty",
                where=place,
                next_step=f"Needed: {', '.join(REQUIRED)}.",
            )
    arguments = tuple(record.get("arguments", "").replace(",", " ").split())
    if len(arguments) > MOST_ARGUMENTS:
        raise UsageError(f"{len(arguments)} arguments; r0 to r3 take {MOST_ARGUMENTS}", where=place)
    published = finite_number(record["published_cycles"], "published_cycles", place)
    if published <= 0:
        raise UsageError("published_cycles must be above 0", where=place)
    offset, harness = record.get("offset", "") or "0", record.get("harness", "").lower()
    if harness not in ("", RETURNED):
        raise UsageError(f"harness {harness!r}: it is {RETURNED!r} or empty", where=place)
    return AssemblyRow(
        set=record.get("set", ""),
        elf=record["elf"],
        function=record["function"],
        arguments=arguments,
        board=record["board"],
        published_cycles=published,
        offset=None if offset.lower() == FIT else finite_number(offset, "offset", place),
        warmups=int(finite_number(record.get("warmups", "") or "0", "warmups", place)),
        source=record.get("source", ""),
        times_itself=harness == RETURNED,
    )
