"""The instructions of Armv8.1-M that random programs are made of, as templates.

A template is a line of assembly. ``(a|b)`` is one of several; ``#[low,high]`` and ``#[low,high,step]``
are numbers, ``<low,high>`` too, without the sign; ``{p}`` is where the suffix of a VPT block goes.
Registers: ``%q`` any Q register, ``%Q`` one that this instruction has not named before, ``%r`` R0-R7,
``%R`` one not named before, ``%e`` an even and ``%o`` an odd one of them, ``%s`` any S register, ``%m`` and
``%M`` the two Q registers that a gather has been given (offsets or addresses, and one for its preparation).

What is left out is UNPREDICTABLE (DDI 0553B, C2.4): destinations of widening 32-bit products, complex
additions and reversals of 64 bits that are a source, gathers into their offsets, scalar instructions in
VPT blocks, counts that wrap from beyond their end.
"""

from __future__ import annotations

INTEGER = (
    "(vadd|vsub|vmul){p}.i(8|16|32) %q, %q, (%q|%r)",
    "(vabd|vmax|vmin|vmulh|vrmulh|vrhadd|vshl|vqshl|vrshl|vqrshl){p}.(s|u)(8|16|32) %q, %q, %q",
    "(vhadd|vhsub|vqadd|vqsub){p}.(s|u)(8|16|32) %q, %q, (%q|%r)",
    "(vqdmulh|vqrdmulh){p}.s(8|16|32) %q, %q, (%q|%r)",
    "(vand|vbic|vorr|vorn|veor){p} %q, %q, %q",
    "(vabs|vneg|vqabs|vqneg|vcls){p}.s(8|16|32) %q, %q",
    "vclz{p}.i(8|16|32) %q, %q",
    "(vmaxa|vmina){p}.s(8|16|32) %q, %q",
    "vmvn{p} %q, %q",
    "(vrev16{p}.8|vrev32{p}.8|vrev32{p}.16) %q, %q",
    "vrev64{p}.(8|16|32) %Q, %Q",
    "vcadd{p}.i(8|16|32) %Q, %Q, %Q, #(90|270)",
    "vhcadd{p}.s(8|16|32) %Q, %Q, %Q, #(90|270)",
    "(vadc|vadci|vsbc|vsbci){p}.i32 %q, %q, %q",
    "vbrsr{p}.(8|16|32) %q, %q, %r",
    "vdup{p}.(8|16|32) %q, %r",
    "(vidup|vddup){p}.u(8|16|32) %q, %e, #(1|2|4|8)",
    "vpsel{p} %q, %q, %q",
    "vpnot{p}",
    "vctp{p}.(8|16|32|64) %r",
)

MULTIPLY_ACCUMULATE = (
    "(vmla|vmlas){p}.(s|u)(8|16|32) %q, %q, %r",
    "(vqdmlah|vqrdmlah|vqdmlash|vqrdmlash){p}.s(8|16|32) %q, %q, %r",
    "(vqdmladh|vqdmladhx|vqrdmladh|vqrdmladhx){p}.s(8|16|32) %Q, %Q, %Q",
    "(vqdmlsdh|vqdmlsdhx|vqrdmlsdh|vqrdmlsdhx){p}.s(8|16|32) %Q, %Q, %Q",
    "(vmullb|vmullt){p}.(s8|s16|s32|u8|u16|u32|p8|p16) %Q, %Q, %Q",
    "(vqdmullb|vqdmullt){p}.s(16|32) %Q, %Q, (%Q|%r)",
    "(vmladav|vmladava){p}.(s|u)(8|16|32) %e, %q, %q",
    "(vmladavx|vmladavax|vmlsdav|vmlsdava|vmlsdavx|vmlsdavax){p}.s(8|16|32) %e, %q, %q",
    "(vmlaldav|vmlaldava){p}.(s|u)(16|32) %e, %o, %q, %q",
    "(vmlaldavx|vmlaldavax|vmlsldav|vmlsldava|vmlsldavx|vmlsldavax){p}.s(16|32) %e, %o, %q, %q",
    "(vrmlaldavh|vrmlaldavha){p}.(s|u)32 %e, %o, %q, %q",
    "(vrmlaldavhx|vrmlaldavhax|vrmlsldavh|vrmlsldavha|vrmlsldavhx|vrmlsldavhax){p}.s32 %e, %o, %q, %q",
    "(vaddv|vaddva){p}.(s|u)(8|16|32) %e, %q",
    "(vaddlv|vaddlva){p}.(s|u)32 %e, %o, %q",
    "(vmaxv|vminv){p}.(s|u)(8|16|32) %r, %q",
    "(vmaxav|vminav){p}.s(8|16|32) %r, %q",
    "vabav{p}.(s|u)(8|16|32) %r, %q, %q",
)

SHIFT = (
    "vshl{p}.i8 %q, %q, #[0,7]",
    "vshl{p}.i16 %q, %q, #[0,15]",
    "vshl{p}.i32 %q, %q, #[0,31]",
    "(vshr|vrshr){p}.(s|u)8 %q, %q, #[1,8]",
    "(vshr|vrshr){p}.(s|u)16 %q, %q, #[1,16]",
    "(vshr|vrshr){p}.(s|u)32 %q, %q, #[1,32]",
    "(vqshl{p}.s8|vqshl{p}.u8|vqshlu{p}.s8) %q, %q, #[0,7]",
    "(vqshl{p}.s16|vqshl{p}.u16|vqshlu{p}.s16) %q, %q, #[0,15]",
    "(vqshl{p}.s32|vqshl{p}.u32|vqshlu{p}.s32) %q, %q, #[0,31]",
    "(vshl|vrshl|vqshl|vqrshl){p}.(s|u)(8|16|32) %q, %r",
    "vsri{p}.8 %q, %q, #[1,8]",
    "vsri{p}.16 %q, %q, #[1,16]",
    "vsri{p}.32 %q, %q, #[1,32]",
    "vsli{p}.8 %q, %q, #[0,7]",
    "vsli{p}.16 %q, %q, #[0,15]",
    "vsli{p}.32 %q, %q, #[0,31]",
    "(vshllb|vshllt){p}.(s|u)8 %q, %q, #[1,8]",
    "(vshllb|vshllt){p}.(s|u)16 %q, %q, #[1,16]",
    "(vmovlb|vmovlt){p}.(s|u)(8|16) %q, %q",
    "(vmovnb|vmovnt){p}.i(16|32) %q, %q",
    "(vqmovnb|vqmovnt){p}.(s|u)(16|32) %q, %q",
    "(vqmovunb|vqmovunt){p}.s(16|32) %q, %q",
    "(vshrnb|vshrnt|vrshrnb|vrshrnt){p}.i16 %q, %q, #[1,8]",
    "(vshrnb|vshrnt|vrshrnb|vrshrnt){p}.i32 %q, %q, #[1,16]",
    "(vqshrnb|vqshrnt|vqrshrnb|vqrshrnt){p}.(s|u)16 %q, %q, #[1,8]",
    "(vqshrnb|vqshrnt|vqrshrnb|vqrshrnt){p}.(s|u)32 %q, %q, #[1,16]",
    "(vqshrunb|vqshrunt|vqrshrunb|vqrshrunt){p}.s16 %q, %q, #[1,8]",
    "(vqshrunb|vqshrunt|vqrshrunb|vqrshrunt){p}.s32 %q, %q, #[1,16]",
    "vshlc{p} %q, %r, #[1,32]",
)

CONSTANT = (
    "vmov{p}.i8 %q, #[0,255]",
    "vmov{p}.i16 %q, #[0,255]",
    "vmov{p}.i32 %q, #[0,65280,256]",
    "vmov{p}.i64 %q, #(0xff00ff0000ff00ff|0xffffffff00000000|0x00ff00ffffffff00)",
    "vmvn{p}.i(16|32) %q, #[0,255]",
    "(vorr|vbic){p}.i(16|32) %q, #[0,255]",
    "(vorr|vbic){p}.i16 %q, #[0,65280,256]",
)

COMPARE = (
    "vcmp{p}.i(8|16|32) (eq|ne), %q, (%q|%r|zr)",
    "vcmp{p}.s(8|16|32) (ge|lt|gt|le), %q, (%q|%r|zr)",
    "vcmp{p}.u(8|16|32) (cs|hi), %q, (%q|%r|zr)",
)

FLOAT = (
    "(vadd|vsub|vmul){p}.f(16|32) %q, %q, (%q|%r)",
    "(vabd|vmaxnm|vminnm){p}.f(16|32) %q, %q, %q",
    "(vfma|vfms){p}.f(16|32) %q, %q, %q",
    "(vfma|vfmas){p}.f(16|32) %q, %q, %r",
    "(vabs|vneg){p}.f(16|32) %q, %q",
    "(vmaxnma|vminnma){p}.f(16|32) %q, %q",
    "(vmaxnmv|vminnmv|vmaxnmav|vminnmav){p}.f(16|32) %r, %q",
    "vcadd{p}.f(16|32) %Q, %Q, %Q, #(90|270)",
    "(vcmul|vcmla){p}.f(16|32) %Q, %Q, %Q, #(0|90|180|270)",
    "(vcvt{p}.s16.f16|vcvt{p}.u16.f16|vcvt{p}.f16.s16|vcvt{p}.f16.u16) %q, %q",
    "(vcvt{p}.s32.f32|vcvt{p}.u32.f32|vcvt{p}.f32.s32|vcvt{p}.f32.u32) %q, %q",
    "(vcvt{p}.s16.f16|vcvt{p}.u16.f16|vcvt{p}.f16.s16|vcvt{p}.f16.u16) %q, %q, #[1,16]",
    "(vcvt{p}.s32.f32|vcvt{p}.u32.f32|vcvt{p}.f32.s32|vcvt{p}.f32.u32) %q, %q, #[1,32]",
    "(vcvta|vcvtn|vcvtp|vcvtm){p}.(s16.f16|u16.f16|s32.f32|u32.f32) %q, %q",
    "(vrinta|vrintn|vrintp|vrintm|vrintz|vrintx){p}.f(16|32) %q, %q",
    "vmov{p}.f32 %q, #(1.0|-0.5|31.0|0.125)",
)

FLOAT_COMPARE = ("vcmp{p}.f(16|32) (eq|ne|ge|lt|gt|le), %q, (%q|%r|zr)",)

MEMORY = (
    "(vldrb{p}.u8|vstrb{p}.8) %q, [r9, #[-60,60]](|!)",
    "(vldrb{p}.u8|vstrb{p}.8) %q, [r9], #[-60,60]",
    "(vldrh{p}.u16|vstrh{p}.16) %q, [r9, #[-60,60,2]](|!)",
    "(vldrh{p}.u16|vstrh{p}.16) %q, [r9], #[-60,60,2]",
    "(vldrw{p}.u32|vstrw{p}.32) %q, [r9, #[-60,60,4]](|!)",
    "(vldrw{p}.u32|vstrw{p}.32) %q, [r9], #[-60,60,4]",
)

# With what makes offsets even or small, a wrapping count lie below its end, the base of a widening access a
# low register; both go together.
SMALL_HALVES = "vbic.i16 %m, #0xff00"
SMALL_WORDS = "vmov.i32 %M, #0xff\nvand %m, %m, %M"
EVEN_HALVES = f"{SMALL_HALVES}\nvbic.i16 %m, #1"
EVEN_WORDS = "vmov.i32 %M, #0xfe\nvand %m, %m, %M"
FOURS = "vmov.i32 %M, #0xfc\nvand %m, %m, %M"
EIGHTS = "vmov.i32 %M, #0x78\nvand %m, %m, %M"
ADDRESSES = f"{FOURS}\nvadd.i32 %m, %m, r9"
LOW_BASE = "mov r7, r9"
LOW_ADDRESSES = ("[r7, #[-60,60]](|!)", "[r7], #[-60,60]")
EVEN_LOW_ADDRESSES = ("[r7, #[-60,60,2]](|!)", "[r7], #[-60,60,2]")
WRAPPING = "and r3, r3, #0x38\nadd r3, r3, #64\nand r2, r2, #0x38"
PREPARED = (
    (WRAPPING, "(viwdup|vdwdup){p}.u(8|16|32) %q, r2, r3, #(1|2|4|8)"),
    ("", "(vldrb{p}.u8|vstrb{p}.8) %Q, [r9, %m]"),
    *((LOW_BASE, f"(vldrb{{p}}.(s|u)(16|32)|vstrb{{p}}.(16|32)) %q, {at}") for at in LOW_ADDRESSES),
    *((LOW_BASE, f"(vldrh{{p}}.(s|u)32|vstrh{{p}}.32) %q, {at}") for at in EVEN_LOW_ADDRESSES),
    (SMALL_HALVES, "(vldrb{p}.(s|u)16|vstrb{p}.16) %Q, [r9, %m]"),
    (SMALL_WORDS, "(vldrb{p}.(s|u)32|vstrb{p}.32) %Q, [r9, %m]"),
    (EVEN_HALVES, "(vldrh{p}.u16|vstrh{p}.16) %Q, [r9, %m]"),
    (SMALL_HALVES, "(vldrh{p}.u16|vstrh{p}.16) %Q, [r9, %m, uxtw #1]"),
    (EVEN_WORDS, "(vldrh{p}.(s|u)32|vstrh{p}.32) %Q, [r9, %m]"),
    (SMALL_WORDS, "(vldrh{p}.(s|u)32|vstrh{p}.32) %Q, [r9, %m, uxtw #1]"),
    (FOURS, "(vldrw{p}.u32|vstrw{p}.32) %Q, [r9, %m]"),
    (f"{FOURS}\nvshr.u32 %m, %m, #1", "(vldrw{p}.u32|vstrw{p}.32) %Q, [r9, %m, uxtw #2]"),
    (FOURS, "(vldrd{p}.u64|vstrd{p}.64) %Q, [r9, %m]"),
    (f"{EIGHTS}\nvshr.u32 %m, %m, #3", "(vldrd{p}.u64|vstrd{p}.64) %Q, [r9, %m, uxtw #3]"),
    (ADDRESSES, "(vldrw{p}.u32|vstrw{p}.32) %Q, [%m, #[-60,60,4]](|!)"),
    (ADDRESSES, "(vldrd{p}.u64|vstrd{p}.64) %Q, [%m, #[-64,56,8]](|!)"),
)

# Not in VPT blocks.
INTERLEAVED = (
    "(vld20|vld21|vst20|vst21).(8|16|32) {q0, q1}, [r9](|!)",
    "(vld20|vld21|vst20|vst21).(8|16|32) {q5, q6}, [r9](|!)",
    "(vld40|vld41|vld42|vld43|vst40|vst41|vst42|vst43).(8|16|32) {q1, q2, q3, q4}, [r9](|!)",
    "(vld40|vld41|vld42|vld43|vst40|vst41|vst42|vst43).(8|16|32) {q4, q5, q6, q7}, [r9](|!)",
)
MOVE = (
    "vmov.(s|u)8 %r, %q[<0,15>]",
    "vmov.(s|u)16 %r, %q[<0,7>]",
    "vmov.32 %r, %q[<0,3>]",
    "vmov.8 %q[<0,15>], %r",
    "vmov.16 %q[<0,7>], %r",
    "vmov.32 %q[<0,3>], %r",
    "vmov %R, %R, (q0[2], q0[0]|q3[3], q3[1]|q7[2], q7[0])",
    "vmov (q1[2], q1[0]|q4[3], q4[1]|q6[2], q6[0]), %r, %r",
    "vmrs %r, (p0|vpr)",
    "vstr fpcxtns, [r9, #[-60,60,4]]",
    "vstr fpcxtns, [r9, #4]\nvldr fpcxtns, [r9, #4]",
    "vmsr p0, %r",
    "vmsr vpr, r8",
)
SCALAR = (
    "(csel|csinc|csinv|csneg) %r, %r, %r, %c",
    "(cinc|cinv|cneg) %r, %r, %c",
    "(cset|csetm) %r, %c",
    "clrm {r<0,3>, r<4,7>(|, apsr)}",
)
LONG_SHIFT = (
    "(asrl|lsll|lsrl) %e, %o, #[1,32]",
    "(sqshll|uqshll|srshrl|urshrl) %e, %o, #[1,32]",
    "(sqshl|uqshl|srshr|urshr) %r, #[1,32]",
    "(asrl|lsll) %e, %o, (%R|r8)",
    "(sqrshrl|uqrshll) %e, %o, #64, (%R|r8)",
    "ssat r8, #6, r8\n(sqrshrl|uqrshll) %e, %o, #48, r8",  # QEMU 7.2 takes 48 and more to the right for 0
    "(sqrshr|uqrshl) %R, %R",
)
HALF_PRECISION = (
    "(vadd|vsub|vmul|vnmul|vmla|vmls|vfma|vfms|vfnma|vfnms|vdiv|vmaxnm|vminnm).f16 %s, %s, %s",
    "(vabs|vneg|vsqrt|vrinta|vrintn|vrintp|vrintm|vrintz|vrintx|vrintr).f16 %s, %s",
    "(vcvt.s32.f16|vcvt.u32.f16|vcvt.f16.s32|vcvt.f16.u32) %s, %s",
    "(vcvta|vcvtn|vcvtp|vcvtm).(s|u)32.f16 %s, %s",
    "(vcvtb|vcvtt).(f16.f32|f32.f16) %s, %s",
    "vcmp(|e).f16 %s, %s\nvmrs APSR_nzcv, fpscr",
    "vsel(eq|ge|gt|vs).f16 %s, %s, %s",
    "vmov.f16 (%s, %r|%r, %s)",
    "(vins|vmovx).f16 %s, %s",
    "vmov.f16 %s, #(1.0|-0.5|31.0|0.125)",
    "(vldr|vstr).16 %s, [r9, #[-60,60,2]]",
    "(vcvt.f16.s32|vcvt.f16.u32|vcvt.s32.f16|vcvt.u32.f16) (s3, s3|s30, s30), #[1,32]",
)
STATUS = ("movw r3, #0\nmovt r3, #[4,2044,8]\nvmsr fpscr, r3",)
"""Rounding modes, FZ, DN, AHP and FZ16; LTPSIZE stays 4: not in a tail-predicated loop."""
SPECIAL = (
    "vmov.i32 %m, #(0x7f000000|0xff000000)\nvorr.i32 %m, #(0x800000|0xc00000|0xa00000)",
    "vmov.i32 %m, #(0x80000000|0x400000|1|0xff)",
    "vmov.i16 %m, #(0x7c00|0xfc00|0x7e00|0x7d00|0x8000|0x300|1)",
)
"""Infinities, NaNs of both sorts, a negative zero, what is denormal: of singles and of halves."""
HALVES_AND_SINGLES = (0xEE3F0E01, 0xFE3F0E01)
"""VCVTB of Q0 from Q0, to and from halves: binutils 2.40 encodes other registers than it is told to."""
