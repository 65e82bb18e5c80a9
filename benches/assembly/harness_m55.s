@ What Lee-Seungwon1215/FALCON_M55@4a42b9c does around what it measures on a Cortex-M55, in our own words:
@ CYCCNT behind DSB and ISB, a loop of calls, CYCCNT again. Its Keccak harness takes an empty loop's cycles off.
@
@ Each ELF that silicon_m55.csv names holds this and published functions, code from 0x340 on (so that they lie where
@ they lay on the board, word for word), tables and data from 0x20000000 on.
    .syntax unified
    .thumb
    .text

    .equ DEMCR, 0xE000EDFC
    .equ TRCENA, 0x01000000
    .equ DWT_CTRL, 0xE0001000
    .equ CYCCNTENA, 1
    .equ CYCCNT, 4                @ from DWT_CTRL
    .equ CPACR, 0xE000ED88
    .equ CP10_CP11, 0x00F00000
    .equ SHAKE256_RATE_WORDS, 17
    .equ PRIME, 2147473409        @ the first of kgen_mp31.c; its value changes no cycle
    .equ PRIME_P0I, 2042615807

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

    .macro cycles register from
    dsb
    isb
    ldr     \register, [\from, #CYCCNT]
    .endm

    function start_cycle_counter
    set_bits CPACR, CP10_CP11
    set_bits DEMCR, TRCENA
    set_bits DWT_CTRL, CYCCNTENA
    bx      lr

    function process_block_64
    push    {r4-r11, lr}
    sub     sp, #4
    address r7, DWT_CTRL
    cycles  r5, r7
    movs    r4, #64
    .balign 4
1:  ldr     r0, =state
    movs    r1, #SHAKE256_RATE_WORDS
    bl      fndsa_sha3_process_block
    subs    r4, #1
    bne     1b
    cycles  r6, r7
    subs    r6, r6, r5
    cycles  r5, r7
    movs    r4, #64
    .balign 4
2:  ldr     r0, =state
    movs    r1, #SHAKE256_RATE_WORDS
    subs    r4, #1
    bne     2b
    cycles  r0, r7
    subs    r0, r0, r5
    subs    r0, r6, r0
    add     sp, #4
    pop     {r4-r11, pc}
    .ltorg

    @ The helpers keep no register: what the loop needs lies on the stack.
    .macro helper name
    function \name\()_64
    push    {r4-r11, lr}
    sub     sp, #12
    address r0, DWT_CTRL
    str     r0, [sp, #8]
    cycles  r1, r0
    str     r1, [sp, #4]
    movs    r1, #64
    str     r1, [sp]
1:  bl      \name
    ldr     r9, [sp]
    subs    r9, #1
    str     r9, [sp]
    bne     1b
    ldr     r0, [sp, #8]
    cycles  r1, r0
    ldr     r2, [sp, #4]
    subs    r5, r1, r2
    cycles  r6, r0
    movs    r1, #64
    str     r1, [sp]
2:  ldr     r9, [sp]
    subs    r9, #1
    str     r9, [sp]
    bne     2b
    cycles  r1, r0
    subs    r1, r1, r6
    subs    r0, r5, r1
    add     sp, #12
    pop     {r4-r11, pc}
    .endm

    helper  bit_split_1
    helper  bit_split_5
    helper  bit_merge_1
    helper  bit_merge_5

    @ (logarithm of the length, array): 100 calls with both
    .macro calls name target
    function \name\()_100
    push    {r4-r10, lr}
    mov     r5, r0
    mov     r6, r1
    ldr     r7, =\target
    address r8, DWT_CTRL
    cycles  r9, r8
    movs    r4, #100
1:  mov     r1, r6
    mov     r0, r5
    blx     r7
    subs    r4, #1
    bne     1b
    cycles  r0, r8
    subs    r0, r0, r9
    pop     {r4-r10, pc}
    .ltorg
    .endm

    calls   int_to_ntt fndsa_mqpoly_int_to_ntt
    calls   ntt_to_int fndsa_mqpoly_ntt_to_int

    @ (logarithm of the length, array, roots): 100 calls with these, the prime and its inverse, which is on the stack
    .macro prime_calls name target
    function \name\()_100
    push    {r4-r11, lr}
    sub     sp, #12
    mov     r5, r0
    mov     r6, r1
    mov     r7, r2
    address r8, PRIME
    address r9, PRIME_P0I
    ldr     r10, =\target
    address r0, DWT_CTRL
    str     r0, [sp, #4]
    cycles  r11, r0
    movs    r4, #100
1:  mov     r3, r8
    mov     r2, r7
    mov     r1, r6
    mov     r0, r5
    str     r9, [sp]
    blx     r10
    subs    r4, #1
    bne     1b
    ldr     r1, [sp, #4]
    cycles  r0, r1
    sub     r0, r0, r11
    add     sp, #12
    pop     {r4-r11, pc}
    .ltorg
    .endm

    prime_calls mp_NTT opt_mp_NTT
    prime_calls mp_iNTT opt_mp_iNTT

    .bss
    .balign 32
state:
    .space  256
