"""Board descriptions: TOML in, a checked :class:`emulator.board.model.Board` out.

A board file may name a ``family``: the family file's tables (devices, regions,
accelerators, interrupts) come first and the board's own keys are laid over them, table
by table. ``remove = ["devices.sdmmc1"]`` takes inherited entries away. Shipped files lie
in ``peripherals/boards`` and ``peripherals/families``; a path to any other TOML file is
accepted in place of a name, and its ``family`` then means a shipped family.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.board.checks import check_board, suggest
from emulator.board.model import Accelerator, Board, DeviceEntry, Region
from emulator.board.supply import energy_facts
from emulator.errors import BoardError
from emulator.files import read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable

DATA_PACKAGE = "peripherals"
DEFAULT_DEVICE_BYTES = 0x400
LARGEST_FILE_BYTES = 1 << 20

# key -> (type, required); "table" means one table per entry, "numbers" a table of integers
BOARD_KEYS: Mapping[str, tuple[str, bool]] = {
    "name": ("text", False),
    "title": ("text", True),
    "family": ("text", False),
    "remove": ("texts", False),
    "core": ("text", True),
    "fpu": ("text", True),
    "reset_hz": ("number", True),
    "nominal_hz": ("number", False),
    "console": ("text", True),
    "vector_table": ("number", True),
    "interrupts": ("number", True),
    "priority_bits": ("number", True),
    "image_bases": ("addresses", False),
    "sources": ("texts", False),
    "core_parameters": ("numbers", False),
    "signals": ("numbers", False),
    "regions": ("table", True),
    "devices": ("table", True),
    "accelerators": ("table", False),
    "energy": ("anything", False),
}
REGION_KEYS: Mapping[str, tuple[str, bool]] = {
    "base": ("number", True),
    "size_bytes": ("number", True),
    "kind": ("text", False),
    "bus": ("text", False),
    "accelerator": ("text", False),
    "wait_states": ("number", False),
    "alias_of": ("text", False),
    "source": ("text", False),
}
DEVICE_KEYS: Mapping[str, tuple[str, bool]] = {
    "type": ("text", True),
    "base": ("number", True),
    "size_bytes": ("number", False),
    "interrupts": ("numbers", False),
    "parameters": ("anything", False),
    "source": ("text", False),
}
ACCELERATOR_KEYS: Mapping[str, tuple[str, bool]] = {
    "kind": ("text", True),
    "parameters": ("numbers", False),
    "sources": ("anything", False),
}
ENTRY_KEYS = {"regions": REGION_KEYS, "devices": DEVICE_KEYS, "accelerators": ACCELERATOR_KEYS}
WHY_REQUIRED = {
    "reset_hz": "a board needs a clock: the core's frequency in hertz right after reset",
    "console": "a board needs a console: the name of the device whose serial port it is",
}


@dataclass(frozen=True, slots=True)
class _Document:
    """One TOML file as read."""

    file: str
    table: dict[str, Any]


class _Sources:
    """The files a board is made of, the board's own first; says which one holds a key."""

    def __init__(self, documents: list[_Document]) -> None:
        self.documents = documents

    def error(self, key: str, what: str, next_step: str = "") -> BoardError:
        return BoardError(what, where=f"{self._file_of(key)}: {key}", next_step=next_step)

    def _file_of(self, key: str) -> str:
        for document in self.documents:
            table: Any = document.table
            for part in key.split("."):
                if not isinstance(table, dict) or part not in table:
                    break
                table = table[part]
            else:
                return document.file
        return self.documents[0].file


def list_boards() -> list[str]:
    """Names of the shipped boards, sorted."""
    return _names_in("boards")


def load_board(name_or_path: str) -> Board:
    """Read and check a board by its shipped name or by the path of a TOML file.

    Raises :class:`BoardError` naming the file, the key, the reason and the next step.
    """
    documents = _read_documents(name_or_path)
    sources = _Sources(documents)
    for document in documents:
        _check_keys(document)
    merged: dict[str, Any] = {}
    for document in reversed(documents):
        _remove(merged, document)
        merged = _merge(merged, document.table)
    for key, (_kind, required) in BOARD_KEYS.items():
        if required and key not in merged:
            raise sources.error(
                key, f"missing; {WHY_REQUIRED.get(key, 'every board needs it')}", f"add {key} = ..."
            )
    board = _build(merged, sources)
    check_board(board, sources.error)
    return board


def board_document(name_or_path: str) -> dict[str, Any]:
    """A board's own TOML table, without its family's. Raises :class:`BoardError`."""
    return _read_documents(name_or_path)[0].table


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
    while family := documents[-1].table.get("family"):
        if not isinstance(family, str):
            raise BoardError("must be the name of a family", where=f"{documents[-1].file}: family")
        document = _read_shipped("families", family, "family", where=f"{documents[-1].file}: family")
        if any(document.file == earlier.file for earlier in documents):
            raise BoardError(f"family {family!r} inherits from itself", where=f"{documents[-1].file}: family")
        documents.append(document)
    return documents


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


# -- checking one file's keys and types --------------------------------------------------
def _check_keys(document: _Document) -> None:
    _check_table(document.file, "", document.table, BOARD_KEYS)
    for table_name, keys in ENTRY_KEYS.items():
        for entry_name, entry in document.table.get(table_name, {}).items():
            key = f"{table_name}.{entry_name}"
            if not isinstance(entry, dict):
                raise BoardError("must be a table", where=f"{document.file}: {key}")
            _check_table(document.file, f"{key}.", entry, keys)


def _check_table(file: str, prefix: str, table: dict[str, Any], keys: Mapping[str, tuple[str, bool]]) -> None:
    for key, value in table.items():
        if key not in keys:
            raise BoardError(
                f"unknown key{suggest(key, keys)}",
                where=f"{file}: {prefix}{key}",
                next_step=f"known here: {', '.join(keys)}",
            )
        problem = _type_problem(keys[key][0], value)
        if problem:
            raise BoardError(f"{problem}, not {value!r}", where=f"{file}: {prefix}{key}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _type_problem(kind: str, value: Any) -> str:
    """Say what is wrong with ``value`` for a key of this kind; empty when nothing is."""
    checks: Mapping[str, tuple[Callable[[], bool], str]] = {
        "text": (lambda: isinstance(value, str), "must be text"),
        "number": (lambda: _is_number(value), "must be a whole number, 0 or more"),
        "texts": (
            lambda: isinstance(value, list) and all(isinstance(v, str) for v in value),
            "must be a list of texts",
        ),
        "addresses": (
            lambda: isinstance(value, list) and all(map(_is_number, value)),
            "must be a list of addresses",
        ),
        "numbers": (
            lambda: isinstance(value, dict) and all(map(_is_number, value.values())),
            "must be a table of whole numbers",
        ),
        "table": (lambda: isinstance(value, dict), "must be a table"),
        "anything": (lambda: isinstance(value, dict), "must be a table"),
    }
    good, problem = checks[kind]
    return "" if good() else problem


# -- merging -----------------------------------------------------------------------------
def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _remove(inherited: dict[str, Any], document: _Document) -> None:
    for key in document.table.get("remove", []):
        table_name, _, entry_name = key.partition(".")
        table = inherited.get(table_name, {})
        if table_name not in ENTRY_KEYS or entry_name not in table:
            known = [f"{t}.{e}" for t in ENTRY_KEYS for e in inherited.get(t, {})]
            raise BoardError(
                f"{key!r} is not inherited{suggest(key, known)}", where=f"{document.file}: remove"
            )
        inherited[table_name] = {name: entry for name, entry in table.items() if name != entry_name}


# -- building ----------------------------------------------------------------------------
def _build(table: dict[str, Any], sources: _Sources) -> Board:
    file = sources.documents[0].file
    for table_name, keys in ENTRY_KEYS.items():
        for entry_name, entry in table.get(table_name, {}).items():
            for key, (_kind, required) in keys.items():
                if required and key not in entry:
                    raise sources.error(f"{table_name}.{entry_name}.{key}", "missing", f"add {key} = ...")
    regions = tuple(_region(name, entry, table["regions"]) for name, entry in table["regions"].items())
    flash_bases = tuple(r.base for r in regions if r.kind == "flash" and not r.alias_of)
    return Board(
        name=table.get("name", Path(file).stem),
        title=table["title"],
        core=table["core"],
        fpu=table["fpu"],
        reset_hz=table["reset_hz"],
        regions=regions,
        devices=tuple(
            DeviceEntry(name=name, **{"size_bytes": DEFAULT_DEVICE_BYTES, **entry})
            for name, entry in table["devices"].items()
        ),
        console=table["console"],
        vector_table=table["vector_table"],
        interrupts=table["interrupts"],
        priority_bits=table["priority_bits"],
        core_parameters=table.get("core_parameters", {}),
        accelerators=tuple(
            Accelerator(name=name, **entry) for name, entry in table.get("accelerators", {}).items()
        ),
        signals=table.get("signals", {}),
        image_bases=tuple(table.get("image_bases", flash_bases)),
        nominal_hz=table.get("nominal_hz", table["reset_hz"]),
        sources=tuple(table.get("sources", ())),
        file=file,
        energy=energy_facts(table["energy"], sources.error) if "energy" in table else None,
    )


def _region(name: str, entry: dict[str, Any], regions: dict[str, Any]) -> Region:
    """Make a region; an alias takes kind, accelerator and wait states from its original."""
    original = regions.get(entry.get("alias_of", ""), {})
    inherited = {
        key: original[key] for key in ("kind", "bus", "accelerator", "wait_states") if key in original
    }
    return Region(name=name, **{"kind": "", **inherited, **entry})
