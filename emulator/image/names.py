"""Finds what a user names: functions and objects of an image, C++ names as the source spells them.

A name alone may belong to several functions (static ones of several files, overloads): then
``file.c:name`` or the whole signature says which is meant, and an address always does.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from emulator.errors import UsageError
from emulator.image.demangle import demangle
from emulator.image.model import Image, Symbol

FILE_AND_NAME = re.compile(r"(?P<file>[^:]+\.\w+):(?P<name>[^:].*)")
AROUND_PUNCTUATION = re.compile(r"\s*([<>(),*&\[\]])\s*")
MOST_NEAR_NAMES = 5
PATTERN_CHARACTERS = "*?"


def find_function(image: Image | None, name: str) -> Symbol:
    """The function of that name; raises :class:`UsageError` when there is none, or more than one."""
    return _find(image, name, "function")


def find_symbol(image: Image | None, name: str) -> Symbol:
    """The function or object of that name; raises :class:`UsageError` as :func:`find_function`."""
    return _find(image, name, "symbol")


def _find(image: Image | None, name: str, kind: str) -> Symbol:
    if image is None:
        raise UsageError("no image is loaded", next_step="call load() first")
    symbols = image.debug.symbols() if image.debug is not None else ()
    if kind == "function":
        symbols = [symbol for symbol in symbols if symbol.is_function]
    if not symbols:
        raise UsageError(
            f"the image has no symbols to find {name!r} among",
            where=image.path,
            next_step="give the address, or load the ELF that the linker wrote",
        )
    split = FILE_AND_NAME.fullmatch(name)
    file, plain = (split["file"], split["name"]) if split else ("", name)
    found = [s for s in _of_name(symbols, plain) if not file or _is_in(image, s, file)]
    if not found:
        raise _unknown(image, symbols, name, plain, kind)
    if len({symbol.address for symbol in found}) > 1:
        raise _ambiguous(image, found, name, kind)
    return found[0]


def spellings(linker_name: str) -> set[str]:
    """All that a function is called: the linker's name, and C++'s with and without parameters.

    Of a C++ name every shorter end counts, too: ``b::f`` and ``f`` of ``a::b::f(int)``; a template's
    name counts without its arguments.
    """
    names = _source_names(linker_name)
    for name in list(names):
        scope_end = _first_scope(name)
        while scope_end >= 0:
            name = name[scope_end + 2 :]  # noqa: PLW2901 -- from one end to the next
            names.add(name)
            scope_end = _first_scope(name)
    without_arguments = {name[: name.index("<")] for name in names if name.endswith(">")}
    return names | without_arguments | {linker_name}


def is_called(text: str, linker_name: str, name: str) -> bool:
    """Whether ``text`` names a function: one of its :func:`spellings`, or a pattern with ``*`` and ``?``.

    ``name``: as tables show it, for what has no name of the linker's.
    """
    names = spellings(linker_name) | {name}
    if text in names or _spelling(text) in names:
        return True
    return any(c in text for c in PATTERN_CHARACTERS) and any(fnmatchcase(each, text) for each in names)


def _first_scope(name: str) -> int:
    """Where the first ``::`` outside of brackets stands, -1 without one."""
    depth = 0
    for at, character in enumerate(name):
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(character, 0)
        if depth == 0 and name.startswith("::", at):
            return at
    return -1


def _of_name(symbols: Sequence[Symbol], name: str) -> list[Symbol]:
    """By the linker's name; if that is nobody's, by the source's, with or without parameters."""
    exact = [symbol for symbol in symbols if symbol.name == name]
    if exact:
        return exact
    wanted = _spelling(name)
    return [symbol for symbol in symbols if wanted in _source_names(symbol.name)]


def _spelling(name: str) -> str:
    return AROUND_PUNCTUATION.sub(r"\1", name.strip())


def _source_names(linker_name: str) -> set[str]:
    """A C++ function's signature and its bare name, ``set()`` for a name of C.

    A template's signature begins with the type of its result, which a bare name leaves out.
    """
    signature = demangle(linker_name)
    if signature == linker_name:
        return set()
    name = signature[: _parameters_at(signature)]
    names = {signature, name}
    if "operator " not in name:
        names.add(name[_last_space_outside_brackets(name) + 1 :])
    return {_spelling(each) for each in names}


def _parameters_at(signature: str) -> int:
    """Where the parameter list begins: at the bracket that the last closing one belongs to."""
    depth = 0
    for at in range(signature.rfind(")"), -1, -1):
        depth += {")": 1, "(": -1}.get(signature[at], 0)
        if depth == 0:
            return at
    return len(signature)


def _last_space_outside_brackets(name: str) -> int:
    depth = 0
    for at in range(len(name) - 1, -1, -1):
        if name[at] in ">)":
            depth += 1
        elif name[at] in "<(":
            depth -= 1
        elif name[at] == " " and depth == 0:
            return at
    return -1


def file_of(image: Image, symbol: Symbol) -> str:
    """The source file of a symbol as far as the image tells, else ``""``."""
    line = image.debug.line_at(symbol.address) if image.debug is not None and symbol.is_function else None
    return line.file if line is not None else symbol.file


def _is_in(image: Image, symbol: Symbol, file: str) -> bool:
    wanted = PurePosixPath(file).parts
    files = (PurePosixPath(symbol.file).parts, PurePosixPath(file_of(image, symbol)).parts)
    return any(parts[-len(wanted) :] == wanted for parts in files)


# -- errors --------------------------------------------------------------------------------
def _unknown(image: Image, symbols: Sequence[Symbol], name: str, plain: str, kind: str) -> UsageError:
    near = _near_names(plain, {symbol.name for symbol in symbols})
    hint = f"did you mean {', '.join(near)}?" if near else f"the image has {len(symbols)} of other names"
    debug = image.debug
    if kind == "function" and debug is not None and debug.symbol(name) is not None:
        hint = f"{name} is data; its address is machine.symbol({name!r}).address"
    return UsageError(
        f"the image has no {kind} {name!r}",
        where=image.path,
        next_step=f"{hint} (a compiler may have inlined a function, or left it out)",
    )


def _near_names(name: str, linker_names: Iterable[str]) -> list[str]:
    """Clones of a compiler's first (``name.constprop.0``), then what is spelled alike."""
    signatures = [demangle(linker_name) for linker_name in sorted(linker_names)]
    spelled = {signature[: _parameters_at(signature)]: signature for signature in signatures}
    clones = [s for s in spelled if s.startswith(f"{name}.")]
    inside = [s for s in spelled if s.endswith(f"::{name}")]
    alike = difflib.get_close_matches(name, spelled, n=MOST_NEAR_NAMES, cutoff=0.6)
    ordered = dict.fromkeys([*clones, *inside, *alike])
    return [spelled[each] for each in ordered][:MOST_NEAR_NAMES]


def _ambiguous(image: Image, found: Sequence[Symbol], name: str, kind: str) -> UsageError:
    lines = []
    for symbol in sorted(found, key=lambda s: s.address):
        file = file_of(image, symbol)
        lines.append(f"0x{symbol.address:08x} {demangle(symbol.name)}{f' ({file})' if file else ''}")
    return UsageError(
        f"{len(lines)} {kind}s are named {name!r}:\n    " + "\n    ".join(lines),
        where=image.path,
        next_step="say which: file.c:name, the whole C++ signature, or the address",
    )
