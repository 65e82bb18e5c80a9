/* STM32U5: 160 MHz from MSIS through PLL1 with the booster, USART1 on PA9 and PA10, TIM5. */
#include "cycles_dwt.h"

#define RCC 0x46020C00u
#define PWR 0x46020800u
#define FLASH 0x40022000u
#define ICACHE 0x40030400u
#define GPIOA 0x42020000u
#define CONSOLE 0x40013800u
#define TIMER 0x40000C00u
#define TIMER_MHZ 160u

#include "stm32_serial.h"
#include "stm32_timer.h"

void clock_up(void)
{
    REG(RCC + 0x94) |= BIT(2); /* PWREN */
    (void)REG(RCC + 0x94);
    REG(PWR + 0x08) |= BIT(1); /* SMPS */
    wait_set(PWR + 0x3C, BIT(1));
    change(PWR + 0x0C, 3u << 16, 3u << 16);
    wait_set(PWR + 0x0C, BIT(15));
    wait_set(RCC, BIT(2)); /* MSIS */
    REG(RCC + 0x28) = 1u | 0u << 8 | BIT(18);
    REG(RCC + 0x34) = (80u - 1) | (2u - 1) << 9 | (2u - 1) << 16 | (2u - 1) << 24;
    REG(PWR + 0x0C) |= BIT(18);
    wait_set(PWR + 0x0C, BIT(14));
    REG(RCC) |= BIT(24);
    wait_set(RCC, BIT(25));
    change(FLASH, 0xF, 4);
    while ((REG(FLASH) & 0xF) != 4) {
    }
    change(RCC + 0x1C, 3, 3);
    while ((REG(RCC + 0x1C) & 0xC) != 0xC) {
    }
    REG(ICACHE) |= BIT(0);
    while (REG(ICACHE + 4) & BIT(0)) {
    }
}

void console_open(void)
{
    REG(RCC + 0x8C) |= BIT(0);
    REG(RCC + 0xA4) |= BIT(14);
    (void)REG(RCC + 0xA4);
    change(GPIOA, 15u << 18, 10u << 18);
    change(GPIOA + 0x24, 0xFF0, 0x770);
    serial_open(160000000u / CONSOLE_BAUD);
}

static void timer_enable(void)
{
    REG(RCC + 0x9C) |= BIT(3);
}
