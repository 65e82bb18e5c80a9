@ What jnk0le/cortexm-AES@b18b7a4 aes/tests does around each call, in our own words: CYCCNT is read, the
@ function called, CYCCNT read again; less 1 for the first load's second cycle. Compiled with -Os or -O2 (GCC 12.2),
@ arguments are in their registers before the first load, which stands directly before the BL.
@
@ build.py adds a line `timed NAME` for each function of silicon.csv that is called as timed_NAME.
    .syntax unified
    .thumb
    .text

    .equ DEMCR, 0xE000EDFC
    .equ TRCENA, 0x01000000
    .equ DWT_CTRL, 0xE0001000
    .equ CYCCNTENA, 1
    .equ CYCCNT, 4                @ from DWT_CTRL

    .macro function name
    .balign 4
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    .macro address register value
    movw    \register, #((\value) & 0xFFFF)
    movt    \register, #((\value) >> 16)
    .endm

    .macro set_bits at bits
    address r0, \at
    ldr     r1, [r0]
    orr     r1, #\bits
    str     r1, [r0]
    .endm

    function start_cycle_counter
    set_bits DEMCR, TRCENA
    set_bits DWT_CTRL, CYCCNTENA
    bx      lr
    .size start_cycle_counter, . - start_cycle_counter

    .macro timed name
    function timed_\name
    push    {r4, r5, r6, lr}
    address r4, DWT_CTRL
    ldr     r5, [r4, #CYCCNT]
    bl      \name
    ldr     r0, [r4, #CYCCNT]
    subs    r0, r0, r5
    subs    r0, #1
    pop     {r4, r5, r6, pc}
    .size timed_\name, . - timed_\name
    .endm
