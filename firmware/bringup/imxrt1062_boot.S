/* What i.MX RT1060's boot ROM wants before the vectors (IMXRT1060RM, "System Boot"): the configuration block of the
   serial NOR flash, the image vector table at 0x1000, the boot data. The vectors follow at 0x2000. */
    .syntax unified
    .cpu cortex-m7
    .thumb
    .section .stage2, "a"

block:
    .ascii "FCFB"
    .word 0x56010400            /* version 1.4 */
    .word 0
    .byte 1, 3, 3, 0            /* samples at the looped-back DQS; hold and setup times */
    .space 0x40 - (. - block)
    .word 0
    .byte 1, 4, 7, 0            /* serial NOR, four lines, 133 MHz */
    .space 0x50 - (. - block)
    .word 0x200000              /* of the flash on port A1 */
    .space 0x80 - (. - block)
    .hword 0x04EB, 0x0A18       /* EBh on one line, 24 bits of address on four */
    .hword 0x3206, 0x2604       /* 6 dummy clocks, data on four */
    .space 0x1C0 - (. - block)
    .word 256, 4096             /* page, sector */
    .space 0x1000 - (. - block)
table:
    .word 0x412000D1
    .word 0x60002000            /* the vector table */
    .word 0, 0                  /* no device configuration */
    .word boot_data
    .word table
    .word 0, 0
boot_data:
    .word 0x60000000, 0x200000, 0
    .space 0x2000 - (. - block)
