/* RP2350's image definition: the block loop that the boot ROM looks for in the first 4 KB of flash (datasheet
   5.9), with the vectors 256 bytes behind its beginning. */
    .syntax unified
    .section .stage2, "ax"

    .word 0xFFFFDED3            /* a block begins */
    .word 0x10210142            /* IMAGE_TYPE: executable, secure, Arm, RP2350 */
    .word 0x00000203            /* VECTOR_TABLE */
    .word 0x10000100
    .word 0x000003FF            /* LAST: three words of items */
    .word 0                     /* the next block is this one */
    .word 0xAB123579            /* it ends */
    .org 256, 0
