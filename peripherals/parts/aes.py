"""AES-128, one block (FIPS 197): what hardware for it computes.

A vendor's device adds where key and blocks come from, and how long it takes.
"""

from __future__ import annotations

BLOCK_BYTES, ROUNDS, WORD_BYTES = 16, 10, 4
POLYNOMIAL = 0x11B


def _doubled(value: int) -> int:
    value <<= 1
    return value ^ POLYNOMIAL if value & 0x100 else value


def _substitutions() -> bytes:
    """The S-box (5.1.1): inverses in GF(2^8), then an affine transformation."""
    box = bytearray(256)
    forward = backward = 1
    while True:
        forward ^= _doubled(forward)  # times 3, which generates every element but 0
        for shift in (1, 2, 4):  # divided by 3
            backward ^= backward << shift & 0xFF
        backward ^= 0x09 if backward & 0x80 else 0
        rotated = backward
        for shift in range(1, 5):
            rotated ^= (backward << shift | backward >> 8 - shift) & 0xFF
        box[forward] = rotated ^ 0x63
        if forward == 1:
            box[0] = 0x63
            return bytes(box)


SUBSTITUTION = _substitutions()


def expand(key: bytes) -> list[bytes]:
    """The key of each round (5.2)."""
    words = [key[n : n + WORD_BYTES] for n in range(0, BLOCK_BYTES, WORD_BYTES)]
    constant = 1
    while len(words) < 4 * (ROUNDS + 1):
        last = words[-1]
        if len(words) % 4 == 0:
            rotated = bytes(SUBSTITUTION[byte] for byte in (*last[1:], last[0]))
            last = bytes((rotated[0] ^ constant, *rotated[1:]))
            constant = _doubled(constant)
        words.append(bytes(a ^ b for a, b in zip(words[-4], last, strict=True)))
    return [b"".join(words[n : n + 4]) for n in range(0, len(words), 4)]


def encrypt(key: bytes, block: bytes) -> bytes:
    """The cipher (5.1) of 16 bytes under a key of 16."""
    keys = expand(key)
    state = bytes(a ^ b for a, b in zip(block, keys[0], strict=True))
    for number in range(1, ROUNDS + 1):
        state = bytes(SUBSTITUTION[state[(n + 4 * (n % 4)) % BLOCK_BYTES]] for n in range(BLOCK_BYTES))
        if number < ROUNDS:
            state = b"".join(_mixed(state[n : n + WORD_BYTES]) for n in range(0, BLOCK_BYTES, WORD_BYTES))
        state = bytes(a ^ b for a, b in zip(state, keys[number], strict=True))
    return state


def _mixed(column: bytes) -> bytes:
    """A column (5.1.3)."""
    every = column[0] ^ column[1] ^ column[2] ^ column[3]
    return bytes(
        byte ^ every ^ _doubled(byte ^ column[(n + 1) % WORD_BYTES]) for n, byte in enumerate(column)
    )
