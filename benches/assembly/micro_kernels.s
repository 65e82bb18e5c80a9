@ Micro-kernels: one timing rule each, repeated, as functions for `boardless validate --assembly`.
@ ARMv6-M code, so that one ELF runs on every core; micro_kernels.csv says what each must cost.
@ Each ends with BX LR, which the catalogue's offset column takes off again.
@
@   arm-none-eabi-as -mcpu=cortex-m0 micro_kernels.s -o micro_kernels.o
@   arm-none-eabi-ld -n -Ttext=0 --entry=idle micro_kernels.o -o micro_kernels.elf
    .syntax unified
    .thumb
    .text

    .word 0x20001000              @ vectors: stack top, reset
    .word idle + 1

    .macro kernel name
    .balign 16
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    kernel idle
    b       idle
    .size idle, . - idle

    kernel alu_64                 @ 64 independent single-cycle instructions
    .rept 32
    adds    r0, #1
    adds    r1, #1
    .endr
    bx      lr
    .size alu_64, . - alu_64

    kernel muls_32                @ 32 multiplies, each of the last one's result
    .rept 32
    muls    r0, r1
    .endr
    bx      lr
    .size muls_32, . - muls_32

    kernel lone_loads_32          @ 32 loads, each with an instruction behind that does not use it
    .rept 32
    ldr     r0, [r1]
    adds    r2, #1
    .endr
    bx      lr
    .size lone_loads_32, . - lone_loads_32

    kernel used_loads_32          @ 32 loads, each used at once
    .rept 32
    ldr     r0, [r1]
    adds    r0, #1
    .endr
    bx      lr
    .size used_loads_32, . - used_loads_32

    kernel load_chain_32          @ 32 loads in a row
    .rept 32
    ldr     r0, [r1]
    .endr
    bx      lr
    .size load_chain_32, . - load_chain_32

    kernel store_chain_32         @ 32 stores in a row
    .rept 32
    str     r0, [r1]
    .endr
    bx      lr
    .size store_chain_32, . - store_chain_32

    kernel load_two_16            @ 16 times LDM of two registers
    .rept 16
    ldmia   r1!, {r2, r3}
    .endr
    bx      lr
    .size load_two_16, . - load_two_16

    kernel count_down             @ r0 turns of SUBS; BNE
1:  subs    r0, #1
    bne     1b
    bx      lr
    .size count_down, . - count_down

    kernel jumps_16               @ 16 branches forward to 16-bit instructions
    .rept 16
    b       1f
    nop
1:
    .endr
    bx      lr
    .size jumps_16, . - jumps_16

    kernel calls_16               @ 16 times BL to a 16-bit BX LR; every BL word-aligned
    mov     r3, lr
    nop
    .rept 16
    bl      leaf
    .endr
    bx      r3
    .size calls_16, . - calls_16

    kernel leaf
    bx      lr
    .size leaf, . - leaf
