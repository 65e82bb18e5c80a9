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
    entry 'F', 'S', real_start
    entry 'F', 'E', real_end
    entry 'S', 'F', soft_float_table
    entry 'S', 'D', soft_double_table
    .hword 0

copyright:
    .asciz "The Boardless authors: a boot ROM of their own for an emulator"
    .balign 4
revision:
    .word 0

    .balign 4
real_start:
    .hword 0
    .byte 32, 0                     /* how many functions there are stands two bytes before a table */
soft_float_table:                   /* 2.8.3.2.1 */
    .word single_add + 1
    .word single_subtract + 1
    .word single_multiply + 1
    .word single_divide + 1
    .word single_compare + 1
    .word single_compare_flags + 1
    .word single_sqrt + 1
    .word single_to_int + 1
    .word single_to_fix + 1
    .word single_to_uint + 1
    .word single_to_ufix + 1
    .word int_to_single + 1
    .word fix_to_single + 1
    .word uint_to_single + 1
    .word ufix_to_single + 1
    .word single_cos + 1
    .word single_sin + 1
    .word single_tan + 1
    .word single_sincos + 1
    .word single_exp + 1
    .word single_ln + 1
    .word single_compare + 1
    .word single_atan2 + 1
    .word int64_to_single + 1
    .word fix64_to_single + 1
    .word uint64_to_single + 1
    .word ufix64_to_single + 1
    .word single_to_int64 + 1
    .word single_to_fix64 + 1
    .word single_to_uint64 + 1
    .word single_to_ufix64 + 1
    .word single_to_double + 1
    .hword 0
    .byte 32, 0
soft_double_table:                  /* 2.8.3.2.2 */
    .word double_add + 1
    .word double_subtract + 1
    .word double_multiply + 1
    .word double_divide + 1
    .word double_compare + 1
    .word double_compare_flags + 1
    .word double_sqrt + 1
    .word double_to_int + 1
    .word double_to_fix + 1
    .word double_to_uint + 1
    .word double_to_ufix + 1
    .word int_to_double + 1
    .word fix_to_double + 1
    .word uint_to_double + 1
    .word ufix_to_double + 1
    .word double_cos + 1
    .word double_sin + 1
    .word double_tan + 1
    .word double_sincos + 1
    .word double_exp + 1
    .word double_ln + 1
    .word double_compare + 1
    .word double_atan2 + 1
    .word int64_to_double + 1
    .word fix64_to_double + 1
    .word uint64_to_double + 1
    .word ufix64_to_double + 1
    .word double_to_int64 + 1
    .word double_to_fix64 + 1
    .word double_to_uint64 + 1
    .word double_to_ufix64 + 1
    .word double_to_single + 1
real_end:
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

/* Flags as after a comparison of unsigned numbers; the operands are kept. */
    .thumb_func
single_compare_flags:
    push {r0-r3, lr}
    bl single_compare
    adds r0, #1
    cmp r0, #1
    pop {r0-r3, pc}

    .thumb_func
double_compare_flags:
    push {r0-r3, lr}
    bl double_compare
    adds r0, #1
    cmp r0, #1
    pop {r0-r3, pc}

    .thumb_func
double_sincos:                      /* the sine in r0 and r1, the cosine in r2 and r3 */
    push {r4-r7, lr}
    movs r4, r0
    movs r5, r1
    bl double_cos
    movs r6, r0
    movs r7, r1
    movs r0, r4
    movs r1, r5
    bl double_sin
    movs r2, r6
    movs r3, r7
    pop {r4-r7, pc}
