"""Flash interface of STM32H742/743/753/750 (RM0433, "Embedded flash memory"): two banks, each on its own.

A flash word of 32 bytes is programmed when all of it has been stored, or FW is set; a sector of 128 KiB, or a
bank, is erased by START. Bytes are as new as soon as an operation begins; BSY and QW go away when its time is
over. Code in the bank runs on meanwhile. Not modelled, and reported: mass erase by OPTCR, option bytes.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from emulator.device import DeviceContext
from peripherals.parts.timed_deadline import TimedDeadline
from peripherals.stm32.flash_h7 import CR_LOCK, FlashH7A3
from peripherals.stm32.programmed_flash import ERASED, KIB, PICOSECONDS_A_US, US_A_MS, ProgrammedParameters

BANKS = (1, 2)
CR_PG, CR_SER, CR_BER, CR_FW, CR_START = 1 << 1, 1 << 2, 1 << 3, 1 << 6, 1 << 7
CR_SNB_SHIFT = 8
SR_BSY, SR_WBNE, SR_QW = 1 << 0, 1 << 1, 1 << 2
SR_EOP, SR_PGSERR, SR_INCERR = 1 << 16, 1 << 18, 1 << 21
FLAGS = 0x0FEF0000
"""EOP and the error flags of SR; CCR clears them, and CR enables the interrupt of each by its bit."""
WORD_BYTES = 32
NOTHING: tuple[int, bytes, int] = (0, b"", 0)
DIFFERENCES: dict[str, dict[str, Any]] = {
    "ACR": {"reset": 0x37}, "CCR1": {"on_write": "flags_1_cleared"}, "CCR2": {"on_write": "flags_2_cleared"},
}  # fmt: skip
"""Of its registers from H7A3's."""


class FlashH743(FlashH7A3):
    """Flash registers of H742/743/753/750."""

    PARAMETERS = ProgrammedParameters
    parameters: ProgrammedParameters
    STATE = (*FlashH7A3.STATE, "_words")
    PARTS = ("_ends",)
    REGISTERS = tuple(replace(row, **DIFFERENCES.get(row.name, {})) for row in FlashH7A3.REGISTERS)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._ends = [
            TimedDeadline(context, f"bank {bank}", partial(self._ended, bank), is_work=True) for bank in BANKS
        ]
        self._words = dict.fromkeys(BANKS, NOTHING)  # by bank: a word's address, its bytes, which have come
        size_bytes = self.parameters.flash_kib * KIB
        context.flash.serve_stores(self.parameters.array, size_bytes, self._stored)

    def reset(self) -> None:
        """Lock; nothing is under way."""
        super().reset()
        for ends in self._ends:
            ends.arm(None)
        self._words = dict.fromkeys(BANKS, NOTHING)

    # -- effects -----------------------------------------------------------------------------
    def control_1_written(self, written: int, old: int) -> None:
        """CR1."""
        self._controlled(1, written, old)

    def control_2_written(self, written: int, old: int) -> None:
        """CR2."""
        self._controlled(2, written, old)

    def flags_1_cleared(self, written: int, _old: int) -> None:
        """CCR1: ones clear flags of SR1."""
        self._cleared(1, written)

    def flags_2_cleared(self, written: int, _old: int) -> None:
        """CCR2."""
        self._cleared(2, written)

    # -- inside ------------------------------------------------------------------------------
    def _controlled(self, bank: int, written: int, old: int) -> None:
        name = f"CR{bank}"
        if old & CR_LOCK:
            self.values[name] = old
            return
        if written & CR_FW and self._words[bank] != NOTHING:
            self._program(bank)
        self.clear_bits(name, CR_FW)
        if written & CR_START and not old & CR_START and not self._erase(bank, self.values[name]):
            self.clear_bits(name, CR_START)
        self._settle()

    def _cleared(self, bank: int, written: int) -> None:
        self.clear_bits(f"SR{bank}", written & FLAGS)
        self._settle()

    def _stored(self, address: int, size_bytes: int, value: int) -> bool:
        """A store to the flash: a part of a word, while PG is set."""
        bank = 1 + (address - self.parameters.array) // self.parameters.bank_bytes
        if not self.values[f"CR{bank}"] & CR_PG:
            self._fail(bank, SR_PGSERR)
            return True
        begin = address // WORD_BYTES * WORD_BYTES
        first, data, come = self._words[bank]
        if come and first != begin:
            self._fail(bank, SR_INCERR)
            return True
        at = address - begin
        data = data or ERASED * WORD_BYTES
        data = data[:at] + value.to_bytes(size_bytes, "little") + data[at + size_bytes :]
        come |= (1 << size_bytes) - 1 << at
        self._words[bank] = (begin, data, come)
        self.set_bits(f"SR{bank}", SR_WBNE)
        if come == (1 << WORD_BYTES) - 1:
            self._program(bank)
        return True

    def _program(self, bank: int) -> None:
        """A word, of which bits only fall."""
        begin, data, _come = self._words[bank]
        words = [self.context.memory.read(begin + at, 4) for at in range(0, WORD_BYTES, 4)]
        old = b"".join(word.to_bytes(4, "little") for word in words)
        self.context.flash.put(begin, bytes(a & b for a, b in zip(old, data, strict=True)))
        self._words[bank] = NOTHING
        self.clear_bits(f"SR{bank}", SR_WBNE)
        self._begin(bank, self.parameters.program_us)

    def _erase(self, bank: int, control: int) -> bool:
        """The bank, or its sector SNB; whether there was anything to do."""
        begin = self.parameters.array + (bank - 1) * self.parameters.bank_bytes
        size, lasts_ms = self.parameters.bank_bytes, self.parameters.mass_erase_ms
        if not control & (CR_SER | CR_BER):
            return False
        if not control & CR_BER:
            size, lasts_ms = self.parameters.sectors_kib[0] * KIB, self.parameters.erase_ms[0]
            begin += (control >> CR_SNB_SHIFT & 7) * size
        self.context.flash.put(begin, ERASED * size)
        self._begin(bank, lasts_ms * US_A_MS)
        return True

    def _begin(self, bank: int, lasts_us: int) -> None:
        now, ends = self.context.clock.picoseconds(), self._ends[bank - 1]
        self.set_bits(f"SR{bank}", SR_BSY | SR_QW)
        ends.arm(max(now, ends.picoseconds or now) + lasts_us * PICOSECONDS_A_US)

    def _ended(self, bank: int) -> None:
        self.clear_bits(f"SR{bank}", SR_BSY | SR_QW)
        self.clear_bits(f"CR{bank}", CR_START)
        self.set_bits(f"SR{bank}", SR_EOP)
        self._settle()

    def _fail(self, bank: int, flag: int) -> None:
        self.set_bits(f"SR{bank}", flag)
        self._words[bank] = NOTHING
        self.clear_bits(f"SR{bank}", SR_WBNE)
        self._settle()

    def _settle(self) -> None:
        pending = [self.values[f"SR{bank}"] & self.values[f"CR{bank}"] & FLAGS for bank in BANKS]
        self.line("global").set_level(any(pending))
