"""What a division costs by its operands, beyond what the core model's step counts. Twin: divider.h."""

from __future__ import annotations

from emulator.timing.model import DivideTiming

MASK32 = 0xFFFFFFFF


def divide_extra(timing: DivideTiming, dividend: int, divisor: int, *, signed: bool) -> int:
    """Extra cycles of a division with these operands, registers' values."""
    if signed:
        dividend = -dividend & MASK32 if dividend & 0x80000000 else dividend
        divisor = -divisor & MASK32 if divisor & 0x80000000 else divisor
    if not dividend or not divisor:
        return timing.zero
    width = dividend.bit_length() - divisor.bit_length()
    return timing.smaller if width < 0 else timing.by_width[width]
