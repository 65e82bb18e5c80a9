"""The redundancy coprocessor of RP2350's cores (datasheet 3.6.3): canaries, booleans, counts of steps.

A check that fails stalls the core until a reset, or an NMI; here its instruction is undefined, so that
the firmware crashes where it stands, and what mismatched is told. The delays of the first forms (MCR, not
MCR2) are random; here there are none. A canary is made of salt and tag by a function of this model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.device import CoprocessorInstruction
from peripherals.parts.pseudo_random import shifted

TRUE, FALSE, PARITY = 0xA500A500, 0x00C300C3, 0x96009600
ALL_BITS = 0xFFFFFFFF
SPREAD, RANDOM_TAPS = 0x9E3779B1, 0x80200003
COUNTS = 256
Answer = tuple[int, ...] | None


def _valid(word: int) -> bool:
    return word in (TRUE, FALSE)


ONE_WORD: Mapping[tuple[int, int], tuple[str, Callable[[int], bool]]] = {  # MCR: opc1, opc2
    (1, 0): ("a boolean", _valid),
    (2, 0): ("true", lambda word: word == TRUE),
    (3, 1): ("false", lambda word: word == FALSE),
}
TWO_WORDS: Mapping[tuple[int, int], tuple[str, Callable[[int, int], bool]]] = {  # MCRR: opc1, CRm
    (0, 8): ("two booleans", lambda a, b: _valid(a) and _valid(b)),
    (1, 0): ("true and true", lambda a, b: a == b == TRUE),
    (2, 0): ("true or true", lambda a, b: _valid(a) and _valid(b) and TRUE in (a, b)),
    (3, 8): ("a masked boolean", lambda a, b: _valid(a ^ b)),
    (4, 0): ("a masked true", lambda a, b: a ^ b == TRUE),
    (5, 8): ("a masked false", lambda a, b: a ^ b == FALSE),
    (6, 8): ("an integer and its parity", lambda a, b: a ^ b == PARITY),
    (7, 0): ("equal integers", lambda a, b: a == b),
}


class RedundancyCoprocessor:
    """The first core's. ``panicked``: what it found wrong; empty, nothing."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """No salt."""
        self._salt = [0, 0]
        self._salted = [False, False]
        self._count = 0
        self._random = 1
        self.panicked = ""

    def execute(self, instruction: CoprocessorInstruction) -> Answer:
        """Do it; None: there is no such instruction, or its check has failed."""
        return getattr(self, f"_{instruction.name}")(instruction)  # type: ignore[no-any-return]

    def save(self) -> Any:
        """State for a snapshot."""
        return list(self._salt), list(self._salted), self._count, self._random, self.panicked

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        salt, salted, self._count, self._random, self.panicked = state
        self._salt, self._salted = list(salt), list(salted)

    # -- instructions ------------------------------------------------------------------------
    def _mcrr(self, instruction: CoprocessorInstruction) -> Answer:
        operation, place = instruction.opcodes[0], instruction.registers[1]
        low, high = instruction.values
        if operation == 8 and place in (0, 1):
            if self._salted[place]:
                return self._panic("salt written twice")
            self._salt[place], self._salted[place] = high << 32 | low, True
            self._random = high | 1 if place == 0 else self._random
            return ()
        row = TWO_WORDS.get((operation, place))
        if row is None:
            return None
        return self._checked(row[1](low, high), f"0x{low:08x} and 0x{high:08x} are not {row[0]}")

    def _mcr(self, instruction: CoprocessorInstruction) -> Answer:
        tag = instruction.registers[0] << 4 | instruction.registers[1]
        word = instruction.values[0]
        row = ONE_WORD.get(instruction.opcodes) if not tag else None
        if row is not None:
            return self._checked(row[1](word), f"0x{word:08x} is not {row[0]}")
        if instruction.opcodes == (0, 1):
            return self._checked(word == self._canary(tag), f"0x{word:08x} is not the canary of tag {tag}")
        if instruction.opcodes == (4, 0):
            self._count = tag
            return ()
        if instruction.opcodes == (5, 1):
            right, held = self._count == tag, self._count
            self._count = (self._count + 1) % COUNTS
            return self._checked(right, f"step {tag} came at count {held}")
        return None

    def _mrc(self, instruction: CoprocessorInstruction) -> Answer:
        tag = instruction.registers[0] << 4 | instruction.registers[1]
        if instruction.opcodes == (1, 0) and not tag:
            return (TRUE if self._salted[0] else FALSE,)
        if instruction.opcodes == (0, 1):
            return self._checked(self._salted[0], "a canary without salt", self._canary(tag))
        if instruction.opcodes == (2, 0) and not tag:
            for _ in range(8):
                self._random = shifted(self._random, RANDOM_TAPS)
            return (self._random & 0xFF,)
        return None

    def _mrrc(self, _instruction: CoprocessorInstruction) -> Answer:
        return None

    def _cdp(self, instruction: CoprocessorInstruction) -> Answer:
        if instruction.opcodes == (0, 1):
            return self._panic("the firmware asked for a panic")
        return None

    # -- inside ------------------------------------------------------------------------------
    def _canary(self, tag: int) -> int:
        mixed = (self._salt[0] ^ self._salt[0] >> 32) & ALL_BITS
        return (mixed + (tag + 1) * SPREAD) & ALL_BITS

    def _checked(self, holds: bool, words: str, *results: int) -> Answer:
        return results if holds else self._panic(words)

    def _panic(self, words: str) -> Answer:
        self.panicked = words
        return None
