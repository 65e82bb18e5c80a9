/* Vectors of i.MX RT1060's boot ROM. Where the chip's has a pointer to its table of functions (0x20001C) there
   is none: firmware that erases its flash through the ROM is not served. */
    .syntax unified
    .cpu cortex-m7
    .thumb

    .section .header, "ax"
    .word 0x20208000                /* the ROM's part of OCRAM (IMXRT1060RM, "System Boot": 32 KB) */
    .word boot
    .rept 5
    .word fault
    .endr
    .word 0                         /* 0x1C */
    .rept 8
    .word fault
    .endr

    .text
    .global fault
    .thumb_func
fault:
    b fault

    .global start_at
    .thumb_func
start_at:                           /* r0: entry, r1: stack */
    msr msp, r1
    orr r0, r0, #1
    bx r0
