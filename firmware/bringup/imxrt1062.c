/* i.MX RT1060: 600 MHz from the crystal of 24 MHz through the ARM PLL, GPT1 of microseconds, the console on LPUART6
   (Teensy: AD_B0_02, AD_B0_03) or LPUART1 (EVK: AD_B0_12, AD_B0_13). The boot ROM needs imxrt1062_boot.S. */
#include "cortex_m7_caches.h"
#include "cycles_dwt.h"

#define CCM_ANALOG 0x400D8000u
#define CCM 0x400FC000u
#define DCDC 0x40080000u
#define IOMUXC 0x401F8000u
#define GPT 0x401EC000u

#ifdef CONSOLE_IS_LPUART1
#define CONSOLE 0x40184000u
#define TX_PAD 0xECu
#define RX_PAD 0xF0u
#else
#define CONSOLE 0x40198000u
#define TX_PAD 0xC4u
#define RX_PAD 0xC8u
#endif
#define CORE_VOLTAGE 18u /* 0.8 V + 18 * 25 mV: 1.25 V, for 600 MHz */

void clock_up(void)
{
    caches_open(); /* before the flash */
    change(DCDC + 0x0C, 0x1F, CORE_VOLTAGE);
    wait_set(DCDC, BIT(31));
    change(CCM + 0x18, 3u << 12, 1u << 12); /* PERIPH_CLK2 from the crystal */
    change(CCM + 0x14, 7u << 27, 0);
    REG(CCM + 0x14) |= BIT(25);             /* and the core from it */
    while (REG(CCM + 0x48)) {
    }
    REG(CCM_ANALOG) = BIT(12);
    REG(CCM_ANALOG) = BIT(13) | 100u; /* 24 MHz * 100 / 2 */
    wait_set(CCM_ANALOG, BIT(31));
    REG(CCM + 0x10) = 1;              /* / 2 */
    change(CCM + 0x14, 7u << 10 | 3u << 8, 3u << 8); /* IPG a quarter */
    change(CCM + 0x18, 3u << 18, 3u << 18);          /* PRE_PERIPH_CLK from the ARM PLL */
    REG(CCM + 0x14) &= ~BIT(25);
    while (REG(CCM + 0x48)) {
    }
    change(CCM + 0x1C, 0x7F, BIT(6)); /* PERCLK from the crystal */
    change(CCM + 0x24, 0x7F, BIT(6)); /* UARTs too */
}

void console_open(void)
{
    const uint32_t divider = (24000000u / 16 + CONSOLE_BAUD / 2) / CONSOLE_BAUD;
    REG(IOMUXC + TX_PAD) = 2;
    REG(IOMUXC + RX_PAD) = 2;
    REG(CONSOLE + 0x08) = BIT(1);
    REG(CONSOLE + 0x08) = 0;
    REG(CONSOLE + 0x10) = 15u << 24 | divider;
    REG(CONSOLE + 0x28) |= BIT(3) | BIT(7); /* FIFOs */
    REG(CONSOLE + 0x18) = BIT(18) | BIT(19);
}

void console_put(char c)
{
    while ((REG(CONSOLE + 0x2C) >> 8 & 7) > 3) {
    }
    REG(CONSOLE + 0x1C) = (uint8_t)c;
}

void console_listen(void)
{
    REG(CONSOLE + 0x18) |= BIT(21);
}

void console_take(void (*received)(uint8_t byte))
{
    while (REG(CONSOLE + 0x2C) >> 24 & 7) {
        received((uint8_t)REG(CONSOLE + 0x1C));
    }
}

static void count_microseconds(uint32_t control)
{
    REG(GPT) = 0;
    REG(GPT + 0x04) = 23;
    REG(GPT + 0x08) = 0x3F;
    REG(GPT) = control | 2u << 6 | BIT(1); /* the reference of 24 MHz */
}

void timer_open(void)
{
    count_microseconds(0);
}

void timer_wait_1ms(void)
{
    REG(GPT) &= ~BIT(0);
    REG(GPT + 0x10) = 1000;
    REG(GPT + 0x08) = 1;
    REG(GPT) |= BIT(0);
    while (!(REG(GPT + 0x08) & 1)) {
    }
}

void time_open(void)
{
    count_microseconds(BIT(9));
    REG(GPT + 0x0C) = BIT(5); /* ROV */
    REG(GPT) |= BIT(0);
}

uint32_t time_count(void)
{
    return REG(GPT + 0x24);
}

int time_wrapped(void)
{
    return (REG(GPT + 0x08) & BIT(5)) != 0;
}

void time_acknowledge(void)
{
    REG(GPT + 0x08) = BIT(5);
    (void)REG(GPT + 0x08);
}
