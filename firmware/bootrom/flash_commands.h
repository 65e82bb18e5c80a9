/* What RP2040's and RP2350's boot ROMs do with the flash chip alike, once bytes are exchanged with it: included by
 * both behind serial_mode(), chip_select(), chip_release() and exchange(). */
#define PAGE_BYTES 256u
#define SECTOR_BYTES 4096u
#define WRITE_ENABLE 0x06
#define READ_STATUS 0x05
#define PAGE_PROGRAM 0x02
#define SECTOR_ERASE 0x20
#define CHIP_BUSY 1u
#define TURNS_BETWEEN_LOOKS 500u /* some 10 us at the speeds that firmware runs at */

static void one_command(uint8_t command)
{
    chip_select();
    exchange(&command, NULL, 1);
    chip_release();
}

static void addressed(uint8_t command, uint32_t address, const uint8_t *data, uint32_t count)
{
    const uint8_t head[4] = {command, (uint8_t)(address >> 16), (uint8_t)(address >> 8), (uint8_t)address};
    one_command(WRITE_ENABLE);
    chip_select();
    exchange(head, NULL, 4);
    exchange(data, NULL, count);
    chip_release();
}

static void wait_for_chip(void)
{
    const uint8_t command = READ_STATUS;
    uint8_t status;
    chip_select();
    exchange(&command, NULL, 1);
    for (;;) {
        exchange(NULL, &status, 1);
        if (!(status & CHIP_BUSY)) {
            break;
        }
        for (uint32_t n = 0; n < TURNS_BETWEEN_LOOKS; n++) {
            __asm volatile("");
        }
    }
    chip_release();
}

void flash_exit_xip(void)
{
    static const uint8_t ones[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    serial_mode();
    chip_select(); /* whatever it expects, no continuous read goes on behind ones */
    exchange(ones, NULL, sizeof ones);
    chip_release();
}

void flash_range_erase(uint32_t address, uint32_t count, uint32_t block_bytes, uint8_t block_command)
{
    const uint32_t end = address + count;
    while (address < end) {
        const uint32_t whole = block_bytes && !(address & (block_bytes - 1)) && end - address >= block_bytes;
        addressed(whole ? block_command : SECTOR_ERASE, address, NULL, 0);
        wait_for_chip();
        address += whole ? block_bytes : SECTOR_BYTES;
    }
}

void flash_range_program(uint32_t address, const uint8_t *data, uint32_t count)
{
    const uint32_t end = address + count;
    for (; address < end; address += PAGE_BYTES, data += PAGE_BYTES) {
        addressed(PAGE_PROGRAM, address, data, PAGE_BYTES);
        wait_for_chip();
    }
}
