"""Cortex-M7 cache identification, cache maintenance, and TCM and access control registers.

Maintenance stores take effect through ``maintain(cache, operation, address)``, where
``cache`` is ``"instruction"``, ``"data"`` or ``"branch"`` and ``operation`` is
``"invalidate"``, ``"clean"`` or ``"clean-invalidate"``; ``address`` is ``None`` for the
whole cache, a set and way operation counts as one line of it and passes its operand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.system.features import CoreFeatures
from emulator.system.registers import StoredWords

CLIDR = 0xE000ED78
CTR = 0xE000ED7C
CCSIDR = 0xE000ED80
CSSELR = 0xE000ED84

MAINTENANCE = {
    0xE000EF50: ("ICIALLU", "instruction", "invalidate", "all"),
    0xE000EF58: ("ICIMVAU", "instruction", "invalidate", "address"),
    0xE000EF5C: ("DCIMVAC", "data", "invalidate", "address"),
    0xE000EF60: ("DCISW", "data", "invalidate", "set-way"),
    0xE000EF64: ("DCCMVAU", "data", "clean", "address"),
    0xE000EF68: ("DCCMVAC", "data", "clean", "address"),
    0xE000EF6C: ("DCCSW", "data", "clean", "set-way"),
    0xE000EF70: ("DCCIMVAC", "data", "clean-invalidate", "address"),
    0xE000EF74: ("DCCISW", "data", "clean-invalidate", "set-way"),
    0xE000EF78: ("BPIALL", "branch", "invalidate", "all"),
}
ITCMCR = 0xE000EF90
DTCMCR = 0xE000EF94
AHBPCR = 0xE000EF98
CACR = 0xE000EF9C
AHBSCR = 0xE000EFA0
ABFSR = 0xE000EFA8
IEBR0 = 0xE000EFB0
IEBR1 = 0xE000EFB4
DEBR0 = 0xE000EFB8
DEBR1 = 0xE000EFBC

LINE_BYTES = 32
INSTRUCTION_WAYS = 2
DATA_WAYS = 4
CTR_M7 = 0x8303C003
CTR_NO_CACHE = 0x8000C000
CLIDR_LEVEL_1 = 0x09000000
CCSIDR_POLICIES = 0xF0000000

Maintain = Callable[[str, str, int | None], None]


def cache_size_word(size_bytes: int, ways: int) -> int:
    """CCSIDR of a cache with 32-byte lines (DDI 0489, table of CCSIDR encodings)."""
    if not size_bytes:
        return 0
    sets = size_bytes // (LINE_BYTES * ways)
    return CCSIDR_POLICIES | (sets - 1) << 13 | (ways - 1) << 3 | 1


class CacheControl:
    """Cache registers; on cores without caches the identification reads so."""

    def __init__(
        self, core: CoreFeatures, instruction_bytes: int, data_bytes: int, maintain: Maintain
    ) -> None:
        self._core = core
        self._maintain = maintain
        self._sizes = (cache_size_word(data_bytes, DATA_WAYS),
                       cache_size_word(instruction_bytes, INSTRUCTION_WAYS))  # fmt: skip
        self.names: dict[int, str] = {}
        if core.is_mainline:
            self.names = {CLIDR: "CLIDR", CTR: "CTR", CCSIDR: "CCSIDR", CSSELR: "CSSELR"}
        if core.has_caches:
            self.names |= {address: entry[0] for address, entry in MAINTENANCE.items()}
        tcm_names = {
            ITCMCR: "ITCMCR", DTCMCR: "DTCMCR", AHBPCR: "AHBPCR", CACR: "CACR", AHBSCR: "AHBSCR",
            ABFSR: "ABFSR", IEBR0: "IEBR0", IEBR1: "IEBR1", DEBR0: "DEBR0", DEBR1: "DEBR1",
        }  # fmt: skip
        if core.has_tcm:
            self.names |= tcm_names
        resets = dict.fromkeys(tcm_names, 0) | {ITCMCR: 1, DTCMCR: 1, AHBPCR: 1, AHBSCR: 0x800, CSSELR: 0}
        writable = {CSSELR: 1, ITCMCR: 7, DTCMCR: 7, AHBPCR: 1, CACR: 7, AHBSCR: 0xFFFF, ABFSR: 0x31F}
        writable |= dict.fromkeys((IEBR0, IEBR1, DEBR0, DEBR1), 0xFFFFFFFF)
        self._words = StoredWords(resets, writable)

    def reset(self) -> None:
        """Put every register to its reset value."""
        self._words.reset()

    def read_word(self, address: int) -> int:
        """Read a register; maintenance registers are write-only and read as zero."""
        data, instruction = self._sizes
        if address == CLIDR:
            present = (1 if instruction else 0) | (2 if data else 0)
            return CLIDR_LEVEL_1 | present if present else 0
        if address == CTR:
            return CTR_M7 if self._core.has_caches else CTR_NO_CACHE
        if address == CCSIDR:
            return self._sizes[self._words.words[CSSELR] & 1]
        return self._words.words.get(address, 0)

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write a register; a maintenance store calls ``maintain``."""
        entry = MAINTENANCE.get(address)
        if entry is None:
            if address in self._words.words:
                self._words.write(address, value, mask)
            return
        _name, cache, operation, scope = entry
        self._maintain(cache, operation, None if scope == "all" else value)

    def save(self) -> Any:
        """State for a snapshot."""
        return dict(self._words.words)

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._words.words = dict(state)
