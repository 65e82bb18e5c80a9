@ What firmware does all day beside computing, a loop each; the last word of the code chooses one.
@ For virtual-m4: flash at 0, RAM at 0x20000000, CMSDK devices. firmware_loops.py has the bytes:
@
@   arm-none-eabi-as -o loops.o firmware_loops.s
@   arm-none-eabi-ld -Ttext=0 -o loops.elf loops.o
@   arm-none-eabi-objcopy -O binary loops.elf loops.bin
@
    .syntax unified
    .cpu cortex-m4
    .thumb
    .text
    .word 0x20010000, start + 1
    .rept 12
    .word stuck + 1
    .endr
    .word pendsv + 1, systick + 1
    .thumb_func
stuck:
    b .

@ 20 instructions: counts ticks in RAM and computes a little
    .thumb_func
systick:
    ldr r0, =0x20000100
    ldr r1, [r0]
    adds r1, #1
    str r1, [r0]
    ldr r2, [r0, #4]
    adds r2, r1
    eors r2, r1
    lsls r3, r2, #3
    adds r2, r3
    adds r2, #7
    subs r2, #3
    lsrs r3, r2, #2
    eors r2, r3
    adds r2, r3
    adds r2, #1
    eors r2, r1
    str r2, [r0, #4]
    ldr r3, [r0, #8]
    cbz r3, 1f
    ldr r2, =0xe000ed04
    str r3, [r2]                @ PendSV, when [r0, #8] says so
1:  bx lr

@ as an RTOS switches two threads on process stacks: [0x20000110] is the other one's stack pointer
    .thumb_func
pendsv:
    mrs r0, psp
    stmdb r0!, {r4-r11}
    ldr r1, =0x20000110
    ldr r2, [r1]
    str r0, [r1]
    ldmia r2!, {r4-r11}
    msr psp, r2
    bx lr

    .thumb_func
start:
    ldr r7, chosen
    ldr r4, =0x20000100
    movs r0, #0
    str r0, [r4]
    str r0, [r4, #4]
    str r0, [r4, #8]
    ldr r6, =0xe000e010
    movw r10, #5000
    tbb [pc, r7]
modes:
    .byte (ticks - modes) / 2, (switches - modes) / 2, (systick_delay - modes) / 2
    .byte (cycle_delay - modes) / 2, (timer_delay - modes) / 2, (pin - modes) / 2, (text - modes) / 2, (alone - modes) / 2

ticks:                          @ 10 kHz of 25 MHz
    ldr r0, =2499
    bl start_systick
    b compute

switches:                       @ 1 kHz, a switch each
    ldr r0, =0x10000000
    str r0, [r4, #8]
    ldr r0, =0x00ff0000         @ PendSV lowest
    ldr r1, =0xe000ed20
    str r0, [r1]
    ldr r0, =0x20004000 - 64    @ the other thread: r4 to r11, then a frame that begins at compute
    str r0, [r4, #16]
    ldr r1, =compute
    str r1, [r0, #56]
    ldr r1, =0x01000000
    str r1, [r0, #60]
    ldr r0, =0x20003000
    msr psp, r0
    movs r0, #2
    msr control, r0
    isb
    ldr r0, =24999
    bl start_systick
    b compute

systick_delay:                  @ 200 us, again and again
    ldr r0, =0x00ffffff
    str r0, [r6, #4]
    movs r1, #0
    str r1, [r6, #8]
    movs r1, #5
    str r1, [r6]
1:  ldr r1, [r6, #8]
2:  ldr r2, [r6, #8]
    subs r3, r1, r2
    ands r3, r0
    cmp r3, r10
    blo 2b
    bl count
    b 1b

cycle_delay:
    ldr r1, =0xe000edfc
    mov r0, #1 << 24
    str r0, [r1]
    ldr r5, =0xe0001000
    ldr r0, =0x40000001
    str r0, [r5]
1:  ldr r1, [r5, #4]
2:  ldr r2, [r5, #4]
    subs r3, r2, r1
    cmp r3, r10
    blo 2b
    bl count
    b 1b

timer_delay:
    ldr r5, =0x40000000
    mov r0, #-1
    str r0, [r5, #8]
    movs r0, #1
    str r0, [r5]
1:  ldr r1, [r5, #4]
2:  ldr r2, [r5, #4]
    subs r3, r1, r2
    cmp r3, r10
    blo 2b
    bl count
    b 1b

pin:                            @ looks at a pin and counts how often
    ldr r5, =0x40010000
1:  ldr r0, [r5]
    lsls r0, r0, #31
    bmi 2f
    bl count
    b 1b
2:  b 2b

text:                           @ a line of 32 characters, waiting for room before each
    ldr r5, =0x40004000
    movs r0, #217
    str r0, [r5, #16]
    movs r0, #1
    str r0, [r5, #8]
1:  movs r1, #32
2:  ldr r0, [r5, #4]
    lsls r0, r0, #31
    bmi 2b
    adds r0, r1, #65
    str r0, [r5]
    subs r1, #1
    bne 2b
    bl count
    b 1b

count:
    ldr r2, [r4]
    adds r2, #1
    str r2, [r4]
    bx lr

start_systick:
    str r0, [r6, #4]
    movs r0, #0
    str r0, [r6, #8]
    movs r0, #7
    str r0, [r6]
    bx lr

alone:
compute:
    movs r0, #1
    movs r1, #3
1:  adds r0, r1
    eors r0, r1
    lsls r2, r0, #5
    lsrs r3, r0, #7
    eors r2, r3
    adds r1, r2
    adds r0, #1
    eors r1, r0
    b 1b

    .ltorg
    .balign 4
chosen:
    .word 0
