"""The sniffer of RP2040's DMA controller (datasheet 2.5.5.2): a checksum of what one channel moves."""

from __future__ import annotations

from peripherals.parts.crc import reverse_bits, shifted_in
from peripherals.register_device import ALL_BITS

CRC32_REVERSED, CRC16, CRC16_REVERSED, PARITY, SUM = 0x1, 0x2, 0x3, 0xE, 0xF
CRC32_POLYNOMIAL, CRC16_POLYNOMIAL = 0x04C11DB7, 0x1021
BYTE_BITS = 8


def sniffed(calculation: int, seen: int, data: int, size_bytes: int) -> int:
    """The accumulator after a datum of 1, 2 or 4 bytes; a CRC takes its bytes in the order of memory."""
    if calculation == SUM:
        return (seen + data) & ALL_BITS
    if calculation == PARITY:
        return (seen ^ data.bit_count() & 1) & ALL_BITS
    for byte in data.to_bytes(size_bytes, "little"):
        if calculation in (CRC32_REVERSED, CRC16_REVERSED):
            byte = reverse_bits(byte, BYTE_BITS)  # noqa: PLW2901
        if calculation in (CRC16, CRC16_REVERSED):
            seen = shifted_in(seen & 0xFFFF, byte, BYTE_BITS, CRC16_POLYNOMIAL, 16)
        else:
            seen = shifted_in(seen, byte, BYTE_BITS, CRC32_POLYNOMIAL, 32)
    return seen


def swapped(data: int, size_bytes: int) -> int:
    """The bytes of a datum the other way round."""
    return int.from_bytes(data.to_bytes(size_bytes, "little"), "big")
