@ Loops that were timed on a Cortex-M7 (NUCLEO-F767ZI); silicon.csv has the published cycles.
@ Written anew from the descriptions of the tests: r0 turns (r0 data address, r1 turns below).
@
@   arm-none-eabi-as -mcpu=cortex-m7 m7_loops.s -o m7_loops.o
@   arm-none-eabi-ld -n -Ttext=0 --entry=idle m7_loops.o -o m7_loops.elf
    .syntax unified
    .thumb
    .text

    .word 0x20001000              @ vectors: stack top, reset
    .word idle + 1

    .macro function name
    .balign 16
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    function idle
    b       idle
    .size idle, . - idle

    .macro count_down name halfwords   @ the loop begins so many half-words behind a 16-byte boundary
    function \name
    .rept \halfwords
    nop
    .endr
1:  subs    r0, #1
    bne     1b
    bx      lr
    .size \name, . - \name
    .endm

    count_down loop_at_4 2
    count_down loop_at_6 3
    count_down loop_at_8 4
    count_down loop_at_a 5
    count_down loop_at_c 6
    count_down loop_at_e 7

    .macro sixteen name instruction halfwords=0 @ 16 times the instruction, r1 turns, behind so many half-words
    function \name
    .rept \halfwords
    nop
    .endr
1:
    .rept 16
    \instruction r3, [r0]
    .endr
    subs    r1, #1
    bne     1b
    bx      lr
    .size \name, . - \name
    .endm

    sixteen stores_16 str
    sixteen loads_16 ldr
    sixteen byte_loads_16 ldrb

    .macro spaced name instruction     @ four times the instruction and a chain of three moves, r1 turns
    function \name
1:
    .rept 4
    \instruction r3, [r0]
    mov     r8, r8
    mov     r8, r8
    mov     r8, r8
    .endr
    subs    r1, #1
    bne     1b
    bx      lr
    .size \name, . - \name
    .endm

    spaced spaced_stores str
    spaced spaced_byte_stores strb

    .macro in_line name halfwords      @ the loop begins so many half-words behind a 32-byte boundary
    .balign 32
    count_down \name \halfwords
    .endm

    in_line line_at_4 2
    in_line line_at_6 3
    in_line line_at_8 4
    in_line line_at_a 5
    in_line line_at_c 6
    in_line line_at_e 7
    in_line line_at_10 8
    in_line line_at_12 9
    in_line line_at_14 10
    in_line line_at_16 11
    in_line line_at_18 12
    in_line line_at_1a 13

    .macro sixteen_at_4 name instruction @ the loop begins 4 bytes behind a 32-byte boundary
    .balign 32
    sixteen \name \instruction 2
    .endm

    sixteen_at_4 stores_16_at_4 str
    sixteen_at_4 loads_16_at_4 ldr
