@ A 1x1 int8 convolution, 64 channels in and out, 16 pixels, as compilers write it for a core
@ with the DSP extension: words of four inputs and four weights, spread to halfwords,
@ multiplied and added in pairs, requantized, clipped, stored.
@
@   arm-none-eabi-as -mcpu=cortex-m4 -mthumb -o convolution.o convolution.s
@   arm-none-eabi-objcopy -O binary convolution.o convolution.bin
@
@ The code is position independent. `repetitions` is its last word; whoever runs it writes it
@ there, and puts a vector table before it. It ends with a semihosting exit.

    .syntax unified
    .thumb
    .text
reset:
    ldr     r12, repetitions
repeat:
    mov     r8, #0x20000000
    add     r8, r8, #0x2000         @ input: 16 pixels of 64 bytes
    mov     r10, #0x20000000
    add     r10, r10, #0x4000       @ output: 16 pixels of 64 bytes
    mov     r11, #16                @ pixels left
pixel:
    mov     r1, #0x20000000         @ weights: 64 rows of 64 bytes
    mov     lr, #64                 @ output channels left
channel:
    mov     r0, r8
    movs    r2, #0x80               @ accumulator, with the rounding of the requantization
    movs    r9, #4                  @ 16 inputs a turn
accumulate:
    .rept 4
    ldr     r3, [r0], #4
    ldr     r4, [r1], #4
    sxtb16  r5, r3, ror #8
    sxtb16  r6, r4, ror #8
    sxtb16  r3, r3
    sxtb16  r4, r4
    smlad   r2, r5, r6, r2
    smlad   r2, r3, r4, r2
    .endr
    subs    r9, r9, #1
    bne     accumulate
    asrs    r2, r2, #8
    ssat    r2, #8, r2
    strb    r2, [r10], #1
    subs    lr, lr, #1
    bne     channel
    add     r8, r8, #64
    subs    r11, r11, #1
    bne     pixel
    subs    r12, r12, #1
    bne     repeat

    movs    r0, #0x18               @ SYS_EXIT
    ldr     r1, application_exit
    bkpt    #0xab
halt:
    b       halt
    .align  2
application_exit:
    .word   0x20026
repetitions:
    .word   1
