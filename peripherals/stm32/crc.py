"""CRC calculation unit with programmable polynomial (RM0432, chapter "CRC").

F1 and F4 have the same unit without POL, INIT and bit reversal; its reset values give
their fixed polynomial, so this class serves them too.
"""

from __future__ import annotations

from peripherals.parts.crc import reverse_bits, shifted_in
from peripherals.register_device import Register, RegisterDevice

ETHERNET_POLYNOMIAL = 0x04C11DB7
CR_RESET, CR_POLYSIZE_SHIFT, CR_REV_IN_SHIFT, CR_REV_OUT = 1 << 0, 3, 5, 1 << 7
POLYNOMIAL_BITS = (32, 16, 8, 7)
REVERSED_BITS = (0, 8, 16, 32)


class Crc(RegisterDevice):
    """The CRC unit; data of 8, 16 or 32 bits as the store's size says."""

    REGISTERS = (
        Register(0x00, "DR", 0xFFFFFFFF, writable=0, on_read="result", on_write="data_written"),
        Register(0x04, "IDR"),
        Register(0x08, "CR", writable=0xF8, on_write="control_written"),
        Register(0x10, "INIT", 0xFFFFFFFF),
        Register(0x14, "POL", ETHERNET_POLYNOMIAL),
    )

    def control_written(self, written: int, _old: int) -> None:
        """CR: RESET loads the initial value."""
        if written & CR_RESET:
            self.values["DR"] = self.values["INIT"]

    def data_written(self, written: int, _old: int) -> None:
        """DR: take in one datum, most significant bit first."""
        width = 8 * self.access_bytes
        data = self._reversed_input(written & (1 << width) - 1, width)
        size = self._polynomial_bits()
        mask = (1 << size) - 1
        polynomial, remainder = self.values["POL"] & mask, self.values["DR"] & mask
        self.values["DR"] = shifted_in(remainder, data, width, polynomial, size)

    def result(self) -> int:
        """DR: the remainder, mirrored on demand."""
        if self.values["CR"] & CR_REV_OUT:
            return reverse_bits(self.values["DR"], self._polynomial_bits())
        return self.values["DR"]

    def _polynomial_bits(self) -> int:
        return POLYNOMIAL_BITS[self.values["CR"] >> CR_POLYSIZE_SHIFT & 3]

    def _reversed_input(self, data: int, width: int) -> int:
        """Mirror each byte, half-word or word of the datum, as REV_IN says."""
        unit = min(REVERSED_BITS[self.values["CR"] >> CR_REV_IN_SHIFT & 3], width)
        if not unit:
            return data
        parts = (reverse_bits(data >> shift, unit) << shift for shift in range(0, width, unit))
        return sum(parts)
