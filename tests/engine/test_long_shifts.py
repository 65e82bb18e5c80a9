"""SQRSHRL and UQRSHLL by a register, as the manual has them: numbers of any size, rounded, then saturated.

DDI 0553, C2.4 (SQRSHRL (register), UQRSHLL (register)): SInt or UInt of both registers, the rounding constant
added, shifted by SInt of Rm's lowest byte, then SignedSatQ or UnsignedSatQ to 48 or 64 bits. QEMU 7.2 takes
what goes 48 bits or more to the right for 0 when it saturates to 48 bits, though the source has 64.
"""

from __future__ import annotations

import struct

import pytest

from tests.engine.test_vectors import DATA, Bench
from tests.engine.test_vectors import bench as bench  # noqa: PLC0414 -- a fixture

VALUES = (
    0, 1, 0xAF, 0x7FFF_FFFF_FFFF, 0x8000_0000_0000, 0xAF00_0000_0000_0000, 0x7FFF_FFFF_FFFF_FFFF,
    0x8000_0000_0000_0000, 0xFFFF_8000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF,
)  # fmt: skip
AMOUNTS = (-128, -65, -64, -63, -59, -49, -48, -47, -16, -1, 0, 1, 16, 47, 48, 49, 59, 63, 64, 65, 127)
RESULTS = 0x20004000
ENTRY = struct.Struct("<Qi")
PROGRAM = """
ldr r0, ={data}
ldr r1, ={results}
ldr r2, ={count}
movs r3, #0
again: ldmia r0!, {{r4, r5, r6}}
orr r6, r6, #0x5A00
msr apsr_nzcvq, r3
{name} r4, r5, #{bits}, r6
mrs r6, apsr
stmia r1!, {{r4, r5, r6}}
subs r2, #1
bne again
"""


def by_the_manual(name: str, bits: int, value: int, amount: int) -> tuple[int, bool]:
    """The 64 bits of the result, and whether APSR.Q is set."""
    is_signed = name == "sqrshrl"
    number = value - (1 << 64) if is_signed and value >> 63 else value
    right = amount if is_signed else -amount
    shifted = number << -right if right <= 0 else (number + (1 << right - 1)) >> right
    least, most = (-1 << bits - 1, (1 << bits - 1) - 1) if is_signed else (0, (1 << bits) - 1)
    result = min(max(shifted, least), most)
    return result & (1 << 64) - 1, result != shifted


@pytest.mark.parametrize("bits", [48, 64])
@pytest.mark.parametrize("name", ["sqrshrl", "uqrshll"])
def test_by_any_number_of_bits(bench: Bench, name: str, bits: int) -> None:
    cases = [(value, amount) for value in VALUES for amount in AMOUNTS]
    data = b"".join(ENTRY.pack(value, amount & 0xFF) for value, amount in cases)
    body = PROGRAM.format(data=DATA, results=RESULTS, count=len(cases), name=name, bits=bits)
    machine = bench.run(bench.image(body), data)
    found = machine.read_memory(RESULTS, len(data))
    for n, (value, amount) in enumerate(cases):
        result, apsr = ENTRY.unpack_from(found, n * ENTRY.size)
        expected = by_the_manual(name, bits, value, amount)
        assert (result, bool(apsr >> 27 & 1)) == expected, (hex(value), amount)
