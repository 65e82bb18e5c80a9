/* STM32L4+: 120 MHz from MSI through the PLL, LPUART1 on PG7 and PG8, TIM5. */
#include "cycles_dwt.h"

#define RCC 0x40021000u
#define PWR 0x40007000u
#define FLASH 0x40022000u
#define GPIOG 0x48001800u
#define CONSOLE 0x40008000u
#define TIMER 0x40000C00u
#define TIMER_MHZ 120u

#include "stm32_serial.h"
#include "stm32_timer.h"

void clock_up(void)
{
    REG(RCC + 0x58) |= BIT(28); /* PWREN */
    (void)REG(RCC + 0x58);
#ifdef EXTERNAL_SMPS
    REG(PWR + 0x04) |= BIT(9);  /* IOSV: port G's supply */
    REG(RCC + 0x4C) |= BIT(6);
    change(GPIOG, 3u << 20, 0);
    wait_set(GPIOG + 0x10, BIT(10)); /* power good */
#endif
    change(PWR, 3u << 9, 1u << 9); /* range 1 */
    while (REG(PWR + 0x14) & BIT(10)) {
    }
    REG(PWR + 0x80) &= ~BIT(8); /* boost */
    wait_set(RCC, BIT(1));      /* MSI */
    REG(RCC) &= ~BIT(24);
    while (REG(RCC) & BIT(25)) {
    }
    REG(RCC + 0x0C) = 1u | 0u << 4 | 60u << 8 | BIT(24); /* MSI / 1 * 60 / 2 */
    REG(RCC) |= BIT(24);
    wait_set(RCC, BIT(25));
    change(FLASH, 0xF, 5);
    while ((REG(FLASH) & 0xF) != 5) {
    }
    change(RCC + 0x08, 0xF0, 8u << 4); /* AHB / 2 on the way up */
    change(RCC + 0x08, 3, 3);
    while ((REG(RCC + 0x08) & 0xC) != 0xC) {
    }
    for (volatile int i = 0; i < 50; i++) {
    }
    change(RCC + 0x08, 0xF0, 0);
}

void console_open(void)
{
    REG(PWR + 0x04) |= BIT(9);
    REG(RCC + 0x4C) |= BIT(6);
    REG(RCC + 0x5C) |= BIT(0);
    (void)REG(RCC + 0x5C);
    change(GPIOG, 15u << 14, 10u << 14);
    change(GPIOG + 0x20, 15u << 28, 8u << 28);
    change(GPIOG + 0x24, 15u, 8u);
    serial_open((uint32_t)(256ull * 120000000u / CONSOLE_BAUD));
}

static void timer_enable(void)
{
    REG(RCC + 0x58) |= BIT(3);
}
