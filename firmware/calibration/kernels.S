@ The kernels of the calibration firmware: one memory pattern each, Armv6-M code, so that they are the same
@ on every core. Arguments: r0 to r3, as calibration.h says; r4 to r7 are kept.
    .syntax unified
    .thumb
    .text

    .macro kernel name
    .balign 64
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    .macro end_of name
    .size \name, . - \name
    .endm

@ uint32_t timed(const uint32_t arguments[4], kernel, const volatile uint32_t *counter)
@ What the counter has gone on when the kernel is done, whichever way it counts.
    kernel timed
    push    {r4-r7, lr}
    mov     r4, r2
    mov     r5, r1
    ldmia   r0, {r0-r3}
    ldr     r6, [r4]
    blx     r5
    ldr     r0, [r4]
    subs    r0, r0, r6
    pop     {r4-r7, pc}
    end_of timed

    kernel kernel_empty
    bx      lr
    end_of kernel_empty

@ r0 turns, taken but for the last
    kernel kernel_taken
1:  subs    r0, #1
    bne     1b
    bx      lr
    end_of kernel_taken

@ r0 turns with 16 branches that are not taken
    kernel kernel_not_taken
1:  cmp     r0, #0
    .rept 16
    beq     2f
    nop
    .endr
    subs    r0, #1
    bne     1b
2:  bx      lr
    end_of kernel_not_taken

@ r0 turns of 16 multiplications
    kernel kernel_multiply
    movs    r1, #3
1:  .rept 16
    muls    r1, r1
    .endr
    subs    r0, #1
    bne     1b
    bx      lr
    end_of kernel_multiply

@ r0 times over r1 data from r2 on, r3 bytes apart
    kernel kernel_load
    push    {r4-r6}
1:  mov     r4, r1
    mov     r5, r2
2:  ldr     r6, [r5]
    adds    r5, r5, r3
    subs    r4, #1
    bne     2b
    subs    r0, #1
    bne     1b
    pop     {r4-r6}
    bx      lr
    end_of kernel_load

@ The same, with eight instructions between a datum and the next
    kernel kernel_spaced_load
    push    {r4-r7}
1:  mov     r4, r1
    mov     r5, r2
2:  ldr     r6, [r5]
    .rept 8
    adds    r7, #1
    .endr
    adds    r5, r5, r3
    subs    r4, #1
    bne     2b
    subs    r0, #1
    bne     1b
    pop     {r4-r7}
    bx      lr
    end_of kernel_spaced_load

    kernel kernel_store
    push    {r4-r5}
1:  mov     r4, r1
    mov     r5, r2
2:  str     r4, [r5]
    adds    r5, r5, r3
    subs    r4, #1
    bne     2b
    subs    r0, #1
    bne     1b
    pop     {r4-r5}
    bx      lr
    end_of kernel_store

@ r0 turns of four words in a row from r2, eight of them, then a store to r1: a copy loop's pattern
    kernel kernel_burst
    push    {r4-r7}
1:  ldmia   r2!, {r4-r7}
    ldmia   r2!, {r4-r7}
    str     r4, [r1]
    subs    r0, #1
    bne     1b
    pop     {r4-r7}
    bx      lr
    end_of kernel_burst

@ r0 data from r1 and from r2 in turn, both r3 bytes further each time
    kernel kernel_alternate
    push    {r4-r5}
1:  ldr     r4, [r1]
    ldr     r5, [r2]
    adds    r1, r1, r3
    adds    r2, r2, r3
    subs    r0, #1
    bne     1b
    pop     {r4-r5}
    bx      lr
    end_of kernel_alternate

@ r0 data from r1 and from r2 in turn, with instructions between them, at the same addresses
    kernel kernel_alternate_alone
    push    {r4-r5}
1:  ldr     r4, [r1]
    nop
    nop
    ldr     r5, [r2]
    nop
    subs    r0, #1
    bne     1b
    pop     {r4-r5}
    bx      lr
    end_of kernel_alternate_alone

@ r0 data of the r3 + 1 bytes from r2 on, anywhere: a linear congruential generator, full period
    kernel kernel_random
    push    {r4-r7}
    movs    r4, #0
    ldr     r6, 3f
    lsrs    r3, r3, #2
1:  muls    r4, r6
    adds    r4, #1
    lsrs    r7, r4, #16
    ands    r7, r3
    lsls    r7, r7, #2
    ldr     r5, [r2, r7]
    subs    r0, #1
    bne     1b
    pop     {r4-r7}
    bx      lr
    .balign 4
3:  .word 1664525
    end_of kernel_random

#if !defined(__ARM_ARCH_6M__)
@ r0 turns of pairs of loads from r1 that both write their base back
    kernel kernel_indexed_load
    push    {r4}
1:  .rept 8
    ldr     r3, [r1], #4
    ldr     r4, [r1], #-4
    .endr
    subs    r0, #1
    bne     1b
    pop     {r4}
    bx      lr
    end_of kernel_indexed_load
#endif

@ r0 times 128 bytes from r1 on, a word of each 16: what fills caches, and is not timed
    kernel kernel_evict
1:  ldr     r2, [r1, #0]
    ldr     r2, [r1, #16]
    ldr     r2, [r1, #32]
    ldr     r2, [r1, #48]
    ldr     r2, [r1, #64]
    ldr     r2, [r1, #80]
    ldr     r2, [r1, #96]
    ldr     r2, [r1, #112]
    adds    r1, #128
    subs    r0, #1
    bne     1b
    bx      lr
    end_of kernel_evict

@ r0 times r1 calls to functions from r2 on, r3 bytes apart: see landing
    kernel kernel_call
    push    {r4-r7, lr}
    mov     r4, r1
    mov     r5, r2
    mov     r6, r0
1:  mov     r0, r4
    mov     r1, r5
2:  blx     r1
    adds    r1, r1, r3
    subs    r0, #1
    bne     2b
    subs    r6, #1
    bne     1b
    pop     {r4-r7, pc}
    end_of kernel_call

@ r0 turns over 1 KB of code without a branch
    kernel kernel_straight
1:  .rept 256
    adds    r1, #1
    adds    r2, #1
    .endr
    subs    r0, #1
    beq     2f
    ldr     r3, =1b + 1
    bx      r3
2:  bx      lr
    .pool
    end_of kernel_straight

@ A function at every half-word: 32 KB of them
    .balign 1024
    .global landing
    .type landing, %function
    .thumb_func
landing:
    .rept LANDING_BYTES / 2
    bx      lr
    .endr
    end_of landing
