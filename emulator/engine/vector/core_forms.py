"""A core's own instructions that the interpreter executes: the plain forms that vector loops are made of.

Those that use PC otherwise than a direct branch does, system instructions, divisions, exclusives, DSP
and floating point are Unicorn's: None. Sources: Armv8-M Architecture Reference Manual DDI 0553, C2.4.
"""

from __future__ import annotations

from emulator.engine.corrections import VMRS, VMRS_MASK, VMSR
from emulator.engine.vector.operations import ALWAYS, NO_OPERAND, Form
from emulator.thumb.fields import expand_immediate, immediate12
from emulator.thumb.instruction import LR, PC, SP, Instruction, Kind
from emulator.thumb.vector.pattern import Flag

LSL, LSR, ASR, ROR, RRX = range(5)
SETS, BACK, BEFORE, UNSIGNED = Flag.SETS_FLAGS, Flag.WRITES_BACK, Flag.BEFORE, Flag.UNSIGNED
CARRY_CLEAR, CARRY_SET = 1, 2
NARROW_DATA = (
    "AND", "EOR", "LSL", "LSR", "ASR", "ADC", "SBC", "ROR",
    "TST", "RSB", "CMP", "CMN", "ORR", "MUL", "BIC", "MVN",
)  # fmt: skip
WIDE_DATA = {
    0: "AND",
    1: "BIC",
    2: "ORR",
    3: "ORN",
    4: "EOR",
    8: "ADD",
    10: "ADC",
    11: "SBC",
    13: "SUB",
    14: "RSB",
}
SHIFT_SORTS = {"LSL": LSL, "LSR": LSR, "ASR": ASR, "ROR": ROR}
COMPARES = {"TST": "AND", "CMP": "SUB", "CMN": "ADD", "TEQ": "EOR"}
WITHOUT_FIRST = {"ORR": "MOV", "ORN": "MVN"}
NARROW_LOADS = (  # 0101: bits 11:9: name, log2 of the bytes, unsigned
    ("STORE", 2, 1), ("STORE", 1, 1), ("STORE", 0, 1), ("LOAD", 0, 0),
    ("LOAD", 2, 1), ("LOAD", 1, 1), ("LOAD", 0, 1), ("LOAD", 1, 0),
)  # fmt: skip
REVERSALS = {
    (1, 0): "REV_CORE",
    (1, 1): "REV16_CORE",
    (1, 2): "RBIT_CORE",
    (1, 3): "REVSH_CORE",
    (3, 0): "CLZ_CORE",
}
STATUS_FORMS = {VMRS: "READ_SYSTEM", VMSR: "WRITE_SYSTEM"}
FPSCR = 1
"""Among the FPU's system registers."""
LONG_MULTIPLIES = {
    (0, 0): "SMULL_CORE",
    (2, 0): "UMULL_CORE",
    (4, 0): "SMLAL_CORE",
    (6, 0): "UMLAL_CORE",
    (6, 6): "UMAAL_CORE",
}


def core_form(instruction: Instruction) -> Form | None:
    """What C is to execute for an instruction, None when it is left to Unicorn."""
    form = _wide(instruction) if instruction.is_wide else _narrow(instruction)
    if form is None:
        return None
    condition = ALWAYS if instruction.condition is None else instruction.condition
    return form._replace(condition=condition)


def status_form(op: int) -> Form | None:
    """VMRS and VMSR of FPSCR and a core register; None for others."""
    name = STATUS_FORMS.get(op & VMRS_MASK) if op >> 12 & 15 != PC else None
    return None if name is None else Form(name, d=op >> 12 & 15, extra=FPSCR)


def _data(name: str, d: int, n: int, m: int, sets: bool, sort: int = LSL, amount: int = 0) -> Form:
    return Form(f"{name}_CORE", SETS if sets else 0, d, n, m, amount, extra=sort)


def _number(name: str, d: int, n: int, value: int, sets: bool, carry: int = 0) -> Form:
    return Form(f"{name}_CORE", SETS if sets else 0, d, n, extra=carry, immediate=value)


def _data_access(name: str, size: int, unsigned: int, d: int, n: int, offset: int) -> Form:
    return Form(name, BEFORE | (UNSIGNED if unsigned else 0), d, n, size=size, immediate=offset)


def _narrow(i: Instruction) -> Form | None:  # noqa: PLR0911 - one return a form
    op, sets = i.opcode, not i.in_it_block
    top, low, middle = op >> 11, op & 7, op >> 3 & 7
    if top < 3:  # LSL, LSR, ASR by a number
        amount = op >> 6 & 31
        return _data("MOV", low, NO_OPERAND, middle, sets, top, amount or (32 if top else 0))
    if top == 3:
        name = "SUB" if op >> 9 & 1 else "ADD"
        third = op >> 6 & 7
        return (
            _number(name, low, middle, third, sets) if op >> 10 & 1 else _data(name, low, middle, third, sets)
        )
    if top < 8:
        d, value = op >> 8 & 7, op & 0xFF
        if top == 5:
            return _number("SUB", NO_OPERAND, d, value, True)
        return _number({4: "MOV", 6: "ADD", 7: "SUB"}[top], d, NO_OPERAND if top == 4 else d, value, sets)
    if top == 8:
        return _narrow_data(op, sets) if not op >> 10 & 1 else _high(op)
    if top == 9:
        return _data_access("LOAD", 2, 1, op >> 8 & 7, NO_OPERAND, (i.address + 4 & ~3) + 4 * (op & 0xFF))
    if top < 12:
        name, size, unsigned = NARROW_LOADS[op >> 9 & 7]
        return Form(name, BEFORE | (UNSIGNED if unsigned else 0), low, middle, op >> 6 & 7, 0, size)
    if top < 18:
        size = {12: 2, 13: 2, 14: 0, 15: 0, 16: 1, 17: 1}[top]
        return _data_access("LOAD" if top & 1 else "STORE", size, 1, low, middle, (op >> 6 & 31) << size)
    if top < 20:
        return _data_access("LOAD" if top & 1 else "STORE", 2, 1, op >> 8 & 7, SP, 4 * (op & 0xFF))
    if top < 22:
        d, offset = op >> 8 & 7, 4 * (op & 0xFF)
        if top == 20:
            return _number("MOV", d, NO_OPERAND, (i.address + 4 & ~3) + offset, False)
        return _number("ADD", d, SP, offset, False)
    return _narrow_rest(i, op, top)


def _narrow_data(op: int, sets: bool) -> Form:
    name, d, m = NARROW_DATA[op >> 6 & 15], op & 7, op >> 3 & 7
    if name in COMPARES:
        return _data(COMPARES[name], NO_OPERAND, d, m, True)
    if name in SHIFT_SORTS:
        return Form("SHIFT_CORE", SETS if sets else 0, d, d, m, extra=SHIFT_SORTS[name])
    if name == "RSB":
        return _number("RSB", d, m, 0, sets)
    if name == "MUL":
        return Form("MUL_CORE", SETS if sets else 0, d, d, m, NO_OPERAND)
    return _data(name, d, NO_OPERAND if name == "MVN" else d, m, sets)


def _high(op: int) -> Form | None:
    """ADD, CMP, MOV of any register; BX and BLX are Unicorn's."""
    d, m, which = op & 7 | op >> 4 & 8, op >> 3 & 15, op >> 8 & 3
    if which == 3 or PC in (d, m):
        return None
    if which == 1:
        return _data("SUB", NO_OPERAND, d, m, True)
    return _data("MOV" if which else "ADD", d, NO_OPERAND if which else d, m, False)


def _narrow_rest(i: Instruction, op: int, top: int) -> Form | None:  # noqa: PLR0911 - one return a form
    name = "LOAD_MULTIPLE" if op >> 11 & 1 else "STORE_MULTIPLE"
    if top in (24, 25):
        base, registers = op >> 8 & 7, op & 0xFF
        back = BACK if top == 24 or not registers >> base & 1 else 0
        return Form(name, back, n=base, immediate=registers) if registers else None
    if i.kind is Kind.BRANCH and i.target is not None:
        if op >> 12 == 11:
            return Form("COMPARE_BRANCH", n=op & 7, extra=op >> 11 & 1, immediate=i.target)
        return Form("BRANCH", immediate=i.target)
    if op >> 8 == 0xB0:
        return _number("SUB" if op >> 7 & 1 else "ADD", SP, SP, 4 * (op & 0x7F), False)
    if op >> 8 == 0xB2:
        return Form(
            "EXTEND_CORE",
            UNSIGNED if op >> 7 & 1 else 0,
            op & 7,
            NO_OPERAND,
            op >> 3 & 7,
            size=int(not op >> 6 & 1),
        )
    if op >> 8 == 0xBA and op >> 6 & 3 != 2:
        return Form(("REV_CORE", "REV16_CORE", "", "REVSH_CORE")[op >> 6 & 3], d=op & 7, m=op >> 3 & 7)
    if op >> 9 == 0b1011010:  # PUSH
        return Form(name, BACK | BEFORE, n=SP, immediate=op & 0xFF | (op >> 8 & 1) << LR)
    if op >> 8 == 0xBC:  # POP without PC
        return Form(name, BACK, n=SP, immediate=op & 0xFF) if op & 0xFF else None
    if i.kind is Kind.IT:
        return Form("NOTHING", immediate=i.it_mask)  # ITSTATE behind it
    return Form("NOTHING") if op == 0xBF00 else None


def _wide(i: Instruction) -> Form | None:  # noqa: PLR0911 - one return a form
    op = i.opcode
    if i.kind in (Kind.BRANCH, Kind.CALL) and i.target is not None:
        return Form("BRANCH", Flag.LINKS if i.link else 0, immediate=i.target)
    if status := status_form(op):
        return status
    group, part = op >> 27 & 3, op >> 20 & 0x7F
    if group == 1 and part >> 5 == 1:
        return _shifted_register(op)
    if group == 1 and part >> 5 == 0:
        return _several(i, op)
    if group == 2 and not op >> 15 & 1:
        return _plain_number(i, op) if op >> 25 & 1 else _modified_number(op)
    if group == 3 and part >> 5 == 0:
        return _single(i, op)
    if group == 3 and part >> 4 == 2:
        return _register_data(op)
    if group == 3 and part >> 4 == 3:
        return _multiply(op)
    return None


def _named(name: str, sets: bool, d: int, n: int) -> tuple[str, int, int] | None:
    """The name, destination and first operand, with compares and moves told apart."""
    if d == PC:
        compares = {"AND", "EOR", "ADD", "SUB"}
        if not sets or name not in compares:
            return None
        d = NO_OPERAND
    if n == PC:
        if name not in WITHOUT_FIRST:
            return None
        name, n = WITHOUT_FIRST[name], NO_OPERAND
    return name, d, n


def _shifted_register(op: int) -> Form | None:
    name, sets, m = WIDE_DATA.get(op >> 21 & 15), bool(op >> 20 & 1), op & 15
    named = None if name is None or m == PC else _named(name, sets, op >> 8 & 15, op >> 16 & 15)
    if named is None:
        return None
    amount, sort = op >> 10 & 0x1C | op >> 6 & 3, op >> 4 & 3
    if not amount and sort:
        sort, amount = (RRX, 0) if sort == ROR else (sort, 32)
    name, d, n = named
    return _data(name, d, n, m, sets, sort, amount)


def _modified_number(op: int) -> Form | None:
    name, sets = WIDE_DATA.get(op >> 21 & 15), bool(op >> 20 & 1)
    named = None if name is None else _named(name, sets, op >> 8 & 15, op >> 16 & 15)
    if named is None:
        return None
    imm12 = immediate12(op)
    value = expand_immediate(imm12)
    carry = 0 if not imm12 >> 10 else CARRY_SET if value >> 31 else CARRY_CLEAR
    return _number(*named, value, sets, carry)


def _plain_number(i: Instruction, op: int) -> Form | None:  # noqa: PLR0911 - one return a form
    which, n, d = op >> 20 & 31, op >> 16 & 15, op >> 8 & 15
    imm12, least, width = immediate12(op), op >> 10 & 0x1C | op >> 6 & 3, op & 31
    if d == PC:
        return None
    if which in (0, 10):
        subtracts = which == 10
        if n == PC:
            at = i.address + 4 & ~3
            return _number("MOV", d, NO_OPERAND, at - imm12 if subtracts else at + imm12, False)
        return _number("SUB" if subtracts else "ADD", d, n, imm12, False)
    if which == 4:
        return _number("MOV", d, NO_OPERAND, n << 12 | imm12, False)
    if which == 12:
        return Form("MOVT_CORE", d=d, m=d, immediate=n << 12 | imm12)
    if which == 22:
        return (
            Form("BFI_CORE", d=d, m=NO_OPERAND if n == PC else n, a=least, immediate=width - least + 1)
            if width >= least
            else None
        )
    if n == PC:
        return None
    if which in (20, 28):
        fits = least + width + 1 <= 32
        return (
            Form("UBFX_CORE" if which == 28 else "SBFX_CORE", d=d, m=n, a=least, immediate=width + 1)
            if fits
            else None
        )
    if which in (16, 18, 24, 26) and (not which & 2 or least):
        name, wide = ("USAT_CORE", width) if which & 8 else ("SSAT_CORE", width + 1)
        return (
            Form(name, d=d, m=n, a=least, extra=ASR if which & 2 else LSL, immediate=wide) if wide else None
        )
    return None


def _several(i: Instruction, op: int) -> Form | None:
    """LDM, STM, LDRD, STRD; neither exclusives nor table branches."""
    n, access = op >> 16 & 15, i.memory
    if access is None or access.exclusive or access.base == PC or i.writes_pc:
        return None
    back = BACK if access.writeback is not None else 0
    if i.kind in (Kind.LOAD_MULTIPLE, Kind.STORE_MULTIPLE):
        name = "LOAD_MULTIPLE" if i.kind is Kind.LOAD_MULTIPLE else "STORE_MULTIPLE"
        return Form(name, back | (BEFORE if op >> 24 & 1 else 0), n=n, immediate=op & 0xFFFF)
    if i.kind in (Kind.LOAD_DOUBLE, Kind.STORE_DOUBLE):
        name = "LOAD_DOUBLE" if i.kind is Kind.LOAD_DOUBLE else "STORE_DOUBLE"
        d, second = op >> 12 & 15, op >> 8 & 15
        offset = 4 * (op & 0xFF) * (1 if op >> 23 & 1 else -1)
        return (
            None
            if PC in (d, second)
            else Form(name, back | (BEFORE if op >> 24 & 1 else 0), d, n, a=second, immediate=offset)
        )
    return None


def _single(i: Instruction, op: int) -> Form | None:
    """Loads and stores of one datum; the unprivileged ones are Unicorn's."""
    access = i.memory
    if access is None or i.kind not in (Kind.LOAD, Kind.STORE) or i.writes_pc or access.exclusive:
        return None
    d, size = op >> 12 & 15, access.size_bytes.bit_length() - 1
    unprivileged = not op >> 23 & 1 and op >> 8 & 15 == 14 and access.base != PC
    if d == PC or unprivileged:
        return None
    flags = 0 if op >> 24 & 1 else UNSIGNED
    name = "STORE" if access.is_store else "LOAD"
    if access.base == PC:
        return Form(name, flags | BEFORE, d, size=size, immediate=(i.address + 4 & ~3) + access.offset)
    n = access.base
    if access.index is not None:
        return (
            None if access.index == PC else Form(name, flags | BEFORE, d, n, access.index, access.shift, size)
        )
    if access.writeback is None:
        return Form(name, flags | BEFORE, d, n, size=size, immediate=access.offset)
    before = BEFORE if access.offset == access.writeback and access.offset else 0
    return Form(name, flags | BACK | before, d, n, size=size, immediate=access.writeback)


def _register_data(op: int) -> Form | None:
    n, d, m = op >> 16 & 15, op >> 8 & 15, op & 15
    if op >> 12 & 15 != 15 or PC in (d, m):
        return None
    if op >> 23 & 1:
        row = REVERSALS.get((op >> 20 & 3, op >> 4 & 3)) if op >> 6 & 3 == 2 and not op >> 22 & 1 else None
        return None if row is None else Form(row, d=d, m=m)
    if op >> 7 & 1:
        which = op >> 20 & 7
        if which not in (0, 1, 4, 5) or op >> 6 & 1:
            return None
        first = NO_OPERAND if n == PC else n
        return Form(
            "EXTEND_CORE", UNSIGNED if which & 1 else 0, d, first, m, 8 * (op >> 4 & 3), int(which < 2)
        )
    if op >> 4 & 15 or n == PC:
        return None
    return Form("SHIFT_CORE", SETS if op >> 20 & 1 else 0, d, n, m, extra=op >> 21 & 3)


def _multiply(op: int) -> Form | None:
    n, a, d, m = op >> 16 & 15, op >> 12 & 15, op >> 8 & 15, op & 15
    which, variant = op >> 20 & 7, op >> 4 & 15
    if PC in (n, d, m):
        return None
    if op >> 23 & 1:
        name = LONG_MULTIPLIES.get((which, variant))
        return None if name is None or a == PC else Form(name, d=a, n=n, m=m, a=d)
    if which == 0 and variant < 2:
        if a == PC:
            return None if variant else Form("MUL_CORE", 0, d, n, m, NO_OPERAND)
        return Form("MLS_CORE" if variant else "MLA_CORE", 0, d, n, m, a)
    if which == 1 and variant < 4:
        return Form("SMLAXY_CORE", 0, d, n, m, NO_OPERAND if a == PC else a, extra=variant)
    return None
