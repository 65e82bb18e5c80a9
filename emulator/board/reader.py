"""Board descriptions: TOML in, a checked :class:`emulator.board.model.Board` out.

A board file may name a ``family``: the family file's tables (devices, regions,
accelerators, interrupts) come first and the board's own keys are laid over them, table
by table. ``remove = ["devices.sdmmc1"]`` takes inherited entries away. Shipped files lie
in ``peripherals/boards`` and ``peripherals/families``; a path to any other TOML file is
accepted in place of a name, and its ``family`` then means a shipped family.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from emulator.board.checks import board_problems
from emulator.board.console import RttFacts
from emulator.board.model import Accelerator, Board, DeviceEntry, Region
from emulator.board.schema import LARGEST_REGION_BYTES, BoardTable, RegionTable
from emulator.board.wiring import Wiring
from emulator.errors import BoardError, BoardProblems
from emulator.files import check_input_file, read_bytes, read_text
from emulator.schema.checks import listed
from emulator.schema.table import Problem
from emulator.schema.words import suggest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA_PACKAGE = "peripherals"
LARGEST_FILE_BYTES = 1 << 20

TABLES_OF_ENTRIES = ("regions", "devices", "accelerators")


@dataclass(frozen=True, slots=True)
class _Document:
    """One TOML file as read."""

    file: str
    table: dict[str, Any]


class _Sources:
    """The files a board is made of, the board's own first; says which one holds a key."""

    def __init__(self, documents: list[_Document]) -> None:
        self.documents = documents

    def error(self, problem: Problem) -> BoardError:
        """The error of a problem, which says the file too."""
        key = min((problem.key, *problem.partners), key=self._number_of)
        number = self._number_of(key)
        file = self.documents[number if number < len(self.documents) else 0].file
        return BoardError(problem.what, where=f"{file}: {key}", next_step=problem.next_step)

    def in_order(self, problems: list[Problem]) -> list[Problem]:
        """As the tables stand in the board's own file, those of its family last."""
        tables = list(self.documents[0].table)
        places = {name: number for number, name in enumerate(tables)}
        return sorted(problems, key=lambda p: places.get(p.key.partition(".")[0], len(tables)))

    def _number_of(self, key: str) -> int:
        """Which is the first file that has the key, the board's own being 0; their number if none."""
        for number, document in enumerate(self.documents):
            table: Any = document.table
            for part in key.split("."):
                if isinstance(table, dict) and part not in table:
                    break
                table = table[part] if isinstance(table, dict) else None
            else:
                return number
        return len(self.documents)


def list_boards() -> list[str]:
    """Names of the shipped boards, sorted."""
    return _names_in("boards")


def list_families() -> list[str]:
    """Names of the shipped families, sorted."""
    return _names_in("families")


def load_board(name_or_path: str) -> Board:
    """Read and check a board by its shipped name or by the path of a TOML file.

    Raises :class:`BoardError` naming the file, the key, the reason and the next step; several
    problems are raised together, as :class:`BoardProblems`.
    """
    documents = _read_documents(name_or_path)
    return _build(_checked(documents), documents[0].file)


def load_changed_board(name_or_path: str, changes: Mapping[str, Any], where: str) -> Board:
    """The same with further keys laid over it. ``changes``: tables, as a board file has them.

    ``where``: who asks for the changes, for the errors that :func:`load_board` raises.
    """
    documents = _read_documents(name_or_path)
    return _build(_checked([_Document(where, dict(changes)), *documents]), documents[0].file)


def shipped_document(folder: str, name: str) -> dict[str, Any]:
    """The table of a shipped board or family (``folder``), its families' laid below it, unchecked."""
    documents = [_read_shipped(folder, name, "file")]
    _add_families(documents)
    return _laid_over(documents)[0]


def board_document(name_or_path: str) -> dict[str, Any]:
    """A board's own TOML table, without its family's. Raises :class:`BoardError`."""
    return _read_documents(name_or_path)[0].table


def _checked(documents: list[_Document]) -> BoardTable:
    """The documents as one table, which a board can be made of. Raises BoardError."""
    sources = _Sources(documents)
    merged, problems = _laid_over(documents)
    problems += board_problems(merged)
    if problems:
        errors = [sources.error(problem) for problem in sources.in_order(problems)]
        raise errors[0] if len(errors) == 1 else BoardProblems(documents[0].file, errors)
    return msgspec.convert(merged, BoardTable)


# -- reading ---------------------------------------------------------------------------
def _names_in(folder: str) -> list[str]:
    entries = resources.files(DATA_PACKAGE).joinpath(folder).iterdir()
    return sorted(e.name.removesuffix(".toml") for e in entries if e.name.endswith(".toml"))


def _read_documents(name_or_path: str) -> list[_Document]:
    looks_like_path = name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path
    if looks_like_path:
        documents = [_read_file(Path(name_or_path))]
    else:
        documents = [_read_shipped("boards", name_or_path, "board")]
    _add_families(documents)
    return documents


def _add_families(documents: list[_Document]) -> None:
    """Read the family of the last document, its family, and so on."""
    while family := documents[-1].table.get("family"):
        if not isinstance(family, str):
            raise BoardError("must be the name of a family", where=f"{documents[-1].file}: family")
        document = _read_shipped("families", family, "family", where=f"{documents[-1].file}: family")
        if any(document.file == earlier.file for earlier in documents):
            raise BoardError(f"family {family!r} inherits from itself", where=f"{documents[-1].file}: family")
        documents.append(document)


def _read_file(path: Path) -> _Document:
    next_step = "give the path of a TOML file, or a name that `boardless boards` lists"
    text = read_text(
        path, limit_bytes=LARGEST_FILE_BYTES, error=BoardError, what="board file", next_step=next_step
    )
    return _parse(str(path), text)


def _read_shipped(folder: str, name: str, what: str, *, where: str = "") -> _Document:
    names = _names_in(folder)
    if name not in names:
        raise BoardError(
            f"unknown {what} {name!r}{suggest(name, names)}",
            where=where,
            next_step=f"known: {', '.join(names)}",
        )
    file = f"{folder}/{name}.toml"
    text = resources.files(DATA_PACKAGE).joinpath(file).read_text(encoding="utf-8")
    document = _parse(f"{DATA_PACKAGE}/{file}", text)
    if folder == "boards":
        document.table.setdefault("name", name)
    return document


def _parse(file: str, text: str) -> _Document:
    try:
        return _Document(file, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"is not valid TOML: {error}", where=file) from error


# -- merging -----------------------------------------------------------------------------
def _laid_over(documents: list[_Document]) -> tuple[dict[str, Any], list[Problem]]:
    """All tables in one, the first document's on top, and what was wrong with their ``remove``."""
    merged: dict[str, Any] = {}
    problems: list[Problem] = []
    for document in reversed(documents):
        problems += _remove(merged, document)
        merged = _merge(merged, document.table)
    return merged, problems


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _remove(inherited: dict[str, Any], document: _Document) -> Iterator[Problem]:
    """Take inherited entries away, before the document's own tables are laid over the rest."""
    keys = document.table.get("remove", [])
    for key in keys if isinstance(keys, list) else ():
        table_name, _, entry_name = str(key).partition(".")
        if table_name not in TABLES_OF_ENTRIES or entry_name not in inherited.get(table_name, {}):
            known = [f"{table}.{entry}" for table in TABLES_OF_ENTRIES for entry in inherited.get(table, {})]
            yield Problem(
                "remove",
                f"{key!r} is not inherited{suggest(str(key), known)}",
                f"inherited: {listed(str(key), known)}",
            )
            continue
        entries = inherited[table_name]
        inherited[table_name] = {name: entry for name, entry in entries.items() if name != entry_name}


# -- building ----------------------------------------------------------------------------
def _build(table: BoardTable, file: str) -> Board:
    regions = tuple(_region(name, entry, table.regions, file) for name, entry in table.regions.items())
    flash_bases = tuple(r.base for r in regions if r.kind == "flash" and not r.alias_of)
    return Board(
        name=table.name or Path(file).stem,
        title=table.title,
        core=table.core,
        fpu=table.fpu,
        reset_hz=table.reset_hz,
        regions=regions,
        devices=tuple(
            DeviceEntry(name, d.type, d.base, d.size_bytes, d.interrupts, d.parameters, d.source)
            for name, d in table.devices.items()
        ),
        console=table.console,
        vector_table=table.vector_table,
        interrupts=table.interrupts,
        priority_bits=table.priority_bits,
        core_parameters=table.core_parameters,
        accelerators=tuple(
            Accelerator(name, a.kind, a.parameters, a.sources) for name, a in table.accelerators.items()
        ),
        signals=table.signals,
        image_bases=flash_bases if table.image_bases is msgspec.UNSET else tuple(table.image_bases),
        uf2_families=tuple(table.uf2_families),
        nominal_hz=table.reset_hz if table.nominal_hz is msgspec.UNSET else table.nominal_hz,
        sources=tuple(table.sources),
        file=file,
        register_map=_beside(file, table.register_map),
        wiring=Wiring() if table.wiring is msgspec.UNSET else table.wiring.pins(),
        rtt=RttFacts() if table.rtt is msgspec.UNSET else table.rtt.facts(),
        energy=None if table.energy is msgspec.UNSET else table.energy.facts(),
    )


def _beside(file: str, name: str) -> str:
    """The path of a file that a board file names, which stands beside it. Raises BoardError."""
    if not name:
        return ""
    path = Path(file).parent / name
    check_input_file(path, error=BoardError)
    return str(path)


def _contents(name: str, entry: RegionTable, file: str) -> bytes:
    """What a region begins with. Raises BoardError for a file that can't be read or does not fit."""
    if not entry.contents_file:
        return bytes.fromhex(entry.contents)
    path = _beside(file, entry.contents_file)
    data = read_bytes(Path(path), limit_bytes=LARGEST_REGION_BYTES, error=BoardError)
    room = entry.base + entry.size_bytes - entry.first_content
    if len(data) > room:
        raise BoardError(
            f"{path} has {len(data)} bytes, the region room for {room}",
            where=f"{file}: regions.{name}.contents_file",
            next_step="cut the file, or make the region larger",
        )
    return data


def _region(name: str, entry: RegionTable, regions: Mapping[str, RegionTable], file: str) -> Region:
    """Make a region; an alias takes kind, bus, accelerator and wait states from its original."""
    original = regions.get(entry.alias_of, entry)
    kind = original.kind if entry.kind is msgspec.UNSET else entry.kind
    waits = original.wait_states if entry.wait_states is msgspec.UNSET else entry.wait_states
    first = original if entry.first_load_cycles is msgspec.UNSET else entry
    return Region(
        name=name,
        base=entry.base,
        size_bytes=entry.size_bytes,
        kind=str(kind),
        bus=entry.bus or original.bus,
        accelerator=entry.accelerator or original.accelerator,
        wait_states=0 if waits is msgspec.UNSET else waits,
        first_load_cycles=first.first_load_cycles or 0,
        alias_of=entry.alias_of,
        source=entry.source,
        ram_for_programs=entry.ram_for_programs or original.ram_for_programs,
        contents=_contents(name, entry, file),
        contents_at=entry.first_content,
        banks_signal=entry.banks_signal,
        bank_bytes=entry.bank_bytes,
    )
