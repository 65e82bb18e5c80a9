"""Floating point: FPv4-SP and FPv5 (ARMv7-M ARM, A6.4 to A6.7; ARMv8-M VLSTM, VLLDM)."""

# ruff: noqa: PLR0911 - a decoder returns at each form
from __future__ import annotations

from emulator.thumb.fields import Place, build, double, register_at, single, transfer, unknown
from emulator.thumb.instruction import FLAGS, FP_FLAGS, PC, S_BASE, SP, Instruction, Kind, MemoryAccess

REGISTERS_SINGLE, REGISTERS_DOUBLE = 32, 16

ARITHMETIC = {  # bits 23, 21:20 and bit 6: name, kind
    (0, 0): ("vmla", Kind.FP_MAC),
    (0, 1): ("vmls", Kind.FP_MAC),
    (1, 0): ("vnmls", Kind.FP_MAC),
    (1, 1): ("vnmla", Kind.FP_MAC),
    (2, 0): ("vmul", Kind.FP_MULTIPLY),
    (2, 1): ("vnmul", Kind.FP_MULTIPLY),
    (3, 0): ("vadd", Kind.FP_ALU),
    (3, 1): ("vsub", Kind.FP_ALU),
    (4, 0): ("vdiv", Kind.FP_DIVIDE),
    (5, 0): ("vfnms", Kind.FP_MAC),
    (5, 1): ("vfnma", Kind.FP_MAC),
    (6, 0): ("vfma", Kind.FP_MAC),
    (6, 1): ("vfms", Kind.FP_MAC),
}
UNARY = {  # bits 19:16 and bit 7, for results of the operand's own width
    (0, 0): "vmov",
    (0, 1): "vabs",
    (1, 0): "vneg",
    (1, 1): "vsqrt",
    (6, 0): "vrintr",
    (6, 1): "vrintz",
    (7, 0): "vrintx",
}
FIXED_POINT = frozenset({10, 11, 14, 15})
ROUNDING = "anpm"


def _mask(number: int, wide: bool) -> int:
    """Mask of S or D ``number``; 0 beyond the registers of M-profile cores."""
    if wide:
        return double(number) if number < REGISTERS_DOUBLE else 0
    return single(number)


def _destination(opcode: int, wide: bool) -> int:
    high, low = opcode >> 12 & 15, opcode >> 22 & 1
    return _mask(low << 4 | high if wide else high << 1 | low, wide)


def _first(opcode: int, wide: bool) -> int:
    high, low = opcode >> 16 & 15, opcode >> 7 & 1
    return _mask(low << 4 | high if wide else high << 1 | low, wide)


def _second(opcode: int, wide: bool) -> int:
    high, low = opcode & 15, opcode >> 5 & 1
    return _mask(low << 4 | high if wide else high << 1 | low, wide)


def floating_point(opcode: int, place: Place) -> Instruction:
    """Coprocessor space: only coprocessors 10 and 11 are decoded."""
    if opcode >> 9 & 7 != 5:
        return unknown(opcode, place)
    wide = bool(opcode & 0x100)
    top = opcode >> 24
    if top in (0xEC, 0xED):
        instruction = _memory(opcode, place, wide)
    elif top == 0xEE:
        instruction = _transfer(opcode, place, wide) if opcode & 0x10 else _arithmetic(opcode, place, wide)
    elif top == 0xFE and not opcode & 0x10:
        instruction = _version5(opcode, place, wide)
    else:
        instruction = None
    return instruction or unknown(opcode, place)


def _memory(opcode: int, place: Place, wide: bool) -> Instruction | None:
    """VLDR, VSTR, VLDM, VSTM, VPUSH, VPOP, the two-register VMOV, VLSTM, VLLDM."""
    before, upwards, writes_back = opcode >> 24 & 1, opcode >> 23 & 1, opcode >> 21 & 1
    if opcode & 0xFFE00000 == 0xEC400000:
        return _two_registers(opcode, place, wide)
    is_store = not opcode & 1 << 20
    base = opcode >> 16 & 15
    if opcode & 0xFFE0FFFF == 0xEC200A00:
        return build(place, opcode, Kind.SYSTEM, "vlstm" if is_store else "vlldm", 1 << base)
    words = opcode & 0xFF
    if before and not writes_back:
        data = _destination(opcode, wide)
        if not data or (is_store and base == PC):
            return None
        offset = 4 * words if upwards else -4 * words
        memory = MemoryAccess(base, offset, 4, 2 if wide else 1, is_store)
        kind, name = (Kind.FP_STORE, "vstr") if is_store else (Kind.FP_LOAD, "vldr")
        return transfer(place, opcode, kind, name, data, memory, double_precision=wide)
    if before == upwards or (before and not writes_back):
        return None
    return _multiple(opcode, place, wide)


def _multiple(opcode: int, place: Place, wide: bool) -> Instruction | None:
    """VLDM, VSTM, VPUSH, VPOP: ``words`` registers or half as many doubles."""
    base, words = opcode >> 16 & 15, opcode & 0xFF
    decrements, writes_back = bool(opcode & 1 << 24), bool(opcode & 1 << 21)
    is_store = not opcode & 1 << 20
    low, high = opcode >> 22 & 1, opcode >> 12 & 15
    first = 2 * (low << 4 | high) if wide else high << 1 | low
    words -= words & 1 if wide else 0
    if not words or first + words > REGISTERS_SINGLE or base == PC:
        return None
    step = -4 * (opcode & 0xFF) if decrements else 4 * (opcode & 0xFF)
    memory = MemoryAccess(
        base, step if decrements else 0, 4, words, is_store, writeback=step if writes_back else None
    )
    name = ("vstm" if is_store else "vldm") + ("db" if decrements else "")
    if base == SP and writes_back and decrements == is_store:
        name = "vpush" if is_store else "vpop"
    kind = Kind.FP_STORE_MULTIPLE if is_store else Kind.FP_LOAD_MULTIPLE
    data = ((1 << words) - 1) << (S_BASE + first)
    return transfer(place, opcode, kind, name, data, memory, double_precision=wide)


def _two_registers(opcode: int, place: Place, wide: bool) -> Instruction | None:
    """VMOV of two core registers and two S or one D."""
    if opcode & 0xD0 != 0x10:
        return None
    core = register_at(opcode, 12) | register_at(opcode, 16)
    floats = _second(opcode, wide)
    if not wide:
        floats |= floats << 1
    if not floats or floats >> (S_BASE + REGISTERS_SINGLE):
        return None
    reads, writes = (floats, core) if opcode & 1 << 20 else (core, floats)
    return build(place, opcode, Kind.FP_MOVE, "vmov", reads, writes, double_precision=wide)


def _transfer(opcode: int, place: Place, wide: bool) -> Instruction | None:
    """VMOV of one core register, VMRS, VMSR."""
    core = register_at(opcode, 12)
    to_core = bool(opcode & 1 << 20)
    operation = opcode >> 21 & 7
    if not wide and operation == 7:
        return _status(opcode, place, to_core)
    if wide:
        if operation > 1 or opcode & 0x60 or not _first(opcode, True):
            return None
        number = 2 * (opcode >> 16 & 15) + operation
        floats = single(number)
    else:
        if operation:
            return None
        floats = _first(opcode, False)
    reads, writes = (floats, core) if to_core else (core, floats)
    return build(place, opcode, Kind.FP_MOVE, "vmov", reads, writes)


def _status(opcode: int, place: Place, to_core: bool) -> Instruction | None:
    """VMRS, VMSR; onto Rt = 15 VMRS moves the flags to APSR."""
    register = opcode >> 12 & 15
    if opcode >> 16 & 15 != 1:
        return build(place, opcode, Kind.UNKNOWN, "unknown")
    if not to_core:
        return build(place, opcode, Kind.FP_MOVE, "vmsr", 1 << register, FP_FLAGS)
    flags = register == PC
    writes = FLAGS if flags else 1 << register
    return build(place, opcode, Kind.FP_MOVE, "vmrs", FP_FLAGS, writes, sets_flags=flags)


def _arithmetic(opcode: int, place: Place, wide: bool) -> Instruction | None:
    """VADD, VMUL, VMLA, VFMA, VDIV ... and the one-operand group (A6.5)."""
    operation = opcode >> 21 & 4 | opcode >> 20 & 3
    if operation == 7:
        return _unary(opcode, place, wide)
    row = ARITHMETIC.get((operation, opcode >> 6 & 1))
    destination = _destination(opcode, wide)
    first, second = _first(opcode, wide), _second(opcode, wide)
    if row is None or not (destination and first and second):
        return None
    name, kind = row
    addend = destination if kind is Kind.FP_MAC else 0
    return build(
        place,
        opcode,
        kind,
        name,
        first | second | addend,
        destination,
        accumulator_reads=addend,
        double_precision=wide,
    )


def _unary(opcode: int, place: Place, wide: bool) -> Instruction | None:
    """VMOV, VABS, VNEG, VSQRT, VCMP, VCVT, VRINT."""
    destination, second = _destination(opcode, wide), _second(opcode, wide)
    if not opcode & 0x40:
        if not destination or opcode & 0xA0:
            return None
        return build(place, opcode, Kind.FP_ALU, "vmov", 0, destination, double_precision=wide)
    group, upper = opcode >> 16 & 15, opcode >> 7 & 1
    if group in (4, 5):
        second = second if group == 4 else 0
        if not destination or (group == 4 and not second):
            return None
        name = "vcmpe" if upper else "vcmp"
        return build(place, opcode, Kind.FP_ALU, name, destination | second, FP_FLAGS, double_precision=wide)
    plain = UNARY.get((group, upper))
    if plain is None:
        return _convert(opcode, place, wide, group, upper)
    if not destination or not second:
        return None
    kind = Kind.FP_DIVIDE if plain == "vsqrt" else Kind.FP_ALU
    return build(place, opcode, kind, plain, second, destination, double_precision=wide)


def _convert(opcode: int, place: Place, wide: bool, group: int, upper: int) -> Instruction | None:
    """VCVT between widths, halves, integers and fixed point."""
    name = "vcvt"
    if group in (2, 3):
        name = "vcvtt" if upper else "vcvtb"
        destination = _destination(opcode, wide and group == 2)
        reads = _second(opcode, wide and group == 3)
        if group == 3:
            reads |= destination
    elif group == 7:
        destination, reads = _destination(opcode, not wide), _second(opcode, wide)
    elif group == 8:
        destination, reads = _destination(opcode, wide), _second(opcode, False)
    elif group in (12, 13):
        name = "vcvt" if upper else "vcvtr"
        destination, reads = _destination(opcode, False), _second(opcode, wide)
    elif group in FIXED_POINT:
        destination = reads = _destination(opcode, wide)
    else:
        return None
    if not destination or not reads:
        return None
    return build(place, opcode, Kind.FP_ALU, name, reads, destination, double_precision=wide)


def _version5(opcode: int, place: Place, wide: bool) -> Instruction | None:
    """FPv5: VSEL, VMAXNM, VMINNM, VRINTA.., VCVTA.. (A6.5)."""
    destination, second = _destination(opcode, wide), _second(opcode, wide)
    first = _first(opcode, wide)
    if not second:
        return None
    if not opcode & 1 << 23:
        if opcode & 0x40 or not (destination and first):
            return None
        reads = first | second | FLAGS
        return build(place, opcode, Kind.FP_ALU, "vsel", reads, destination, double_precision=wide)
    operation = opcode >> 20 & 3
    if operation == 0 and destination and first:
        name = "vminnm" if opcode & 0x40 else "vmaxnm"
        return build(place, opcode, Kind.FP_ALU, name, first | second, destination, double_precision=wide)
    if operation != 3 or not opcode & 0x40 or not opcode & 1 << 19:
        return None
    rounding = ROUNDING[opcode >> 16 & 3]
    if opcode & 1 << 18:
        destination, name = _destination(opcode, False), "vcvt" + rounding
    else:
        name = "vrint" + rounding
        if opcode & 0x80:
            return None
    if not destination:
        return None
    return build(place, opcode, Kind.FP_ALU, name, second, destination, double_precision=wide)
