"""Micro-kernels of Cortex-M55: see :mod:`tests.timing.kernels`.

The first two are the diagrams in the head of LLVM's ARMScheduleM55.td.
"""

from __future__ import annotations

from tests.timing.kernels import Kernel

KERNELS = [
    Kernel("cortex-m55", *row)
    for row in (
        (
            "b0ec101e02ef402804ef5249a1ec105e",
            "vldrb.8 q0,[r0],#16; vadd.i8 q1,q1,q0; vmul.i8 q2,q2,q1; vstrb.8 q2,[r1],#16",
            0,
            4,
            "LLVM's first diagram: four pipes in turn, one a cycle",
        ),
        (
            "b0ec101eb2ec103e02ef4028a1ec105e",
            "vldrb.8 q0,[r0],#16; vldrb.8 q1,[r2],#16; vadd.i8 q1,q1,q0; vstrb.8 q2,[r1],#16",
            0,
            5,
            "LLVM's second: the second load waits for the pipe",
        ),
        (
            "02ef440808ef4a6802ef4408",
            "vadd.i8 q0,q1,q2; vadd.i8 q3,q4,q5; vadd.i8 q0,q1,q2",
            0,
            5,
            "one pipe: two beats each, the last one's second beat runs on",
        ),
        ("02ef540900ef4868", "vmul.i8 q0,q1,q2; vadd.i8 q3,q0,q4", 0, 3, "a product is ready after 2"),
        ("02ef540980ed001e", "vmul.i8 q0,q1,q2; vstrb.8 q0,[r0]", 0, 2, "but a store takes it a cycle early"),
        ("f0ee220f1218", "vmladava.s8 r0,q0,q1; adds r2,r2,r0", 0, 3, "a sum in a core register after 2"),
        ("e2ee000f1218", "vmaxv.s8 r0,q0; adds r2,r2,r0", 0, 3, "VMAXV of bytes 2"),
        ("e6ee000f1218", "vmaxv.s16 r0,q0; adds r2,r2,r0", 0, 4, "of half-words 3"),
        ("eaee000f1218", "vmaxv.s32 r0,q0; adds r2,r2,r0", 0, 5, "of words 4"),
        ("31fe830e00ef4048", "vmovnb.i16 q0,q1; vadd.i8 q2,q0,q0", 0, 4, "narrowing 3"),
        (
            "02ef440d20ef4868",
            "vadd.f32 q0,q1,q2; vadd.i32 q3,q0,q4",
            0,
            2,
            "a sum of floats is ready after 1",
        ),
        ("02ef540c20ef4868", "vfma.f32 q0,q1,q2; vadd.i32 q3,q0,q4", 0, 3, "a product that is added after 2"),
        ("32ee420f20ef4868", "vadd.f32 q0,q1,r2; vadd.i32 q3,q0,q4", 0, 3, "a sum with a core register, too"),
        ("80ee810970ee0219", "vdiv.f16 s0,s1,s2; vadd.f16 s3,s0,s4", 0, 10, "a quotient of halves after 9"),
        ("80ee810a70ee021a", "vdiv.f32 s0,s1,s2; vadd.f32 s3,s0,s4", 0, 17, "of singles after 16"),
        (
            "71fe4d0f00ef420800f001e831fe4d0f",
            "vpst; vaddt.i8 q0,q0,q1; vctp.8 r0; vpnot",
            0,
            4,
            "the control pipe takes one a cycle",
        ),
        (
            "03ee6e0f90fc002e02ef4248",
            "vidup.u8 q0,r2,#1; vldrb.u8 q1,[r0,q0]; vadd.i8 q2,q1,q1",
            0,
            8,
            "a gather wants its offsets 4 cycles early, and gives after 2",
        ),
        (
            "e0ee101b02ef40480130",
            "vdup.8 q0,r1; vadd.i8 q2,q1,q0; adds r0,r0,#1",
            0,
            4,
            "scalar instructions go on beside the beats",
        ),
        ("50eadf011218", "lsrl r0,r1,#3; adds r2,r2,r0", 0, 3, "long shifts 2"),
        ("51ea02801b18", "csel r0,r1,r2,eq; adds r3,r3,r0", 0, 2, "a conditional select 1"),
        (
            "4018013201230134",
            "adds r0,r0,r1; adds r2,#1; movs r3,#1; adds r4,#1",
            0,
            2,
            "an addition of a constant, a MOV pairs with any 16-bit instruction",
        ),
        ("4018d218", "adds r0,r0,r1; adds r2,r2,r3", 0, 2, "two others do not"),
        ("40180130", "adds r0,r0,r1; adds r0,#1", 0, 2, "nor what needs the other's result"),
        ("00eb01000132", "add.w r0,r0,r1; adds r2,#1", 0, 2, "nor beside a 32-bit one"),
        ("08681218", "ldr r0,[r1]; adds r2,r2,r0", 0, 3, "load to use 2"),
        (
            "086801321218",
            "ldr r0,[r1]; adds r2,#1; adds r2,r2,r0",
            0,
            3,
            "hidden by one that pairs: the next cycle is the load's second",
        ),
        ("013ffdd1", "subs r7,#1; bne .-2", 1, 3, "flags, then a taken branch 2"),
        (
            "013ffdd1",
            "subs r7,#1; bne .-2",
            2,
            4,
            "its target is a 32-bit instruction in two words of memory",
        ),
        ("013f7ff4fdaf", "subs r7,#1; bne.w .-2", 1, 4, "a 32-bit branch 3"),
        ("013f7ff4fdaf", "subs r7,#1; bne.w .-2", 0, 2, "not taken 1, whatever its width"),
        ("81ea42001860", "eor.w r0,r1,r2,lsl #1; str r0,[r3]", 0, 2, "a store takes its data a cycle later"),
        ("81ea42000360", "eor.w r0,r1,r2,lsl #1; str r3,[r0]", 0, 3, "its address it does not"),
        ("2ded108b", "vpush {d8-d15}", 0, 16, "multiples of the extension unit one word a cycle"),
        ("013ffdd1", "subs r7,#1; bne .-2", 0, 2, "not taken 1"),
        (
            "b0ec101ef0ee224f1ff007c0",
            "1: vldrb.8 q0,[r0],#16; vmladava.s8 r4,q0,q1; letp lr,1b",
            1,
            5,
            "the first turn of a loop: LETP as a branch 3",
        ),
        (
            "b0ec101ef0ee224f1ff007c0",
            "1: vldrb.8 q0,[r0],#16; vmladava.s8 r4,q0,q1; letp lr,1b",
            0,
            3,
            "the way out 1",
        ),
        ("f0b5", "push {r4-r7,lr}", 0, 3, "multiples two registers a cycle"),
        ("30ee010b30ee012b", "vadd.f64 d0,d0,d1; vadd.f64 d2,d0,d1", 0, 16, "double precision 15"),
        ("a0ee810a70ee021a", "vfma.f32 s0,s1,s2; vadd.f32 s3,s0,s4", 0, 3, "VFMA 2"),
        ("00ee810a70ee021a", "vmla.f32 s0,s1,s2; vadd.f32 s3,s0,s4", 0, 5, "VMLA 4"),
        ("b1fbf2f0", "udiv r0,r1,r2", 0, 2, "the least; the engine adds by operands"),
    )
]
