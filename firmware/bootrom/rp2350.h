/* RP2350's boot ROM: what its two halves, the flash (rp2350_flash.c) and the start (rp2350.c), share. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define SET 0x2000u
#define CLEAR 0x3000u
#define BOOTRAM 0x400E0000u
#define BOOTRAM_DIAGNOSTIC (BOOTRAM + 0x3FC)
#define XIP 0x10000000u

/* Errors (datasheet 5.4.8). */
#define NOT_PERMITTED (-4)
#define INVALID_ARGUMENT (-5)
#define INVALID_ADDRESS (-10)
#define BAD_ALIGNMENT (-11)
#define BUFFER_TOO_SMALL (-13)
#define NOT_FOUND (-17)
#define UNSUPPORTED_MODIFICATION (-18)

enum {
    MODE_SERIAL_03 = 0, /* datasheet 5.4.8: flash_select_xip_read_mode */
    MODE_QUAD_EB = 3
};

void release(uint32_t blocks);
void connect_internal_flash(void);
void flash_exit_xip(void);
void flash_enter_cmd_xip(void);
void flash_select_xip_read_mode(uint32_t mode, uint8_t divider);
void copy_words(uint32_t *to, const uint32_t *from, uint32_t count);
void wait_for_usb(uint32_t diagnosis) __attribute__((noreturn));
