/* RP2350's boot ROM, free-standing: the functions that reach the flash chip (datasheet 5.4.8), through the
 * direct mode of QMI (12.14). Written from the datasheet alone; the chip's own ROM is other code, whose
 * functions take other times. */
#include "rp2350.h"

#define RESETS 0x40020000u
#define RESET_DONE (RESETS + 8)
#define RESET_IO_QSPI (1u << 7)
#define RESET_PADS_QSPI (1u << 10)
#define PADS_QSPI 0x40040000u
#define PADS 6u
#define PAD_ISOLATION (1u << 8)
#define QSPI_CONTROL(pin) (0x40030014u + 8 * (pin))
#define XIP_MAINTENANCE 0x18000000u
#define CACHE_BYTES 0x4000u
#define LINE_BYTES 8u

#define QMI 0x400D0000u
#define DIRECT_CSR (QMI + 0x00)
#define DIRECT_TX (QMI + 0x04)
#define DIRECT_RX (QMI + 0x08)
#define M0_TIMING (QMI + 0x0C)
#define M0_RFMT (QMI + 0x10)
#define M0_RCMD (QMI + 0x14)
#define ATRANS0 (QMI + 0x34)
#define ENABLE (1u << 0)
#define BUSY (1u << 1)
#define SELECT (1u << 2)
#define TX_FULL (1u << 10)
#define RX_EMPTY (1u << 16)
#define DIRECT_DIVIDER (6u << 22)
#define FIFO_FRAMES 4u
#define OUTPUT_ENABLE (1u << 19)

#define BLOCK_BYTES 0x10000u
#define FLASH_BYTES 0x1000000u
#define BLOCK_ERASE 0xD8

void release(uint32_t blocks)
{
    REG(RESETS + CLEAR) = blocks;
    while ((REG(RESET_DONE) & blocks) != blocks) {
    }
}

void copy_words(uint32_t *to, const uint32_t *from, uint32_t count)
{
    for (uint32_t n = 0; n < count; n++) {
        to[n] = from[n];
    }
}

void connect_internal_flash(void)
{
    release(RESET_IO_QSPI | RESET_PADS_QSPI);
    for (uint32_t pin = 0; pin < PADS; pin++) {
        REG(QSPI_CONTROL(pin)) = 0;
        REG(PADS_QSPI + CLEAR + 4 + 4 * pin) = PAD_ISOLATION;
    }
}

static void serial_mode(void)
{
    REG(DIRECT_CSR) = DIRECT_DIVIDER | ENABLE;
}

static void chip_select(void)
{
    REG(DIRECT_CSR + SET) = SELECT;
}

static void chip_release(void)
{
    while (REG(DIRECT_CSR) & BUSY) {
    }
    REG(DIRECT_CSR + CLEAR) = SELECT;
}

/* Bytes out and in at once; NULL: zeros out, nothing kept. The chip is selected before and behind. */
static void exchange(const uint8_t *out, uint8_t *in, uint32_t count)
{
    uint32_t sent = 0, taken = 0;
    while (taken < count) {
        const uint32_t status = REG(DIRECT_CSR);
        if (sent < count && sent - taken < FIFO_FRAMES && !(status & TX_FULL)) {
            REG(DIRECT_TX) = OUTPUT_ENABLE | (out ? out[sent] : 0u);
            sent++;
        }
        if (!(status & RX_EMPTY)) {
            const uint8_t byte = (uint8_t)REG(DIRECT_RX);
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
    for (uint32_t place = 0; place < CACHE_BYTES; place += LINE_BYTES) {
        *(volatile uint8_t *)(uintptr_t)(XIP_MAINTENANCE + place) = 0; /* invalidate by set and way */
    }
}

void flash_select_xip_read_mode(uint32_t mode, uint8_t divider)
{
    REG(DIRECT_CSR) = DIRECT_DIVIDER; /* direct mode off */
    REG(M0_TIMING) = 1u << 30 | 1u << 8 | divider;
    if (mode == MODE_QUAD_EB) {
        /* EBh on one line, 24 bits of address and 8 of mode on four, 4 clocks of waiting, data on four */
        REG(M0_RFMT) = 4u << 16 | 2u << 14 | 1u << 12 | 2u << 8 | 2u << 6 | 2u << 4 | 2u << 2;
        REG(M0_RCMD) = 0x00EB; /* the next read has its instruction, too */
    } else {
        REG(M0_RFMT) = 1u << 12;
        REG(M0_RCMD) = 0xA003;
    }
}

void flash_enter_cmd_xip(void)
{
    flash_select_xip_read_mode(MODE_SERIAL_03, 12);
}

void flash_reset_address_translation(void)
{
    for (uint32_t n = 0; n < 8; n++) {
        REG(ATRANS0 + 4 * n) = 0x04000000u | 0x400u * (n % 4);
    }
}

intptr_t flash_runtime_to_storage_address(uintptr_t address)
{
    return address >= XIP && address < XIP + FLASH_BYTES ? (intptr_t)address : INVALID_ADDRESS;
}

/* flags: address space in bit 0 (the same here), security in 9:8, operation in 18:16. */
int flash_op(uint32_t flags, uintptr_t address, uint32_t count, uint8_t *data)
{
    const uint32_t operation = flags >> 16 & 7, place = address - XIP;
    if (operation > 2 || !(flags & 0x300)) {
        return INVALID_ARGUMENT;
    }
    if (address < XIP || place >= FLASH_BYTES || count > FLASH_BYTES - place) {
        return INVALID_ADDRESS;
    }
    if (operation < 2 && ((place | count) & (operation == 0 ? SECTOR_BYTES - 1 : PAGE_BYTES - 1))) {
        return BAD_ALIGNMENT;
    }
    if (operation == 2) {
        for (uint32_t n = 0; n < count; n++) {
            data[n] = ((const volatile uint8_t *)address)[n];
        }
        return 0;
    }
    const uint32_t timing = REG(M0_TIMING), format = REG(M0_RFMT), command = REG(M0_RCMD);
    flash_exit_xip();
    if (operation == 0) {
        flash_range_erase(place, count, BLOCK_BYTES, BLOCK_ERASE);
    } else {
        flash_range_program(place, data, count);
    }
    flash_enter_cmd_xip();
    REG(M0_TIMING) = timing;
    REG(M0_RFMT) = format;
    REG(M0_RCMD) = command;
    flash_flush_cache();
    return 0;
}
