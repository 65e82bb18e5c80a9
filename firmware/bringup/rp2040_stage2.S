/* RP2040's second stage: what the boot ROM copies into SRAM from the first 256 bytes of flash, and calls
   (datasheet 2.8.1.3). It sets the SSI up for quad reads (EBh) at half of clk_sys, and starts the vectors behind
   itself. The last word is the checksum of the others. */
    .syntax unified
    .cpu cortex-m0plus
    .thumb
    .section .stage2, "ax"

stage2:
    ldr r3, =0x18000000
    movs r0, #0
    str r0, [r3, #0x08]         /* SSIENR: off */
    movs r0, #2
    str r0, [r3, #0x14]         /* BAUDR */
    ldr r0, =0x005F0300
    str r0, [r3, #0x00]         /* CTRLR0: four lines, words, read behind a command */
    movs r0, #0
    str r0, [r3, #0x04]         /* CTRLR1: one word */
    ldr r0, =0xEB002221
    ldr r1, =0x180000F4
    str r0, [r1]                /* SPI_CTRLR0: EBh on one line, 32 bits of address on four, 4 clocks of waiting */
    movs r0, #1
    str r0, [r3, #0x08]
    ldr r0, =0x10000100
    ldr r1, =0xE000ED08
    str r0, [r1]                /* VTOR */
    ldmia r0!, {r1, r2}
    msr msp, r1
    bx r2
    .balign 4
    .ltorg

    .org stage2 + 252, 0
    .word 0x3CBD8D04
