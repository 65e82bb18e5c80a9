"""UARTs that a class of ours models, found in a chip by what their registers are called and where.

Makers use each other's blocks, so a chip that nobody has described here may have a UART that is known:
its registers have the same names at the same offsets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from emulator.board.shipped import device_kinds
from emulator.chip.model import Peripheral
from emulator.device import Device

LEAST_SAME = 4
LEAST_SHARE = 0.6
"""Of a peripheral's registers so many have the class's name, or it is another UART."""
PREFIX = re.compile(r"^(LP|LE)?US?ART")


@dataclass(frozen=True, slots=True)
class KnownUart:
    """A class that models a peripheral: its import path, its window, its lines by number."""

    type: str
    register_bytes: int
    interrupts: Mapping[str, int]


class KnownUarts:
    """The classes of shipped boards that have a serial port, with their registers' names."""

    def __init__(self) -> None:
        self._kinds = [
            (path, kind, names)
            for path, kind in device_kinds().items()
            if kind.has_serial and len(names := _register_names(kind)) >= LEAST_SAME
        ]

    def find(self, peripheral: Peripheral) -> KnownUart | None:
        """The class that models a peripheral best; None when none does."""
        names: dict[int, set[str]] = {}
        for register in peripheral.registers:
            names.setdefault(register.offset, set()).add(_bare(register.name.rpartition(".")[2]))
        best: tuple[float, str, type[Device]] | None = None
        for path, kind, known in self._kinds:
            same = sum(_bare(name) in names.get(offset, ()) for offset, name in known.items())
            share = same / len(names) if names else 0.0
            if same >= LEAST_SAME and share >= LEAST_SHARE and (best is None or share > best[0]):
                best = share, path, kind
        if best is None:
            return None
        _share, path, kind = best
        needed = kind.register_bytes(msgspec.convert({}, kind.PARAMETERS))
        return KnownUart(path, needed, _lines(kind.LINES, peripheral.interrupts))


def _register_names(kind: type[Device]) -> Mapping[int, str]:
    try:
        return kind.register_names(msgspec.convert({}, kind.PARAMETERS))
    except msgspec.ValidationError:  # it needs parameters that only a board can know
        return {}


def _bare(name: str) -> str:
    """A register's name without what makers put around it."""
    return re.sub(r"[^A-Z0-9]", "", PREFIX.sub("", name.upper()))


def _lines(lines: Iterable[str], interrupts: Mapping[str, int]) -> dict[str, int]:
    """The class's lines and the interrupts that are called like them; a single one is all there is."""
    names = list(lines)
    found = {
        line: number
        for line in names
        for name, number in interrupts.items()
        if re.search(rf"(^|_|\d){re.escape(line)}$", name, re.IGNORECASE)
    }
    if not found and interrupts:
        line = next((name for name in ("global", "combined") if name in names), "")
        found = {line: next(iter(interrupts.values()))} if line else {}
    return found
