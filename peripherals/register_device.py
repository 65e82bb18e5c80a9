"""The base of every register-mapped device: a register table, and dispatch over it.

A device class puts a ``REGISTERS`` table at its top. Each row names a register as the
vendor's manual does, with its offset, reset value, the bits that a write stores, and
the methods that give it an effect. Everything else (sub-word accesses, write-one-to-clear
bits, set, clear and toggle registers, reports of unknown offsets, snapshots) happens here.
"""

from __future__ import annotations

import copy
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from emulator.device import ClockedParameters, Device, DeviceContext, DeviceParameters, InterruptLine

ALL_BITS = 0xFFFFFFFF
WORD_BYTES = 4


@dataclass(frozen=True, slots=True)
class Register:
    """One row of a register table.

    ``writable``: bits that a write stores. ``w1c``: bits that writing 1 clears.
    ``w0c``: bits that writing 0 clears. ``on_read``: name of a method ``() -> int`` whose
    result is read in place of the stored value. ``on_write``: name of a method
    ``(written, old) -> None`` called after the store; ``written`` has zeros in the byte
    lanes that the access did not touch.

    ``target``: writes store nothing here; each ``writable`` bit written 1 changes that bit of
    the register ``target`` by ``operation(value, bits)``, and without an ``on_write`` of its
    own the target's effect follows. ``shows``: the register whose stored value is read here;
    ``under``: only those of its bits that are set in this register, too.
    """

    offset: int
    name: str
    reset: int = 0
    writable: int = ALL_BITS
    w1c: int = 0
    w0c: int = 0
    on_read: str = ""
    on_write: str = ""
    target: str = ""
    operation: Callable[[int, int], int] = operator.or_
    shows: str = ""
    under: str = ""


def read_only(offset: int, name: str, reset: int = 0, on_read: str = "") -> Register:
    """Make a row for a register that writes don't change."""
    return Register(offset, name, reset, writable=0, on_read=on_read)


def sets(
    offset: int, name: str, target: str, mask: int = ALL_BITS, *, shows: str = "", on_write: str = ""
) -> Register:
    """Make a row whose written ones set bits of ``target``."""
    return Register(
        offset, name, writable=mask, on_write=on_write, target=target, operation=operator.or_, shows=shows
    )


def clears(
    offset: int, name: str, target: str, mask: int = ALL_BITS, *, shows: str = "", on_write: str = ""
) -> Register:
    """Make a row whose written ones clear bits of ``target``."""
    return Register(
        offset, name, writable=mask, on_write=on_write, target=target, operation=without, shows=shows
    )


def toggles(
    offset: int, name: str, target: str, mask: int = ALL_BITS, *, shows: str = "", on_write: str = ""
) -> Register:
    """Make a row whose written ones toggle bits of ``target``."""
    return Register(
        offset, name, writable=mask, on_write=on_write, target=target, operation=operator.xor, shows=shows
    )


def without(value: int, bits: int) -> int:
    """``value`` with ``bits`` cleared."""
    return value & ~bits


class NoLine:
    """An interrupt line that the board leaves unconnected."""

    def set_level(self, asserted: bool) -> None:
        """Go nowhere."""


class RegisterDevice(Device):
    """A device made of 32-bit registers; 8, 16 and 32-bit accesses reach them.

    Subclasses give ``REGISTERS``, and the names of further attributes that a snapshot must
    hold: in ``STATE`` plain data, in ``PARTS`` what saves and loads itself, or a list or tuple of such.
    What a board may say of it is declared as of every :class:`emulator.device.Device`.
    Effects find in ``access_offset`` which register the access is to, and in ``access_bytes`` its size.
    The signal ``reset:NAME`` (a clock controller's peripheral reset) resets the device.
    """

    REGISTERS: ClassVar[tuple[Register, ...]] = ()
    STATE: ClassVar[tuple[str, ...]] = ()
    PARTS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self.access_offset, self.access_bytes = 0, WORD_BYTES
        table = self.register_table()
        self._rows = {row.offset: replace(row, writable=0) if row.target else row for row in table}
        self._readers = {row.offset: reader for row in table if (reader := self._reader(row))}
        effects = {row.name: getattr(self, row.on_write) for row in table if row.on_write}
        self._writers: dict[int, Callable[[int, int], None]] = {
            row.offset: partial(self._change_target, row, effects.get(row.name) or effects.get(row.target))
            if row.target
            else effects[row.name]
            for row in table
            if row.target or row.on_write
        }
        self.values: dict[str, int] = {row.name: row.reset for row in table}
        context.signals.watch(f"reset:{context.name}", self._reset_signal)

    def register_table(self) -> tuple[Register, ...]:
        """Give this instance's table; a class may extend it by its parameters."""
        return self.REGISTERS

    @classmethod
    def register_bytes(cls, parameters: DeviceParameters) -> int:
        """Up to the last word of the table that a device with these parameters has."""
        return max((row.offset + WORD_BYTES for row in cls._table_with(parameters)), default=0)

    @classmethod
    def register_names(cls, parameters: DeviceParameters) -> Mapping[int, str]:
        """The names of the table that a device with these parameters has."""
        return {row.offset: row.name for row in cls._table_with(parameters)}

    @classmethod
    def _table_with(cls, parameters: DeviceParameters) -> tuple[Register, ...]:
        bare = cls.__new__(cls)  # a table depends on parameters alone
        bare.parameters = parameters
        return bare.register_table()

    # -- the Device protocol -------------------------------------------------------------
    def reset(self) -> None:
        """Put every register to its reset value and release the interrupt lines."""
        for row in self._rows.values():
            self.values[row.name] = row.reset
        for line in self.context.interrupts.values():
            line.set_level(False)

    def read(self, offset: int, size_bytes: int) -> int:
        """Load from ``offset``; unknown offsets read 0 and are reported."""
        word_offset = offset & ~3
        row = self._rows.get(word_offset)
        if row is None:
            self.context.unmodelled(offset, "read", "")
            return 0
        self.access_offset, self.access_bytes = word_offset, size_bytes
        reader = self._readers.get(word_offset)
        value = reader() if reader else self.values[row.name]
        return (value >> 8 * (offset & 3)) & ((1 << 8 * size_bytes) - 1)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store to ``offset``; unknown offsets are reported and otherwise ignored."""
        word_offset = offset & ~3
        row = self._rows.get(word_offset)
        if row is None:
            self.context.unmodelled(offset, "write", "")
            return
        self.access_offset, self.access_bytes = word_offset, size_bytes
        shift = 8 * (offset & 3)
        lanes = (((1 << 8 * size_bytes) - 1) << shift) & ALL_BITS
        written = (value << shift) & lanes
        old = self.values[row.name]
        stored = (old & ~(lanes & row.writable)) | (written & row.writable)
        stored &= ~(written & row.w1c) & ~(lanes & ~written & row.w0c)
        self.values[row.name] = stored
        self.settle()
        writer = self._writers.get(word_offset)
        if writer:
            writer(written, old)

    def save(self) -> Any:
        """Give register values, the attributes named in ``STATE``, and the state of ``PARTS``."""
        extra = {name: getattr(self, name) for name in self.STATE}
        parts = {name: [part.save() for part in self._parts(name)] for name in self.PARTS}
        return copy.deepcopy({"values": self.values, "extra": extra, "parts": parts})

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        state = copy.deepcopy(state)
        self.values = state["values"]
        for name, value in state["extra"].items():
            setattr(self, name, value)
        for name, saved in state["parts"].items():
            for part, one in zip(self._parts(name), saved, strict=True):
                part.load(one)

    def register_name(self, offset: int) -> str:
        """Name the register at ``offset`` as the manual does, or as ``+0x40``."""
        row = self._rows.get(offset & ~3)
        return row.name if row else f"+0x{offset:x}"

    # -- for subclasses ------------------------------------------------------------------
    def settle(self) -> None:
        """Let status bits follow what was just stored; before the written register's effect."""

    def set_bits(self, name: str, mask: int) -> None:
        """Set bits of a stored register."""
        self.values[name] |= mask

    def clear_bits(self, name: str, mask: int) -> None:
        """Clear bits of a stored register."""
        self.values[name] &= ~mask

    def put_bits(self, name: str, mask: int, on: bool) -> None:
        """Set or clear bits of a stored register."""
        if on:
            self.values[name] |= mask
        else:
            self.values[name] &= ~mask

    def field(self, register: str, shift: int, width: int) -> int:
        """Read a bit field of a stored register."""
        return self.values[register] >> shift & (1 << width) - 1

    def put_field(self, register: str, shift: int, width: int, value: int) -> None:
        """Write a bit field of a stored register."""
        mask = (1 << width) - 1 << shift
        self.values[register] = (self.values[register] & ~mask) | (value << shift & mask)

    def line(self, name: str) -> InterruptLine:
        """Give the interrupt line of this name; an unconnected one does nothing."""
        line = self.context.interrupts.get(name)
        if line is not None:
            return line
        if name not in self.LINES and re.sub(r"[0-9]+", "#", name) not in self.LINES:
            raise ValueError(f"{type(self).__name__} declares no interrupt line {name!r} in LINES")
        return NoLine()

    def clock_hz(self) -> int:
        """Frequency of the clock that the board's ``clock`` parameter names."""
        assert isinstance(self.parameters, ClockedParameters)
        return self.context.clocks.hz(self.parameters.clock)

    def report(self, register: str, access: str, what: str) -> None:
        """Report a use of a known register that the model does not cover."""
        offset = next(row.offset for row in self._rows.values() if row.name == register)
        self.context.unmodelled(offset, access, what)

    # -- inside ----------------------------------------------------------------------------
    def _parts(self, name: str) -> Sequence[Any]:
        found = getattr(self, name)
        return found if isinstance(found, (list, tuple)) else (found,)

    def _reader(self, row: Register) -> Callable[[], int] | None:
        if row.on_read:
            reader: Callable[[], int] = getattr(self, row.on_read)
            return reader
        if row.under:
            return lambda: self.values[row.shows] & self.values[row.under]
        return (lambda: self.values[row.shows]) if row.shows else None

    def _change_target(
        self, row: Register, effect: Callable[[int, int], None] | None, written: int, _old: int
    ) -> None:
        old = self.values[row.target]
        new = self.values[row.target] = row.operation(old, written & row.writable)
        self.settle()
        if effect:
            effect(written if row.on_write else new, old)

    def _reset_signal(self, level: int) -> None:
        if level:
            self.reset()
