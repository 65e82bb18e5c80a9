/* RP2040's boot ROM, free-standing: how the chip starts (datasheet 2.8.1), and the functions that firmware
 * looks up in it (2.8.3). Written from the datasheet alone; the chip's own ROM is other code, whose
 * functions take other times. */
#include <stddef.h>
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define SET 0x2000u
#define CLEAR 0x3000u

#define RESETS 0x4000C000u
#define RESET_DONE (RESETS + 8)
#define RESET_IO_QSPI (1u << 6)
#define RESET_PADS_QSPI (1u << 9)
#define RESET_USB (1u << 24)
#define QSPI_CONTROL(pin) (0x40018004u + 8 * (pin))
#define SELECT_PIN 1u
#define QSPI_PINS 6u
#define OVERRIDE_MASK (3u << 8)
#define OVERRIDE_LOW (2u << 8)
#define OVERRIDE_HIGH (3u << 8)
#define WATCHDOG_SCRATCH(n) (0x4005800Cu + 4 * (n))
#define USB_MAIN_CTRL 0x50110040u
#define XIP_FLUSH 0x14000004u
#define XIP_UNCACHED 0x13000000u

#define SSI 0x18000000u
#define CTRLR0 (SSI + 0x00)
#define CTRLR1 (SSI + 0x04)
#define SSIENR (SSI + 0x08)
#define SER (SSI + 0x10)
#define BAUDR (SSI + 0x14)
#define STATUS (SSI + 0x28)
#define DR0 (SSI + 0x60)
#define SPI_CTRLR0 (SSI + 0xF4)
#define BUSY (1u << 0)
#define NOT_FULL (1u << 1)
#define NOT_EMPTY (1u << 3)
#define SLOW_DIVIDER 6u /* any chip follows at the clock of the start */
#define FIFO_FRAMES 14u

#define SECOND_STAGE 0x20041F00u /* the last 256 bytes of SRAM5 */
#define SECOND_STAGE_BYTES 256u
#define WATCHDOG_MAGIC 0xB007C0D3u

#define READ_DATA 0x03

void start_second_stage(uint32_t address) __attribute__((noreturn));
void start_at(uint32_t entry, uint32_t stack) __attribute__((noreturn));

/* -- bits and bytes ------------------------------------------------------------------------------- */
uint32_t popcount32(uint32_t value)
{
    uint32_t count = 0;
    for (; value; value &= value - 1) {
        count++;
    }
    return count;
}

uint32_t reverse32(uint32_t value)
{
    value = (value >> 1 & 0x55555555u) | (value & 0x55555555u) << 1;
    value = (value >> 2 & 0x33333333u) | (value & 0x33333333u) << 2;
    value = (value >> 4 & 0x0F0F0F0Fu) | (value & 0x0F0F0F0Fu) << 4;
    value = (value >> 8 & 0x00FF00FFu) | (value & 0x00FF00FFu) << 8;
    return value >> 16 | value << 16;
}

uint32_t clz32(uint32_t value)
{
    uint32_t count = 32;
    for (; value; value >>= 1) {
        count--;
    }
    return count;
}

uint32_t ctz32(uint32_t value)
{
    return value ? popcount32((value & -value) - 1) : 32;
}

uint8_t *fill_words(uint32_t *to, uint8_t byte, uint32_t count)
{
    const uint32_t word = byte * 0x01010101u;
    for (uint32_t n = 0; n < count / 4; n++) {
        to[n] = word;
    }
    return (uint8_t *)to;
}

uint8_t *fill(uint8_t *to, uint8_t byte, uint32_t count)
{
    uint8_t *at = to;
    for (; count && ((uintptr_t)at & 3); count--) {
        *at++ = byte;
    }
    fill_words((uint32_t *)at, byte, count);
    for (at += count & ~3u, count &= 3; count; count--) {
        *at++ = byte;
    }
    return to;
}

uint8_t *copy_words(uint32_t *to, const uint32_t *from, uint32_t count)
{
    for (uint32_t n = 0; n < count / 4; n++) {
        to[n] = from[n];
    }
    return (uint8_t *)to;
}

uint8_t *copy(uint8_t *to, const uint8_t *from, uint32_t count)
{
    uint8_t *at = to;
    if ((((uintptr_t)to ^ (uintptr_t)from) & 3) == 0) {
        for (; count && ((uintptr_t)at & 3); count--) {
            *at++ = *from++;
        }
        copy_words((uint32_t *)at, (const uint32_t *)from, count);
        at += count & ~3u;
        from += count & ~3u;
        count &= 3;
    }
    for (; count; count--) {
        *at++ = *from++;
    }
    return to;
}

void *table_lookup(const uint16_t *table, uint32_t code)
{
    for (; table[0]; table += 2) {
        if (table[0] == code) {
            return (void *)(uintptr_t)table[1];
        }
    }
    return NULL;
}

/* -- the flash ------------------------------------------------------------------------------------- */
static void release(uint32_t blocks)
{
    REG(RESETS + CLEAR) = blocks;
    while ((REG(RESET_DONE) & blocks) != blocks) {
    }
}

static void chip_override(uint32_t override)
{
    REG(QSPI_CONTROL(SELECT_PIN)) = (REG(QSPI_CONTROL(SELECT_PIN)) & ~OVERRIDE_MASK) | override;
    (void)REG(QSPI_CONTROL(SELECT_PIN));
}

static inline __attribute__((always_inline)) void chip_select(void)
{
    chip_override(OVERRIDE_LOW);
}

static inline __attribute__((always_inline)) void chip_release(void)
{
    chip_override(OVERRIDE_HIGH);
}

void connect_internal_flash(void)
{
    REG(RESETS + SET) = RESET_IO_QSPI | RESET_PADS_QSPI;
    release(RESET_IO_QSPI | RESET_PADS_QSPI);
    for (uint32_t pin = 0; pin < QSPI_PINS; pin++) {
        REG(QSPI_CONTROL(pin)) = 0;
    }
}

static void serial_mode(void)
{
    REG(SSIENR) = 0;
    REG(BAUDR) = SLOW_DIVIDER;
    REG(CTRLR0) = 7u << 16; /* frames of 8 bits, both directions, one line */
    REG(SER) = 1;
    REG(SSIENR) = 1;
}

/* Bytes out and in at once; NULL: zeros out, nothing kept. The chip is selected before and behind. */
static void exchange(const uint8_t *out, uint8_t *in, uint32_t count)
{
    uint32_t sent = 0, taken = 0;
    while (taken < count) {
        const uint32_t status = REG(STATUS);
        if (sent < count && sent - taken < FIFO_FRAMES && (status & NOT_FULL)) {
            REG(DR0) = out ? out[sent] : 0;
            sent++;
        }
        if (status & NOT_EMPTY) {
            const uint8_t byte = (uint8_t)REG(DR0);
            if (in) {
                in[taken] = byte;
            }
            taken++;
        }
    }
}

#include "flash_commands.h"

void flash_flush_cache(void)
{
    REG(XIP_FLUSH) = 1;
    (void)REG(XIP_FLUSH);
    chip_override(0);
}

void flash_enter_cmd_xip(void)
{
    chip_override(0);
    REG(SSIENR) = 0;
    REG(CTRLR0) = 31u << 16 | 3u << 8;                              /* words, read behind a command */
    REG(CTRLR1) = 0;
    REG(SPI_CTRLR0) = (uint32_t)READ_DATA << 24 | 2u << 8 | 6u << 2; /* 8 bits, 24 bits of address */
    REG(SSIENR) = 1;
}

/* -- the start ------------------------------------------------------------------------------------- */
void reset_to_usb_boot(uint32_t activity_pins, uint32_t disabled_interfaces)
{
    (void)activity_pins;
    (void)disabled_interfaces;
    release(RESET_USB);
    REG(USB_MAIN_CTRL) = 1u << 31 | 1; /* which says to the emulator what this waits for */
    for (;;) {
        __asm volatile("wfi");
    }
}

void wait_for_vector(void)
{
    for (;;) {
        __asm volatile("wfe");
    }
}

/* CRC-32 as 2.8.1.3.1 says: polynomial 0x04C11DB7, nothing reflected, nothing inverted at the end. */
static uint32_t checksum(const uint8_t *data, uint32_t count)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (; count; count--) {
        crc ^= (uint32_t)*data++ << 24;
        for (uint32_t bit = 0; bit < 8; bit++) {
            crc = crc & 0x80000000u ? crc << 1 ^ 0x04C11DB7u : crc << 1;
        }
    }
    return crc;
}

static void watchdog_vector(void)
{
    const uint32_t entry = REG(WATCHDOG_SCRATCH(7));
    if (REG(WATCHDOG_SCRATCH(4)) != WATCHDOG_MAGIC || REG(WATCHDOG_SCRATCH(5)) != (entry ^ -WATCHDOG_MAGIC)) {
        return; /* what else the firmware keeps there stays */
    }
    REG(WATCHDOG_SCRATCH(4)) = 0;
    start_at(entry, REG(WATCHDOG_SCRATCH(6)));
}

void boot(void)
{
    const uint32_t *const stage = (const uint32_t *)SECOND_STAGE;
    watchdog_vector();
    connect_internal_flash();
    flash_exit_xip();
    flash_enter_cmd_xip();
    copy_words((uint32_t *)SECOND_STAGE, (const uint32_t *)XIP_UNCACHED, SECOND_STAGE_BYTES);
    if (checksum((const uint8_t *)stage, SECOND_STAGE_BYTES - 4) == stage[SECOND_STAGE_BYTES / 4 - 1]) {
        start_second_stage(SECOND_STAGE);
    }
    reset_to_usb_boot(0, 0);
}
