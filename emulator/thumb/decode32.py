"""32-bit data processing (ARMv7-M ARM, A5.3.1, A5.3.3, A5.3.11 to A5.3.17).

Opcodes are first half-word << 16 | second, so bits 31:16 are the first half-word.
"""

# ruff: noqa: PLR0911 - a decoder returns at each form
from __future__ import annotations

from typing import Any

from emulator.thumb.fields import Place, build, register_at, unknown
from emulator.thumb.instruction import FLAGS, Instruction, Kind

NO_REGISTER = 1 << 15
"""Number 15 in a register field: the form without that register."""

# Bits 24:21 of the shifted-register and modified-immediate groups: the name, its form
# with Rn = 15 and its form with Rd = 15 and S = 1.
OPERATIONS = {
    0: ("and", "", "tst"),
    1: ("bic", "", ""),
    2: ("orr", "mov", ""),
    3: ("orn", "mvn", ""),
    4: ("eor", "", "teq"),
    8: ("add", "", "cmn"),
    10: ("adc", "", ""),
    11: ("sbc", "", ""),
    13: ("sub", "", "cmp"),
    14: ("rsb", "", ""),
}
READS_CARRY = frozenset({"adc", "sbc"})
SHIFT_NAMES = ("lsl", "lsr", "asr", "ror")
EXTENDS = ("xtah", "xtah", "xtab16", "xtab16", "xtab", "xtab")
PARALLEL = {0: "add8", 1: "add16", 2: "asx", 4: "sub8", 5: "sub16", 6: "sax"}
PARALLEL_PREFIXES = {0: "s", 1: "q", 2: "sh", 4: "u", 5: "uq", 6: "uh"}
SETS_GE = frozenset({"s", "u"})
MISCELLANEOUS = {  # bits 21:20, bits 5:4: name, how many operands
    (0, 0): ("qadd", 2),
    (0, 1): ("qdadd", 2),
    (0, 2): ("qsub", 2),
    (0, 3): ("qdsub", 2),
    (1, 0): ("rev", 1),
    (1, 1): ("rev16", 1),
    (1, 2): ("rbit", 1),
    (1, 3): ("revsh", 1),
    (2, 0): ("sel", 2),
    (3, 0): ("clz", 1),
}
HALVES = ("bb", "bt", "tb", "tt")
LONG_MULTIPLIES = {  # bits 22:20, bits 7:4: name, kind, RdLo and RdHi are addends
    (0, 0): ("smull", Kind.MULTIPLY_LONG, False),
    (2, 0): ("umull", Kind.MULTIPLY_LONG, False),
    (4, 0): ("smlal", Kind.MULTIPLY_ACCUMULATE_LONG, True),
    **{(4, 8 + i): ("smlal" + half, Kind.DSP_MULTIPLY, True) for i, half in enumerate(HALVES)},
    (4, 12): ("smlald", Kind.DSP_MULTIPLY, True),
    (4, 13): ("smlaldx", Kind.DSP_MULTIPLY, True),
    (5, 12): ("smlsld", Kind.DSP_MULTIPLY, True),
    (5, 13): ("smlsldx", Kind.DSP_MULTIPLY, True),
    (6, 0): ("umlal", Kind.MULTIPLY_ACCUMULATE_LONG, True),
    (6, 6): ("umaal", Kind.MULTIPLY_ACCUMULATE_LONG, True),
}
DIVIDES = {(1, 15): "sdiv", (3, 15): "udiv"}


def _operation(place: Place, opcode: int, operand: int, **more: Any) -> Instruction | None:
    """Make an instruction of :data:`OPERATIONS` with the second operand ``operand``."""
    names = OPERATIONS.get(opcode >> 21 & 15)
    if names is None:
        return None
    name, without_first, without_result = names
    first, destination = register_at(opcode, 16), register_at(opcode, 8)
    flags = bool(opcode & 1 << 20)
    if first == NO_REGISTER and without_first:
        name, first = without_first, 0
    if destination == NO_REGISTER and flags and without_result:
        name, destination = without_result, 0
    if NO_REGISTER in (first, destination):
        return None
    reads = first | operand | more.pop("carry", 0)
    if name in READS_CARRY:
        reads |= FLAGS
    kind = more.pop("kind", Kind.ALU)
    writes = destination | (FLAGS if flags else 0)
    return build(place, opcode, kind, more.pop("rename", name), reads, writes, sets_flags=flags, **more)


def shifted_register(opcode: int, place: Place) -> Instruction:
    """Decode data processing with a constant-shifted register (A5.3.11)."""
    operand = register_at(opcode, 0)
    amount = opcode >> 10 & 0x1C | opcode >> 6 & 3
    shift = opcode >> 4 & 3
    shifts = bool(amount or shift)
    operation = opcode >> 21 & 15
    if operation == 6:
        return _pack(opcode, place, operand, shifts, amount)
    more: dict[str, Any] = {}
    is_move = operation == 2 and register_at(opcode, 16) == NO_REGISTER
    if shifts:
        if shift == 3 and not amount:
            more["carry"] = FLAGS
        if is_move:
            more["rename"] = SHIFT_NAMES[shift] if amount or shift != 3 else "rrx"
        else:
            more.update(kind=Kind.ALU_SHIFT, shifted_reads=operand)
            more["immediate_shift"] = amount if shift == 0 else 0
    if operand == NO_REGISTER:
        return unknown(opcode, place)
    return _operation(place, opcode, operand, **more) or unknown(opcode, place)


def _pack(opcode: int, place: Place, operand: int, shifts: bool, amount: int) -> Instruction:
    """PKHBT, PKHTB."""
    if opcode & (1 << 20 | 1 << 4):
        return unknown(opcode, place)
    top = opcode & 1 << 5
    return build(
        place,
        opcode,
        Kind.DSP,
        "pkhtb" if top else "pkhbt",
        register_at(opcode, 16) | operand,
        register_at(opcode, 8),
        shifted_reads=operand if shifts else 0,
        immediate_shift=0 if top else amount,
    )


def modified_immediate(opcode: int, place: Place) -> Instruction:
    """Decode data processing with a modified immediate (A5.3.1)."""
    rotated = bool(opcode & 1 << 26) or bool(opcode & 1 << 14)
    return _operation(place, opcode, 0, shifted_constant=rotated) or unknown(opcode, place)


def plain_immediate(opcode: int, place: Place) -> Instruction:
    """Plain binary immediates, bit fields, saturation (A5.3.3)."""
    operation = opcode >> 20 & 31
    source, destination = register_at(opcode, 16), register_at(opcode, 8)
    amount = opcode >> 10 & 0x1C | opcode >> 6 & 3
    without_source = source == NO_REGISTER
    if operation in (0, 10):
        name = "adr" if without_source else ("sub" if operation else "add")
        return build(place, opcode, Kind.ALU, name, source, destination)
    if operation == 4:
        return build(place, opcode, Kind.ALU, "movw", 0, destination)
    if operation == 12:
        return build(place, opcode, Kind.ALU, "movt", destination, destination)
    if operation in (16, 18, 24, 26):
        return _saturate(opcode, place, amount)
    if operation == 22:
        if without_source:
            return build(place, opcode, Kind.ALU, "bfc", destination, destination)
        return build(place, opcode, Kind.ALU, "bfi", source | destination, destination)
    if operation in (20, 28):
        return build(place, opcode, Kind.ALU, "ubfx" if operation == 28 else "sbfx", source, destination)
    return unknown(opcode, place)


def _saturate(opcode: int, place: Place, amount: int) -> Instruction:
    """SSAT, USAT and their half-word forms."""
    source, destination = register_at(opcode, 16), register_at(opcode, 8)
    name = "usat" if opcode & 1 << 23 else "ssat"
    shifts_right = bool(opcode & 1 << 21)
    if shifts_right and not amount:
        return build(place, opcode, Kind.DSP, name + "16", source, destination)
    shifted = source if amount else 0
    return build(place, opcode, Kind.ALU, name, source, destination, shifted_reads=shifted)


def register_data(opcode: int, place: Place) -> Instruction:
    """Decode data processing of registers (A5.3.12): shifts, extends, parallel, miscellaneous."""
    if opcode >> 12 & 15 != 15:
        return unknown(opcode, place)
    if not opcode & 1 << 23:
        return _extend(opcode, place) if opcode & 0x80 else _shift(opcode, place)
    return _miscellaneous(opcode, place) if opcode & 0x80 else _parallel(opcode, place)


def _shift(opcode: int, place: Place) -> Instruction:
    """LSL, LSR, ASR, ROR by a register."""
    if opcode & 0x70:
        return unknown(opcode, place)
    flags = bool(opcode & 1 << 20)
    reads = register_at(opcode, 16) | register_at(opcode, 0)
    writes = register_at(opcode, 8) | (FLAGS if flags else 0)
    return build(place, opcode, Kind.ALU, SHIFT_NAMES[opcode >> 21 & 3], reads, writes, sets_flags=flags)


def _extend(opcode: int, place: Place) -> Instruction:
    """SXTB and its kin, with or without an addend."""
    operation = opcode >> 20 & 7
    if operation > 5 or opcode & 0x40:
        return unknown(opcode, place)
    name = ("u" if operation & 1 else "s") + EXTENDS[operation]
    first, operand, destination = register_at(opcode, 16), register_at(opcode, 0), register_at(opcode, 8)
    if first == NO_REGISTER:
        name = name.replace("xta", "xt")
        kind = Kind.DSP if name.endswith("16") else Kind.ALU
        return build(place, opcode, kind, name, operand, destination)
    return build(place, opcode, Kind.DSP, name, first | operand, destination, shifted_reads=operand)


def _parallel(opcode: int, place: Place) -> Instruction:
    """SADD8 and its kin (A5.3.13, A5.3.14); the plain ones write GE."""
    name = PARALLEL.get(opcode >> 20 & 7)
    prefix = PARALLEL_PREFIXES.get(opcode >> 4 & 7)
    if name is None or prefix is None:
        return unknown(opcode, place)
    writes = register_at(opcode, 8) | (FLAGS if prefix in SETS_GE else 0)
    return build(
        place, opcode, Kind.DSP, prefix + name, register_at(opcode, 16) | register_at(opcode, 0), writes
    )


def _miscellaneous(opcode: int, place: Place) -> Instruction:
    """QADD, REV, RBIT, SEL, CLZ ... (A5.3.15)."""
    row = None
    if not opcode & (1 << 22 | 1 << 6):
        row = MISCELLANEOUS.get((opcode >> 20 & 3, opcode >> 4 & 3))
    if row is None:
        return unknown(opcode, place)
    name, operands = row
    reads = register_at(opcode, 0)
    if operands == 1:
        return build(place, opcode, Kind.ALU, name, reads, register_at(opcode, 8))
    reads |= register_at(opcode, 16) | (FLAGS if name == "sel" else 0)
    return build(place, opcode, Kind.DSP, name, reads, register_at(opcode, 8))


def _multiply_name(operation: int, variant: int, accumulates: bool) -> str | None:
    """Name of a 32-bit-result multiply by bits 22:20, bits 5:4 and Ra != 15."""
    letter = "la" if accumulates else "ul"
    if operation == 1:
        return f"sm{letter}{HALVES[variant]}"
    if operation == 3:
        return f"sm{letter}w{'bt'[variant]}" if variant < 2 else None
    if variant > 1:
        return None
    exchanged = "x" if variant else ""
    rounded = "r" if variant else ""
    if operation == 2:
        return ("smlad" if accumulates else "smuad") + exchanged
    if operation == 4:
        return ("smlsd" if accumulates else "smusd") + exchanged
    if operation == 5:
        return ("smmla" if accumulates else "smmul") + rounded
    return ("smmls" + rounded) if accumulates else None


def _authentication_name(operation: int, variant: int, addend: int, destination: int) -> str | None:
    """Name of what Armv8.1-M has where Ra or Rd of a multiply would be PC (DDI 0553, C2.4)."""
    if operation == 6 and variant == 0 and addend == NO_REGISTER:
        return "pacg"
    if operation == 5 and variant < 2 and destination == NO_REGISTER:
        return ("autg", "bxaut")[variant]
    return None


def multiply(opcode: int, place: Place) -> Instruction:
    """Multiplies with a 32-bit result (A5.3.16)."""
    operation, variant = opcode >> 20 & 7, opcode >> 4 & 3
    addend = register_at(opcode, 12)
    authentication = _authentication_name(operation, opcode >> 4 & 15, addend, register_at(opcode, 8))
    if authentication is not None:
        return build(place, opcode, Kind.UNKNOWN, authentication)
    accumulates = addend != NO_REGISTER
    kind = Kind.DSP_MULTIPLY
    name: str | None = None
    if opcode & 0xC0:
        pass
    elif operation == 0 and variant == 0:
        kind, name = (Kind.MULTIPLY_ACCUMULATE, "mla") if accumulates else (Kind.MULTIPLY, "mul")
    elif operation == 0:
        if variant == 1 and accumulates:
            kind, name = Kind.MULTIPLY_ACCUMULATE, "mls"
    elif operation == 7:
        if variant == 0:
            kind, name = Kind.DSP, "usada8" if accumulates else "usad8"
    else:
        name = _multiply_name(operation, variant, accumulates)
    if name is None:
        return unknown(opcode, place)
    addends = addend if accumulates else 0
    reads = register_at(opcode, 16) | register_at(opcode, 0) | addends
    return build(place, opcode, kind, name, reads, register_at(opcode, 8), accumulator_reads=addends)


def long_multiply(opcode: int, place: Place) -> Instruction:
    """Long multiplies and divisions (A5.3.17)."""
    key = opcode >> 20 & 7, opcode >> 4 & 15
    reads = register_at(opcode, 16) | register_at(opcode, 0)
    if key in DIVIDES:
        return build(place, opcode, Kind.DIVIDE, DIVIDES[key], reads, register_at(opcode, 8))
    row = LONG_MULTIPLIES.get(key)
    if row is None:
        return unknown(opcode, place)
    name, kind, accumulates = row
    results = register_at(opcode, 12) | register_at(opcode, 8)
    addends = results if accumulates else 0
    return build(place, opcode, kind, name, reads | addends, results, accumulator_reads=addends)
