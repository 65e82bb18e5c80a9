"""A device without function: registers that hold what was written.

For controllers that start-up code sets up but that no benchmark depends on. The board's
TOML gives the register names and the few effects that start-up code waits for::

    parameters = { registers = { CR = 0x00, SR = 0x04 }, resets = { CR = 0x20 },
                   follow = ["SR.0 = CR.0"], clear = ["CR.31"], set = ["SR.5"], silent = true }

A register may begin at any byte: chips with 8 and 16-bit registers have several in a word, and
the bits of each are counted from its own first byte (``SR = 0x05``, ``SR.7``).

``follow``: a status bit that always equals an enable bit. ``clear``: bits that hardware
clears at once (a start or calibration bit). ``set``: status bits that are always set.
``read_only``: registers that writes don't change. Every access is reported as unmodelled
unless ``silent``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.device import DeviceContext
from emulator.errors import BoardError
from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import ALL_BITS, Register

KNOWN_PARAMETERS = ("registers", "resets", "follow", "clear", "set", "read_only", "silent", "clock")
BIT = re.compile(r"^\s*(\w+)\.(\d+)\s*$")


class Quiet(ReadyDevice):
    """Storage with names, reset values, and status bits that follow enable bits."""

    stores_only = True

    def __init__(self, context: DeviceContext) -> None:
        parameters = context.parameters
        for key in parameters:
            if key not in KNOWN_PARAMETERS:
                raise BoardError(
                    f"unknown parameter {key!r} of a quiet device",
                    where=f"devices.{context.name}.parameters",
                    next_step=f"known: {', '.join(KNOWN_PARAMETERS)}",
                )
        self._names: Mapping[str, int] = parameters.get("registers", {})
        own = {offset: name for name, offset in self._names.items() if not offset & 3}
        self._words = {
            name: own.get(offset & ~3, f"+0x{offset & ~3:x}") for name, offset in self._names.items()
        }
        self._silent = bool(parameters.get("silent", False))
        self._other: dict[int, int] = {}
        super().__init__(context)
        self._follow = tuple(self._pair(text) for text in parameters.get("follow", []))
        self._clear = [self._bit(text) for text in parameters.get("clear", [])]
        self._set = [self._bit(text) for text in parameters.get("set", [])]

    def register_table(self) -> tuple[Register, ...]:
        """Build the rows from the board's parameters."""
        resets = self.context.parameters.get("resets", {})
        fixed = self.context.parameters.get("read_only", [])
        rows: dict[int, Register] = {}
        for name, offset in self._names.items():
            row = rows.get(offset & ~3) or Register(offset & ~3, self._words[name])
            reset = row.reset | resets.get(name, 0) << 8 * (offset & 3) & ALL_BITS
            writable = row.writable & ~self._bits_of(offset) if name in fixed else row.writable
            rows[offset & ~3] = replace(row, reset=reset, writable=writable)
        return tuple(rows.values())

    def register_name(self, offset: int) -> str:
        """Name the register that begins there, else the one whose word it is in."""
        named = next((name for name, known in self._names.items() if known == offset), None)
        return named or super().register_name(offset)

    def _bits_of(self, offset: int) -> int:
        """The bits in its word of the register at ``offset``: up to the next register's."""
        end = min((other for other in self._names.values() if other > offset), default=offset + 4)
        size_bytes = min(end, (offset | 3) + 1) - offset
        return (1 << 8 * size_bytes) - 1 << 8 * (offset & 3)

    def ready_table(self) -> tuple[Ready, ...]:
        """Give the pairs of ``follow``."""
        return self._follow

    def reset(self) -> None:
        """Forget everything written."""
        super().reset()
        self._other.clear()

    def read(self, offset: int, size_bytes: int) -> int:
        """Give back what was written."""
        if not self._silent:
            self.context.unmodelled(offset, "read", "stored only")
        if offset & ~3 in self._rows:
            return super().read(offset, size_bytes)
        return (self._other.get(offset & ~3, 0) >> 8 * (offset & 3)) & ((1 << 8 * size_bytes) - 1)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Keep the value, then let status bits follow."""
        if not self._silent:
            self.context.unmodelled(offset, "write", "stored only")
        if offset & ~3 in self._rows:
            super().write(offset, size_bytes, value)
            return
        shift = 8 * (offset & 3)
        lanes = ((1 << 8 * size_bytes) - 1) << shift
        old = self._other.get(offset & ~3, 0)
        self._other[offset & ~3] = (old & ~lanes) | ((value << shift) & lanes)

    def save(self) -> Any:
        """Give named registers and the other offsets written."""
        return {"named": super().save(), "other": dict(self._other)}

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        super().load(state["named"])
        self._other = dict(state["other"])

    def settle(self) -> None:
        """Clear and set what hardware does, then let status bits follow."""
        for name, mask in self._clear:
            self.clear_bits(name, mask)
        for name, mask in self._set:
            self.set_bits(name, mask)
        super().settle()

    def _pair(self, text: str) -> Ready:
        status, _, enable = text.partition("=")
        return Ready(*self._bit(status), *self._bit(enable))

    def _bit(self, text: str) -> tuple[str, int]:
        match = BIT.match(text)
        name = match.group(1) if match else ""
        bit = int(match.group(2)) + 8 * (self._names.get(name, 0) & 3) if match else 0
        if name not in self._names or bit > 31:
            raise BoardError(
                f"{text.strip()!r} is not REGISTER.BIT of a named register",
                where=f"devices.{self.context.name}.parameters",
            )
        return self._words[name], 1 << bit
