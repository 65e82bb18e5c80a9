@ Four kernels of a Cortex-M55 for the speed bench: REPETITIONS times the one that KERNEL names, then a semihosting
@ exit. Assembled with arm-none-eabi-as -march=armv8.1-m.main+mve -mthumb; the bytes stand in vectors.py.
    .syntax unified
    .thumb
    .equ CCR, 0xE000ED14
    .equ CCR_LOB, 1 << 19
    .equ CPACR, 0xE000ED88
    .equ ELEMENTS, 256

start:
    ldr     r0, =CPACR
    mov     r1, #0x00F00000
    str     r1, [r0]
    ldr     r0, =CCR
    ldr     r1, [r0]
    orr     r1, #CCR_LOB
    str     r1, [r0]
    dsb
    isb
    ldr     r5, repetitions
    ldr     r6, kernel
    ldr     r7, =0x20000000
    ldr     r9, =0x20001000
    tbb     [pc, r6]
table:
    .byte   (dot_product - table) / 2, (halves - table) / 2, (predicated - table) / 2, (scalar - table) / 2

dot_product:                      @ bytes, a loop with tail predication
    mov     r0, r7
    mov     r1, r9
    mov     r3, #ELEMENTS - 3
    movs    r4, #0
    wlstp.8 lr, r3, 2f
1:  vldrb.u8 q0, [r0], #16
    vldrb.u8 q1, [r1], #16
    vmladava.s8 r4, q0, q1
    letp    lr, 1b
2:  subs    r5, #1
    bne     dot_product
    b       exit

halves:                           @ half-words, multiplied and stored
    mov     r0, r7
    mov     r1, r9
    mov     r2, r7
    mov     r3, #ELEMENTS - 3
    dlstp.16 lr, r3
1:  vldrh.u16 q0, [r0], #16
    vldrh.u16 q1, [r1], #16
    vqrdmulh.s16 q0, q0, q1
    vadd.i16 q0, q0, q1
    vstrh.16 q0, [r2], #16
    letp    lr, 1b
    subs    r5, #1
    bne     halves
    b       exit

predicated:                       @ words from bytes, VCTP and VPST as compilers write them
    mov     r0, r7
    mov     r1, r9
    mov     r3, #ELEMENTS - 3
    vmov.i32 q3, #0
1:  vctp.32 r3
    vpst
    vldrbt.s32 q0, [r0], #4
    vpst
    vldrbt.s32 q1, [r1], #4
    vmul.i32 q2, q0, q1
    vadd.i32 q3, q3, q2
    subs    r3, #4
    bgt     1b
    subs    r5, #1
    bne     predicated
    b       exit

scalar:                           @ a loop with LE around scalar code
    mov     r0, r7
    mov     r3, #ELEMENTS
    movs    r4, #0
    dls     lr, r3
1:  ldr     r1, [r0], #4
    add     r4, r1
    eor     r4, r4, r1, lsl #3
    str     r4, [r0, #-4]
    le      lr, 1b
    subs    r5, #1
    bne     scalar

exit:
    movs    r0, #0x18
    ldr     r1, =0x20026
    bkpt    #0xab
    b       .
    .ltorg
    .balign 4
kernel:
    .word   0
repetitions:
    .word   1
