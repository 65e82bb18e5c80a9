"""The random number generator of RP2350 (datasheet 12.12; Arm TrustZone TRNG): 192 bits a collection.

A collection takes 192 samples of SAMPLE_CNT1 cycles. Its bits are a pseudo-random sequence, the same in each
run. Statistics of the noise are not modelled: no test ever fails.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.parts.pseudo_random import shifted
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register, read_only

VALID = 1 << 0
EVENTS = 0xF
SAMPLES, WORDS = 192, 6
FIRST, TAPS = 0x2545F491, 0x80200003
LAST_WORD = 0x128


class Trng(AtomicRegisters, InterruptDevice):
    """A source of words."""

    REGISTERS = (
        Register(0x100, "RNG_IMR", EVENTS, writable=EVENTS),
        Register(0x104, "RNG_ISR", writable=0),
        Register(0x108, "RNG_ICR", writable=0, on_write="cleared"),
        Register(0x10C, "TRNG_CONFIG", writable=0x3),
        read_only(0x110, "TRNG_VALID", on_read="valid"),
        *(read_only(0x114 + 4 * n, f"EHR_DATA{n}", on_read="word_taken") for n in range(WORDS)),
        Register(0x12C, "RND_SOURCE_ENABLE", writable=0x1, on_write="switched"),
        Register(0x130, "SAMPLE_CNT1", 0xFFFF),
        Register(0x134, "AUTOCORR_STATISTIC"),
        Register(0x138, "TRNG_DEBUG_CONTROL", writable=0xE),
        Register(0x140, "TRNG_SW_RESET", writable=0, on_write="software_reset"),
        read_only(0x1B8, "TRNG_BUSY", on_read="busy"),
        Register(0x1BC, "RST_BITS_COUNTER", writable=0),
    )
    INTERRUPTS = (Interrupt("global", "RNG_ISR", "RNG_IMR"),)
    STATE = ("_seed", "_words")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._seed = FIRST
        self._words: list[int] = []
        self._collected = context.clock.deadline(f"{context.name}:collected", self._fill)

    def reset(self) -> None:
        """Off and empty."""
        super().reset()
        self._seed, self._words = FIRST, []
        self._collected.disarm()

    def pending(self, row: Interrupt) -> int:
        """RNG_IMR masks."""
        return self.values[row.flags] & ~self.values[row.enables] & row.mask

    # -- effects -----------------------------------------------------------------------------
    def valid(self) -> int:
        """TRNG_VALID."""
        return self.values["RNG_ISR"] & VALID

    def busy(self) -> int:
        """TRNG_BUSY."""
        return int(self._collected.at_cycles is not None)

    def switched(self, _written: int, _old: int) -> None:
        """RND_SOURCE_ENABLE: a collection begins, unless there is one already."""
        if not self.values["RND_SOURCE_ENABLE"]:
            self._collected.disarm()
        elif not self._words and self._collected.at_cycles is None:
            self._collected.arm_in(SAMPLES * max(1, self.values["SAMPLE_CNT1"]))

    def cleared(self, written: int, _old: int) -> None:
        """RNG_ICR."""
        self.clear_bits("RNG_ISR", written)

    def software_reset(self, written: int, _old: int) -> None:
        """TRNG_SW_RESET: as from the system's."""
        if written & 1:
            self.reset()

    def word_taken(self) -> int:
        """EHR_DATAn: with the last word the next collection begins."""
        word = self._words[(self.access_offset - 0x114) // 4] if self._words else 0
        if self._words and self.access_offset == LAST_WORD:
            self.context.consumed()
            self._words = []
            self.clear_bits("RNG_ISR", VALID)
            self.switched(0, 0)
        return word

    def _fill(self) -> None:
        for _ in range(WORDS):
            for _ in range(32):
                self._seed = shifted(self._seed, TAPS)
            self._words.append(self._seed)
        self.raise_flags("RNG_ISR", VALID)
