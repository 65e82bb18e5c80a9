@ A firmware that sleeps and is woken by SysTick ten times a second at 4 MHz. idle.py has its bytes.
    .syntax unified
    .thumb
    ldr r0, systick
    ldr r1, reload
    str r1, [r0, #4]      @ RVR
    movs r1, #7
    str r1, [r0]          @ CSR: the core's clock, with interrupt, on
sleep:
    wfi
    b sleep
    .thumb_func
handler:
    adds r4, #1
    bx lr
    .align 2
systick: .word 0xE000E010
reload: .word 399999
