/* What firmware finds at documented places of RP2040's boot ROM (datasheet 2.8.2 and 2.8.3): vectors, "Mu"
   and a version at 0x10, 16-bit pointers to two tables and to their search at 0x14, 0x16 and 0x18. */
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .macro entry first, second, target
    .byte \first, \second
    .hword \target
    .endm

    .section .header, "ax"
    .word 0x20041F00                /* in SRAM5, below the second stage */
    .word boot
    .word fault                     /* NMI */
    .word fault                     /* HardFault */
    .byte 'M', 'u', 1, 3            /* the third version of the tables: RP2040 B2 */
    .hword functions
    .hword data
    .hword table_lookup + 1
    .hword 0
    .rept 4
    .word 0
    .endr
    .word fault                     /* SVCall */
    .word 0, 0
    .word fault                     /* PendSV */
    .word fault                     /* SysTick */

    .section .tables, "a"
    .balign 4
functions:
    entry 'P', '3', popcount32 + 1
    entry 'R', '3', reverse32 + 1
    entry 'L', '3', clz32 + 1
    entry 'T', '3', ctz32 + 1
    entry 'M', 'S', fill + 1
    entry 'S', '4', fill_words + 1
    entry 'M', 'C', copy + 1
    entry 'C', '4', copy_words + 1
    entry 'U', 'B', reset_to_usb_boot + 1
    entry 'W', 'V', wait_for_vector + 1
    entry 'I', 'F', connect_internal_flash + 1
    entry 'E', 'X', flash_exit_xip + 1
    entry 'R', 'E', flash_range_erase + 1
    entry 'R', 'P', flash_range_program + 1
    entry 'F', 'C', flash_flush_cache + 1
    entry 'C', 'X', flash_enter_cmd_xip + 1
    entry 'D', 'T', debug_trampoline + 1
    entry 'D', 'E', debug_trampoline_end + 1
    .hword 0
data:
    entry 'C', 'R', copyright
    entry 'G', 'R', revision
    .hword 0

copyright:
    .asciz "The Boardless authors: a boot ROM of their own for an emulator"
    .balign 4
revision:
    .word 0

    .text
    .thumb_func
debug_trampoline:
    blx r7                          /* called by a debugger with the function in r7 */
    .thumb_func
debug_trampoline_end:
    bkpt 0

    .global fault
    .thumb_func
fault:
    b fault

    .global start_second_stage
    .thumb_func
start_second_stage:                 /* r0: its address; it finds 0 in lr: the firmware follows it */
    movs r1, #0
    mov lr, r1
    adds r0, #1
    bx r0

    .global start_at
    .thumb_func
start_at:                           /* r0: entry, r1: stack */
    msr msp, r1
    movs r1, #1
    orrs r0, r1
    bx r0
