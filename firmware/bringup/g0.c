/* STM32G0: 64 MHz from HSI16 through the PLL, USART2 on PA2 and PA3, TIM2; SysTick counts cycles. */

#include "board.h"

#define RCC 0x40021000u
#define PWR 0x40007000u
#define FLASH 0x40022000u
#define GPIOA 0x50000000u
#define CONSOLE 0x40004400u
#define TIMER 0x40000000u
#define TIMER_MHZ 64u

#include "stm32_serial.h"
#include "stm32_timer.h"

void clock_up(void)
{
    REG(RCC + 0x3C) |= BIT(28);
    change(PWR, 3u << 9, 1u << 9);
    while (REG(PWR + 0x14) & BIT(10)) {
    }
    wait_set(RCC, BIT(10)); /* HSI16 */
    REG(RCC) &= ~BIT(24);
    while (REG(RCC) & BIT(25)) {
    }
    REG(RCC + 0x0C) = 2u | 0u << 4 | 8u << 8 | 1u << 29; /* 16 MHz * 8 / 2 */
    REG(RCC + 0x0C) |= BIT(28);
    REG(RCC) |= BIT(24);
    wait_set(RCC, BIT(25));
    change(FLASH, 7, 2);
    while ((REG(FLASH) & 7) != 2) {
    }
    change(RCC + 0x08, 7, 2);
    while ((REG(RCC + 0x08) >> 3 & 7) != 2) {
    }
}

void console_open(void)
{
    REG(RCC + 0x34) |= BIT(0);
    REG(RCC + 0x3C) |= BIT(17);
    (void)REG(RCC + 0x3C);
    change(GPIOA, 15u << 4, 10u << 4);
    change(GPIOA + 0x20, 0xFF00, 0x1100);
    serial_open(64000000u / CONSOLE_BAUD);
}

static void timer_enable(void)
{
    REG(RCC + 0x3C) |= BIT(0);
}

#include "cycles_systick.h"
