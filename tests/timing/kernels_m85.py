"""Micro-kernels of Cortex-M85: see :mod:`tests.timing.kernels`.

The diagrams and rules of jnk0le/random, cortex_m85.md, measured on RA8D1.
"""

from __future__ import annotations

from tests.timing.kernels import Kernel

KERNELS = [
    Kernel("cortex-m85", *row)
    for row in (
        (
            "00f1010001f1010102f1010203f10103",
            "add.w r0,r0,#1; add.w r1,r1,#1; add.w r2,r2,#1; add.w r3,r3,#1",
            0,
            2,
            "two a cycle",
        ),
        (
            "40184018401840184018db46",
            "adds r0,r1; adds r0,r1; adds r0,r1; adds r0,r1; adds r0,r1; mov r11,r11",
            0,
            3,
            "EX1 and EX2, EX2 and EX3, then EX3",
        ),
        (
            "401840184018401840184018",
            "adds r0,r1; adds r0,r1; adds r0,r1; adds r0,r1; adds r0,r1; adds r0,r1",
            0,
            4,
            "can't forward more",
        ),
        ("01200221aff30080", "movs r0,#1; movs r1,#2; nop.w", 0, 1, "a NOP beside two 16-bit ones"),
        ("0bf10c0a09f10108aff30080", "add.w r10,r11,#12; add.w r8,r9,#1; nop.w", 0, 2, "not beside 8 bytes"),
        (
            "d2462868d246db462958db46",
            "mov r10,r10; ldr r0,[r5]; mov r10,r10; mov r11,r11; ldr r1,[r5,r0]; mov r11,r11",
            0,
            3,
            "an address from a load after 2: jnk0le's diagram",
        ),
        ("28682958db46", "ldr r0,[r5]; ldr r1,[r5,r0]; mov r11,r11", 0, 3, "and it waits for that"),
        ("28680130", "ldr r0,[r5]; adds r0,#1", 0, 1, "0 into EX3"),
        ("28780130", "ldrb r0,[r5]; adds r0,#1", 0, 2, "a byte 1"),
        ("286803fb0402", "ldr r0,[r5]; mla r2,r3,r4,r0", 0, 2, "not into an addend in the same cycle"),
        ("10682b68", "ldr r0,[r2]; ldr r3,[r5]", 0, 1, "two words"),
        ("52f8040b55f8043b", "ldr r0,[r2],#4; ldr r3,[r5],#4", 0, 1, "indexed ones too"),
        (
            "52f8040b52f8043b",
            "ldr r0,[r2],#4; ldr r3,[r2],#4",
            0,
            2,
            "but on one base its new value comes first",
        ),
        ("d2e90001c5e90034", "ldrd r0,r1,[r2]; strd r3,r4,[r5]", 0, 1, "LDRD beside STRD"),
        ("d2e90001d5e90034", "ldrd r0,r1,[r2]; ldrd r3,r4,[r5]", 0, 2, "not beside LDRD"),
        ("c8b2dab2", "uxtb r0,r1; uxtb r2,r3", 0, 2, "slot 0, one a cycle"),
        ("c8b2c3f30702", "uxtb r0,r1; ubfx r2,r3,#0,#8", 0, 1, "UBFX is another"),
        ("61f3070063f30702", "bfi r0,r1,#0,#8; bfi r2,r3,#0,#8", 0, 2, "BFI is one"),
        ("48435a43", "muls r0,r1; muls r2,r3", 0, 2, "one product"),
        (
            "01fb0230d24604fb0500db46",
            "mla r0,r1,r2,r3; mov r10,r10; mla r0,r4,r5,r0; mov r11,r11",
            0,
            2,
            "a sum into the next sum",
        ),
        ("e2fb0301c6e90045", "umlal r0,r1,r2,r3; strd r4,r5,[r6]", 0, 2, "six read ports"),
        ("e2fb03013460", "umlal r0,r1,r2,r3; str r4,[r6]", 0, 1, "are enough for that"),
        ("00eb01060136", "add.w r6,r0,r1; adds r6,#1", 0, 1, "EX1 and EX2, then EX3"),
        (
            "00eb00060136d246db46d246db46d24618bf401801eb00032344",
            "add.w r6,r0,r0; adds r6,#1; mov r10,r10; mov r11,r11; mov r10,r10; "
            "mov r11,r11; mov r10,r10; it ne; addne r0,r1; add.w r3,r1,r0; add r3,r4",
            0,
            5,
            "jnk0le's diagram of predication",
        ),
        (
            "00eb00060136d24618bf00eb0100d246024402eb0003db46",
            "add.w r6,r0,r0; adds r6,#1; mov r10,r10; it ne; addne.w r0,r1; "
            "mov r10,r10; add r2,r0; add.w r3,r2,r0; mov r11,r11",
            0,
            4,
            "and the second",
        ),
        (
            "013618bf40181044",
            "adds r6,#1; it ne; addne r0,r1; add r0,r2",
            0,
            2,
            "nothing forwards from a predicated one at once",
        ),
        (
            "d24602ff540151ec100bdb460244db46",
            "mov r10,r10; veor q0,q1,q2; vmov r0,r1,d0; mov r11,r11; add r2,r0; mov r11,r11",
            0,
            3,
            "VMOV of a double 1 into EX3: jnk0le's diagram",
        ),
        (
            "d24602ff540151ec100bdb4653ec112b08441a44db46",
            "mov r10,r10; veor q0,q1,q2; vmov r0,r1,d0; mov r11,r11; "
            "vmov r2,r3,d1; add r0,r1; add r2,r3; mov r11,r11",
            0,
            4,
            "and the second",
        ),
        (
            "d24604ff562102eb030141ec100b43ec112bdb4608ff5001",
            "mov r10,r10; veor q1,q2,q3; add.w r1,r2,r3; "
            "vmov d0,r0,r1; vmov d1,r2,r3; mov r11,r11; veor q0,q4,q0",
            0,
            4,
            "into the FPU, taken in EX3",
        ),
        (
            "01ec000fd246db46c946c046d246db46421c",
            "vmov r0,r1,q0[2],q0[0]; mov r10,r10; mov r11,r11; "
            "mov r9,r9; mov r8,r8; mov r10,r10; mov r11,r11; adds r2,r0,#1",
            0,
            4,
            "VMOV of lanes 3 into EX3",
        ),
        (
            "d2469ced001f04ff5621",
            "mov r10,r10; vldrw.u32 q0,[r12]; veor q1,q2,q3",
            0,
            2,
            "a vector load in the younger slot, a vector beside its second beat",
        ),
        (
            "d2469ced001f04ff5621db46",
            "mov r10,r10; vldrw.u32 q0,[r12]; veor q1,q2,q3; mov r11,r11",
            0,
            3,
            "but no scalar",
        ),
        (
            "d2468ced001f04ff5621d2469ced00ff04ff5621",
            "mov r10,r10; vstrw.u32 q0,[r12]; veor q1,q2,q3; mov r10,r10; vldrw.u32 q7,[r12]; veor q1,q2,q3",
            0,
            4,
            "a load 2 behind a store: jnk0le's diagram",
        ),
        ("02ef440808ef5a69", "vadd.i8 q0,q1,q2; vmul.i8 q3,q4,q5", 0, 2, "two pipes"),
        ("02ef440808ef4a68", "vadd.i8 q0,q1,q2; vadd.i8 q3,q4,q5", 0, 3, "one pipe, two beats"),
        ("02ef440d20ef4868", "vadd.f32 q0,q1,q2; vadd.i32 q3,q0,q4", 0, 3, "a sum of floats 2 (LLVM)"),
        ("b9ff420720ef4868", "vabs.f32 q0,q1; vadd.i32 q3,q0,q4", 0, 2, "a float's magnitude 1 (LLVM)"),
        ("02ef540c20ef4868", "vfma.f32 q0,q1,q2; vadd.i32 q3,q0,q4", 0, 5, "a fused product 4 (LLVM)"),
        ("32fe040e20ef4868", "vcmul.f32 q0,q1,q2,#0; vadd.i32 q3,q0,q4", 0, 4, "a complex one 3 (LLVM)"),
        ("eeee020f0918", "vmaxnmv.f32 r0,q1; adds r1,r1,r0", 0, 4, "a maximum of floats as of integers"),
        ("02ff540108ff5a61", "veor q0,q1,q2; veor q3,q4,q5", 0, 2, "bit operations take the other one"),
        ("c8b202ef4408", "uxtb r0,r1; vadd.i8 q0,q1,q2", 0, 2, "no vector beside slot 0"),
        (
            "9ced001f9bfc402f",
            "vldrw.u32 q0,[r12]; vldrw.u32 q1,[r11,q0]",
            0,
            6,
            "gather offsets 4 behind a load, alone for 2",
        ),
        ("02ff54019bfc402f", "veor q0,q1,q2; vldrw.u32 q1,[r11,q0]", 0, 5, "3 behind a bit operation"),
        ("90fc001e00ef4248", "vld20.8 {q0,q1},[r0]; vadd.i8 q2,q0,q1", 0, 5, "interleaved 4"),
        ("90ed000a31ee821a", "vldr s0,[r0]; vadd.f32 s2,s3,s4", 0, 1, "a scalar float beside its loads"),
        ("31ee821a23ee843a", "vadd.f32 s2,s3,s4; vmul.f32 s6,s7,s8", 0, 2, "not beside another"),
        ("02ef440d00ff586d", "vadd.f32 q0,q1,q2; vmul.f32 q3,q0,q4", 0, 3, "sums of floating point after 2"),
        ("02ff540d00ef486d", "vmul.f32 q0,q1,q2; vadd.f32 q3,q0,q4", 0, 4, "products after 3"),
        ("02ef540c00ef486d", "vfma.f32 q0,q1,q2; vadd.f32 q3,q0,q4", 0, 5, "fused ones after 4"),
        ("02ef540c06ef580c", "vfma.f32 q0,q1,q2; vfma.f32 q0,q3,q4", 0, 3, "and 2 into an addend"),
        ("b9ff420700ef464d", "vabs.f32 q0,q1; vadd.f32 q2,q0,q3", 0, 2, "a sign after 1"),
        (
            "32ee400f06ef484d",
            "vadd.f32 q0,q1,r0; vadd.f32 q2,q3,q4",
            0,
            3,
            "a core register's sum in the pipe of sums",
        ),
        ("80ee81090130", "vdiv.f16 s0,s1,s2; adds r0,#1", 0, 7, "a division of halves"),
        ("08ff5001db46", "veor q0,q4,q0; mov r11,r11", 0, 1, "a scalar behind a vector: jnk0le's diagram"),
    )
]
