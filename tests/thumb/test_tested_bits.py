"""Which bits of a loaded value the code behind the load goes by: as compilers test them."""

import subprocess
from pathlib import Path

import pytest

from emulator.thumb.tested_bits import tested_bits as bits_tested

CASES = [
    ("ldr r3,[r2]; tst r3,#0x10000; beq .", 1 << 16),
    ("ldr r3,[r2]; and.w r3,r3,#6; cmp r3,#4; bne .", 6),
    ("ldr r3,[r2]; lsls r3,r3,#31; bpl .", 1),
    ("ldr r3,[r2]; lsls r3,r3,#15; bmi .", 1 << 16),
    ("ldr r3,[r2]; lsls r3,r3,#16; bcc .", 1 << 16),
    ("ldr r3,[r2]; lsrs r3,r3,#3; bcs .", 1 << 2),
    ("ldr r3,[r2]; ubfx r3,r3,#8,#2; cmp r3,#1; bne .", 3 << 8),
    ("ldrb r3,[r2]; uxtb r3,r3; cbz r3,1f; nop; 1: nop", 0xFF),
    ("ldr r3,[r2]; cmp r3,#0; bge .", 1 << 31),
    ("ldr r3,[r2]; movs r1,#8; tst r3,r1; beq .", 8),
    ("ldr r3,[r2]; ands r3,r4; beq .", 0x40),  # r4 holds 0x40 all through the loop
    ("ldr r3,[r2]; mov r5,r3; tst.w r5,#0x00800080; bne .", 0x00800080),
    ("ldr r3,[r2]; bic r3,r3,#0xFF; cmp r3,#0; beq .", 0xFFFFFF00),
    ("ldr r3,[r2]; adds r3,#1; cmp r3,#0; bne .", 0),  # nobody knows
    ("ldr r3,[r2]; bx lr", 0),
    ("ldr r3,[r2]; tst r3,#1; movs r0,#2; beq .", 0),  # the flags are of something else
]


@pytest.mark.parametrize(("text", "bits"), CASES, ids=[text for text, _bits in CASES])
def test_the_bits_that_a_branch_goes_by(tmp_path: Path, text: str, bits: int) -> None:
    source, linked, binary = tmp_path / "a.s", tmp_path / "a.o", tmp_path / "a.bin"
    source.write_text(f".syntax unified\n.thumb\n{text}\nnop\n")
    subprocess.run(["arm-none-eabi-as", "-mcpu=cortex-m4", source, "-o", linked], check=True)
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", linked, binary], check=True)
    assert bits_tested(binary.read_bytes(), 0x8000, {4: 0x40}.get) == bits
