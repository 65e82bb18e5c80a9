"""Module stop control of RA8D1 (R01UH0995, chapter "Low Power Modes", MSTPCRA to MSTPCRE).

Each bit is a wire, ``mstp:B22`` for bit 22 of MSTPCRB, that the device behind it reads. PRCR does not guard
them: FSP writes them under any PRCR. Memories, DMA and DTC (MSTPCRA) are not stopped by their bits.
"""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice

LETTERS = "ABCDE"
RESETS = (0xFFBFFEFE, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


class ModuleStop(RegisterDevice):
    """The five registers."""

    REGISTERS = tuple(
        Register(4 * n, f"MSTPCR{letter}", reset, on_write="stopped")
        for n, (letter, reset) in enumerate(zip(LETTERS, RESETS, strict=True))
    )

    def reset(self) -> None:
        """Everything is stopped."""
        super().reset()
        for letter in LETTERS:
            self._tell(letter)

    def stopped(self, _written: int, _old: int) -> None:
        """Modules start and stop."""
        self._tell(LETTERS[self.access_offset // 4])

    def _tell(self, letter: str) -> None:
        for bit in range(32):
            level = self.values[f"MSTPCR{letter}"] >> bit & 1
            self.context.signals.set(f"mstp:{letter}{bit}", level)
