"""The wire format of protocol buffers, as far as a writer needs it.

https://protobuf.dev/programming-guides/encoding/: a field is a tag (number and kind) and a varint, eight
bytes, or a length and bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

VARINT, EIGHT_BYTES, LENGTH = 0, 1, 2
SEVEN_BITS = 0x7F
MASK64 = (1 << 64) - 1


def varint(value: int) -> bytes:
    """A whole number; a negative one as its two's complement in 64 bits."""
    value &= MASK64
    out = bytearray()
    while value > SEVEN_BITS:
        out.append(value & SEVEN_BITS | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """A field of a whole number, an enumeration or a bool."""
    return varint(field << 3 | VARINT) + varint(value)


def double(field: int, value: float) -> bytes:
    """A field of a double."""
    return varint(field << 3 | EIGHT_BYTES) + struct.pack("<d", value)


def text(field: int, value: str) -> bytes:
    """A field of a string."""
    return message(field, value.encode("utf-8", "replace"))


def message(field: int, *parts: bytes) -> bytes:
    """A field of a message that these fields make up, or of bytes."""
    body = b"".join(parts)
    return varint(field << 3 | LENGTH) + varint(len(body)) + body


def packed(field: int, values: Iterable[int]) -> bytes:
    """A repeated field of whole numbers."""
    return message(field, *map(varint, values))
