/* STM32F103: 72 MHz from the crystal through the PLL, TIM2; USART2 on PA2 and PA3, or, with
 * CONSOLE_IS_USART1, that one on PA9 and PA10. */
#ifndef TIME_BITS
#define TIME_BITS 16
#endif
#include "cycles_dwt.h"

#define RCC 0x40021000u
#define FLASH 0x40022000u
#define GPIOA 0x40010800u
#define TIMER 0x40000000u
#define TIMER_MHZ 72u
#ifdef CONSOLE_IS_USART1
#define CONSOLE 0x40013800u
#define CONSOLE_CLOCK_HZ 72000000u
#else
#define CONSOLE 0x40004400u
#define CONSOLE_CLOCK_HZ 36000000u
#endif

#include "stm32_serial_v1.h"
#include "stm32_timer.h"

void clock_up(void)
{
    REG(RCC) |= BIT(16);
    wait_set(RCC, BIT(17));
    change(FLASH, 7, 2);
    wait_set(FLASH, BIT(5));                                          /* PRFTBS */
    change(RCC + 0x04, 0x003F3FF0, 4u << 8 | BIT(16) | (9u - 2) << 18); /* APB1 / 2, HSE x 9 */
    REG(RCC) |= BIT(24);
    wait_set(RCC, BIT(25));
    change(RCC + 0x04, 3, 2);
    while ((REG(RCC + 0x04) & 0xC) != 8) {
    }
}

void console_open(void)
{
#ifdef CONSOLE_IS_USART1
    REG(RCC + 0x18) |= BIT(2) | BIT(14); /* IOPAEN, USART1EN */
    (void)REG(RCC + 0x18);
    change(GPIOA + 0x04, 0xFFu << 4, 0x4Bu << 4); /* PA9: alternate function, 50 MHz; PA10: input */
#else
    REG(RCC + 0x18) |= BIT(2);
    REG(RCC + 0x1C) |= BIT(17);
    (void)REG(RCC + 0x1C);
    change(GPIOA, 0xFFu << 8, 0x4Bu << 8); /* PA2 and PA3 */
#endif
    serial_open((CONSOLE_CLOCK_HZ + CONSOLE_BAUD / 2) / CONSOLE_BAUD);
}

static void timer_enable(void)
{
    REG(RCC + 0x1C) |= BIT(0);
    (void)REG(RCC + 0x1C);
}
