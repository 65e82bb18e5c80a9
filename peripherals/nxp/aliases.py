"""Registers of NXP's analogue blocks: behind each stand three that set, clear and toggle its bits."""

from __future__ import annotations

from collections.abc import Iterable

from peripherals.register_device import Register, clears, sets, toggles


def with_aliases(row: Register) -> tuple[Register, ...]:
    """A register and its SET, CLR and TOG at 4, 8 and 12 bytes behind it."""
    name, offset, mask = row.name, row.offset, row.writable
    return (
        row,
        sets(offset + 0x4, f"{name}_SET", name, mask, shows=name),
        clears(offset + 0x8, f"{name}_CLR", name, mask, shows=name),
        toggles(offset + 0xC, f"{name}_TOG", name, mask, shows=name),
    )


def all_with_aliases(rows: Iterable[Register]) -> tuple[Register, ...]:
    """The same of several."""
    return tuple(alias for row in rows for alias in with_aliases(row))
