"""A bad serial line: characters with flipped bits, characters that never come; by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import TracebackType

from emulator.errors import UsageError

CHARACTER_BITS = 8


class Noise:
    """What becomes of characters on their way to the device, or from it.

    ``flips``: share of the characters of which one bit is wrong; ``losses``: of those that are lost.
    ``flipped``, ``lost``: how many have been. It ends behind its ``with`` block. Raises UsageError.
    """

    def __init__(
        self, flips: float, losses: float, seed: int, end: Callable[[], None] = lambda: None
    ) -> None:
        for name, share in (("flips", flips), ("losses", losses)):
            if not 0 <= share <= 1:
                raise UsageError(
                    f"{name}={share} is no share", next_step="give 0 to 1: 0.01 is one in a hundred"
                )
        self._flips = flips
        self._losses = losses
        self._random = random.Random(seed)
        self._end = end
        self.flipped = 0
        self.lost = 0

    def of(self, data: bytes) -> bytes:
        """What comes of ``data`` at the other end."""
        arrived = bytearray()
        for character in data:
            if self._random.random() < self._losses:
                self.lost += 1
            elif self._random.random() < self._flips:
                self.flipped += 1
                arrived.append(character ^ 1 << self._random.randrange(CHARACTER_BITS))
            else:
                arrived.append(character)
        return bytes(arrived)

    def __enter__(self) -> Noise:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
