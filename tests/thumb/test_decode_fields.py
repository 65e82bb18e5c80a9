"""What the timing models read of an instruction, one encoding each.

The assembly beside the bytes was assembled with GNU as 2.40.
"""

from __future__ import annotations

import time

import pytest

from emulator.thumb.decode import ItState, decode, decode_block
from emulator.thumb.instruction import FLAGS, FP_FLAGS, S_BASE, Instruction, Kind, MemoryAccess

ADDRESS = 0x1000


def one(hexadecimal: str, address: int = ADDRESS) -> Instruction:
    return decode(bytes.fromhex(hexadecimal), address)


def mask(*registers: int) -> int:
    return sum(1 << register for register in registers)


def floats(*singles: int) -> int:
    return sum(1 << (S_BASE + single) for single in singles)


ACCESSES = [
    ("51f8040f", "ldr r0,[r1,#4]!", MemoryAccess(1, 4, 4, 1, False, writeback=4)),
    ("51f80409", "ldr r0,[r1],#-4", MemoryAccess(1, 0, 4, 1, False, writeback=-4)),
    ("5ff80800", "ldr.w r0,[pc,#-8]", MemoryAccess(15, -8, 4, 1, False)),
    ("01f82230", "strb.w r3,[r1,r2,lsl #2]", MemoryAccess(1, 0, 1, 1, True, index=2, shift=2)),
    ("10b5", "push {r4,lr}", MemoryAccess(13, -8, 4, 2, True, writeback=-8)),
    ("10bd", "pop {r4,pc}", MemoryAccess(13, 0, 4, 2, False, writeback=8)),
    ("05c9", "ldmia r1!,{r0,r2}", MemoryAccess(1, 0, 4, 2, False, writeback=8)),
    ("06c9", "ldmia r1,{r1,r2}: a loaded base is not written back", MemoryAccess(1, 0, 4, 2, False)),
    ("33e90300", "ldmdb r3!,{r0,r1}", MemoryAccess(3, -8, 4, 2, False, writeback=-8)),
    ("f2e80201", "ldrd r0,r1,[r2],#8", MemoryAccess(2, 0, 4, 2, False, writeback=8)),
    ("62e90401", "strd r0,r1,[r2,#-16]!", MemoryAccess(2, -16, 4, 2, True, writeback=-16)),
    ("2ded048b", "vpush {d8-d9}", MemoryAccess(13, -16, 4, 4, True, writeback=-16)),
    ("b0ec030a", "vldmia r0!,{s0-s2}", MemoryAccess(0, 0, 4, 3, False, writeback=12)),
    ("91ed023b", "vldr d3,[r1,#8]", MemoryAccess(1, 8, 4, 2, False)),
    ("42e80110", "strex r0,r1,[r2,#4]", MemoryAccess(2, 4, 4, 1, True, exclusive=True)),
    ("dfe811f0", "tbh [pc,r1,lsl #1]", MemoryAccess(15, 0, 2, 1, False, index=1, shift=1)),
]


@pytest.mark.parametrize(("code", "text", "memory"), ACCESSES, ids=[row[1] for row in ACCESSES])
def test_access(code: str, text: str, memory: MemoryAccess) -> None:
    instruction = one(code)
    assert instruction.memory == memory
    assert instruction.address_reads >> memory.base & 1
    if memory.writeback is not None:
        assert instruction.writes >> memory.base & 1


def test_table_branch_off_an_unaligned_pc_keeps_its_half_word() -> None:
    memory = one("dfe811f0", ADDRESS + 2).memory
    assert memory is not None
    assert memory.offset == 2


OPERANDS = [
    ("01fb0230", "mla r0,r1,r2,r3", "accumulator_reads", mask(3)),
    ("c2fb0301", "smlal r0,r1,r2,r3", "accumulator_reads", mask(0, 1)),
    ("e1ee210a", "vfma.f32 s1,s2,s3", "accumulator_reads", floats(1)),
    ("01ebc200", "add.w r0,r1,r2,lsl #3", "shifted_reads", mask(2)),
    ("c1ea0210", "pkhbt r0,r1,r2,lsl #4", "shifted_reads", mask(2)),
    ("51fa82f0", "uxtab r0,r1,r2", "shifted_reads", mask(2)),
    ("01ebc200", "add.w r0,r1,r2,lsl #3", "immediate_shift", 3),
    ("01f82230", "strb.w r3,[r1,r2,lsl #2]", "store_reads", mask(3)),
    ("01f82230", "strb.w r3,[r1,r2,lsl #2]", "address_reads", mask(1, 2)),
    ("01f82230", "strb.w r3,[r1,r2,lsl #2]", "stores_register_offset", True),
    ("51f80409", "ldr r0,[r1],#-4", "load_writes", mask(0)),
    ("51f80409", "ldr r0,[r1],#-4", "writes", mask(0, 1)),
    ("42e80110", "strex r0,r1,[r2,#4]", "writes", mask(0)),
    ("81f4fe50", "eor r0,r1,#0x1fc0", "shifted_constant", True),
    ("81f0ff10", "eor r0,r1,#0x00ff00ff", "shifted_constant", False),
    ("4841", "adcs r0,r1", "reads", mask(0, 1) | FLAGS),
    ("4fea3100", "rrx r0,r1", "reads", mask(1) | FLAGS),
    ("a1fa82f0", "sel r0,r1,r2", "reads", mask(1, 2) | FLAGS),
    ("81fa42f0", "uadd8 r0,r1,r2", "writes", mask(0) | FLAGS),
    ("b4ee600a", "vcmp.f32 s0,s1", "writes", FP_FLAGS),
    ("f1ee10fa", "vmrs apsr_nzcv,fpscr", "writes", FLAGS),
    ("21ee020b", "vmul.f64 d0,d1,d2", "double_precision", True),
    ("21ee020b", "vmul.f64 d0,d1,d2", "writes", floats(0, 1)),
    ("fff7f6ff", "bl .-16", "target", ADDRESS - 16),
    ("23b1", "cbz r3,.+12", "target", ADDRESS + 12),
    ("9847", "blx r3", "link", True),
    ("f746", "mov pc,lr", "kind", Kind.BRANCH_REGISTER),
    ("d0f800f0", "ldr pc,[r0]", "writes_pc", True),
    ("10bd", "pop {r4,pc}", "writes_pc", True),
    ("7fe97fe9", "sg", "kind", Kind.SYSTEM),
]


@pytest.mark.parametrize(
    ("code", "text", "field", "value"), OPERANDS, ids=[f"{r[1]}: {r[2]}" for r in OPERANDS]
)
def test_field(code: str, text: str, field: str, value: object) -> None:
    assert getattr(one(code), field) == value


def test_it_gives_conditions_and_takes_the_flag_setting_away() -> None:
    # itet ne; movne r0,#1; moveq r0,#2; strne r0,[r1]; then movs r0,#1
    block = decode_block(bytes.fromhex("16bf0120022008600120"), ADDRESS)
    it, first, second, third, after = block.instructions
    assert (it.kind, it.it_mask) == (Kind.IT, 0x16)
    assert [i.condition for i in (first, second, third, after)] == [1, 0, 1, None]
    assert [i.in_it_block for i in (first, second, third, after)] == [True, True, True, False]
    assert [i.sets_flags for i in (first, second, after)] == [False, False, True]
    assert first.reads & FLAGS


def test_a_block_may_start_inside_an_it_block() -> None:
    block = decode_block(bytes.fromhex("022008600120"), ADDRESS, ItState(0x1C).advanced())
    assert [i.condition for i in block.instructions] == [1, None, None]


def test_block_covers_its_bytes() -> None:
    block = decode_block(bytes.fromhex("012802d1"), ADDRESS)
    assert (block.address, block.size_bytes, block.end) == (ADDRESS, 4, ADDRESS + 4)
    assert block.instructions[1].condition == 1
    assert block.instructions[1].target == ADDRESS + 2 + 8


@pytest.mark.parametrize("code", ["", "01", "fff7"])
def test_cut_short(code: str) -> None:
    with pytest.raises(ValueError, match=r"no whole|cut short"):
        decode(bytes.fromhex(code), ADDRESS)


def test_a_block_cut_in_the_middle_of_an_instruction_is_an_error() -> None:
    with pytest.raises(ValueError, match="cut short"):
        decode_block(bytes.fromhex("0120fff7"), ADDRESS)


def test_fast_enough_to_decode_while_running() -> None:
    code = bytes.fromhex("01ebc20051f8040f10b501fb0230e1ee210a10bd") * 50
    started_s = time.process_time()
    count = len(decode_block(code, ADDRESS).instructions)
    micros = (time.process_time() - started_s) / count * 1e6
    assert micros < 50, "about 5 us is usual; ten times that would be felt"
