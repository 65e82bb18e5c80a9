"""Symbols by address and by name, wherever they come from."""

from __future__ import annotations

import bisect
from collections.abc import Iterable

from emulator.image.model import InlinedCall, Routine, SourceLine, Symbol


class SymbolTable:
    """Names alone; implements :class:`emulator.image.model.DebugInfo` for files without lines."""

    def __init__(self, symbols: Iterable[Symbol]) -> None:
        self._symbols = sorted(symbols, key=lambda s: (s.address, s.is_function, s.size_bytes, s.name))
        self._addresses = [symbol.address for symbol in self._symbols]
        self._by_name = {symbol.name: symbol for symbol in self._symbols}

    def symbols(self) -> list[Symbol]:
        """All functions and objects, by address."""
        return self._symbols

    def symbol(self, name: str) -> Symbol | None:
        """Find the symbol of that name."""
        return self._by_name.get(name)

    def symbol_at(self, address: int) -> Symbol | None:
        """Find the function (or object) that holds ``address``; the Thumb bit is ignored.

        A symbol without a size (a label in assembly) reaches to the next one.
        """
        address &= ~1
        index = bisect.bisect_right(self._addresses, address) - 1
        while index >= 0:
            symbol = self._symbols[index]
            if symbol.size_bytes == 0 or address < symbol.address + symbol.size_bytes:
                return symbol
            if symbol.size_bytes and symbol.is_function:
                return None
            index -= 1
        return None

    def line_at(self, address: int) -> SourceLine | None:  # noqa: ARG002
        """It knows of no lines."""
        return None

    def folder_at(self, address: int) -> str:  # noqa: ARG002
        """It knows of no folders."""
        return ""

    def routine_at(self, address: int) -> Routine | None:  # noqa: ARG002
        """It knows of no sources."""
        return None

    def inlined_at(self, address: int) -> tuple[InlinedCall, ...]:  # noqa: ARG002
        """It knows of no inlined calls."""
        return ()
