"""The sniffer of RP2040's DMA controller (datasheet 2.5.5.2): a checksum of what one channel moves."""

from __future__ import annotations

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
            byte = reversed_bits(byte, BYTE_BITS)  # noqa: PLW2901
        if calculation in (CRC16, CRC16_REVERSED):
            seen = _shifted(seen & 0xFFFF, byte, CRC16_POLYNOMIAL, 16)
        else:
            seen = _shifted(seen, byte, CRC32_POLYNOMIAL, 32)
    return seen


def reversed_bits(value: int, bits: int) -> int:
    """The lowest of so many bits becomes the highest."""
    return int(f"{value:0{bits}b}"[::-1], 2)


def swapped(data: int, size_bytes: int) -> int:
    """The bytes of a datum the other way round."""
    return int.from_bytes(data.to_bytes(size_bytes, "little"), "big")


def _shifted(crc: int, byte: int, polynomial: int, bits: int) -> int:
    crc ^= byte << bits - BYTE_BITS
    for _ in range(BYTE_BITS):
        crc = crc << 1 ^ (polynomial if crc >> bits - 1 & 1 else 0)
        crc &= (1 << bits) - 1
    return crc
