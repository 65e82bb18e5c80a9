"""Armv8.1-M's tables against GNU objdump: the same instruction in words, for random fields of every row."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from random import Random

import pytest

from emulator.thumb.decode import WIDE_HANDLERS, code_bytes, decode
from emulator.thumb.instruction import FLAGS, LR, PC, S_BASE, Kind, MemoryAccess
from emulator.thumb.vector.decode import disassembled, find, rows, rows_at
from emulator.thumb.vector.pattern import Row

NOP = b"\x00\xbf"
EACH = 12
LINE = re.compile(r"\s*([0-9a-f]+):\s+[0-9a-f]{4} [0-9a-f]{4}\s*\t(.*)")
LANE = re.compile(r"\bd(\d+)\[(\d)\]")
ASSERTS = ("vqmovun",)
"""binutils 2.40 ends with an assertion at some of these."""
OBJDUMP = ("arm-none-eabi-objdump", "-D", "-z", "-b", "binary", "-m", "armv8.1-m.main", "-M", "force-thumb")
OTHERWISE = ("vqabs", "vqneg", "vqshrn", "vqrshrn", "vqshrun", "vqrshrun")
"""A register too many, or the shift as it is encoded; its assembler gives VQSHRN the bit of VQRSHRN."""

UNKNOWN_TO_IT = re.compile(r"vcvt\.(f16\.[su]16|[su]16\.f16) s")
"""To binutils 2.40; LLVM 14 encodes them so: EEFA 0966 is vcvt.f16.s16 s1, s1, #3."""


def lanes_of_vectors(text: str, bits: int) -> str:
    """D registers' lanes as those of Q registers."""

    def named(found: re.Match[str]) -> str:
        double, lane = int(found[1]), int(found[2])
        return f"q{double // 2}[{(double & 1) * (64 // bits) + lane}]"

    return LANE.sub(named, text)


def their_words(text: str) -> str:
    words = re.sub(r"\s+", " ", re.split("[@;]", text)[0]).strip().replace(", #0]", "]")
    bits = re.match(r"vmov\.[us]?(8|16) ", words)
    return lanes_of_vectors(words, int(bits[1])) if bits else words


def some_of(row: Row, random: Random) -> list[int]:
    """Opcodes of a row that no other one has; VPT opens no block: what follows has no suffix."""
    found = []
    for _ in range(EACH):
        opcode = row.value | random.getrandbits(32) & ~row.mask
        instruction = find(opcode)
        if instruction is not None and instruction.row is row and not instruction.fields.get("k"):
            found.append(opcode)
    return found


def test_every_row_reads_as_objdump_reads_it(cross_tools: None, tmp_path: Path) -> None:
    random = Random(1)
    opcodes = [o for row in rows() if not row.name.startswith(ASSERTS) for o in some_of(row, random)]
    assert len(opcodes) > 5000
    image = tmp_path / "code.bin"
    image.write_bytes(b"".join(code_bytes(opcode) + NOP for opcode in opcodes))
    text = subprocess.run(
        [*OBJDUMP, str(image)], capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    theirs = {int(m[1], 16): their_words(m[2]) for m in map(LINE.match, text.splitlines()) if m}
    wrong = []
    for position, opcode in enumerate(opcodes):
        address = 6 * position
        ours = (disassembled(opcode, address) or "").replace(", #0]", "]")
        if UNKNOWN_TO_IT.match(ours) and not theirs[address]:
            continue
        nothing = "#-0" in ours or ours.endswith(", #0")  # an offset that objdump leaves out
        if not nothing and not ours.startswith(OTHERWISE) and ours.rstrip("!") != theirs[address].rstrip("!"):
            wrong.append((hex(opcode), ours, theirs[address]))
    assert not wrong, wrong[:10]


@pytest.mark.parametrize(
    "text",
    ["vqabs.s16 q6, q3", "vqneg.s8 q0, q1", "vqrshrnt.u32 q4, q0, #16", "vqrshrunt.s32 q1, q0, #2",
     "vqmovunb.s16 q1, q2", "vqmovunt.s32 q7, q0", "vpnot", "lctp", "vmov q0[3], q0[1], r0, r1",
     "sqrshrl r0, r1, #48, r2", "vmov.i64 q0, #0xff00ff0000ff00ff"],
)  # fmt: skip
def test_the_assembler_means_the_same(cross_tools: None, tmp_path: Path, text: str) -> None:
    source = tmp_path / "one.s"
    source.write_text(f".syntax unified\n.thumb\n{text}\n")
    made = tmp_path / "one.o"
    subprocess.run(
        ["arm-none-eabi-as", "-march=armv8.1-m.main+mve.fp", str(source), "-o", str(made)], check=True
    )
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", str(made), str(made)], check=True)
    code = made.read_bytes()
    opcode = int.from_bytes(code[:2], "little") << 16 | int.from_bytes(code[2:4], "little")
    assert disassembled(opcode, 0) == text


def test_what_pricing_asks_of_it() -> None:
    load = decode(code_bytes(0xECB61E10), 0x1000)  # vldrb.u8 q0, [r6], #16
    assert load.kind is Kind.VECTOR_LOAD
    assert load.memory == MemoryAccess(6, 0, 1, 16, is_store=False, writeback=16)
    assert load.load_writes == 0xF << S_BASE
    assert load.element_bits == 8
    widening = decode(code_bytes(0xFD910F03), 0x1000)  # vldrb.u32 q0, [r1, #3]
    assert widening.memory == MemoryAccess(1, 3, 1, 4, is_store=False)
    sums = decode(code_bytes(0xEEF00F22), 0x1000)  # vmlava.s8 r0, q0, q1
    assert (sums.kind, sums.name, sums.reads & 0xFFFF, sums.writes) == (Kind.VECTOR_ACROSS, "vmlava", 1, 1)
    assert sums.accumulator_reads == 1
    end = decode(code_bytes(0xF01FC80B), 0x7C)  # letp
    assert (end.kind, end.target, end.reads, end.writes) == (Kind.LOOP, 0x80 - 22, 1 << LR, 1 << LR | 1 << PC)
    assert end.writes_pc
    select = decode(code_bytes(0xEA519002), 0)  # csinc r0, r1, r2, eq
    assert (select.name, select.reads, select.writes) == ("csinc", FLAGS | 0b110, 1)
    shift = decode(code_bytes(0xEA50116F), 0)  # asrl r0, r1, #5
    assert (shift.kind, shift.reads, shift.writes) == (Kind.LONG_SHIFT, 0b11, 0b11)
    assert decode(code_bytes(0xEA500101), 0).name == "orr"  # a neighbour stays what it is


def test_the_decoder_asks_the_tables_wherever_they_have_a_row() -> None:
    asked = {top for top, handler in enumerate(WIDE_HANDLERS) if handler.__name__ == "decode_by_tables"}
    assert {top for top in range(512) if rows_at(top)} <= asked
