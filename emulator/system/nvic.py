"""Nested Vectored Interrupt Controller: external lines and their registers.

Level semantics (ARMv7-M B3.4.1): a line that is asserted makes its interrupt pending
unless the handler runs; it stays pending when the line is released; when the handler
returns and the line is still asserted, the interrupt is pending again. A new rising edge
while the handler runs makes it pending too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.system.exception_state import WORD_BITS, mask_of, put_mask
from emulator.system.exception_table import FIRST_EXTERNAL, ExceptionTable
from emulator.system.features import Architecture, CoreFeatures

ICTR = 0xE000E004
ISER = 0xE000E100
ICER = 0xE000E180
ISPR = 0xE000E200
ICPR = 0xE000E280
IABR = 0xE000E300
ITNS = 0xE000E380
IPR = 0xE000E400
STIR = 0xE000EF00

BANK_NAMES = {ISER: "ISER", ICER: "ICER", ISPR: "ISPR", ICPR: "ICPR", IABR: "IABR", ITNS: "ITNS"}
BANK_BYTES = 0x80


class ExternalLine:
    """One external interrupt input; a device's ``InterruptLine``."""

    __slots__ = ("_nvic", "number")

    def __init__(self, nvic: Nvic, number: int) -> None:
        self._nvic = nvic
        self.number = number

    def set_level(self, asserted: bool) -> None:
        """Assert or release the request."""
        self._nvic.set_level(self.number, asserted)


class Nvic:
    """The NVIC's registers over an :class:`ExceptionTable`.

    ``newly_pending`` is called when an interrupt becomes pending (SCR.SEVONPEND), ``enabled_for_nobody``
    (with the register and words) when firmware enables one that no device has: software alone can pend it.
    """

    def __init__(
        self,
        table: ExceptionTable,
        core: CoreFeatures,
        newly_pending: Callable[[], None],
        enabled_for_nobody: Callable[[int, str], None] = lambda _register, _words: None,
    ) -> None:
        self._table = table
        self._levels = table.state.level_words  # it is made anew at each look at it
        self._newly_pending = newly_pending
        self._enabled_for_nobody = enabled_for_nobody
        self._lines: set[int] = set()  # that a device has
        self.interrupts = table.count - FIRST_EXTERNAL
        self.names = self._register_names(core)

    def _register_names(self, core: CoreFeatures) -> dict[int, str]:
        names: dict[int, str] = {}
        words = 16 if core.is_mainline else 1
        for base, name in BANK_NAMES.items():
            if base == IABR and not core.is_mainline:
                continue
            if base == ITNS and core.architecture is not Architecture.V8M:
                continue
            names.update({base + 4 * i: f"NVIC_{name}{i}" for i in range(words)})
        names.update({IPR + 4 * i: f"NVIC_IPR{i}" for i in range(124 if core.is_mainline else 8)})
        if core.is_mainline:
            names[ICTR] = "ICTR"
            names[STIR] = "STIR"
        return names

    @property
    def levels(self) -> int:
        """The lines that are asserted, by interrupt number."""
        return mask_of(self._levels)

    def _set_levels(self, levels: int) -> None:
        put_mask(self._levels, levels)

    def reset(self) -> None:
        """Registers are in the exception table; a line that is still asserted pends again."""
        asserted = self.levels
        self._set_levels(0)
        for number in range(self.interrupts):
            if asserted >> number & 1:
                self.set_level(number, True)

    # -- lines -------------------------------------------------------------------------
    def line(self, number: int) -> ExternalLine:
        """The input of interrupt ``number``; ``ValueError`` when the board has no such line."""
        if not 0 <= number < self.interrupts:
            raise ValueError(f"interrupt {number}: this core has lines 0 to {self.interrupts - 1}")
        self._lines.add(number)
        return ExternalLine(self, number)

    def set_level(self, number: int, asserted: bool) -> None:
        """A line rises or falls."""
        word, bit = number // WORD_BITS, 1 << number % WORD_BITS
        levels = self._levels[word]
        if asserted == bool(levels & bit):
            return
        self._levels[word] = levels ^ bit
        if asserted:
            self._pend(number)

    def _pend(self, number: int) -> None:
        if not self._table.is_pending(FIRST_EXTERNAL + number):
            self._table.set_pending(FIRST_EXTERNAL + number)
            self._newly_pending()

    def returned(self, exception_number: int) -> None:
        """A handler returned: pend again when its line is still asserted."""
        number = exception_number - FIRST_EXTERNAL
        if number >= 0 and self.levels >> number & 1:
            self._pend(number)

    # -- registers ---------------------------------------------------------------------
    def read_word(self, address: int) -> int:
        """Read an NVIC register."""
        if address == ICTR:
            return max(0, (self.interrupts + 31) // 32 - 1)
        if address == STIR or ITNS <= address < ITNS + BANK_BYTES:
            return 0
        if address >= IPR:
            first = FIRST_EXTERNAL + (address - IPR)
            return sum(p << 8 * i for i, p in enumerate(self._table.priorities[first : first + 4]))
        bank, index = self._bank(address)
        masks = {
            ISER: self._table.enabled,
            ICER: self._table.enabled,
            ISPR: self._table.pending,
            ICPR: self._table.pending,
            IABR: self._table.active,
        }
        return masks[bank] >> (FIRST_EXTERNAL + 32 * index) & 0xFFFFFFFF

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write an NVIC register."""
        value &= mask
        if address == STIR:
            if value & 0x1FF < self.interrupts:
                self._pend(value & 0x1FF)
        elif address >= IPR and address != ICTR:
            self._write_priorities(address, value, mask)
        elif address != ICTR:
            self._write_bank(address, value)

    def _write_priorities(self, address: int, value: int, mask: int) -> None:
        for i in range(4):
            if mask >> 8 * i & 0xFF:
                self._table.set_priority(FIRST_EXTERNAL + address - IPR + i, value >> 8 * i & 0xFF)

    def _write_bank(self, address: int, value: int) -> None:
        bank, index = self._bank(address)
        numbers = [32 * index + i for i in range(32) if value >> i & 1]
        numbers = [n for n in numbers if n < self.interrupts]
        mask = sum(1 << (FIRST_EXTERNAL + n) for n in numbers)
        if bank == ISER:
            self._table.set_enabled(mask, True)
            for number in sorted({*numbers} - self._lines):
                self._enabled_for_nobody(address, f"interrupt {number}: nothing that is modelled raises it")
        elif bank == ICER:
            self._table.set_enabled(mask, False)
        elif bank == ISPR:
            for number in numbers:
                self._pend(number)
        elif bank == ICPR:
            for number in numbers:
                self._clear_pending(number)

    def _clear_pending(self, number: int) -> None:
        asserted = self.levels >> number & 1
        if not asserted or self._table.is_active(FIRST_EXTERNAL + number):
            self._table.clear_pending(FIRST_EXTERNAL + number)

    @staticmethod
    def _bank(address: int) -> tuple[int, int]:
        bank = address & ~(BANK_BYTES - 1)
        return bank, (address - bank) // 4

    # -- snapshots ---------------------------------------------------------------------
    def save(self) -> Any:
        """Levels of the lines."""
        return self.levels

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._set_levels(state)
