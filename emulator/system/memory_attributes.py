"""What the MPU's attributes of a memory mean to caches and store buffers.

ARMv7-M Architecture Reference Manual B3.5.3 (TEX, C, B, S), ARMv8-M D1.2.169 (MAIR); for shareable
memory Arm DDI 0489, CACR.SIWT: the Cortex-M7's data cache does not hold it.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.system.features import Architecture
from emulator.timing.memory.level_one import Stores

SHAREABLE, CACHEABLE, BUFFERABLE, TEX_SHIFT = 1 << 2, 1 << 1, 1 << 0, 3
OUTER_INNER = 1 << 2
"""Of TEX: it has the outer policy, C and B the inner one, which the level-1 caches follow."""
NON_CACHEABLE, WRITE_BACK_BIT, ALLOCATE_ON_WRITE = 4, 4, 1
DEVICE_NGNRNE = 0


@dataclass(frozen=True, slots=True)
class MemoryAttributes:
    """Whether the caches hold data and code of it, and what becomes of stores."""

    caches_data: bool = True
    caches_code: bool = True
    stores: Stores = Stores.WRITE_BACK


NORMAL = MemoryAttributes()
UNCACHED = MemoryAttributes(caches_data=False, caches_code=False)
ORDERED = MemoryAttributes(caches_data=False, caches_code=False, stores=Stores.UNBUFFERED)
_INNER = {
    0: UNCACHED,
    BUFFERABLE: NORMAL,
    CACHEABLE: MemoryAttributes(stores=Stores.WRITE_THROUGH),
    CACHEABLE | BUFFERABLE: MemoryAttributes(stores=Stores.NO_WRITE_ALLOCATE),
}
"""By C and B, where they give the inner policy."""


def memory_attributes(architecture: Architecture, attributes: int | None) -> MemoryAttributes:
    """Of a segment's :attr:`emulator.system.protection.Segment.attributes`; None: the board's own."""
    if attributes is None:
        return NORMAL
    return _v8(attributes) if architecture is Architecture.V8M else _v7(attributes)


def _v7(attributes: int) -> MemoryAttributes:
    tex, c_b = attributes >> TEX_SHIFT & 7, attributes & (CACHEABLE | BUFFERABLE)
    if tex & OUTER_INNER:
        kind = _INNER[c_b]
    elif tex == 0:
        kind = {0: ORDERED, BUFFERABLE: UNCACHED, CACHEABLE: _INNER[CACHEABLE]}.get(c_b, _INNER[c_b])
    elif tex == 1:
        kind = NORMAL if c_b == CACHEABLE | BUFFERABLE else UNCACHED
    else:
        kind = UNCACHED
    if attributes & SHAREABLE and kind.caches_data:
        return MemoryAttributes(caches_data=False, caches_code=kind.caches_code)
    return kind


def _v8(attributes: int) -> MemoryAttributes:
    if not attributes >> 4:
        return ORDERED if attributes == DEVICE_NGNRNE else UNCACHED
    inner = attributes & 15
    if inner == NON_CACHEABLE or not inner:
        return UNCACHED
    if not inner & WRITE_BACK_BIT:
        return MemoryAttributes(stores=Stores.WRITE_THROUGH)
    return NORMAL if inner & ALLOCATE_ON_WRITE else MemoryAttributes(stores=Stores.NO_WRITE_ALLOCATE)
