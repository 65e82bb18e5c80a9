/* i.MX RT1060's boot ROM, free-standing: how the chip starts an image from serial NOR flash (IMXRT1060RM, chapter
 * "System Boot"). Written from the manual alone; the chip's own ROM is other code, takes other times, and signs,
 * decrypts and downloads besides. */
#include <stddef.h>
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define BIT(n) (1u << (n))

#define RTWDOG 0x400BC000u
#define RTWDOG_UNLOCK 0xD928C520u
#define CCM_ANALOG 0x400D8000u
#define PLL_ARM (CCM_ANALOG + 0x00)
#define PLL_USB1 (CCM_ANALOG + 0x10)
#define PLL_SYS (CCM_ANALOG + 0x30)
#define PFD_480 (CCM_ANALOG + 0xF0)
#define PFD_528 (CCM_ANALOG + 0x100)
#define LOCK BIT(31)
#define CCM 0x400FC000u
#define CACRR (CCM + 0x10)
#define CBCDR (CCM + 0x14)
#define CSCMR1 (CCM + 0x1C)
#define SRC_SBMR1 0x400F8004u /* read only on the chip; a write says what the ROM waits for */
#define SCB_VTOR 0xE000ED08u

#define FLEXSPI 0x402A8000u
#define MCR0 (FLEXSPI + 0x00)
#define FLSHA1CR0 (FLEXSPI + 0x60)
#define FLSHCR2A1 (FLEXSPI + 0x80)
#define LUTKEY (FLEXSPI + 0x18)
#define LUTCR (FLEXSPI + 0x1C)
#define LUT (FLEXSPI + 0x200)
#define LUT_WORDS 64u

#define FLASH 0x60000000u
#define FLASH_END 0x70000000u
#define CONFIGURATION_TAG 0x42464346u /* "FCFB" */
#define IVT (FLASH + 0x1000u)
#define IVT_TAG 0xD1u
#define DCD_TAG 0xD2u
#define DCD_WRITE 0xCCu
#define DCD_CHECK 0xCFu
#define PLUGIN 1u

struct vector_table {
    uint32_t header, entry, reserved1, dcd, boot_data, self, csf, reserved2;
};

void start_at(uint32_t entry, uint32_t stack) __attribute__((noreturn));

static void wait_set(uint32_t address, uint32_t mask)
{
    while ((REG(address) & mask) != mask) {
    }
}

/* The core at 396 MHz, peripherals at 132 MHz; PLL2 and PLL3 with their fractional dividers as after reset. */
static void clocks_up(void)
{
    REG(PLL_SYS) = BIT(13) | BIT(0);
    wait_set(PLL_SYS, LOCK);
    REG(PLL_USB1) = BIT(13) | BIT(12);
    wait_set(PLL_USB1, LOCK);
    REG(PFD_528) = 0x1018101B;
    REG(CBCDR) = (REG(CBCDR) & ~(3u << 8)) | 2u << 8; /* IPG: a third */
    REG(CACRR) = 1;                                    /* half of 792 MHz */
    REG(PLL_ARM) = BIT(13) | 66u;
    wait_set(PLL_ARM, LOCK);
}

/* serialClkFreq of the configuration block: from PFD0 of the USB PLL, 480 MHz * 18 / fraction / divider. */
static void serial_clock(uint32_t code)
{
    static const struct {
        uint8_t fraction, divider;
    } clocks[] = {
        { 35, 8 }, { 35, 8 }, { 22, 8 }, { 18, 8 }, { 23, 5 }, { 18, 6 }, { 18, 5 }, { 13, 5 }, { 26, 2 },
    }; /* 30, 30, 50, 60, 75, 80, 100, 133, 166 MHz, never faster by more than 3 % */
    const uint32_t n = code < sizeof clocks / sizeof *clocks ? code : 1;
    REG(PFD_480) = (REG(PFD_480) & ~0xBFu) | clocks[n].fraction;
    REG(CSCMR1) = (REG(CSCMR1) & ~(3u << 29 | 7u << 23)) | 3u << 29 | (clocks[n].divider - 1u) << 23;
}

/* FlexSPI as the first 512 bytes of the flash say. */
static void flash_up(void)
{
    serial_clock(REG(FLASH + 0x44) >> 16 & 0xFF);
    REG(MCR0) &= ~BIT(1);
    REG(FLSHA1CR0) = REG(FLASH + 0x50) >> 10;
    REG(LUTKEY) = 0x5AF05AF0u;
    REG(LUTCR) = 2;
    for (uint32_t n = 0; n < LUT_WORDS; n++) {
        REG(LUT + 4 * n) = REG(FLASH + 0x80 + 4 * n);
    }
    REG(FLSHCR2A1) = 0;
}

static uint32_t big_endian_half(uint32_t address)
{
    const volatile uint8_t *byte = (const volatile uint8_t *)address;
    return (uint32_t)byte[0] << 8 | byte[1];
}

static uint32_t big_endian(uint32_t address)
{
    return big_endian_half(address) << 16 | big_endian_half(address + 2);
}

static void store(uint32_t address, uint32_t value, uint32_t bytes)
{
    if (bytes == 1) {
        *(volatile uint8_t *)address = (uint8_t)value;
    } else if (bytes == 2) {
        *(volatile uint16_t *)address = (uint16_t)value;
    } else {
        REG(address) = value;
    }
}

static uint32_t loaded(uint32_t address, uint32_t bytes)
{
    if (bytes == 1) {
        return *(volatile uint8_t *)address;
    }
    return bytes == 2 ? *(volatile uint16_t *)address : REG(address);
}

/* A command's parameters: bits 2 to 0 the size, bit 3 a mask, bit 4 whether bits are set. */
static void write_data(uint32_t command, uint32_t end)
{
    const uint32_t parameters = *(volatile uint8_t *)(command + 3);
    const uint32_t bytes = parameters & 7;
    for (uint32_t at = command + 4; at + 8 <= end; at += 8) {
        const uint32_t address = big_endian(at);
        uint32_t value = big_endian(at + 4);
        if (parameters & BIT(3)) {
            const uint32_t old = loaded(address, bytes);
            value = parameters & BIT(4) ? old | value : old & ~value;
        }
        store(address, value, bytes);
    }
}

static void check_data(uint32_t command)
{
    const uint32_t parameters = *(volatile uint8_t *)(command + 3);
    const uint32_t address = big_endian(command + 4);
    const uint32_t mask = big_endian(command + 8);
    const int wanted_set = (parameters & BIT(4)) != 0;
    const int any = (parameters & BIT(3)) != 0;
    for (;;) {
        const uint32_t value = loaded(address, parameters & 7) & mask;
        const int all_set = value == mask;
        const int all_clear = value == 0;
        if (any ? (wanted_set ? !all_clear : !all_set) : (wanted_set ? all_set : all_clear)) {
            return;
        }
    }
}

/* The device configuration data: what must be set up before an image is copied, such as SDRAM. */
static void configure(uint32_t dcd)
{
    if (dcd == 0 || (REG(dcd) & 0xFF) != DCD_TAG) {
        return;
    }
    const uint32_t end = dcd + big_endian_half(dcd + 1);
    for (uint32_t at = dcd + 4; at < end;) {
        const uint32_t length = big_endian_half(at + 1);
        const uint32_t tag = *(volatile uint8_t *)at;
        if (length == 0) {
            return;
        }
        if (tag == DCD_WRITE) {
            write_data(at, at + length);
        } else if (tag == DCD_CHECK) {
            check_data(at);
        }
        at += length;
    }
}

static void copy_image(uint32_t boot_data)
{
    const uint32_t start = REG(boot_data);
    const uint32_t length = REG(boot_data + 4);
    if (start >= FLASH && start < FLASH_END) {
        return; /* executed in place */
    }
    for (uint32_t n = 0; n < length; n += 4) {
        REG(start + n) = REG(FLASH + n);
    }
}

static void wait_for_download(void) __attribute__((noreturn));
static void wait_for_download(void)
{
    REG(SRC_SBMR1) = 1;
    for (;;) {
        __asm volatile("wfi");
    }
}

/* Where in flash a pointer into the image leads before it is copied. */
static uint32_t in_flash(const volatile struct vector_table *ivt, uint32_t pointer)
{
    return pointer - ivt->self + (uint32_t)ivt;
}

void boot(void) __attribute__((noreturn));
void boot(void)
{
    const volatile struct vector_table *ivt = (const volatile struct vector_table *)IVT;
    REG(RTWDOG + 4) = RTWDOG_UNLOCK;
    REG(RTWDOG + 8) = 0xFFFF;
    REG(RTWDOG) = 0x2120; /* off */
    clocks_up();
    if (REG(FLASH) != CONFIGURATION_TAG || (ivt->header & 0xFF) != IVT_TAG) {
        wait_for_download();
    }
    flash_up();
    configure(ivt->dcd ? in_flash(ivt, ivt->dcd) : 0);
    copy_image(in_flash(ivt, ivt->boot_data));
    const uint32_t entry = ivt->entry;
    if (entry & 1) { /* a function */
        start_at(entry, 0x20208000u);
    }
    REG(SCB_VTOR) = entry;
    start_at(REG(entry + 4), REG(entry));
}
