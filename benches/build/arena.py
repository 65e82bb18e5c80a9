"""Where each tensor lies in the arena: greedy by size, as TensorFlow Lite Micro plans it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ALIGNMENT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A buffer that must hold its bytes from layer ``first`` to layer ``last``, both included."""

    name: str
    size_bytes: int
    first: int
    last: int

    def meets(self, other: Lifetime) -> bool:
        """Whether both are needed at some layer."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class Plan:
    """Offsets by buffer name, and the size of the whole arena."""

    offsets: dict[str, int]
    size_bytes: int


def aligned(size_bytes: int) -> int:
    """Round up to the alignment of every buffer."""
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def plan_arena(lifetimes: Sequence[Lifetime]) -> Plan:
    """Place the largest buffer first, each at the lowest offset where it meets no other."""
    placed: list[tuple[Lifetime, int]] = []
    for lifetime in sorted(lifetimes, key=lambda b: (-b.size_bytes, b.first, b.name)):
        offset = 0
        for other, start in sorted(placed, key=lambda p: p[1]):
            if other.meets(lifetime):
                if offset + lifetime.size_bytes <= start:
                    break
                offset = max(offset, aligned(start + other.size_bytes))
        placed.append((lifetime, offset))
    size_bytes = max((start + b.size_bytes for b, start in placed), default=0)
    return Plan({b.name: start for b, start in placed}, aligned(size_bytes))


def widest_moment(lifetimes: Sequence[Lifetime]) -> tuple[int, list[Lifetime]]:
    """Find the layer whose buffers take most, and those buffers, largest first."""
    layers = range(max((b.last for b in lifetimes), default=0) + 1)
    alive = {layer: [b for b in lifetimes if b.first <= layer <= b.last] for layer in layers}
    layer = max(layers, key=lambda n: sum(b.size_bytes for b in alive[n]))
    return layer, sorted(alive[layer], key=lambda b: -b.size_bytes)
