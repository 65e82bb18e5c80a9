/* RP2350's boot ROM, free-standing: how the chip starts an image from flash (datasheet 5.2, 5.9), and what
 * firmware looks up besides the flash (5.4). Written from the datasheet alone. There is no partition table,
 * no secure boot, and no second image; a signature is not checked. */
#include "rp2350.h"

#define WATCHDOG 0x400D8000u
#define SCRATCH(n) (WATCHDOG + 0x0C + 4 * (n))
#define TRIGGER (1u << 31)
#define MAGIC 0xB007C0D3u
#define SYSINFO_CHIP_ID 0x40000000u
#define OTP_DATA 0x40130000u
#define OTP_ROWS 4096u
#define BOOT_DIVIDER 3u /* xip_setup_code has it, too */
#define XIP_SETUP_WORDS 64u
#define FLASH_DEVINFO (BOOTRAM + 0x3F8)
#define DEVINFO_UNKNOWN 0x0C00u /* OTP says nothing: 16 MB at select 0, none at 1 (13.9: FLASH_DEVINFO) */

#define SEARCHED_BYTES 4096u
#define MOST_BLOCK_WORDS 160u
#define MOST_BLOCKS 16u
#define BLOCK_START 0xFFFFDED3u
#define BLOCK_END 0xAB123579u
enum { /* datasheet 5.9.5: items of a block */
    VECTOR_TABLE = 0x03, ROLLING_WINDOW = 0x05, LOAD_MAP = 0x06, SIGNATURE = 0x09,
    IMAGE_TYPE = 0x42, ENTRY_POINT = 0x44, LAST = 0xFF
};
enum { /* what BOOTRAM's last word says to the emulator */
    NO_IMAGE = 1, FOR_RISCV = 2, OTHER_CHIP = 3, NON_SECURE = 5, BROKEN = 6, BOOTSEL = 7,
    SIGNED = 8
};

void start_at(uint32_t entry, uint32_t stack, uint32_t limit, uint32_t vectors) __attribute__((noreturn));

struct entry { /* of the header's table */
    uint16_t code, flags;
    uint32_t target;
};
extern const struct entry functions[];
extern const uint32_t xip_setup_code[];

void *table_lookup(uint32_t code, uint32_t flags)
{
    for (const struct entry *at = functions; at->code; at++) {
        if (at->code == code && at->flags & flags) {
            return (void *)(uintptr_t)at->target;
        }
    }
    return NULL;
}

void wait_for_usb(uint32_t diagnosis)
{
    REG(BOOTRAM_DIAGNOSTIC) = diagnosis;
    for (;;) {
        __asm volatile("wfi");
    }
}

/* -- what firmware asks ---------------------------------------------------------------------------- */
int bootrom_state_reset(uint32_t flags)
{
    (void)flags; /* it keeps no state */
    return 0;
}

int set_bootrom_stack(uint32_t *base_and_size)
{
    (void)base_and_size; /* it runs on the caller's */
    return 0;
}

int load_partition_table(void)
{
    return 0;
}

int get_b_partition(uint32_t partition)
{
    (void)partition;
    return NOT_FOUND;
}

/* flags: 1 the table (three words), and what only partitions have. */
int get_partition_table_info(uint32_t *out, uint32_t count, uint32_t flags)
{
    const uint32_t words = 1 + (flags & 1 ? 3u : 0u);
    if (count < words) {
        return BUFFER_TOO_SMALL;
    }
    out[0] = flags & 1;
    if (flags & 1) {
        out[1] = 0;           /* no partition, no table */
        out[2] = 0xFC000000u; /* what is not in one: everybody may everything */
        out[3] = 0xFC000000u;
    }
    return (int)words;
}

static uint32_t otp_row(uint32_t row)
{
    return REG(OTP_DATA + 2 * (row & ~1u)) >> 16 * (row & 1) & 0xFFFFu;
}

/* command: row in 15:0, write in 16, ECC in 17. */
int otp_access(uint8_t *data, uint32_t count, uint32_t command)
{
    const uint32_t first = command & 0xFFFF, ecc = command >> 17 & 1, bytes = ecc ? 2 : 4;
    if (command >> 16 & 1) {
        return UNSUPPORTED_MODIFICATION;
    }
    if (count % bytes) {
        return BAD_ALIGNMENT;
    }
    if (first + count / bytes > OTP_ROWS) {
        return INVALID_ADDRESS;
    }
    for (uint32_t n = 0; n < count; n++) {
        const uint32_t row = otp_row(first + n / bytes);
        data[n] = (uint8_t)(row >> 8 * (n % bytes));
    }
    return 0;
}

static uint32_t random_word(uint32_t n)
{
    uint32_t word = 0x9E3779B9u * (n + 1) ^ REG(0x400B0028); /* the timer, if it runs */
    word ^= word >> 15;
    word *= 0x85EBCA6Bu;
    return word ^ word >> 13;
}

int get_sys_info(uint32_t *out, uint32_t count, uint32_t flags)
{
    static const uint8_t words_of[7] = {3, 1, 1, 1, 4, 2, 4};
    uint32_t used = 1, known = flags & 0x7F;
    out[0] = known;
    for (uint32_t bit = 0; bit < 7; bit++) {
        if (!(known >> bit & 1)) {
            continue;
        }
        if (used + words_of[bit] > count) {
            return BUFFER_TOO_SMALL;
        }
        for (uint32_t n = 0; n < words_of[bit]; n++) {
            uint32_t word = 0; /* no critical flag, Arm, flash unknown to OTP, a normal boot */
            if (bit == 0) {
                word = n ? otp_row(2 * n - 2) | otp_row(2 * n - 1) << 16 : REG(SYSINFO_CHIP_ID + 4);
            } else if (bit == 2) {
                word = 1u << 8;
            } else if (bit == 4 || bit == 5) {
                word = random_word(n);
            }
            out[used++] = word;
        }
    }
    return (int)used;
}

/* flags: the kind in 3:0 (normal 0, BOOTSEL 2, RAM image 3, flash update 4, PC and SP 13). */
int reboot(uint32_t flags, uint32_t delay_ms, uint32_t first, uint32_t second)
{
    const uint32_t kind = flags & 15;
    if (kind == 13) {
        REG(SCRATCH(4)) = MAGIC;
        REG(SCRATCH(5)) = first ^ -MAGIC;
        REG(SCRATCH(6)) = second;
        REG(SCRATCH(7)) = first;
    } else if (kind == 2) {
        wait_for_usb(BOOTSEL);
    } else if (kind != 0 && kind != 4) {
        return INVALID_ARGUMENT;
    } else {
        REG(SCRATCH(4)) = 0;
    }
    (void)delay_ms; /* at once */
    REG(WATCHDOG + SET) = TRIGGER;
    for (;;) {
    }
}

/* -- the start -------------------------------------------------------------------------------------- */
static void watchdog_vector(void)
{
    const uint32_t entry = REG(SCRATCH(7)), stack = REG(SCRATCH(6));
    if (REG(SCRATCH(4)) != MAGIC || REG(SCRATCH(5)) != (entry ^ -MAGIC)) {
        return; /* what else the firmware keeps there stays */
    }
    REG(SCRATCH(4)) = 0;
    start_at(entry, stack, 0, 0);
}

/* A block: its items behind the start marker, the last of which says how long they are, a link and an end. */
static const uint32_t *block_items(const uint32_t *block, int32_t *link)
{
    const uint32_t *at = block + 1;
    while ((uint32_t)(at - block) < MOST_BLOCK_WORDS) {
        const uint32_t kind = *at & 0xFF, size = kind & 0x80 ? *at >> 8 & 0xFFFF : *at >> 8 & 0xFF;
        if (kind == LAST) {
            *link = (int32_t)at[1];
            return size == (uint32_t)(at - block - 1) && at[2] == BLOCK_END ? block + 1 : NULL;
        }
        if (!size) {
            return NULL;
        }
        at += size;
    }
    return NULL;
}

static const uint32_t *item(const uint32_t *items, uint32_t wanted)
{
    for (;;) {
        const uint32_t kind = *items & 0xFF;
        if (kind == wanted) {
            return items;
        }
        if (kind == LAST) {
            return NULL;
        }
        items += kind & 0x80 ? *items >> 8 & 0xFFFF : *items >> 8 & 0xFF;
    }
}

/* The last image definition of the loop that begins in the first 4 KB. */
static const uint32_t *image_definition(void)
{
    const uint32_t *const flash = (const uint32_t *)XIP;
    const uint32_t *found = NULL;
    for (uint32_t place = 0; place < SEARCHED_BYTES / 4; place++) {
        const uint32_t *block = flash + place;
        int32_t link;
        if (*block != BLOCK_START || !block_items(block, &link)) {
            continue;
        }
        for (uint32_t turn = 0; turn < MOST_BLOCKS; turn++) {
            const uint32_t *items = *block == BLOCK_START ? block_items(block, &link) : NULL;
            if (!items) {
                wait_for_usb(BROKEN);
            }
            found = item(items, IMAGE_TYPE) ? items : found;
            block = (const uint32_t *)((uintptr_t)block + (uint32_t)link);
            if (block == flash + place) {
                return found;
            }
            if ((uintptr_t)block < XIP || (uintptr_t)block >= XIP + 0x1000000u) {
                wait_for_usb(BROKEN);
            }
        }
        wait_for_usb(BROKEN);
    }
    return found;
}

static void check(const uint32_t *items)
{
    const uint32_t type = *item(items, IMAGE_TYPE) >> 16;
    if ((type & 15) != 1) {
        wait_for_usb(NO_IMAGE);
    }
    if ((type >> 12 & 7) != 1) {
        wait_for_usb(OTHER_CHIP);
    }
    if (type >> 8 & 7) {
        wait_for_usb(FOR_RISCV);
    }
    if ((type >> 4 & 3) == 1) {
        wait_for_usb(NON_SECURE);
    }
    if (item(items, SIGNATURE)) {
        REG(BOOTRAM_DIAGNOSTIC) = SIGNED;
    }
}

/* Entries: where it lies (from the item on, or absolute), where it runs, how long it is (or its end). */
static void load(const uint32_t *map)
{
    const uint32_t entries = map ? *map >> 24 & 0x7F : 0, absolute = map ? *map >> 31 : 0;
    for (uint32_t n = 0; n < entries; n++) {
        const uint32_t *const at = map + 1 + 3 * n;
        const uint32_t from = absolute || !at[0] ? at[0] : (uint32_t)(uintptr_t)map + at[0], to = at[1];
        const uint32_t bytes = absolute ? at[2] - to : at[2];
        if (!from) {
            for (uint32_t word = 0; word < bytes / 4; word++) {
                ((uint32_t *)(uintptr_t)to)[word] = 0;
            }
        } else if (from != to) {
            copy_words((uint32_t *)(uintptr_t)to, (const uint32_t *)(uintptr_t)from, bytes / 4);
        }
    }
}

void boot(void)
{
    watchdog_vector();
    connect_internal_flash();
    flash_exit_xip();
    flash_select_xip_read_mode(MODE_QUAD_EB, BOOT_DIVIDER);
    REG(FLASH_DEVINFO) = DEVINFO_UNKNOWN;
    copy_words((uint32_t *)BOOTRAM, xip_setup_code, XIP_SETUP_WORDS);
    const uint32_t *const items = image_definition();
    if (!items) {
        wait_for_usb(NO_IMAGE);
    }
    check(items);
    load(item(items, LOAD_MAP));
    const uint32_t *const table = item(items, VECTOR_TABLE), *const entry = item(items, ENTRY_POINT);
    const uint32_t vectors = table ? table[1] : XIP;
    if (entry) {
        start_at(entry[1], entry[2], (*entry >> 8 & 0xFF) > 3 ? entry[3] : 0, vectors);
    }
    start_at(((const uint32_t *)(uintptr_t)vectors)[1], *(const uint32_t *)(uintptr_t)vectors, 0, vectors);
}
