/* What firmware finds at documented places of RP2350's boot ROM (datasheet 5.1 and 5.4): vectors, "Mu" and a
   version at 0x10, 16-bit pointers to the table and to its search at 0x14 and 0x16. An entry of the table is
   a code of two letters, flags (what it is good for), and a pointer. */
    .syntax unified
    .cpu cortex-m33
    .thumb

    .equ FUNCTION, 0x0004           /* of the secure state */
    .equ DATA, 0x0040

    .macro entry first, second, flags, target
    .byte \first, \second
    .hword \flags
    .word \target
    .endm

    .section .header, "ax"
    .word 0x20082000                /* the end of SRAM9 */
    .word start + 1
    .word fault + 1                 /* NMI */
    .word fault + 1                 /* HardFault */
    .byte 'M', 'u', 2, 2            /* revision A2 */
    .hword functions
    .hword table_lookup + 1
    .rept 5
    .word 0
    .endr
    .word fault + 1                 /* SVCall */
    .word 0, 0
    .word fault + 1                 /* PendSV */
    .word fault + 1                 /* SysTick */

    .section .tables, "a"
    .balign 4
    .global functions
functions:
    entry 'I', 'F', FUNCTION, connect_internal_flash + 1
    entry 'E', 'X', FUNCTION, flash_exit_xip + 1
    entry 'R', 'E', FUNCTION, flash_range_erase + 1
    entry 'R', 'P', FUNCTION, flash_range_program + 1
    entry 'F', 'C', FUNCTION, flash_flush_cache + 1
    entry 'C', 'X', FUNCTION, flash_enter_cmd_xip + 1
    entry 'X', 'M', FUNCTION, flash_select_xip_read_mode + 1
    entry 'F', 'O', FUNCTION, flash_op + 1
    entry 'F', 'A', FUNCTION, flash_runtime_to_storage_address + 1
    entry 'R', 'A', FUNCTION, flash_reset_address_translation + 1
    entry 'G', 'S', FUNCTION, get_sys_info + 1
    entry 'G', 'P', FUNCTION, get_partition_table_info + 1
    entry 'G', 'B', FUNCTION, get_b_partition + 1
    entry 'L', 'P', FUNCTION, load_partition_table + 1
    entry 'O', 'A', FUNCTION, otp_access + 1
    entry 'R', 'B', FUNCTION, reboot + 1
    entry 'S', 'R', FUNCTION, bootrom_state_reset + 1
    entry 'S', 'S', FUNCTION, set_bootrom_stack + 1
    entry 'G', 'R', DATA, revision
    entry 'X', 'F', DATA, xip_setup
    entry 'F', 'D', DATA, flash_devinfo
    .word 0
revision:
    .word 0
xip_setup:
    .word 0x400E0000                /* BOOTRAM, where the SDK finds it */
flash_devinfo:
    .word 0x400E03F8                /* there, too: 16 bits */

    .text
    .thumb_func
    .global start
start:
    ldr r0, =0xE000ED88             /* CPACR: the redundancy coprocessor, whose salt this is */
    mov r1, #0xC000
    str r1, [r0]
    dsb
    isb
    ldr r0, =0x5A17C0DE
    ldr r1, =0x0DDB1A5E
    mcrr2 p7, #8, r0, r1, c0
    mcrr2 p7, #8, r1, r0, c1
    b boot

    .thumb_func
fault:
    b fault

    .macro store offset, value      /* the value to QMI's register */
    movw r1, #(\value) & 0xFFFF
    movt r1, #(\value) >> 16
    str r1, [r0, #\offset]
    .endm

/* What the SDK copies from BOOTRAM and calls to go on with XIP (datasheet 5.4.8): the quad read (EBh) at a third
   of clk_sys that the boot left, wherever this lies. */
    .balign 4
    .global xip_setup_code
xip_setup_code:
    movw r0, #0
    movt r0, #0x400D
    store 0x00, 0x01800000          /* DIRECT_CSR: off */
    store 0x0C, 0x40000103          /* M0_TIMING */
    store 0x10, 0x000492A8          /* M0_RFMT */
    store 0x14, 0x000000EB          /* M0_RCMD */
    bx lr
    .balign 4

    .global start_at
    .thumb_func
start_at:                           /* r0: entry, r1: stack, r2: its limit, r3: vectors */
    ldr r4, =0xE000ED08
    str r3, [r4]
    msr msplim, r2
    msr msp, r1
    orr r0, r0, #1
    dsb
    isb
    bx r0

