@ Runs every program of a table and reports each one's final state over a CMSDK UART.
@
@ For each program: fill the scratch buffer, the registers, the flags and the FP registers
@ from a seed, call it, then print as hex, one line each: r0-r12 and APSR, with an FPU S0-S31
@ and FPSCR, with MVE VPR in that line, a checksum of the buffer. At the end semihosting exit.
@
@ With INTERRUPTED, SysTick comes every 64 to 575 cycles, one time in two pends PendSV, and both leave other
@ values in whatever an exception saves; PendSV is of higher priority one time, of lower the next.
@
@ Given on the command line: INTERRUPTED (0 or 1), TICKS (a word of RAM), UART, SCRATCH_A, SCRATCH_B (device bases), FPU, MVE (0 or 1), STACK,
@ INITIAL, FINAL, BUFFER (addresses in RAM), BUFFER_WORDS. Given by the table: programs, seeds.

        .syntax unified
        .thumb
        .equ    FPSCR_AT_FIRST, MVE << 18       @ FPSCR.LTPSIZE = 4: no tail predication
        .equ    UART_DATA, 0
        .equ    UART_STATE, 4
        .equ    UART_CTRL, 8
        .equ    UART_BAUDDIV, 16
        .equ    CPACR, 0xE000ED88

        .section .vectors, "a"
        .word   STACK
        .word   reset
        .rept   12
        .word   crash
        .endr
        .word   pendsv
        .word   systick

        .text
        .type   reset, %function
reset:
        .if     FPU
        ldr     r0, =CPACR
        ldr     r1, [r0]
        orr     r1, r1, #0x00F00000
        str     r1, [r0]
        dsb
        isb
        .endif
        ldr     r0, =UART
        movs    r1, #16
        str     r1, [r0, #UART_BAUDDIV]
        movs    r1, #1
        str     r1, [r0, #UART_CTRL]
        .if     INTERRUPTED
        ldr     r0, =TICKS
        movs    r1, #0
        str     r1, [r0]
        ldr     r0, =0xE000ED20
        ldr     r1, =0x40800000         @ SysTick 0x40, PendSV 0x80
        str     r1, [r0]
        ldr     r0, =0xE000E010
        movs    r1, #255
        str     r1, [r0, #4]
        movs    r1, #7
        str     r1, [r0]
        .endif
        ldr     r5, =table
next:   ldr     r0, [r5], #4            @ program
        cbz     r0, done
        ldr     r1, [r5], #4            @ seed
        push    {r5, r6}
        bl      run_program
        pop     {r5, r6}
        b       next
done:   movs    r0, #'.'
        bl      put_character
        b       leave

        .type   systick, %function
systick:
        ldr     r1, =TICKS
        ldr     r0, [r1]
        adds    r0, r0, #1
        str     r0, [r1]
        ldr     r2, =1664525
        muls    r2, r0, r2
        ubfx    r2, r2, #9, #9
        adds    r2, r2, #63
        ldr     r3, =0xE000E014
        str     r2, [r3]                @ the next but one comes after another time
        tst     r0, #1
        beq     spoil
        ldr     r3, =0xE000ED20
        tst     r0, #2
        ite     eq
        ldreq   r2, =0x40800000
        ldrne   r2, =0x80400000         @ PendSV preempts this one
        str     r2, [r3]
        ldr     r3, =0xE000ED04
        mov     r2, #1 << 28
        str     r2, [r3]
        dsb
        isb
        b       spoil

        .type   pendsv, %function
pendsv: mov     r0, #2
        @ r0: a number
spoil:
        .if     FPU
        tst     r0, #2                  @ some handlers use the FPU, others leave the frame lazy
        beq     1f
        vmov    s0, r0
        vmov    s7, r1
        vmov    s15, r2
        vcvt.f32.u32 s3, s0
        ldr     r1, =0x00C00000 | FPSCR_AT_FIRST
        vmsr    fpscr, r1
        .if     MVE
        vmsr    p0, r2
        .endif
1:
        .endif
        mvn     r1, r0
        rors    r2, r1, r0
        mov     r3, r1
        mov     r12, r1
        msr     apsr_nzcvq, r1
        bx      lr
        .ltorg

        .type   crash, %function
crash:  movs    r0, #'!'
        bl      put_character
leave:  movs    r0, #'\n'
        bl      put_character
        movw    r0, #1000               @ until the last character has left
1:      subs    r0, r0, #1
        bne     1b
        movs    r0, #0x18               @ SYS_EXIT
        ldr     r1, =0x20026            @ ADP_Stopped_ApplicationExit
        bkpt    0xab
        b       .

@ r0: program, r1: seed
run_program:
        push    {r4-r11, lr}
        mov     r4, r0
        mov     r0, r1
        ldr     r1, =1664525
        ldr     r2, =1013904223
        ldr     r3, =BUFFER
        ldr     r5, =BUFFER_WORDS
1:      mla     r0, r0, r1, r2
        str     r0, [r3], #4
        subs    r5, r5, #1
        bne     1b
        ldr     r3, =INITIAL
        movs    r5, #13
1:      mla     r0, r0, r1, r2
        lsrs    r6, r0, #24
        tst     r0, #0x300              @ one in four is small
        ite     eq
        streq   r6, [r3], #4
        strne   r0, [r3], #4
        subs    r5, r5, #1
        bne     1b
        .if     FPU
        movs    r5, #32
1:      mla     r0, r0, r1, r2
        mov     r6, r0
        tst     r5, #3                  @ one in four has any bits, the others are 0.5 to 32
        itt     ne
        bicne   r6, r6, #0x7F000000
        addne   r6, r6, #0x3F000000
        str     r6, [r3], #4
        subs    r5, r5, #1
        bne     1b
        sub     r6, r3, #128
        vldmia  r6, {s0-s31}
        ldr     r6, =FPSCR_AT_FIRST
        vmsr    fpscr, r6
        .if     MVE
        movs    r6, #0
        vmsr    vpr, r6
        .endif
        .endif
        ldr     r3, =INITIAL
        and     r6, r0, #0xFF           @ r8: a small index
        str     r6, [r3, #32]
        ldr     r6, =BUFFER + BUFFER_WORDS * 2
        str     r6, [r3, #36]           @ r9, r10: middle of the buffer
        str     r6, [r3, #40]
        tst     r0, #0x10000
        ite     eq
        ldreq   r6, =SCRATCH_A
        ldrne   r6, =SCRATCH_B
        str     r6, [r3, #44]           @ r11: device
        push    {r4}
        adr.w   lr, returned
        orr     lr, lr, #1
        msr     apsr_nzcvq, r0
        mov     r12, r3
        ldmia   r12, {r0-r12}
        pop     {pc}

        .align  2
returned:
        push    {r0}
        ldr     r0, =FINAL + 4
        stmia   r0, {r1-r12}
        mrs     r1, apsr
        str     r1, [r0, #48]
        pop     {r1}
        str     r1, [r0, #-4]
        .if     FPU
        add     r1, r0, #52
        vstmia  r1!, {s0-s31}
        vmrs    r2, fpscr
        str     r2, [r1], #4
        .if     MVE
        vmrs    r2, vpr
        str     r2, [r1]
        .endif
        .endif
        ldr     r4, =FINAL
        movs    r5, #14
        bl      put_words
        .if     FPU
        movs    r5, #33 + MVE
        bl      put_words
        .endif
        ldr     r0, =BUFFER
        ldr     r1, =BUFFER_WORDS
        ldr     r2, =0x811C9DC5
        ldr     r3, =0x01000193
1:      ldr     r5, [r0], #4
        eors    r2, r2, r5
        muls    r2, r3, r2
        eor     r2, r2, r2, ror #13
        subs    r1, r1, #1
        bne     1b
        str     r2, [r4]
        movs    r5, #1
        bl      put_words
        pop     {r4-r11, pc}

@ r4: words, r5: how many; a line of hex. Moves r4 on.
put_words:
        push    {lr}
1:      ldr     r6, [r4], #4
        movs    r7, #8
2:      ror     r6, r6, #28
        and     r0, r6, #15
        cmp     r0, #10
        ite     lo
        addlo   r0, r0, #'0'
        addhs   r0, r0, #'a' - 10
        bl      put_character
        subs    r7, r7, #1
        bne     2b
        subs    r5, r5, #1
        bne     1b
        movs    r0, #'\n'
        bl      put_character
        pop     {pc}

put_character:
        ldr     r2, =UART
1:      ldr     r1, [r2, #UART_STATE]
        lsls    r1, r1, #31             @ transmit buffer full
        bpl     3f
        movs    r1, #50                 @ look again soon
2:      subs    r1, r1, #1
        bne     2b
        b       1b
3:      str     r0, [r2, #UART_DATA]
        bx      lr

        .ltorg
